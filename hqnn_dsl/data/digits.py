"""Whether different numbers of a column become the same float: above 2 to the power of 53, or by a 17th digit.

That a measured value is rounded to the closest float is no loss. That two values which differ become equal is, where
it concerns whole numbers, or a column whose values all lie within a few steps of one float.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.transforms.narrow import is_narrow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

WHOLE = 2.0**53
"""Up to here a float tells all whole numbers apart."""


@dataclass(frozen=True, eq=False)
class Lost:
    """The rows whose numbers share a float with another number, and two such numbers as written."""

    rows: NDArray[np.int64] = field(repr=False)
    values: tuple[str, str]


def needs_its_text(column: pd.Series[Any]) -> bool:
    """Whether a column of floats may have lost differences between the numbers that were written."""
    if column.dtype != np.float64:
        return False
    values = column.to_numpy()
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and (_is_large(finite) or is_narrow(finite))


def _is_large(finite: Numbers) -> bool:
    return bool(max(-finite.min(), finite.max()) >= WHOLE)


def lost_digits(column: pd.Series[Any], floats: Numbers) -> Lost | None:
    """What a column that is not of floats loses when it becomes `floats`; None where nothing is."""
    finite = floats[np.isfinite(floats)]
    if not len(finite) or column.dtype == np.float64:
        return None
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        doubtful = _is_large(finite) or is_narrow(finite)
        return lost_in_text(floats, column.astype(object).to_numpy()) if doubtful else None
    if not _is_large(finite) or len(finite) < len(floats):
        return None
    values = np.asarray(column.to_numpy())
    return _lost_in_numbers(values, floats) if values.dtype.kind in "iuf" else lost_in_text(floats, values)


def _lost_in_numbers(values: NDArray[Any], floats: Numbers) -> Lost | None:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    same = np.flatnonzero((ordered[1:] != ordered[:-1]) & (floats[order[1:]] == floats[order[:-1]]))
    if not len(same):
        return None
    pairs = np.sort(np.stack([order[same], order[same + 1]]), axis=0)
    one, other = pairs[:, np.argmin(pairs[0])]
    return Lost(np.unique(pairs), (str(values[one]), str(values[other])))


def lost_in_text(floats: Numbers, cells: NDArray[Any]) -> Lost | None:
    """What cells `[N]`, as written or as exact numbers, lose as floats `[N]`; what is not finite does not count."""
    doubtful = np.flatnonzero(shared(floats))
    codes = np.full(len(floats), -1, dtype=np.int64)
    found, words = pd.factorize(np.array([str(cell).strip() for cell in cells[doubtful]], dtype=object))
    codes[doubtful] = found
    return lost_in_words(floats, codes, list(words), list(words))


def shared(floats: Numbers) -> NDArray[np.bool_]:
    """Which of the rows have a finite float that another row has too; only these can have lost anything."""
    order = np.argsort(floats, kind="stable")
    ordered = floats[order]
    same = np.zeros(len(floats) + 1, dtype=np.bool_)
    same[1:-1] = ordered[1:] == ordered[:-1]
    found = np.empty(len(floats), dtype=np.bool_)
    found[order] = (same[1:] | same[:-1]) & np.isfinite(ordered)
    return found


def lost_in_words(
    floats: Numbers, codes: NDArray[np.integer[Any]], words: Sequence[str], texts: Sequence[str]
) -> Lost | None:
    """The same for rows `[N]` that have `words` by their codes, -1 where it is not asked.

    `texts` are the words as Python writes numbers.
    """
    usable = np.flatnonzero((codes >= 0) & np.isfinite(floats))
    if not len(usable):
        return None
    present, first = np.unique(codes[usable], return_index=True)
    narrow = is_narrow(floats[np.isfinite(floats)])
    by_float: dict[float, dict[Decimal, int]] = {}
    for code, row in zip(present.tolist(), first.tolist(), strict=True):
        value, text = float(floats[usable[row]]), texts[code]
        exact = _exact(text) if narrow or (abs(value) >= WHOLE and "e" not in text.lower()) else None
        if exact is not None:
            by_float.setdefault(value, {}).setdefault(exact, code)
    lost = [group for group in by_float.values() if len(group) > 1]
    if not lost:
        return None
    one, other = sorted(lost[0].values())[:2]
    rows = usable[np.isin(floats[usable], [value for value, group in by_float.items() if len(group) > 1])]
    return Lost(rows, (str(words[one]), str(words[other])))


def _exact(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
