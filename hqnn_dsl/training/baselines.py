"""What a model must beat: the mean of the training targets, and least squares, on the same split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

BASELINES = {"mean": DummyRegressor, "least_squares": LinearRegression}
"""The baselines by their names in `metrics.json`; scikit-learn's estimators with their defaults."""


def baseline_predictions(features: Numbers, targets: Numbers, asked: Numbers) -> dict[str, Numbers]:
    """Each baseline fitted on training rows (`[N, F]`, `[N, T]`), and its predictions `[M, T]` for `asked[M, F]`."""
    return {
        name: np.asarray(make().fit(features, targets).predict(asked), dtype=np.float64).reshape(-1, targets.shape[1])
        for name, make in BASELINES.items()
    }
