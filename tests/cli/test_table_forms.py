"""Tables of every form on the command line: standard input, compressed, Parquet, other encodings, with options."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SPEC = """\
hqnn 1
model tiny {
  data { target y%s }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense(1) }
  train { epochs 1; batch 16; optimizer adam(0.05); seed 3 }
  backend reference
}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def spec(read: str = "") -> Path:
    path = Path("tiny.hqnn")
    path.write_text(SPEC % (f"; read {read}" if read else ""), encoding="utf-8")
    return path


def frame() -> pd.DataFrame:
    x = np.random.default_rng(1).normal(size=(30, 2))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] * x[:, 1]}).round(6)


def text(**options) -> bytes:
    return frame().to_csv(index=False, **options).encode()


def losses(run: str) -> list[str]:
    return (Path(run) / "history.csv").read_text("utf-8").splitlines()


@pytest.fixture
def plain(hqnn_command):
    """The losses of a training on the plain table."""
    Path("plain.csv").write_bytes(text())
    assert hqnn_command("train", spec(), "plain.csv", "--out", "plain")[0] == 0
    return losses("plain")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_command_takes_standard_input(hqnn_command, plain, pack):
    given = pack(text())
    code, out, _ = hqnn_command("check", spec(), "-", given=given)
    assert (code, "standard input: fits, 30 rows" in out) == (0, True)
    code, _, err = hqnn_command("train", spec(), "-", "--out", "piped", given=given)
    assert (code, "training tiny.hqnn on standard input" in err) == (0, True)
    assert losses("piped") == plain
    expected = hqnn_command("predict", "plain", "plain.csv")[1]
    assert hqnn_command("predict", "piped", "-", given=given)[:2] == (0, expected)
    scores = json.loads(hqnn_command("evaluate", "piped", "-", "--json", given=given)[1])
    assert set(scores["metrics"]) == {"all", "train", "validation", "test"}
    assert hqnn_command("compile", spec(), "-", "--out", "c", "--emit", "text", given=given)[0] == 0


def test_a_pipe_is_read_once_and_may_be_read_twice(hqnn_command):
    rows = text().decode().splitlines()
    long = "\n".join([rows[0] + ",word", *(f"{row},1" for row in rows[1:] * 20000), f"{rows[1]},u"])
    path = spec()
    path.write_text(path.read_text("utf-8").replace("target y", "target y; features a, b"), encoding="utf-8")
    command = [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()", "check", str(path), "-"]
    done = subprocess.run(command, input=long.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"standard input: fits, 600,001 rows" in done.stdout or b"standard input: fits, 600001 rows" in done.stdout


def test_forms_train_to_the_same_losses_and_are_said_once(hqnn_command, plain):
    table = frame()
    Path("t.csv").write_bytes(text(sep=";", decimal=",").decode().encode("utf-16"))
    table.to_parquet("t.parquet")
    table.to_feather("t.feather")
    Path("t.csv.gz").write_bytes(gzip.compress(text()))
    for name in ("t.csv", "t.parquet", "t.feather", "t.csv.gz"):
        code, _, err = hqnn_command("train", spec(), name, "--out", f"run-{name}")
        assert (code, losses(f"run-{name}")) == (0, plain), err
    code, _, err = hqnn_command("check", spec(), "t.csv")
    said = "note[W0460]: `t.csv` is read with semicolons between columns, decimal commas and UTF-16"
    assert (code, err.count(said)) == (0, 1)
    _, out, err = hqnn_command("predict", "run-t.csv", "t.csv")
    assert err.count(said) == 1
    assert out == hqnn_command("predict", "plain", "plain.csv")[1]


def test_options_of_the_spec_count_in_every_command(hqnn_command, plain):
    table = frame()
    table["y"] = (table["y"] * 1_000_000).round().astype(int)
    Path("plain.csv").write_bytes(table.to_csv(index=False).encode())
    assert hqnn_command("train", spec(), "plain.csv", "--out", "whole")[0] == 0
    table["y"] = table["y"].map(lambda value: f"{value:,}")
    Path("marked.csv").write_bytes(table.to_csv(index=False).encode())
    told = spec('thousands: ","')
    assert hqnn_command("check", told, "marked.csv")[0] == 0
    assert hqnn_command("train", told, "marked.csv", "--out", "marked")[0] == 0
    assert losses("marked") == losses("whole")
    assert hqnn_command("predict", "marked", "marked.csv")[:2] == hqnn_command("predict", "whole", "plain.csv")[:2]
    metrics = [json.loads(hqnn_command("evaluate", *each, "--json")[1])["metrics"] for each in
               (("marked", "marked.csv"), ("whole", "plain.csv"))]  # fmt: skip
    assert metrics[0] == metrics[1]


def test_an_option_that_does_not_fit_is_shown_in_the_spec(hqnn_command):
    Path("t.csv").write_bytes(text(sep=";"))
    for command in ("check", "train"):
        code, _, err = hqnn_command(command, spec('delimiter: ","'), "t.csv")
        assert code == 1
        assert 'error[E0560]: `read delimiter: ","` does not fit `t.csv`' in err
        assert "tiny.hqnn:3:" in err


def test_swapped_arguments_are_noticed_for_every_form(hqnn_command):
    Path("t.parquet").write_bytes(b"")
    code, _, err = hqnn_command("check", "t.parquet", spec())
    assert (code, "hqnn check tiny.hqnn t.parquet" in err) == (2, True)


def test_a_closed_standard_input_is_said(hqnn_command, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = hqnn_command("check", spec(), "-")
    assert (code, "E0501" in err, "standard input is closed" in err) == (1, True, True)
    code, _, err = hqnn_command("check", spec(), "-", given=b"")
    assert (code, "E0502" in err) == (1, True)
