"""What can be said of a table's columns: how gaps are filled, categories coded, numbers scaled, dates read.

An entry says what a rule is called and which options it takes; `data.transforms` fits and applies it, with plain
numbers. Nothing here loads NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.catalog.entry import Entry, Option, table

if TYPE_CHECKING:
    from collections.abc import Mapping

_INDICATOR = Option(
    name="indicator", type="bool", default=False, doc="Whether a further input is 1 if the cell is missing, else 0."
)
_UNKNOWN = Option(
    name="unknown",
    type="choice",
    choices=("other", "refuse"),
    default="other",
    doc="A level that no training row has: `other` reads it as a level of its own, `refuse` names its row.",
)

MISSING: dict[str, Entry] = table(
    Entry(name="refuse", doc="A missing cell is an error that names its line."),
    Entry(
        name="median",
        doc="The median of the training rows; in a category, its most frequent level.",
        options=(_INDICATOR,),
        positional=1,
    ),
    Entry(
        name="mean",
        doc="The mean of the training rows; in a category, its most frequent level.",
        options=(_INDICATOR,),
        positional=1,
    ),
    Entry(
        name="most_frequent",
        doc="The value that most training rows have; of several the smallest.",
        options=(_INDICATOR,),
        positional=1,
    ),
    Entry(
        name="constant",
        doc="A number of your own; in a category, a level of its own named `missing`.",
        options=(Option(name="value", type="float", default=0.0, doc="The number."), _INDICATOR),
        positional=1,
    ),
    Entry(name="drop_rows", doc="Rows with a missing cell belong to no part of the split."),
)
"""What becomes of missing cells of features, by name."""

CATEGORIES: dict[str, Entry] = table(
    Entry(
        name="one_hot",
        doc="An input a level, 1 where the cell has it; beyond `most` inputs the rarest levels share one.",
        options=(
            Option(name="most", type="int", default=20, minimum=2, doc="The largest number of inputs of a column."),
            _UNKNOWN,
        ),
        positional=1,
    ),
    Entry(
        name="embedding",
        doc="A trained vector a level; levels that no training row has are zeros.",
        options=(Option(name="width", type="int", default=4, minimum=1, doc="Numbers a level."), _UNKNOWN),
        positional=1,
    ),
    Entry(
        name="ordinal",
        doc="The position of the level in the order that is given, from 0, scaled as a number is.",
        options=(
            Option(
                name="levels",
                type="strings",
                variadic=True,
                each_number=True,
                least=2,
                doc="The levels, the lowest first.",
            ),
        ),
        positional=1,
    ),
    Entry(name="refuse", doc="A column of text is an error."),
)
"""What becomes of categories, by name."""

SCALES: dict[str, Entry] = table(
    Entry(name="standard", doc="Mean 0 and standard deviation 1 on the training rows."),
    Entry(name="robust", doc="Median 0, and 1 between the quartiles of the training rows."),
    Entry(
        name="min_max",
        doc="The smallest value of the training rows becomes `low`, the largest `high`.",
        options=(
            Option(name="low", type="float", default=0.0, doc="What the smallest value becomes."),
            Option(name="high", type="float", default=1.0, doc="What the largest value becomes."),
        ),
        positional=2,
        ascending=("low", "high"),
    ),
    Entry(name="quantile", doc="The quantile in the training rows, as that of a normal distribution."),
    Entry(
        name="log",
        doc="The logarithm of the value plus `shift`, with mean 0 and standard deviation 1 on the training rows.",
        options=(Option(name="shift", type="float", default=0.0, doc="Added before the logarithm is taken."),),
        positional=1,
    ),
    Entry(name="power", doc="The Yeo-Johnson power that makes the training rows most like a normal distribution."),
    Entry(name="none", doc="As it is."),
)
"""How numbers are scaled, by name; statistics come from training rows only."""

DATES: dict[str, Entry] = table(
    Entry(name="days", doc="Days since the first date of the training rows, scaled as a number is."),
    Entry(name="month", doc="Sine and cosine of the month in its year."),
    Entry(name="weekday", doc="Sine and cosine of the day in its week."),
    Entry(name="hour", doc="Sine and cosine of the time of day."),
)
"""What becomes of dates, by name; several may stand for one column."""

KINDS: dict[str, Entry] = table(
    Entry(name="number", doc="The cells are numbers."),
    Entry(name="category", doc="The cells are levels, also if they are written as numbers."),
    Entry(name="date", doc="The cells are dates or times."),
)
"""What the cells of a column are, if the guess is wrong."""

SPLITS: dict[str, Entry] = table(
    Entry(name="random", doc="Rows are drawn."),
    Entry(name="stratified", doc="Rows are drawn so that every class has its share in every part."),
    Entry(
        name="group",
        doc="Rows that have the same value in a column stay in one part.",
        options=(Option(name="column", type="column", doc="The column."),),
        positional=1,
    ),
    Entry(
        name="time",
        doc="The latest rows test, those before validate, and the earliest train.",
        options=(Option(name="column", type="column", doc="A column of dates or numbers."),),
        positional=1,
    ),
    Entry(
        name="column",
        doc="A column has the word `train`, `validation` or `test` in each row.",
        options=(Option(name="name", type="column", doc="The column."),),
        positional=1,
    ),
    Entry(
        name="rows",
        doc="A CSV file lists the test rows in its column `row`, counted from 0.",
        options=(
            Option(name="file", type="string", doc="The file, relative to the spec."),
            Option(
                name="split", type="int", default=None, minimum=0,
                doc="Only the lines of the file with this number in their column `split`.",
            ),
        ),
        positional=2,
    ),
)  # fmt: skip
"""How rows come into their parts, by name."""

INTERVALS: dict[str, Entry] = table(
    Entry(name="none", doc="Predictions are points."),
    Entry(
        name="conformal",
        doc="Split conformal intervals, whose width comes from the validation rows.",
        options=(
            Option(
                name="level", type="float", default=0.9, above=0, below=1,
                doc="The share of rows whose true value lies in the interval.",
            ),
        ),
        positional=1,
    ),
)  # fmt: skip
"""Intervals of predictions, by name."""

COLUMN_RULES: Mapping[str, tuple[Mapping[str, Entry], ...]] = {
    "kind": (KINDS,),
    "missing": (MISSING,),
    "code": (CATEGORIES, DATES),
    "scale": (SCALES,),
}
"""The stages of a column's own rule and the tables of each, first found first meant. `refuse` is of `missing`."""


@dataclass(frozen=True)
class Embedding:
    """An input of the network whose values are levels `0 .. levels - 1`, each with a trained vector of `width` numbers.

    `index` is its place among the inputs. Level 0 stands for every level that no training row has; its vector is zeros.
    """

    index: int
    levels: int
    width: int
