"""A data table as read: rows by name of column, each with the place it came from.

A CSV file is read once. Its bytes are cut into records first (`records`), so that every row has its line and its cells
are counted; pandas then reads the cells of all of them in one go.
"""

from __future__ import annotations

import errno
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.digits import Lost, lost_in_text, needs_its_text
from hqnn_dsl.data.formats import foreign, markup, not_utf8_advice
from hqnn_dsl.data.layout import check_layout, check_names
from hqnn_dsl.data.records import find_records
from hqnn_dsl.diagnostics.codes.reading import NestedColumns, NotATable, OtherForm, TableTooLarge
from hqnn_dsl.diagnostics.codes.tables import TableEmpty, TableMissing, TableNotUtf8
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.files import open_regular, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.records import Records

PLACES_SHOWN = 5
"""How many places a sentence lists before it only counts the rest."""

_BEFORE_EXACT = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _BEFORE_EXACT else {}
"""Pandas before 3.1 rounds decimals unless told; from then on it is exact and warns when told."""

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, eq=False)
class Lines:
    """How the rows of a table are named: by the 1-based line of the file, or row of the frame, where row i begins.

    `labels` is the frame's own index, which is said beside the number; None for a file.
    """

    numbers: NDArray[np.int64] = field(repr=False)
    unit: str = "line"
    labels: pd.Index[Any] | None = field(default=None, repr=False)

    def of(self, row: int) -> str:
        """`line 4`, or `row 2 (index 50)` of a frame, for a row position from 0."""
        return self.where([row])

    def where(self, rows: Sequence[int] | NDArray[np.int64]) -> str:
        """`line 4`, `lines 4 and 9`, `lines 4, 9, 11, 12, 20 and 25 more` for row positions from 0."""
        shown, more = rows[:PLACES_SHOWN], max(len(rows) - PLACES_SHOWN, 0)
        numbers = listed((str(self.numbers[row]) for row in shown), "and", more=more)
        said = f"{self.unit}{'s' if len(rows) > 1 else ''} {numbers}"
        if self.labels is None:
            return said
        return f"{said} (index {', '.join(_label(self.labels[row]) for row in shown)}{', …' if more else ''})"


def _label(label: object) -> str:
    return f"({', '.join(map(str, label))})" if isinstance(label, tuple) else str(label)


