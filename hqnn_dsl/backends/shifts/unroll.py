"""A circuit of ours as a Qiskit circuit in which every angle belongs to a gate that the two-term rule is exact for.

What has two frequencies (`crx cry crz`), several angles (`u`), or no place among Aer's gates (`cp` by its table row,
products of Paulis, `ch`, `iswap`, `ccx`) becomes rotations and fixed gates; the rest stays as written. Angles are
expressions of one Parameter a slot here; `circuit` gives each gate a Parameter of its own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes.environment import AmplitudeInQiskit
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit, Operation

KEPT = frozenset({"rx", "ry", "rz", "p", "rxx", "ryy", "rzz", "rzx"})
"""Gates with one angle that stay: the two-term rule is exact for each."""

DECOMPOSED = frozenset({"ch", "iswap", "ccx"})
"""Gates without an angle that are written as Qiskit defines them: Aer's methods do not all have them."""

_NATIVE = {"X": "rx", "Y": "ry", "Z": "rz", "XX": "rxx", "YY": "ryy", "ZZ": "rzz", "ZX": "rzx"}


def unroll(circuit: Circuit) -> tuple[QuantumCircuit, dict[int, Parameter]]:
    """The Qiskit circuit, and by slot the Parameter of every angle that is no constant. Refuses an amplitude input."""
    if circuit.amplitude is not None:
        raise Refusal(AmplitudeInQiskit(reason="an amplitude is no angle that could be shifted"))
    parameters = {slot: Parameter(f"slot[{slot}]") for slot in (*circuit.sample_slots, *circuit.shared_slots)}
    built = QuantumCircuit(circuit.num_qubits)
    for operation in circuit.operations:
        _append(built, operation, [parameters.get(s, circuit.constant_slots.get(s)) for s in operation.slots])
    return built, parameters


def _append(built: QuantumCircuit, operation: Operation, angles: list[Any]) -> None:
    name, qubits = operation.gate, operation.qubits
    if name == "pauli_rot":
        _rotate(built, operation.pauli, qubits, angles[0])
    elif name in DECOMPOSED:
        gate = QuantumCircuit(len(qubits))
        getattr(gate, name)(*range(len(qubits)))
        built.compose(gate.decompose(name), qubits, inplace=True)
    elif not angles or name in KEPT:
        getattr(built, name)(*angles, *qubits)
    else:
        for rotation in GATES[name].rotations:
            angle: Any = rotation.constant
            for number, factor in rotation.factors:
                turned = angles[number] if factor == 1 else angles[number] * factor
                angle = turned if angle == 0 else angle + turned
            _rotate(built, rotation.pauli, qubits, angle)


def _rotate(built: QuantumCircuit, letters: str, qubits: Sequence[int], angle: Any) -> None:
    """exp(-i·angle/2·P), letter k on `qubits[k]`; a product of identities turns only the phase, which nobody sees."""
    touched = [(letter, qubit) for letter, qubit in zip(letters, qubits, strict=True) if letter != "I"]
    word, places = "".join(letter for letter, _ in touched), [qubit for _, qubit in touched]
    if not touched:
        return
    if word == "XZ":
        word, places = "ZX", places[::-1]
    if word in _NATIVE:
        getattr(built, _NATIVE[word])(angle, *places)
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
