"""Scores of test rows as functions of the rows that are taken, and their bootstrap intervals.

The rows are those of `predictions.csv`. A score is used only if it is the one of `metrics.json`: weights of rows are
not in the table of predictions, so scores with such weights have no interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.report.parts import Indices, Numbers
    from hqnn_dsl.report.reading import RunFiles

    Statistic = Callable[[NDArray[np.int64]], NDArray[np.float64]]
    """A score of taken rows: positions `[…, N]` of rows, with repetitions, become scores `[…]`."""

LEVEL, SEED = 0.95, 0
RESAMPLES, LEAST_RESAMPLES, DRAWS = 2000, 200, 40_000_000
"""Draws of the rows: so many, but of many rows fewer, so that there are about so many drawn positions at most."""

MOST_ROWS, MOST_CORRECTED, AT_ONCE = 100_000, 2000, 2_000_000
"""Rows that are drawn from at most, those for which the interval is corrected, and positions that are held at once."""


@dataclass(frozen=True)
class Interval:
    """The ends of a bootstrap interval; `method` is SciPy's name of it, `resamples` the number of draws."""

    low: float
    high: float
    method: str
    resamples: int


def statistics_of(run: RunFiles) -> dict[str, Statistic]:
    """Returns the scores of a run's test rows by their names in `metrics.json`; those of one target as `name/target`.

    Only scores whose value on all rows is that of `metrics.json` are among them.
    """
    test = run.metrics.get("test")
    if run.predictions is None or not test:
        return {}
    if run.classes is None:
        found = dict(_of_values(run.predictions, run.targets, run.level))
    else:
        found = dict(_of_classes(run.predictions, run.targets[0], run.classes))
    rows = np.arange(len(run.predictions))
    with np.errstate(all="ignore"):
        return {name: one for name, one in found.items() if _is_recorded(float(one(rows)), recorded(test, name))}


def recorded(test: Mapping[str, Any], name: str) -> float | None:
    """Returns the score of a part of `metrics.json` that `statistics_of` names so."""
    key, _, target = name.partition("/")
    value = test["targets"].get(target, {}).get(key) if target else test.get(key)
    return None if value is None else float(value)


def _is_recorded(value: float, other: float | None) -> bool:
    return other is not None and math.isclose(value, other, rel_tol=1e-5, abs_tol=1e-9)


