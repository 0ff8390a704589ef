"""Trainings that are begun by torch's optimizer and gone on with by the compiled one, and the other way round."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from numba import njit
from torch import nn

from hqnn_dsl.catalog.objectives import OPTIMIZERS
from hqnn_dsl.training.step.kernels import optimizers
from hqnn_dsl.training.step.optimizer_state import first_state, read_state, write_state

SHAPES = [(3, 4), (3,), (5,), (2, 2), (6,)]
"""Two weights of the classical group, two of the quantum one, and one that is frozen between them in the vector."""
CLASSICAL, FROZEN, QUANTUM = [0, 1], 2, [3, 4]
BEGINS = np.cumsum([0, *(int(np.prod(shape)) for shape in SHAPES)]).tolist()
RANGES = ((BEGINS[0], BEGINS[2]), (BEGINS[3], BEGINS[5]))

HALF = 20
OPTIONS = [
    {},
    {"momentum": 0.7, "weight_decay": 0.05, "quantum_lr": 0.03, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
]
CASES = [(name, given) for name in OPTIMIZERS for given in OPTIONS]


@njit
def compiled(kind, options, step, weights, grads, moments, scalars, begin, end, lr, weight_decay):
    optimizers.optimizer_step(kind, options, step, weights, grads, moments, scalars, begin, end, lr, weight_decay)


class Both:
    """The same weights for both optimizers: a flat vector, and torch's tensors as views of it."""

    def __init__(self, name, given, dtype):
        known = {option.name: option.default for option in OPTIMIZERS[name].options}
        self.name, self.options = name, known | {key: value for key, value in given.items() if key in known}
        self.flat = np.random.default_rng(5).normal(0, 1, BEGINS[-1]).astype(dtype)
        views = [torch.from_numpy(part) for part in np.split(self.flat, BEGINS[1:-1])]
        self.weights = [nn.Parameter(view.reshape(shape)) for view, shape in zip(views, SHAPES, strict=True)]
        self.places = {self.weights[number]: BEGINS[number] for number in (*CLASSICAL, *QUANTUM)}
        self.optimizer = self.made()
        self.state = first_state(BEGINS[-1], dtype)

    def made(self):
        groups = [[self.weights[number] for number in numbers] for numbers in (CLASSICAL, QUANTUM)]
        return OPTIMIZERS[self.name].build(*groups, self.options)

    def gradient(self, step):
        noise = np.random.default_rng(step).normal(0, 1, BEGINS[-1])
        return (0.3 * self.flat + noise).astype(self.flat.dtype)

    def by_torch(self, first, last):
        for step in range(first, last + 1):
            parts = np.split(self.gradient(step), BEGINS[1:-1])
            for number in (*CLASSICAL, *QUANTUM):
                self.weights[number].grad = torch.from_numpy(parts[number]).reshape(SHAPES[number])
            self.optimizer.step()

    def by_kernel(self, first, last):
        vector, options = optimizers.optimizer_options(self.name, self.options), self.options
        quantum_lr = options["lr"] if options["quantum_lr"] is None else options["quantum_lr"]
        rates = ((options["lr"], options["weight_decay"]), (quantum_lr, 0.0))
        kind, state = optimizers.OPTIMIZER_KINDS[self.name], self.state
        for step in range(first, last + 1):
            grads = self.gradient(step)
            for (begin, end), (lr, decay) in zip(RANGES, rates, strict=True):
                compiled(kind, vector, step, self.flat, grads, state.moments, state.scalars, begin, end, lr, decay)


def uninterrupted(name, given, dtype):
    both = Both(name, given, dtype)
    both.by_torch(1, 2 * HALF)
    return both


def assert_close(found, expected, dtype):
    bound = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(found, expected, rtol=bound, atol=bound)


def assert_same_states(found, expected, dtype):
    """Two state dictionaries of torch: the same entries of the same types, shapes and dtypes, values close."""
    assert found["param_groups"] == expected["param_groups"]
    assert found["state"].keys() == expected["state"].keys()
    for number, own in expected["state"].items():
        assert found["state"][number].keys() == own.keys()
        for key, value in own.items():
            other = found["state"][number][key]
            assert (other.dtype, other.shape) == (value.dtype, value.shape)
            assert_close(other, value, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "given"), CASES)
