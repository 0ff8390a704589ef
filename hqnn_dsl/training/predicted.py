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
    """Predicted numbers `[N, T]` in the targets' own units, perhaps with standard deviations and intervals `[N, T]`."""

    values: Numbers = field(repr=False)
    deviations: Numbers | None = field(default=None, repr=False)
    low: Numbers | None = field(default=None, repr=False)
    high: Numbers | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Indices) -> Values:
        """Returns the predictions of some rows."""
        rest = (None if part is None else part[rows] for part in (self.deviations, self.low, self.high))
        return Values(self.values[rows], *rest)


@dataclass(frozen=True, eq=False)
class Classes:
    """Probabilities `[N, K]` of classes, in the order of `labels`."""

    probabilities: Numbers = field(repr=False)
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.probabilities)

    def __getitem__(self, rows: Indices) -> Classes:
        """Returns the predictions of some rows."""
        return Classes(self.probabilities[rows], self.labels)

    @property
    def numbers(self) -> Indices:
        """The most probable class of each row by its number; of several the first."""
        return np.asarray(np.argmax(self.probabilities, axis=1), dtype=np.int64)


Predicted = Values | Classes
"""What a network predicts: numbers, or classes."""
