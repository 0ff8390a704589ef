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
    """Seconds of `repeats` steps, and those of them during which at least one thread was inside a kernel."""
    from hqnn_dsl.backends.native import entries

    inside: list[tuple[float, float]] = []

    def clocked(kernel: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any) -> None:
            start = time.perf_counter()
            kernel(*arguments)
            inside.append((start, time.perf_counter()))

        return run

    kernels = entries.forward, entries.backward
    entries.forward, entries.backward = map(clocked, kernels)
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            step()
        seconds = time.perf_counter() - start
    finally:
        entries.forward, entries.backward = kernels
    return seconds, covered(inside)


def covered(intervals: list[tuple[float, float]]) -> float:
    """The length of the union of intervals."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(intervals):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total
