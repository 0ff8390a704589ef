"""Noise of Aer against density matrices of Qiskit's, with channels and confused bits written down here."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from circuits_random import ANGLES_OF, Case, qiskit_circuit, random_case
from conformance import arguments
from qiskit.quantum_info import DensityMatrix, Kraus, Pauli, SuperOp

from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, verify

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")

PLAIN = tuple(gate for gate in ANGLES_OF if gate not in {"u", "cp", "crx", "cry", "crz", "ch", "iswap", "ccx"})
"""Gates that run as they are written, so that the noise is after each of them."""

Flips = dict[int, tuple[float, float]]
"""By qubit: the chance to read 1 for 0, and 0 for 1."""


def depolarizing(p: float, num_qubits: int) -> Kraus:
    """(1 - p)·state + p·mixed: every Pauli with p / 4^n, and the identity with the rest."""
    share = p / 4**num_qubits
    letters = ["".join(word) for word in product("IXYZ", repeat=num_qubits)]
    weights = [1 - p + share, *[share] * (len(letters) - 1)]
    return Kraus([np.sqrt(weight) * Pauli(word).to_matrix() for weight, word in zip(weights, letters, strict=True)])


def relaxing(t1: float, t2: float, time: float) -> Kraus:
    """Amplitude damping, then as much dephasing as T2 has left over."""
    lost = 1 - np.exp(-time / t1)
    kept = np.exp(-time / t2 + time / (2 * t1))
    damping = [np.array([[1, 0], [0, np.sqrt(1 - lost)]]), np.array([[0, np.sqrt(lost)], [0, 0]])]
    dephasing = [np.sqrt((1 + kept) / 2) * np.eye(2), np.sqrt((1 - kept) / 2) * np.diag([1, -1])]
    return Kraus([b @ a for a in damping for b in dephasing])


def read(state: DensityMatrix, letters: str, qubits: list[int], flips: Flips) -> np.ndarray:
    """Chances of the outcomes of measuring these Paulis with confused bits, the first qubit least significant."""
    for letter, qubit in zip(letters, qubits, strict=True):
        turn = {"X": np.array([[1, 1], [1, -1]]), "Y": np.array([[1, -1j], [1, 1j]])}.get(letter)
        if turn is not None:
            state = state.evolve(Kraus([turn / np.sqrt(2)]), [qubit])
    chances = np.asarray(state.probabilities(qubits)).reshape((2,) * len(qubits))
    for place, qubit in enumerate(qubits):
        up, down = flips.get(qubit, (0.0, 0.0))
        axis = len(qubits) - 1 - place
        chances = np.moveaxis(np.tensordot([[1 - up, down], [up, 1 - down]], chances, axes=(1, axis)), 0, axis)
    return chances.reshape(-1)


def outputs_of(circuit: Circuit, state: DensityMatrix, places: list[int], flips: Flips) -> list[float]:
    """What the circuit's measurements give on a state whose logical qubit q is at `places[q]`."""
    found: list[float] = []
    for measured in circuit.measurements:
        if isinstance(measured, Probabilities):
            qubits = [places[q] for q in measured.qubits]
            found.extend(read(state, "Z" * len(qubits), qubits, flips))
            continue
        total = 0.0
        for term in measured.terms:
            letters, qubits = "".join(p for _, p in term.factors).upper(), [places[q] for q, _ in term.factors]
            signs = np.array([(-1) ** bits.bit_count() for bits in range(1 << len(qubits))])
            total += term.coefficient * (read(state, letters, qubits, flips) @ signs if qubits else 1.0)
        found.append(float(total))
    return found


def oracle(case: Case, after: Callable[[Any], list[tuple[Any, list[int]]]], flips: Flips) -> np.ndarray:
    """Outputs `[B, M]`: each gate as written, followed by the channels that `after` names for it."""
    rows = []
    for row in range(len(case.inputs)):
        bound = qiskit_circuit(case, row)
        state = DensityMatrix.from_int(0, 2**bound.num_qubits)
        for item in bound.data:
            qubits = [bound.find_bit(q).index for q in item.qubits]
            state = state.evolve(item.operation, qubits)
            for channel, places in after(qubits):
                state = state.evolve(channel, places)
        rows.append(outputs_of(case.circuit, state, list(range(bound.num_qubits)), flips))
    return np.array(rows).reshape(len(case.inputs), case.circuit.num_outputs)


