"""What a model must beat: the mean of the training targets, and least squares, on the same split.

Both are scikit-learn's `DummyRegressor` and `LinearRegression` with their defaults; tests hold them equal. Importing
scikit-learn takes longer than a small training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

BASELINES = ("mean", "least_squares")
"""The baselines by their names in `metrics.json`."""

SMALLEST = 1e-6
"""Directions in which the features vary this much less than in the widest one are left out of least squares."""


def baseline_predictions(features: Numbers, targets: Numbers, asked: Numbers) -> dict[str, Numbers]:
    """Each baseline fitted on training rows (`[N, F]`, `[N, T]`), and its predictions `[M, T]` for `asked[M, F]`."""
    middle, mean = np.mean(features, axis=0), np.mean(targets, axis=0)
    slopes = np.linalg.lstsq(features - middle, targets - mean, rcond=SMALLEST)[0]
    return {
        "mean": np.broadcast_to(mean, (len(asked), targets.shape[1])),
        "least_squares": np.asarray(mean + (asked - middle) @ slopes),
    }
