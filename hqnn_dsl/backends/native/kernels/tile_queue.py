"""How the threads of one call share its tiles: by claiming one after the other from a shared word.

What a tile writes is its own, so who runs it never shows in a result, and a thread that comes late or not at all only
leaves more to the others. A job's number stands beside the next tile in one word: a helper that still means an earlier
job finds another number there and leaves. The words of threads that wait are read in a loop, for a bounded time, since
waking a sleeping thread takes longer than most steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.native.kernels.atomics import atomic_add, atomic_load, atomic_store, pause, replaced
from hqnn_dsl.backends.native.kernels.registers import kernel

if TYPE_CHECKING:
    from collections.abc import Callable

NEXT, DONE, GO = 0, 8, 16
"""Places of the words, each on a cache line of its own: the job and its next tile, tiles that are done, and the job
that helpers are to join, with the number of its threads."""
WORDS = 24
"""How many int64 they take."""
TILE_BITS, SEAT_BITS = 32, 8
MOST_SEATS = 1 << SEAT_BITS
LOOKS = 20_000
"""How often a word is looked at before a thread does something else: some tenths of a millisecond."""


@kernel
def announce(words: Any, job: int, seats: int) -> None:
    """Begin a job: helpers with a seat number below `seats` are to join it."""
    atomic_store(words, DONE, 0)
    atomic_store(words, NEXT, job << TILE_BITS)
    atomic_store(words, GO, (job << SEAT_BITS) | seats)


@kernel
def claim(words: Any, job: int, tiles: int) -> int:
    """A tile of the job for the caller alone, or -1 where none is left."""
    while True:
        word = atomic_load(words, NEXT)
        tile = word & ((1 << TILE_BITS) - 1)
        if word >> TILE_BITS != job or tile >= tiles:
            return -1
        if replaced(words, NEXT, word, word + 1):
            return tile


@kernel
def finish(words: Any) -> None:
    """Say that a claimed tile is done."""
    atomic_add(words, DONE, 1)


@kernel
def wait(words: Any, tiles: int) -> int:
    """Look until all tiles are done, or long enough; whether they are."""
    for _ in range(LOOKS):
        if atomic_load(words, DONE) == tiles:
            return 1
        pause()
    return 0


@kernel
def watch(words: Any, job: int, seat: int) -> int:
    """Look for a job with room for `seat` other than the one known, long enough; its number, or the known one's."""
    for _ in range(LOOKS):
        word = atomic_load(words, GO)
        if word >> SEAT_BITS != job and word & (MOST_SEATS - 1) > seat:
            return word >> SEAT_BITS
        pause()
    return job


@kernel
def join(words: Any, job: int, seat: int, seats: int) -> None:
    """What a kernel does first: the caller of a job, seat 0, announces it. Job 0 has no helpers."""
    if seat == 0 and job:
        announce(words, job, seats)


@kernel
def leave(words: Any, job: int, seat: int, tiles: int) -> int:
    """What a kernel does last: the caller is told whether all tiles are done, a helper looks for the next job."""
    return watch(words, job, seat) if seat else wait(words, tiles)


def wait_for(key: int) -> Callable[..., int]:
    """The entry point of the caller of a job that waits for its helpers; see `compiled` for `key`."""

    def run_wait(words: Any, tiles: int) -> int:
        return wait(words, tiles) if key else 0

    return run_wait


def watch_for(key: int) -> Callable[..., int]:
    """The entry point of helpers that wait for a job; see `compiled` for `key`."""

    def run_watch(words: Any, job: int, seat: int) -> int:
        return watch(words, job, seat) if key else 0

    return run_watch
