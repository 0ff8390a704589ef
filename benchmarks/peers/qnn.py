"""Qiskit Machine Learning's `EstimatorQNN` behind `TorchConnector`, with its default exact estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN

from benchmarks.steps import TorchStep
from benchmarks.workloads import Workload, angle_of, numbers_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared


def circuit_of(workload: Workload) -> tuple[QuantumCircuit, ParameterVector, ParameterVector]:
    """The circuit by Qiskit's own methods, with its inputs and weights."""
    circuit = QuantumCircuit(workload.num_qubits)
    inputs, weights = ParameterVector("x", workload.num_qubits), ParameterVector("w", workload.num_weights)
    for gate in workload.gates:
        angle = () if gate.angle is None else (angle_of(gate, inputs, weights),)
        getattr(circuit, gate.name)(*angle, *gate.qubits)
    return circuit, inputs, weights


def prepare(workload: Workload, precision: str) -> Prepared:
    width, numbers = workload.num_qubits, numbers_of(workload)
    circuit, inputs, weights = circuit_of(workload)
    observables = [SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], width) for q in range(width)]
    network = EstimatorQNN(
        circuit=circuit,
        input_params=list(inputs),
        weight_params=list(weights),
        observables=observables,
        input_gradients=True,
    )
    layer = TorchConnector(network, initial_weights=torch.tensor(numbers.weights, dtype=torch.float32))
    return TorchStep(layer, layer.parameters(), numbers, precision)
