"""Numbers as messages say them: counts with their noun, sizes of memory, scores; and kinds of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def count(number: int, noun: str) -> str:
    """`1 input`, `2 inputs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size(num_bytes: int) -> str:
    """A size of memory, `512 B` or `2.1 GiB`, rounded up: a need never looks smaller than it is."""
    unit = min((num_bytes.bit_length() - 1) // 10, len(UNITS) - 1) if num_bytes else 0
    if unit == 0:
        return f"{num_bytes} B"
    tenths = -(-10 * num_bytes >> 10 * unit)
    if tenths >= 10 * 1024 and unit + 1 < len(UNITS):
        tenths, unit = 10, unit + 1
    return f"{tenths // 10:,}.{tenths % 10} {UNITS[unit]}"


def a_kind(value: object) -> str:
    """Returns the kind of a value of Python: `a list`, `an int`, `None`."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


SCORES = {"rmse": "RMSE", "mae": "MAE", "r2": "R²", "loss": "loss (scaled)"}
"""The scores of predicted numbers by their names in `metrics.json`, with their titles in a table."""

MORE_SCORES = {"nll": "NLL", "coverage": "coverage", "width": "mean width"}
"""Those that only some networks have: with deviations, or with intervals."""

CLASS_SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "average_precision": "avg. precision",
    "log_loss": "log loss",
}
"""The scores of predicted classes."""

OF_CLASS = {"precision": "precision", "recall": "recall", "f1": "F1"}
"""The scores of one class."""

BASELINES = {
    "mean": "the mean",
    "least_squares": "least squares",
    "majority": "the majority",
    "logistic": "logistic regression",
    "gradient_boosting": "gradient boosting",
}
"""What a model is compared with, by names in `metrics.json`."""


def titles_of(scored: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the names and titles of the scores that a table of these parts has a column for."""
    parts = list(scored)
    if any("accuracy" in part for part in parts):
        return CLASS_SCORES
    more = {key: title for key, title in MORE_SCORES.items() if any(part.get(key) is not None for part in parts)}
    return SCORES | more


def parts_of(metrics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Returns the parts that have scores, and the baselines on the test rows, with their names in a table."""
    found = [(name, part) for name, part in metrics.items() if name not in {"task", "baselines"} and part]
    baselines = metrics.get("baselines") or {}
    named = [(f"{BASELINES[name].removeprefix('the ')} (test)", part) for name, part in baselines.items()]
    return [*found, *((name, part) for name, part in named if part)]


def number(value: float | None, digits: int = 4) -> str:
    """A score with so many significant digits, a dash if there is none.

    Below ten millions there is no exponent: `13080` rather than 1.308e+04.
    """
    if value is None:
        return "-"
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(float(text)) < 1e7 else text
