"""A data table as read: rows by name of column, each with the place it came from.

`read_table` takes files, standard input and frames; what they are is found out from their first bytes. A text is read
by `text_tables`, Parquet and Feather by `arrow`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.form import Form
from hqnn_dsl.data.formats import arrow_form
from hqnn_dsl.data.frames import NAME, checked, from_other, is_frame, not_a_table
from hqnn_dsl.data.sources import open_source
from hqnn_dsl.data.text_tables import read_text
from hqnn_dsl.data.written import ANY, Purpose, Written
from hqnn_dsl.diagnostics.codes.reading import TableTooLarge
from hqnn_dsl.diagnostics.codes.reading_notices import ReadAs
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import size
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.semantics.spec import Read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.digits import Lost
    from hqnn_dsl.data.sources import Progress, Source
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

PLACES_SHOWN = 5
"""How many places a sentence lists before it only counts the rest."""


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
    """A table in memory.

    Columns of numbers are float64 or int64, of True and False bool; other columns of a file are text as written, blanks
    around it aside, with NaN for missing cells. `lost` has the columns of decimals in which different numbers have
    become the same float. `form` is how a file is written, None for a frame; `notes` is what its reader should know of
    how it was read.
    """

    name: str
    frame: pd.DataFrame = field(repr=False)
    lines: Lines = field(repr=False)
    lost: Mapping[str, Lost] = field(default_factory=dict, repr=False)
    form: Form | None = None
    notes: tuple[Diagnostic, ...] = field(default=(), repr=False)
    as_written: Mapping[str, pd.Series[Any]] = field(default_factory=dict, repr=False)
    """The columns of a text that were also asked for as they are written: `007` is no number there."""
    written: Written | None = field(default_factory=Written, repr=False)
    """How its numbers were written; None for an array, which has the units of the training."""
    path: str | None = None
    """The absolute path of its file; None for a frame or standard input."""

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


_AS_IT_IS = Read()


def read_table(
    origin: object,
    read: Read = _AS_IT_IS,
    *,
    progress: Progress | None = None,
    as_written: Sequence[str] = (),
    purpose: Purpose = ANY,
) -> Table:
    """Read a file, or take a frame (columns are then named by `str`); a `Table` is given back as it is.

    A file is text (CSV and the like), Parquet or Feather, packed or not; `-` is standard input. A frame is one of
    pandas, or of a library that hands over its columns by Arrow's or by the frames' own interchange. `read` overrides
    what is found out from the text; of a frame it only adds spellings of missing cells. `progress` is called with the
    bytes of the file that were read, and how many it has, None if that is not known. `as_written` names columns of a
    text that are also kept as they are written, `purpose` says which columns must not be doubtful, and what a run knows
    of the form.

    Raises `Refusal` if there is no table with named columns and at least one row, or if it can be read in two ways:
    E0501 to E0508, E0526 to E0529, E0553, E0560 to E0566.
    """
    match origin:
        case Table():
            return origin
        case pd.DataFrame():
            return _from_frame(origin, read)
        case str() | os.PathLike():
            source = open_source(Path(origin), str(origin), progress)
            return _from_file(source, Path(origin), read, as_written, purpose)
    if is_frame(origin):
        return _from_frame(from_other(origin), read)
    raise Refusal(not_a_table(origin))


def _from_frame(frame: pd.DataFrame, read: Read) -> Table:
    named = checked(NAME, frame, read)
    return Table(NAME, named, Lines(np.arange(1, len(named) + 1), "row", named.index))


def _from_file(source: Source, path: Path, read: Read, as_written: Sequence[str], purpose: Purpose) -> Table:
    try:
        form = arrow_form(source.head())
        table = _from_arrow(source, form, read) if form else _from_text(source, read, as_written, purpose)
        return table if str(path) == "-" else replace(table, path=os.path.abspath(path))  # noqa: PTH100 - links stay
    except MemoryError:
        raise Refusal(TableTooLarge(table=source.place.name, size=_size(path))) from None
    finally:
        source.close()


def _from_text(source: Source, read: Read, as_written: Sequence[str], purpose: Purpose) -> Table:
    found = read_text(source, read, as_written, purpose)
    return Table(
        source.place.name,
        found.frame,
        Lines(found.lines),
        found.lost,
        found.form,
        (*_said(found.form, read), *found.notes),
        found.as_written,
        found.written,
    )


def _from_arrow(source: Source, kind: str, read: Read) -> Table:
    from hqnn_dsl.data.arrow import read_arrow

    name = source.place.name
    frame = checked(name, read_arrow(name, kind, source.stream), read)
    form = Form(table=name, kind=kind)
    return Table(name, frame, Lines(np.arange(1, len(frame) + 1), "row"), form=form)


def _said(form: Form, read: Read) -> tuple[Diagnostic, ...]:
    """How a text is read (W0460), unless it is plain CSV, or all that is not plain was told."""
    told = replace(
        Form(table=form.table, packing=form.packing),
        **{name: value for name in _TOLD if (value := getattr(read, name)) is not None},
    )
    if form.is_plain or replace(told, encoding=form.encoding if read.encoding else told.encoding) == form:
        return ()
    return (ReadAs(table=form.table, parts=listed(form.parts, "and")),)


_TOLD = ("delimiter", "decimal", "thousands", "encoding")


def _size(path: Path) -> str:
    try:
        return size(path.stat().st_size)
    except (OSError, ValueError):
        return "more than fits"
