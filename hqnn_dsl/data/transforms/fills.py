"""What stands for missing cells: a number or a level of the training rows, or one of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import Choice

    Numbers = NDArray[np.float64]

REFUSE, DROP = "refuse", "drop_rows"
MISSING_LEVEL = "missing"
"""The level that `constant` makes of missing cells of a category."""


@dataclass(frozen=True)
class Fill:
    """The rule of missing cells: `value` stands for them, a number, or the name of a level; None: nothing does.

    With `indicator` the column has a further input, 1 if the cell is missing, else 0.
    """

    rule: str
    value: float | str | None = None
    indicator: bool = False


def number_for(rule: Choice, present: Numbers, *, start: float = 0.0) -> float:
    """Returns the number that stands for missing cells, for the training cells that are there, as scikit-learn's.

    `start` is added to the constant of a spec.
    """
    match rule.name:
        case "median":
            return float(np.median(present))
        case "mean":
            return float(np.mean(present))
        case "constant":
            return float(rule.options["value"]) + start
    values, counts = np.unique(present, return_counts=True)
    return float(values[np.argmax(counts)])


def level_for(rule: Choice, counts: NDArray[np.int64], levels: tuple[str, ...]) -> str:
    """Returns the level that stands for missing cells: the most frequent one of the training rows, or one of its own.

    `counts` are the rows of each level; of several equally frequent ones, the first stands.
    """
    return MISSING_LEVEL if rule.name == "constant" else levels[int(np.argmax(counts))]
