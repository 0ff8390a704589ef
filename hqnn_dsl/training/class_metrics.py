"""Scores of predicted classes, all of them scikit-learn's, which is imported when they are first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.arrow_import import allow_import
from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.training.metrics import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]

CLASSES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss")
"""The scores of predicted classes."""

OF_ONE = ("precision", "recall", "f1")
"""The scores of each class."""


def class_scores(
    true: Indices, probabilities: Numbers, labels: Sequence[str], weights: Numbers | None = None
) -> dict[str, Any]:
    """Returns every score of `CLASSES`, `"confusion"`, and `"classes": {label: {…, "rows"}}`.

    `true[N]` are numbers of classes, `probabilities[N, K]` those of all classes; `weights[N]` weigh rows in all. The
    confusion matrix has a row a true class. Of two classes F1, ROC AUC and average precision are those of the second,
    of more the means over classes, each against the rest. A score that these rows do not define is None: ROC AUC and
    average precision if a class has no row, all if a probability is not finite.
    """
    counts = [int(np.sum(true == number)) for number in range(len(labels))]
    if not np.isfinite(probabilities).all():
        nothing = dict.fromkeys(OF_ONE)
        each = {label: {**nothing, "rows": rows} for label, rows in zip(labels, counts, strict=True)}
        return {**dict.fromkeys(CLASSES), "confusion": None, "classes": each}
    guess = np.argmax(probabilities, axis=1)
    allow_import()
    with warnings_ignored():  # what these rows do not define is None below
        found = {
            **_of_guesses(true, guess, len(labels), weights),
            **_of_probabilities(true, probabilities, weights),
            "confusion": _confusion(true, guess, len(labels), weights),
        }
        each = _each(true, guess, labels, weights)
    return {
        **found,
        "classes": {label: each[label] | {"rows": rows} for label, rows in zip(labels, counts, strict=True)},
    }


def _of_guesses(true: Indices, guess: Indices, num_classes: int, weights: Numbers | None) -> dict[str, float | None]:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

    average = "binary" if num_classes == 2 else "macro"
    return {
        "accuracy": plain(float(accuracy_score(true, guess, sample_weight=weights))),
        "balanced_accuracy": plain(float(balanced_accuracy_score(true, guess, sample_weight=weights))),
        "f1": plain(float(f1_score(true, guess, average=average, sample_weight=weights, zero_division=np.nan))),
    }


def _of_probabilities(true: Indices, probabilities: Numbers, weights: Numbers | None) -> dict[str, float | None]:
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    num_classes = probabilities.shape[1]
    numbers = np.arange(num_classes)
    found = {
        "roc_auc": None,
        "average_precision": None,
        "log_loss": plain(float(log_loss(true, probabilities, labels=numbers, sample_weight=weights))),
    }
    if not np.isin(numbers, true).all():
        return found
    wanted: dict[str, Any] = {"average": "macro", "sample_weight": weights}
    if num_classes == 2:
        area = roc_auc_score(true, probabilities[:, 1], **wanted)
        precision = average_precision_score(true, probabilities[:, 1], **wanted)
    else:
        area = roc_auc_score(true, probabilities, multi_class="ovr", labels=numbers, **wanted)
        precision = average_precision_score(true[:, None] == numbers, probabilities, **wanted)
    return found | {"roc_auc": plain(float(area)), "average_precision": plain(float(precision))}


def _confusion(true: Indices, guess: Indices, num_classes: int, weights: Numbers | None) -> list[list[float]]:
    """Rows of the table by true and by predicted class; sums of their weights if there are any."""
    from sklearn.metrics import confusion_matrix

    found = confusion_matrix(true, guess, labels=np.arange(num_classes), sample_weight=weights)
    return [[float(cell) for cell in row] if weights is not None else [int(cell) for cell in row] for row in found]


def _each(true: Indices, guess: Indices, labels: Sequence[str], weights: Numbers | None) -> dict[str, dict[str, Any]]:
    from sklearn.metrics import precision_recall_fscore_support

    found = precision_recall_fscore_support(
        true, guess, labels=np.arange(len(labels)), sample_weight=weights, zero_division=np.nan
    )[:3]
    return {
        label: {key: plain(float(values[number])) for key, values in zip(OF_ONE, found, strict=True)}
        for number, label in enumerate(labels)
    }
