"""What can be wrong with the parts of the rows (E0558, E0559, E0597, W0465), and with many trainings (E0598, E0599)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownPart(Diagnostic):
    """A cell of the column that says the part of each row has another word than one for a part.

    Words for parts are `train` or `training`, `validation`, `valid`, `val` or `dev`, and `test` or `testing`, in small
    or capital letters. 0 and 1 are not, because they can mean either of two parts.

        wrong   part
                1
                0
        right   part
                train
                test
    """

    code: ClassVar[str] = "E0558"
    message: ClassVar[str] = "column `{column}` says no part of the rows in {where}: {found}"
    advice: ClassVar[str] = "write `train`, `validation` or `test` in every row"
    column: str
    where: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadRowsFile(Diagnostic):
    """The file that lists the test rows cannot be read, or lists a row that the table does not have, or one twice.

    It is CSV in UTF-8 with a column `row`, in which the rows of the table are counted from 0; if it has several splits,
    a column `split` has the number of each.

        wrong   row
                308                  # of a table with 308 rows
        right   row
                307                  # the last one of them, counted from 0
    """

    code: ClassVar[str] = "E0559"
    message: ClassVar[str] = "`{file}` does not say which rows test: {reason}"
    advice: ClassVar[str] = "a file of rows has a column `row`, counted from 0, and may have a column `split`"
    file: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class ImpossibleSplit(Diagnostic):
    """The rows cannot be put into parts as the spec says: a part would have no rows, or training would lack a class.

    Groups and equal times stay together, so there must be enough of them.

        wrong   split test: 0.2, by: group(ship)      # all rows are of one ship
        right   split test: 0.2
    """

    code: ClassVar[str] = "E0597"
    message: ClassVar[str] = "the rows cannot be split by {by}: {reason}"
    by: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class ClassWithOneRow(Diagnostic):
    """A class has a single row, which cannot be in several parts: it goes to training, where it can be learned.

    No score says how well such a class is predicted.

        wrong   species: Adelie, Adelie, …, Gentoo      # one row of `Gentoo`
        right   species: Adelie, Adelie, …, Gentoo, Gentoo, Gentoo
    """

    code: ClassVar[str] = "W0465"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "{classes} one row, which goes to training"
    advice: ClassVar[str] = "collect more rows of it, or leave it out of the table"
    classes: str


@lazy_dataclass(frozen=True, kw_only=True)
class ImpossibleFolds(Diagnostic):
    """So many folds, or so many rows, cannot be had from the table.

    wrong   hqnn train model.hqnn data.csv --folds 400      # the table has 308 rows
    right   hqnn train model.hqnn data.csv --folds 5
    """

    code: ClassVar[str] = "E0598"
    message: ClassVar[str] = "`{option}` cannot be done: {reason}"
    exit_code: ClassVar[int] = 2
    option: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotTheseTrainings(Diagnostic):
    """Options of many trainings contradict each other, the spec, or the folder that is to be gone on with.

    wrong   hqnn train model.hqnn data.csv --repeats 2
    right   hqnn train model.hqnn data.csv --folds 5 --repeats 2
    """

    code: ClassVar[str] = "E0599"
    message: ClassVar[str] = "`{option}` does not go here: {reason}"
    exit_code: ClassVar[int] = 2
    option: str
    reason: str
