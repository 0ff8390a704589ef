"""What `hqnn train` and `predict` show: whole lines, no cut number, a sentence of verdict."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.cli import train_messages
from hqnn_dsl.diagnostics.terminal import wrapped
from hqnn_dsl.training.bar import Bar, clock, fitting
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.outlook import Ending
from hqnn_dsl.training.predictions import digits

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 3; batch 16; device cpu; seed 7 }
  backend reference
}
"""
HQNN = [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()"]


@pytest.fixture
def files(tmp_path):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(40, 2)), columns=["a", "b"])
    frame = frame.assign(y=frame["a"] + 1, second=frame["b"])
    frame.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "small.hqnn").write_text(SPEC)
    return tmp_path


TRAIN = ["train", "small.hqnn", "table.csv", "--out", "run"]


def test_a_log_has_whole_lines(files):
    done = subprocess.run([*HQNN, *TRAIN], cwd=files, capture_output=True, text=True, check=True)
    assert "\r" not in done.stderr + done.stdout
    said = done.stderr.splitlines()
    assert said[0] == "training small.hqnn on table.csv …"
    assert said[1] == "28 rows to train on, 6 for validation, 6 for the test; 2 features, 1 target: `y`"
    assert re.fullmatch(r"9 classical and 4 quantum weights, reference\(.*\), single precision on the cpu", said[2])
    assert said[3].startswith("3 epochs of 2 steps on 16 rows, ")
    assert any(re.fullmatch(r"epoch 3/3: validation \S+, loss \S+, lr \S+, \S+ s", line) for line in said)
    assert said[-2:] == ["to predict: hqnn predict run DATA", "to score: hqnn evaluate run DATA"]
    shown = done.stdout.splitlines()
    assert any(line.startswith("all epochs are trained; best epoch ") for line in shown)
    assert sum(line.startswith("verdict: ") for line in shown) == 1
    assert shown[-2:] == ["pictures: run/plots/losses.png, run/plots/predictions.png", "run: run"]


