"""A run is gone on with under more epochs or another stop, and under nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.resuming import differences

SPEC = """hqnn 1
let width = 2
model small {
  data { target y; scale features: standard }
  encoder { dense(width); tanh * pi }
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 2; batch 8; device cpu; optimizer adam(0.1); seed 7; stop none }
  backend reference
}
"""


def program(**changes):
    return hqnn.compile_text(SPEC, set={name.replace("__", "."): value for name, value in changes.items()})


@pytest.fixture
def table():
    draw = np.random.default_rng(0)
    features = draw.normal(size=(40, 2))
    return pd.DataFrame({"a": features[:, 0], "b": features[:, 1], "y": features[:, 0] - draw.normal(size=40)})


def same(tmp_path, *files):
    for file in ("history.csv", "metrics.json", "predictions.csv", "spec.resolved.hqnn", *files):
        assert (tmp_path / "longer" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


@pytest.mark.parametrize("scheduler", ["none", "reduce_on_plateau(patience: 1)", "exponential(0.9)"])
def test_more_epochs_end_as_if_asked_for_from_the_start(tmp_path, table, scheduler):
    hqnn.train(program(scheduler=scheduler), table, tmp_path / "longer")
    hqnn.train(program(scheduler=scheduler, epochs=5), table, tmp_path / "longer", resume=True)
    hqnn.train(program(scheduler=scheduler, epochs=5), table, tmp_path / "whole")
    same(tmp_path)
    assert hqnn.open_run(tmp_path / "longer").spec.train.epochs == 5


@pytest.mark.parametrize(("first", "then"), [("early(1)", "none"), ("early(1)", "early(4)"), ("none", "early(3)")])
def test_another_stop_sees_all_epochs(tmp_path, table, first, then):
    """It stops where it would have stopped, or goes on from where the first one has stopped."""
    hqnn.train(program(stop=first, epochs=6, lr=0.5), table, tmp_path / "longer")
    hqnn.train(program(stop=then, epochs=12, lr=0.5), table, tmp_path / "longer", resume=True)
    hqnn.train(program(stop=then, epochs=12, lr=0.5), table, tmp_path / "whole")
    same(tmp_path)


@pytest.mark.parametrize(
    ("changes", "setting", "before", "now"),
    [
        ({"batch": 4}, "train.batch", "8", "4"),
        ({"lr": 0.2}, "train.optimizer", "adam(lr: 0.1", "adam(lr: 0.2"),
        ({"data__scale__features": "none"}, "data.scale", "features: standard", "features: none"),
        ({"train__seed": 8}, "train.seed", "7", "8"),
        ({"reps": 2}, "circuit", "reps: 1", "reps: 2"),
        ({"backend": "native"}, "backend", "reference", "native"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_may_not_change_is_named_with_both_values(tmp_path, table, changes, setting, before, now):
    hqnn.train(program(), table, tmp_path / "run")
    with pytest.raises(Refusal) as caught:
        hqnn.train(program(**changes), table, tmp_path / "run", resume=True)
    (found,) = caught.value.diagnostics
    assert (found.code, found.setting) == ("E0555", setting)
    assert before in found.headline.split("now")[0]
    assert now in found.headline.split("now")[1]
    assert (tmp_path / "run" / "metrics.json").exists()


def test_all_that_differs_is_said_at_once(tmp_path, table):
    hqnn.train(program(), table, tmp_path / "run")
    with pytest.raises(Refusal) as caught:
        hqnn.train(program(batch=4, epochs=9, train__clip=1.0), table, tmp_path / "run", resume=True)
    assert [found.setting for found in caught.value.diagnostics] == ["train.batch", "train.clip"]


@pytest.mark.parametrize(("scheduler", "epochs", "code"), [("cosine", 4, "E0556"), ("none", 1, "E0557")])
def test_epochs_that_cannot_change(tmp_path, table, scheduler, epochs, code):
    hqnn.train(program(scheduler=scheduler), table, tmp_path / "run")
    with pytest.raises(Refusal) as caught:
        hqnn.train(program(scheduler=scheduler, epochs=epochs), table, tmp_path / "run", resume=True)
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_another_table_is_named_by_what_is_other(tmp_path, table):
    hqnn.train(program(), table, tmp_path / "run")
    for other, said in (
        (table[:39], "rows 40 then, 39 now"),
        (table + 1, "its numbers"),
        (table.rename(columns={"a": "c"}), "a, b then, c, b now"),
    ):
        with pytest.raises(Refusal) as caught:
            hqnn.train(program(), other, tmp_path / "run", resume=True)
        assert caught.value.diagnostics[0].code == "E0544"
        assert said in caught.value.diagnostics[0].headline


def test_a_budget_is_no_difference():
    budget = "hqnn 1\n\nmodel m {\n  budget {\n    circuits 3\n  }\n\n  backend reference\n}\n"
    assert differences("hqnn 1\n\nmodel m {\n  backend reference\n}\n", budget) == []


@pytest.mark.parametrize("optimizer", ["sgd(0.01)", "sgd(0.01, momentum: 0.9)", "nesterov(0.01)", "adam(0.01)"])
@pytest.mark.parametrize("step", ["compiled", "torch"])
def test_a_resumption_with_nothing_to_train_loses_no_momentum(tmp_path, table, optimizer, step):
    change = {"optimizer": optimizer, "backend": "native", "step": step}
    for _ in range(2):
        hqnn.train(program(**change), table, tmp_path / "longer", resume=(tmp_path / "longer").exists())
    hqnn.train(program(**change, epochs=4), table, tmp_path / "longer", resume=True)
    hqnn.train(program(**change, epochs=4), table, tmp_path / "whole")
    same(tmp_path)
