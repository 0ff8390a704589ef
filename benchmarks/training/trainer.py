"""What a contestant gives the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


class Trainer(Protocol):
    """A network with its optimizer, which each epoch trains on."""

    def epoch(self, order: np.ndarray) -> np.ndarray:
        """Train on the rows in that order. Returns the loss of each step before it, `[S]`, when all is done."""
