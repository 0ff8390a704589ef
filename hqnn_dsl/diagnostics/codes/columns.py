"""What can be wrong between the columns of a table and their rules in a spec, a column or a cell at a time."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class AmbiguousDate(Diagnostic):
    """Dates of a column can mean two days each, and no other cell of the column decides between them.

    `03/04/2024` is the third of April or the fourth of March. If another cell has a number above 12 in one of the two
    places, the whole column is read like that cell. A year of two digits is not read at all.

        wrong   day,y
                03/04/2024,1
                05/06/2024,2
        right   day,y
                2024-04-03,1
                2024-06-05,2
    """

    code: ClassVar[str] = "E0570"
    message: ClassVar[str] = "the {role} `{column}` has dates that can mean two days in {where}: `{value}`"
    advice: ClassVar[str] = "write year, month and day, such as 2024-04-03{other}"
    role: str
    column: str
    where: str
    value: str
    other: str = ""


@lazy_dataclass(frozen=True, kw_only=True)
class DateCell(Diagnostic):
    """A column of dates has cells that are no dates, or a day that no calendar has.

    wrong   day,y
            2024-02-28,1
            2024-02-30,2
    right   day,y
            2024-02-28,1
            2024-02-29,2
    """

    code: ClassVar[str] = "E0571"
    message: ClassVar[str] = "the {role} `{column}` is not a date in {where}: `{value}`"
    advice: ClassVar[str] = "write a date such as 2024-04-03 or 2024-04-03 17:30, or leave the row out"
    role: str
    column: str
    where: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoLogarithm(Diagnostic):
    """The scale `log` is asked for values that have no logarithm: they and `shift` together are not above 0.

    wrong   columns { price: log }             # a price of 0 in the table
    right   columns { price: log(shift: 1) }
    """

    code: ClassVar[str] = "E0572"
    message: ClassVar[str] = "the {role} `{column}` has no logarithm in {where}: {value}"
    advice: ClassVar[str] = "write `log(shift: {shift})`, or another scale such as `power`"
    role: str
    column: str
    where: str
    value: str
    shift: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnlistedLevel(Diagnostic):
    """A column with the rule `ordinal` has a level that the rule does not list; nobody can know its place.

    wrong   columns { size: ordinal("small", "large") }              # the table has `medium`, too
    right   columns { size: ordinal("small", "medium", "large") }
    """

    code: ClassVar[str] = "E0573"
    message: ClassVar[str] = "`{column}` has the level `{value}` in {where}, which `ordinal` does not list"
    advice: ClassVar[str] = "list all levels, the lowest first: {listed}"
    column: str
    where: str
    value: str
    listed: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownLevel(Diagnostic):
    """A category has a level that no training row has, and its rule says `unknown: refuse`.

    wrong   categories one_hot(unknown: refuse)      # and a new island at prediction
    right   categories one_hot(unknown: other)
    """

    code: ClassVar[str] = "E0574"
    message: ClassVar[str] = "`{column}` has the level `{value}` in {where}, which no training row has"
    advice: ClassVar[str] = "its levels are {levels}; with `unknown: other`, others are read as one level of their own"
    column: str
    where: str
    value: str
    levels: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadWeight(Diagnostic):
    """The column of row weights has a cell that is no weight: weights are finite numbers that are not below 0.

    wrong   w,x,y
            -1,2,3
    right   w,x,y
            0,2,3
    """

    code: ClassVar[str] = "E0575"
    message: ClassVar[str] = "the weight `{column}` {what} in {where}"
    advice: ClassVar[str] = "write a number from 0 on, or leave the row out"
    column: str
    what: str
    where: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoWeight(Diagnostic):
    """All training rows have the weight 0, so nothing would be learned.

    wrong   weights w      # a column of zeros
    right   (the line left out: every row counts alike)
    """

    code: ClassVar[str] = "E0576"
    message: ClassVar[str] = "the weight `{column}` is 0 in all {rows} rows to train on"
    advice: ClassVar[str] = "name another column in `weights`, or leave it out"
    column: str
    rows: int


# ---------------------------------------------------------------------- rules


@lazy_dataclass(frozen=True, kw_only=True)
class RuleDoesNotFit(Diagnostic):
    """A rule is for another kind of column than the table has: the logarithm of words, an embedding of numbers.

    If the cells are written as numbers but name something, as postal codes do, say so with `category`.

        wrong   columns { island: log; zip: embedding(3) }              # words and numbers
        right   columns { island: embedding(3); zip: [category, embedding(3)] }
    """

    code: ClassVar[str] = "E0577"
    message: ClassVar[str] = "the rule `{rule}` is for {wanted}, but `{column}` holds {kind}, such as `{value}`"
    advice: ClassVar[str] = "take the rule of `{column}` out"
    rule: str
    wanted: str
    column: str
    kind: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class IdentifierFeature(Diagnostic):
    """A feature that is named holds text with a different value in almost every row: it names rows, and tells nothing.

    With `features *` such a column is left out, and that is said. A rule of its own makes it a feature all the same.

        wrong   features name, horsepower
        right   features horsepower
        right   features name, horsepower
                columns { name: embedding(4) }
    """

    code: ClassVar[str] = "E0579"
    message: ClassVar[str] = "the feature `{column}` has {levels} different texts in {rows} rows to train on"
    advice: ClassVar[str] = "leave it out, or give it a rule: `columns {{ {quoted}: embedding(4) }}`"
    column: str
    quoted: str
    levels: int
    rows: int


@lazy_dataclass(frozen=True, kw_only=True)
class EmptyFeature(Diagnostic):
    """A feature that is named has no value in any row to train on, so nothing can be filled in.

    wrong   features a, b      # all cells of `b` are empty
    right   features a
    """

    code: ClassVar[str] = "E0580"
    message: ClassVar[str] = "the feature `{column}` has no value in any row to train on"
    advice: ClassVar[str] = "take it out of `features`"
    column: str


@lazy_dataclass(frozen=True, kw_only=True)
class WeightIsRead(Diagnostic):
    """The column of row weights is a feature or the target at the same time.

    wrong   weights w
            features w, x
    right   weights w
            features x
    """

    code: ClassVar[str] = "E0581"
    message: ClassVar[str] = "`{column}` cannot be the weight of rows and a {other}"
    advice: ClassVar[str] = "take it out of `{section}`, or name another column in `weights`"
    column: str
    other: str
    section: str


# -------------------------------------------------------------------- classes
