"""Split conformal intervals: as wide as a share of the validation rows needs to lie inside.

If rows are exchangeable, the interval of a new row holds its true value at least with that probability, on average over
tables, whatever the network is (Lei and others, "Distribution-free predictive inference for regression", 2018). Rows
count alike, also if they have weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Radii:
    """Half the width of every target's interval, in its own units, or in deviations if `normalised`."""

    level: float
    rows: int
    normalised: bool
    radii: tuple[float, ...]

    def around(self, values: Numbers, deviations: Numbers | None) -> tuple[Numbers, Numbers]:
        """Returns the lower and upper ends `[N, T]` around predictions `[N, T]`."""
        reach = np.asarray(self.radii) * (1.0 if deviations is None or not self.normalised else deviations)
        return values - reach, values + reach


def rank(num_rows: int, level: float) -> int:
    """Returns which of the `num_rows` errors, counted from 1 in ascending order, is the radius; it may be beyond them.

    `ceil((n + 1) level)`, of the level as it is written: 0.55 is no binary number, and 20 times it is above 11.
    """
    return math.ceil((num_rows + 1) * Fraction(repr(float(level))))


def rows_needed(level: float) -> int:
    """Returns the smallest number of validation rows that a level can be kept with."""
    share = Fraction(repr(float(level)))
    return math.ceil(share / (1 - share))


def fit_radii(true: Numbers, predicted: Numbers, deviations: Numbers | None, level: float) -> Radii:
    """Returns the radii of `[N, T]` validation rows in the targets' units, normalised if there are deviations.

    There must be `rows_needed(level)` rows at least.
    """
    errors = np.abs(true - predicted) / (1.0 if deviations is None else deviations)
    place = rank(len(true), level) - 1
    radii = np.sort(errors, axis=0)[place]
    return Radii(level, len(true), deviations is not None, tuple(float(radius) for radius in radii))
