"""Numbers that are not finite: training stops with the name of the first one, and none is ever kept."""

from __future__ import annotations

import csv
import math

import numpy as np
import pandas as pd
import pytest
import torch
import toy_model
from torch import nn
from toy_model import choice, layer_of, make_spec, network, toy_program

from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Layer
from hqnn_dsl.training.checkpoint import Checkpoints
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.loop import Training, Watch, fit
from hqnn_dsl.training.run import train
from hqnn_dsl.training.samples import Rows, Samples

CPU = torch.device("cpu")
QUIET = Watch(progress=False)
NOTHING = Rows(torch.empty(0, 3), torch.empty(0, 1))


@pytest.fixture(autouse=True, params=["torch", "compiled"])
def steps(request, monkeypatch):
    """Every test runs with the steps of torch, on the backend `reference`, and with compiled ones, on `native`."""
    monkeypatch.setitem(toy_model.ENGINE, "backend", "reference" if request.param == "torch" else "native")
    return request.param


def samples(rows: int = 20, *, scale: float = 1.0) -> Samples:
    """Without validation rows."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(rows, 3, generator=generator)
    return Samples(Rows(features, scale * torch.sin(features[:, :1])), NOTHING)


def rooted(share: float) -> tuple[Layer, ...]:
    """An encoder with a root of 0 for a share of its values: the value is finite, the slope is not."""
    dropout = Layer(layer=choice(LAYERS, "dropout", p=share), in_width=2, out_width=2, operations=(("pow", 0.5),))
    return (layer_of("dense", None, 2), layer_of("sigmoid", 2, 2), *((dropout,) if share else ()))


def training(share: float = 0.0, **settings) -> Training:
    spec = make_spec(encoder=rooted(share), **settings)
    return Training(network(spec, 3, 1), spec.train, CPU, "spec")


def refusal(action) -> object:
    with pytest.raises(Refusal) as caught:
        action()
    return caught.value.diagnostics[0]


def is_finite(snapshot) -> bool:
    return all(bool(torch.isfinite(weight).all()) for weight in snapshot["model"].values())


def read(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_gradient_without_a_value_is_named_and_never_taken(tmp_path, clip):
    one = training(0.9, epochs=5, clip=clip)
    before = {name: weight.clone() for name, weight in one.net.state_dict().items()}
    found = refusal(lambda: fit(one, samples(), Checkpoints(tmp_path), watch=QUIET))
    assert (found.code, found.epoch, found.step, found.value) == ("E0545", 1, 1, "nan")
    assert found.weight.startswith("encoder.")
    assert "a root of 0" in found.advice
    for name, weight in one.net.state_dict().items():
        assert torch.equal(weight, before[name])
    assert is_finite(read(tmp_path / "last.pt"))
    assert not (tmp_path / "best.pt").exists()


def test_what_was_good_before_is_kept(tmp_path):
    one = training(0.001, epochs=500)
    found = refusal(lambda: fit(one, samples(), Checkpoints(tmp_path), watch=QUIET))
    assert found.code == "E0545"
    assert len(one.history) >= 1, "the seed of this test is to let an epoch pass"
    best, last = read(tmp_path / "best.pt"), read(tmp_path / "last.pt")
    assert is_finite(best)
    assert is_finite(last)
    assert (last["epoch"], last["step"]) == (found.epoch - 1, found.step - 1)
    assert best["epoch"] == min(one.history, key=lambda epoch: epoch.end_loss).number


def test_a_run_that_begins_so_leaves_no_folder(tmp_path):
    table = read_table(pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "t"]))
    encoder = "dense(2); sigmoid; dropout(p: 0.9) ** 0.5"
    program = toy_program(encoder=encoder, data="split validation: 0, test: 0.2", epochs=1)
    assert refusal(lambda: train(program, table, tmp_path / "r", watch=QUIET)).code == "E0545"
    assert not (tmp_path / "r").exists()


def test_weights_that_a_step_made_infinite_are_refused(tmp_path):
    one = training(optimizer=choice(OPTIMIZERS, "sgd", lr=1e38, quantum_lr=1e38), epochs=1, batch=100)
    found = refusal(lambda: fit(one, samples(scale=1e3), Checkpoints(tmp_path), watch=QUIET))
    assert (found.code, found.epoch) == ("E0546", 1)
    assert not (tmp_path / "best.pt").exists()
    assert is_finite(read(tmp_path / "last.pt"))


def test_a_checkpoint_is_written_only_with_finite_numbers(tmp_path):
    one = training()
    good, bad = one.snapshot(), one.snapshot()
    next(iter(bad["model"].values()))[0, 0] = math.inf
    kept = Checkpoints(tmp_path)
    kept.keep_best(good)
    kept.write(good)
    kept.keep_best(bad)
    kept.write(bad)
    assert kept.best is good
    assert is_finite(read(tmp_path / "best.pt"))
    assert is_finite(read(tmp_path / "last.pt"))


def test_moments_of_the_optimizer_count_too(tmp_path):
    one = training()
    rows = samples().train
    one.advance(rows.features, rows.targets)
    bad = one.snapshot()
    next(iter(bad["optimizer"]["state"].values()))["exp_avg"].fill_(math.nan)
    Checkpoints(tmp_path).write(bad)
    assert not (tmp_path / "last.pt").exists()


def test_large_gradients_whose_squares_overflow_are_fine():
    one = training(optimizer=choice(OPTIMIZERS, "sgd", lr=1e-30, quantum_lr=1e-30))
    rows = samples(1).train
    targets = torch.full_like(rows.targets, 1.5e19)
    assert math.isfinite(one.advance(rows.features, targets))
    grads = [weight.grad for weight in one.weights]
    assert max(float(grad.abs().max()) for grad in grads) > 2e19
    assert not math.isfinite(float(nn.utils.get_total_norm(grads)))


def test_a_scaler_that_leaves_out_every_step_is_found_out():
    one = training(0.9)
    one.scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)
    before = {name: weight.clone() for name, weight in one.net.state_dict().items()}
    rows = samples().train

    def steps():
        for _ in range(100):
            one.advance(rows.features, rows.targets)
            one.step += 1

    found = refusal(steps)
    assert found.code == "E0545"
    assert 20 < found.step < 50
    for name, weight in one.net.state_dict().items():
        assert torch.equal(weight, before[name])


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_a_score_is_a_loss_of_the_weights_that_are_kept(tmp_path, loss):
    one, data = training(epochs=6, loss=choice(LOSSES, loss)), samples()
    optimizer = one.optimizer
    for group in optimizer.param_groups:
        group["lr"] = 0.4  # so that losses go up and down
    fitted = fit(one, data, Checkpoints(tmp_path), watch=QUIET)
    best = read(tmp_path / "best.pt")
    again = training(loss=choice(LOSSES, loss))
    again.net.load_state_dict(best["model"])
    value = float(again.loss(predict_scaled(again.net, data.train.features, 8), data.train.targets))
    scores = [epoch.score for epoch in fitted.history]
    assert value == scores[fitted.best_epoch - 1] == min(scores)
    assert scores != [epoch.train_loss for epoch in fitted.history]


def test_the_score_stands_in_the_history(tmp_path):
    table = read_table(pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "t"]))
    for name, validation in (("without", 0), ("with", 0.2)):
        program = toy_program(data=f"split validation: {validation}, test: 0.2", epochs=2)
        result = train(program, table, tmp_path / name, watch=QUIET)
        rows = list(csv.DictReader((result.path / "history.csv").open()))
        assert [bool(row["end_loss"]) for row in rows] == [not validation] * 2
        assert [bool(row["validation_loss"]) for row in rows] == [bool(validation)] * 2
        best = rows[result.fitted.best_epoch - 1]
        assert float(best["validation_loss" if validation else "end_loss"]) == pytest.approx(
            result.metrics["validation" if validation else "train"]["loss"], rel=1e-5
        )
