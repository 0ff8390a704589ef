"""The engine's own threads: as many as torch would use, made anew after a fork.

Numba's parallel layers end the process on concurrent use or after a fork; kernels here are compiled without the
interpreter's lock, so plain threads do. Handing work to a thread that sleeps takes up to 0.1 ms, longer than many
kernels run; helpers therefore stay awake in compiled code for some tenths of a millisecond after a call, where the next
one finds them, and only then sleep. They take tiles
one by one (`kernels.tile_queue`), so a call never waits for a helper that is not there.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.kernels.tile_queue import GO, MOST_WORKERS, QUEUE_SIZE, WORKER_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

SMALLEST_SHARE = 300_000
"""Multiply-adds below which a share of the work is not worth another thread: about 15 microseconds."""
JOBS = 1 << 30
"""Jobs are numbered below this, and then anew."""


class Team:
    """Helpers for one caller at a time, workers 1 to `helpers`; the caller is worker 0."""

    def __init__(self, helpers: int) -> None:
        self.queue = np.zeros(QUEUE_SIZE, np.int64)
        self.free = threading.Lock()
        self._number = 0
        self._job: tuple[int, Callable[..., int], tuple[object, ...]] | None = None
        self._asleep = [False] * (helpers + 1)
        self._wake = [threading.Event() for _ in range(helpers + 1)]
        for worker in range(1, helpers + 1):
            threading.Thread(target=self._help, args=(worker,), name=f"hqnn-{worker}", daemon=True).start()

    def run(
        self, kind: tuple[str, ...], kernel: Callable[..., int], given: tuple[object, ...], tiles: int, workers: int
    ) -> None:
        """Run a kernel over all tiles with `workers` threads, this one among them; `free` is the caller's meanwhile."""
        number = self._number = self._number % JOBS + 1
        self._job = (number, kernel, (workers, tiles, *given))
        for worker in range(1, workers):
            if self._asleep[worker]:
                self._asleep[worker] = False
                self._wake[worker].set()
        try:
            done = compiled.call(kind, kernel, self.queue, number, 0, workers, tiles, *given)
        finally:
            self._job = None
        while not done:
            time.sleep(0)
            done = compiled.wait(self.queue, tiles)

    def _help(self, worker: int) -> None:
        """The loop of a helper: join jobs while they come, sleep when they do not."""
        known = 0
        while True:
            found = int(compiled.watch(self.queue, known, worker))
            if found == known:
                self._sleep(known, worker)
            while found != known:
                known, found = found, self._join(found, worker)

    def _sleep(self, known: int, worker: int) -> None:
        """Sleep until the caller of a job wakes this helper, unless a job has come just now."""
        self._asleep[worker] = True
        announced = int(self.queue[GO])
        if announced >> WORKER_BITS == known or announced & (MOST_WORKERS - 1) <= worker:
            self._wake[worker].wait()
        self._wake[worker].clear()
        self._asleep[worker] = False

    def _join(self, number: int, worker: int) -> int:
        """Help with a job if it still goes on. Returns the number of the next one, or the same if none came."""
        job = self._job
        if job is None or job[0] != number:
            return number
        try:
            return int(job[1](self.queue, number, worker, *job[2]))
        except MemoryError:  # the caller goes on alone: memory is allocated before a tile is taken
            return number


class Teams:
    """The teams of this process by number of helpers; a forked child has none of its parent's threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all teams."""
        self._made: dict[int, Team] = {}
        self._making = threading.Lock()

    def of(self, helpers: int) -> Team:
        """Returns the team with that many helpers."""
        if helpers not in self._made:
            with self._making:
                if helpers not in self._made:
                    self._made[helpers] = Team(helpers)
        return self._made[helpers]


TEAMS = Teams()
if sys.platform != "win32":
    os.register_at_fork(after_in_child=TEAMS.forget)


def shares(tiles: int, work: int, threads: int) -> int:
    """Returns how many threads run `tiles` with `work` multiply-adds in all."""
    return max(1, min(tiles, threads, MOST_WORKERS - 1, work // SMALLEST_SHARE))


def over_tiles(
    kind: tuple[str, ...], kernel: Callable[..., int], given: tuple[Any, ...], tiles: int, workers: int
) -> None:
    """Call a kernel of `compiled` over all tiles, by `workers` threads, or by this one alone while the others are busy.

    `kind` names the arguments that the kernel is compiled for, see `compiled.call`.
    """
    if workers > 1:
        team = TEAMS.of(workers - 1)
        if team.free.acquire(blocking=False):
            try:
                team.run(kind, kernel, given, tiles, workers)
            except BaseException:  # Ctrl-C too: a helper may still count a tile, which the next job must not see
                TEAMS.forget()
                raise
            finally:
                team.free.release()
            return
    compiled.call(kind, kernel, np.zeros(QUEUE_SIZE, np.int64), 0, 0, 1, tiles, *given)
