"""Outputs of a network as predictions: numbers in the targets' own units, or probabilities of classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Values:
    """Predicted numbers `[N, T]` in the targets' own units, perhaps with standard deviations and intervals `[N, T]`.

    `outputs[N, O]` are those of the network if they say more than the values.
    """

    values: Numbers = field(repr=False)
    deviations: Numbers | None = field(default=None, repr=False)
    low: Numbers | None = field(default=None, repr=False)
    high: Numbers | None = field(default=None, repr=False)
    outputs: Numbers | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Indices) -> Values:
        """Returns the predictions of some rows."""
        parts = (self.deviations, self.low, self.high, self.outputs)
        rest = (None if part is None else part[rows] for part in parts)
        return Values(self.values[rows], *rest)

    def placed(self, rows: Indices, num_rows: int) -> Values:
        """Returns predictions for a table of `num_rows`: these for the given rows, NaN for the others."""
        parts = (self.deviations, self.low, self.high, self.outputs)
        rest = (None if part is None else _placed(part, rows, num_rows) for part in parts)
        return Values(_placed(self.values, rows, num_rows), *rest)


@dataclass(frozen=True, eq=False)
class Classes:
    """Probabilities `[N, K]` of classes, in the order of `labels`, and the logits `[N, O]` that they come from."""

    probabilities: Numbers = field(repr=False)
    labels: tuple[str, ...]
    outputs: Numbers = field(repr=False)

    def __len__(self) -> int:
        return len(self.probabilities)

    def __getitem__(self, rows: Indices) -> Classes:
        """Returns the predictions of some rows."""
        return Classes(self.probabilities[rows], self.labels, self.outputs[rows])

    def placed(self, rows: Indices, num_rows: int) -> Classes:
        """Returns predictions for a table of `num_rows`: these for the given rows, NaN for the others."""
        probabilities, outputs = (_placed(part, rows, num_rows) for part in (self.probabilities, self.outputs))
        return Classes(probabilities, self.labels, outputs)

    @property
    def numbers(self) -> Indices:
        """The most probable class of each row by its number; of several the first."""
        return np.asarray(np.argmax(self.probabilities, axis=1), dtype=np.int64)


def _placed(values: Numbers, rows: Indices, num_rows: int) -> Numbers:
    found = np.full((num_rows, values.shape[1]), np.nan)
    found[rows] = values
    return found


Predicted = Values | Classes
"""What a network predicts: numbers, or classes."""
