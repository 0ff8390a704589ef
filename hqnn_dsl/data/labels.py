"""Cells as levels: which cells of a column are the same one, and in which order levels stand.

A level that is written as a number is that number: `1`, `1.0` and `01` are one level, named `1`, since a column of
such cells alone is read as numbers. `true` and `TRUE` are `True` for the same reason. Numbers stand before other words,
by value; words by their characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_EXACT = 2.0**53
"""From here on different whole numbers are the same float, so their digits tell levels apart."""


def label_of(cell: object) -> str:
    """Returns the name of the level that a cell is; empty if there is nothing in it."""
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell))
    if isinstance(cell, (int, np.integer)):
        return str(int(cell))
    if isinstance(cell, (float, np.floating)):
        return _of_number(float(cell))
    text = str(cell).strip()
    if text.casefold() in {"true", "false"}:
        return text.capitalize()
    if not _NUMBER.fullmatch(text):
        return text
    value = float(text)
    return _of_number(value) if abs(value) < _EXACT else text


def _of_number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def in_order(labels: Iterable[str]) -> list[str]:
    """Returns levels in their order: numbers by value, then words."""
    return sorted(labels, key=_place)


def _place(label: str) -> tuple[int, float, str]:
    return (0, float(label), label) if _NUMBER.fullmatch(label) else (1, 0.0, label)


def read_labels(column: pd.Series[Any]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Returns the index of each cell's level, NaN if the cell is missing, and the levels in their order.

    Raises `TypeError` for cells that are no plain values, such as lists.
    """
    plain = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    codes, cells = pd.factorize(plain, use_na_sentinel=True)
    labels = [label_of(cell) for cell in cells]
    levels = in_order({label for label in labels if label})
    place: dict[str, float] = {label: float(index) for index, label in enumerate(levels)}
    places = np.array([*(place.get(label, np.nan) for label in labels), np.nan])
    return places[codes], tuple(levels)


def positions(levels: Sequence[str], known: Sequence[str]) -> NDArray[np.float64]:
    """Returns the position of each level among those that are known, -1 if it is not there."""
    place = {label: index for index, label in enumerate(known)}
    return np.array([place.get(level, -1) for level in levels], dtype=np.float64)
