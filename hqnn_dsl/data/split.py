"""Which rows train, which validate, which test: drawn once, from a seed, the rows that scikit-learn would draw.

Importing scikit-learn takes longer than checking a table; a test holds the draws equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.codes.tables import TooFewRows
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import Split


@dataclass(frozen=True, eq=False)
class Parts:
    """Row positions from 0, ascending, each row in exactly one part. `validation` and `test` may be empty."""

    train: NDArray[np.int64] = field(repr=False)
    validation: NDArray[np.int64] = field(repr=False)
    test: NDArray[np.int64] = field(repr=False)

    def items(self) -> tuple[tuple[str, NDArray[np.int64]], ...]:
        """The parts with their names, in the order of reports."""
        return (("train", self.train), ("validation", self.validation), ("test", self.test))


def split_rows(num_rows: int, split: Split, seed: int) -> Parts:
    """Draw the parts as `train_test_split` does: the test rows from all, then the validation rows from the rest.

    A part is a fraction of all rows (rounded up, as scikit-learn does) or a row count. The draw's seed is the split's
    own, else the stream "split" of the root `seed`. Raises `Refusal` E0521 where fewer than two rows are left.
    """
    test, validation = _count(split.test, num_rows), _count(split.validation, num_rows)
    left = num_rows - test - validation
    if left < MIN_TRAINING_ROWS:
        raise Refusal(TooFewRows(rows=num_rows, validation=validation, test=test, left=max(left, 0)))
    state = stream(seed, "split") if split.seed is None else split.seed % 2**32
    rest, tested = _draw(np.arange(num_rows), test, state)
    trained, validated = _draw(rest, validation, state)
    return Parts(np.sort(trained), np.sort(validated), np.sort(tested))


def _count(part: float, num_rows: int) -> int:
    if isinstance(part, int):
        return part
    return math.ceil(part * num_rows - 1e-9)


def _draw(rows: NDArray[np.int64], count: int, state: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if count == 0:
        return rows, rows[:0]
    order = np.random.RandomState(state).permutation(len(rows))
    return rows[order[count:]], rows[order[:count]]
