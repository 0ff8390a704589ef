"""The seconds of all trainings together: one, or many of which several run at once."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
class Size:
    """A training of many: its steps an epoch, and its judged rows in shares of those of the probe."""

    steps: int
    judged_share: float


def of_one(  # noqa: PLR0913, PLR0917 - the parts of a training
    pace: Pace, size: Size, epochs: int, beginning: float, fixed: Fixed, share: float
) -> Seconds:
    """Returns the seconds of one training, whose predictions of all rows take `share` times as long as a judging."""
    epoch = pace.epoch(size.steps, size.judged_share)
    training = epochs * epoch
    waited = fixed.imports if fixed.memory == 0 else max(0.0, fixed.imports - beginning - training)
    ending = share * pace.judging + waited + fixed.baselines + fixed.pictures
    return Seconds(
        epoch=epoch,
        epochs=training,
        compiling=pace.compiling,
        beginning=beginning,
        ending=ending,
        whole=beginning + training + ending,
    )


def of_many(  # noqa: PLR0913, PLR0917 - the parts of all trainings
    pace: Pace,
    sizes: Sequence[Size],
    epochs: int,
    beginning: float,
    again: float,
    fixed: Fixed,
    share: float,
    workers: int,
) -> Seconds:
    """Returns the seconds of many trainings, `workers` at once, begun in their order.

    `again` are the seconds to set up each of them. Baselines are fitted in this process, after one import of
    scikit-learn, and no pictures are drawn.
    """
    each = [
        again + epochs * pace.epoch(size.steps, size.judged_share) + share * pace.judging + fixed.baselines
        for size in sizes
    ]
    free = [0.0] * max(1, workers)
    for seconds in each:
        heapq.heappush(free, heapq.heappop(free) + seconds)
    largest = max(sizes, key=lambda size: size.steps)
    epoch = pace.epoch(largest.steps, largest.judged_share)
    return Seconds(
        epoch=epoch,
        epochs=epochs * epoch,
        compiling=pace.compiling,
        beginning=beginning + fixed.imports,
        ending=share * pace.judging + fixed.baselines,
        whole=beginning + fixed.imports + max(free),
    )