def drawn(seed: int, batch: int = 2) -> Case:
    return random_case(seed, batch=batch, max_qubits=3, max_operations=10, amplitude=False, gates=PLAIN)


def noisy(circuit: Circuit, noise: Any, **options: Any) -> Any:
    return BACKEND.load(circuit, {"noise": noise, **options}, 0)


@pytest.mark.parametrize("seed", range(10))
def test_depolarizing_and_readout(seed: int) -> None:
    case, p1, p2, flip = drawn(seed), 0.07, 0.15, 0.04
    run = noisy(case.circuit, NOISES["depolarizing"].selected(p1=p1, p2=p2, readout=flip))
    expected = oracle(
        case,
        lambda qubits: [(depolarizing((p1, p2)[len(qubits) - 1], len(qubits)), qubits)],
        dict.fromkeys(range(3), (flip, flip)),
    )
    np.testing.assert_allclose(run(*arguments(case, "double")), expected, rtol=0, atol=1e-10)
    assert run.metadata["noise"] == f"depolarizing(p1: {p1}, p2: {p2}, readout: {flip})"
    assert run.metadata["simulation"] == "density_matrix"


@pytest.mark.parametrize("seed", range(10, 16))
def test_thermal_relaxation(seed: int) -> None:
    case = drawn(seed)
    # T2 above and below T1: Aer uses other representations.
    t1, t2 = (50.0, 80.0) if seed % 2 else (50.0, 20.0)
    run = noisy(case.circuit, NOISES["thermal"].selected(t1_us=t1, t2_us=t2, gate1_ns=900.0, gate2_ns=5000.0))

    def after(qubits: list[int]) -> list[tuple[Any, list[int]]]:
        return [(relaxing(t1, t2, 0.9 if len(qubits) == 1 else 5.0), [qubit]) for qubit in qubits]

    np.testing.assert_allclose(run(*arguments(case, "double")), oracle(case, after, {}), rtol=0, atol=1e-10)


def crossed(gate: str) -> Circuit:
    """One controlled rotation by an input and one by a weight, and a readout of everything."""
    return verify(
        Circuit(
            num_qubits=2,
            operations=(
                Operation("h", (0,)),
                Operation("ry", (1,), (0,)),
                Operation(gate, (0, 1), (1,)),
                Operation("rx", (0,), (2,)),
            ),
            slots=(InputRef(0), InputRef(1), WeightRef(0)),
            measurements=(
                *(Observable((PauliTerm(1.0, ((0, a), (1, b))),)) for a in "xyz" for b in "xyz"),
                Probabilities((1, 0)),
            ),
            num_inputs=2,
            weights=(WeightTensor("w", (1,), 0),),
        )
    )


