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
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.cli import train_messages
from hqnn_dsl.cli.score_tables import class_table, score_table
from hqnn_dsl.diagnostics.terminal import wrapped
from hqnn_dsl.training import bar as bar_module
from hqnn_dsl.training.bar import Bar, clock, fitting
from hqnn_dsl.training.baselines import Questions, predicted_probabilities
from hqnn_dsl.training.class_metrics import class_scores
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.outlook import Ending
from hqnn_dsl.training.predictions import digits
from hqnn_dsl.training.verdicts import verdict

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
    frame = frame.assign(y=frame["a"] ** 2, second=frame["b"])
    frame.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "small.hqnn").write_text(SPEC)
    return tmp_path


TRAIN = ["train", "small.hqnn", "table.csv", "--out", "run"]


def test_a_log_has_whole_lines(files):
    done = subprocess.run([*HQNN, *TRAIN], cwd=files, capture_output=True, text=True, check=True)
    assert "\r" not in done.stderr + done.stdout
    said = done.stderr.splitlines()
    assert said[0] == "training small.hqnn on table.csv …"
    assert [line.split()[:3] for line in said[1:5:3]] == [["column", "is", "read"], ["b", "feature", "number"]]
    said = said[7:]  # behind a line for each column of the table
    assert said[0] == "28 rows to train on, 6 for validation, 6 for the test; 2 features, 1 target: `y`"
    assert re.fullmatch(r"9 classical and 4 quantum weights, reference\(.*\), single precision on the cpu", said[1])
    assert said[2].startswith("3 epochs of 2 steps on 16 rows, ")
    assert any(re.fullmatch(r"epoch 3/3: validation \S+, loss \S+, lr \S+, \S+ s", line) for line in said)
    assert said[-2:] == ["to predict: hqnn predict run DATA", "to score: hqnn evaluate run DATA"]
    shown = done.stdout.splitlines()
    assert any(line.startswith("all epochs are trained; best epoch ") for line in shown)
    said = [line for line in shown if line.startswith("verdict: ")]
    assert len(said) == 1
    assert said[0].endswith("; gradient boosting could not split the training rows and predicts their mean")  # 28 rows
    pictures = "pictures: run/plots/losses.png, run/plots/predictions.png"
    assert shown[-3:] == [pictures, "run: run", "report: run/report.html"]


def through_terminal(files, width, arguments=TRAIN):
    """All that a terminal of a width is sent, as its lines; of what is drawn over, every state."""
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    child = subprocess.Popen([*HQNN, *arguments], cwd=files, stdin=theirs, stdout=theirs, stderr=theirs)
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


def test_runs_are_listed_in_the_width_of_the_terminal(files):
    (files / "runs" / "begun").mkdir(parents=True)
    (files / "runs" / "begun" / "spec.hqnn").write_text(SPEC)
    subprocess.run([*HQNN, *TRAIN[:-1], "runs/trained"], cwd=files, capture_output=True, check=True)
    wide, narrow = ([line.rstrip() for line in through_terminal(files, width, ["runs"])] for width in (100, 40))
    assert wide[0].split()[:4] == ["run", "state", "backend", "RMSE"]
    assert max(map(len, narrow)) <= 40
    assert narrow[0].startswith("trained complete reference: RMSE ")
    assert "begun unfinished" in narrow


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


def scored(own, mean, least, boosted=None):
    def of(values):
        return {"targets": {name: {"rmse": value} for name, value in values.items()}}

    baselines = {"mean": of(mean), "least_squares": of(least)}
    return {"test": of(own), "baselines": baselines | ({} if boosted is None else {"gradient_boosting": of(boosted)})}


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
    assert verdict(scored({"y": own}, {"y": mean}, {"y": least})).startswith(f"verdict: {said}")


@pytest.mark.parametrize(
    ("own", "boosted", "said"),
    [
        (2.0, 1.5, "the mean 8); gradient boosting is better (RMSE 1.5)"),
        (2.0, 2.01, "the mean 8); as good as gradient boosting (RMSE 2.01)"),
        (2.0, 3.0, "the mean 8); better than gradient boosting (RMSE 3)"),
        (None, 3.0, "its predictions of the test rows are not all finite numbers"),
    ],
)
def test_the_verdict_says_where_gradient_boosting_stands(own, boosted, said):
    found = verdict(scored({"y": own}, {"y": 8.0}, {"y": 4.0}, {"y": boosted}))
    assert found.endswith(said)


