"""The multiply-adds a second that this machine can do at most, measured: the yardstick for the kernels.

    python -m benchmarks.peak

A kernel of independent fused multiply-adds on registers, too many to wait for each other and none of them touching
memory, runs on one core and on two, for registers of 8 and of 16 float32; the better counts.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

CHAINS = 12
"""Independent accumulators: more than latency times units, and with their two constants fewer than 16 registers."""
ROUNDS = 64
"""Multiply-adds a chain between reading the accumulators and writing them back."""
BURSTS = 10_000
"""Bursts of a run: some ten milliseconds."""


def _burst(lanes: int) -> Any:
    """An intrinsic: `ROUNDS` multiply-adds on each of `CHAINS` registers that lie in an array of float32."""

    @intrinsic
    def burst(typing_context: Any, array: Any) -> Any:  # noqa: ARG001 - Numba's signature
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vector = ir.VectorType(ir.FloatType(), lanes)
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            base = builder.bitcast(data, vector.as_pointer())
            places = [builder.gep(base, [ir.Constant(ir.IntType(64), k)]) for k in range(CHAINS)]
            held = [builder.load(place, align=4) for place in places]
            fused = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f32"
            )
            factor = ir.Constant(vector, [0.999] * lanes)
            added = ir.Constant(vector, [0.001] * lanes)
            for _ in range(ROUNDS):
                held = [builder.call(fused, [value, factor, added]) for value in held]
            for place, value in zip(places, held, strict=True):
                builder.store(value, place, align=4)
            return context.get_dummy_value()

        return types.void(array), generate

    return burst


def kernel_of(lanes: int) -> Callable[[np.ndarray, int], None]:
    """A compiled function that makes `times` bursts on an array."""
    burst = _burst(lanes)

    @numba.njit(nogil=True)
    def kernel(array: np.ndarray, times: int) -> None:
        for _ in range(times):
            burst(array)

    return kernel


def rate(kernel: Callable[[np.ndarray, int], None], lanes: int, threads: int) -> float:
    """Multiply-adds a second on so many threads, the most of several short runs: others may be using the machine."""
    arrays = [np.ones(CHAINS * lanes, dtype=np.float32) for _ in range(threads)]
    kernel(arrays[0], 1)
    rates = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(25):
            start = time.perf_counter()
            list(pool.map(lambda array: kernel(array, BURSTS), arrays))
            rates.append(threads * BURSTS * ROUNDS * CHAINS * lanes / (time.perf_counter() - start))
    return max(rates)


def peak() -> dict[str, float]:
    """Multiply-adds a second in float32: `one` core and `two`, and the `lanes` of the better register."""
    best = {"one": 0.0, "two": 0.0, "lanes": 0.0}
    for lanes in (8, 16):
        kernel = kernel_of(lanes)
        found = {"one": rate(kernel, lanes, 1), "two": rate(kernel, lanes, 2), "lanes": float(lanes)}
        best = max(best, found, key=lambda rates: rates["two"])
    return best


if __name__ == "__main__":
    print(json.dumps(peak()))
