"""PennyLane's `default.qubit` with torch on the GPU: parameter broadcasting over the batch, backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from benchmarks.peers.pennylane_torch import node_of
from benchmarks.steps import FunctionStep

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    node = node_of(workload, "default.qubit", "backprop")

    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return torch.stack(node(inputs, weights), dim=-1)

    return FunctionStep(outputs, workload, precision, "cuda")
