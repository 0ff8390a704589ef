"""What can be told of a circuit without running it: qubits, gates by name, depth, weights, inputs, observables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.precision import COMPLEX_BYTES

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from hqnn_dsl.circuit.ir import Circuit


def gate_counts(circuit: QuantumCircuit) -> dict[str, Any]:
    """Qubits that something acts on, gates by name, their number, those on two or more qubits, and the depth.

    A Pauli rotation drawn as one box counts as one gate.
    """
    used = {circuit.find_bit(qubit).index for instruction in circuit.data for qubit in instruction.qubits}
    gates = {name: int(number) for name, number in sorted(circuit.count_ops().items()) if name != "barrier"}
    wide = sum(len(instruction.qubits) > 1 for instruction in circuit.data if instruction.operation.name != "barrier")
    return {
        "qubits": circuit.num_qubits,
        "qubits_used": len(used),
        "gates": gates,
        "num_gates": sum(gates.values()),
        "two_qubit_gates": wide,
        "depth": circuit.depth(),
    }


def static_report(circuit: Circuit, logical: QuantumCircuit, transpiled: QuantumCircuit) -> dict[str, Any]:
    """The numbers of `hqnn compile`'s table, as plain data for `static.json`."""
    return {
        "qubits": circuit.num_qubits,
        "inputs": circuit.num_inputs,
        "weights": circuit.num_weights,
        "weight_tensors": {tensor.path: list(tensor.shape) for tensor in circuit.weights},
        "frozen_weights": sum(tensor.size for tensor in circuit.weights if tensor.frozen),
        "outputs": circuit.num_outputs,
        "slots": {
            "per_sample": len(circuit.sample_slots),
            "shared": len(circuit.shared_slots),
            "constant": len(circuit.constant_slots),
        },
        "state_bytes": COMPLEX_BYTES["double"] << circuit.num_qubits,
        "logical": gate_counts(logical),
        "transpiled": gate_counts(transpiled),
    }
