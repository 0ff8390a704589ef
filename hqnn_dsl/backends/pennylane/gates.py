"""Our operations, start and measurements as PennyLane's own classes, each gate named here and nowhere else.

Wire q is qubit q. PennyLane puts the first wire of a list first in an index, where it is the most significant bit, so
qubits are given in reverse wherever an index is made of them: in `probs` and in `StatePrep`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pennylane as qml

from hqnn_dsl.circuit.ir import Observable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hqnn_dsl.circuit.ir import Circuit, Measurement, Operation

WIDEST_ROTATION = 4
"""Pauli rotations of more letters become MultiRZ between changes of basis, and that CNOTs and one RZ: as a matrix they
would be as large as 4^letters, once for every row of a batch."""


def _inverse_of(gate: Callable[..., Any]) -> Callable[..., Any]:
    return lambda wires: qml.adjoint(gate(wires=wires))


GATES: dict[str, Callable[..., Any]] = {
    "h": qml.Hadamard,
    "x": qml.PauliX,
    "y": qml.PauliY,
    "z": qml.PauliZ,
    "s": qml.S,
    "sdg": _inverse_of(qml.S),
    "t": qml.T,
    "tdg": _inverse_of(qml.T),
    "sx": qml.SX,
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "p": qml.PhaseShift,
    "u": qml.U3,
    "cx": qml.CNOT,
    "cy": qml.CY,
    "cz": qml.CZ,
    "ch": qml.CH,
    "swap": qml.SWAP,
    "iswap": qml.ISWAP,
    "cp": qml.ControlledPhaseShift,
    "crx": qml.CRX,
    "cry": qml.CRY,
    "crz": qml.CRZ,
    "rxx": qml.IsingXX,
    "ryy": qml.IsingYY,
    "rzz": qml.IsingZZ,
    "rzx": lambda angle, wires: qml.PauliRot(angle, "ZX", wires=wires),
    "ccx": qml.Toffoli,
}
"""PennyLane's class for each of our gates but `pauli_rot`: angles in our order, then the wires, controls first."""

PAULIS = {"x": qml.PauliX, "y": qml.PauliY, "z": qml.PauliZ}


def operations(circuit: Circuit, angles: Sequence[Any], state: Any) -> list[Any]:
    """All of a circuit by PennyLane's classes, with a number or tensor for each slot, and amplitudes if it has some.

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
            found.extend(pauli_rotation(operation, given[0]))
        elif operation.gate == "u":
            theta, phi, lam = given
            found.extend(euler_rotations(theta, phi, lam, operation.qubits[0]))
        else:
            found.append(GATES[operation.gate](*given, wires=list(operation.qubits)))
    return found


def euler_rotations(theta: Any, phi: Any, lam: Any, qubit: int) -> list[Any]:
    """`u(theta, phi, lam)` up to a global phase, which no output depends on, by rotations with one angle each.

    Not `qml.U3`: with `diff: adjoint` PennyLane (0.45) decomposes it, and where theta is a constant it loses the
    gradients of other gates without a word.
    """
    return [qml.RZ(lam, wires=qubit), qml.RY(theta, wires=qubit), qml.RZ(phi, wires=qubit)]


def pauli_rotation(operation: Operation, angle: Any) -> list[Any]:
    """A `pauli_rot`, without its letters I; nothing where it has no others, since that turns only the phase."""
    acting = [(letter, qubit) for letter, qubit in zip(operation.pauli, operation.qubits, strict=True) if letter != "I"]
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
    """A product of Paulis as an operator; the identity where there are no factors."""
    letters = [PAULIS[letter](qubit) for qubit, letter in factors]
    return qml.prod(*letters) if len(letters) > 1 else letters[0] if letters else qml.Identity(0)


def weighted(coefficients: Sequence[float], words: Sequence[tuple[tuple[int, str], ...]]) -> Any:
    """A real sum of Pauli products as one operator."""
    return qml.Hamiltonian(list(coefficients), [word(factors) for factors in words])


def measured(measurement: Measurement) -> Any:
    """One measurement: `expval` of a sum of Pauli products, or `probs` with our index."""
    if isinstance(measurement, Observable):
        products = measurement.products() or {(): 0.0}
        return qml.expval(weighted(list(products.values()), list(products)))
    return qml.probs(wires=list(reversed(measurement.qubits)))
