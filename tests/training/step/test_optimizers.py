"""Compiled optimizers and clipping against `torch.optim` and `torch.nn.utils`."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numba import njit
from torch import nn

from hqnn_dsl.catalog.objectives import OPTIMIZERS
from hqnn_dsl.training.step.kernels import optimizers

STEPS = 200
TOLERANCE = {"float64": 1e-11, "float32": 1e-6}
OF_RATES = {"lr", "quantum_lr", "weight_decay"}


@njit
def compiled(kind, options, step, weights, grads, moments, scalars, begin, end, lr, weight_decay):
    optimizers.optimizer_step(kind, options, step, weights, grads, moments, scalars, begin, end, lr, weight_decay)


@njit
def clip(grads, limit):
    classical = len(grads) // 3
    return optimizers.clip(grads, limit, classical, np.zeros(len(grads)), np.zeros(3))


def drawn_options(name, random):
    """All options of an optimizer, drawn; the momentum of some is 0."""
    known = {option.name for option in OPTIMIZERS[name].options}
    drawn = {
        "lr": 10 ** random.uniform(-4, -2),
        "quantum_lr": random.choice([None, 10 ** random.uniform(-4, -2)]),
        "weight_decay": random.choice([0.0, 10 ** random.uniform(-3, -0.5)]),
        "beta1": random.choice([0.9, random.uniform(0, 0.99)]),
        "beta2": random.choice([0.999, random.uniform(0.5, 0.9999)]),
        "eps": random.choice([1e-8, 1e-4]),
        "momentum": random.choice([0.9, random.uniform(0.1, 0.99)] + [0.0] * (name != "nesterov")),
        "alpha": random.choice([0.99, random.uniform(0.1, 0.999)]),
    }
    return {option: drawn[option] for option in known}


def trained(name, options, dtype, random, *, classical=23, quantum=9, rates=lambda step: 1.0):
    """Weights after each of 200 steps, compiled and by torch, with gradients that depend on the weights a little."""
    start = random.normal(0, 1, classical + quantum).astype(dtype)
    leaves = [nn.Parameter(torch.tensor(part.copy())) for part in (start[:classical], start[classical:])]
    reference = OPTIMIZERS[name].build(leaves[:1], leaves[1:], options)
    firsts = [group["lr"] for group in reference.param_groups]
    weights, moments = start.copy(), np.zeros((optimizers.NUM_MOMENTS, len(start)), dtype)
    scalars, vector = optimizers.first_scalars(), optimizers.optimizer_options(name, options)
    lr, decay = options["lr"], options["weight_decay"]
    quantum_lr = lr if options["quantum_lr"] is None else options["quantum_lr"]
    for step in range(1, STEPS + 1):
        noise = (random.normal(0, 1, len(start)) * 10 ** random.uniform(-3, 1)).astype(dtype)
        factor = rates(step)
        grads = (0.1 * weights + noise).astype(dtype)
        own = 0.1 * torch.cat([leaf.detach() for leaf in leaves]) + torch.tensor(noise)
        for leaf, grad in zip(leaves, own.split([classical, quantum]), strict=True):
            leaf.grad = grad.clone()
        for group, first in zip(reference.param_groups, firsts, strict=True):
            group["lr"] = first * factor
        reference.step()
        for begin, end, rate, pull in ((0, classical, lr, decay), (classical, len(start), quantum_lr, 0.0)):
            kind = optimizers.OPTIMIZER_KINDS[name]
            compiled(kind, vector, step, weights, grads, moments, scalars, begin, end, rate * factor, pull)
    return weights, torch.cat([leaf.detach() for leaf in leaves]).numpy()


def test_every_optimizer_of_the_catalog_has_a_kind():
    assert set(optimizers.OPTIMIZER_KINDS) == set(OPTIMIZERS)
    assert sorted(optimizers.OPTIMIZER_KINDS.values()) == list(range(len(OPTIMIZERS)))
    for entry in OPTIMIZERS.values():
        assert {option.name for option in entry.options} - OF_RATES <= set(optimizers.OPTION_PLACES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_200_steps_with_the_defaults_are_those_of_torch(name, dtype):
    options = {option.name: option.default for option in OPTIMIZERS[name].options}
    found, expected = trained(name, options, dtype, np.random.default_rng(1))
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_200_steps_with_drawn_options_are_those_of_torch(name, dtype):
    for seed in range(8):
        random = np.random.default_rng(seed)
        options = drawn_options(name, random)
        found, expected = trained(name, options, dtype, random, rates=lambda step: 0.99**step)
        largest = np.abs(expected).max()
        bound = 5 * TOLERANCE[dtype] * max(1.0, largest)
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound, err_msg=str(options))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_outside_the_range_stay(name):
    random = np.random.default_rng(2)
    options = drawn_options(name, random)
    before = random.normal(0, 1, 40)
    weights, moments = before.copy(), np.zeros((optimizers.NUM_MOMENTS, 40))
    vector, scalars = optimizers.optimizer_options(name, options), optimizers.first_scalars()
    compiled(
        optimizers.OPTIMIZER_KINDS[name], vector, 1, weights, np.ones(40), moments, scalars, 7, 30, options["lr"], 0.1
    )
    outside = np.r_[0:7, 30:40]
    assert np.array_equal(weights[outside], before[outside])
    assert not moments[:, outside].any()
    assert (weights[7:30] != before[7:30]).all()


def clipped_by_torch(grads, limit, parts):
    leaves = [nn.Parameter(torch.zeros(len(part), dtype=torch.tensor(grads).dtype)) for part in np.split(grads, parts)]
    for leaf, part in zip(leaves, np.split(grads, parts), strict=True):
        leaf.grad = torch.tensor(part)
    norm = nn.utils.get_total_norm([leaf.grad for leaf in leaves])
    nn.utils.clip_grads_with_norm_(leaves, limit, norm)
    return norm.item(), torch.cat([leaf.grad for leaf in leaves]).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("limit", [1e-3, 1.0, 5.0, 1e3])
@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e4])
def test_clipping_is_that_of_torch(dtype, limit, scale):
    grads = (np.random.default_rng(3).normal(0, 1, 100) * scale).astype(dtype)
    norm, expected = clipped_by_torch(grads, limit, [10, 60])
    found = grads.copy()
    bound = TOLERANCE[dtype]
    assert clip(found, limit) == pytest.approx(norm, rel=bound)
    np.testing.assert_allclose(found, expected, rtol=bound)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_without_a_limit_the_norm_alone_is_found(dtype):
    grads = np.array([3.0, 4.0, 0.0], dtype)
    found = grads.copy()
    assert clip(found, 0.0) == 5.0
    assert np.array_equal(found, grads)
    assert clip(np.zeros(4, dtype), 1.0) == 0.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_makes_the_norm_not_finite_and_is_left(dtype, wrong):
    grads = np.array([3.0, wrong, 4.0], dtype)
    found = grads.copy()
    assert not math.isfinite(clip(found, 1.0))
    assert np.array_equal(found, grads, equal_nan=True)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e30), ("float64", 1e200), ("float64", 1e-200)])
def test_squares_that_overflow_or_vanish_do_not_change_the_norm(dtype, size):
    grads = np.array([3.0, -4.0], dtype) * np.array(size, dtype)
    assert clip(grads, 0.0) == pytest.approx(5 * size, rel=1e-6)
    assert clip(grads, size / 1e3) == pytest.approx(5 * size, rel=1e-6)
    if size > 1:
        assert np.linalg.norm(grads / size) == pytest.approx(1e-3, rel=1e-5)
