"""Where the records of a CSV text begin, and how many cells each has, found without taking its cells apart.

Pandas does not say in which line a row stands, fills short rows up in silence and cuts long ones. So the bytes are
looked at first in NumPy: lines, delimiters and quotes. Where a quote stands in an unusual place, Python's own reader
goes through the text instead; both give the same records (`tests/data/test_records.py`).

A text comes in blocks; a record that is not whole yet waits for the next one.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.codes.tables import TableUnparsable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.limits import MAX_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Places = NDArray[np.int64]

_NEWLINE, _RETURN = b"\n\r"


@dataclass(frozen=True)
class Dialect:
    """The characters that take a text apart, all of ASCII. Lines that begin with `comment` are no records."""

    delimiter: str = ","
    quote: str = '"'
    comment: str | None = None

    def reader(self, text: str, *, strict: bool = False) -> Iterator[list[str]]:
        """Python's reader over a text. Call it within `any_length`."""
        lines = io.StringIO(text, newline="")
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True, strict=strict)


PLAIN = Dialect()


@contextmanager
def any_length() -> Iterator[None]:
    """Within it Python's reader takes cells of more than 131,072 characters."""
    before = csv.field_size_limit(2 * MAX_RECORD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@dataclass(frozen=True, eq=False)
class Records:
    """The records of a text that are not empty lines.

    Record i is the bytes `begins[i]` to `ends[i]`, its line end included; it begins in line `lines[i]` of the file,
    counted from 1, and has `cells[i]` cells.
    """

    data: bytes = field(repr=False)
    begins: Places = field(repr=False)
    ends: Places = field(repr=False)
    lines: Places = field(repr=False)
    cells: Places = field(repr=False)
    dialect: Dialect = PLAIN

    def __len__(self) -> int:
        return len(self.begins)

    def text(self, index: int) -> str:
        """A record as it is written, without its line end."""
        return self.data[self.begins[index] : self.ends[index]].decode().rstrip("\r\n")

    def row(self, index: int) -> list[str]:
        """The cells of a record."""
        text = self.data[self.begins[index] : self.ends[index]].decode()
        with any_length():
            return next(self.dialect.reader(text), [])

    def keeping(self, which: NDArray[np.bool_] | slice) -> Records:
        """Only some of the records."""
        return Records(
            self.data, self.begins[which], self.ends[which], self.lines[which], self.cells[which], self.dialect
        )

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


@dataclass(frozen=True, eq=False)
class Taken:
    """The whole records at the beginning of a text, how many of its bytes and lines they are, and comments left out.

    `comments` are the lines of those.
    """

    records: Records
    used: int
    lines: int
    comments: tuple[int, ...] = ()


def take_records(name: str, data: bytes, dialect: Dialect, *, line: int = 1, is_last: bool = False) -> Taken:
    """The records that are whole in a text that begins with one in line `line`; all of it if nothing follows.

    Raises `Refusal` E0504 with the line where quotes go wrong, or where a record is longer than any may be.
    """
    quote = dialect.quote.encode()
    seen, starts = _without_comments(data, dialect)
    end = len(seen) if is_last else end_of_last(seen, quote)
    part = seen[:end] if end < len(seen) else seen
    waits = not end and quote in seen
    if not waits and (quote not in part or is_regular(part, dialect)):
        found = _from_scan(part, dialect, line)
        taken = _leaving_out(found, starts[starts < end], end, _num_lines(part))
    else:
        taken = _with_reader(name, data, dialect, line=line, is_last=is_last)
    if not taken.used and len(data) > MAX_RECORD:
        reason = f"no end of its row within {MAX_RECORD >> 20} MiB"
        raise Refusal(TableUnparsable(table=name, line=line, reason=reason))
    return taken


def _line_ends(values: NDArray[np.uint8]) -> Places:
    """The last byte of every line end: a line feed, or a carriage return without one."""
    ends = values == _NEWLINE
    returns = values == _RETURN
    if returns.any():
        ends |= returns & (np.append(values[1:], np.uint8(0)) != _NEWLINE)
    return np.flatnonzero(ends)


def _num_lines(data: bytes) -> int:
    return len(_line_ends(np.frombuffer(data, np.uint8)))


def end_of_last(data: bytes, quote: bytes) -> int:
    """The end of the last line that is followed by another byte, as far as quotes show outside of all quotes.

    A carriage return at the end may be half of a line end.
    """
    if quote not in data:
        return max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1
    values = np.frombuffer(data, np.uint8)
    ends = _line_ends(values)
    if len(ends) and ends[-1] == len(data) - 1 and data.endswith(b"\r"):
        ends = ends[:-1]
    quotes = np.flatnonzero(values == ord(quote))
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def is_regular(data: bytes, dialect: Dialect) -> bool:
    """Whether quotes open only where a cell begins and close only where it ends, so that counting them is enough."""
    values = np.frombuffer(data, np.uint8)
    quote, last = ord(dialect.quote), len(values) - 1
    at = np.flatnonzero(values == quote)
    opens, closes = at[::2], at[1::2]
    border = np.array([ord(dialect.delimiter), _NEWLINE, _RETURN, quote], dtype=np.uint8)
    left, right = values[np.maximum(opens - 1, 0)], values[np.minimum(closes + 1, last)]
    if not (np.isin(left, border) | (opens == 0)).all():
        return False
    return bool((np.isin(right, border) | (closes == last)).all()) and len(at) % 2 == 0


def _from_scan(data: bytes, dialect: Dialect, line: int) -> Records:
    """The records of a text whose quotes are regular."""
    values = np.frombuffer(data, np.uint8)
    ends = all_ends = _line_ends(values)
    delimiters = np.flatnonzero(values == ord(dialect.delimiter))
    if dialect.quote.encode() in data:
        quotes = np.flatnonzero(values == ord(dialect.quote))
        ends, delimiters = (at[np.searchsorted(quotes, at) % 2 == 0] for at in (ends, delimiters))
    if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
        ends = np.append(ends, len(data) - 1)
    lines_before = np.searchsorted(all_ends, ends) + 1
    begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    first_lines = np.concatenate([[0], lines_before[:-1]]) + line if len(ends) else ends
    cells = np.diff(np.searchsorted(delimiters, ends, side="right"), prepend=0) + 1
    found = Records(data, begins, ends + 1, first_lines, cells, dialect)
    first = values[begins]
    return found.keeping((first != _NEWLINE) & (first != _RETURN))


def _with_reader(name: str, data: bytes, dialect: Dialect, *, line: int, is_last: bool) -> Taken:
    """The records as Python's reader finds them; only their places are kept."""
    if not is_last:
        data = data[: max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1]
    feed = _Feed(data, dialect.comment)
    starts = np.concatenate([[0], _line_ends(np.frombuffer(data, np.uint8)) + 1, [len(data)]])
    rows: list[tuple[int, int, int]] = []
    begin = 0
    try:
        with any_length():
            reader = csv.reader(
                feed, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True, strict=True
            )
            for cells in reader:
                if cells:
                    rows.append((feed.begin, feed.line, len(cells)))
                begin = feed.line
                feed.is_fresh = True
    except csv.Error as error:
        if is_last or not feed.is_through:
            raise Refusal(TableUnparsable(table=name, line=feed.begin + line, reason=_reason(error))) from None
    else:
        begin = feed.line
    first, last, cells_of = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    found = Records(data, starts[first], starts[np.minimum(last, len(starts) - 1)], first + line, cells_of, dialect)
    comments = tuple(number + line for number in feed.comments if number < begin)
    return Taken(found, int(starts[min(begin, len(starts) - 1)]), begin, comments)


def _reason(error: csv.Error) -> str:
    """What Python's reader says, in the words of a table's author."""
    return "a quote is opened and not closed" if "unexpected end" in str(error) else str(error)


class _Feed:
    """The lines of a text for Python's reader, without the comments that stand where a record would begin.

    `line` lines have been given or left out; the record that is being read begins behind `begin` of them.
    """

    def __init__(self, data: bytes, comment: str | None) -> None:
        self._lines = io.StringIO(data.decode(), newline="")
        self._comment = comment
        self.line = self.begin = 0
        self.is_fresh, self.is_through = True, False
        self.comments: list[int] = []

    def __iter__(self) -> Iterator[str]:
        for text in self._lines:
            if self.is_fresh:
                self.begin = self.line
                if self._comment and text.lstrip(" \t").startswith(self._comment):
                    self.comments.append(self.line)
                    self.line += 1
                    continue
            self.is_fresh = False
            self.line += 1
            yield text
        self.is_through = True


def _without_comments(data: bytes, dialect: Dialect) -> tuple[bytes, Places]:
    """The text with blanks in the place of comments, and where those begin; no comment stands inside of quotes."""
    if dialect.comment is None or dialect.comment.encode() not in data:
        return data, np.empty(0, dtype=np.int64)
    mark, quote = re.escape(dialect.comment.encode()), dialect.quote.encode()
    found: list[int] = []
    pieces: list[bytes] = []
    at = num_quotes = 0
    for match in re.finditer(rb"(?:\A|(?<=[\r\n]))[ \t]*" + mark + rb"[^\r\n]*", data):
        num_quotes += data.count(quote, at, match.start())
        pieces.append(data[at : match.start()])
        at = match.start()
        if num_quotes % 2:
            continue
        pieces.append(b" " * (match.end() - match.start()))
        at = match.end()
        found.append(match.start())
    return b"".join([*pieces, data[at:]]), np.array(found, dtype=np.int64)


def _leaving_out(records: Records, starts: Places, used: int, lines: int) -> Taken:
    """Without the records that are comments."""
    if not len(starts):
        return Taken(records, used, lines)
    is_comment = np.isin(records.begins, starts)
    comments = tuple(records.lines[is_comment].tolist())
    return Taken(records.keeping(~is_comment), used, lines, comments)
