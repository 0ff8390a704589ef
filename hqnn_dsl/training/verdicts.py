"""The verdict of a training: one sentence that says how the model stands beside the baselines on the test rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.quantities import BASELINES, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_NAMED = 6
"""How many targets are named one by one."""

EQUAL = 0.01
"""Errors that differ by less than this share are called equal."""

SAME_SHARE = 0.005
"""Balanced accuracies that differ by no more than this are called equal, and log losses decide."""


def verdict(metrics: Mapping[str, Any]) -> str:
    """Returns one sentence: whether the model predicts the test rows better than each baseline does."""
    scores, baselines = metrics.get("test"), metrics.get("baselines") or {}
    if not scores or not baselines or not all(baselines.values()):
        return "verdict: there are no test rows, so nothing here says how well it predicts rows that it has not seen"
    if "accuracy" in scores:
        return f"verdict: {_of_classes(scores, baselines)}"
    names = list(scores["targets"])
    boosted = baselines.get("gradient_boosting")
    if len(names) == 1:
        three = (_error(part, names[0]) for part in _compared(scores, baselines))
        own, also = _error(scores, names[0]), "" if boosted is None else _beside(scores, baselines, names[0])
        return f"verdict: {_of_one(*three)}{also if math.isfinite(own) else ''}"
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_rank(*(_error(part, name) for part in _compared(scores, baselines))), []).append(name)
    parts = [f"{rank} on {_named(found[rank], len(names))}" for rank in _RANKS if rank in found]
    if boosted is not None:
        split = [name for name in names if not is_same(_error(boosted, name), _error(baselines["mean"], name))]
        better = [name for name in split if _error(boosted, name) < _error(scores, name) * (1 - EQUAL)]
        parts += [f"gradient boosting is better on {_named(better, len(names))}"] if better else []
        parts += [] if split else [UNSPLIT["mean"]]
    return f"verdict: {'; '.join(parts)}"


# --------------------------------------------------------------------------------------- gradient boosting without rows

UNSPLIT = {
    "mean": "gradient boosting could not split the training rows and predicts their mean",
    "majority": "gradient boosting could not split the training rows and predicts one class",
}
"""What is said in place of a comparison: it is then no other baseline than this one."""


def is_unsplit(baselines: Mapping[str, Callable[[str], float | None]]) -> bool:
    """Whether gradient boosting predicts a constant, as it does of fewer than 40 rows; of each baseline its scores.

    Weights of classes make its constant another one than that of the majority, which shows in no area under the curve.
    """
    boosted, constant = (baselines.get(name) for name in ("gradient_boosting", "majority"))
    if boosted is None:
        return False
    if constant is None:
        return is_same(boosted("rmse"), baselines["mean"]("rmse"))
    if is_same(boosted("log_loss"), constant("log_loss")):
        return True
    return boosted("roc_auc") == 0.5 and is_same(boosted("balanced_accuracy"), constant("balanced_accuracy"))


def is_same(one: float | None, other: float | None) -> bool:
    """Whether two scores differ by rounding only; one that is lacking or infinite is like no other."""
    return one is not None and other is not None and math.isfinite(one) and math.isclose(one, other, rel_tol=1e-6)


# ------------------------------------------------------------------------------------------------------------- numbers

_RANKS = (
    "better than least squares", "no better than least squares", "worse than least squares",
    "worse than predicting the mean", "no finite predictions",
)  # fmt: skip


def _compared(scores: Any, baselines: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return scores, baselines["mean"], baselines["least_squares"]


def _error(scores: Any, target: str) -> float:
    value = scores["targets"][target]["rmse"]
    return math.inf if value is None else float(value)


def _rank(own: float, mean: float, least: float) -> str:
    if math.isinf(own):
        return _RANKS[4]
    if own > mean * (1 + EQUAL):
        return _RANKS[3]
    if own > least * (1 + EQUAL):
        return _RANKS[2]
    return _RANKS[1] if own >= least * (1 - EQUAL) else _RANKS[0]


def _of_one(own: float, mean: float, least: float) -> str:
    errors = f"RMSE {number(own)} on the test rows, least squares {number(least)}, the mean {number(mean)}"
    rank = _rank(own, mean, least)
    if rank == _RANKS[0]:
        share = "" if least > mean else f" by {1 - own / least:.0%}"
        beaten = "better than least squares and the mean" if least > mean else rank
        return f"{beaten}{share} ({errors})"
    if rank == _RANKS[2] and mean > 0:
        return f"{rank}, though better than the mean by {max(0.0, 1 - own / mean):.0%} ({errors})"
    if rank == _RANKS[4]:
        return "its predictions of the test rows are not all finite numbers"
    return f"{rank} ({errors})"


def _beside(scores: Any, baselines: Mapping[str, Any], target: str) -> str:
    """How one target's error stands beside that of gradient boosting."""
    own, theirs = _error(scores, target), _error(baselines["gradient_boosting"], target)
    if is_same(theirs, _error(baselines["mean"], target)):
        return f"; {UNSPLIT['mean']}"
    if theirs < own * (1 - EQUAL):
        return f"; gradient boosting is better (RMSE {number(theirs)})"
    better = own < theirs * (1 - EQUAL)
    return f"; {'better than' if better else 'as good as'} gradient boosting (RMSE {number(theirs)})"


def _named(names: Sequence[str], number_of_all: int) -> str:
    if len(names) == number_of_all:
        return f"all {number_of_all} targets"
    if len(names) > MOST_NAMED:
        return f"{len(names)} of {number_of_all} targets"
    return ", ".join(f"`{name}`" for name in names)


# ------------------------------------------------------------------------------------------------------------- classes


def _of_classes(scores: Any, baselines: Mapping[str, Any]) -> str:
    if scores["balanced_accuracy"] is None or scores["log_loss"] is None:
        return "its probabilities for the test rows are not all finite numbers"
    ranked: dict[str, list[str]] = {}
    unsplit = [UNSPLIT["majority"]] if is_unsplit({name: part.get for name, part in baselines.items()}) else []
    baselines = {name: part for name, part in baselines.items() if not unsplit or name != "gradient_boosting"}
    for name, theirs in baselines.items():
        ranked.setdefault(_standing(scores, theirs), []).append(BASELINES[name])
    said = [f"{standing} {sentences.listed(ranked[standing], 'and')}" for standing in _STANDINGS if standing in ranked]
    said += unsplit
    own = f"balanced accuracy {number(scores['balanced_accuracy'])} and log loss {number(scores['log_loss'])}"
    figures = [f"{own} on the test rows"]
    for name, theirs in baselines.items():
        figures.append(f"{BASELINES[name]} {number(theirs['balanced_accuracy'])} and {number(theirs['log_loss'])}")
    return f"{'; '.join(said)} ({'; '.join(figures)})"


_STANDINGS = ("better than", "as good as", "worse than")


def _standing(own: Any, theirs: Any) -> str:
    """By balanced accuracy; if that is equal, by log loss."""
    gain = own["balanced_accuracy"] - theirs["balanced_accuracy"]
    if abs(gain) > SAME_SHARE:
        return _STANDINGS[0 if gain > 0 else 2]
    if abs(own["log_loss"] - theirs["log_loss"]) <= EQUAL * theirs["log_loss"]:
        return _STANDINGS[1]
    return _STANDINGS[0 if own["log_loss"] < theirs["log_loss"] else 2]
