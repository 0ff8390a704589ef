"""Bootstrap intervals: of a mean difference over units, and over data sets with several units each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.statistics.corrected_t import LEVEL
from hqnn_dsl.science.statistics.units import deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

RESAMPLES = 9999
FEWEST = 5
"""Of fewer units no bootstrap interval is made: so few values have too few different resamples."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A bootstrap interval of a mean at `level`, by `method`."""

    low: float
    high: float
    level: float
    method: str


def bootstrap(differences: Sequence[float], *, seed: int, level: float = LEVEL) -> Interval | None:
    """Returns SciPy's bias-corrected accelerated interval (Efron 1987) of the mean; None for fewer than 5 differences.

    It takes the units for independent, which folds are not: it says how much the mean depends on single folds, and is
    narrower than the interval of the corrected t test. Differences that are all the same have the interval of that
    number alone.
    """
    if len(differences) < FEWEST:
        return None
    if deviation(differences) == 0:
        mean = float(np.mean(differences))
        return Interval(low=mean, high=mean, level=level, method="BCa")
    from scipy import stats

    with warnings_ignored():
        found = stats.bootstrap(
            (np.asarray(differences, dtype=np.float64),),
            np.mean,
            n_resamples=RESAMPLES,
            confidence_level=level,
            method="BCa",
            random_state=np.random.default_rng(seed),
        ).confidence_interval
    return Interval(low=float(found.low), high=float(found.high), level=level, method="BCa")


def hierarchical(groups: Sequence[Sequence[float]], *, seed: int, level: float = LEVEL) -> Interval | None:
    """Returns the percentile interval of the mean over groups of the means within; None for fewer than 5 groups.

    Groups (data sets) are drawn with replacement, then units within each that was drawn, so that both kinds of chance
    count (Davison and Hinkley, Bootstrap Methods, 1997, 3.8).
    """
    if len(groups) < FEWEST or any(not len(group) for group in groups):
        return None
    draw = np.random.default_rng(seed)
    sizes = np.array([len(group) for group in groups])
    values = np.zeros((len(groups), sizes.max()))
    for place, group in enumerate(groups):
        values[place, : len(group)] = group
    means = np.zeros(RESAMPLES)
    for _ in groups:
        picked = draw.integers(0, len(groups), RESAMPLES)
        units = (draw.random((RESAMPLES, sizes.max())) * sizes[picked, None]).astype(np.int64)
        is_drawn = np.arange(sizes.max()) < sizes[picked, None]
        drawn = np.where(is_drawn, values[picked[:, None], units], 0.0)
        means += drawn.sum(axis=1) / sizes[picked] / len(groups)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high), level=level, method="hierarchical percentile")
