"""Circuits too wide for a state vector, as matrix product states: values by hand, and what truncating costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from circuits_random import expected, random_case
from conformance import arguments, assert_gradients

from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.backends.reference import backend as reference
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify

pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")

WIDE = 40


def chained(**options: Any) -> dict[str, Any]:
    return {"simulation": SIMULATIONS["matrix_product_state"].selected(**options)}


def brickwork(num_qubits: int, letters: str = "z") -> Circuit:
    """Rotations by the inputs, two layers of CZ in bricks, rotations by weights after each; all qubits are read."""
    operations = [Operation("ry", (q,), (q,)) for q in range(num_qubits)]
    for layer in range(2):
        operations += [Operation("cz", (q, q + 1)) for q in range(layer, num_qubits - 1, 2)]
        operations += [Operation("rx", (q,), ((layer + 1) * num_qubits + q,)) for q in range(num_qubits)]
    return verify(
        Circuit(
            num_qubits=num_qubits,
            operations=tuple(operations),
            slots=(*map(InputRef, range(num_qubits)), *map(WeightRef, range(2 * num_qubits))),
            measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(num_qubits)),
            num_inputs=num_qubits,
            weights=(WeightTensor("w", (2 * num_qubits,), 0),),
        )
    )


def cone(circuit: Circuit, qubit: int) -> tuple[Circuit, list[int], list[int]]:
    """The gates that <Z> of a qubit depends on, on their own few qubits, with the inputs and weights that they read.

    Worked out here, backwards from the observable, and run by the reference.
    """
    needed, kept = {qubit}, []
    for operation in reversed(circuit.operations):
        if needed & set(operation.qubits):
            needed |= set(operation.qubits)
            kept.append(operation)
    place = {q: k for k, q in enumerate(sorted(needed))}
    slots = [slot for operation in reversed(kept) for slot in operation.slots]
    inputs = [circuit.slots[slot].index for slot in slots if isinstance(circuit.slots[slot], InputRef)]
    weights = [circuit.slots[slot].index for slot in slots if isinstance(circuit.slots[slot], WeightRef)]
    moved = {slot: k for k, slot in enumerate(slots)}
    angles = [
        InputRef(inputs.index(angle.index)) if isinstance(angle, InputRef) else WeightRef(weights.index(angle.index))
        for angle in (circuit.slots[slot] for slot in slots)
    ]
    small = Circuit(
        num_qubits=len(needed),
        operations=tuple(
            Operation(one.gate, tuple(place[q] for q in one.qubits), tuple(moved[slot] for slot in one.slots))
            for one in reversed(kept)
        ),
        slots=tuple(angles),
        measurements=(Observable((PauliTerm(1.0, ((place[qubit], "z"),)),)),),
        num_inputs=len(inputs),
        weights=(WeightTensor("w", (len(weights),), 0),),
    )
    return verify(small), inputs, weights


def test_forty_qubits_have_the_values_and_gradients_of_their_light_cones() -> None:
    circuit = brickwork(WIDE)
    (too_wide,) = BACKEND.objections(circuit, {})
    assert too_wide.code == "E0711"
    assert BACKEND.objections(circuit, chained()) == ()
    generator = torch.Generator().manual_seed(3)
    inputs = torch.rand(2, WIDE, dtype=torch.float64, generator=generator).requires_grad_()
    weights = torch.rand(2 * WIDE, dtype=torch.float64, generator=generator).requires_grad_()
    run = BACKEND.load(circuit, chained(), 0)
    outputs = run(inputs, weights, None)
    upstream = torch.zeros(2, WIDE, dtype=torch.float64)
    read = (0, 1, 19, 20, WIDE - 1)
    expected_values, upstream[:, list(read)] = [], 1.0
    true = []
    for qubit in read:
        small, by_input, by_weight = cone(circuit, qubit)
        assert small.num_qubits <= 5
        one = reference.BACKEND.load(small, {"precision": "double"}, 0)(inputs[:, by_input], weights[by_weight], None)
        expected_values.append(one.detach()[:, 0].numpy())
        true.append(one.sum())
    np.testing.assert_allclose(outputs.detach().numpy()[:, read], np.array(expected_values).T, rtol=0, atol=1e-10)
    found = torch.autograd.grad((outputs * upstream).sum(), (inputs, weights))
    for got, wanted in zip(found, torch.autograd.grad(sum(true), (inputs, weights)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9)
    assert run.metadata["simulation"] == "matrix_product_state"
    assert run.metadata["bond_dimension"] == 2
    assert run.metadata["truncation_error"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_without_truncation_they_are_exact(seed: int) -> None:
    case = random_case(seed, batch=2, max_qubits=5, max_operations=14, amplitude=False)
    run = BACKEND.load(case.circuit, chained(), 0)
    np.testing.assert_allclose(run(*arguments(case, "double")), expected(case), rtol=0, atol=1e-9)
    assert_gradients(lambda circuit, _: BACKEND.load(circuit, chained(), 0), [case], "double")


def deep(num_qubits: int) -> tuple[Circuit, torch.Tensor]:
    operations = []
    for layer in range(4):
        operations += [Operation("ry", (q,), (layer * num_qubits + q,)) for q in range(num_qubits)]
        operations += [Operation("cx", (q, q + 1)) for q in range(num_qubits - 1)]
    count = 4 * num_qubits
    circuit = Circuit(
        num_qubits=num_qubits,
        operations=tuple(operations),
        slots=tuple(InputRef(k) for k in range(count)),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(num_qubits)),
        num_inputs=count,
    )
    angles = torch.rand(1, count, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3
    return verify(circuit), angles


def test_a_bond_that_is_too_small_is_seen_in_the_metadata() -> None:
    circuit, angles = deep(8)
    nothing = torch.zeros(0, dtype=torch.float64)
    true = reference.BACKEND.load(circuit, {"precision": "double"}, 0)(angles, nothing, None)
    seen = []
    for bond in (2, 4, 16):
        run = BACKEND.load(circuit, chained(bond=bond), 0)
        assert "bond_dimension" not in run.metadata
        off = (run(angles, nothing, None) - true).abs().max().item()
        seen.append((run.metadata["bond_dimension"], run.metadata["truncation_error"], off))
    assert [bond for bond, _, _ in seen] == [2, 4, seen[2][0]]
    assert 4 < seen[2][0] <= 16
    assert seen[0][1] > seen[1][1] > 1e-3
    assert seen[0][2] > seen[1][2] > 1e-3
    assert seen[2][1] == pytest.approx(0, abs=1e-12)
    assert seen[2][2] < 1e-9
    # The same again after others have filled Aer's log: only this run's own lines count.
    again = BACKEND.load(circuit, chained(bond=2), 0)
    again(angles, nothing, None)
    assert (again.metadata["bond_dimension"], again.metadata["truncation_error"]) == seen[0][:2]


def test_a_threshold_truncates_and_is_not_called_exact() -> None:
    circuit, angles = deep(8)
    rough = BACKEND.load(circuit, chained(truncation=1e-2), 0)
    rough(angles, torch.zeros(0, dtype=torch.float64), None)
    assert rough.metadata["truncation_error"] > 1e-4
    assert BACKEND.is_exact(chained())
    assert not BACKEND.is_exact(chained(truncation=1e-2))
    assert not BACKEND.is_exact(chained(bond=64))


def test_shots_are_drawn_from_the_chain() -> None:
    circuit = brickwork(WIDE)
    run = BACKEND.load(circuit, chained() | {"shots": 400}, 0)
    exact = BACKEND.load(circuit, chained(), 0)
    generator = torch.Generator().manual_seed(3)
    inputs = torch.rand(30, WIDE, dtype=torch.float64, generator=generator)
    weights = torch.rand(2 * WIDE, dtype=torch.float64, generator=generator)
    off = (run(inputs, weights, None) - exact(inputs, weights, None)).numpy()
    spread = np.sqrt((1 - exact(inputs, weights, None).numpy() ** 2) / 400)
    assert np.std(off / spread) == pytest.approx(1, abs=4 / np.sqrt(2 * off.size))
