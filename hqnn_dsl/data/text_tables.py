"""A table of text: bytes, block by block, to columns with their types.

A block's bytes become UTF-8, then records, whose lines are known and whose cells are counted, then cells, which pandas
reads. Only the columns grow with the table. What is settled at its end alone is read in a second pass: a column of
numbers that has text further down as it is written, and numbers that may have lost digits as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data import marks
from hqnn_dsl.data.cells import (
    Column,
    Missing,
    is_truth,
    numbers_of,
    parsed,
    plain_numbers,
    text_of,
    truth_of,
)
from hqnn_dsl.data.digits import Lost, lost_in_words, needs_its_text, shared
from hqnn_dsl.data.encodings import Decoder
from hqnn_dsl.data.form import Form
from hqnn_dsl.data.formats import arrow_form, foreign, markup
from hqnn_dsl.data.guess import SAMPLE, blanks_to_tabs, first_decimal, guess
from hqnn_dsl.data.layout import check_header, check_names, check_rows
from hqnn_dsl.data.records import Dialect, take_records
from hqnn_dsl.data.sources import HEAD, memory
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.reading import (
    CommentsLeftOut,
    DoubtfulNumber,
    EmptyColumnLeftOut,
    MixedPercent,
    OtherForm,
    PercentSigns,
    ReadContradicts,
    TableChanged,
    TableTooLarge,
)
from hqnn_dsl.diagnostics.codes.tables import NamelessColumn, TableEmpty, TableNotUtf8
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.quantities import size as size_of
from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.guess import Guess
    from hqnn_dsl.data.marks import Verdict
    from hqnn_dsl.data.records import Records
    from hqnn_dsl.data.sources import Place, Source
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.spec import Read


_PER_COLUMN = 1 << 14
"""Bytes that are read in one go for every column, if that is more than a block."""


@dataclass(frozen=True, eq=False)
class TextTable:
    """What a text was read as. `lines` are those in which rows begin; see `tables.Table` for the others."""

    frame: pd.DataFrame = field(repr=False)
    lines: NDArray[np.int64] = field(repr=False)
    lost: Mapping[str, Lost] = field(repr=False)
    form: Form
    notes: tuple[Diagnostic, ...]
    as_written: Mapping[str, pd.Series[Any]] = field(default_factory=dict, repr=False)


def read_text(source: Source, read: Read, as_written: Sequence[str] = ()) -> TextTable:
    """Read a text from a source; columns of some names also as they are written.

    Raises `Refusal`: E0502 to E0507, E0528, E0529, E0553, E0560 to E0566.
    """
    pass_ = _Pass(source, read)
    decimal = first_decimal(pass_.guess)
    reading = _Reading(pass_, decimal, is_sure=pass_.guess.decimal is not None)
    reading.read()
    if reading.wants_other_sign():
        reading = _Reading(_Pass(source, read), marks.OTHER[decimal], is_sure=True)
        reading.read()
    return reading.table(as_written)


class _Pass:
    """One way through the text: the records of its rows, a block at a time."""

    def __init__(self, source: Source, read: Read) -> None:
        self.place, self.source, self.read = source.place, source, read
        raw = source.blocks()
        first = next(raw, b"")
        _refuse_foreign(self.place, first)
        self.decoder = Decoder(source.place, first[:HEAD], read.encoding)
        blocks = self.decoder.blocks(chain([first], raw))
        sample, is_whole = _beginning(blocks)
        form = markup(sample)
        if form:
            raise Refusal(OtherForm(table=self.place.name, form=form))
        self.guess: Guess = guess(self.place, sample, read, is_whole=is_whole)
        self.header: list[str] = []
        self.comments: list[int] = list(self.guess.comments)
        self.comment = self.guess.comment
        self._blocks = chain([sample], blocks)

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


class _Reading:
    """The columns of a text, read with one decimal sign."""

    def __init__(self, pass_: _Pass, decimal: str, *, is_sure: bool) -> None:
        self._pass, self._decimal, self._is_sure = pass_, decimal, is_sure
        self._has_commas = False
        self._place, self._read = pass_.place, pass_.read
        self._missing = Missing(pass_.read.missing)
        self._columns: list[Column] = []
        self._lines: list[NDArray[np.int64]] = []
        self._verdicts: dict[str, Verdict] = {}

    def read(self) -> None:
        """Read all rows."""
        num_bytes = 0
        for rows in self._pass.rows():
            if not self._columns:
                self._columns = [Column(name) for name in self._pass.header]
            self._add(rows)
            self._lines.append(rows.lines)
            num_bytes += 8 * len(rows) * (len(self._columns) + 1)
            if num_bytes > memory():
                raise Refusal(TableTooLarge(table=self._place.name, size=f"more than {size_of(num_bytes)}"))
        if not self._columns:
            raise Refusal(TableEmpty(table=self._place.name, lacks="a header, but no rows"))
        self._check_end()
        for column in self._columns:
            self._verdicts[column.name] = self._judge(column)

    def wants_other_sign(self) -> bool:
        """Whether numbers further down show that the decimal sign is the other one; the first rows show none."""
        return not self._is_sure and any(verdict.kind == "other" for verdict in self._verdicts.values())

    def table(self, as_written: Sequence[str] = ()) -> TextTable:
        """All columns with their types. Raises `Refusal` E0560, E0564 or E0565 for numbers that may be two."""
        self._refuse_doubtful()
        as_text = [column for column in self._columns if self._is_text(column) and column.has_numbers]
        if as_text:
            self._read_again({column.name: None for column in as_text})
        form = self._form()  # before the pieces of columns are put together
        frame = pd.DataFrame({column.name: self._settled(column) for column in self._columns}, copy=False)
        lines = np.concatenate(self._lines)
        lost, notes = self._lost(frame), self._notes()
        return TextTable(frame, lines, lost, form, notes, self._written([name for name in as_written if name in frame]))

    def _written(self, names: list[str]) -> dict[str, pd.Series[Any]]:
        """Some columns as they are written, NaN for missing cells."""
        if names:
            self._read_again(dict.fromkeys(names))
        return {column.name: text_of(column) for column in self._columns if column.name in names}

    def _add(self, rows: Records) -> None:
        """The next rows; cells that pandas finds to be no numbers are read as they are written."""
        width = len(self._columns)
        self._has_commas = self._has_commas or b"," in rows.data
        as_words: Any = {place: object for place, column in enumerate(self._columns) if column.has_words}
        frame = parsed(rows, width, self._decimal, self._missing, dtype=as_words or None)
        left = []
        for place, column in enumerate(self._columns):
            if place in as_words:
                column.add_words(frame[place], self._missing)
            elif not column.add_numbers(frame[place], self._missing):
                left.append(place)
        if left:
            frame = parsed(rows, width, self._decimal, self._missing, dtype=object, usecols=left)
            for place in left:
                self._columns[place].add_words(frame[place], self._missing)

    def _check_end(self) -> None:
        """Leave out a column without name and cells at the end. Raises `Refusal` E0507 if it has cells."""
        last = self._columns[-1]
        if last.name or len(self._columns) == 1:
            return
        if last.has_numbers or last.words:
            row = last.place_of(next(iter(last.words), ""))
            lines = np.concatenate(self._lines)
            hint = f"name it, or take its cells out: the first is in line {lines[row]}"
            raise Refusal(NamelessColumn(table=self._place.name, position=len(self._columns), hint=hint))
        del self._columns[-1]
        check_names(self._place.name, [column.name for column in self._columns])

    # ------------------------------------------------------------ judging

    def _judge(self, column: Column) -> Verdict:
        words = column.words
        if not words or is_truth(column):
            return marks.TEXT
        verdict = marks.judge(words, self._decimal, self._read.thousands)
        if verdict.percent and column.has_numbers:
            return marks.Verdict("percent")
        return verdict

    def _is_text(self, column: Column) -> bool:
        return bool(column.words) and not is_truth(column) and self._verdicts[column.name].kind == "text"

    def _refuse_doubtful(self) -> None:
        findings = Findings()
        for column in self._columns:
            verdict = self._verdicts[column.name]
            if verdict.kind in {"text", "number"}:
                continue
            row = column.place_of(verdict.word)
            findings.add(self._doubt(column, verdict, row, f"line {np.concatenate(self._lines)[row]}"))
        findings.raise_errors()

    def _doubt(self, column: Column, verdict: Verdict, row: int, where: str) -> Diagnostic:
        name = self._place.name
        if verdict.kind == "percent":
            value = verdict.word or column.number_at(row)
            return MixedPercent(column=column.name, table=name, where=where, value=value)
        if verdict.kind == "against":
            told = self._read.thousands or ""
            option = f"thousands: {quoted(told)}"
            found = f"in {where} of `{column.name}`, `{verdict.word}` has the mark elsewhere than between three digits"
            hint = f"take `thousands` out of `data {{ read … }}`, or write `decimal: {quoted(told)}` in its place"
            return ReadContradicts(
                option=option, table=name, found=found, name="thousands", instead=quoted(told), hint=hint
            )
        if verdict.kind == "other" and self._read.decimal is not None:
            found = f"in {where} of `{column.name}`, the number is `{verdict.word}`"
            return ReadContradicts(
                option=f"decimal: {quoted(self._decimal)}",
                table=name,
                found=found,
                name="decimal",
                instead=quoted(marks.OTHER[self._decimal]),
            )
        return DoubtfulNumber(
            column=column.name, table=name, problem=verdict.problem, where=where, value=verdict.word, hint=verdict.hint
        )

    # ----------------------------------------------------------- settling

    def _settled(self, column: Column) -> Any:
        if not column.words:
            return plain_numbers(_without_words(column))
        if is_truth(column):
            return truth_of(column)
        verdict = self._verdicts[column.name]
        return numbers_of(column, verdict, self._decimal) if verdict.kind == "number" else text_of(column)

    def _read_again(self, wanted: Mapping[str, NDArray[np.bool_]] | Mapping[str, None]) -> None:
        """Read some columns as they are written, in place of what they have; only in some rows if those are given."""
        names = [column.name for column in self._columns]
        places = [names.index(name) for name in wanted]
        for place in places:
            self._columns[place] = Column(names[place])
        pass_, at = _Pass(self._pass.source, self._read), 0
        for rows in pass_.rows():
            frame = parsed(rows, len(pass_.header), self._decimal, self._missing, dtype=object, usecols=places)
            for place in places:
                rows_wanted, cells = wanted[names[place]], frame[place]
                if rows_wanted is not None:
                    cells = cells.where(rows_wanted[at : at + len(rows)])
                self._columns[place].add_words(cells, self._missing)
            at += len(rows)
        if at != sum(map(len, self._lines)) or pass_.header[: len(names)] != names:
            raise Refusal(TableChanged(table=self._place.name))

    def _lost(self, frame: pd.DataFrame) -> dict[str, Lost]:
        """Columns of decimals in which numbers that differ as they are written are one float."""
        rows = {str(name): shared(frame[name].to_numpy()) for name in frame if needs_its_text(frame[name])}
        rows = {name: where for name, where in rows.items() if where.any()}
        if not rows:
            return {}
        self._read_again(rows)
        found = {}
        for column in self._columns:
            if column.name in rows:
                verdict = self._verdicts[column.name]
                texts = [marks.value_of(word, verdict, self._decimal) for word in column.words]
                codes = np.concatenate([_codes(piece) for piece in column.pieces])
                lost = lost_in_words(frame[column.name].to_numpy(), codes, column.words, texts)
                if lost is not None:
                    found[column.name] = lost
        return found

    # -------------------------------------------------------------- saying

    def _form(self) -> Form:
        guess = self._pass.guess
        kinds = [verdict for verdict in self._verdicts.values() if verdict.kind == "number"]
        packing = self._pass.source.packing
        has_decimals = self._is_sure or any(verdict.thousands == "." for verdict in kinds)
        has_decimals |= self._has_commas and any(column.has_decimals for column in self._columns)
        return Form(
            table=self._place.name,
            packing=packing.name if packing is not None else "",
            delimiter=guess.delimiter,
            decimal=self._decimal if has_decimals else ".",
            thousands=next((verdict.thousands for verdict in kinds if verdict.thousands is not None), None),
            quote=guess.dialect.quote,
            encoding=self._pass.decoder.settled,
        )

    def _notes(self) -> tuple[Diagnostic, ...]:
        found: list[Diagnostic] = []
        name = self._place.name
        signs = [column for column in self._columns if self._verdicts[column.name].percent]
        if signs:
            columns = sentences.names((column.name for column in signs), "and", most=12)
            found.append(PercentSigns(columns=columns, table=name, example="12"))
        if len(self._pass.header) > len(self._columns):
            found.append(EmptyColumnLeftOut(table=name, position=len(self._pass.header)))
        if self._pass.comments:
            found.append(_comments_note(name, self._pass.comments, self._pass.comment))
        return tuple(found)


def _without_words(column: Column) -> Column:
    """A column without words whose missing cells are floats."""
    pieces = [np.full(len(piece), np.nan) if piece.dtype == np.int32 else piece for piece in column.pieces]
    column.pieces.clear()
    return Column(column.name, pieces)


def _codes(piece: NDArray[Any]) -> NDArray[np.int32]:
    return piece if piece.dtype == np.int32 else np.full(len(piece), -1, dtype=np.int32)


def _comments_note(name: str, lines: list[int], text: str) -> Diagnostic:
    many = len(lines) > 1
    where = sentences.listed(map(str, lines[:5]), "and", more=max(len(lines) - 5, 0))
    return CommentsLeftOut(
        table=name,
        lines=f"line{'s' if many else ''} {where}",
        be="are" if many else "is",
        comments="comments" if many else "a comment",
        text=text if len(text) <= 40 else f"{text[:39]}…",
    )


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