@dataclass(frozen=True, eq=False)
class Table:
    """A table in memory. `lost` has the columns of decimals in which different numbers have become the same float."""

    name: str
    frame: pd.DataFrame = field(repr=False)
    lines: Lines = field(repr=False)
    lost: Mapping[str, Lost] = field(default_factory=dict, repr=False)

    @property
    def num_rows(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    @property
    def places(self) -> NDArray[np.int64]:
        """The 1-based line of the file, or row of the frame, of every row."""
        return self.lines.numbers

    def where(self, rows: Sequence[int] | NDArray[np.int64]) -> str:
        """Where rows stand, for a sentence; row positions from 0. See `Lines.where`."""
        return self.lines.where(rows)

    def line_of(self, row: int) -> str:
        """Where one row stands. See `Lines.of`."""
        return self.lines.of(row)


def read_table(origin: object) -> Table:
    """Read a CSV file, or take a frame as it is (columns are then named by `str`); a `Table` is given back.

    Raises `Refusal` where there is no table with named columns and at least one row: E0501 to E0508, E0526 to E0529,
    E0553.
    """
    match origin:
        case Table():
            return origin
        case pd.DataFrame():
            return _from_frame(origin)
        case str() | os.PathLike():
            return _from_file(Path(origin), str(origin))
    raise Refusal(_not_a_table(origin))


def _from_file(path: Path, written: str) -> Table:
    try:
        data = _bytes(path, written)
        records = find_records(path.name, data)
        if not len(records):
            raise Refusal(TableEmpty(table=path.name, lacks="no header line"))
        header, rows = check_layout(path, records)
        frame = _typed(header, rows)
        lost = _lost(frame, header, rows)
    except MemoryError:
        raise Refusal(TableTooLarge(table=path.name, size=_size(path.stat().st_size))) from None
    return Table(path.name, frame, Lines(rows.lines), lost)


def _from_frame(frame: pd.DataFrame) -> Table:
    name = "the frame"
    if isinstance(frame.columns, pd.MultiIndex):
        raise Refusal(
            NestedColumns(table=name, levels=frame.columns.nlevels, example=f"`{next(iter(frame.columns), ())}`")
        )
    named = frame.rename(columns=str)
    if not len(named.columns):
        raise Refusal(TableEmpty(table=name, lacks="no columns"))
    check_names(name, list(named.columns))
    if named.empty:
        raise Refusal(TableEmpty(table=name, lacks="no rows"))
    return Table(name, named, Lines(np.arange(1, len(named) + 1), "row", named.index))


def _bytes(path: Path, written: str) -> bytes:
    """The file's text in UTF-8 without a byte order mark; line ends as they are."""
    try:
        size = path.stat().st_size
        if size > _memory():
            raise Refusal(TableTooLarge(table=path.name, size=_size(size)))
        with open_regular(path) as stream:
            data = stream.read() or b""
    except (OSError, ValueError) as error:
        raise Refusal(_unreadable(written, error)) from None
    _check_text(path, data)
    return data.removeprefix(_MARK)


def _check_text(path: Path, data: bytes) -> None:
    known = foreign(path, data)
    if known is not None:
        raise Refusal(TableNotUtf8(table=path.name, what=known[0], hint=known[1]))
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise _not_utf8(path, data, error.start) from None
    if b"\0" in data:
        raise _not_utf8(path, data, data.index(0))
    form = markup(data.removeprefix(_MARK))
    if form:
        raise Refusal(OtherForm(table=path.name, form=form))


def _not_utf8(path: Path, data: bytes, at: int) -> Refusal:
    line = data.count(b"\n", 0, at) + 1
    what = f"has byte 0x{data[at]:02x} in line {line}"
    hint = not_utf8_advice(path, data) if data[at] else ""
    return Refusal(TableNotUtf8(table=path.name, what=what, hint=hint))


def _unreadable(written: str, error: OSError | ValueError) -> TableMissing:
    """Why a file cannot be opened, and what to do about it where the usual advice does not say it."""
    match error:
        case FileNotFoundError() if written.startswith(("http://", "https://", "ftp://")):
            return TableMissing(
                path=written, reason="there is no such file", hint="download it first and give the file"
            )
        case FileNotFoundError():
            return TableMissing(path=written, reason="there is no such file")
        case IsADirectoryError():
            return TableMissing(path=written, reason="it is a folder")
        case OSError(errno=errno.EINVAL):
            hint = "write the table to a file first and give that: it must be possible to read it again"
            return TableMissing(path=written, reason=reason_of(error), hint=hint)
        case OSError():
            return TableMissing(path=written, reason=reason_of(error))
    return TableMissing(path=written, reason="no path has a null character in it")


def _memory() -> int:
    """The machine's memory in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return 1 << 62


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.1f} GiB"


def _read(header: list[str], rows: Records, **options: Any) -> pd.DataFrame:
    """The cells of the records, by pandas."""
    data, begin = rows.joined()
    text = io.BytesIO(data)
    text.seek(begin)
    frame: pd.DataFrame = pd.read_csv(
        text, header=None, names=header, index_col=False, skip_blank_lines=False, skipinitialspace=True, **options
    )
    assert len(frame) == len(rows), "pandas found other rows than there are records"
    return frame


def _typed(header: list[str], rows: Records) -> pd.DataFrame:
    """The cells with the types that pandas finds in whole columns; every decimal is the closest double."""
    return _read(header, rows, low_memory=False, **_EXACT)


def _lost(frame: pd.DataFrame, header: list[str], rows: Records) -> dict[str, Lost]:
    """Columns of decimals in which numbers that differ as they are written are one float."""
    doubtful = [name for name in header if needs_its_text(frame[name])]
    if not doubtful:
        return {}
    texts = _read(header, rows, usecols=doubtful, dtype=str, na_filter=False)
    found = {name: lost_in_text(frame[name].to_numpy(), texts[name].to_numpy()) for name in doubtful}
    return {name: lost for name, lost in found.items() if lost is not None}


def _not_a_table(origin: object) -> NotATable:
    """What was given in place of a table, and the call that makes a frame of it."""
    kind = type(origin).__name__
    what = f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
    match type(origin).__module__.partition(".")[0], kind:
        case _, "NoneType":
            return NotATable(what="None", call='pandas.read_csv("data.csv")')
        case "pandas", _:
            return NotATable(what=what, call="data.to_frame()")
        case "polars" | "pyarrow", _:
            return NotATable(what=f"{what} of {type(origin).__module__.partition('.')[0]}", call="data.to_pandas()")
        case "numpy", _:
            return NotATable(what="an array", call='pandas.DataFrame(data, columns=["x", "y"])')
        case "torch", _:
            return NotATable(what="a tensor", call='pandas.DataFrame(data.numpy(), columns=["x", "y"])')
        case "_io", _:
            return NotATable(what="an open file", call="pandas.read_csv(data)")
        case _:
            return NotATable(what=what, call="pandas.DataFrame(data)")
