"""One bar over many trainings: which ones run, an epoch of theirs, and the time that all of them take."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.training.bar import REDRAWN, SAID, SURE, Bar, now, sure_after
from hqnn_dsl.training.time_left import Expected, Mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.outlook import Outlook


FEW = 100
"""Of more waiting trainings only the sum is told, since they are dealt out evenly enough."""


@dataclass
class _Running:
    """A training under way: its cost, its epochs, how many of them are done, and when it was last heard of."""

    cost: float
    heard: float
    epochs: int = 1
    done: int = 0
    is_told: bool = False


class ManyBar(Bar):
    """A context around many trainings, of which `workers` may run at once, in threads of their own.

    For each of them `begin` comes first, then `tell` with its outlook, `note` after every epoch, and `end`. `costs`
    says how long an epoch of each training takes, in any unit; only their ratios matter. What is left is told by the
    means of set-ups, of epochs and of endings so far, the first ones of each worker left out. If `tell` and `note` are
    never called, as for fits that have no epochs, it is told by the mean of the whole fits. `noun` is what they are.
    """

    def __init__(  # noqa: PLR0913 - what a bar is told
        self,
        costs: Sequence[float],
        *,
        progress: Progress,
        workers: int = 1,
        is_bound: bool = True,
        on_pace: Callable[[Expected], None] | None = None,
        noun: str = "training",
    ) -> None:
        super().__init__(1, 1, done=0, progress=progress, is_bound=is_bound, on_pace=on_pace)
        self._costs, self._workers, self._noun = costs, workers, noun
        self._all_costs = sum(costs) or 1.0
        self._finished = 0.0
        self._ended = 0
        self._shown = 0
        """The training that the last epoch is of."""
        self._running: dict[int, _Running] = {}
        self._waiting = dict.fromkeys(range(1, len(costs) + 1))
        self._epochs_each = 1
        self._beginning, self._epoch_of_cost, self._ending = Mean(0), Mean(workers), Mean(0)
        self._drawing = threading.RLock()

    def skip(self, number: int) -> None:
        """The training of that number, from 1, was done before."""
        del self._waiting[number]
        self._finished += self._costs[number - 1] / self._all_costs
        self._ended += 1
        self._done = self._finished

    def begin(self, number: int) -> None:
        """The training of that number, from 1, begins."""
        with self._drawing:
            del self._waiting[number]
            self._running[number] = _Running(self._costs[number - 1], now())

    def tell(self, number: int, outlook: Outlook) -> None:
        """What a running training is going to do."""
        with self._drawing:
            one = self._running[number]
            one.epochs, one.is_told = outlook.train.epochs, True
            self._epochs_each = one.epochs
            self._beginning.take(1, self._passed(one))

    def note(self, number: int, epoch: Epoch) -> None:
        """An epoch of a running training is done."""
        with self._drawing:
            one = self._running[number]
            one.done = epoch.number
            self._epoch_of_cost.take(one.cost, self._passed(one))
            self._shown, self._epoch, self._is_said = number, epoch, False
            self._move()

    def end(self, number: int) -> None:
        """A running training has ended."""
        with self._drawing:
            one = self._running.pop(number)
            self._ending.take(1, self._passed(one))
            self._finished += one.cost / self._all_costs
            self._ended += 1
            self._is_said &= self._epoch is not None
            self._move()

    @staticmethod
    def _passed(one: _Running) -> float:
        before, one.heard = one.heard, now()
        return one.heard - before

    def _move(self) -> None:
        """Say how far all are, if it is time to."""
        under_way = sum(one.cost * one.done / one.epochs for one in self._running.values())
        self._done = self._finished + under_way / self._all_costs
        self._tell_pace()
        if self._in_terminal() and self._is_due(REDRAWN):
            self._draw()
        elif self._stream is not None and not self._in_terminal() and self._is_due(SAID):
            self._say()

    def _left(self) -> tuple[float | None, bool]:
        """The seconds until all workers are done, and whether it may be fewer; before a first end it may be more."""
        epoch, ending = self._epoch_of_cost.each, self._ending.each or 0.0
        if epoch is None:
            is_known = self._epoch is None and self._ending.each is not None
            open_ones = len(self._running) + len(self._waiting)
            return (ending * open_ones / self._workers if is_known else None), False
        before = self._beginning.each or 0.0

        def of(cost: float, epochs: int, *, is_told: bool) -> float:
            return (0.0 if is_told else before) + epochs * cost * epoch + ending

        epochs = self._epochs_each
        free = [of(one.cost, one.epochs - one.done, is_told=one.is_told) for one in self._running.values()]
        waiting = [of(self._costs[number - 1], epochs, is_told=False) for number in self._waiting]
        is_bound = self._is_bound and self._ending.each is not None
        if len(waiting) > FEW:
            return (sum(free) + sum(waiting)) / self._workers, is_bound
        free += [0.0] * (self._workers - len(free))
        heapq.heapify(free)
        for seconds in waiting:
            heapq.heappush(free, heapq.heappop(free) + seconds)
        return max(free), is_bound

    def _expected(self) -> Expected | None:
        """What is to be told; None if it is not known well enough yet."""
        epoch = self._epoch_of_cost
        if epoch.each is None or epoch.measured < SURE:
            return None
        left, is_bound = self._left()
        if left is None or epoch.measured < sure_after(left):
            return None
        return Expected(
            epoch=epoch.each * max(self._costs),
            epochs=self._epochs_each,
            left=left,
            is_bound=is_bound,
            trainings=len(self._running) + len(self._waiting),
        )

    def _say(self) -> None:
        """Write a line; of fits without epochs, how many have ended."""
        if self._epoch is not None:
            super()._say()
            return
        self._drawn_at, self._is_said = now(), True
        self._write(f"{self._place()}: {', '.join(self._times())}\n")

    def _figures(self) -> list[str]:
        """The losses of the one training that runs, if no other does."""
        return super()._figures() if list(self._running) == [self._shown] else []

    def _place(self, number: int | None = None) -> str:  # noqa: ARG002 - the epoch of a bar over one training
        running = [str(one) for one in sorted(self._running)]
        if not running:
            return f"{self._ended} of {len(self._costs)} {self._noun}s"
        if len(running) > 1:
            return f"{self._noun}s {listed(running, 'and')} of {len(self._costs)}"
        (one,) = self._running.values()
        if self._epoch is None and not one.is_told:
            return f"{self._noun} {running[0]}/{len(self._costs)}"
        return f"{self._noun} {running[0]}/{len(self._costs)}, epoch {max(one.done, 1)}/{one.epochs}"
