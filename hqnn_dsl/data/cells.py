"""The cells of a text as columns: numbers as such at once, all others as words that are kept once each.

Types belong to whole columns, whatever the pieces in which a text is read: a piece keeps what it has, and a column is
settled when all its pieces are there (`settled_columns`).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.marks import is_integer, plain, value_of
from hqnn_dsl.data.missing_words import MISSING_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from hqnn_dsl.data.marks import Verdict
    from hqnn_dsl.data.records import Records

_BEFORE_EXACT = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _BEFORE_EXACT else {}
"""Pandas before 3.1 rounds decimals unless told; from then on it is exact and warns when told."""

_TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}

MISSING = -1
"""The code of a missing cell among words."""


class Missing:
    """The spellings of a missing cell: those of all tables, and those that are told."""

    def __init__(self, told: Collection[str] = ()) -> None:
        self.words = frozenset((*MISSING_WORDS, *(word.strip() for word in told)))
        self.numbers = np.array([float(word) for word in told if plain(".").fullmatch(word.strip())], dtype=np.float64)

    def has(self, word: str) -> bool:
        """Whether a cell without blanks around it is missing."""
        if word in self.words:
            return True
        return bool(len(self.numbers)) and bool(plain(".").fullmatch(word)) and float(word) in self.numbers


def parsed(rows: Records, width: int, decimal: str, missing: Missing, **options: Any) -> pd.DataFrame:
    """The cells of some records by pandas, columns named by their places."""
    data, begin = rows.joined()
    text = io.BytesIO(data)
    text.seek(begin)
    dialect = rows.dialect
    frame: pd.DataFrame = pd.read_csv(
        text,
        sep=dialect.delimiter,
        quotechar=dialect.quote,
        decimal=decimal,
        header=None,
        names=list(range(width)),
        index_col=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        low_memory=False,
        na_values=sorted(missing.words),
        keep_default_na=False,
        **_EXACT,
        **options,
    )
    assert len(frame) == len(rows), "pandas found other rows than there are records"
    return frame


@dataclass(eq=False)
class Column:
    """What was read of a column: pieces of numbers, float64 or int64, or of codes, int32, of `words`."""

    name: str
    pieces: list[NDArray[Any]] = field(default_factory=list, repr=False)
    codes: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def words(self) -> list[str]:
        """The different cells that are no plain numbers, in the order in which they were met, none of them missing."""
        return list(self.codes)

    @property
    def has_words(self) -> bool:
        """Whether some piece is of words, so that the next one should be read as words, too."""
        return any(piece.dtype == np.int32 for piece in self.pieces)

    @property
    def has_numbers(self) -> bool:
        """Whether some piece of numbers has one that is not missing."""
        return any(piece.dtype != np.int32 and not np.isnan(piece).all() for piece in self.pieces)

    @property
    def has_decimals(self) -> bool:
        """Whether some piece has a number that is not written as a whole one."""
        return any(piece.dtype == np.float64 and not np.isnan(piece).all() for piece in self.pieces)

    def add_numbers(self, cells: pd.Series[Any], missing: Missing) -> bool:
        """Take the next piece, numbers as pandas found them. Returns False if they are of another kind."""
        if cells.dtype in {np.dtype(np.float64), np.dtype(np.int64)}:
            self.pieces.append(_without(cells.to_numpy(), missing))
            return True
        return False

    def add_words(self, cells: pd.Series[Any], missing: Missing) -> None:
        """Take the next piece, cells as they are written."""
        codes, found = pd.factorize(cells.to_numpy(dtype=object))
        known = np.empty(len(found) + 1, dtype=np.int32)
        known[-1] = MISSING
        for place, text in enumerate(found):
            word = text.strip()
            known[place] = MISSING if missing.has(word) else self.codes.setdefault(word, len(self.codes))
        self.pieces.append(known[codes])

    def place_of(self, word: str) -> int:
        """The first row, from 0, that has a word; with no such word, the first number of a piece of numbers."""
        code, before = self.codes.get(word), 0
        for piece in self.pieces:
            if (piece.dtype == np.int32) == (code is not None):
                at = np.flatnonzero(piece == code if code is not None else ~np.isnan(piece))
                if len(at):
                    return before + int(at[0])
            before += len(piece)
        return 0

    def number_at(self, row: int) -> str:
        """The number in a row of a piece of numbers."""
        for piece in self.pieces:
            if row < len(piece):
                return f"{piece[row]:g}"
            row -= len(piece)
        return ""


def _without(values: NDArray[Any], missing: Missing) -> NDArray[Any]:
    """Numbers, NaN in place of those that stand for a missing cell."""
    if not len(missing.numbers):
        return values
    is_missing = np.isin(values, missing.numbers)
    return np.where(is_missing, np.nan, values) if is_missing.any() else values


def numbers_of(column: Column, verdict: Verdict, decimal: str) -> NDArray[Any]:
    """A column all of whose cells are numbers: int64 if all are whole ones of 64 bits, else float64."""
    texts = [value_of(word, verdict, decimal) for word in column.words]
    is_whole = all(is_integer(text) for text in texts) and all(
        piece.dtype == np.int64 or (piece.dtype == np.int32 and not (piece == MISSING).any()) for piece in column.pieces
    )
    kind = np.int64 if is_whole else np.float64
    values = np.array([(int if is_whole else float)(text) for text in texts] + [0 if is_whole else np.nan], dtype=kind)
    return _joined(column.pieces, kind, values)


def plain_numbers(column: Column) -> NDArray[Any]:
    """A column whose pieces are numbers."""
    kind = np.int64 if all(piece.dtype == np.int64 for piece in column.pieces) else np.float64
    return _joined(column.pieces, kind, np.array([np.nan]))


def _joined(pieces: list[NDArray[Any]], kind: type, values: NDArray[Any]) -> NDArray[Any]:
    """The pieces as one array, each given free as soon as it is in there."""
    found: NDArray[Any] = np.empty(sum(len(piece) for piece in pieces), dtype=kind)
    at = 0
    pieces.reverse()
    while pieces:
        piece = pieces.pop()
        found[at : at + len(piece)] = values[piece] if piece.dtype == np.int32 else piece
        at += len(piece)
    return found


def is_truth(column: Column) -> bool:
    """Whether all cells that are not missing are True or False."""
    return bool(column.codes) and column.codes.keys() <= _TRUTH.keys() and not column.has_numbers


def truth_of(column: Column) -> NDArray[Any]:
    """A column of True and False: booleans, or objects if cells are missing, which are NaN."""
    values = np.array([*(_TRUTH[word] for word in column.words), np.nan], dtype=object)
    codes = np.concatenate([_as_codes(piece) for piece in column.pieces])
    cells: NDArray[Any] = values[codes]
    return cells if (codes == MISSING).any() else cells.astype(np.bool_)


def text_of(column: Column) -> pd.Series[Any]:
    """A column of words, NaN in place of missing ones; a word is one object, however many cells have it."""
    values = np.array([*column.words, np.nan], dtype=object)
    codes = [_as_codes(piece) for piece in column.pieces]
    column.pieces.clear()
    cells = np.empty(sum(map(len, codes)), dtype=object)
    at = 0
    for piece in codes:
        cells[at : at + len(piece)] = values[piece]
        at += len(piece)
    found: pd.Series[Any] = pd.Series(cells, dtype=text_type(), copy=False)
    return found


def _as_codes(piece: NDArray[Any]) -> NDArray[np.int32]:
    """A piece of words; numbers are all missing in a column of text that was read as such."""
    return piece if piece.dtype == np.int32 else np.full(len(piece), MISSING, dtype=np.int32)


def text_type() -> Any:
    """The type of columns of text: pandas' own of Python's strings, whatever else is installed; before it, objects."""
    if int(pd.__version__.partition(".")[0]) < 3:
        return object
    return pd.StringDtype("python", na_value=np.nan)
