"""What is compared: one score of two contenders, paired over units.

A *unit* is a fold of a repetition, or a seed if all trainings test on the same rows. Several seeds in one fold are
averaged before, since they share their rows. All contenders are scored on the same units, in the same order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.quantities import CLASS_SCORES, MORE_SCORES, SCORES
from hqnn_dsl.training.many_scores import LOWER_IS_BETTER

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDING = 1e-12
"""Two scores whose relative difference is not larger are the same score."""

REGION = 0.01
"""Half of the region of practical equivalence: a share of the other's error, or an absolute difference of a share."""

SIZES = (0.1, 0.05)
"""The size of a difference that a comparison should see: a share of the other's error; of other scores itself."""

SHARE_OF_ERROR = frozenset({"rmse", "mae", "log_loss", "loss"})
"""Scores that have a unit or no upper bound, and are never negative: their region is a share of the other's score."""

_SPELT_OUT = {"balanced_accuracy": "balanced accuracy", "average_precision": "average precision", "loss": "loss"}


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score by its name in `metrics.json`, its direction, and the differences that do not matter.

    `region` is half the width of the region of practical equivalence, and `size` that of a difference which one would
    like to see: shares of the mean score of the other contender if `is_share`, else in the score's own units.
    """

    name: str
    title: str
    higher_is_better: bool
    region: float = REGION
    size: float = SIZES[1]
    is_share: bool = False

    @staticmethod
    def of(name: str, region: float | None = None, size: float | None = None) -> Score:
        """Returns the score of that name, with a region of one per cent, of the other's error if it is one.

        `size` is that of a difference which one would like to see: 10 % of the other's error, or 0.05, by default.
        """
        is_share = name in SHARE_OF_ERROR
        title = _SPELT_OUT.get(name) or {**SCORES, **MORE_SCORES, **CLASS_SCORES}.get(name, name)
        return Score(
            name=name,
            title=title,
            higher_is_better=name not in LOWER_IS_BETTER,
            region=REGION if region is None else region,
            size=SIZES[0 if is_share else 1] if size is None else size,
            is_share=is_share,
        )

    @property
    def sign(self) -> float:
        """Returns 1 if a larger score is better, else -1: a difference times this is a gain."""
        return 1.0 if self.higher_is_better else -1.0

    def half_region(self, other_mean: float) -> float:
        """Returns half of the region of practical equivalence in the score's units."""
        return self.region * abs(other_mean) if self.is_share else self.region

    def stated_size(self, other_mean: float) -> float:
        """Returns the size of the difference that one would like to see, in the score's units."""
        return self.size * abs(other_mean) if self.is_share else self.size


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Where a score was measured. `fold` is None if the test rows are the same in all units.

    `tested` is the number of test rows, `learned` that of all rows that could be learned from, validation rows among
    them.
    """

    repeat: int = 0
    fold: int | None = 0
    tested: int
    learned: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The units of a comparison in order, and how much they share."""

    units: tuple[Unit, ...]

    @property
    def over(self) -> Literal["folds", "seeds"]:
        """What the units differ in."""
        return "seeds" if any(unit.fold is None for unit in self.units) else "folds"

    @property
    def repeats(self) -> int:
        """How many times the folds were drawn; of seeds, how many there are."""
        return len(self.units) if self.over == "seeds" else len({unit.repeat for unit in self.units})

    @property
    def overlap(self) -> float:
        """Returns the correction of Nadeau and Bengio: the mean of test rows over rows learned from.

        Returns 0 for seeds: they all have the same rows, and their spread says nothing of other rows.
        """
        if self.over == "seeds":
            return 0.0
        return math.fsum(unit.tested / unit.learned for unit in self.units) / len(self.units)

    @property
    def rows(self) -> int:
        """Returns the number of rows of the table that are in a unit: the most there are."""
        return max(unit.tested + unit.learned for unit in self.units)

    @property
    def words(self) -> str:
        """`10 folds`, `3 seeds`: the units with their number."""
        noun = self.over.removesuffix("s")
        return f"{len(self.units)} {noun if len(self.units) == 1 else self.over}"


def folds_layout(folds: int, repeats: int, rows: int) -> Layout:
    """Returns the units of `repeats` times `folds` folds of so many rows, repetition by repetition.

    The first folds have one row more if the rows do not divide, as scikit-learn's `KFold` makes them.
    """
    sizes = [rows // folds + (1 if fold < rows % folds else 0) for fold in range(folds)]
    return Layout(
        units=tuple(
            Unit(repeat=repeat, fold=fold, tested=size, learned=rows - size)
            for repeat in range(repeats)
            for fold, size in enumerate(sizes)
        )
    )


@dataclass(frozen=True, kw_only=True)
class Paired:
    """The differences of one score, own minus other, over the units in which both have a finite score.

    `own_missing` and `other_missing` are the units, by their position, in which one has none.
    """

    layout: Layout
    differences: tuple[float, ...]
    own_mean: float | None
    other_mean: float | None
    own_missing: tuple[int, ...] = ()
    other_missing: tuple[int, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether both contenders have a score in every unit."""
        return not self.own_missing and not self.other_missing

    @property
    def mean(self) -> float | None:
        """Returns the mean difference; None if no unit has both scores."""
        return mean(self.differences)

    def better_in(self, score: Score) -> tuple[int, int]:
        """Returns the number of units in which the own score is better, and in which it is the same."""
        gains = [score.sign * difference for difference in self.differences]
        return sum(gain > 0 for gain in gains), sum(gain == 0 for gain in gains)


def paired(own: Sequence[float | None], other: Sequence[float | None], layout: Layout) -> Paired:
    """Returns the differences of two contenders' scores. A score that is None, NaN or infinite is missing.

    Scores that are equal up to rounding have the difference 0, exactly. Raises `ValueError` for another number of
    scores than units.
    """
    if not len(own) == len(other) == len(layout.units):
        raise ValueError(f"{len(own)} and {len(other)} scores for {len(layout.units)} units")
    lacking = [tuple(i for i, value in enumerate(scores) if not is_finite(value)) for scores in (own, other)]
    pairs = [(a, b) for a, b in zip(own, other, strict=True) if a is not None and b is not None]
    both = [(a, b) for a, b in pairs if math.isfinite(a) and math.isfinite(b)]
    return Paired(
        layout=layout,
        differences=tuple(_difference(a, b) for a, b in both),
        own_mean=mean([a for a, _ in both]),
        other_mean=mean([b for _, b in both]),
        own_missing=lacking[0],
        other_missing=lacking[1],
    )


def is_finite(value: float | None) -> bool:
    """Whether there is a score."""
    return value is not None and math.isfinite(value)


def mean(values: Sequence[float]) -> float | None:
    """Returns the mean, None of nothing."""
    return math.fsum(values) / len(values) if values else None


def deviation(values: Sequence[float]) -> float | None:
    """Returns the standard deviation of a sample, None of fewer than two values; 0 if they differ by rounding only."""
    if len(values) < 2:
        return None
    if max(values) - min(values) <= ROUNDING * max(abs(value) for value in values):
        return 0.0
    middle = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _difference(own: float, other: float) -> float:
    return 0.0 if math.isclose(own, other, rel_tol=ROUNDING) else own - other