def through_terminal(files, width):
    """All that a terminal of a width is sent, as its lines; of what is drawn over, every state."""
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    child = subprocess.Popen([*HQNN, *TRAIN], cwd=files, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    sent = b""
    with contextlib.suppress(OSError):  # what Linux says where the other end is closed
        while data := os.read(ours, 4096):
            sent += data
    assert child.wait() == 0
    os.close(ours)
    return sent.decode().replace("\r\n", "\n").split("\n")


@pytest.mark.parametrize("width", [34, 100])
def test_nothing_is_wider_than_the_terminal_and_no_number_is_cut(files, width):
    lines = through_terminal(files, width)
    states = [state for line in lines for state in line.split("\r")]
    too_wide = [state for state in states if len(state) > width and len(state.split()) > 1]
    assert not too_wide
    bars = [state for state in states if state.startswith("epoch ")]
    assert bars
    figures = r"(  validation \d\S*)?(  loss \d\S*)?(  lr \S+)?(  [\d.]+ s)?(  at most [\d.]+ s left)?"
    parts = rf"epoch \d/3{figures}(  \[[#.]+\])? *"
    assert all(re.fullmatch(parts, state) for state in bars)
    text = " ".join(" ".join(lines).split())
    assert "RMSE" in text
    assert "verdict: " in text
    assert ("mean (test):" in text) == (width == 34)


def test_several_targets_have_a_row_each(files):
    (files / "small.hqnn").write_text(SPEC.replace("target y", "target y, second"))
    done = subprocess.run([*HQNN, *TRAIN], cwd=files, capture_output=True, text=True, check=True)
    rows = [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("test ")]
    assert rows == [["test", "all"], ["test", "y"], ["test", "second"]]


def test_predictions_have_the_lines_of_the_table(files):
    subprocess.run([*HQNN, *TRAIN], cwd=files, capture_output=True, check=True)
    (files / "new.csv").write_text("a,b\n\n1,2\n\n3,4\n")
    done = subprocess.run([*HQNN, "predict", "run", "new.csv"], cwd=files, capture_output=True, text=True, check=True)
    lines = [line.split(",") for line in done.stdout.splitlines()]
    assert lines[0] == ["line", "y_predicted"]
    assert [line[0] for line in lines[1:]] == ["3", "5"]
    assert all(len(re.sub(r"[-.]|e.*", "", line[1]).lstrip("0")) <= 9 for line in lines[1:])


@pytest.mark.parametrize(
    ("value", "mean", "scale", "text"),
    [
        (2.9885266594727797, 2.0, 1.0, "2.98852666"),
        (1700000000.1234567, 1.7e9, 1.0, "1700000000.1234567"),
        (0.1, 0.1, 1.0, "0.1"),
        (float("inf"), 0.0, 1.0, "inf"),
    ],
)
def test_a_prediction_has_the_digits_that_it_was_computed_with(value, mean, scale, text):
    assert digits(value, mean, scale) == text


def scored(own, mean, least):
    def of(values):
        return {"targets": {name: {"rmse": value} for name, value in values.items()}}

    return {"test": of(own), "baselines": {"mean": of(mean), "least_squares": of(least)}}


@pytest.mark.parametrize(
    ("own", "mean", "least", "said"),
    [
        (2.0, 8.0, 4.0, "better than least squares by 50% (RMSE 2 on the test rows, least squares 4, the mean 8)"),
        (2.0, 3.0, 4.0, "better than least squares and the mean (RMSE 2"),
        (4.01, 8.0, 4.0, "no better than least squares (RMSE 4.01"),
        (6.0, 8.0, 4.0, "worse than least squares, though better than the mean by 25% (RMSE 6"),
        (9.0, 8.0, 4.0, "worse than predicting the mean (RMSE 9"),
        (5.0, 4.0, 8.0, "worse than predicting the mean (RMSE 5"),
        (None, 8.0, 4.0, "its predictions of the test rows are not all finite numbers"),
        (0.0, 0.0, 0.0, "no better than least squares (RMSE 0"),
    ],
)
def test_the_verdict_is_one_sentence(own, mean, least, said):
    assert train_messages.verdict(scored({"y": own}, {"y": mean}, {"y": least})).startswith(f"verdict: {said}")


def test_the_verdict_names_targets_that_differ():
    found = scored({"a": 1.0, "b": 9.0, "c": 1.0}, dict.fromkeys("abc", 8.0), dict.fromkeys("abc", 4.0))
    assert train_messages.verdict(found) == (
        "verdict: better than least squares on `a`, `c`; worse than predicting the mean on `b`"
    )


def test_without_test_rows_there_is_no_verdict():
    assert "no test rows" in train_messages.verdict({"test": None, "baselines": {"mean": None, "least_squares": None}})


def ending(**changes):
    facts = {"reason": "stop", "epochs": 188, "best_epoch": 128, "patience": 60, "is_validated": True, "seconds": 75.2}
    return Ending(**(facts | changes))


def test_why_a_training_ended():
    line = train_messages.ending_line(ending())
    assert line == "stopped: no better validation loss for 60 epochs; best epoch 128 of 188; 1 min 15 s"
    assert train_messages.ending_line(ending(reason="epochs", seconds=3.0)) == (
        "all epochs are trained; best epoch 128 of 188; 3.0 s"
    )
    assert "no better training loss" in train_messages.ending_line(ending(is_validated=False))
    assert train_messages.ending_line(ending(reason="interrupted", best_epoch=0, epochs=0)).startswith(
        "interrupted; no epoch is whole"
    )


def test_after_ctrl_c_the_command_that_goes_on_can_be_typed(tmp_path):
    from pathlib import Path

    options = ["--set", "optimizer=adam(lr: 0.1)"]
    (what, command), *_ = train_messages.next_lines(
        Path("my runs/1"), Path("a.hqnn"), Path("b.csv"), ending(reason="interrupted"), options
    )
    assert what == "to go on"
    assert shlex.split(command) == [
        *("hqnn", "train", "a.hqnn", "b.csv", "--out", "my runs/1", "--resume"),
        *options,
    ]
    broken = wrapped(f"x: {command}", 30, " \\")
    assert all(len(line) <= 30 for line in broken.split("\n") if "'" not in line)
    assert shlex.split(broken.replace("\\\n", ""))[1:] == shlex.split(command)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (12.4, "12 s"), (185, "3 min 5 s"), (7450, "2 h 4 min")]
)
def test_times(seconds, text):
    assert clock(seconds) == text


def test_parts_stand_whole_or_not_at_all():
    parts = ["epoch 1/3", "validation 0.25", "loss 0.5"]
    for width in range(60):
        text = fitting(parts, width)
        assert len(text) <= width
        assert text in {"", "epoch 1/3", "epoch 1/3  validation 0.25", "epoch 1/3  validation 0.25  loss 0.5"}
    assert fitting(parts, 36) == "epoch 1/3  validation 0.25  loss 0.5"


def test_elsewhere_the_last_epoch_is_always_said():
    stream = io.StringIO()
    with Bar(3, 2, done=0, progress=stream) as bar:
        for number in (1, 2, 3):
            bar.update()
            bar.update()
            bar.show(Epoch(number, 0.01, 0.01, 0.5, None, is_best=True))
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == ["epoch 1/3", "epoch 3/3"]
    with Bar(3, 2, done=0, progress=False) as bar:
        bar.update()
    assert stream.getvalue().count("\n") == 2
