"""The engine's own threads: as many as torch would use, made anew after a fork.

Numba's parallel layers end the process on concurrent use or after a fork; kernels here are compiled without the
interpreter's lock, so plain threads do. Work is cut into ranges of tiles, and what a tile writes is its own, so the
number of threads never shows in a result.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hqnn_dsl.backends.native import entries

if TYPE_CHECKING:
    from collections.abc import Callable

SMALLEST_SHARE = 3_000_000
"""Multiply-adds below which a share of the work is not worth handing to another thread."""

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def _pool(workers: int) -> ThreadPoolExecutor:
    """The pool of this process with that many workers."""
    key = (os.getpid(), workers)
    if key not in _pools:
        for stale in [known for known in list(_pools) if known[0] != key[0]]:
            _pools.pop(stale, None)
        _pools[key] = ThreadPoolExecutor(workers, thread_name_prefix="hqnn")
    return _pools[key]


def shares(tiles: int, work: int, threads: int) -> int:
    """Into how many ranges `tiles` with `work` multiply-adds in all are cut."""
    return max(1, min(tiles, threads, work // SMALLEST_SHARE))


def over_tiles(
    kind: tuple[str, ...], kernel: Callable[..., None], given: tuple[object, ...], tiles: int, count: int
) -> None:
    """Call `kernel(first, last, *given)` on `count` ranges that cover `tiles`; the calling thread takes the first.

    `kind` is what the kernel is compiled for, see `entries.call`.
    """
    if count == 1:
        entries.call(kind, kernel, 0, tiles, *given)
        return
    edges = [tiles * k // count for k in range(count + 1)]
    pool = _pool(count - 1)
    waiting = [pool.submit(entries.call, kind, kernel, edges[k], edges[k + 1], *given) for k in range(1, count)]
    try:
        entries.call(kind, kernel, 0, edges[1], *given)
    finally:
        for future in waiting:
            future.result()
