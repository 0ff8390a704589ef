"""The backend `reference`: dense, plain torch. In double precision it says what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers.ours import layer_step

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    return layer_step(workload, "reference", precision)
