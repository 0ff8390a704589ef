"""The seconds of all trainings together: one, or many of which several run at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.training.forecast.fixed import Fixed
    from hqnn_dsl.training.forecast.probe import Pace


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """Seconds of what a training does, and `whole`, of all of it from the command to its end.

    If it has a `stop`, it may end with fewer epochs: these are of all of them.
    """

    epoch: float
    epochs: float
    """Of all epochs of one training on all its rows."""
    beginning: float
    """The imports, the table, the network, and reading the kept kernels."""
    ending: float
    """The predictions, the baselines, the scores, the pictures and the page, as far as they are waited for."""
    whole: float


@dataclass(frozen=True, kw_only=True)
class Work:
    """The epochs and batch of a training. `probed` are the training, validation and all rows that the pace is of."""

    epochs: int
    batch: int
    probed: tuple[int, int, int]

    def each(self, pace: Pace, size: tuple[int, int, int], *, beginning: float = 0.0, scoring: float = 0.0) -> Each:
        """Returns the seconds of a training on so many training, validation and all rows.

        They are those that the pace tells, `beginning` before its epochs, and `scoring` after the predictions.
        """
        judged = _judged(size) / _judged(self.probed)
        epoch = pace.epoch(len(batch_bounds(size[0], self.batch)), judged)
        predicting = pace.judging * size[2] / _judged(self.probed)
        return Each(rows=size[0], epochs=self.epochs, beginning=beginning, epoch=epoch, ending=predicting + scoring)


def _judged(size: tuple[int, int, int]) -> int:
    return size[1] or size[0]


@dataclass(frozen=True, kw_only=True)
class Each:
    """Seconds of a training on so many rows: before its epochs, of one of them, and after them."""

    rows: int
    epochs: int
    beginning: float
    """The set-up of the table and the network."""
    epoch: float
    ending: float
    """The predictions, the baselines, the scores, and writing them."""

    @property
    def whole(self) -> float:
        """From the begin to the end."""
        return self.beginning + self.epochs * self.epoch + self.ending


def of_one(pace: Pace, work: Work, beginning: float, fixed: Fixed) -> Seconds:
    """Returns the seconds of one training, whose second process imports what it needs beside it, if there is one."""
    each, begun = work.each(pace, work.probed), beginning + pace.loading
    training = work.epochs * each.epoch
    waited = fixed.imports if fixed.memory == 0 else max(0.0, fixed.imports - begun - training)
    ending = each.ending + waited + fixed.baselines + fixed.pictures + fixed.page
    return Seconds(epoch=each.epoch, epochs=training, beginning=begun, ending=ending, whole=begun + training + ending)


def of_many(each: Sequence[Each], workers: int, alone: float, beginning: float) -> Seconds:
    """Returns the seconds of trainings, `workers` at once, begun in their order.

    `alone` is the share of its seconds that a training takes if no other runs; `beginning` comes before the first.
    """
    most = max(each, key=lambda one: one.rows)
    return Seconds(
        epoch=most.epoch,
        epochs=most.epochs * most.epoch,
        beginning=beginning + most.beginning,
        ending=most.ending,
        whole=beginning + together([one.whole for one in each], workers, alone),
    )


def together(seconds: Sequence[float], workers: int, alone: float) -> float:
    """Returns how long jobs take that are begun in their order by so many workers.

    Each takes its `seconds` if all workers have one, `alone` times as long if no other runs, and something evenly
    between if some do.
    """
    waiting, running, now = list(reversed(seconds)), list[float](), 0.0
    while waiting or running:
        while waiting and len(running) < workers:
            running.append(waiting.pop())
        others = (len(running) - 1) / max(1, workers - 1)
        slowness = alone + (1 - alone) * others if workers > 1 else 1.0
        shortest = min(running)
        now += shortest * slowness
        running = [left - shortest for left in running if left > shortest]
    return now


def between(fewest: Each, most: Each, rows: int) -> Each:
    """Returns the seconds on so many rows: on the line between two measurements, or at the end that is nearer."""
    if most.rows <= fewest.rows:
        return most
    share = min(1.0, max(0.0, (rows - fewest.rows) / (most.rows - fewest.rows)))
    parts = {
        name: (1 - share) * getattr(fewest, name) + share * getattr(most, name)
        for name in ("beginning", "epoch", "ending")
    }
    return replace(most, rows=rows, **parts)