def test_what_torch_began_is_gone_on_with_compiled(name, given, dtype):
    both = Both(name, given, dtype)
    both.by_torch(1, HALF)
    saved = copy.deepcopy(both.optimizer.state_dict())
    both.optimizer = both.made()
    both.optimizer.load_state_dict(saved)  # as a checkpoint does
    both.state = read_state(name, both.optimizer, both.places, both.state)
    assert both.state.step == (0 if name in {"sgd", "nesterov"} else HALF)
    both.by_kernel(HALF + 1, 2 * HALF)
    assert_close(both.flat, uninterrupted(name, given, dtype).flat, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "given"), CASES)
def test_what_was_begun_compiled_is_gone_on_with_by_torch(name, given, dtype):
    both = Both(name, given, dtype)
    both.by_kernel(1, HALF)
    write_state(name, both.optimizer, both.places, replace(both.state, step=HALF))
    saved = copy.deepcopy(both.optimizer.state_dict())
    both.optimizer = both.made()
    both.optimizer.load_state_dict(saved)
    both.by_torch(HALF + 1, 2 * HALF)
    assert_close(both.flat, uninterrupted(name, given, dtype).flat, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "given"), CASES)
def test_the_state_of_compiled_steps_has_the_form_and_the_values_of_torchs(name, given, dtype):
    both = Both(name, given, dtype)
    both.by_kernel(1, 2 * HALF)
    write_state(name, both.optimizer, both.places, replace(both.state, step=2 * HALF))
    expected = uninterrupted(name, given, dtype).optimizer.state_dict()
    assert_same_states(both.optimizer.state_dict(), expected, dtype)


@pytest.mark.parametrize(("name", "given"), CASES)
def test_written_and_read_is_the_same_to_the_bit(name, given):
    both = Both(name, given, np.float32)
    both.by_kernel(1, HALF)
    write_state(name, both.optimizer, both.places, replace(both.state, step=HALF))
    other = read_state(name, both.optimizer, both.places, first_state(BEGINS[-1], np.float32))
    has_momentum = both.options.get("momentum", 0) > 0
    compared = 1 if name == "rmsprop" and not has_momentum else 2
    if name != "sgd" or has_momentum:
        assert np.array_equal(other.moments[:compared], both.state.moments[:compared])
    assert np.array_equal(other.scalars, both.state.scalars)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_weights_are_left_out(name):
    both = Both(name, OPTIONS[1], np.float32)
    frozen = slice(BEGINS[FROZEN], BEGINS[FROZEN + 1])
    before = both.flat[frozen].copy()
    both.by_kernel(1, HALF)
    write_state(name, both.optimizer, both.places, replace(both.state, step=HALF))
    assert both.weights[FROZEN] not in both.optimizer.state
    assert len(both.optimizer.state) == 4
    assert np.array_equal(both.flat[frozen], before)
    assert not both.state.moments[:, frozen].any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_written_is_a_copy(name):
    both = Both(name, OPTIONS[1], np.float32)
    both.by_kernel(1, 3)
    write_state(name, both.optimizer, both.places, replace(both.state, step=3))
    saved = copy.deepcopy(both.optimizer.state_dict()["state"])
    both.by_kernel(4, 6)
    for number, own in both.optimizer.state_dict()["state"].items():
        assert all(torch.equal(value, saved[number][key]) for key, value in own.items())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_before_the_first_step_there_is_no_state(name):
    both = Both(name, OPTIONS[1], np.float64)
    write_state(name, both.optimizer, both.places, both.state)
    assert both.optimizer.state_dict()["state"] == {}
    found = read_state(name, both.optimizer, both.places, first_state(BEGINS[-1], np.float64))
    assert found.step == 0
    assert not found.moments.any()
    both.state = found
    both.by_kernel(1, 5)
    other = Both(name, OPTIONS[1], np.float64)
    other.by_torch(1, 5)
    assert_close(both.flat, other.flat, np.float64)


def test_different_numbers_of_steps_are_an_error():
    both = Both("adamw", {}, np.float32)
    both.by_torch(1, 3)
    both.optimizer.state[both.weights[0]]["step"] += 1
    with pytest.raises(ValueError, match="3, 4 steps of adamw"):
        read_state("adamw", both.optimizer, both.places, both.state)
