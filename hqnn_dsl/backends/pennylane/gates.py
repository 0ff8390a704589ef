"""Our operations, start and measurements as PennyLane's own classes, which the gate table names.

A gate without a class of PennyLane's is written as its Pauli rotations. Wire q is qubit q. PennyLane puts the first
wire of a list first in an index, where it is the most significant bit, so qubits are given in reverse wherever an index
is made of them: in `probs` and in `StatePrep`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pennylane as qml

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.circuit.ir import Observable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit, Measurement, Operation

WIDEST_ROTATION = 4
"""Pauli rotations of more letters become MultiRZ between changes of basis, and that CNOTs and one RZ: as a matrix they
would be as large as 4^letters, once for every row of a batch."""


PAULIS = {"x": qml.PauliX, "y": qml.PauliY, "z": qml.PauliZ}


def operations(circuit: Circuit, angles: Sequence[Any], state: Any) -> list[Any]:
    """Returns all of a circuit by PennyLane's classes: a number or tensor for each slot, amplitudes if it has some.

    `state` is `[2^k]` or `[B, 2^k]`, of length 1 each.
    """
    found: list[Any] = []
    if circuit.amplitude is not None:
        wires = list(reversed(circuit.amplitude.qubits))
        # Its length is not tested again: it was divided by that, and PennyLane allows less than rounding needs.
        found.append(qml.StatePrep(state, wires=wires, validate_norm=False))
    for operation in circuit.operations:
        given = [angles[slot] for slot in operation.slots]
        if operation.gate == "pauli_rot":
            found.extend(pauli_rotation(operation.pauli, operation.qubits, given[0]))
        else:
            found.extend(_gate(operation, given))
    return found


def _gate(operation: Operation, angles: Sequence[Any]) -> list[Any]:
    """Returns a gate of the table with its angles: by its class, or up to a global phase as its Pauli rotations."""
    row, qubits = GATES[operation.gate], operation.qubits
    if row.pennylane:
        return [_by_class(row.pennylane, angles, qubits)]
    found: list[Any] = []
    for rotation in row.rotations:
        found.extend(_rotation(rotation.pauli, qubits, rotation.angle(angles)))
    return found


def _by_class(name: str, angles: Sequence[Any], qubits: Sequence[int]) -> Any:
    """Returns the operation of a class of PennyLane's; `Adjoint(S)` is the inverse of `S`."""
    if name.startswith("Adjoint("):
        return qml.adjoint(_by_class(name.removeprefix("Adjoint(").removesuffix(")"), angles, qubits))
    return getattr(qml, name)(*angles, wires=list(qubits))


def _rotation(letters: str, qubits: Sequence[int], angle: Any) -> list[Any]:
    """Returns exp(-i·angle/2·P): by the class of the first row that is that rotation, or as a `PauliRot`."""
    acting = [(letter, qubit) for letter, qubit in zip(letters, qubits, strict=True) if letter != "I"]
    word = "".join(letter for letter, _ in acting)
    name = next((row.pennylane for row in GATES.values() if row.pennylane and row.pauli == word), "")
    return [_by_class(name, [angle], [q for _, q in acting])] if name else pauli_rotation(letters, qubits, angle)


def pauli_rotation(pauli: str, qubits: Sequence[int], angle: Any) -> list[Any]:
    """Returns exp(-i·angle/2·P) without the letters I; nothing if there are no others: only the phase would turn."""
    acting = [(letter, qubit) for letter, qubit in zip(pauli, qubits, strict=True) if letter != "I"]
    if not acting:
        return []
    letters, wires = "".join(letter for letter, _ in acting), [qubit for _, qubit in acting]
    rotation = qml.PauliRot(angle, letters, wires=wires)
    if len(letters) <= WIDEST_ROTATION:
        return [rotation]
    found: list[Any] = []
    for part in rotation.decomposition():
        found.extend(part.decomposition() if isinstance(part, qml.MultiRZ) else [part])
    return found


def word(factors: Sequence[tuple[int, str]]) -> Any:
    """Returns a product of Paulis as an operator; the identity if there are no factors."""
    letters = [PAULIS[letter](qubit) for qubit, letter in factors]
    return qml.prod(*letters) if len(letters) > 1 else letters[0] if letters else qml.Identity(0)


def weighted(coefficients: Sequence[float], words: Sequence[tuple[tuple[int, str], ...]]) -> Any:
    """Returns a real sum of Pauli products as one operator."""
    return qml.Hamiltonian(list(coefficients), [word(factors) for factors in words])


def measured(measurement: Measurement) -> Any:
    """Returns one measurement: `expval` of a sum of Pauli products, or `probs` with our index."""
    if isinstance(measurement, Observable):
        products = measurement.products() or {(): 0.0}
        return qml.expval(weighted(list(products.values()), list(products)))
    return qml.probs(wires=list(reversed(measurement.qubits)))
