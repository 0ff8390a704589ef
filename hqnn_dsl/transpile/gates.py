"""The rows of the gate table as Qiskit's gates.

A row that names a method of `QuantumCircuit` is that gate of Qiskit's. Any other is one `TableGate`, which has the
row's own name and is defined by its Pauli rotations; passes and simulators of Qiskit's look into its definition.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate

from hqnn_dsl.circuit.gates import GATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.gates import Gate


class TableGate(QiskitGate):  # type: ignore[misc]
    """A gate of the table that Qiskit does not have, with its angles as parameters."""

    def __init__(self, name: str, angles: Sequence[Any]) -> None:
        super().__init__(name, GATES[name].num_qubits, list(angles))

    def _define(self) -> None:
        self.definition = QuantumCircuit(self.num_qubits)
        rotate_by_row(self.definition, GATES[self.name], self.params, range(self.num_qubits))


def append(built: QuantumCircuit, row: Gate, angles: Sequence[Any], qubits: Sequence[int]) -> None:
    """Append one gate of the table as one instruction, with numbers or expressions of Qiskit's for its angles."""
    if row.qiskit:
        getattr(built, row.qiskit)(*angles, *qubits)
    else:
        built.append(TableGate(row.name, angles), list(qubits))


def qiskit_rows() -> dict[str, Gate]:
    """Returns the rows of the gates that Qiskit has, by Qiskit's names."""
    return {row.qiskit: row for row in GATES.values() if row.qiskit}


def written_out(circuit: QuantumCircuit) -> QuantumCircuit:
    """Returns the circuit with `PauliEvolution` and every `TableGate` replaced by their definitions.

    The matrix of a wide `PauliEvolution` is as large as the square of the state, and OpenQASM has a definition for each
    name, not for each call.
    """
    return circuit.decompose(["PauliEvolution", *(row.name for row in GATES.values() if not row.qiskit)])


def rotate_by_row(built: QuantumCircuit, row: Gate, angles: Sequence[Any], qubits: Sequence[int]) -> None:
    """Append a gate as its Pauli rotations: the gate up to a global phase."""
    for rotation in row.rotations:
        rotate(built, rotation.pauli, qubits, rotation.angle(angles))


def rotate(built: QuantumCircuit, letters: str, qubits: Sequence[int], angle: Any) -> None:
    """Append exp(-i·angle/2·P), letter k on `qubits[k]`, as a gate of Qiskit's or between changes of basis and CX.

    The angle is in one gate whose shift rule has two terms. A product of identities turns only the global phase, which
    no output depends on.
    """
    touched = [(letter, qubit) for letter, qubit in zip(letters, qubits, strict=True) if letter != "I"]
    word, places = "".join(letter for letter, _ in touched), [qubit for _, qubit in touched]
    if not touched:
        return
    for letters_of_gate, order in ((word, places), (word[::-1], places[::-1])):
        gate = _rotation_about(letters_of_gate)
        if gate:
            getattr(built, gate)(angle, *order)
            return
    basis = QuantumCircuit(built.num_qubits)
    for letter, qubit in touched:
        if letter == "Y":
            basis.sdg(qubit)
        if letter != "Z":
            basis.h(qubit)
    for here, there in pairwise(places[:-1]):
        basis.cx(here, there)
    built.compose(basis, inplace=True)
    built.rzz(angle, places[-2], places[-1])
    built.compose(basis.inverse(), inplace=True)


def _rotation_about(letters: str) -> str:
    """Returns Qiskit's rotation about a Pauli product, of the first row that is one; empty if there is none."""
    return next((row.qiskit for row in GATES.values() if row.qiskit and row.pauli == letters), "")
