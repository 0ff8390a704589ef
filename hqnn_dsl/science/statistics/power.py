"""Which differences a comparison can see: the power of the corrected resampled t test, and what more would be needed.

If the differences of all units have the same correlation ρ = test rows / all rows, which the test takes them to have,
the statistic is Student's t that is not central: its centre is δ / (s √(1/n + overlap)) for a true difference δ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hqnn_dsl.science.statistics.units import Layout

POWER = 0.8
"""A difference is *seen* if it is found in so large a share of experiments."""

LEVEL = 0.05
"""The share of false claims that is allowed."""

MOST_REPEATS = 1000
"""More repetitions than this are never advised."""


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What it takes to see a difference of a stated size.

    `power` is that of the comparison as it was made, `detectable` the smallest difference that it sees. `repeats` is
    how many repetitions of the folds (or how many seeds) see the stated difference, None if 1000 do not; `rows` is how
    many rows a table would need, the rest being the same, if the deviation of the differences falls as one over the
    square root of the rows.
    """

    difference: float
    power: float
    detectable: float
    repeats: int | None
    rows: int
    target: float = POWER
    level: float = LEVEL


def power_of(difference: float, deviation: float, units: int, overlap: float, level: float = LEVEL) -> float:
    """Returns how often the two-sided test at `level` finds a true difference, for the deviation over units."""
    if units < 2:
        return 0.0
    if deviation == 0:
        return 1.0 if difference else level
    return _power(abs(difference) / (deviation * math.sqrt(1 / units + overlap)), units, level)


def detectable(
    deviation: float, units: int, overlap: float, level: float = LEVEL, target: float = POWER
) -> float | None:
    """Returns the smallest difference that is found with the power `target`; None for fewer than two units."""
    if units < 2:
        return None
    if deviation == 0:
        return 0.0
    from scipy.optimize import brentq

    high = 1.0
    while _power(high, units, level) < target:
        high *= 2
    centre = float(brentq(lambda centre: _power(centre, units, level) - target, 0.0, high, xtol=1e-10))
    return centre * deviation * math.sqrt(1 / units + overlap)


def needed(
    difference: float, deviation: float, layout: Layout, level: float = LEVEL, target: float = POWER
) -> Needed | None:
    """Returns what it takes to see a difference; None if it is 0, or there is no deviation to tell by."""
    units, size = len(layout.units), abs(difference)
    least = detectable(deviation, units, layout.overlap, level, target)
    if not size or not deviation or least is None:
        return None
    return Needed(
        difference=size,
        power=power_of(size, deviation, units, layout.overlap, level),
        detectable=least,
        repeats=_repeats(size, deviation, layout, level, target),
        rows=_rounded_up(layout.rows * (least / size) ** 2),
        target=target,
        level=level,
    )


def _repeats(size: float, deviation: float, layout: Layout, level: float, target: float) -> int | None:
    """Returns the smallest number of repetitions that reaches the power; power grows with them."""
    each = len(layout.units) / layout.repeats

    def reaches(repeats: int) -> bool:
        return power_of(size, deviation, round(repeats * each), layout.overlap, level) >= target

    if not reaches(MOST_REPEATS):
        return None
    low, high = 0, MOST_REPEATS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _power(centre: float, units: int, level: float) -> float:
    """Returns the power of a t test for the centre of its statistic."""
    from scipy.special import nctdtr, stdtrit

    critical = float(stdtrit(units - 1, 1 - level / 2))
    upper = 1.0 - float(nctdtr(units - 1, centre, critical))
    lower = float(nctdtr(units - 1, centre, -critical))
    return upper + (lower if math.isfinite(lower) else 0.0)


def _rounded_up(value: float) -> int:
    """Returns a number of rows with two digits, rounded up: more are not known."""
    if value < 100:
        return math.ceil(value)
    step = int(10 ** (math.floor(math.log10(value)) - 1))
    return math.ceil(value / step) * step
