"""Compiled steps against torch: outputs, losses and every gradient of random networks, and trainings step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from networks_random import Example, native_layer, random_circuit, random_example
from toy_model import choice, circuit, layer_of, make_spec

from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.loop import Training, build
from hqnn_dsl.training.step.outputs import Outputs
from hqnn_dsl.training.step.runner import StepRunner

FEW, MANY = range(60), range(60, 560)
CPU = torch.device("cpu")
EPSILON = {"double": 1e-10, "single": 1e-5}


def torch_step(example: Example) -> tuple[float, torch.Tensor, dict[str, np.ndarray]]:
    """The loss, the outputs and all gradients by torch."""
    example.net.zero_grad()
    example.net.train()
    predicted = example.net(example.features)
    loss = build(LOSSES, example.spec.train.loss)(predicted, *example.given())
    loss.backward()
    grads = {
        name: np.zeros(weight.shape) if weight.grad is None else weight.grad.numpy().astype(np.float64)
        for name, weight in example.net.named_parameters()
        if weight.requires_grad
    }
    return loss.item(), predicted.detach(), grads


def compiled_step(example: Example) -> tuple[float, torch.Tensor, dict[str, np.ndarray]]:
    plan = example.plan()
    outputs = Outputs(plan)(example.features)
    runner = StepRunner(plan, example.features, example.targets, example.weights, seed=3)
    rows = len(example.features)
    found = runner.train(np.arange(rows), [(0, rows)], 1, 0, 1, (1e-3, 1e-3))
    grads = {}
    for name, weight in example.net.named_parameters():
        if weight.requires_grad:
            start = plan.weights.start(weight)
            grads[name] = runner.gradients()[start : start + weight.numel()].reshape(weight.shape).astype(np.float64)
    loss = found.losses[0] if found.failed is None else found.failed.loss
    return float(loss), outputs, grads


def worst(ours: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> float:
    """The largest error of a gradient, where 1 is the size of the largest one and of 1."""
    assert ours.keys() == truth.keys()
    scale = max([1.0, *(float(np.abs(grad).max(initial=0)) for grad in truth.values())])
    return max((float(np.abs(ours[name] - truth[name]).max(initial=0)) for name in truth), default=0.0) / scale


def judge(seed: int, precision: str) -> bool:
    """Hold one network against torch; False if torch finds no finite gradients."""
    example = random_example(seed, precision)
    try:
        loss, predicted, grads = torch_step(example)
    except Refusal:
        with pytest.raises(Refusal):
            Outputs(example.plan())(example.features)
        return False
    exact_loss, exact_predicted, exact = torch_step(random_example(seed, "double"))
    if not all(np.isfinite(grad).all() for grad in (*grads.values(), *exact.values(), np.array([loss, exact_loss]))):
        return False
    found_loss, found_predicted, found = compiled_step(example.twin())
    allowed = EPSILON[precision]
    if precision == "single":  # as near to the truth as torch is
        size = max(1.0, float(exact_predicted.abs().max()))
        allowed += 8 * max(worst(grads, exact), float((predicted - exact_predicted).abs().max()) / size)
        allowed += 8 * abs(loss - exact_loss) / max(1.0, abs(exact_loss))
    assert abs(found_loss - exact_loss) <= allowed * max(1.0, abs(exact_loss))
    size = max(1.0, float(exact_predicted.abs().max()))
    assert float((found_predicted - exact_predicted).abs().max()) <= allowed * size
    assert worst(found, exact) <= allowed
    return True


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_and_gradients_are_those_of_torch(precision):
    judged = [judge(seed, precision) for seed in FEW]
    assert sum(judged) > 0.8 * len(judged)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_and_gradients_of_many_networks_are_those_of_torch(precision):
    judged = [judge(seed, precision) for seed in MANY]
    assert sum(judged) > 0.8 * len(judged)


def small_example(precision: str, **train) -> Example:
    """A network all of whose weights have gradients far from 0, so that Adam's steps have no noise in them."""
    encoder = (layer_of("dense", None, 5), layer_of("silu", 5, 5), layer_of("dense", 5, 2), layer_of("tanh", 2, 2))
    spec = make_spec(encoder=encoder, precision=precision, **train)
    net = HybridNet.build(spec, native_layer(circuit(), precision), 3, 1)
    generator, dtype = torch.Generator().manual_seed(2), torch.float64 if precision == "double" else torch.float32
    features = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    targets = torch.sin(features[:, :1]) + 0.1 * features[:, 1:2]
    return Example(net, spec, features.to(dtype), targets.to(dtype), None)


