"""The corrected resampled t test of Nadeau and Bengio for paired differences over folds and repetitions.

Folds share rows to learn from, so the variance of the mean difference is larger than s²/n. Nadeau and Bengio (Machine
Learning 52, 239, 2003) take s² (1/n + test rows / rows learned from); Bouckaert and Frank (PAKDD 2004) use it for k
folds drawn r times, with n = k r differences and n - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.science.statistics.units import deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.95
"""The level of intervals; one minus it is the share of false claims that a test allows."""


@dataclass(frozen=True, kw_only=True)
class CorrectedT:
    """The test of a mean difference against 0, two-sided, and the interval of the difference at `level`.

    `deviation` is that of the differences over units, `standard_error` that of their mean, with the correction. For one
    unit there is a mean and nothing else. If all differences are 0 the p-value is 1 and the interval is [0, 0]. If all
    are the same and not 0 there is no spread to judge by: `t`, `p`, `low` and `high` are None.
    """

    units: int
    overlap: float
    level: float
    mean: float
    deviation: float | None = None
    standard_error: float | None = None
    t: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def freedom(self) -> int:
        """Returns the degrees of freedom."""
        return self.units - 1


def corrected_t(differences: Sequence[float], overlap: float, level: float = LEVEL) -> CorrectedT:
    """Returns the corrected resampled t test of differences over units.

    `overlap` is test rows over rows learned from; 0 is the plain paired t test. Raises `ValueError` for no differences.
    """
    if not differences:
        raise ValueError("no differences")
    number = len(differences)
    mean, spread = math.fsum(differences) / number, deviation(differences)
    if spread is None:
        return CorrectedT(units=number, overlap=overlap, level=level, mean=mean)
    if spread == 0:
        known = {"t": 0.0, "p": 1.0, "low": 0.0, "high": 0.0} if mean == 0 else {}
        return CorrectedT(
            units=number, overlap=overlap, level=level, mean=mean, deviation=0.0, standard_error=0.0, **known
        )
    from scipy.special import stdtr, stdtrit

    error = spread * math.sqrt(1 / number + overlap)
    t = mean / error
    half = float(stdtrit(number - 1, (1 + level) / 2)) * error
    return CorrectedT(
        units=number,
        overlap=overlap,
        level=level,
        mean=mean,
        deviation=spread,
        standard_error=error,
        t=t,
        p=float(2 * stdtr(number - 1, -abs(t))),
        low=mean - half,
        high=mean + half,
    )
