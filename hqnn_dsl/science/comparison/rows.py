"""The seed of a unit, the same for every contender, and the score that chooses among its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.training.many_scores import LOWER_IS_BETTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.training.many_plan import One


def seed_of(one: One) -> int:
    """The seed of a training on a unit: that of the plan, and one further for each repetition."""
    return one.seed + one.repeat


def selection(task: str, targets: int) -> str:
    """The score of the validation rows that chooses among trials: RMSE, R² of several targets, log loss of classes.

    A share of right guesses of few rows is the same for many settings, so it does not choose.
    """
    if task == "classification":
        return "log_loss"
    return "rmse" if targets == 1 else "r2"


def made_small(name: str, scores: Mapping[str, float | None]) -> float | None:
    """The score that chooses, as a number that is the better the smaller it is; None if it is not defined."""
    value = scores.get(name)
    return None if value is None else value if name in LOWER_IS_BETTER else -value
