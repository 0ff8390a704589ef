"""Means and standard errors over many trainings, and the comparison with the baselines on the same rows.

A *unit* is a fold of a repetition, or a seed if there are no folds; several seeds in one fold are averaged first,
because they share their rows. The standard error is that of the mean over units.

Folds share training rows, so differences between them are not independent. The interval of a paired difference is
therefore that of Nadeau and Bengio (Machine Learning 52, 239, 2003): its variance is s² (1/n + test rows / all others)
for n units, with Student's t for n - 1. On units with the same test rows it is s² / n, which says how much the
starting weights matter and nothing of other rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOWER_IS_BETTER = frozenset({"rmse", "mae", "loss", "nll", "log_loss", "width"})
"""Scores that are errors; of all others more is better."""

LEVEL = 0.95
"""The level of the interval of a paired difference."""

PARTS = ("test", "validation", "train")
"""The part that is scored: the first that has rows."""

Rank = Literal["better", "worse", "no clear difference"]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A finished training: where it stands in the plan, its scores as in `metrics.json`, and the rows of its parts."""

    repeat: int
    fold: int | None
    seed: int
    metrics: Mapping[str, Any]
    tested: int
    """How many test rows there are."""
    test_hash: int
    """A hash of the test rows."""
    others: int
    """How many rows could be learned from: all that do not test, or all before them in the order of time."""


def summary(trainings: Sequence[Scored]) -> dict[str, Any] | None:
    """The scores of several trainings of one kind together; None if there are none.

    `{"part", "units", "over", "scores", "baselines", "main", "against"}`: each score has its `mean`, `standard_error`
    (None for one unit) and the number `n` of units that have it; `against` has, for each baseline, the paired
    `difference` of the score `main` with its `low` and `high`, the share of units in which the model is better, and the
    `rank`.
    """
    if not trainings:
        return None
    part = next(part for part in PARTS if trainings[0].metrics.get(part))
    units = _units(trainings)
    own = [_averaged([one.metrics.get(part) or {} for one in unit]) for unit in units]
    names = list(trainings[0].metrics.get("baselines") or {}) if part == "test" else []
    baselines = {
        name: [_averaged([(one.metrics["baselines"] or {}).get(name) or {} for one in unit]) for unit in units]
        for name in names
    }
    baselines = {name: scores for name, scores in baselines.items() if any(scores)}
    main = main_score(trainings[0].metrics[part])
    return {
        "part": part,
        "units": len(units),
        "over": "seeds" if trainings[0].fold is None else "folds",
        "scores": _together(own),
        "baselines": {name: _together(scores) for name, scores in baselines.items()},
        "main": main,
        "against": {
            name: compared(main, own, scores, _overlap(units), units=len(units)) for name, scores in baselines.items()
        },
    }


def main_score(scores: Mapping[str, Any]) -> str:
    """The score that decides a comparison: RMSE, R² for several targets of their own units, balanced accuracy."""
    if "rmse" not in scores:
        return "balanced_accuracy"
    return "rmse" if len(scores.get("targets", {})) < 2 else "r2"


def _units(trainings: Sequence[Scored]) -> list[list[Scored]]:
    found: dict[tuple[int, int | None, int], list[Scored]] = {}
    for one in trainings:
        found.setdefault((one.repeat, one.fold, one.seed if one.fold is None else 0), []).append(one)
    return list(found.values())


def plain_scores(scores: Mapping[str, Any]) -> dict[str, float | None]:
    """The scores that are single numbers, or None."""
    return {
        name: None if value is None else float(value)
        for name, value in scores.items()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    }


def _averaged(several: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The mean of each score over trainings of one unit; None if one of them has none."""
    plain = [plain_scores(scores) for scores in several]
    return {name: _mean([scores.get(name) for scores in plain]) for name in plain[0]}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def _together(units: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Any]]:
    """Mean, standard error and number of units of every score that a unit has."""
    found = {}
    for name in dict.fromkeys(name for unit in units for name in unit):
        known = [value for unit in units if (value := unit.get(name)) is not None]
        if known:
            error = _deviation(known) / math.sqrt(len(known)) if len(known) > 1 else None
            found[name] = {"mean": _mean(known), "standard_error": error, "n": len(known)}
    return found


def _deviation(values: Sequence[float]) -> float:
    """The standard deviation of a sample; of equal values exactly 0, whatever their mean is rounded to."""
    if min(values) == max(values):
        return 0.0
    middle = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _overlap(units: Sequence[Sequence[Scored]]) -> float:
    """Test rows over training rows, as the variance of a difference counts them; 0 if all units have one test part."""
    if len({unit[0].test_hash for unit in units}) == 1:
        return 0.0
    return sum(unit[0].tested / unit[0].others for unit in units) / len(units)


def compared(
    main: str,
    own: Sequence[Mapping[str, float | None]],
    other: Sequence[Mapping[str, float | None]],
    overlap: float,
    *,
    units: int,
) -> dict[str, Any] | None:
    """The paired difference of a score, model minus baseline; None if a unit lacks one of both.

    The interval is None for one unit, and then the sign alone decides the rank.
    """
    pairs = [(one.get(main), two.get(main)) for one, two in zip(own, other, strict=True)]
    differences = [one - two for one, two in pairs if one is not None and two is not None]
    if len(differences) < units:
        return None
    sign = -1.0 if main in LOWER_IS_BETTER else 1.0
    mean = math.fsum(differences) / len(differences)
    half = _half_width(differences, overlap)
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return {
        "difference": mean,
        "low": low,
        "high": high,
        "better_in": sum(sign * difference > 0 for difference in differences),
        "rank": _rank(sign * mean, 0.0 if half is None else half),
    }


def _half_width(differences: Sequence[float], overlap: float) -> float | None:
    number = len(differences)
    if number < 2:
        return None
    from scipy.special import stdtrit

    wide = float(stdtrit(number - 1, (1 + LEVEL) / 2))
    return wide * _deviation(differences) * math.sqrt(1 / number + overlap)


def _rank(gain: float, half: float) -> Rank:
    if gain - half > 0:
        return "better"
    return "worse" if gain + half < 0 else "no clear difference"
