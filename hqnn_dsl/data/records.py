"""Where the records of a CSV text begin, and how many cells each has, found without taking its cells apart.

Pandas does not say in which line a row stands, fills short rows up in silence and cuts long ones. So the bytes are
looked at first, a chunk at a time in NumPy: lines, commas and quotes. Where a quote stands in an unusual place,
Python's own reader goes through the text instead; both give the same records (`tests/data/test_records.py`).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.codes.tables import TableUnparsable
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

CHUNK = 1 << 20
"""How many bytes are looked at in one go."""

_NEWLINE, _RETURN, _QUOTE, _COMMA, _BLANK = b'\n\r", '


@dataclass(frozen=True, eq=False)
class Records:
    """The records of a text that are not empty lines.

    Record i is the bytes `begins[i]` to `ends[i]`, its line end included; it begins in line `lines[i]` of the text,
    counted from 1, and has `cells[i]` cells.
    """

    data: bytes = field(repr=False)
    begins: Places = field(repr=False)
    ends: Places = field(repr=False)
    lines: Places = field(repr=False)
    cells: Places = field(repr=False)

    def __len__(self) -> int:
        return len(self.begins)

    def text(self, index: int) -> str:
        """A record as it is written, without its line end."""
        return self.data[self.begins[index] : self.ends[index]].decode().rstrip("\r\n")

    def row(self, index: int) -> list[str]:
        """The cells of a record."""
        text = self.data[self.begins[index] : self.ends[index]].decode()
        return next(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True), [])

    def keeping(self, which: NDArray[np.bool_] | slice) -> Records:
        """Only some of the records."""
        return Records(self.data, self.begins[which], self.ends[which], self.lines[which], self.cells[which])

    def joined(self) -> tuple[bytes, int]:
        """Bytes that have exactly these records from some place on, and that place. Nothing is copied if all stand
        together.
        """
        if not len(self):
            return b"", 0
        if np.array_equal(self.begins[1:], self.ends[:-1]) and self.ends[-1] == len(self.data):
            return self.data, int(self.begins[0])
        pieces = [self.data[begin:end] for begin, end in self._runs()]
        return b"".join(piece if piece.endswith((b"\n", b"\r")) else piece + b"\n" for piece in pieces), 0

    def _runs(self) -> list[tuple[int, int]]:
        """The stretches of bytes in which records stand together."""
        breaks = np.flatnonzero(self.begins[1:] != self.ends[:-1]) + 1
        first, last = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(self)]]) - 1
        return list(zip(self.begins[first].tolist(), self.ends[last].tolist(), strict=True))


def find_records(name: str, data: bytes) -> Records:
    """The records of a CSV text in UTF-8. Raises `Refusal` E0504 with the line where its quotes go wrong."""
    if b'"' not in data:
        return _from_scan(data, *_scan(data, quotes=False))
    if _is_regular(data):
        return _from_scan(data, *_scan(data, quotes=True))
    return _with_reader(name, data)


def _is_regular(data: bytes) -> bool:
    """Whether quotes open only where a cell begins and close only where it ends, so that counting them is enough."""
    values = np.frombuffer(data, np.uint8)
    before, last = 0, len(values) - 1
    for start in range(0, len(values), CHUNK):
        at = np.flatnonzero(values[start : start + CHUNK] == _QUOTE) + start
        opening = (before + np.arange(len(at))) % 2 == 0
        before += len(at)
        opens, closes = at[opening], at[~opening]
        left = values[np.maximum(opens - 1, 0)]
        right = values[np.minimum(closes + 1, last)]
        if not (np.isin(left, (_COMMA, _NEWLINE, _RETURN, _QUOTE)) | (opens == 0)).all():
            return False
        if not (np.isin(right, (_COMMA, _NEWLINE, _RETURN, _QUOTE)) | (closes == last)).all():
            return False
    return before % 2 == 0


def _line_ends(values: NDArray[np.uint8], start: int, stop: int) -> Places:
    """The last byte of every line end in a chunk: a line feed, or a carriage return without one."""
    chunk = values[start:stop]
    ends = chunk == _NEWLINE
    returns = chunk == _RETURN
    if returns.any():
        following = np.append(chunk[1:], values[stop : stop + 1] if stop < len(values) else np.uint8(0))
        ends |= returns & (following != _NEWLINE)
    return np.flatnonzero(ends) + start


def _scan(data: bytes, *, quotes: bool) -> tuple[Places, Places, Places]:
    """Behind every record the place of its end, the number of its cells, and that of its lines."""
    values = np.frombuffer(data, np.uint8)
    ends: list[Places] = []
    commas_before: list[Places] = []
    lines_before: list[Places] = []
    num_commas = num_lines = num_quotes = 0
    for start in range(0, len(values), CHUNK):
        stop = min(start + CHUNK, len(values))
        lines = all_lines = _line_ends(values, start, stop)
        commas = np.flatnonzero(values[start:stop] == _COMMA) + start
        if quotes:
            found = np.flatnonzero(values[start:stop] == _QUOTE) + start
            lines, commas = (at[(num_quotes + np.searchsorted(found, at)) % 2 == 0] for at in (lines, commas))
            num_quotes += len(found)
        ends.append(lines + 1)
        commas_before.append(num_commas + np.searchsorted(commas, lines))
        lines_before.append(num_lines + np.searchsorted(all_lines, lines) + 1)
        num_commas, num_lines = num_commas + len(commas), num_lines + len(all_lines)
    if not ends or not len(values) or _last(ends) != len(values):
        ends.append(np.array([len(values)]))
        commas_before.append(np.array([num_commas]))
        lines_before.append(np.array([num_lines + 1]))
    at, commas, lines = (np.concatenate(parts) for parts in (ends, commas_before, lines_before))
    return at, np.diff(commas, prepend=0) + 1, lines


def _last(parts: list[Places]) -> int:
    return next((int(part[-1]) for part in reversed(parts) if len(part)), -1)


def _from_scan(data: bytes, ends: Places, cells: Places, lines: Places) -> Records:
    begins = np.concatenate([[0], ends[:-1]])
    first_lines = np.concatenate([[1], lines[:-1] + 1])
    found = Records(data, begins, ends, first_lines, cells)
    return found.keeping(_not_empty(data, begins, ends))


def _not_empty(data: bytes, begins: Places, ends: Places) -> NDArray[np.bool_]:
    """Which records have a byte before their line end."""
    values = np.frombuffer(data, np.uint8)
    if not len(values):
        return np.zeros(len(begins), dtype=np.bool_)
    first = values[np.minimum(begins, len(values) - 1)]
    return np.asarray((ends > begins) & (first != _NEWLINE) & (first != _RETURN))


def _with_reader(name: str, data: bytes) -> Records:
    """The records as Python's reader finds them; only their places are kept."""
    values = np.frombuffer(data, np.uint8)
    line_ends = np.concatenate(
        [_line_ends(values, start, min(start + CHUNK, len(values))) for start in range(0, len(values), CHUNK)]
    )
    starts = np.concatenate([[0], line_ends + 1, [len(values)]])
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True, skipinitialspace=True)
    rows: list[tuple[int, int, int]] = []
    begin = 1
    try:
        for cells in reader:
            if cells:
                rows.append((begin, reader.line_num, len(cells)))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise Refusal(TableUnparsable(table=name, line=begin, reason=str(error))) from None
    first, last, cells_of = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Records(data, starts[first - 1], starts[np.minimum(last, len(starts) - 1)], first, cells_of)
