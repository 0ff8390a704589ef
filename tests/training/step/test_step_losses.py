"""Compiled losses against those of torch and their gradients by autograd, with and without weights of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numba import njit

from hqnn_dsl.catalog import losses as of_torch
from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.training.step.kernels import losses

OPTIONS = {
    "huber": [{"delta": 1.0}, {"delta": 0.3}],
    "smooth_l1": [{"beta": 1.0}, {"beta": 0.3}],
    "quantile": [{"q": 0.5}, {"q": 0.9}],
    "focal": [{"gamma": 2.0}, {"gamma": 0.0}, {"gamma": 0.7}],
}
CASES = [(name, options) for name in LOSSES if name != "auto" for options in OPTIONS.get(name, [{}])]
FOR_CLASSES = ("cross_entropy", "focal")
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


@njit
def compiled(kind, options, predicted, targets, row_weight, count, d_predicted):
    return losses.loss_rows(kind, options, predicted, targets, row_weight, count, d_predicted)


def rows_of(name, options, predicted, targets, weights, count=None):
    """The compiled sum and its gradient, of arrays `[rows, O]` and `[rows, T]`."""
    count = len(predicted) if count is None else count
    given = np.ones(len(predicted), predicted.dtype) if weights is None else weights
    gradient = np.full(predicted.T.shape, 7.0, predicted.dtype)
    turned = [np.ascontiguousarray(array.T) for array in (predicted, targets)]
    kind = losses.LOSS_KINDS[name]
    total = compiled(kind, losses.loss_options(name, options), *turned, given, count, gradient)
    return total, gradient.T


def rows_of_torch(name, options, predicted, targets, weights):
    """The mean loss and its gradient by torch."""
    leaf = torch.tensor(predicted, requires_grad=True)
    loss = LOSSES[name].build(options)(leaf, torch.tensor(targets), None if weights is None else torch.tensor(weights))
    loss.backward()
    return loss.item(), leaf.grad.numpy()


def drawn(name, dtype, seed, *, rows=13, width=3, scale=2.0):
    random = np.random.default_rng(seed)
    outputs = 2 * width if name == "gaussian" else width
    predicted = random.normal(0, scale, (rows, outputs)).astype(dtype)
    if name in FOR_CLASSES:
        targets = random.integers(0, max(2, width), (rows, 1)).astype(dtype)
    else:
        targets = random.normal(0, scale, (rows, width)).astype(dtype)
    return predicted, targets, random.uniform(0, 3, rows).astype(dtype)


def assert_same(name, options, predicted, targets, weights):
    total, gradient = rows_of(name, options, predicted, targets, weights)
    loss, expected = rows_of_torch(name, options, predicted, targets, weights)
    bound = TOLERANCE[str(predicted.dtype)]
    assert total / len(predicted) == pytest.approx(loss, rel=bound, abs=bound)
    largest = max(np.abs(expected).max(), 1 / expected.size)
    np.testing.assert_allclose(gradient / len(predicted), expected, rtol=bound, atol=bound * largest)


def test_every_loss_of_the_catalog_has_a_kind():
    assert set(losses.LOSS_KINDS) == set(LOSSES) - {"auto"}
    assert sorted(losses.LOSS_KINDS.values()) == list(range(len(losses.LOSS_KINDS)))
    for name, kind in losses.LOSS_KINDS.items():
        read = {losses.OPTIONS[kind]} if kind in losses.OPTIONS else set()
        assert {option.name for option in LOSSES[name].options} == read
    assert losses.SMALLEST_VARIANCE == of_torch.SMALLEST_VARIANCE


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_gradients_are_those_of_torch(name, options, width, dtype):
    for seed in range(5):
        predicted, targets, weights = drawn(name, dtype, seed, width=width)
        assert_same(name, options, predicted, targets, None)
        assert_same(name, options, predicted, targets, weights)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_large_and_small_outputs_stay_finite(name, options, dtype):
    for scale in (1e-4, 30.0, 1000.0):
        for width in (1, 3):
            predicted, targets, weights = drawn(name, dtype, 11, rows=40, width=width, scale=scale)
            if name == "gaussian":
                targets = predicted[:, :width] + targets / scale / 100
            total, gradient = rows_of(name, options, predicted, targets, weights)
            assert math.isfinite(total)
            assert np.isfinite(gradient).all()
            assert_same(name, options, predicted, targets, weights)


@pytest.mark.parametrize(("name", "options"), [case for case in CASES if case[0] not in (*FOR_CLASSES, "gaussian")])
def test_slopes_at_kinks_are_those_of_torch(name, options):
    errors = np.array([[0.0], [1.0], [-1.0], [0.3], [-0.3]])
    assert_same(name, options, errors, np.zeros_like(errors), None)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_only_counted_rows_count(name, options):
    predicted, targets, weights = drawn(name, "float64", 3)
    total, gradient = rows_of(name, options, predicted, targets, weights, count=9)
    whole = rows_of(name, options, predicted[:9].copy(), targets[:9].copy(), weights[:9].copy())
    assert total == whole[0]
    assert np.array_equal(gradient[:9], whole[1])
    assert not gradient[9:].any()


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_not_finite_makes_the_sum_not_finite(name, options, width, wrong):
    predicted, targets, weights = drawn(name, "float32", 5, width=width)
    predicted[4, 0] = wrong
    targets[4, 0] = 0
    total, _ = rows_of(name, options, predicted, targets, weights)
    loss, _ = rows_of_torch(name, options, predicted, targets, weights)
    assert not math.isfinite(total)
    assert not math.isfinite(loss)


@pytest.mark.parametrize("name", FOR_CLASSES)
@pytest.mark.parametrize("number", [-1.0, 3.0, math.nan])
def test_a_class_without_an_output_makes_the_sum_nan(name, number):
    predicted, targets, weights = drawn(name, "float64", 5)
    targets[2, 0] = number
    total, _ = rows_of(name, {"gamma": 2.0}, predicted, targets, weights)
    assert math.isnan(total)
