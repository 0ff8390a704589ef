"""Inputs and targets as models that measure distances want them: categories spread, means 0, deviations 1.

Everything is fitted on the rows that the model is fitted on. The spec's own scaling, which is made for angles, comes
before; a column of constant numbers stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.training.baselines import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scaled:
    """Means and deviations of spread inputs and of targets."""

    levels: dict[int, int]
    middle: Numbers = field(repr=False)
    deviation: Numbers = field(repr=False)
    target_middle: Numbers = field(repr=False)
    target_deviation: Numbers = field(repr=False)

    @staticmethod
    def of(learned: Learned) -> Scaled:
        """Returns those of the rows to fit on."""
        wide = spread(learned.inputs, learned.levels)
        return Scaled(learned.levels, *_moments(wide), *_moments(learned.targets))

    def inputs(self, inputs: Numbers) -> Numbers:
        """Returns inputs `[N, F']`, scaled."""
        return np.asarray((spread(inputs, self.levels) - self.middle) / self.deviation)

    def targets(self, values: Numbers) -> Numbers:
        """Returns targets `[N, T]`, scaled."""
        return np.asarray((values - self.target_middle) / self.target_deviation)

    def invert(self, scaled: Numbers) -> Numbers:
        """Returns scaled targets `[N, T]` in their own units again."""
        return np.asarray(scaled * self.target_deviation + self.target_middle)


def _moments(values: Numbers) -> tuple[Numbers, Numbers]:
    middle, deviation = values.mean(axis=0), values.std(axis=0)
    smallest = 1e-12 * np.maximum(1.0, np.abs(middle))
    return middle, np.where(deviation > smallest, deviation, 1.0)
