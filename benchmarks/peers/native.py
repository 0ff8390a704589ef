"""The backend `native`, with a clock around its kernels that is set only when the worker is asked for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.peers.ours import layer_step
from benchmarks.workloads import numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    return layer_step(workload, numbers_of(workload), "native", precision)


def multiply_adds(workload: Workload) -> int:
    """Multiply-adds of a whole step as the plan's own cost counts them: values, and three times that for gradients.

    These are what the engine needs, rotations turned by tangents; lane swaps, copies, sines and scalings do not count.
    """
    import hqnn_dsl as hqnn
    from hqnn_dsl.circuit.pauli.cost import cost
    from hqnn_dsl.circuit.pauli.rewrites import plan

    circuit = hqnn.compile_text(workload.spec).quantum_layer(backend="native").circuit
    return 4 * cost(plan(circuit)).multiply_adds * workload.batch


def kernel_seconds(step: Callable[[], None], repeats: int) -> tuple[float, float]:
    """Seconds of `repeats` steps, and those that the calling thread, which waits for the others, was in kernels."""
    from hqnn_dsl.backends.native import compiled

    inside: list[float] = []

    def clocked(kernel: Callable[..., int]) -> Callable[..., int]:
        def run(queue: Any, job: int, worker: int, *arguments: Any) -> int:
            start = time.perf_counter()
            found = kernel(queue, job, worker, *arguments)
            if worker == 0:
                inside.append(time.perf_counter() - start)
            return found

        return run

    kernels = compiled.forward, compiled.backward
    compiled.forward, compiled.backward = map(clocked, kernels)
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            step()
        seconds = time.perf_counter() - start
    finally:
        compiled.forward, compiled.backward = kernels
    return seconds, sum(inside)
