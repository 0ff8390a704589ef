"""How the numbers of a table were written, what a run keeps of it, and how that settles what can be read in two ways.

`1,234` is a thousand in a column whose training had commas between thousands: a run reads the tables of its training's
form as its training did.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.form import SIGNS, delimiter_name
from hqnn_dsl.data.marks import OTHER, Verdict, grouped
from hqnn_dsl.diagnostics.codes.reading import DoubtfulNumber
from hqnn_dsl.diagnostics.codes.reading_notices import ReadAgainstTraining

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hqnn_dsl.data.cells import Column
    from hqnn_dsl.data.guess import Guess
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True)
class Written:
    """How numbers were written. `delimiter` is None if the table was no text, `decimal` if no number shows it.

    `thousands` has the marks between thousands by column, `percent` the columns whose numbers had the sign.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: Mapping[str, str] = field(default_factory=dict)
    percent: frozenset[str] = frozenset()

    @property
    def marks(self) -> frozenset[str]:
        """The marks between thousands of all columns."""
        return frozenset(self.thousands.values())

    def to_json(self) -> dict[str, Any]:
        """Returns plain data for `preprocess.json`."""
        return {
            "delimiter": self.delimiter,
            "decimal": self.decimal,
            "thousands": dict(self.thousands),
            "percent": sorted(self.percent),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Written:
        """Returns what `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        return Written(data["delimiter"], data["decimal"], dict(data["thousands"]), frozenset(data["percent"]))


def _every(_name: str) -> bool:
    return True


@dataclass(frozen=True)
class Purpose:
    """What a table is read for: the columns that are needed, and for a run how its training's table was written.

    A column that is not needed is text if its numbers can be read in two ways. `trained` is None if there is no run, or
    if the run does not know.
    """

    needs: Callable[[str], bool] = _every
    trained: Written | None = None

    def settling(self, delimiter: str) -> Written | None:
        """The form of the training if it settles what a table can be read as: one with the same delimiter."""
        return self.trained if self.trained is not None and self.trained.delimiter == delimiter else None


ANY = Purpose()


def first_decimal(guess: Guess, trained: Written | None) -> str:
    """The decimal sign that a text is first read with, if no number shows it beyond doubt: a comma beside semicolons.

    If the training's table has the same form, it is the one beside its marks between thousands.
    """
    if guess.decimal is not None:
        return guess.decimal
    if trained is not None:
        for mark in sorted(trained.marks & OTHER.keys()):
            return OTHER[mark]
    return "," if guess.delimiter == ";" else "."


def has_fractions(column: Column, decimal: str) -> bool:
    """Whether some number of a column shows the decimal sign."""
    floats = (piece for piece in column.pieces if piece.dtype == np.float64)
    found = any((piece[np.isfinite(piece)] % 1 != 0).any() for piece in floats)
    return found or any(decimal in word for word in column.words)


def as_trained(verdict: Verdict, trained: Written | None, *, is_sure: bool) -> Verdict:
    """The verdict on a column that can be read in two ways, settled by the training's table, which has the same form.

    `is_sure` is whether other numbers of the table show its decimal sign.
    """
    mark = verdict.thousands
    if trained is None or verdict.kind not in {"doubt", "text"} or mark is None:
        return verdict
    if mark in trained.marks:
        return Verdict("number", mark, percent=verdict.percent)
    if mark == trained.decimal and not is_sure:
        return replace(verdict, kind="other")
    return verdict


def odd_word(words: Collection[str], decimal: str) -> str:
    """The first of a column's numbers with a decimal sign, if it may separate thousands in all of them; else empty."""
    numbers = [word.rstrip("%").rstrip() for word in words if decimal in word]
    pattern = grouped(decimal, OTHER[decimal])
    return next(iter(numbers), "") if all(pattern.fullmatch(number) for number in numbers) else ""


@dataclass(frozen=True)
class Against:
    """Numbers of a column, read with the sign as decimal that the training's table had between thousands."""

    table: str
    column: str
    word: str
    decimal: str
    where: str

    def warning(self) -> Diagnostic:
        """What is said (W0468) if other numbers of the table show that the sign is its decimal sign."""
        return ReadAgainstTraining(
            column=self.column,
            table=self.table,
            value=self.word,
            where=self.where,
            number=self.word.replace(self.decimal, "."),
            signs=SIGNS[self.decimal],
            whole=self.word.replace(self.decimal, ""),
        )

    def refusal(self, delimiter: str) -> Diagnostic:
        """What is said (E0564) if nothing shows it."""
        signs, number = SIGNS[self.decimal], self.word.replace(self.decimal, ".")
        whole, between = self.word.replace(self.decimal, ""), delimiter_name(delimiter)
        hint = (
            f"the table of the training had {signs} between thousands, which makes it {whole}; with {between} between "
            f"columns it is {number}. Write the table in the form of the one that was trained on, or numbers without "
            "marks"
        )
        problem = "has numbers that can be read in two ways"
        return DoubtfulNumber(
            column=self.column, table=self.table, problem=problem, where=self.where, value=self.word, hint=hint
        )
