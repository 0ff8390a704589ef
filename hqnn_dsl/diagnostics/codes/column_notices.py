"""What is said of columns that are read all the same: left out, constant, copied, or numbering the rows."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass

# ---------------------------------------------------------------------- cells


@lazy_dataclass(frozen=True, kw_only=True)
class ColumnsLeftOut(Diagnostic):
    """With `features *`, columns that tell nothing about other rows are not read.

    These are columns of text with a different value in almost every row, or of long texts, columns with the same value
    in all rows to train on, columns without values, and those that the split or the weights are read from. A column
    that is named in `features`, or has a rule of its own, is read.

        wrong   features *                                     # if `name` is to be a feature
        right   features *
                columns { name: embedding(4) }
        right   features * except name
    """

    code: ClassVar[str] = "W0450"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "left out of the features: {columns}"
    columns: str


@lazy_dataclass(frozen=True, kw_only=True)
class ConstantFeature(Diagnostic):
    """A feature that is named has the same value in all rows to train on: the network can learn nothing from it.

    wrong   features mass, planet      # `Earth` in all rows
    right   features mass
    """

    code: ClassVar[str] = "W0451"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "the feature `{column}` is `{value}` in all rows to train on"
    advice: ClassVar[str] = "take it out of `features`"
    column: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class TargetAmongFeatures(Diagnostic):
    """A feature says what the target is: numbers are equal or in proportion, or each class is one value of a feature.

    Most often it is the target in another unit or spelling, and a prediction has no such column.

        wrong   target price_usd
                features *                       # with `price_eur`
        right   target price_usd
                features * except price_eur
    """

    code: ClassVar[str] = "W0452"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "the feature `{column}` {how} the target `{target}`"
    advice: ClassVar[str] = "if it is not known before the target is: `features * except {quoted}`"
    column: str
    how: str
    target: str
    quoted: str


@lazy_dataclass(frozen=True, kw_only=True)
class RowsInTwoParts(Diagnostic):
    """Rows with the same features and target are in the training part and in another: the scores are too good.

    wrong   a table in which every row is there twice
    right   (each row once)
    right   split by: group(sample)      # rows of a sample stay in one part
    """

    code: ClassVar[str] = "W0453"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "{rows} for {parts} {are} also among the rows to train on, such as {where}"
    advice: ClassVar[str] = "take repeated rows out, or keep them in one part: `split by: group(…)`"
    rows: str
    parts: str
    are: str
    where: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutlierSetsScale(Diagnostic):
    """One value of a column is so far from the others that `min_max` presses these together at one end.

    wrong   columns { price: min_max }       # one price of 1e9
    right   columns { price: robust }
    """

    code: ClassVar[str] = "W0454"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "`min_max` leaves {share} of its range to all values of `{column}` but {value} in {where}"
    advice: ClassVar[str] = "use `robust` or `quantile` for it, or correct the cell"
    column: str
    value: str
    where: str
    share: str


@lazy_dataclass(frozen=True, kw_only=True)
class NumbersTheRows(Diagnostic):
    """A feature is a whole number that grows by one from row to row: it most likely numbers them.

    wrong   features *                 # with a column `id` of 1, 2, 3, …
    right   features * except id
    """

    code: ClassVar[str] = "W0455"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "the feature `{column}` numbers the rows, from {first} to {last}"
    advice: ClassVar[str] = "if it is no quantity: `features * except {quoted}`"
    column: str
    first: str
    last: str
    quoted: str


@lazy_dataclass(frozen=True, kw_only=True)
class ColumnsNotRead(Diagnostic):
    """A table that is predicted has columns which the run does not read; they change nothing.

    wrong   hqnn predict runs/cars-1 new.csv      # whose column `weight` was `wt` in the training
    right   (the columns named as in the table that was trained on)
    """

    code: ClassVar[str] = "W0458"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "not read of `{table}`: {columns}"
    table: str
    columns: str
