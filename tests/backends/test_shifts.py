"""The shift machinery against the reference: Qiskit's Statevector evaluates the rows, nothing of Aer is needed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from circuits_random import Case, random_case
from conformance import GATES, every_gate
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector

from hqnn_dsl.backends.reference import backend as reference
from hqnn_dsl.backends.shifts.circuit import ShiftableCircuit, shiftable_circuit, with_own_parameters
from hqnn_dsl.backends.shifts.plan import Plan
from hqnn_dsl.backends.shifts.rules import FOUR_TERM, RULES, TWO_TERM
from hqnn_dsl.circuit.angles import Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.passes import Transpiled
from hqnn_dsl.transpile.target import Target

ROUTED = Target(coupling="linear", optimization=3, seed=1)


def evaluate(shiftable: ShiftableCircuit, rows: np.ndarray) -> np.ndarray:
    """`[rows, M]` by Qiskit, one row after the other."""
    found = []
    for row in rows:
        state = Statevector(shiftable.circuit.assign_parameters(dict(zip(shiftable.parameters, row, strict=True))))
        found.append([state.expectation_value(operator).real for operator in shiftable.observables()])
    return np.array(found).reshape(len(rows), shiftable.source.num_outputs)


def hold(
    case: Case,
    target: Target | None = None,
    rows_at_a_time: int = 7,
    shiftable: ShiftableCircuit | None = None,
) -> ShiftableCircuit:
    """Values and both gradients agree with the reference's."""
    circuit = case.circuit
    per_sample = torch.tensor(case.per_sample).requires_grad_()
    shared = torch.tensor(case.shared).requires_grad_()
    expected = reference.BACKEND.load(circuit, {"precision": "double"}, 0)(per_sample, shared, None)
    upstream = np.random.default_rng(1).normal(size=expected.shape)
    (expected * torch.tensor(upstream)).sum().backward() if expected.requires_grad else None

    shiftable = shiftable or shiftable_circuit(circuit, target)
    rows = shiftable.angles(case.per_sample, case.shared)
    np.testing.assert_allclose(evaluate(shiftable, rows), expected.detach(), rtol=0, atol=1e-9)
    plan = shiftable.plan(by_sample=True, by_shared=True)
    slopes = plan.slopes(len(rows))
    for part in plan.parts(len(rows), rows_at_a_time):
        plan.add(evaluate(shiftable, plan.rows(rows, part)), upstream, part, slopes)
    for found, given in zip(shiftable.pull_back(slopes), (per_sample, shared), strict=True):
        truth = np.zeros(given.shape) if given.grad is None else given.grad.numpy()
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-9)
    return shiftable


@pytest.mark.parametrize("target", [None, ROUTED], ids=["as written", "routed"])
@pytest.mark.parametrize("gate", GATES)
def test_every_gate_shifts_to_the_gradients_of_the_reference(gate: str, target: Target | None) -> None:
    hold(every_gate(gate), target)


@pytest.mark.parametrize("seed", range(28))
def test_random_circuits_shift_to_the_gradients_of_the_reference(seed: int) -> None:
    case = random_case(seed, batch=(0, 1, 2, 3)[seed % 4], max_qubits=4, max_operations=14, amplitude=False)
    hold(case, ROUTED if seed % 5 == 0 else None, rows_at_a_time=1 + 3 * (seed % 3))


@pytest.mark.parametrize("gate", ["crx", "cry", "crz"])
def test_a_controlled_rotation_that_is_kept_takes_four_terms(gate: str) -> None:
    """Two terms on two frequencies would be wrong by a tenth and more."""
    case = every_gate(gate)
    kept, parameters = QuantumCircuit(3), {slot: Parameter(f"s{slot}") for slot in range(2)}
    for operation in case.circuit.operations:
        getattr(kept, operation.gate)(*(parameters[slot] for slot in operation.slots), *operation.qubits)
    shiftable = with_own_parameters(case.circuit, Transpiled(kept, None), parameters)
    assert set(shiftable.rules) == {FOUR_TERM}
    hold(case, shiftable=shiftable)


def test_a_target_with_controlled_rotations_is_right_too() -> None:
    target = Target(basis=("rz", "sx", "x", "crz"), optimization=1, seed=3)
    shiftable = hold(every_gate("crz"), target)
    assert set(shiftable.circuit.count_ops()) <= {"rz", "sx", "x", "crz"}


def test_rules_have_a_form_for_every_frequency_of_the_table() -> None:
    from hqnn_dsl.circuit.gates import GATES as TABLE

    assert {frequencies for row in TABLE.values() for frequencies in row.frequencies} == set(RULES)


def small(**changes: object) -> Circuit:
    fields: dict[str, object] = {
        "num_qubits": 2,
        "operations": (Operation("ry", (0,), (0,)), Operation("crx", (0, 1), (1,)), Operation("rz", (1,), (2,))),
        "slots": (InputRef(0), WeightRef(0), Const(0.3)),
        "measurements": (Observable((PauliTerm(1.0, ((1, "y"),)),)),),
        "num_inputs": 1,
        "weights": (WeightTensor("w", (1,), 0),),
    }
    return verify(Circuit(**(fields | changes)))  # type: ignore[arg-type]


def test_only_the_shifts_of_the_gradients_asked_for_are_planned() -> None:
    shiftable = shiftable_circuit(small())
    counts = {
        (by_sample, by_shared): shiftable.plan(by_sample=by_sample, by_shared=by_shared).num_shifts
        for by_sample in (False, True)
        for by_shared in (False, True)
    }
    assert counts == {(False, False): 0, (True, False): 2, (False, True): 4, (True, True): 6}


def test_rows_do_not_depend_on_how_they_are_parted() -> None:
    plan = Plan.of({1: TWO_TERM, 2: FOUR_TERM}, 3)
    angles = np.arange(12.0).reshape(4, 3)
    whole = plan.rows(angles, range(24))
    for size in (1, 5, 24, 100):
        parts = list(plan.parts(4, size))
        assert max(map(len, parts)) <= size
        np.testing.assert_array_equal(np.concatenate([plan.rows(angles, part) for part in parts]), whole)
    assert (np.abs(whole - np.tile(angles, (6, 1))) > 1).sum(axis=1).tolist() == [1] * 24


def test_constants_are_in_the_circuit_and_the_phase_is_dropped() -> None:
    shiftable = shiftable_circuit(small())
    assert len(shiftable.parameters) == 3
    assert shiftable.circuit.num_parameters == 3
    identity = small(operations=(Operation("pauli_rot", (0,), (0,), "I"), Operation("ry", (0,), (1,))),
                     slots=(InputRef(0), WeightRef(0)))  # fmt: skip
    assert len(shiftable_circuit(identity).parameters) == 1


def test_what_cannot_be_shifted_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        shiftable_circuit(small(num_inputs=3, amplitude=AmplitudeInput((0,), 1)))
    assert refused.value.diagnostics[0].code == "E0714"
    with pytest.raises(Refusal) as refused:
        shiftable_circuit(small(), Target(basis=("u2", "rz", "sx", "x", "xx_plus_yy", "iswap", "r"), seed=0))
    assert refused.value.diagnostics[0].code == "E0718"
