"""PennyLane's `lightning.gpu` with its adjoint gradient, in single precision; it runs the rows of a batch in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pennylane as qml
import torch

from benchmarks.peers.lightning import STATE
from benchmarks.peers.pennylane_gates import apply
from benchmarks.steps import FunctionStep

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    device = qml.device("lightning.gpu", wires=workload.num_qubits, c_dtype=STATE[precision])

    @qml.qnode(device, interface="torch", diff_method="adjoint")
    def node(inputs: Any, weights: Any) -> Any:
        return apply(workload, inputs.unbind(-1), weights.unbind(0))

    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return torch.stack(node(inputs, weights), dim=-1)

    return FunctionStep(outputs, workload, precision)
