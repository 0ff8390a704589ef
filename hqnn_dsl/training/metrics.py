"""Scores of predictions, in the targets' own units, averaged over the targets and for each of them.

Importing scikit-learn takes as long as importing torch, so whoever only predicts is spared it.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def scores(true: Numbers, predicted: Numbers, names: Sequence[str]) -> dict[str, Any]:
    """`{"rmse", "mae", "r2", "targets": {name: {"rmse", "mae", "r2"}}}` for `[N, T]` values in the targets' units.

    The outer three are means over the targets, as scikit-learn's `uniform_average`. R² is None for a single row, all
    three are for a target with a prediction that is not finite.
    """
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    finite = np.isfinite(predicted).all(axis=0)
    usable = np.where(finite, predicted, 0.0)
    per_target = {
        "rmse": np.atleast_1d(root_mean_squared_error(true, usable, multioutput="raw_values")),
        "mae": np.atleast_1d(mean_absolute_error(true, usable, multioutput="raw_values")),
        "r2": _r2(true, usable),
    }
    per_target = {key: np.where(finite, values, math.nan) for key, values in per_target.items()}
    averages: dict[str, Any] = {key: plain(float(np.mean(values))) for key, values in per_target.items()}
    averages["targets"] = {
        name: {key: plain(float(values[index])) for key, values in per_target.items()}
        for index, name in enumerate(names)
    }
    return averages


def plain(value: float) -> float | None:
    """The number as JSON can say it: None where it is not finite."""
    return value if math.isfinite(value) else None


def _r2(true: Numbers, predicted: Numbers) -> Numbers:
    from sklearn.exceptions import UndefinedMetricWarning
    from sklearn.metrics import r2_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        found = np.atleast_1d(r2_score(true, predicted, multioutput="raw_values"))
    return found if len(true) > 1 else np.full(true.shape[1], math.nan)
