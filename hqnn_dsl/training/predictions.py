"""Predictions as text: the row of the table that each belongs to, and as many digits as are known."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.target import FittedTarget

SINGLE_DIGITS, DOUBLE_DIGITS = 9, 17
"""Significant digits that tell any two numbers of a precision apart."""


def predictions_text(predicted: pd.DataFrame, table: Table, target: FittedTarget, *, single: bool) -> str:
    """CSV with `line` (or `row` for a frame) and `<target>_predicted`; a column a target, a line a row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([table.lines.unit, *(f"{name}_predicted" for name in target.names)])
    for number, values in zip(table.lines.numbers.tolist(), predicted.to_numpy().tolist(), strict=True):
        figures = [
            digits(value, scale.center, scale.spread) if single else repr(value)
            for value, scale in zip(values, target.scales, strict=True)
        ]
        writer.writerow([number, *figures])
    return text.getvalue()


def digits(value: float, mean: float, scale: float) -> str:
    """A value that was computed in single precision as `(value - mean) / scale`, with the digits that this gives it.

    Far from 0 beside its scale a value has more of them than nine.
    """
    moved = abs(value - mean)
    if not math.isfinite(value) or not moved or not scale:
        return repr(value)
    more = max(0, math.floor(math.log10(max(abs(value), scale) / max(moved, scale))))
    return format(value, f".{min(SINGLE_DIGITS + more, DOUBLE_DIGITS)}g")
