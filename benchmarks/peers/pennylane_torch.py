"""PennyLane's `default.qubit` with torch: parameter broadcasting over the batch, backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pennylane as qml
import torch

from benchmarks.peers.pennylane_gates import apply
from benchmarks.steps import FunctionStep

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def node_of(workload: Workload, device: str, method: str) -> Any:
    """The QNode of inputs, one tensor `[B]` each, and weights, one number each."""

    @qml.qnode(qml.device(device, wires=workload.num_qubits), interface="torch", diff_method=method)
    def circuit(inputs: Any, weights: Any) -> Any:
        return apply(workload, inputs.unbind(-1), weights.unbind(0))

    return circuit


def prepare(workload: Workload, precision: str) -> Prepared:
    node = node_of(workload, "default.qubit", "backprop")

    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return torch.stack(node(inputs, weights), dim=-1)

    return FunctionStep(outputs, workload, precision)
