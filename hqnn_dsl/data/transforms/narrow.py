"""Whether the values of a column lie so close together that the rounding of floats shows in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NARROW = 4096
"""A column is narrow if all its values lie within so many steps between neighbouring floats."""


def is_narrow(values: NDArray[Any], steps: int = NARROW) -> bool:
    """Whether finite values lie within so many steps of their own type, so that its rounding shows in them."""
    low, high = values.min(), values.max()
    with np.errstate(over="ignore"):
        return bool(high - low <= steps * np.spacing(max(abs(low), abs(high))))
