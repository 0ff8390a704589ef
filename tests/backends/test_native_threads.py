"""The native engine's threads: tiles are taken once each, late helpers harm nothing, and bits are those of one."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numba import njit

from hqnn_dsl.backends.native import pool
from hqnn_dsl.backends.native.kernels import tile_queue
from hqnn_dsl.backends.native.kernels.tile_queue import DONE, GO, NEXT, QUEUE_SIZE, TILE_BITS, WORKER_BITS


@njit(nogil=True)
def take_tile(queue, job, tiles):
    return tile_queue.take_tile(queue, job, tiles)


@njit(nogil=True)
def begin(queue, job, workers):
    tile_queue.join(queue, job, 0, workers)


@njit(nogil=True)
def square(queue, job, worker, workers, tiles, given, found, work):
    """A kernel like those of `compiled`: the square of each tile's number, after some work, added to what is there."""
    tile_queue.join(queue, job, worker, workers)
    while True:
        tile = tile_queue.take_tile(queue, job, tiles)
        if tile < 0:
            break
        wasted = 0.0
        for k in range(work):
            wasted += np.sin(k)
        found[tile] += given[tile] ** 2 + (0.0 if wasted < 1e9 else 1.0)
        tile_queue.finish(queue)
    return tile_queue.leave(queue, job, worker, tiles)


def squares(team: pool.Team, tiles: int, workers: int, work: int = 50) -> None:
    given, found = np.arange(tiles, dtype=np.float64), np.zeros(tiles)
    team.run(("squares",), square, (given, found, work), tiles, workers)
    np.testing.assert_array_equal(found, given**2)


def test_a_job_gives_each_tile_once() -> None:
    queue = np.zeros(QUEUE_SIZE, np.int64)
    begin(queue, 7, 3)
    assert queue[GO] == 7 << WORKER_BITS | 3
    assert queue[DONE] == 0
    assert [take_tile(queue, 7, 3) for _ in range(5)] == [0, 1, 2, -1, -1]
    assert queue[NEXT] == 7 << TILE_BITS | 3


def test_a_helper_of_an_earlier_job_gets_nothing_of_a_later_one() -> None:
    queue = np.zeros(QUEUE_SIZE, np.int64)
    begin(queue, 1, 2)
    assert take_tile(queue, 1, 9) == 0
    begin(queue, 2, 2)
    assert take_tile(queue, 1, 9) == -1
    assert take_tile(queue, 2, 9) == 0


@pytest.mark.parametrize("helpers", [1, 2, 5])
def test_every_tile_of_many_jobs_is_run_once(helpers: int) -> None:
    """Short and long jobs, some after a pause in which helpers fall asleep, some for fewer workers than there are."""
    team = pool.Team(helpers)
    rng = np.random.default_rng(helpers)
    for k in range(400):
        squares(team, int(rng.integers(1, 40)), int(rng.integers(1, helpers + 2)), int(rng.integers(1, 400)))
        if k % 50 == 0:
            time.sleep(0.01)


def test_helpers_do_help() -> None:
    """Over many long jobs a helper is there at least once: it wrote tiles, which the caller did not."""
    team = pool.Team(1)
    seen: set[int] = set()

    def watched(queue, job, worker, *rest):
        seen.add(worker)
        return square(queue, job, worker, *rest)

    for _ in range(200):
        given, found = np.arange(64, dtype=np.float64), np.zeros(64)
        team.run(("squares",), watched, (given, found, 2000), 64, 2)
        np.testing.assert_array_equal(found, given**2)
    assert seen == {0, 1}


def test_a_helper_without_memory_leaves_the_job_to_the_caller() -> None:
    team = pool.Team(1)
    refused = threading.Event()

    def short(queue, job, worker, *rest):
        if worker:
            refused.set()
            raise MemoryError
        return square(queue, job, worker, *rest)

    for _ in range(200):
        given, found = np.arange(64, dtype=np.float64), np.zeros(64)
        team.run(("squares",), short, (given, found, 2000), 64, 2)
        np.testing.assert_array_equal(found, given**2)
    assert refused.is_set()
    squares(team, 30, 2)


def test_numbers_of_jobs_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "JOBS", 3)
    team = pool.Team(1)
    for _ in range(100):
        squares(team, 20, 2)


def test_work_too_small_for_two_is_done_by_one() -> None:
    assert pool.shares(tiles=8, work=2 * pool.SMALLEST_SHARE - 1, threads=4) == 1
    assert pool.shares(tiles=8, work=2 * pool.SMALLEST_SHARE, threads=4) == 2
    assert pool.shares(tiles=3, work=10**12, threads=4) == 3
    assert pool.shares(tiles=10**6, work=10**12, threads=10**6) < tile_queue.MOST_WORKERS


def test_a_job_that_ends_early_leaves_its_words_to_its_helpers() -> None:
    """A helper may still be at a tile when the caller is interrupted; counted in the next job, it ends that early."""
    before = pool.TEAMS.of(1)

    def interrupted(queue, job, worker, *rest):
        if worker == 0:
            begin(queue, job, 2)
            raise KeyboardInterrupt
        return square(queue, job, worker, *rest)

    given, found = np.arange(64, dtype=np.float64), np.zeros(64)
    with pytest.raises(KeyboardInterrupt):
        pool.over_tiles(("squares",), interrupted, (given, found, 2000), 64, 2)
    assert pool.TEAMS.of(1) is not before
    for _ in range(50):
        found[:] = 0
        pool.over_tiles(("squares",), square, (given, found, 200), 64, 2)
        np.testing.assert_array_equal(found, given**2)
