"""A circuit of ours as a Qiskit circuit in which every angle belongs to a gate that the two-term rule is exact for.

A gate that is one Pauli rotation by its angle stays as written if Qiskit has it. Other gates with angles (`crx cry crz`
with two frequencies, `u`, `cp`), products of Paulis, and gates that Qiskit does not have become rotations; gates
without angles become gates that every simulator has. Angles are expressions of one Parameter a slot here; `circuit`
gives each gate a Parameter of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes.environment import AmplitudeInQiskit
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.gates import rotate, rotate_by_row

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit, Operation

SIMULATED = frozenset({"id", "h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "cx", "cy", "cz", "swap"})
"""Qiskit's gates without angles that all methods of Aer have; others are written as Qiskit defines them."""


def unroll(circuit: Circuit) -> tuple[QuantumCircuit, dict[int, Parameter]]:
    """Returns the Qiskit circuit, and by slot the Parameter of every angle that is no constant.

    Raises `Refusal` for an amplitude input.
    """
    if circuit.amplitude is not None:
        raise Refusal(AmplitudeInQiskit(reason="an amplitude is no angle that could be shifted"))
    parameters = {slot: Parameter(f"slot[{slot}]") for slot in (*circuit.sample_slots, *circuit.shared_slots)}
    built = QuantumCircuit(circuit.num_qubits)
    for operation in circuit.operations:
        _append(built, operation, [parameters.get(s, circuit.constant_slots.get(s)) for s in operation.slots])
    return built, parameters


def _append(built: QuantumCircuit, operation: Operation, angles: list[Any]) -> None:
    qubits = operation.qubits
    if operation.gate == "pauli_rot":
        rotate(built, operation.pauli, qubits, angles[0])
        return
    row = GATES[operation.gate]
    if row.qiskit and (row.pauli or row.qiskit in SIMULATED):
        getattr(built, row.qiskit)(*angles, *qubits)
    elif row.qiskit and not angles:
        gate = QuantumCircuit(len(qubits))
        getattr(gate, row.qiskit)(*range(len(qubits)))
        built.compose(_simulated(gate), qubits, inplace=True)
    else:
        rotate_by_row(built, row, angles, qubits)


def _simulated(gate: QuantumCircuit) -> QuantumCircuit:
    """Returns the circuit with definitions for gates that a simulator may not have; those with numbers stay."""
    others = {item.operation.name for item in gate.data if not item.operation.params} - SIMULATED
    return _simulated(gate.decompose(list(others))) if others else gate
