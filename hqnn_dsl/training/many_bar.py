"""One bar over many trainings: which one runs, its epoch, and the time that all of them take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.training.bar import REDRAWN, SAID, Bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.outlook import Outlook


class ManyBar(Bar):
    """A context around many trainings: `begin` before each, `tell` with its outlook, `show` after every epoch, `end`.

    `costs` says how long each training takes, in any unit; only their ratios matter.
    """

    def __init__(self, costs: Sequence[float], *, progress: Progress) -> None:
        super().__init__(1, 1, done=0, progress=progress)
        self._costs = costs
        self._all_costs = sum(costs) or 1.0
        self._finished = 0.0
        self._number, self._cost, self._of = 0, 0.0, 1

    def skip(self, number: int) -> None:
        """The training of that number, from 1, was done before."""
        self._finished += self._costs[number - 1] / self._all_costs
        self._done = self._done_before = self._finished

    def begin(self, number: int) -> None:
        """The training of that number, from 1, begins."""
        self._number, self._cost, self._of = number, self._costs[number - 1] / self._all_costs, 1
        self._epoch = None

    def tell(self, outlook: Outlook) -> None:
        """What the running training is going to do."""
        self._of = outlook.train.epochs

    def show(self, epoch: Epoch) -> None:
        """An epoch of the running training is done."""
        self._epoch, self._is_said = epoch, False
        self._done = self._finished + self._cost * epoch.number / self._of
        if self._in_terminal() and self._is_due(REDRAWN):
            self._draw()
        elif self._stream is not None and not self._in_terminal() and self._is_due(SAID):
            self._say()

    def end(self) -> None:
        """The running training has ended."""
        self._finished += self._cost
        self._done, self._cost = self._finished, 0.0

    def _place(self, number: int | None = None) -> str:
        epoch = number if number is not None else (self._epoch.number if self._epoch is not None else 1)
        return f"training {self._number}/{len(self._costs)}, epoch {epoch}/{self._of}"