def test_the_verdict_compares_with_no_gradient_boosting_that_could_not_split():
    said = "gradient boosting could not split the training rows and predicts their mean"
    assert verdict(scored({"y": 2.0}, {"y": 8.0}, {"y": 4.0}, {"y": 8.0 + 1e-8})).endswith(f"the mean 8); {said}")
    two = verdict(scored({"a": 9.0, "b": 2.0}, dict.fromkeys("ab", 8.0), dict.fromkeys("ab", 4.0), {"a": 8, "b": 8}))
    assert two == f"verdict: better than least squares on `b`; worse than predicting the mean on `a`; {said}"
    apart = verdict(scored({"a": 9.0, "b": 2.0}, dict.fromkeys("ab", 8.0), dict.fromkeys("ab", 4.0), {"a": 8, "b": 1}))
    assert apart.endswith("; gradient boosting is better on `b`")


@pytest.mark.parametrize("weights", [None, np.repeat([0.5, 2.0], [24, 6])], ids=["unweighted", "classes weighted"])
@pytest.mark.parametrize("times", [1, 8])
def test_the_verdict_of_classes_compares_with_no_gradient_boosting_that_could_not_split(weights, times):
    inputs, true = np.tile(np.arange(30.0)[:, None], (times, 1)), np.tile(np.repeat([0, 1], [24, 6]), times)
    given = None if weights is None else np.tile(weights, times)
    found = predicted_probabilities(Questions(inputs, true[:, None].astype(float), inputs, given), 2)
    baselines = {name: class_scores(true, values, ("no", "yes")) for name, values in found.items()}
    said = verdict({"test": of_classes(0.95, 0.2), "baselines": baselines})
    remark = "gradient boosting could not split the training rows and predicts one class"
    assert (remark in said) == (times == 1)
    assert said.count("gradient boosting") == (1 if times == 1 else 2)


def test_the_verdict_of_several_targets_names_those_that_gradient_boosting_predicts_better():
    eight, four = dict.fromkeys("ab", 8.0), dict.fromkeys("ab", 4.0)
    assert verdict(scored({"a": 1.0, "b": 2.0}, eight, four, {"a": 3.0, "b": 1.0})) == (
        "verdict: better than least squares on all 2 targets; gradient boosting is better on `b`"
    )


def of_classes(balanced, log_loss):
    classes = {label: {"precision": 1.0, "recall": 0.5, "f1": None, "rows": 4} for label in ("no", "yes")}
    rest = dict.fromkeys(("f1", "roc_auc", "average_precision"))
    scores = {"accuracy": balanced, "balanced_accuracy": balanced, "log_loss": log_loss}
    return {**scores, **rest, "loss": log_loss, "confusion": [[3, 1], [0, 4]], "classes": classes}


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ((0.95, 0.2), "better than the majority, logistic regression and gradient boosting (balanced accuracy 0.95 "),
        ((0.85, 0.2), "better than the majority and logistic regression; worse than gradient boosting ("),
        ((0.9, 0.301), "better than the majority and logistic regression; as good as gradient boosting ("),
        ((0.9, 0.25), "better than the majority, logistic regression and gradient boosting ("),
        ((0.9, 0.5), "better than the majority and logistic regression; worse than gradient boosting ("),
        ((0.4, 0.9), "worse than the majority, logistic regression and gradient boosting ("),
        ((None, None), "its probabilities for the test rows are not all finite numbers"),
    ],
)
def test_the_verdict_of_classes_is_by_balanced_accuracy_then_by_log_loss(own, said):
    baselines = {"majority": (0.5, 0.7), "logistic": (0.8, 0.4), "gradient_boosting": (0.9, 0.3)}
    found = verdict({
        "test": of_classes(*own), "baselines": {name: of_classes(*theirs) for name, theirs in baselines.items()}
    })  # fmt: skip
    assert found.startswith(f"verdict: {said}")
    if own[0] is not None:
        assert "; logistic regression 0.8 and 0.4; " in found


def test_classes_have_a_table_with_their_confusion():
    text = class_table({"train": of_classes(1.0, 0.0), "test": of_classes(0.9, 0.3)}, "metrics.json")
    assert text.splitlines() == [
        "test rows of class  rows  as no  as yes  precision  recall  F1",
        "------------------  ----  -----  ------  ---------  ------  --",
        "no                     4      3       1          1     0.5   -",
        "yes                    4      0       4          1     0.5   -",
    ]
    assert class_table({"all": of_classes(0.9, 0.3)}, "metrics.json").startswith("all rows of class")
    assert class_table(scored({"y": 1.0}, {"y": 1.0}, {"y": 1.0}), "metrics.json") is None


