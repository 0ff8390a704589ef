"""`hqnn compile SPEC DATA` where only the table knows the network's widths: inputs, classes, levels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import torch

import hqnn
from hqnn_dsl.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
hqnn 1
model m {
  data { target species; task classification; features * ; columns { island: embedding(3) } }
  encoder { dense; tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  backend reference
}
"""
ISLANDS, KINDS = ("Biscoe", "Dream"), ("a", "b", "c")


@pytest.fixture
def hqnn_says(tmp_path, monkeypatch, capsys):
    """Runs a command in a folder with `m.hqnn` and `data.csv`; returns its exit code and all that it says."""
    rows = [f"{row / 7},{ISLANDS[row % 2]},{KINDS[row % 3]}" for row in range(30)]
    (tmp_path / "data.csv").write_text("\n".join(["length,island,species", *rows]) + "\n")
    (tmp_path / "m.hqnn").write_text(SPEC)
    monkeypatch.chdir(tmp_path)

    def say(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hqnn", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        streams = capsys.readouterr()
        return int(ended.value.code or 0), streams.out + streams.err

    return say


def test_the_module_has_the_widths_of_the_table(hqnn_says, tmp_path: Path):
    code, said = hqnn_says("compile", "m.hqnn", "data.csv", "--out", "out", "--emit", "module", "--emit", "text")
    assert code == 0, said
    net = hqnn.load(tmp_path / "out")
    assert net.columns.vectors["1"].weight.shape == (3, 3)  # two islands, and the level of all others
    assert net.encoder[0].in_features == 1 + 3
    assert net(torch.tensor([[0.5, 1.0], [0.5, 0.0]])).shape == (2, len(KINDS))


def test_without_a_table_the_missing_numbers_are_named(hqnn_says, tmp_path):
    code, said = hqnn_says("compile", "m.hqnn", "--out", "out")
    assert code == 0, said
    assert "no module.pt: the number of features comes from the table" in said
    (tmp_path / "m.hqnn").write_text(SPEC.replace("features * ; columns { island: embedding(3) }", "features length"))
    code, said = hqnn_says("compile", "m.hqnn", "--out", "out")
    assert code == 0, said
    assert "no module.pt: the number of classes comes from the table" in said
