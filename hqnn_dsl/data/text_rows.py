"""One way through a text of a table: its bytes, block by block, to the records of its rows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.encodings import Decoder
from hqnn_dsl.data.formats import arrow_form, foreign, markup
from hqnn_dsl.data.guess import SAMPLE, blanks_to_tabs, guess
from hqnn_dsl.data.layout import check_header, check_rows
from hqnn_dsl.data.records import Dialect, take_records
from hqnn_dsl.data.sources import HEAD
from hqnn_dsl.diagnostics.codes.reading import OtherForm
from hqnn_dsl.diagnostics.codes.tables import TableEmpty, TableNotUtf8
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.guess import Guess
    from hqnn_dsl.data.records import Records
    from hqnn_dsl.data.sources import Place, Source
    from hqnn_dsl.data.written import Purpose
    from hqnn_dsl.semantics.spec import Read

_PER_COLUMN = 1 << 14
"""Bytes that are read in one go for every column, if that is more than a block."""


class Pass:
    """One way through the text: the records of its rows, a block at a time."""

    def __init__(self, source: Source, read: Read, purpose: Purpose) -> None:
        self.place, self.source, self.read, self.purpose = source.place, source, read, purpose
        raw = source.blocks()
        first = next(raw, b"")
        _refuse_foreign(self.place, first)
        self.decoder = Decoder(source.place, first[:HEAD], read.encoding)
        blocks = self.decoder.blocks(chain([first], raw))
        sample, is_whole = _beginning(blocks)
        form = markup(sample)
        if form:
            raise Refusal(OtherForm(table=self.place.name, form=form))
        self.guess: Guess = guess(self.place, sample, read, purpose, is_whole=is_whole)
        self.header: list[str] = []
        self.comments: list[int] = list(self.guess.comments)
        self.comment = self.guess.comment
        self._blocks = chain([sample], blocks)

    def again(self) -> Pass:
        """Another way through it from its beginning."""
        return Pass(self.source, self.read, self.purpose)

    def rows(self) -> Iterator[Records]:
        """The rows. `header` is known with the first of them."""
        data, line, enough = b"", 1, 0
        for block, is_last in _with_last(self._blocks):
            data += block
            if len(data) < enough and not is_last:
                continue
            if line == 1 and self.guess.skipped:
                skipped = _after_lines(data, self.guess.skipped)
                data, line = data[skipped:], 1 + self.guess.skipped
            found, used, num_lines = self._taken(data, line, is_last=is_last)
            # A long record is not looked at again for every block; and a wide table is read in larger ones.
            enough = _PER_COLUMN * len(self.header) if used else 2 * len(data)
            data, line = data[used:], line + num_lines
            if not len(found):
                continue
            if self.header:
                rows = check_rows(self.place, found, self.header)
            else:
                self.header, rows = check_header(self.place, found)
            if len(rows):
                yield rows
        if not self.header:
            raise Refusal(TableEmpty(table=self.place.name, lacks="no header line"))

    def _taken(self, data: bytes, line: int, *, is_last: bool) -> tuple[Records, int, int]:
        """The whole records at the beginning of some bytes, and how many bytes and lines they are."""
        name, dialect = self.place.name, self.guess.dialect
        if self.guess.is_blanks:
            spaced = Dialect(" ", dialect.quote, dialect.comment)
            first = take_records(name, data, spaced, line=line, is_last=is_last)
            part = blanks_to_tabs(data[: first.used], dialect.quote)
            taken = take_records(name, part, dialect, line=line, is_last=True)
            used, num_lines = first.used, first.lines
        else:
            taken = take_records(name, data, dialect, line=line, is_last=is_last)
            used, num_lines = taken.used, taken.lines
        if taken.comments and not self.comments:
            begin = data.splitlines()[taken.comments[0] - line]
            self.comment = begin.decode("utf-8", "replace").strip()
        self.comments += taken.comments
        if b"\0" in taken.records.data[: taken.used]:
            raise self._null(taken.records)
        return taken.records, used, num_lines

    def _null(self, records: Records) -> Refusal:
        """What is said of a byte of zero: its line, and the cell that it is in."""
        at = records.data.index(b"\0")
        index = int(np.searchsorted(records.begins, at, side="right")) - 1
        if index < 0:
            return Refusal(TableNotUtf8(table=self.place.name, what="has byte 0x00 in its first line"))
        text = records.data[records.begins[index] : at].decode("utf-8", "replace")
        line = int(records.lines[index]) + text.count("\n")
        column = len(records.row(index)) and len(next(records.dialect.reader(text + "x"), []))
        names = self.header or (records.row(0) if index else [])
        name = f" (`{names[column - 1].strip()}`)" if 0 < column <= len(names) else ""
        what = f"has byte 0x00 in line {line}, column {column}{name}"
        hint = "the file is damaged: make it anew, or take the byte out"
        return Refusal(TableNotUtf8(table=self.place.name, what=what, hint=hint))


def _refuse_foreign(place: Place, head: bytes) -> None:
    """Refuse (E0503) what is no text; in a packed file, also what is read if it is not packed."""
    form = arrow_form(head)
    known = (f"holds a {form} file", "unpack it and give that file") if form else foreign(place, head)
    if known is not None:
        raise Refusal(TableNotUtf8(table=place.name, what=f"{known[0]}, not text", hint=known[1]))


def _beginning(blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    """Enough of a text to guess its form, and whether it is all of it."""
    found = b""
    while len(found) < SAMPLE:
        block = next(blocks, None)
        if block is None:
            return found, True
        found += block
    return found, False


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last."""
    before = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    yield before or b"", True


def _after_lines(data: bytes, number: int) -> int:
    """Where the line begins that follows so many lines."""
    at = 0
    for line in data.splitlines(keepends=True)[:number]:
        at += len(line)
    return at
