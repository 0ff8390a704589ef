"""A data table as read: rows by name of column, each with the place it came from.

A CSV file is cut into records here, with Python's reader, because pandas does not say in which line a row stands;
pandas then finds the columns' types. So every sentence about a cell can name its line, also behind quoted line breaks
and blank lines.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.files import open_regular
from hqnn_dsl.report.codes.tables import (
    DuplicateColumns,
    NamelessColumn,
    RaggedRow,
    TableEmpty,
    TableMissing,
    TableNotUtf8,
    TableUnparsable,
    WrongSeparator,
)
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

PLACES_SHOWN = 5
"""How many places a sentence lists before it only counts the rest."""

_BEFORE_EXACT = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _BEFORE_EXACT else {}
"""Pandas before 3.1 rounds decimals unless told; from then on it is exact and warns when told."""

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, eq=False)
class Table:
    """A table in memory. `places[i]` is the 1-based line of the file (or row of the frame) where row i begins."""

    name: str
    frame: pd.DataFrame = field(repr=False)
    places: NDArray[np.int64] = field(repr=False)
    unit: str = "line"

    @property
    def num_rows(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    def where(self, rows: Sequence[int] | NDArray[np.int64]) -> str:
        """`line 4`, `lines 4 and 9`, `lines 4, 9, 11, 12, 20 and 25 more` for row positions from 0."""
        places = [str(self.places[row]) for row in rows[:PLACES_SHOWN]]
        return f"{self.unit}{'s' if len(rows) > 1 else ''} {listed(places, more=len(rows) - len(places))}"


def listed(words: Iterable[str], *, more: int = 0) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 7 more`."""
    items = list(words)
    if more:
        items.append(f"{more} more")
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def quoted(names: Iterable[str], *, shown: int = 12) -> str:
    """Names in backticks, as `listed`; only the first `shown`."""
    items = [f"`{name}`" for name in names]
    return listed(items[:shown], more=max(len(items) - shown, 0))


def read_table(origin: str | Path | pd.DataFrame) -> Table:
    """Read a CSV file, or take a frame as it is (columns are then named by `str`).

    Raises `Refusal` E0501 to E0508 where there is no table with named columns and at least one row.
    """
    if isinstance(origin, pd.DataFrame):
        return _from_frame(origin)
    path = Path(origin)
    records = _records(path.name, _text(path))
    if not records:
        raise Refusal(TableEmpty(table=path.name, lacks="no header line"))
    header = [cell.strip() for cell in records[0][1]]
    _check_header(path.name, header)
    rows = [(line, cells) for line, cells in records[1:] if len(header) == 1 or any(cell.strip() for cell in cells)]
    if not rows:
        raise Refusal(TableEmpty(table=path.name, lacks="a header, but no rows"))
    for line, cells in rows:
        if len(cells) != len(header):
            raise Refusal(RaggedRow(table=path.name, line=line, found=len(cells), expected=len(header)))
    places = np.array([line for line, _ in rows], dtype=np.int64)
    return Table(path.name, _typed(header, [cells for _, cells in rows]), places)


def _from_frame(frame: pd.DataFrame) -> Table:
    name = "the frame"
    named = frame.rename(columns=str)
    _check_header(name, list(named.columns))
    if named.empty:
        raise Refusal(TableEmpty(table=name, lacks="no rows"))
    return Table(name, named, np.arange(1, len(named) + 1), unit="row")


def _text(path: Path) -> str:
    """The file's text without a byte order mark; line ends as they are."""
    try:
        with open_regular(path) as stream:
            data = stream.read() or b""
    except FileNotFoundError:
        raise Refusal(TableMissing(path=str(path), reason="there is no such file")) from None
    except IsADirectoryError:
        raise Refusal(TableMissing(path=str(path), reason="it is a folder")) from None
    except OSError as error:
        raise Refusal(TableMissing(path=str(path), reason=str(error.strerror).lower())) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, data, len(data) - len(error.object) + error.start) from None
    if "\0" in text:
        raise _not_utf8(path, data, data.index(0))
    return text


def _not_utf8(path: Path, data: bytes, at: int) -> Refusal:
    return Refusal(TableNotUtf8(table=path.name, byte=data[at], line=data.count(b"\n", 0, at) + 1))


def _records(name: str, text: str) -> list[tuple[int, list[str]]]:
    """The records that are not blank lines, each with the line it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    found: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for cells in reader:
            if cells:
                found.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise Refusal(TableUnparsable(table=name, line=begin, reason=str(error))) from None
    return found


def _check_header(name: str, header: list[str]) -> None:
    for separator, word in SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise Refusal(WrongSeparator(table=name, separator=word))
    if "" in header:
        raise Refusal(NamelessColumn(table=name, position=header.index("") + 1))
    repeated = [column for column in dict.fromkeys(header) if header.count(column) > 1]
    if repeated:
        raise Refusal(DuplicateColumns(table=name, names=quoted(repeated)))


def _typed(header: list[str], rows: list[list[str]]) -> pd.DataFrame:
    """The cells with the types that pandas finds; every decimal is the closest double."""
    clean = io.StringIO()
    csv.writer(clean).writerows([header, *rows])
    clean.seek(0)
    frame: pd.DataFrame = pd.read_csv(clean, skip_blank_lines=False, index_col=False, low_memory=False, **_EXACT)
    return frame
