"""Many trainings at once in the threads of one process.

Compiled kernels and torch's operations hold no lock of the interpreter, so trainings in threads run beside each other;
nothing is pickled, and tables are shared. Each training has one thread, and the bits that it has alone.
"""

from __future__ import annotations

import signal
import threading
import warnings
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

import torch

from hqnn_dsl.diagnostics.notices import Caller, caller, notices_point_at
from hqnn_dsl.training.interruption import answered_by, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextvars import Context

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS = 0.1
"""How often the calling thread wakes while it waits: on some systems a signal cannot wake it."""
STACK_BYTES = 16 << 20
"""The stack of a training's thread; some systems give half a megabyte, which a deep spec can use up."""

_one_of_many: ContextVar[bool] = ContextVar("one_of_many", default=False)
_single_threaded: ContextVar[bool] = ContextVar("single_threaded", default=False)


def is_one_of_many() -> bool:
    """Whether this is called by a job of `fit_many`."""
    return _one_of_many.get()


def is_single_threaded() -> bool:
    """Whether this is called by a job that others run beside, so that it must use one thread."""
    return _single_threaded.get()


@dataclass(frozen=True, eq=False)
class Outcome(Generic[T]):
    """The end of a job: what it returned, or the exception that it raised."""

    result: T | None = None
    error: Exception | None = None


@dataclass(frozen=True, eq=False)
class Many(Generic[T]):
    """The ends of all jobs, in their order; None for those that were not begun. `ended_by` is the signal that came."""

    outcomes: tuple[Outcome[T] | None, ...]
    ended_by: int = 0


def fit_many(
    jobs: Sequence[Callable[[], T]], workers: int, on_end: Callable[[int, Outcome[T]], object] | None = None
) -> Many[T]:
    """Run jobs in so many threads, begun in their order. `on_end` takes the index of a job and its outcome.

    With one worker, or one job, jobs run in the calling thread, with the threads that they have alone. `on_end` is
    always called in the calling thread. An `Exception` of a job is its outcome, and the others go on.

    A first signal to end (Ctrl-C, SIGTERM) is told to all jobs that ask `interruptible`; no further job is begun, and
    the caller passes the signal on if it wants to. An exception of `on_end`, and one of a job that is no `Exception`,
    ends all in the same way, and is raised when they have ended; a second Ctrl-C is raised at once.
    """
    if workers < 1:
        raise ValueError(f"jobs need a worker, not {workers}")
    with interruptible() as asked:
        work = _Work(list(jobs), asked, on_end)
        if min(workers, len(work.jobs)) <= 1:
            work.in_this_thread()
        else:
            with _shared_settings():
                work.in_threads(min(workers, len(work.jobs)))
        return Many(tuple(work.outcomes), asked())


@dataclass(eq=False)
class _Work(Generic[T]):
    """Jobs under way."""

    jobs: list[Callable[[], T]]
    asked: Callable[[], int]
    on_end: Callable[[int, Outcome[T]], object] | None
    outcomes: list[Outcome[T] | None] = field(init=False)
    broken: BaseException | None = None
    """The exception that ends all jobs."""

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.jobs)
        self._begun = 0
        self._beginning = threading.Lock()

    def ended_by(self) -> int:
        """The answer that jobs get to the question whether to end."""
        return self.asked() or (signal.SIGINT if self.broken is not None else 0)

    def in_this_thread(self) -> None:
        """Run all jobs one after another."""
        while (index := self._next()) is not None:
            self._keep(index, copy_context().run(self._carried_out, index, None))

    def in_threads(self, workers: int) -> None:
        """Run all jobs, and wait for their ends."""
        ends: SimpleQueue[tuple[int, Outcome[T]] | None] = SimpleQueue()
        at = caller()
        threads = [
            threading.Thread(target=self._work, args=(copy_context(), at, ends), name=f"hqnn-training-{n}", daemon=True)
            for n in range(1, workers + 1)
        ]
        with _stack_size():
            for thread in threads:
                thread.start()
        while workers:
            try:
                end = ends.get(timeout=SECONDS_BETWEEN_LOOKS)
                if end is None:
                    workers -= 1
                else:
                    self._keep(*end)
            except Empty:
                continue
            except Exception as error:  # noqa: BLE001 - the others end first, and then it is raised
                self.broken = self.broken or error
            except BaseException as error:
                self.broken = error
                raise
        if self.broken is not None:
            raise self.broken

    def _work(self, context: Context, at: Caller, ends: SimpleQueue[tuple[int, Outcome[T]] | None]) -> None:
        """The loop of a thread."""
        torch.set_num_threads(1)
        try:
            while (index := self._next()) is not None:
                ends.put((index, context.copy().run(self._carried_out, index, at)))
        except BaseException as error:  # noqa: BLE001 - it is raised in the calling thread
            self.broken = self.broken or error
        finally:
            ends.put(None)

    def _next(self) -> int | None:
        """Returns the index of the next job to begin, None if there is none or all are to end."""
        with self._beginning:
            if self.ended_by() or self._begun == len(self.jobs):
                return None
            self._begun += 1
            return self._begun - 1

    def _carried_out(self, index: int, at: Caller | None) -> Outcome[T]:
        """Returns the outcome of a job; `at` is the line that its notices point at if it has a thread of its own."""
        _one_of_many.set(True)
        with ExitStack() as stack:
            stack.enter_context(answered_by(self.ended_by))
            if at is not None:
                _single_threaded.set(True)
                stack.enter_context(notices_point_at(at))
            try:
                return Outcome(result=self.jobs[index]())
            except Exception as error:  # noqa: BLE001 - whatever one job raises, the others go on
                return Outcome(error=error)

    def _keep(self, index: int, outcome: Outcome[T]) -> None:
        self.outcomes[index] = outcome
        if self.on_end is not None:
            self.on_end(index, outcome)


@contextmanager
def _shared_settings() -> Iterator[None]:
    """In the block, threads may change what all of them share: it is as before at the end.

    That is torch's number of threads, its global generator, and the filters of warnings.
    """
    before = torch.get_num_threads()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _stack_size() -> Iterator[None]:
    """Threads that are started in the block have a stack that is large enough."""
    before = threading.stack_size(STACK_BYTES)
    try:
        yield
    finally:
        threading.stack_size(before)