def interval(statistic: Statistic, rows: int) -> Interval | None:
    """Returns the 95 % interval of a score over draws of its rows with repetition, always the same draws.

    It is SciPy's bootstrap: bias-corrected and accelerated (Efron 1987), of more than 2000 rows that of percentiles.
    Returns None for fewer than 2 or more than 100,000 rows, or if a draw has no score, as without any row of a class.
    """
    if not 2 <= rows <= MOST_ROWS:
        return None
    from scipy.stats import bootstrap

    method = "BCa" if rows <= MOST_CORRECTED else "percentile"
    resamples = max(LEAST_RESAMPLES, min(RESAMPLES, DRAWS // rows))
    with np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a score that is the same in all draws: its ends are not numbers
            found = bootstrap(
                (np.arange(rows),),
                lambda taken, axis: statistic(np.moveaxis(taken, axis, -1)),
                n_resamples=resamples,
                batch=max(1, AT_ONCE // rows),
                vectorized=True,
                confidence_level=LEVEL,
                method=method,
                rng=np.random.default_rng(SEED),
            ).confidence_interval
    ends = float(found.low), float(found.high)
    return Interval(*ends, method, resamples) if all(map(math.isfinite, ends)) else None


# ------------------------------------------------------------------------------------------------------------- numbers


def _of_values(predictions: pd.DataFrame, names: Sequence[str], level: float | None) -> Iterator[tuple[str, Statistic]]:
    """The scores of each target, and their means over the targets."""
    every: dict[str, list[Statistic]] = {}
    for name in names:
        for key, one in _of_target(predictions, name, level).items():
            every.setdefault(key, []).append(one)
            if len(names) > 1:
                yield f"{key}/{name}", one
    for key, found in every.items():
        if len(found) == len(names):
            yield key, _mean_of(found)


def _mean_of(found: Sequence[Statistic]) -> Statistic:
    return lambda rows: np.asarray(np.mean([one(rows) for one in found], axis=0))


def _of_target(predictions: pd.DataFrame, name: str, level: float | None) -> dict[str, Statistic]:
    true, predicted = (predictions[f"{name}_{part}"].to_numpy(float) for part in ("true", "predicted"))
    square, absolute = (predicted - true) ** 2, np.abs(predicted - true)
    found: dict[str, Statistic] = {
        "rmse": lambda rows: np.sqrt(square[rows].mean(-1)),
        "mae": lambda rows: absolute[rows].mean(-1),
        "r2": lambda rows: 1 - square[rows].sum(-1) / _spread(true[rows]),
    }
    if f"{name}_deviation" in predictions:
        deviation = predictions[f"{name}_deviation"].to_numpy(float)
        with np.errstate(all="ignore"):
            minus = 0.5 * square / deviation**2 + np.log(deviation) + 0.5 * math.log(2 * math.pi)
        found["nll"] = lambda rows: minus[rows].mean(-1)
    if level is not None and f"{name}_low" in predictions and f"{name}_high" in predictions:
        low, high = (predictions[f"{name}_{end}"].to_numpy(float) for end in ("low", "high"))
        inside, width = ((low <= true) & (true <= high)).astype(float), high - low
        found |= {"coverage": lambda rows: inside[rows].mean(-1), "width": lambda rows: width[rows].mean(-1)}
    return found


def _spread(values: Numbers) -> Numbers:
    """The sum of squared deviations from the mean along the last axis."""
    return np.asarray(((values - values.mean(-1, keepdims=True)) ** 2).sum(-1))


# ------------------------------------------------------------------------------------------------------------- classes


def _of_classes(predictions: pd.DataFrame, name: str, labels: Sequence[str]) -> Iterator[tuple[str, Statistic]]:
    columns = [f"{name}_p_{label}" for label in labels]
    if not all(column in predictions for column in columns):
        return
    place = {label: number for number, label in enumerate(labels)}
    true, guess = (
        np.array([place.get(label, -1) for label in predictions[f"{name}_{part}"]], np.int64)
        for part in ("true", "predicted")
    )
    shares = predictions[columns].to_numpy(float)
    if np.any(true < 0) or np.any(guess < 0) or not np.isfinite(shares).all():
        return
    right = (true == guess).astype(float)
    own = -np.log(np.clip(shares[np.arange(len(true)), true], np.finfo(float).eps, 1))
    yield "accuracy", lambda rows: right[rows].mean(-1)
    yield "log_loss", lambda rows: own[rows].mean(-1)
    each = range(len(labels))
    yield "balanced_accuracy", _mean_known([_recall(true == one, true == guess) for one in each])
    asked = [1] if len(labels) == 2 else list(each)
    yield "f1", _mean_known([_f1(true == one, guess == one) for one in asked])
    yield "roc_auc", _mean_of([_area(true == one, shares[:, one]) for one in asked])
    yield "average_precision", _mean_of([_precision(true == one, shares[:, one]) for one in asked])


def _mean_known(found: Sequence[Statistic]) -> Statistic:
    """The mean over the classes that have the score in the taken rows."""
    return lambda rows: np.asarray(np.nanmean([one(rows) for one in found], axis=0))


def _recall(is_class: NDArray[np.bool_], is_right: NDArray[np.bool_]) -> Statistic:
    return lambda rows: (is_class & is_right)[rows].sum(-1) / is_class[rows].sum(-1)


def _f1(is_class: NDArray[np.bool_], is_guess: NDArray[np.bool_]) -> Statistic:
    return lambda rows: 2 * (is_class & is_guess)[rows].sum(-1) / (is_class[rows].sum(-1) + is_guess[rows].sum(-1))


def _area(is_class: NDArray[np.bool_], score: Numbers) -> Statistic:
    """The area under the ROC curve, by the ranks of the rows of the class (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    def area(rows: Indices) -> Numbers:
        hits = is_class[rows]
        inside = hits.sum(-1)
        ranks = np.where(hits, rankdata(score[rows], axis=-1), 0).sum(-1)
        return np.asarray((ranks - inside * (inside + 1) / 2) / (inside * (hits.shape[-1] - inside)))

    return area


def _precision(is_class: NDArray[np.bool_], score: Numbers) -> Statistic:
    """The mean, over the rows of the class, of the share of the class among the rows that score no less."""
    from scipy.stats import rankdata

    def precision(rows: Indices) -> Numbers:
        hits, falling = is_class[rows], -score[rows]
        no_less = rankdata(falling, method="max", axis=-1)
        of_class = rankdata(np.where(hits, falling, np.inf), method="max", axis=-1)
        return np.asarray(np.where(hits, of_class / no_less, 0).sum(-1) / hits.sum(-1))

    return precision
