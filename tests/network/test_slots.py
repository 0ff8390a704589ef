"""The slot table in torch against the plain meaning of the algebra of angles."""

from __future__ import annotations

import copy
import math
import pickle
import random

import numpy as np
import pytest
import torch
from circuits_random import Case, random_angle, random_case

from hqnn_dsl.circuit.angles import FUNCTIONS, Angle, Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.network.slots import TORCH, SlotTable, group_slots, shape_of


def circuit_of(*angles: Angle, num_inputs: int = 2, num_weights: int = 2) -> Circuit:
    """One `rx` a slot."""
    return verify(
        Circuit(
            num_qubits=1,
            operations=tuple(Operation("rx", (0,), (k,)) for k in range(len(angles))),
            slots=angles,
            measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),),
            num_inputs=num_inputs,
            weights=(WeightTensor("w", (num_weights,), 0),),
        )
    )


def evaluated(case: Case, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    table = SlotTable(case.circuit)
    return table.evaluate(torch.tensor(case.inputs, dtype=dtype), torch.tensor(case.weights, dtype=dtype))


@pytest.mark.parametrize("seed", range(100))
def test_values_are_those_of_the_plain_algebra(seed: int) -> None:
    case = random_case(seed, batch=(0, 1, 5)[seed % 3], max_qubits=3, max_operations=30)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 2e-4)):
        per_sample, shared = evaluated(case, dtype)
        assert per_sample.dtype == shared.dtype == dtype
        assert per_sample.shape == case.per_sample.shape
        np.testing.assert_allclose(per_sample.numpy(), case.per_sample, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(shared.numpy(), case.shared, rtol=tolerance, atol=tolerance)


def test_the_random_expressions_use_every_function() -> None:
    seen = "".join(shape_of(angle) for seed in range(100) for angle in
                   random_case(seed, max_qubits=3, max_operations=30).circuit.slots)  # fmt: skip
    assert [name for name in FUNCTIONS if f"{name}(" not in seen] == []
    assert set(TORCH) == set(FUNCTIONS)


@pytest.mark.parametrize("seed", range(20))
def test_gradients_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    angles = [random_angle(rng, 2, 2) for _ in range(6)]
    table = SlotTable(circuit_of(InputRef(0), WeightRef(1), *angles))
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(2, 2, dtype=torch.float64, generator=generator).requires_grad_()
    weights = torch.randn(2, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(table.evaluate, (inputs, weights))


@pytest.mark.parametrize("function", ["acos", "asin"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [1.0, -1.0, 1.7, -3.0])
def test_inverse_functions_stay_finite_at_the_edge(function: str, dtype: torch.dtype, value: float) -> None:
    """Inside a larger expression too, and differentiated twice."""
    inner = Apply(function, (InputRef(0),))
    table = SlotTable(circuit_of(Apply("mul", (Const(2.0), Apply("sin", (inner,))))))
    x = torch.full((1, 2), value, dtype=dtype, requires_grad=True)
    per_sample, _ = table.evaluate(x, torch.zeros(2, dtype=dtype))
    exact = 2 * math.sin(getattr(math, function)(max(-1.0, min(1.0, value))))
    assert per_sample.item() == pytest.approx(exact, abs=2e-3 if dtype == torch.float32 else 1e-7)
    (gradient,) = torch.autograd.grad(per_sample.sum(), x, create_graph=True)
    assert torch.isfinite(gradient).all()
    (second,) = torch.autograd.grad(gradient.sum(), x)
    assert torch.isfinite(second).all()


def test_inside_the_domain_nothing_is_clamped() -> None:
    table = SlotTable(circuit_of(Apply("acos", (InputRef(0),))))
    x = torch.tensor([[0.999, 0.0]], dtype=torch.float64, requires_grad=True)
    per_sample, _ = table.evaluate(x, torch.zeros(2, dtype=torch.float64))
    per_sample.sum().backward()
    assert per_sample.item() == pytest.approx(math.acos(0.999), abs=1e-15)
    assert x.grad[0, 0].item() == pytest.approx(-1 / math.sqrt(1 - 0.999**2), rel=1e-12)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_powers_at_zero_have_both_derivatives(power: float) -> None:
    table = SlotTable(circuit_of(Apply("pow", (InputRef(0), Const(power)))))
    x = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(table.evaluate(x, x.new_zeros(2))[0].sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert first[0, 0].item() == (1.0 if power == 1.0 else 0.0)
    assert second[0, 0].item() == (2.0 if power == 2.0 else 0.0)


def test_slots_of_one_shape_are_one_group() -> None:
    def weighted(i: int, w: int) -> Angle:
        return Apply("add", (Apply("mul", (WeightRef(w), InputRef(i))), Const(float(i))))

    circuit = circuit_of(weighted(0, 1), InputRef(1), WeightRef(0), weighted(1, 0), InputRef(0), Const(0.5))
    groups, order = group_slots(circuit, circuit.sample_slots)
    assert len(groups) == 2
    assert order == (0, 2, 1, 3)
    per_sample, shared = SlotTable(circuit).evaluate(torch.tensor([[2.0, 3.0]]), torch.tensor([5.0, 7.0]))
    assert per_sample.tolist() == [[14.0, 3.0, 16.0, 2.0]]
    assert shared.tolist() == [5.0]


def test_autocast_and_half_inputs_compute_in_single_precision() -> None:
    table = SlotTable(circuit_of(Apply("mul", (WeightRef(0), InputRef(0)))))
    inputs, weights = torch.tensor([[0.1, 0.2]]).bfloat16(), torch.tensor([0.123456, 0.0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        per_sample, _ = table.evaluate(inputs, weights)
    assert per_sample.dtype == torch.float32
    assert per_sample.item() == (weights[0] * inputs[0, 0].float()).item()


def test_tables_pickle_and_copy() -> None:
    case = random_case(4, batch=2, max_qubits=3)
    table = SlotTable(case.circuit)
    given = torch.tensor(case.inputs), torch.tensor(case.weights)
    for other in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert all(torch.equal(a, b) for a, b in zip(other.evaluate(*given), table.evaluate(*given), strict=True))
