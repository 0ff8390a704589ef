"""Every rewrite, on and off, keeps the outputs of random circuits; Qiskit's Statevector says what they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from circuits_random import ANGLES_OF, Case, expected, random_case

from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.circuit.pauli.cost import cost, reached
from hqnn_dsl.circuit.pauli.rewrites import REWRITES, plan

if TYPE_CHECKING:
    from hqnn_dsl.circuit.pauli.program import PauliPlan, PauliProgram

NOTHING = tuple(REWRITES)
CLIFFORDS = ("h", "s", "sdg", "sx", "cx", "cy", "cz", "swap", "iswap", "x", "y", "z")


def evaluate(found: PauliPlan, case: Case, row: int) -> np.ndarray:
    """The plan's outputs by dense numpy, from the definition of a string alone."""
    outputs = np.array(found.offsets)
    values = case.slot_values(row)
    for part in found.parts:
        state = start_of(part, case, row)
        for rotation in part.rotations:
            half = (rotation.angle.constant + sum(f * values[s] for s, f in rotation.angle.slots)) / 2
            state = np.cos(half) * state - 1j * np.sin(half) * applied(rotation.x, rotation.z, state)
        if part.real:
            assert np.abs(state.imag).max() < 1e-12
        for term in part.terms:
            outputs[term.output] += term.coefficient * np.vdot(state, applied(term.x, term.z, state)).real
        for marginal in part.marginals:
            for r, amplitude in enumerate(state):
                bits = [((r & mask).bit_count() + flip) % 2 for mask, flip in marginal.bits]
                outputs[marginal.first + sum(b << j for j, b in enumerate(bits))] += abs(amplitude) ** 2
    return outputs


def start_of(part: PauliProgram, case: Case, row: int) -> np.ndarray:
    state = np.zeros(1 << part.num_qubits, dtype=complex)
    if part.start is None:
        state[0] = 1
        return state
    given = case.state[row] / np.linalg.norm(case.state[row])
    for j, amplitude in enumerate(given):
        state[sum(((j >> k) & 1) << q for k, q in enumerate(part.start.qubits))] = amplitude
    return state


def applied(x: int, z: int, state: np.ndarray) -> np.ndarray:
    r = np.arange(len(state))
    signs = np.array([(-1) ** (int(k) & z).bit_count() for k in r])
    moved = np.empty_like(state)
    moved[r ^ x] = 1j ** (x & z).bit_count() * signs * state
    return moved


def cases() -> list[Case]:
    """All gates; mostly Cliffords, so that frames, ranks and cones occur; few entanglers, so that cones are small."""
    found = [random_case(seed, batch=1, max_qubits=6, max_operations=18) for seed in range(120)]
    found += [
        random_case(seed, batch=1, max_qubits=6, amplitude=False, gates=(*CLIFFORDS, "ry", "rx", "rzz"))
        for seed in range(500, 560)
    ]
    found += [
        random_case(seed, batch=1, max_qubits=7, max_operations=14, amplitude=False, gates=("ry", "cx", "rx", "u"))
        for seed in range(600, 660)
    ]
    found += [random_case(seed, batch=1, max_qubits=4, gates=("ry", "cry", "cz", "h")) for seed in range(700, 740)]
    return found


CASES = cases()


