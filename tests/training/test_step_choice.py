"""What runs the steps: compiled code or torch, why, and that a training may change from one to the other."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import toy_model
from toy_model import choice, make_spec, network, toy_program

from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import OPTIMIZERS, SCHEDULERS
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.training.checkpoint import Checkpoints
from hqnn_dsl.training.loop import Training, Watch, fit
from hqnn_dsl.training.precision import Precision
from hqnn_dsl.training.run import train
from hqnn_dsl.training.samples import Rows, Samples

CPU = torch.device("cpu")
QUIET = Watch(progress=False)


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.setitem(toy_model.ENGINE, "backend", "native")


def samples(rows: int = 40) -> Samples:
    features = torch.randn(rows, 3, generator=torch.Generator().manual_seed(0))
    targets = torch.sin(features[:, :1])
    return Samples(Rows(features[8:], targets[8:]), Rows(features[:8], targets[:8]))


def training(**settings) -> Training:
    spec = make_spec(**settings)
    return Training(network(spec, 3, 1), spec.train, CPU, "spec")


def table(rows: int = 40):
    return read_table(pd.DataFrame(np.random.default_rng(0).normal(size=(rows, 3)), columns=["a", "b", "t"]))


def environment(path) -> dict:
    return json.loads((path / "environment.json").read_text())


def test_steps_are_compiled_where_they_can_be():
    assert training().choice.ran == "compiled"
    assert training(step="torch").choice.ran == "torch"
    assert training(precision="mixed").choice.ran == "torch"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"encoder": "dense(2); batch_norm; tanh"}, "batch_norm"),
        ({"precision": "mixed"}, "mixed precision"),
    ],
)
def test_torch_runs_what_is_not_compiled_and_the_run_says_why(tmp_path, settings, reason):
    result = train(toy_program(epochs=1, **settings), table(), tmp_path / "r", watch=QUIET)
    found = environment(result.path)["step"]
    assert (found["asked"], found["ran"]) == ("auto", "torch")
    assert reason in found["reason"]
    with pytest.raises(Refusal) as caught:
        train(toy_program(epochs=1, step="compiled", **settings), table(), tmp_path / "s", watch=QUIET)
    item = caught.value.diagnostics[0]
    assert (item.code, item.span.text) == ("E0589", "step compiled")
    assert reason in item.headline
    assert not (tmp_path / "s").exists()


def test_another_backend_and_an_own_loss_are_torchs(monkeypatch, tmp_path):
    def own(predicted, targets):
        return (predicted - targets).square().mean()

    result = train(toy_program(epochs=1), table(), tmp_path / "own", watch=QUIET, loss=own)
    assert environment(result.path)["step"]["reason"] == "the loss is a function of your own"
    monkeypatch.setitem(toy_model.ENGINE, "backend", "reference")
    result = train(toy_program(epochs=1), table(), tmp_path / "reference", watch=QUIET)
    assert environment(result.path)["step"]["reason"] == "the circuit is run by the backend reference"


def test_double_precision_of_one_half_only_is_torchs_and_the_reason_says_what_to_write(tmp_path):
    result = train(toy_program(epochs=1, precision="double"), table(), tmp_path / "r", watch=QUIET)
    reason = environment(result.path)["step"]["reason"]
    written = re.search(r"`backend (native\(precision: double\))`", reason)
    assert written, reason
    toy_model.ENGINE["backend"] = written[1]
    result = train(toy_program(epochs=1, precision="double", step="compiled"), table(), tmp_path / "c", watch=QUIET)
    assert environment(result.path)["step"]["ran"] == "compiled"


@pytest.mark.parametrize("step", ["torch", "compiled"])
def test_a_caller_without_gradients_trains_all_the_same(tmp_path, step):
    with torch.no_grad():
        fitted = fit(training(epochs=2, step=step), samples(), Checkpoints(tmp_path), watch=QUIET)
        assert not torch.is_grad_enabled()
    assert fitted.history[1].train_loss < fitted.history[0].train_loss


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_schedulers_follow_compiled_steps_without_a_word(tmp_path, scheduler):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(training(scheduler=choice(SCHEDULERS, scheduler)), samples(), Checkpoints(tmp_path), watch=QUIET)


def test_a_run_says_that_its_steps_were_compiled_and_in_which_precision(tmp_path):
    result = train(toy_program(epochs=1), table(), tmp_path / "r", watch=QUIET)
    found = environment(result.path)
    assert found["step"] == {"asked": "auto", "ran": "compiled", "reason": ""}
    assert found["precision"] == "single"
    double = train(toy_program(epochs=1, precision="double"), table(), tmp_path / "d", watch=QUIET)
    assert environment(double.path)["precision"] == "double"


@pytest.mark.parametrize(("precision", "said"), [("mixed", 1), ("auto", 0), ("single", 0)])
def test_mixed_precision_on_a_cpu_is_called_slower_and_auto_is_not_it(tmp_path, precision, said):  # W0470
    heard = []
    with notices_sent_to(heard.append):
        result = train(toy_program(epochs=1, precision=precision), table(), tmp_path / "r", watch=QUIET)
    assert sum("slower than `single`" in str(item) for item in heard) == said
    assert environment(result.path)["precision"] == ("mixed" if said else "single")


@pytest.mark.parametrize(
    ("device", "encoder", "mixed"),
    [("cuda", "dense(2); tanh * pi", True), ("cuda", "", False), ("cpu", "dense(2); tanh * pi", False)],
)
def test_precision_auto_is_mixed_on_cuda_where_a_layer_is_computed_in_half(device, encoder, mixed):
    program = toy_program(encoder=encoder)
    net = program.network(2, 1)
    found = Precision.of("auto", net, torch.device(device))
    assert found.mixed == mixed
    assert found.name(net) == ("mixed" if mixed else "single")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_either_goes_on_where_the_other_has_stopped(tmp_path, optimizer):
    momentum = {"momentum": 0.5} if optimizer in {"sgd", "rmsprop"} else {}
    settings = {
        "optimizer": choice(OPTIMIZERS, optimizer, lr=0.01, quantum_lr=0.02, weight_decay=0.01, **momentum),
        "scheduler": choice(SCHEDULERS, "exponential"),
    }
    histories = {}
    for first, then in (("torch", "torch"), ("torch", "compiled"), ("compiled", "torch"), ("compiled", "compiled")):
        folder = tmp_path / f"{first}-{then}"
        fit(training(epochs=3, step=first, **settings), samples(), Checkpoints(folder), watch=QUIET)
        best, last = (torch.load(folder / name, weights_only=True) for name in ("best.pt", "last.pt"))
        other = training(epochs=7, step=then, **settings)
        fitted = fit(other, samples(), Checkpoints(folder, best), watch=QUIET, resume=last)
        histories[first, then] = [(epoch.train_loss, epoch.validation_loss, epoch.lr) for epoch in fitted.history]
    for history in histories.values():
        np.testing.assert_allclose(history, histories["torch", "torch"], rtol=2e-5)
    whole = fit(training(epochs=7, step="compiled", **settings), samples(), Checkpoints(tmp_path / "w"), watch=QUIET)
    unbroken = [(epoch.train_loss, epoch.validation_loss, epoch.lr) for epoch in whole.history]
    assert histories["compiled", "compiled"] == unbroken


def test_a_run_may_be_gone_on_with_by_the_other(tmp_path):
    train(toy_program(epochs=2, step="torch"), table(), tmp_path / "r", watch=QUIET)
    result = train(toy_program(epochs=4), table(), tmp_path / "r", watch=QUIET, resume=True)
    assert len(result.fitted.history) == 4
    assert environment(result.path)["step"]["ran"] == "compiled"
    assert re.search(r"^ +step +auto$", (result.path / "spec.resolved.hqnn").read_text(), re.MULTILINE)


@pytest.mark.parametrize("step", ["torch", "compiled"])
def test_a_loss_that_is_not_finite_is_named_with_the_rows_of_its_step(tmp_path, step):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 2)), columns=["a", "t"])
    settings = {"optimizer": "sgd(lr: 1e30, quantum_lr: 1.0)", "batch": 6, "step": step}
    program = toy_program(data="split validation: 0, test: 0; scale features: none, target: none", **settings)
    with pytest.raises(Refusal) as caught:
        train(program, read_table(frame), tmp_path / "r", watch=QUIET)
    message = caught.value.diagnostics[0].headline
    found = re.search(r"in epoch 1, step 2 \(((?:row \d+(?: \(index \d+\))?(?:, | and ))+1 more)\)", message)
    assert found, message


def test_the_rows_are_the_same_whatever_runs_the_step(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "t"])
    messages = []
    for step in ("torch", "compiled"):
        program = toy_program(
            data="split validation: 0, test: 0", optimizer="sgd(lr: 1e30, quantum_lr: 1.0)", step=step
        )
        with pytest.raises(Refusal) as caught:
            train(program, read_table(frame), tmp_path / step, watch=QUIET)
        messages.append(caught.value.diagnostics[0].headline)
    assert messages[0] == messages[1]


@pytest.mark.parametrize("clip", [None, 1.0])
def test_gradients_whose_squares_overflow_do_the_same_to_weights(tmp_path, clip):
    rate = 1e-20 if clip is None else 1.0
    slow = choice(OPTIMIZERS, "sgd", lr=rate, quantum_lr=rate)
    features = samples().train.features[:1]
    rows = Samples(Rows(features, torch.full((1, 1), 1.5e19)), Rows(torch.empty(0, 3), torch.empty(0, 1)))
    weights = []
    for step in ("torch", "compiled"):
        one = training(epochs=2, batch=1, step=step, optimizer=slow, clip=clip)
        before = [weight.detach().clone() for weight in one.weights]
        fit(one, rows, Checkpoints(tmp_path / step), watch=QUIET)
        weights.append([weight.detach().clone() for weight in one.weights])
    for first, second in zip(*weights, strict=True):
        torch.testing.assert_close(first, second)
    assert any(not torch.equal(old, new) for old, new in zip(before, weights[1], strict=True))


def test_every_layer_says_whether_it_is_compiled():
    """A layer of the catalog either trains compiled, or there is a reason."""
    kinds = {}
    for name in LAYERS.keys() - {"fourier"}:  # it has options that must be given: tests/network/test_no_circuit.py
        line = toy_model.layer_of(name, 2, 2)
        found = training(encoder=(toy_model.layer_of("dense", None, 2), line)).choice
        kinds[name] = found.ran
        assert found.ran == "compiled" or name in found.reason
    assert {name for name, ran in kinds.items() if ran == "torch"} == {"batch_norm"}
