"""The backend `native` on the GPU, with its tensors there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers.ours import layer_step
from benchmarks.workloads import numbers_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    return layer_step(workload, numbers_of(workload), "native(device: cuda)", precision, "cuda")
