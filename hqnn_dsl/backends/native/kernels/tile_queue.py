"""How the threads of one call share its tiles: by taking one after the other from a shared queue.

A tile writes to memory of its own, so the thread that runs it never shows in a result, and a thread that comes late or
not at all only leaves more to the others. A queue is three integers. The number of its job and the next tile are one of
them: a helper that still works for an earlier job reads another number there and leaves. Threads that wait read the
queue in a loop, for a bounded time, since waking a sleeping thread takes longer than most steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.native.kernels.atomics import atomic_add, atomic_load, atomic_store, pause, replaced
from hqnn_dsl.backends.native.kernels.registers import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

NEXT, DONE, GO = 0, 8, 16
"""Indices of the queue's integers, each on a cache line of its own: the job and its next tile, the number of tiles that
are done, and the job that helpers are to join with the number of its threads."""
QUEUE_SIZE = 24
"""How many int64 a queue takes."""
TILE_BITS, WORKER_BITS = 32, 8
MOST_WORKERS = 1 << WORKER_BITS
LOOKS = 20_000
"""How often a queue is read before a thread does something else: some tenths of a millisecond."""


@kernel
def announce(queue: Any, job: int, workers: int) -> None:
    """Begin a job: helpers whose number is below `workers` are to join it."""
    atomic_store(queue, DONE, 0)
    atomic_store(queue, NEXT, job << TILE_BITS)
    atomic_store(queue, GO, (job << WORKER_BITS) | workers)


@kernel
def take_tile(queue: Any, job: int, tiles: int) -> int:
    """Returns a tile of the job that no other thread gets, or -1 if none is left."""
    while True:
        value = atomic_load(queue, NEXT)
        tile = value & ((1 << TILE_BITS) - 1)
        if value >> TILE_BITS != job or tile >= tiles:
            return -1
        if replaced(queue, NEXT, value, value + 1):
            return tile


@kernel
def finish(queue: Any) -> None:
    """Count a tile that was taken as done."""
    atomic_add(queue, DONE, 1)


@kernel
def wait(queue: Any, tiles: int) -> int:
    """Wait until all tiles are done, for a bounded time. Returns whether they are."""
    for _ in range(LOOKS):
        if atomic_load(queue, DONE) == tiles:
            return 1
        pause()
    return 0


@kernel
def watch(queue: Any, job: int, worker: int) -> int:
    """Wait for a job other than `job` that `worker` is to join, for a bounded time. Returns its number, or `job`."""
    for _ in range(LOOKS):
        value = atomic_load(queue, GO)
        if value >> WORKER_BITS != job and value & (MOST_WORKERS - 1) > worker:
            return value >> WORKER_BITS
        pause()
    return job


@kernel
def join(queue: Any, job: int, worker: int, workers: int) -> None:
    """The first step of a kernel: the caller of a job, worker 0, announces it. Job 0 has no helpers."""
    if worker == 0 and job:
        announce(queue, job, workers)


@kernel
def leave(queue: Any, job: int, worker: int, tiles: int) -> int:
    """The last step of a kernel. Returns to the caller whether all tiles are done, to a helper the next job."""
    return watch(queue, job, worker) if worker else wait(queue, tiles)


def wait_for(key: int) -> Callable[..., int]:
    """The entry point of the caller of a job that waits for its helpers; see `compiled` for `key`."""

    def run_wait(queue: Any, tiles: int) -> int:
        return wait(queue, tiles) if key else 0

    return run_wait


def watch_for(key: int) -> Callable[..., int]:
    """The entry point of helpers that wait for a job; see `compiled` for `key`."""

    def run_watch(queue: Any, job: int, worker: int) -> int:
        return watch(queue, job, worker) if key else 0

    return run_watch
