"""What a model must beat, on the same split: a constant, a linear model, and gradient boosting with its defaults.

All are scikit-learn's, and tests hold the first two of values, which are computed here, equal to `DummyRegressor` and
`LinearRegression`. Importing scikit-learn takes longer than a small training, so it is left for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.arrow_import import allow_import
from hqnn_dsl.diagnostics.notices import warnings_ignored

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

VALUE_BASELINES = ("mean", "least_squares", "gradient_boosting")
"""The baselines of predicted numbers by their names in `metrics.json`."""

CLASS_BASELINES = ("majority", "logistic", "gradient_boosting")
"""The baselines of predicted classes by their names in `metrics.json`."""

SMALLEST = 1e-6
"""Directions in which the features vary this much less than in the widest one are left out of least squares."""

MOST_STEPS = 1000
"""Of logistic regression: scikit-learn's default of 100 often ends before its best weights."""

MOST_LEVELS = 255
"""Levels that gradient boosting takes a column for a category with; one with more is a column of numbers to it."""


@dataclass(frozen=True, eq=False)
class Questions:
    """What a baseline is fitted on and asked: inputs `[N, F]` and targets `[N, T]` to learn, and inputs `[M, F]`.

    `levels` has the number of levels of each input that is the number of a category. `weights[N]` weigh the rows of a
    fit, `row_weights[N]` those of a constant: without the weights of classes, which would make all classes equal.
    """

    inputs: Numbers = field(repr=False)
    targets: Numbers = field(repr=False)
    asked: Numbers = field(repr=False)
    weights: Numbers | None = field(default=None, repr=False)
    row_weights: Numbers | None = field(default=None, repr=False)
    levels: dict[int, int] = field(default_factory=dict)
    seed: int = 0

    @property
    def spread(self) -> tuple[Numbers, Numbers]:
        """The inputs to learn from and those asked, an input a level in place of numbers of categories."""
        both = np.concatenate([self.inputs, self.asked])
        wide = spread(both, self.levels)
        return wide[: len(self.inputs)], wide[len(self.inputs) :]

    @property
    def boosted(self) -> dict[str, Any]:
        """The options of gradient boosting: its defaults, but for the seed and the categories."""
        categories = [index for index, levels in self.levels.items() if levels <= MOST_LEVELS]
        return {"random_state": self.seed % 2**32, "categorical_features": categories or None}


def spread(inputs: Numbers, levels: dict[int, int]) -> Numbers:
    """Returns inputs `[N, F']` with an input a level in place of the number of a category."""
    columns = [
        (inputs[:, index : index + 1] == np.arange(levels[index])).astype(np.float64)
        if index in levels
        else inputs[:, index : index + 1]
        for index in range(inputs.shape[1])
    ]
    return np.concatenate(columns, axis=1)


def predicted_values(questions: Questions) -> dict[str, Numbers]:
    """Returns the predictions `[M, T]` of each baseline of numbers."""
    inputs, asked = questions.spread
    mean = _mean(questions.targets, questions.weights)
    allow_import()
    return {
        "mean": np.broadcast_to(mean, (len(asked), len(mean))),
        "least_squares": least_squares(inputs, questions.targets, asked, questions.weights),
        "gradient_boosting": _boosted_values(questions),
    }


def least_squares(inputs: Numbers, targets: Numbers, asked: Numbers, weights: Numbers | None = None) -> Numbers:
    """Returns the predictions `[M, T]` of least squares with an intercept, of the smallest slopes if several fit."""
    middle, mean = _mean(inputs, weights), _mean(targets, weights)
    each = 1.0 if weights is None else np.sqrt(weights)[:, None]
    slopes = np.linalg.lstsq((inputs - middle) * each, (targets - mean) * each, rcond=SMALLEST)[0]
    return np.asarray(mean + (asked - middle) @ slopes)


def _mean(values: Numbers, weights: Numbers | None) -> Numbers:
    """The mean over rows of `[N, C]` values."""
    return np.asarray(np.mean(values, axis=0) if weights is None else np.average(values, axis=0, weights=weights))


def _boosted_values(questions: Questions) -> Numbers:
    from sklearn.ensemble import HistGradientBoostingRegressor

    found = []
    with _one_thread():
        for target in questions.targets.T:
            model = HistGradientBoostingRegressor(**questions.boosted)
            model.fit(questions.inputs, target, sample_weight=questions.weights)
            found.append(model.predict(questions.asked))
    return np.stack(found, axis=1)


def predicted_probabilities(questions: Questions, num_classes: int) -> dict[str, Numbers]:
    """Returns the probabilities `[M, K]` of each baseline of classes; `targets[N, 1]` are numbers of classes."""
    classes = questions.targets[:, 0].astype(np.int64)
    shares = np.bincount(classes, weights=questions.row_weights, minlength=num_classes).astype(np.float64)
    constant = np.broadcast_to(shares / np.sum(shares), (len(questions.asked), num_classes))
    if len(np.unique(classes)) < 2:
        return dict.fromkeys(CLASS_BASELINES, constant)
    allow_import()
    return {
        "majority": constant,
        "logistic": _logistic(questions, classes, num_classes),
        "gradient_boosting": _boosted_classes(questions, classes, num_classes),
    }


def _logistic(questions: Questions, classes: NDArray[np.int64], num_classes: int) -> Numbers:
    from sklearn.linear_model import LogisticRegression

    inputs, asked = questions.spread
    model = LogisticRegression(max_iter=MOST_STEPS)
    with warnings_ignored():  # the last step is good enough for a baseline
        model.fit(inputs, classes, sample_weight=questions.weights)
    return in_all_classes(model, asked, num_classes)


def _boosted_classes(questions: Questions, classes: NDArray[np.int64], num_classes: int) -> Numbers:
    from sklearn.ensemble import HistGradientBoostingClassifier

    # a class of one row cannot be in both parts of the split that stops a long boosting early
    options = {"early_stopping": False} if np.min(np.bincount(classes)[np.unique(classes)]) < 2 else {}
    model = HistGradientBoostingClassifier(**questions.boosted, **options)
    with _one_thread():
        model.fit(questions.inputs, classes, sample_weight=questions.weights)
        return in_all_classes(model, questions.asked, num_classes)


def _one_thread() -> AbstractContextManager[Any]:
    """In the block OpenMP uses one thread: on a table of 5,000 rows two take longer, and a hundred times if others
    compute on the same cores, since they wait for each other after every node of a tree.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="openmp")
    return limits


def in_all_classes(model: Any, asked: Numbers, num_classes: int) -> Numbers:
    """The probabilities `[M, K]` of a fitted model, 0 for classes that it has not seen."""
    found = np.zeros((len(asked), num_classes))
    found[:, model.classes_] = model.predict_proba(asked)
    return found