def of_labels(labels):
    one = of_classes(0.9, 0.3)
    confusion = [[0] * len(labels) for _ in labels]
    return {"test": one | {"classes": dict.fromkeys(labels, one["classes"]["no"]), "confusion": confusion}}


def test_many_classes_have_a_line_each_and_no_matrix():
    lines = class_table(of_labels([f"c{n}" for n in range(20)]), "run/metrics.json").splitlines()
    assert lines[0] == "test rows of class  rows  precision  recall  F1"
    assert len(lines) == 23
    assert lines[-1] == "the confusion matrix is in run/metrics.json"


@pytest.mark.parametrize(
    ("labels", "shown", "note"),
    [
        ([f"{n}" for n in range(12)], 12, None),
        ([f"the long name of the class {n}, with a comma" for n in range(4)], 4, "the whole names are in M"),
        ([f"the long name of the class {n}" for n in range(12)], 0, "the confusion matrix is in M"),
        (["x" * 200 + str(n) for n in range(12)], 0, "the whole names and the confusion matrix are in M"),
        (["x" * 100, *(f"{n}" for n in range(11))], 12, "the whole names are in M"),
    ],
)
def test_lines_of_classes_with_long_names_are_not_endless(labels, shown, note):
    lines = class_table(of_labels(labels), "M").splitlines()
    assert max(map(len, lines)) <= 160
    assert lines[0].count("as ") == shown
    assert (lines[-1] if " in M" in lines[-1] else None) == note
    names = [re.split(r"  +", line)[0] for line in lines[2 : 2 + len(labels)]]
    assert len(set(names)) == len(labels)


def test_a_table_of_classes_has_their_scores():
    header, _, train, majority = score_table({
        "task": "classification", "train": of_classes(0.9, 0.3), "test": None,
        "baselines": {"majority": of_classes(0.5, 0.7)},
    }).splitlines()  # fmt: skip
    assert header.split("  ")[0] == "rows"
    assert [*header.split()[1:4], *header.split()[-2:]] == ["accuracy", "balanced", "F1", "log", "loss"]
    assert train.split() == ["train", "0.9", "0.9", "-", "-", "-", "0.3"]
    assert majority.split() == ["majority", "(test)", "0.5", "0.5", "-", "-", "-", "0.7"]


def test_scores_that_only_some_networks_have_are_shown_if_there_are_any():
    one = {"rmse": 1.0, "mae": 1.0, "r2": 0.5, "loss": 0.1, "nll": None, "coverage": None, "width": None}
    plain = score_table({"train": one})
    assert plain.splitlines()[0].split() == ["rows", "RMSE", "MAE", "R²", "loss", "(scaled)"]
    header, _, train, test = score_table({"train": one, "test": one | {"coverage": 0.91, "width": 3.0}}).splitlines()
    assert header.endswith("coverage  mean width")
    assert (train.split()[-2:], test.split()[-2:]) == (["-", "-"], ["0.91", "3"])


def test_the_verdict_names_targets_that_differ():
    found = scored({"a": 1.0, "b": 9.0, "c": 1.0}, dict.fromkeys("abc", 8.0), dict.fromkeys("abc", 4.0))
    assert verdict(found) == ("verdict: better than least squares on `a`, `c`; worse than predicting the mean on `b`")


def test_without_test_rows_there_is_no_verdict():
    assert "no test rows" in verdict({"test": None, "baselines": {"mean": None, "least_squares": None}})


def ending(**changes):
    facts = {"reason": "stop", "epochs": 188, "best_epoch": 128, "patience": 60, "is_validated": True, "seconds": 75.2}
    facts |= {"run": Path("run"), "metrics": {}}
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


def test_a_long_first_step_is_not_taken_for_the_pace_of_the_others(monkeypatch):
    now = 0.0
    monkeypatch.setattr(bar_module, "time", SimpleNamespace(perf_counter=lambda: now))
    stream = io.StringIO()
    with Bar(3, 3, done=0, progress=stream) as bar:
        for number in (1, 2, 3):
            for step in range(3):
                now += 100.0 if (number, step) == (1, 0) else 4.0
                bar.update()
            bar.show(Epoch(number, 0.01, 0.01, 0.5, None, is_best=True))
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("1 min 48 s, at most 24 s left")
    assert lines[1].endswith("2 min 0 s, at most 12 s left")
    assert lines[2].endswith("2 min 12 s")