def test_a_controlled_rotation_has_the_noise_of_the_gates_it_is_written_in() -> None:
    """A rotation of the target, then one of both: noise of one gate on one qubit and one on two."""
    case = Case(crossed("crx"), np.array([[0.3, 0.8]]), np.array([0.5]))
    p1, p2 = 0.05, 0.2
    run = noisy(case.circuit, NOISES["depolarizing"].selected(p1=p1, p2=p2))
    written = verify(
        Circuit(
            num_qubits=2,
            operations=(
                Operation("h", (0,)),
                Operation("ry", (1,), (0,)),
                Operation("rx", (1,), (1,)),
                Operation("rzx", (0, 1), (2,)),
                Operation("rx", (0,), (3,)),
            ),
            slots=(InputRef(0), InputRef(1), InputRef(2), WeightRef(0)),
            measurements=case.circuit.measurements,
            num_inputs=3,
            weights=case.circuit.weights,
        )
    )
    same = Case(written, np.array([[0.3, 0.4, -0.4]]), case.weights)
    expected = oracle(same, lambda qubits: [(depolarizing((p1, p2)[len(qubits) - 1], len(qubits)), qubits)], {})
    np.testing.assert_allclose(run(*arguments(case, "double")), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("gate", ["rzz", "crx"])
def test_gradients_under_noise_are_those_of_the_noisy_values(gate: str) -> None:
    run = noisy(crossed(gate), NOISES["depolarizing"].selected(p1=0.05, p2=0.1, readout=0.03))
    inputs = torch.tensor([[0.3, 0.8], [1.1, -0.4]], dtype=torch.float64)
    weights = torch.tensor([0.5], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x, w: run(x, w, None), (inputs.requires_grad_(), weights.requires_grad_()), eps=1e-5, atol=1e-7
    )


DEVICE = "fake_manila"


@pytest.mark.parametrize("seed", [17, 26, 33, 53])
def test_a_fake_device_has_its_own_gates_noise_and_readout(seed: int) -> None:
    """Against the whole device's model, channel by channel, on the circuit that Qiskit made for it."""
    ibm = pytest.importorskip("qiskit_ibm_runtime.fake_provider", reason="qiskit-ibm-runtime is an optional part")
    from qiskit_aer.noise import NoiseModel

    device = ibm.FakeManilaV2()
    case = random_case(seed, batch=2, max_qubits=3, max_operations=9, amplitude=False)
    assert case.circuit.num_qubits == 3
    assert case.circuit.sample_slots
    both = Observable((PauliTerm(0.7, ((0, "x"), (1, "y"), (2, "z"))),))
    measured = (*case.circuit.measurements, both, Probabilities((2, 0)))
    case = replace(case, circuit=replace(case.circuit, measurements=measured))
    run = noisy(case.circuit, NOISES["from"].selected(device=DEVICE))
    shiftable = run._machine.shiftable
    assert shiftable.circuit.num_qubits == 5
    assert set(shiftable.circuit.count_ops()) <= {"rz", "sx", "x", "cx"}

    errors = NoiseModel.from_backend(device)._local_quantum_errors
    stated = {q: device.target["measure"][(q,)].error for q in range(5)}
    confusion = NoiseModel.from_backend(device)._local_readout_errors
    flips = {}
    for qubit in range(5):
        (_, up), (down, _) = confusion[(qubit,)].probabilities
        flips[qubit] = (up, down)
        assert (up + down) / 2 == pytest.approx(stated[qubit], rel=0.02)
    expected = []
    for row in shiftable.angles(case.per_sample, case.shared):
        bound = shiftable.circuit.assign_parameters(dict(zip(shiftable.parameters, row, strict=True)))
        state = DensityMatrix.from_int(0, 2**5)
        for item in bound.data:
            qubits = [bound.find_bit(q).index for q in item.qubits]
            state = state.evolve(item.operation, qubits)
            error = errors.get(item.operation.name, {}).get(tuple(qubits))
            if error is not None:
                state = state.evolve(SuperOp(error), qubits)
        expected.append(outputs_of(case.circuit, state, list(shiftable.places), flips))
    np.testing.assert_allclose(run(*arguments(case, "double")), expected, rtol=0, atol=1e-9)


def test_unequal_readout_of_a_product_is_read_exactly() -> None:
    """Aer makes equal chances of what devices state today; both ways to read wrong are right all the same."""
    from hqnn_dsl.backends.aer.noise import observed

    case = random_case(17, batch=1, max_qubits=3, max_operations=9, amplitude=False)
    state = DensityMatrix.from_int(0, 8).evolve(qiskit_circuit(case, 0))
    flips = {0: (0.1, 0.02), 1: (0.0, 0.3), 2: (0.05, 0.05)}
    for word in ("XYZ", "ZZZ", "YXX"):
        lines = [(down - up, 1 - up - down) for up, down in flips.values()]
        signs = np.array([(-1) ** bits.bit_count() for bits in range(8)])
        expected = read(state, word, [0, 1, 2], flips) @ signs
        assert state.expectation_value(observed(word, lines)).real == pytest.approx(expected, abs=1e-12)


def test_noise_pulls_towards_the_middle_and_none_means_none() -> None:
    case = Case(crossed("rzz"), np.array([[0.3, 0.8]]), np.array([0.5]))
    given = arguments(case, "double")
    ideal = BACKEND.load(case.circuit, {}, 0)(*given)
    full = noisy(case.circuit, NOISES["depolarizing"].selected(p1=1.0, p2=1.0))(*given)
    assert ideal[0, :9].abs().max() > 0.3
    np.testing.assert_allclose(full[0], [0.0] * 9 + [0.25] * 4, atol=1e-12)


def test_only_a_plain_run_is_exact() -> None:
    assert BACKEND.is_exact({})
    assert BACKEND.is_exact({"precision": "single"})
    for options in (
        {"shots": 100},
        {"noise": NOISES["depolarizing"].selected(p1=0.1)},
        {"gradient": GRADIENTS["spsa"].selected()},
    ):
        assert not BACKEND.is_exact(options)
