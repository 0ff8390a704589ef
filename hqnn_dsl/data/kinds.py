"""Columns of a table with their kind: numbers, true or false, categories, or dates.

The kind is guessed from the cells of the whole column, by the rules in `docs/tables.md`, unless the spec or a run says
it. A column becomes a category only if more than half of its cells are no numbers: an odd cell among numbers is an
error that names its line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from hqnn_dsl import literals
from hqnn_dsl.data import dates
from hqnn_dsl.data.digits import lost_digits
from hqnn_dsl.data.labels import label_of, read_labels
from hqnn_dsl.data.numerals import content_of, floats_of, how_to_write, is_truth, is_words, truth_among
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.columns import AmbiguousDate, DateCell
from hqnn_dsl.diagnostics.codes.reading import DigitsLost, MixedTruth
from hqnn_dsl.diagnostics.codes.tables import InfiniteCell, TextCell, TextFeature, TextTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.dates import DayOrder
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.diagnostic import Findings

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Kind = Literal["number", "boolean", "category", "date"]
Role = Literal["feature", "target", "weight"]

SAID: dict[Kind, str] = {"number": "numbers", "boolean": "true or false", "category": "text", "date": "dates"}
"""How messages name the kinds."""

_SAMPLE = 50
"""If most of so many cells are dates, the whole column is looked at as dates first: that is quicker."""

_MOST_WORDS = 3
"""So many different words are taken for spellings of a missing cell."""


@dataclass(frozen=True, eq=False)
class TypedColumn:
    """A column whose cells are all read: `numbers` `[N]`, NaN if the cell is missing.

    They are the numbers themselves, 1 and 0 for true and false, days since 1970-01-01, or the index of a level in
    `levels`. `order` says in which order a column writes a day and a month that are both numbers.
    """

    name: str
    kind: Kind
    numbers: Numbers = field(repr=False)
    levels: tuple[str, ...] = ()
    order: DayOrder | None = None

    @property
    def missing(self) -> Flags:
        return np.isnan(self.numbers)


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads columns of a table in one role, and gathers all that is wrong with their cells."""

    table: Table
    role: Role
    findings: Findings
    is_run: bool = False
    """Whether kinds are those that a run knows, not guesses."""

    def guess(self, name: str) -> TypedColumn | None:
        """Returns a column of the kind that its cells look like; None if it cannot be read."""
        column = self.table.frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return self.category(name)
        if _is_time(column):
            return self.date(name)
        if not is_words(column) and not pd.api.types.is_complex_dtype(column):
            if pd.api.types.is_numeric_dtype(column):
                return self.number(name)
            self._add_other(name)
            return None
        if is_truth(column):
            return self.number(name)
        if _are_dates(column.dropna().iloc[:_SAMPLE]) and _are_dates(column):
            return self.date(name, digits=False)
        values = floats_of(column)
        wrong = np.isnan(values) & column.notna().to_numpy()
        if self._is_mixed_truth(name, column, values):
            return None
        if 2 * wrong.sum() <= column.notna().sum():
            return self.number(name)
        return self.date(name, digits=False) if _are_dates(column) else self.category(name)

    def read(
        self, name: str, kind: Kind | None = None, order: DayOrder | None = None, *, digits: bool = True
    ) -> TypedColumn | None:
        """Returns a column of a kind that is known, or guessed if it is None; None if it cannot be read.

        `order` is what a run knows of its dates; `digits` whether `20240403` is a date, too.
        """
        if kind == "category":
            return self.category(name)
        if kind == "date":
            return self.date(name, order, digits=digits)
        return self.guess(name) if kind is None else self.number(name)

    # ------------------------------------------------------------------ kinds

    def number(self, name: str) -> TypedColumn | None:
        """Returns a column of numbers, or of true and false; every other cell is a mistake."""
        column = self.table.frame[name]
        values = floats_of(column)
        if self._is_mixed_truth(name, column, values):
            return None
        wrong = np.flatnonzero(np.isnan(values) & column.notna().to_numpy())
        if len(wrong):
            self._add_text_cell(name, column, wrong)
            return None
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            self.findings.add(InfiniteCell(role=self.role, column=name, where=self.table.where(infinite)))
        if self._has_lost_digits(name, column, values) or len(infinite):
            return None
        return TypedColumn(name, "boolean" if is_truth(column) else "number", values)

    def category(self, name: str) -> TypedColumn | None:
        """Returns a column of levels; anything that is a plain value is one."""
        column = self.table.frame[name]
        try:
            numbers, levels = read_labels(column)
        except TypeError:
            self._add_other(name)
            return None
        if content_of(column) in {"durations or times of day", "complex numbers"}:
            self._add_other(name)
            return None
        if pd.api.types.is_float_dtype(column) and self._has_lost_digits(name, column, floats_of(column)):
            return None
        return TypedColumn(name, "category", numbers, levels)

    def date(self, name: str, order: DayOrder | None = None, *, digits: bool = True) -> TypedColumn | None:
        """Returns a column of dates as days since 1970-01-01; every cell that is none is a mistake."""
        column = self.table.frame[name]
        if _is_time(column):
            return TypedColumn(name, "date", dates.from_times(column))
        codes, cells = pd.factorize(column)
        words = [label_of(cell) for cell in cells.tolist()]
        found = dates.parse(words, order, digits=digits)
        days, unclear = np.append(found.days, np.nan)[codes], np.append(found.unclear, False)[codes]
        wrong = np.flatnonzero(np.isnan(days) & ~unclear & (codes >= 0))
        for rows, finding in ((np.flatnonzero(unclear), AmbiguousDate), (wrong, DateCell)):
            if len(rows):
                where, value = self.table.where(rows), words[codes[rows[0]]]
                self.findings.add(finding(role=self.role, column=name, where=where, value=value))
        if unclear.any() or len(wrong):
            return None
        return TypedColumn(name, "date", days, order=found.order)

    # --------------------------------------------------------------- mistakes

    def _add_other(self, name: str) -> None:
        """Refuse a column of cells that no rule reads."""
        column = self.table.frame[name]
        example, what = next((str(cell) for cell in column.dropna().iloc[:1]), ""), content_of(column)
        if self.role == "target":
            self.findings.add(TextTarget(column=name, value=example, what=what))
            return
        hint = f"write `features * except {literals.column(name)}`, or make a number of it in the table"
        self.findings.add(
            TextFeature(
                columns=f"`{name}`",
                quoted=literals.column(name),
                table=self.table.name,
                value=example,
                what=what,
                hint=hint,
            )
        )

    def _is_mixed_truth(self, name: str, column: pd.Series[Any], values: Numbers) -> bool:
        """Refuse (E0524) a column where some cells are True or False and others numbers, or a few others words."""
        found = truth_among(column)
        if found is None:
            return False
        truth, others = found
        most = "True or False" if truth.sum() >= others.sum() else "a number"
        if most == "a number" and 2 * np.isfinite(values[others]).sum() < others.sum():
            return False
        few = np.flatnonzero(others if most == "True or False" else truth)
        value, where, hint = str(column.iloc[few[0]]), self.table.where(few), ""
        if self.role == "feature" and not np.isfinite(values[few]).any():
            category = f"`columns {{ {literals.column(name)}: category }}`"
            hint = f"write True or False in all rows or, if it is a level of its own, {category}"
        self.findings.add(MixedTruth(role=self.role, column=name, most=most, value=value, where=where, hint=hint))
        return True

    def _has_lost_digits(self, name: str, column: pd.Series[Any], values: Numbers) -> bool:
        """Refuse (E0525) a column in which different numbers have become the same float."""
        lost = self.table.lost.get(name) or lost_digits(column, values)
        if lost is None:
            return False
        leave = f"leave it out: `features * except {literals.column(name)}`; or " if self.role == "feature" else ""
        shown, where = sentences.names(lost.values, "and"), self.table.where(lost.rows)
        self.findings.add(DigitsLost(role=self.role, column=name, values=shown, where=where, leave=leave))
        return True

    def _add_text_cell(self, name: str, column: pd.Series[Any], wrong: NDArray[np.int64]) -> None:
        """Refuse (E0515) cells that are no numbers, and say what they may be meant as."""
        words = list(dict.fromkeys(str(cell) for cell in column.iloc[wrong[: 100 * _MOST_WORDS]]))
        hint = how_to_write(words[0])
        if not hint and self.is_run and 2 * len(wrong) > column.notna().sum():
            hint = "the run was trained with numbers in this column"
        elif not hint and self.table.lines.unit == "line" and _are_spellings(words):
            listed = literals.written(words)
            kind = f"; if all cells name something, `columns {{ {literals.column(name)}: category }}`"
            hint = f"if it stands for a missing value, write `read missing: {listed}` in `data`"
            hint += kind if self.role == "feature" else ""
        where = self.table.where(wrong)
        self.findings.add(TextCell(role=self.role, column=name, where=where, value=words[0], hint=hint))


def _are_spellings(words: list[str]) -> bool:
    """Whether texts may be ways to say that a value is missing: few, and without a digit."""
    return len(words) <= _MOST_WORDS and not any(sign.isdigit() for word in words for sign in word)


def _is_time(column: pd.Series[Any]) -> bool:
    """Whether the cells of a column are dates or times already, not texts."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    times = {"datetime", "datetime64", "date"}
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in times


def _are_dates(column: pd.Series[Any]) -> bool:
    """Whether at least half of the cells that are there are written as dates."""
    if not all(isinstance(cell, str) for cell in column.dropna().iloc[:1]):
        return False
    try:
        codes, cells = pd.factorize(column)
    except TypeError:
        return False
    looks = np.append(dates.looks_like_dates([str(cell) for cell in cells.tolist()]), False)[codes]
    return bool(2 * looks.sum() >= (codes >= 0).sum() > 0)
