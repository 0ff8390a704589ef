"""Scores of predicted numbers, in the targets' own units, averaged over the targets and for each of them.

The scores are scikit-learn's, and tests hold them equal; importing it takes as long as importing torch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.training.predicted import Values

    Numbers = NDArray[np.float64]

REGRESSION = ("rmse", "mae", "r2", "nll", "coverage", "width")
"""The scores of predicted numbers. The last three are None unless the network gives deviations, or intervals."""


def scores(true: Numbers, predicted: Values, names: Sequence[str], weights: Numbers | None = None) -> dict[str, Any]:
    """Returns every score of `REGRESSION` and `"targets": {name: …}` for `[N, T]` values in the targets' units.

    The outer ones are means over the targets, as scikit-learn's `uniform_average`. `weights[N]` weigh rows, in all but
    coverage and width, since intervals are made without weights. The likelihood is that of normal distributions with
    the predicted deviations. R² is None for a single row, all are for a target with a prediction that is not finite.
    """
    finite = np.isfinite(predicted.values).all(axis=0)
    usable = np.where(finite, predicted.values, 0.0)
    nothing = np.full(true.shape[1], math.nan)
    per_target = {
        "rmse": np.sqrt(_mean((true - usable) ** 2, weights)),
        "mae": _mean(np.abs(true - usable), weights),
        "r2": _r2(true, usable, weights),
        **dict.fromkeys(("nll", "coverage", "width"), nothing),
    }
    if predicted.deviations is not None:
        per_target["nll"] = _mean(_minus_log_density(true, usable, predicted.deviations), weights)
    if predicted.low is not None and predicted.high is not None:
        inside = _inside(true, predicted.low, predicted.high)
        per_target |= {"coverage": np.mean(inside, axis=0), "width": np.mean(predicted.high - predicted.low, axis=0)}
    return _averaged({key: np.where(finite, values, math.nan) for key, values in per_target.items()}, names)


def _inside(true: Numbers, low: Numbers, high: Numbers) -> NDArray[np.bool_]:
    """Returns which values lie in their intervals; the rounding of the ends leaves out no value that is one of them."""
    rounding = 4 * np.finfo(np.float64).eps * (np.abs(true) + np.abs(low) + np.abs(high))
    return np.asarray((low - rounding <= true) & (true <= high + rounding))


def _averaged(per_target: Mapping[str, Numbers], names: Sequence[str]) -> dict[str, Any]:
    averages: dict[str, Any] = {key: plain(float(np.mean(values))) for key, values in per_target.items()}
    averages["targets"] = {
        name: {key: plain(float(values[index])) for key, values in per_target.items()}
        for index, name in enumerate(names)
    }
    return averages


def plain(value: float) -> float | None:
    """The number as JSON can say it: None where it is not finite."""
    return value if math.isfinite(value) else None


def _mean(values: Numbers, weights: Numbers | None) -> Numbers:
    """The mean over rows of `[N, T]` values."""
    return np.asarray(np.mean(values, axis=0) if weights is None else np.average(values, axis=0, weights=weights))


def _r2(true: Numbers, predicted: Numbers, weights: Numbers | None) -> Numbers:
    """One minus the squared errors over the squared deviations; for constant targets 1 where all is right, else 0."""
    if len(true) < 2:
        return np.full(true.shape[1], math.nan)
    each = 1.0 if weights is None else weights[:, None]
    errors = np.sum(each * (true - predicted) ** 2, axis=0)
    deviations = np.sum(each * (true - _mean(true, weights)) ** 2, axis=0)
    is_constant = deviations == 0
    ratios = np.where(is_constant, errors != 0, errors / np.where(is_constant, 1.0, deviations))
    return np.asarray(1.0 - ratios)


def _minus_log_density(true: Numbers, means: Numbers, deviations: Numbers) -> Numbers:
    """Minus the logarithm of the normal density, with its constant: a number of the targets' own units."""
    with np.errstate(all="ignore"):
        distance = (true - means) / deviations
        return np.asarray(0.5 * distance**2 + np.log(deviations) + 0.5 * math.log(2 * math.pi))
