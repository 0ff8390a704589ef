"""Training from Python: losses and callbacks of one's own, and what a run then says of them."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn

SPEC = """\
hqnn 1
model tiny {
  data { target y; split validation: 0.25, test: 0.25 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense }
  train { loss mse; epochs 3; batch 16; optimizer adam(0.05); stop none; seed 3 }
  backend reference
}
"""


def frame(rows: int = 48) -> pd.DataFrame:
    a, b = np.random.default_rng(1).normal(size=(2, rows))
    return pd.DataFrame({"a": a, "b": b, "y": 5 + np.sin(a) + 0.1 * b})


def absolute(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (predicted - target).abs().mean()


class Weighted:
    """A loss that is an object."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.factor * absolute(predicted, target)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return hqnn.train(SPEC, frame(), tmp_path_factory.mktemp("own") / "run", loss=absolute)


# ---------------------------------------------------------------------- loss


def test_the_loss_that_is_given_is_the_one_that_is_minimised(own, tmp_path):
    """The catalog's mean absolute error is the same function: the same history, to the bit."""
    catalog = hqnn.train(SPEC, frame(), tmp_path / "run", set={"loss": "mae"})
    pd.testing.assert_frame_equal(own.history, catalog.history)
    assert own.metrics["test"]["loss"] == pytest.approx(catalog.metrics["test"]["loss"], rel=1e-6)
    other = hqnn.train(SPEC, frame(), tmp_path / "other")
    assert other.history["train_loss"].tolist() != own.history["train_loss"].tolist()


def test_the_run_says_which_function_it_was(own):
    kept = json.loads((own.path / "preprocess.json").read_text())
    assert kept["loss"] == {
        "name": "own", "options": {"function": "absolute", "file": "test_training.py"}
    }  # fmt: skip
    assert "loss absolute, a function of test_training.py" in repr(own)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Weighted(2.0), "Weighted"),
        (partial(absolute), "absolute"),
        (torch.nn.SmoothL1Loss(), "SmoothL1Loss"),
        (torch.nn.functional.mse_loss, "mse_loss"),
        (lambda p, t: ((p - t) ** 2).mean(), "<lambda>"),
    ],
)
def test_every_kind_of_function_is_taken(function, name, tmp_path):
    run = hqnn.train(SPEC, frame(), tmp_path / "run", set={"epochs": 1}, loss=function)
    assert run.preparation.loss.options["function"].rpartition(".")[2] == name
    assert np.isfinite(run.metrics["test"]["loss"])


@pytest.mark.parametrize("file", ["<stdin>", "<ipython-input-3-0a1b>", "/tmp/ipykernel_77/123.py"])
def test_a_function_that_was_typed_has_no_file(file, tmp_path):
    names = {"torch": torch}
    exec(compile("def typed(p, t):\n    return ((p - t) ** 2).mean()\n", file, "exec"), names)
    run = hqnn.train(SPEC, frame(), tmp_path / "run", set={"epochs": 1}, loss=names["typed"])
    assert run.preparation.loss.options == {"function": "typed", "file": None}
    assert "loss typed, a function\n" in repr(run)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p, t: (p - t).abs(), "the shape (2, 1), not a scalar"),
        (lambda p, t: (p - t).abs().mean().item(), "returns a float, not a tensor"),
        (lambda p, t: None, "returns None, not a tensor"),
        (lambda p, t: (p - t).abs().mean().detach(), "without a gradient"),
        (lambda p, t: (t * t).mean(), "without a gradient"),
        (lambda p, t: (p > t).sum(), "of int64"),
        (torch.nn.Sequential(torch.nn.Linear(1, 1)), "weights of its own"),
    ],
)
def test_what_is_no_loss_is_refused_before_anything_is_written(function, said, tmp_path):
    with pytest.raises(hqnn.Refusal, match="E0632") as refused:
        hqnn.train(SPEC, frame(), tmp_path / "run", loss=function)
    assert said in str(refused.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("path", ["loss", "train.loss", "loss.delta"])
def test_a_function_and_a_change_of_the_loss_exclude_each_other(path, tmp_path):
    with pytest.raises(hqnn.Refusal, match="E0634") as refused:
        hqnn.train(SPEC, frame(), tmp_path / "run", set={path: "huber"}, loss=absolute)
    assert f"`{path}`" in str(refused.value)


def test_a_loss_that_fails_is_the_callers_error(tmp_path):
    def broken(predicted, target):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        hqnn.train(SPEC, frame(), tmp_path / "run", loss=broken)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_the_training(tmp_path):
    with pytest.raises(hqnn.Refusal, match="E0540"):
        hqnn.train(SPEC, frame(), tmp_path / "run", loss=lambda p, t: absolute(p, t) / 0)


def test_the_loss_gets_scaled_values_in_the_networks_precision(tmp_path):
    seen = []

    def noting(predicted, target):
        seen.append((predicted.dtype, target.dtype, predicted.shape == target.shape, float(target.abs().max())))
        return absolute(predicted, target)

    hqnn.train(SPEC, frame(), tmp_path / "run", set={"train.precision": "double", "epochs": 1}, loss=noting)
    assert {row[:3] for row in seen} == {(torch.float64, torch.float64, True)}
    assert max(row[3] for row in seen) < 4  # the targets themselves lie around 5


def test_resuming_needs_the_function_again(own, tmp_path):
    run = shutil.copytree(own.path, tmp_path / "run")
    longer = {"set": {"epochs": 3}, "resume": True}
    for loss, said in ((None, "loss=absolute"), (Weighted(1.0), "not with `Weighted`")):
        with pytest.raises(hqnn.Refusal, match="E0544") as refused:
            hqnn.train(SPEC, frame(), run, loss=loss, **longer)
        assert said in str(refused.value)
    again = hqnn.train(SPEC, frame(), run, loss=absolute, **longer)
    assert again.metrics == own.metrics
    plain = hqnn.train(SPEC, frame(), tmp_path / "plain", set={"epochs": 1})
    with pytest.raises(hqnn.Refusal, match="E0544") as refused:
        hqnn.train(SPEC, frame(), plain.path, set={"epochs": 1}, loss=absolute, resume=True)
    assert "`loss mse`" in str(refused.value)


def test_a_command_resumes_no_run_with_a_function(own, tmp_path, monkeypatch, capsys):
    from hqnn_dsl.cli.main import main

    run = shutil.copytree(own.path, tmp_path / "run")
    frame().to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "tiny.hqnn").write_text(SPEC)
    line = ["hqnn", "train", tmp_path / "tiny.hqnn", tmp_path / "data.csv", "--out", run, "--resume"]
    monkeypatch.setattr(sys, "argv", list(map(str, line)))
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert "hqnn.train(SPEC, DATA, out=RUN, loss=absolute, resume=True)" in capsys.readouterr().err


