"""How long a training still takes, by its own steps and by all that an epoch has beside them.

Steps, and what follows them in an epoch (the loss of the judged rows, checkpoints), are timed apart, so that the rest
of a running epoch is counted right. The first of each is left out: it may compile kernels. Older times count less and
less, so that another pace is followed; a pause of the whole process is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FORGOTTEN = 30.0
"""Seconds after which a time counts a third of what it did."""
PAUSE, TIMES = 5.0, 10.0
"""What takes longer than so many seconds, and so many times as long as usual, was a pause."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is left of a training once its pace is known: seconds an epoch, epochs, and seconds in all.

    `is_bound` says that a stop may end it earlier; of many trainings the epoch is one of theirs, and `trainings` are
    those that have not ended.
    """

    epoch: float
    epochs: int
    left: float
    is_bound: bool
    trainings: int = 1


class Mean:
    """The mean seconds of equal pieces of work; the first times are not part of it, and older ones count less."""

    def __init__(self, left_out: int = 1) -> None:
        self._left_out = left_out
        self.first: float | None = None
        """Seconds a piece in the first time, which may be too long."""
        self.measured = 0.0
        """Seconds of all times that count."""
        self._seconds = self._pieces = 0.0

    def take(self, pieces: float, seconds: float) -> None:
        """So many pieces took so many seconds."""
        if not pieces:
            return
        if self._left_out:
            self._left_out -= 1
            self.first = seconds / pieces
            return
        usual = self.each
        if usual is not None and seconds > max(PAUSE, TIMES * pieces * usual):
            return
        kept = math.exp(-seconds / FORGOTTEN)
        self._seconds, self._pieces = kept * self._seconds + seconds, kept * self._pieces + pieces
        self.measured += seconds

    @property
    def each(self) -> float | None:
        """The mean seconds of a piece; None if none is known yet."""
        return self._seconds / self._pieces if self._pieces else None


class TimeLeft:
    """Told of every step and every end of an epoch, says how long the rest of a training takes.

    `done` are the steps of all epochs that were trained before, in a run that is gone on with. `judged` is the number
    of rows whose loss ends an epoch, as a share of the training rows.
    """

    def __init__(self, epochs: int, steps: int, *, done: int, judged: float, now: Callable[[], float]) -> None:
        self._epochs, self._steps, self._judged, self._now = epochs, max(1, steps), judged, now
        self._whole, self._of_epoch = divmod(done, self._steps)
        self._stepping, self._ending = Mean(), Mean()
        self._last = now()

    def stepped(self, steps: int) -> None:
        """So many steps are done."""
        self._of_epoch += steps
        self._stepping.take(steps, self._passed())

    def ended(self) -> None:
        """An epoch is done, with all that comes after its steps."""
        self._whole, self._of_epoch = self._whole + 1, 0
        self._ending.take(1, self._passed())

    def _passed(self) -> float:
        now = self._now()
        passed, self._last = now - self._last, now
        return passed

    @property
    def measured(self) -> float:
        """Seconds of all that was timed but for first times and pauses."""
        return self._stepping.measured + self._ending.measured

    @property
    def is_epoch_known(self) -> bool:
        """Whether the ends of epochs are known by their own times."""
        return self._ending.each is not None

    @property
    def epoch(self) -> float | None:
        """Seconds of an epoch; None if no step is known yet.

        An end of an epoch that is not known yet takes no longer than steps on as many rows, which go back too.
        """
        step = self._stepping.each
        if step is None:
            return None
        bound = self._judged * self._steps * step
        first = bound if self._ending.first is None else min(bound, self._ending.first)
        ending = self._ending.each
        return self._steps * step + (first if ending is None else ending)

    @property
    def left(self) -> float | None:
        """Seconds of all epochs that are not done; None if no step is known yet."""
        epoch, step = self.epoch, self._stepping.each
        if epoch is None or step is None:
            return None
        return max(0.0, (self._epochs - self._whole) * epoch - self._of_epoch * step)

    def expected(self, *, is_bound: bool) -> Expected | None:
        """Returns both together with the epochs that are left; None if no step is known yet."""
        epoch, left = self.epoch, self.left
        if epoch is None or left is None:
            return None
        return Expected(epoch=epoch, epochs=self._epochs - self._whole, left=left, is_bound=is_bound)
