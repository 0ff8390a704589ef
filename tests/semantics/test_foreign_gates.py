"""What is advised for a gate of another library is that gate: the advice is typed, and both unitaries are compared.

The other side names gates by Qiskit's own methods and PennyLane's own classes; what only others have is written as the
matrix of its definition.
"""

from __future__ import annotations

import cmath
import math
import re

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import library as gates
from qiskit.quantum_info import Operator
from test_library import operator_of

from hqnn_dsl import compile_text
from hqnn_dsl.circuit.foreign_gates import FOREIGN, advice, no_gate, renamed
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.diagnostic import Refusal

qml = pytest.importorskip("pennylane", reason="the extra `pennylane` is not installed")

ANGLES = (0.37, -1.21, 2.05, 0.83)


def qiskit(method, *, qubits):
    """The unitary of a method of Qiskit's `QuantumCircuit` on its first qubits, angles before qubits."""

    def unitary(*angles):
        circuit = QuantumCircuit(qubits)
        getattr(circuit, method)(*angles, *range(qubits))
        return Operator(circuit).data

    return unitary


def appended(gate, *, qubits):
    """The unitary of a class of Qiskit's circuit library."""

    def unitary(*angles):
        circuit = QuantumCircuit(qubits)
        circuit.append(gate(*angles), range(qubits))
        return Operator(circuit).data

    return unitary


def pennylane(name, *, qubits):
    """The unitary of a class of PennyLane, with wire 0 as the least significant bit."""

    def unitary(*angles):
        gate = getattr(qml, name)(*angles, wires=range(qubits))
        return qml.matrix(gate, wire_order=range(qubits)[::-1])

    return unitary


def matrix(*rows):
    return lambda: np.array(rows, dtype=complex)


_I_FOURTH = cmath.exp(1j * math.pi / 4)
_ROOT_OF_X = matrix([0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j])


def _controlled_root_of_x():
    found = np.eye(4, dtype=complex)
    found[np.ix_([1, 3], [1, 3])] = _ROOT_OF_X()
    return found


def _phased_rotation(theta, phi):
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return np.array([[cos, -1j * cmath.exp(-1j * phi) * sin], [-1j * cmath.exp(1j * phi) * sin, cos]])


THEIRS = {
    # ones with lines of their own here
    "sxdg": (0, 1, qiskit("sxdg", qubits=1)),
    "vi": (0, 1, lambda: _ROOT_OF_X().conj().T),
    "sqrtxdg": (0, 1, lambda: _ROOT_OF_X().conj().T),
    "u2": (2, 1, appended(gates.U2Gate, qubits=1)),
    "rot": (3, 1, pennylane("Rot", qubits=1)),
    "r": (2, 1, qiskit("r", qubits=1)),
    "prx": (2, 1, _phased_rotation),
    "cs": (0, 2, qiskit("cs", qubits=2)),
    "csdg": (0, 2, qiskit("csdg", qubits=2)),
    "csx": (0, 2, qiskit("csx", qubits=2)),
    "cv": (0, 2, _controlled_root_of_x),
    "cu3": (3, 2, appended(gates.CU3Gate, qubits=2)),
    "cu": (4, 2, qiskit("cu", qubits=2)),
    "crot": (3, 2, pennylane("CRot", qubits=2)),
    "dcx": (0, 2, qiskit("dcx", qubits=2)),
    "ecr": (0, 2, qiskit("ecr", qubits=2)),
    "iswapdg": (0, 2, appended(lambda: gates.iSwapGate().inverse(), qubits=2)),
    "siswap": (0, 2, pennylane("SISWAP", qubits=2)),
    "sqisw": (0, 2, pennylane("SQISW", qubits=2)),
    "sqiswap": (0, 2, pennylane("SISWAP", qubits=2)),
    "pswap": (1, 2, pennylane("PSWAP", qubits=2)),
    "isingxy": (1, 2, pennylane("IsingXY", qubits=2)),
    "xxplusyy": (2, 2, appended(gates.XXPlusYYGate, qubits=2)),
    "xxminusyy": (2, 2, appended(gates.XXMinusYYGate, qubits=2)),
    "singleexcitation": (1, 2, pennylane("SingleExcitation", qubits=2)),
    "ccz": (0, 3, qiskit("ccz", qubits=3)),
    "cswap": (0, 3, qiskit("cswap", qubits=3)),
    "fredkin": (0, 3, pennylane("CSWAP", qubits=3)),
    "rccx": (0, 3, qiskit("rccx", qubits=3)),
    "multirz": (1, 3, pennylane("MultiRZ", qubits=3)),
    # ones under another name
    "paulix": (0, 1, pennylane("PauliX", qubits=1)),
    "pauliy": (0, 1, pennylane("PauliY", qubits=1)),
    "pauliz": (0, 1, pennylane("PauliZ", qubits=1)),
    "hadamard": (0, 1, pennylane("Hadamard", qubits=1)),
    "si": (0, 1, matrix([1, 0], [0, -1j])),
    "sdag": (0, 1, matrix([1, 0], [0, -1j])),
    "ti": (0, 1, lambda: np.diag([1, _I_FOURTH.conjugate()])),
    "tdag": (0, 1, lambda: np.diag([1, _I_FOURTH.conjugate()])),
    "v": (0, 1, _ROOT_OF_X),
    "sqrtx": (0, 1, _ROOT_OF_X),
    "u1": (1, 1, appended(gates.U1Gate, qubits=1)),
    "phase": (1, 1, appended(gates.PhaseGate, qubits=1)),
    "phaseshift": (1, 1, pennylane("PhaseShift", qubits=1)),
    "u3": (3, 1, appended(gates.U3Gate, qubits=1)),
    "cnot": (0, 2, pennylane("CNOT", qubits=2)),
    "controlledx": (0, 2, appended(gates.CXGate, qubits=2)),
    "cu1": (1, 2, appended(gates.CU1Gate, qubits=2)),
    "cphase": (1, 2, pennylane("CPhase", qubits=2)),
    "cphaseshift": (
        1,
        2,
        pennylane("CPhaseShift", qubits=2) if hasattr(qml, "CPhaseShift") else qiskit("cp", qubits=2),
    ),
    "controlledphaseshift": (1, 2, pennylane("ControlledPhaseShift", qubits=2)),
    "toffoli": (0, 3, pennylane("Toffoli", qubits=3)),
    "ccnot": (0, 3, qiskit("ccx", qubits=3)),
    "isingxx": (1, 2, pennylane("IsingXX", qubits=2)),
    "isingyy": (1, 2, pennylane("IsingYY", qubits=2)),
    "isingzz": (1, 2, pennylane("IsingZZ", qubits=2)),
}
"""Spelling, number of angles and qubits, and the unitary by the other library."""