def trained_by_both(example: Example, steps: int, rows: int, rates: tuple[float, float]) -> tuple[float, float]:
    """Train as many steps by torch and compiled. Returns how far losses and weights are apart at most."""
    ours, count = example.twin(), len(example.features)
    theirs = Training(example.net, example.spec.train, CPU)
    example.net.train()
    runner = StepRunner(ours.plan(), ours.features, ours.targets, ours.weights, seed=3)
    order = np.random.default_rng(0).permuted(np.tile(np.arange(count), (steps, 1)), axis=1)[:, :rows]
    bounds = np.arange(steps + 1) * rows
    expected = [theirs.advance(example.features[batch], *example.given(batch)) for batch in torch.from_numpy(order)]
    found = runner.train(order.reshape(-1), bounds, 1, 0, steps, rates)
    assert found.failed is None
    pairs = [pair for pair in zip(example.net.parameters(), ours.net.parameters(), strict=True) if pair[0].numel()]
    apart = [(a - b).abs().max().item() for a, b in pairs]
    return float(np.abs(found.losses - expected).max()), max(apart)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_two_hundred_steps_are_those_of_the_torch_loop(name, precision):
    optimizer = choice(OPTIMIZERS, name, lr=2e-3, quantum_lr=5e-3, weight_decay=0.01)
    example = small_example(precision, optimizer=optimizer, clip=0.6)
    losses, weights = trained_by_both(example, 200, 9, (2e-3, 5e-3))
    assert losses <= EPSILON[precision]
    assert weights <= 4 * EPSILON[precision]


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "auto"])
def test_each_loss_trains_as_in_torch(loss):
    example = next(
        one
        for seed in range(1000, 9000)
        if (
            one := random_example(seed, "double", rows=17, optimizer=choice(OPTIMIZERS, "sgd", lr=1e-3))
        ).spec.train.loss.name
        == loss
        and all(np.isfinite(grad).all() for grad in torch_step(one)[2].values())
    )
    losses, weights = trained_by_both(example, 200, 13, (1e-3, 1e-3))
    assert losses <= 1e-8
    assert weights <= 1e-8


def test_amplitudes_are_differentiated():
    judged = 0
    for seed in range(20):
        own = random_circuit(seed, amplitude=True)
        width = own.num_inputs
        spec = make_spec(encoder=(layer_of("dense", None, width), layer_of("tanh", width, width)), precision="double")
        spec = type(spec)(**{**vars(spec), "num_inputs": width, "num_outputs": own.num_outputs})
        net = HybridNet.build(spec, native_layer(own, "double"), 3, 2)
        generator = torch.Generator().manual_seed(seed)
        features = torch.randn(11, 3, generator=generator, dtype=torch.float64)
        targets = torch.randn(11, 2, generator=generator, dtype=torch.float64)
        example = Example(net, spec, features, targets, None)
        loss, predicted, grads = torch_step(example)
        if not (math.isfinite(loss) and all(np.isfinite(grad).all() for grad in grads.values())):
            continue
        judged += 1
        found_loss, found_predicted, found = compiled_step(example.twin())
        assert found_loss == pytest.approx(loss, rel=1e-11)
        torch.testing.assert_close(found_predicted, predicted, rtol=1e-10, atol=1e-10)
        assert worst(found, grads) <= 1e-10
    assert judged > 10


def test_outputs_are_those_of_predictions_in_blocks():
    example = random_example(8, "double", rows=40)
    many = example.features.repeat(9, 1)
    expected = predict_scaled(example.net, many, 16)
    torch.testing.assert_close(Outputs(example.plan())(many), expected, rtol=1e-10, atol=1e-10)
    assert Outputs(example.plan())(many[:0]).shape == (0, expected.shape[1])
