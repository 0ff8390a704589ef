"""Our own layer on one of our backends, as a user gets it: `program.quantum_layer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

import hqnn_dsl as hqnn
from benchmarks.steps import REAL, TorchStep

if TYPE_CHECKING:
    from benchmarks.workloads import Numbers, Workload


def layer_step(workload: Workload, numbers: Numbers, backend: str, precision: str, device: str = "cpu") -> TorchStep:
    """The step of the layer of the workload's spec on a backend, with these weights and rows, tensors on `device`."""
    layer = hqnn.compile_text(workload.spec).quantum_layer(backend=backend, precision=precision)
    weights = torch.tensor(numbers.weights, dtype=getattr(torch, REAL[precision]))
    taken = 0
    for tensor in layer.parameters():
        tensor.data = weights[taken : taken + tensor.numel()].reshape(tensor.shape).clone()
        taken += tensor.numel()
    return TorchStep(layer.to(device), layer.parameters(), numbers, precision, device)
