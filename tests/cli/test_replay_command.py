"""`hqnn replay` as a user types it: what it says first, its exit codes, one JSON document."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

SPEC = """hqnn 1
model small {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 3; batch 8; device cpu; stop none }
  backend reference
}
"""


@pytest.fixture
def folder(tmp_path, hqnn_command):
    """A run `run` of the table `data.csv`, changed by `--set`, and `other.csv` with another cell."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(30, 3)).round(4), columns=["a", "b", "y"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    frame.assign(a=frame.a * 3 + 1).assign(b=frame.b**2).to_csv(tmp_path / "other.csv", index=False)
    (tmp_path / "small.hqnn").write_text(SPEC)
    code, _, err = hqnn_command(
        "train", "small.hqnn", "data.csv", "-o", "run", "--set", "batch=6", "--set", "lr=0.05", cwd=tmp_path
    )
    assert code == 0, err
    return tmp_path


def test_the_same_run_is_exit_code_0(folder, hqnn_command):
    for line in (("run",), ("run", "data.csv")):
        code, out, _ = hqnn_command("replay", *line, cwd=folder)
        assert code == 0
        assert out.splitlines() == [
            "The table is the one of the training.",
            "Nothing else that the run recorded differs: code, packages, device, threads, steps, backend.",
            "Identical: 3 epochs and the best weights, to the bit.",
        ]


def test_the_table_is_found_from_another_folder_until_it_is_moved(folder, hqnn_command, tmp_path_factory):
    assert hqnn_command("replay", folder / "run", cwd=tmp_path_factory.mktemp("elsewhere")).code == 0
    (folder / "data.csv").rename(folder / "moved.csv")
    code, _, err = hqnn_command("replay", "run", cwd=folder)
    assert code == 1
    assert "error[E0501]" in err
    assert hqnn_command("replay", "run", "moved.csv", cwd=folder).code == 0


def test_another_table_is_said_first_and_is_exit_code_1(folder, hqnn_command):
    code, out, _ = hqnn_command("replay", "run", "other.csv", cwd=folder)
    assert code == 1
    assert out.splitlines()[0] == "The table is not the one of the training: the cells of columns `a` and `b`."
    assert "--anyway" in out
    code, out, _ = hqnn_command("replay", "run", "other.csv", "--anyway", cwd=folder)
    assert code == 1
    assert out.splitlines()[0].startswith("The table is not the one of the training")
    assert out.splitlines()[-1].startswith("Differs since epoch 1 of 3: the largest relative difference is ")


def test_json_is_one_document_with_the_same(folder, hqnn_command):
    environment = json.loads((folder / "run" / "environment.json").read_text())
    environment["packages"]["torch"] = "1.0"
    (folder / "run" / "environment.json").write_text(json.dumps(environment))
    code, out, _ = hqnn_command("replay", "run", "--json", cwd=folder)
    found = json.loads(out)
    assert (code, found["verdict"], found["epochs"], found["largest"]) == (0, "identical", 3, 0.0)
    (change,) = found["changes"]
    assert (change["component"], change["name"], change["then"]) == ("packages", "torch", "1.0")
    code, out, _ = hqnn_command("replay", "run", "other.csv", "--json", cwd=folder)
    found = json.loads(out)
    assert (code, found["verdict"]) == (1, "not trained")
    assert [change["name"] for change in found["data"]] == ["the cells of columns `a` and `b`"]


def test_within_tolerance_is_exit_code_0(folder, hqnn_command):
    code, out, _ = hqnn_command("replay", "run", "--set", "backend=native", "--set", "step=compiled", cwd=folder)
    assert code == 0
    assert "steps by torch then, compiled now" in out
    assert out.splitlines()[-1].startswith("Within tolerance (0.0001): 3 epochs, since epoch ")


@pytest.mark.parametrize("option", [("--set", "batch=8"), ("--tolerance", "-1"), ("--set", "batch")])
def test_a_wrong_option_is_exit_code_2(folder, hqnn_command, option):
    assert hqnn_command("replay", "run", *option, cwd=folder).code == 2
