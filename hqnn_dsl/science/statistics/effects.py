"""The size of a difference: in standard deviations over units, and as a share of the other's score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.science.statistics.units import deviation

if TYPE_CHECKING:
    from hqnn_dsl.science.statistics.units import Paired


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Sizes of a difference, each None where it is not defined.

    `d` is Cohen's d of paired differences (their mean over their standard deviation, often written d_z), `g` the same
    with the correction of Hedges (1981) for few units, `relative` the mean difference over the mean of the other's
    score, whose sign is that of the difference.
    """

    d: float | None
    g: float | None
    relative: float | None


def effect(paired: Paired) -> Effect:
    """Returns the effect sizes of differences. d and g are None for one unit, or if all differences are the same."""
    mean, spread = paired.mean, deviation(paired.differences)
    relative = mean / abs(paired.other_mean) if mean is not None and paired.other_mean else None
    if mean == 0 and spread == 0:
        return Effect(d=0.0, g=0.0, relative=relative)
    if mean is None or not spread:
        return Effect(d=None, g=None, relative=relative)
    d = mean / spread
    return Effect(d=d, g=d * hedges(len(paired.differences) - 1), relative=relative)


def hedges(freedom: int) -> float:
    """Returns the exact factor of Hedges: Γ(m/2) / (√(m/2) Γ((m - 1)/2)) for m degrees of freedom; 0 for one."""
    if freedom < 2:
        return 0.0
    half = freedom / 2
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)
