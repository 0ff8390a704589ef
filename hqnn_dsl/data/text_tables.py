"""A table of text: bytes, block by block, to columns with their types.

A block's bytes become UTF-8, then records, whose lines are known and whose cells are counted, then cells, which pandas
reads. Only the columns grow with the table. What is settled at its end alone is read in a second pass: a column of
numbers that has text further down as it is written, and numbers that may have lost digits as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from hqnn_dsl.data.form import Form
from hqnn_dsl.data.layout import check_names
from hqnn_dsl.data.sources import memory
from hqnn_dsl.data.text_rows import Pass
from hqnn_dsl.data.written import ANY, Against, Written, as_trained, first_decimal, has_fractions, odd_word
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.reading import (
    DoubtfulNumber,
    MixedPercent,
    ReadContradicts,
    TableChanged,
    TableTooLarge,
)
from hqnn_dsl.diagnostics.codes.reading_notices import CommentsLeftOut, EmptyColumnLeftOut, PercentSigns
from hqnn_dsl.diagnostics.codes.tables import NamelessColumn, TableEmpty
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.quantities import size as size_of
from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.marks import Verdict
    from hqnn_dsl.data.records import Records
    from hqnn_dsl.data.sources import Source
    from hqnn_dsl.data.written import Purpose
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.spec import Read


@dataclass(frozen=True, eq=False)
class TextTable:
    """What a text was read as. `lines` are those in which rows begin; see `tables.Table` for the others."""

    frame: pd.DataFrame = field(repr=False)
    lines: NDArray[np.int64] = field(repr=False)
    lost: Mapping[str, Lost] = field(repr=False)
    form: Form
    written: Written
    notes: tuple[Diagnostic, ...]
    as_written: Mapping[str, pd.Series[Any]] = field(default_factory=dict, repr=False)


def read_text(source: Source, read: Read, as_written: Sequence[str] = (), purpose: Purpose = ANY) -> TextTable:
    """Read a text from a source for a purpose; columns of some names also as they are written.

    Raises `Refusal`: E0502 to E0507, E0528, E0529, E0553, E0560 to E0566.
    """
    pass_ = Pass(source, read, purpose)
    decimal = first_decimal(pass_.guess, purpose.settling(pass_.guess.delimiter))
    reading = _Reading(pass_, decimal, is_sure=pass_.guess.is_sure)
    reading.read()
    if reading.wants_other_sign():
        other = _Reading(Pass(source, read, purpose), marks.OTHER[decimal], is_sure=True)
        other.read()
        # Columns that are not needed do not decide against one that is.
        reading = other if reading.has_other_sign() or not other.has_other_sign() else reading
    return reading.table(as_written)


class _Reading:
    """The columns of a text, read with one decimal sign."""

    def __init__(self, pass_: Pass, decimal: str, *, is_sure: bool) -> None:
        self._pass, self._decimal, self._is_sure = pass_, decimal, is_sure
        self._has_commas = False
        self._place, self._read, self._purpose = pass_.place, pass_.read, pass_.purpose
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

    def has_other_sign(self) -> bool:
        """Whether numbers of a column that is needed have the other decimal sign."""
        verdicts = self._verdicts.items()
        return any(verdict.kind == "other" and self._purpose.needs(name) for name, verdict in verdicts)

    def table(self, as_written: Sequence[str] = ()) -> TextTable:
        """All columns with their types. Raises `Refusal` E0560, E0564 or E0565 for numbers that may be two."""
        self._leave_doubtful()
        self._refuse_doubtful()
        as_text = [column for column in self._columns if self._is_text(column) and column.has_numbers]
        if as_text:
            self._read_again({column.name: None for column in as_text})
        form, written = self._form(), self._how_written()  # before the pieces of columns are put together
        frame = pd.DataFrame({column.name: self._settled(column) for column in self._columns}, copy=False)
        lines = np.concatenate(self._lines)
        lost, notes = self._lost(frame), (*self._notes(), *self._against_training(frame))
        as_texts = self._as_written([name for name in as_written if name in frame])
        return TextTable(frame, lines, lost, form, written, notes, as_texts)

    def _as_written(self, names: list[str]) -> dict[str, pd.Series[Any]]:
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
        return as_trained(verdict, self._purpose.settling(self._pass.guess.delimiter), is_sure=self._is_sure)

    def _is_text(self, column: Column) -> bool:
        return bool(column.words) and not is_truth(column) and self._verdicts[column.name].kind == "text"

    def _leave_doubtful(self) -> None:
        """Take columns that are not needed for text if their numbers can be read in two ways."""
        for name, verdict in self._verdicts.items():
            if verdict.kind not in {"text", "number"} and not self._purpose.needs(name):
                self._verdicts[name] = marks.TEXT

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
        pass_, at = self._pass.again(), 0
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

    def _how_written(self) -> Written:
        """What a run that is trained on the table keeps of the form of its numbers."""
        numbers = {name: verdict for name, verdict in self._verdicts.items() if verdict.kind == "number"}
        marked = {name: mark for name, verdict in numbers.items() if (mark := verdict.thousands) is not None}
        columns = [column for column in self._columns if column.name in numbers or not column.words]
        is_shown = self._is_sure or any(has_fractions(column, self._decimal) for column in columns)
        return Written(
            self._pass.guess.delimiter,
            self._decimal if is_shown else None,
            marked,
            frozenset(name for name, verdict in numbers.items() if verdict.percent),
        )

    def _against_training(self, frame: pd.DataFrame) -> tuple[Diagnostic, ...]:
        """What is said of columns whose decimal sign stood between thousands in the table of the training.

        Raises `Refusal` E0564 if nothing else shows that it is the decimal sign.
        """
        trained, read = self._purpose.trained, self._read
        if trained is None or read.decimal is not None or read.thousands is not None:
            return ()
        marked = {name for name, mark in trained.thousands.items() if mark == self._decimal}
        names = [name for name in frame if name in marked and frame[name].dtype == np.float64]
        if not names:
            return ()
        self._read_again(dict.fromkeys(names))
        found = []
        for column in self._columns:
            word = odd_word(column.words, self._decimal) if column.name in names else ""
            if word:
                row = column.place_of(next(each for each in column.words if each.startswith(word)))
                where = f"line {np.concatenate(self._lines)[row]}"
                found.append(Against(self._place.name, column.name, word, self._decimal, where))
        if found and not self._is_sure:
            raise Refusal(*(one.refusal(self._pass.guess.delimiter) for one in found))
        return tuple(one.warning() for one in found)

    def _notes(self) -> tuple[Diagnostic, ...]:
        found: list[Diagnostic] = []
        name = self._place.name
        verdicts = self._verdicts
        signs = [one for one in self._columns if verdicts[one.name].percent and verdicts[one.name].kind == "number"]
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
