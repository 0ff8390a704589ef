"""Ctrl-C in one training and in many: exit code 130, the results written, and the line that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hqnn_dsl.training.loop import Training

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs EPOCHS; batch 16; device cpu; stop none }
  backend reference
}
"""


def folder_with(place, epochs: int):
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (place / "model.hqnn").write_text(SPEC.replace("EPOCHS", str(epochs)))
    return place


@pytest.fixture
def folder(tmp_path):
    return folder_with(tmp_path, 3)


@pytest.fixture
def pressed(monkeypatch):
    """Ctrl-C is pressed in the second epoch of the first training."""
    finish, done = Training.finish_epoch, []

    def press(training, *losses):
        epoch = finish(training, *losses)
        if epoch.number == 2 and not done:
            done.append(epoch)
            signal.raise_signal(signal.SIGINT)
        return epoch

    monkeypatch.setattr(Training, "finish_epoch", press)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_one_training_ends_with_130_its_results_and_the_line_that_goes_on(folder, pressed, hqnn_command, options):
    ended = hqnn_command("train", "model.hqnn", "table.csv", "--out", "r", "--set", "batch=8", *options, cwd=folder)
    assert ended.code == 130
    assert "to go on: hqnn train model.hqnn table.csv --out r --resume --set batch=8" in " ".join(ended.err.split())
    assert json.loads((folder / "r" / "environment.json").read_text())["run"]["interrupted"] is True
    assert len((folder / "r" / "history.csv").read_text().splitlines()) == 3
    if options:
        assert json.loads(ended.out)["metrics"]["test"]["rmse"] > 0
    assert hqnn_command("predict", "r", "table.csv", cwd=folder).code == 0
    again = hqnn_command(
        "train", "model.hqnn", "table.csv", "--out", "r", "--resume", "--set", "batch=8", *options, cwd=folder
    )
    assert again.code == 0
    assert len((folder / "r" / "history.csv").read_text().splitlines()) == 4


def test_many_trainings_end_with_130(folder, pressed, hqnn_command):
    ended = hqnn_command("train", "model.hqnn", "table.csv", "--seeds", "2", "--out", "cv", cwd=folder)
    assert ended.code == 130
    assert "to go on: hqnn train model.hqnn table.csv --out cv --resume" in " ".join(ended.err.split())
    assert hqnn_command("train", "model.hqnn", "table.csv", "--out", "cv", "--resume", cwd=folder).code == 0


def test_a_script_does_not_go_on_after_it(tmp_path):
    """`hqnn train … && next` in a shell, with a Ctrl-C that every process of the terminal gets."""
    folder = folder_with(tmp_path, 100_000)
    hqnn = f"{sys.executable} -c 'from hqnn_dsl.cli.main import main; main()'"
    line = f"{hqnn} train model.hqnn table.csv --out r && echo next"
    with subprocess.Popen(
        ["bash", "-c", line], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as started:  # fmt: skip
        assert started.stderr is not None
        seen = ""
        while "epoch" not in seen:
            seen = started.stderr.readline()
            assert seen
        time.sleep(0.2)
        os.killpg(started.pid, signal.SIGINT)
        out, errors = started.communicate(timeout=240)
    assert "next" not in out
    assert started.returncode in {130, -signal.SIGINT}
    assert "to go on:" in errors
    assert (folder / "r" / "metrics.json").exists()
