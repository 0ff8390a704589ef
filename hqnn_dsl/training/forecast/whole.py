"""The seconds of all trainings together: one, or many of which several run at once."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.training.forecast.fixed import Fixed
    from hqnn_dsl.training.forecast.probe import Pace


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """Seconds of what a training does, and `whole`, of all of it from the command to its end.

    If it has a `stop`, it may end with fewer epochs: these are of all of them. `compiling` is the reading or compiling
    of kernels before the first step; those that the forecast has compiled are kept, so a training after it only reads
    them. `compiling` is not part of `whole`.
    """

    epoch: float
    epochs: float
    """Of all epochs of one training on all its rows."""
    compiling: float
    beginning: float
    """The imports, the table, the network, and the choice of a backend."""
    ending: float
    """The predictions, the baselines, the scores and the pictures, as far as they are waited for."""
    whole: float


@dataclass(frozen=True, kw_only=True)
class Work:
    """The trainings: their epochs and batch, and the training, validation and all rows of each.

    `probed` are the rows of the training whose pace was measured.
    """

    epochs: int
    batch: int
    probed: tuple[int, int, int]
    sizes: Sequence[tuple[int, int, int]]

    def epoch(self, pace: Pace, size: tuple[int, int, int]) -> float:
        """Returns the seconds of an epoch of a training on so many rows."""
        return pace.epoch(len(batch_bounds(size[0], self.batch)), _judged(size) / _judged(self.probed))

    def predicting(self, pace: Pace, size: tuple[int, int, int]) -> float:
        """Returns the seconds of the predictions of all rows of a training."""
        return pace.judging * size[2] / _judged(self.probed)


def _judged(size: tuple[int, int, int]) -> int:
    return size[1] or size[0]


def of_one(pace: Pace, work: Work, beginning: float, fixed: Fixed) -> Seconds:
    """Returns the seconds of one training, whose second process imports what it needs beside it, if there is one."""
    epoch = work.epoch(pace, work.probed)
    training = work.epochs * epoch
    waited = fixed.imports if fixed.memory == 0 else max(0.0, fixed.imports - beginning - training)
    ending = work.predicting(pace, work.probed) + waited + fixed.baselines + fixed.pictures
    return Seconds(
        epoch=epoch,
        epochs=training,
        compiling=pace.compiling,
        beginning=beginning,
        ending=ending,
        whole=beginning + training + ending,
    )


def of_many(  # noqa: PLR0913, PLR0917 - the parts of all trainings
    pace: Pace, work: Work, beginning: float, again: float, fixed: Fixed, workers: int
) -> Seconds:
    """Returns the seconds of many trainings, `workers` at once, begun in their order.

    `again` are the seconds to set up each of them. Baselines are fitted in this process, after one import of
    scikit-learn, and no pictures are drawn.
    """
    free = [0.0] * max(1, workers)
    for size in work.sizes:
        seconds = again + work.epochs * work.epoch(pace, size) + work.predicting(pace, size) + fixed.baselines
        heapq.heappush(free, heapq.heappop(free) + seconds)
    epoch = work.epoch(pace, work.probed)
    return Seconds(
        epoch=epoch,
        epochs=work.epochs * epoch,
        compiling=pace.compiling,
        beginning=beginning + fixed.imports,
        ending=work.predicting(pace, work.probed) + fixed.baselines,
        whole=beginning + fixed.imports + max(free),
    )