@pytest.fixture(autouse=True)
def parts_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even these small programs are taken apart."""
    monkeypatch.setattr("hqnn_dsl.circuit.pauli.cones.PART_COST", 0)


@pytest.fixture(scope="module")
def truths() -> list[np.ndarray]:
    return [expected(case)[0] for case in CASES]


@pytest.mark.parametrize("name", ["everything", "nothing", *REWRITES, *(f"without {name}" for name in REWRITES)])
def test_outputs_stay_the_same(name: str, truths: list[np.ndarray]) -> None:
    left_out: tuple[str, ...] = ()
    if name == "nothing":
        left_out = NOTHING
    elif name in REWRITES:
        left_out = tuple(other for other in REWRITES if other != name)
    elif name != "everything":
        left_out = (name.removeprefix("without "),)
    for case, truth in zip(CASES, truths, strict=True):
        np.testing.assert_allclose(evaluate(plan(case.circuit, left_out), case, 0), truth, rtol=0, atol=1e-10)


def test_every_rewrite_and_gate_occurs_often() -> None:
    seen: Counter[str] = Counter()
    for case in CASES:
        seen.update({operation.gate for operation in case.circuit.operations})
        lowered = plan(case.circuit, NOTHING)
        for name in REWRITES:
            seen[name] += plan(case.circuit, [other for other in REWRITES if other != name]) != lowered
        whole = plan(case.circuit)
        seen["real parts"] += sum(part.real and len(part.rotations) > 1 for part in whole.parts)
        seen["several parts"] += len(whole.parts) > 1
        seen["turned back"] += any(isinstance(m, Probabilities) for m in case.circuit.measurements)
    print(dict(sorted(seen.items())))
    wanted = [*ANGLES_OF, "pauli_rot", *REWRITES, "real parts", "several parts", "turned back"]
    assert [name for name in wanted if seen[name] < 20] == []


def layers(width: int, repetitions: int, *, entangled: bool) -> Circuit:
    """RY by inputs, then layers of RY by weights with a line of CX in between; <Z> of every qubit."""
    operations = [Operation("ry", (q,), (q,)) for q in range(width)]
    for layer in range(1, repetitions + 2):
        operations += [Operation("ry", (q,), (layer * width + q,)) for q in range(width)]
        if entangled and layer <= repetitions:
            operations += [Operation("cx", (q, q + 1)) for q in range(width - 1)]
    weights = (repetitions + 1) * width
    return Circuit(
        num_qubits=width,
        operations=tuple(operations),
        slots=(*(InputRef(q) for q in range(width)), *(WeightRef(k) for k in range(weights))),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(width)),
        num_inputs=width,
        weights=(WeightTensor("w", (weights,), 0),),
    )


def test_real_amplitudes_are_real_merged_and_diagonal() -> None:
    (part,) = plan(layers(6, 3, entangled=True)).parts
    assert part.real
    assert len(part.rotations) == 4 * 6  # the encoding and the first layer turn about the same strings
    assert all(term.x == 0 for term in part.terms)
    assert reached(part)[:6] == (2, 4, 8, 16, 32, 64)


def test_a_circuit_without_entanglers_is_single_qubits() -> None:
    found = plan(layers(20, 2, entangled=False))
    assert [part.num_qubits for part in found.parts] == [1] * 20
    assert cost(found).state_bytes == 8


def test_dead_slots_are_named() -> None:
    circuit = Circuit(
        num_qubits=2,
        operations=(Operation("ry", (0,), (0,)), Operation("rx", (1,), (1,)), Operation("rz", (0,), (2,))),
        slots=tuple(WeightRef(k) for k in range(3)),
        measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),),
        weights=(WeightTensor("w", (3,), 0),),
    )
    found = plan(circuit)
    assert found.dead_slots == (1, 2)
    assert [len(part.rotations) for part in found.parts] == [1]


def test_an_odd_y_of_a_real_state_is_known_to_be_zero() -> None:
    circuit = Circuit(
        num_qubits=1,
        operations=(Operation("ry", (0,), (0,)),),
        slots=(WeightRef(0),),
        measurements=(Observable((PauliTerm(1.0, ((0, "y"),)), PauliTerm(0.5, ()))),),
        weights=(WeightTensor("w", (1,), 0),),
    )
    found = plan(circuit)
    assert found.offsets == (0.5,)
    assert sum(len(part.terms) for part in found.parts) == 0


def test_rx_with_cz_is_real_in_a_frame() -> None:
    operations = [Operation("rx", (q,), (q,)) for q in range(3)] + [Operation("cz", (0, 1)), Operation("cz", (1, 2))]
    circuit = Circuit(
        num_qubits=3,
        operations=(*operations, *(Operation("rx", (q,), (3 + q,)) for q in range(3))),
        slots=tuple(WeightRef(k) for k in range(6)),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(3)),
        weights=(WeightTensor("w", (6,), 0),),
    )
    assert all(part.real for part in plan(circuit).parts)