def test_evaluating_says_that_the_function_is_not_at_hand(own, capfd):
    read = hqnn.open_run(own.path)
    with pytest.warns(hqnn.HQNNWarning, match="`absolute`") as told:
        found = read.evaluate(frame())
    assert (told[0].filename, told[0].message.diagnostic.code) == (__file__, "W0441")
    assert found["test"]["loss"] is None
    assert found["test"]["rmse"] == own.metrics["test"]["rmse"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", hqnn.HQNNWarning)
        given = hqnn.open_run(own.path, loss=absolute).evaluate(frame())
        assert given["test"] == own.metrics["test"]
        assert own.evaluate(frame())["test"] == own.metrics["test"]
    assert capfd.readouterr().err == ""
    with pytest.raises(hqnn.Refusal, match="E0544"):
        hqnn.open_run(own.path, loss=Weighted(1.0))


def test_a_command_shows_the_other_scores(own, tmp_path, monkeypatch, capsys):
    from hqnn_dsl.cli.main import main

    frame().to_csv(tmp_path / "data.csv", index=False)
    for more in ([], ["--json"]):
        monkeypatch.setattr("hqnn_dsl.cli.output._as_json", False)
        monkeypatch.setattr(sys, "argv", ["hqnn", "evaluate", str(own.path), str(tmp_path / "data.csv"), *more])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
        said = capsys.readouterr()
        assert "`absolute`" in said.err
        assert f"{own.metrics['test']['rmse']:.4g}"[:4] in said.out


# ------------------------------------------------------------------ callback


def test_every_epoch_is_told(tmp_path):
    seen = []
    run = hqnn.train(SPEC, frame(), tmp_path / "run", on_epoch=seen.append)
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    assert all(isinstance(epoch, hqnn.Epoch) for epoch in seen)
    assert [epoch.train_loss for epoch in seen] == run.history["train_loss"].tolist()
    assert [epoch.validation_loss for epoch in seen] == run.history["validation_loss"].tolist()
    with pytest.raises(AttributeError):
        seen[0].number = 7


def test_a_callback_ends_a_training_that_can_go_on(tmp_path):
    def until_two(epoch: hqnn.Epoch) -> bool:
        if epoch.number == 2:
            raise StopIteration
        return False  # what it returns does not matter

    short = hqnn.train(SPEC, frame(), tmp_path / "run", on_epoch=until_two)
    assert len(short.history) == 2
    said = json.loads((short.path / "environment.json").read_text())["run"]
    assert (said["ended_by_callback"], said["interrupted"]) == (True, False)
    assert set(short.metrics) >= {"train", "test"}
    whole = hqnn.train(SPEC, frame(), tmp_path / "whole")
    resumed = hqnn.train(SPEC, frame(), short.path, resume=True)
    pd.testing.assert_frame_equal(resumed.history, whole.history)
    assert json.loads((short.path / "environment.json").read_text())["run"]["ended_by_callback"] is False


def test_a_training_that_a_callback_ended_says_so(tmp_path):
    from hqnn_dsl.cli.train_messages import ending_line
    from hqnn_dsl.training.loop import Watch

    def at_once(_epoch: hqnn.Epoch) -> None:
        raise StopIteration

    endings = []
    hqnn.train(SPEC, frame(), tmp_path / "run", on_epoch=at_once, watch=Watch(on_end=endings.append))
    assert endings[0].reason == "callback"
    assert ending_line(endings[0]).startswith(
        "ended by the function that is called after every epoch; best epoch 1 of 1"
    )


def test_a_history_has_its_columns_with_and_without_rows(tmp_path):
    run = hqnn.train(SPEC, frame(), tmp_path / "run")
    whole = list(run.history.columns)
    (run.path / "history.csv").unlink()
    assert list(run.history.columns) == whole
    assert "end_loss" in whole


def test_a_callback_that_fails_leaves_a_run_to_go_on_with(tmp_path):
    def failing(epoch: hqnn.Epoch) -> None:
        if epoch.number == 2:
            raise OSError("mine")

    with pytest.raises(OSError, match="mine"):
        hqnn.train(SPEC, frame(), tmp_path / "run", on_epoch=failing)
    resumed = hqnn.train(SPEC, frame(), tmp_path / "run", resume=True)
    assert len(resumed.history) == 3


@pytest.mark.parametrize("option", ["loss", "on_epoch"])
def test_what_is_no_function_is_refused(option, tmp_path):
    with pytest.raises(hqnn.Refusal, match="E0605") as refused:
        hqnn.train(SPEC, frame(), tmp_path / "run", **{option: "mse"})
    assert option in str(refused.value)
    assert not (tmp_path / "run").exists()
