"""The gate table against itself: inverses, rotations, frequencies; and against the names that the language promises."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from hqnn_dsl.circuit.gates import GATES, PLAIN, Gate, pauli_rotation, pauli_string

NAMES = "h x y z s sdg t tdg sx rx ry rz p u cx cy cz ch cp crx cry crz swap iswap rxx ryy rzz rzx ccx"
ANGLES = (0.7, -1.9, 2.6)


def matrix_of(gate: Gate, angles: tuple[float, ...] = ANGLES) -> np.ndarray:
    return np.array(gate.matrix(PLAIN, *angles[: gate.num_angles]), dtype=complex)


def embed(matrix: np.ndarray, operands: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A small matrix on `operands` as one on all qubits; slow and obvious."""
    full = np.zeros((1 << num_qubits, 1 << num_qubits), dtype=complex)
    for column in range(1 << num_qubits):
        local = sum(((column >> q) & 1) << k for k, q in enumerate(operands))
        rest = column & ~sum(1 << q for q in operands)
        for row in range(1 << len(operands)):
            full[rest | sum(((row >> k) & 1) << q for k, q in enumerate(operands)), column] += matrix[row, local]
    return full


def test_every_promised_gate_has_a_row() -> None:
    assert set(NAMES.split()) <= set(GATES)
    assert all(name == gate.name and gate.doc for name, gate in GATES.items())


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_inverse_undoes_the_gate_exactly(gate: Gate) -> None:
    matrix = matrix_of(gate)
    assert matrix.shape == (1 << gate.num_qubits,) * 2
    for step in gate.inverse:
        angles = tuple(factor * ANGLES[j] for j, factor in step.angles)
        matrix = embed(matrix_of(GATES[step.gate], angles), step.operands, gate.num_qubits) @ matrix
    np.testing.assert_allclose(matrix, np.eye(len(matrix)), atol=1e-14)


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_rotations_are_the_gate_up_to_a_phase(gate: Gate) -> None:
    product = np.eye(1 << gate.num_qubits)
    for rotation in gate.rotations:
        assert len(rotation.pauli) == gate.num_qubits
        angle = rotation.constant + sum(factor * ANGLES[j] for j, factor in rotation.factors)
        product = np.array(pauli_rotation(rotation.pauli, PLAIN, angle)) @ product
    overlap = np.trace(product.conj().T @ matrix_of(gate)) / len(product)
    assert abs(overlap) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_clifford_rows_are_those_that_keep_pauli_strings(gate: Gate) -> None:
    letters = [a + b for a in "IXYZ" for b in "IXYZ"] if gate.num_qubits > 1 else list("IXYZ")
    strings = [letter + "I" * (gate.num_qubits - len(letter)) for letter in letters]
    matrix = matrix_of(gate)
    images = [matrix @ np.array(pauli_string(s), dtype=complex) @ matrix.conj().T for s in strings]
    largest = [
        max(abs(np.trace(image @ np.array(pauli_string(p), dtype=complex))) / len(matrix) for p in _all(gate))
        for image in images
    ]
    assert gate.clifford == bool(np.allclose(largest, 1))


def _all(gate: Gate) -> list[str]:
    strings = [""]
    for _ in range(gate.num_qubits):
        strings = [s + letter for s in strings for letter in "IXYZ"]
    return strings


@pytest.mark.parametrize(
    ("gate", "angle"),
    [(g, k) for g in GATES.values() for k in range(g.num_angles)],
    ids=lambda value: getattr(value, "name", value),
)
def test_frequencies_by_fourier_transform(gate: Gate, angle: int) -> None:
    """A random state and observable see exactly the frequencies of the row, sampled over the period 4π."""
    random = np.random.default_rng(5)
    size = 1 << gate.num_qubits
    state = random.normal(size=size) + 1j * random.normal(size=size)
    observable = random.normal(size=(size, size)) + 1j * random.normal(size=(size, size))
    observable += observable.conj().T
    values = []
    for k in range(16):
        angles = [*ANGLES]
        angles[angle] = 4 * np.pi * k / 16
        out = matrix_of(gate, tuple(angles)) @ state
        values.append((out.conj() @ observable @ out).real)
    spectrum = np.abs(np.fft.rfft(values))
    seen = tuple(k / 2 for k in range(1, len(spectrum)) if spectrum[k] > 1e-9)
    assert seen == gate.frequencies[angle]
    assert len(gate.frequencies) == gate.num_angles


@pytest.mark.parametrize("gate", [row for row in GATES.values() if row.qiskit], ids=lambda row: row.name)
def test_the_name_in_qiskit_is_the_same_gate(gate: Gate) -> None:
    circuit = QuantumCircuit(gate.num_qubits)
    getattr(circuit, gate.qiskit)(*ANGLES[: gate.num_angles], *range(gate.num_qubits))
    assert list(circuit.count_ops()) == [gate.qiskit]
    np.testing.assert_allclose(Operator(circuit).data, matrix_of(gate), atol=1e-12)


@pytest.mark.parametrize("gate", [row for row in GATES.values() if row.pennylane], ids=lambda row: row.name)
def test_the_name_in_pennylane_is_the_same_gate(gate: Gate) -> None:
    """Its matrix has the first wire as the most significant bit, so wires are put in reverse."""
    qml = pytest.importorskip("pennylane", reason="PennyLane is an optional part")
    wires = list(range(gate.num_qubits))
    name = gate.pennylane.removeprefix("Adjoint(").removesuffix(")")
    operation = getattr(qml, name)(*ANGLES[: gate.num_angles], wires=wires)
    operation = qml.adjoint(operation) if name != gate.pennylane else operation
    assert operation.name == gate.pennylane
    np.testing.assert_allclose(qml.matrix(operation, wire_order=wires[::-1]), matrix_of(gate), atol=1e-12)


def test_letters_count_from_the_least_significant_bit() -> None:
    expected = np.kron(np.diag([1, -1]), np.array([[0, 1], [1, 0]]))
    np.testing.assert_array_equal(np.array(pauli_string("XZ")), expected)


def test_the_table_needs_no_array_library() -> None:
    code = "import sys, hqnn_dsl.circuit.ir; print(sorted({'torch', 'numpy', 'qiskit'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
