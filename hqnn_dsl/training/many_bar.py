"""One bar over many trainings: which ones run, an epoch of theirs, and the time that all of them take."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.training.bar import REDRAWN, SAID, Bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.outlook import Outlook


@dataclass
class _Running:
    """A training under way: its share of the whole, its epochs, and how many of them are done."""

    cost: float
    epochs: int = 1
    done: int = 0


class ManyBar(Bar):
    """A context around many trainings, of which several may run at once, in threads of their own.

    For each of them `begin` comes first, then `tell` with its outlook, `note` after every epoch, and `end`. `costs`
    says how long each training takes, in any unit; only their ratios matter.
    """

    def __init__(self, costs: Sequence[float], *, progress: Progress) -> None:
        super().__init__(1, 1, done=0, progress=progress)
        self._costs = costs
        self._all_costs = sum(costs) or 1.0
        self._finished = 0.0
        self._ended = 0
        self._shown = 0
        """The training that the last epoch is of."""
        self._running: dict[int, _Running] = {}
        self._drawing = threading.RLock()

    def skip(self, number: int) -> None:
        """The training of that number, from 1, was done before."""
        self._finished += self._costs[number - 1] / self._all_costs
        self._ended += 1
        self._done = self._done_before = self._finished

    def begin(self, number: int) -> None:
        """The training of that number, from 1, begins."""
        with self._drawing:
            self._running[number] = _Running(self._costs[number - 1] / self._all_costs)

    def tell(self, number: int, outlook: Outlook) -> None:
        """What a running training is going to do."""
        self._running[number].epochs = outlook.train.epochs

    def note(self, number: int, epoch: Epoch) -> None:
        """An epoch of a running training is done."""
        with self._drawing:
            self._running[number].done = epoch.number
            self._shown, self._epoch, self._is_said = number, epoch, False
            self._move()

    def end(self, number: int) -> None:
        """A running training has ended."""
        with self._drawing:
            self._finished += self._running.pop(number).cost
            self._ended += 1
            self._move()

    def _move(self) -> None:
        """Say how far all are, if it is time to."""
        self._done = self._finished + sum(one.cost * one.done / one.epochs for one in self._running.values())
        if self._in_terminal() and self._is_due(REDRAWN):
            self._draw()
        elif self._stream is not None and not self._in_terminal() and self._is_due(SAID):
            self._say()

    def _figures(self) -> list[str]:
        """The losses of the one training that runs, if no other does."""
        return super()._figures() if list(self._running) == [self._shown] else []

    def _place(self, number: int | None = None) -> str:  # noqa: ARG002 - the epoch of a bar over one training
        running = [str(one) for one in sorted(self._running)]
        if not running:
            return f"{self._ended} of {len(self._costs)} trainings"
        if len(running) > 1:
            return f"trainings {listed(running, 'and')} of {len(self._costs)}"
        (one,) = self._running.values()
        return f"training {running[0]}/{len(self._costs)}, epoch {max(one.done, 1)}/{one.epochs}"
