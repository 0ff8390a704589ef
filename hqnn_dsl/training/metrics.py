"""Scores of predictions, in the targets' own units, averaged over the targets and for each of them.

The scores are scikit-learn's, and tests hold them equal; importing it takes as long as importing torch.
"""

from __future__ import annotations

import math
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
    finite = np.isfinite(predicted).all(axis=0)
    usable = np.where(finite, predicted, 0.0)
    per_target = {
        "rmse": np.sqrt(np.mean((true - usable) ** 2, axis=0)),
        "mae": np.mean(np.abs(true - usable), axis=0),
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
    """One minus the squared errors over the squared deviations; for constant targets 1 where all is right, else 0."""
    if len(true) < 2:
        return np.full(true.shape[1], math.nan)
    errors = np.sum((true - predicted) ** 2, axis=0)
    deviations = np.sum((true - np.mean(true, axis=0)) ** 2, axis=0)
    is_constant = deviations == 0
    ratios = np.where(is_constant, errors != 0, errors / np.where(is_constant, 1.0, deviations))
    return np.asarray(1.0 - ratios)
