"""Cells as numbers and truth values, and how cells are to be written that look like a number and are none."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_TRUTH = {"true": 1.0, "false": 0.0}
_MOST_SPELLINGS = 12
"""So many ways to write true and false at most are looked at in one column."""


def is_words(column: pd.Series[Any]) -> bool:
    """Whether a column holds objects or text, and not numbers, times or levels of one type."""
    return column.dtype == object or (
        pd.api.types.is_string_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype)
    )


def is_truth(column: pd.Series[Any]) -> bool:
    """Whether all cells that are not missing are True or False, as values or as words."""
    if not is_words(column):
        return pd.api.types.is_bool_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return True
    try:
        spellings = column.dropna().unique()
    except TypeError:  # lists and the like
        return False
    return 0 < len(spellings) <= _MOST_SPELLINGS and all(_is_truth_value(cell) for cell in spellings)


def floats_of(column: pd.Series[Any]) -> Numbers:
    """Returns the column as float64; NaN for a cell that is missing or no number, 1 and 0 for True and False."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return np.full(len(column), np.nan)
    if pd.api.types.is_complex_dtype(column):
        return np.full(len(column), np.nan)
    if is_words(column) and column.dtype != object and is_truth(column):
        return np.asarray(column.str.strip().str.casefold().map(_TRUTH).to_numpy(dtype=np.float64, na_value=np.nan))
    plain = column.astype(object)
    if pd.api.types.infer_dtype(plain, skipna=True) not in {"string", "floating", "boolean"}:
        plain = plain.map(_real, na_action="ignore")
    return np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _real(cell: object) -> object:
    """A cell of a column of several kinds: numbers and text as they are, what is no real number as text."""
    if isinstance(cell, (Decimal, Fraction)):
        return _as_float(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return _as_float(cell)
    return cell if isinstance(cell, (bool, np.bool_, float, np.integer, np.floating, str)) else f"{cell!r} "


def _as_float(number: Decimal | Fraction | int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def truth_among(column: pd.Series[Any]) -> tuple[Flags, Flags] | None:
    """Returns which cells are True or False and which are something else, if a column has both; else None."""
    if not is_words(column):
        return None
    if column.dtype == object:
        kinds = column.map(_is_truth_value, na_action="ignore")
        truth, present = (kinds == True).to_numpy(), kinds.notna().to_numpy()  # noqa: E712 - a column that may have gaps
    else:
        codes, cells = pd.factorize(column)
        is_truth_word = pd.Series(cells).str.strip().str.casefold().isin(_TRUTH).to_numpy(dtype=np.bool_)
        truth, present = np.append(is_truth_word, False)[codes], codes >= 0
    others = present & ~truth
    return (truth, others) if truth.any() and others.any() else None


def _is_truth_value(cell: object) -> bool:
    return isinstance(cell, (bool, np.bool_)) or (isinstance(cell, str) and cell.strip().casefold() in _TRUTH)


def how_to_write(cell: str) -> str:
    """What to write for a cell that a reader takes for a number; empty for any other."""
    plain = cell.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+([ _'\u00a0\u202f]\d+)+(\.\d+)?", plain):
        return "write the number without marks between its digits, such as 12345.6"
    if re.fullmatch(r"[+-]?\d*,\d+(e[+-]?\d+)?", plain, re.IGNORECASE):
        return "write decimals with a point, such as 0.125"
    if re.fullmatch(r"\u2212?\d+(\.\d+)?", plain) and not plain.isascii():
        return "write numbers with the digits 0 to 9 and the sign `-` of the keyboard"
    return ""


def content_of(column: pd.Series[Any]) -> str:
    """What a column without numbers holds, in a word."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in {"datetime64", "datetime", "date", "period"} or isinstance(column.dtype, pd.PeriodDtype):
        return "dates"
    if kind in {"timedelta64", "timedelta", "time"}:
        return "durations or times of day"
    if kind == "complex":
        return "complex numbers"
    return "text" if kind in {"string", "categorical", "mixed-integer"} else "objects that are no plain values"