CAPITALS = {
    "RX": ("RX", 1, 1), "RY": ("RY", 1, 1), "RZ": ("RZ", 1, 1), "SX": ("SX", 0, 1), "S": ("S", 0, 1), "T": ("T", 0, 1),
    "CRX": ("CRX", 1, 2), "CRY": ("CRY", 1, 2), "CRZ": ("CRZ", 1, 2), "CH": ("CH", 0, 2), "CY": ("CY", 0, 2),
    "CZ": ("CZ", 0, 2), "SWAP": ("SWAP", 0, 2), "ISWAP": ("ISWAP", 0, 2), "U3": ("U3", 3, 1), "U2": ("U2", 2, 1),
    "U1": ("U1", 1, 1), "ECR": ("ECR", 0, 2), "CCZ": ("CCZ", 0, 3), "MultiRZ": ("MultiRZ", 1, 4), "X": ("X", 0, 1),
    "Rot": ("Rot", 3, 1), "CRot": ("CRot", 3, 2), "IsingXY": ("IsingXY", 1, 2),
    "SingleExcitation": ("SingleExcitation", 1, 2),
}  # fmt: skip
"""PennyLane's own spellings: its class, angles, wires."""


def advised(hint: str) -> str:
    found = re.search(r"write `([^`]+)`", hint)
    assert found is not None, hint
    return found[1]


def refused(line: str, qubits: int) -> str:
    """The help of the only report about a line that applies an unknown gate."""
    with pytest.raises(Refusal) as caught:
        compile_text(spec(line, qubits))
    (found,) = [item for item in caught.value.diagnostics if item.is_error]
    assert found.code == "E0203"
    return found.help


def spec(line: str, qubits: int) -> str:
    """The line in a circuit whose input changes nothing."""
    return f"hqnn 1\nmodel m {{ circuit on {qubits} qubits {{ input x[1]; {line} }}; decoder {{ dense }} }}\n"


def line_of(name: str, num_angles: int, qubits: int) -> str:
    bracket = f"({', '.join(map(str, ANGLES[:num_angles]))})" if num_angles else ""
    return f"{name}{bracket} {', '.join(map(str, range(qubits)))}"


def assert_same(text: str, theirs: np.ndarray, qubits: int) -> None:
    """The lines are the unitary, up to a global phase."""
    ours = operator_of(compile_text(spec(text, qubits)).logical, np.zeros(1), np.zeros(0))
    overlap = np.vdot(theirs, ours)
    assert abs(abs(overlap) - 2**qubits) < 1e-9, text
    assert np.allclose(ours, theirs * overlap / abs(overlap), atol=1e-9), text


@pytest.mark.parametrize("name", sorted(THEIRS))
def test_advice_that_is_typed_is_the_gate(name):
    num_angles, qubits, unitary = THEIRS[name]
    hint = refused(line_of(name, num_angles, qubits), qubits)
    assert_same(advised(hint), unitary(*ANGLES[:num_angles]), qubits)


@pytest.mark.parametrize("name", sorted(CAPITALS))
def test_names_in_capitals_are_pennylanes(name):
    theirs, num_angles, qubits = CAPITALS[name]
    hint = refused(line_of(name, num_angles, qubits), qubits)
    assert_same(advised(hint), pennylane(theirs, qubits=qubits)(*ANGLES[:num_angles]), qubits)


@pytest.mark.parametrize("word", ["XYZ", "ZIX"])
def test_a_pauli_rotation_with_its_arguments_in_pennylanes_order(word):
    hint = refused(f'PauliRot(0.4, "{word}") 0, 1, 2', 3)
    theirs = qml.matrix(qml.PauliRot(0.4, word, wires=[0, 1, 2]), wire_order=[2, 1, 0])
    assert_same(advised(hint), theirs, 3)


def test_angles_that_are_sums_keep_their_brackets():
    hint = refused("cu3(0.1 + 0.2, 0.4 - 0.1, 2 * 0.3) 1, 0", 2)
    circuit = QuantumCircuit(2)
    circuit.append(gates.CU3Gate(0.3, 0.3, 0.6), [1, 0])
    assert_same(advised(hint), Operator(circuit).data, 2)
    minus = refused("IsingXY(0.1 - 0.3) 0, 1", 2)
    assert_same(advised(minus), pennylane("IsingXY", qubits=2)(-0.2), 2)


def test_every_spelling_with_lines_is_compared():
    with_lines = {name for name, row in FOREIGN.items() if row.lines} - {"paulirot"}
    other_names = set(renamed()) - {name.replace("_", "") for name in GATES}
    assert set(THEIRS) == with_lines | other_names


def test_a_spelling_means_one_gate():
    assert not set(FOREIGN) & set(renamed())
    assert not set(FOREIGN) & set(GATES)


@pytest.mark.parametrize("name", sorted(name for name, row in FOREIGN.items() if not row.lines))
def test_what_there_is_none_of_is_said_and_no_lookalike_named(name):
    for angles in ((), ("0.1",), ("0.1", "0.2")):
        said = advice(name, angles, ("0", "1"))
        assert said == FOREIGN[name].reason
        assert "did you mean" not in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rot(0.1) 0", "`rot(phi, theta, omega) a` is `u(theta, omega, phi) a` here"),
        ("cnot 0", "here it is called `cx`"),
        ("hh 0", "did you mean `h`?"),
        ("wsap 0, 1", "did you mean `swap`?"),
        ("swapp 0, 1", "did you mean `swap`?"),
        ("rxy(0.1) 0, 1", "gates with so many angles and targets: "),
        ("foo(1, 2, 3, 4, 5) 0", ""),
    ],
)
def test_what_does_not_fit_is_not_filled_in(line, said):
    hint = refused(line, 2)
    assert hint.startswith(said)
    assert bool(hint) == bool(said)


def test_a_lookalike_with_other_operands_is_not_suggested():
    assert "did you mean" not in refused("swapp 0", 2)
    assert "did you mean" not in refused("crzz(0.1) 0", 2)


@pytest.mark.parametrize("name", ["barrier", "id", "reset", "delay", "dcx", "rot"])
def test_a_foreign_gate_alone_is_not_told_to_take_a_target(name):
    with pytest.raises(Refusal) as caught:
        compile_text(spec(name, 2))
    (found,) = [item for item in caught.value.diagnostics if item.is_error]
    assert found.code == "E0143"
    assert f"`{name} 0`" not in found.help
    assert found.help == advice(name, (), ())


def test_names_of_gates_in_lists_are_answered_by_their_meaning():
    assert no_gate("CNOT") == "here it is called `cx`"
    assert no_gate("sxdg") == "it is not one gate here"
    assert "cx" not in no_gate("dcx")
