"""What can be wrong between the columns of a table and their rules in a spec (E057x, E058x), and what is noticed."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass

# ---------------------------------------------------------------------- cells


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


@lazy_dataclass(frozen=True, kw_only=True)
class OneClass(Diagnostic):
    """All rows of the target are of the same class, so there is nothing to tell apart.

    wrong   species,mass
            Adelie,3700
            Adelie,3800
    right   species,mass
            Adelie,3700
            Gentoo,5000
    """

    code: ClassVar[str] = "E0582"
    message: ClassVar[str] = "the target `{column}` has one class only, `{value}`"
    advice: ClassVar[str] = "name another target, or a table with rows of other classes"
    column: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooManyClasses(Diagnostic):
    """The target has so many classes that on average a class has fewer than two rows.

    Such a column mostly names the rows, or holds a quantity: then say `task regression`.

        wrong   target name                                # a different one in every row
        right   target species
    """

    code: ClassVar[str] = "E0583"
    message: ClassVar[str] = "the target `{column}` has {classes} classes in {rows} rows"
    advice: ClassVar[str] = "name another target{or_regression}"
    column: str
    classes: int
    rows: int
    or_regression: str = ""


@lazy_dataclass(frozen=True, kw_only=True)
class WrongClassCount(Diagnostic):
    """The network ends with another number of outputs than there are classes.

    A network for classes has an output for each of them, or one output for two.

        wrong   data { target species }  decoder { dense(2) }      # of three species
        right   data { target species }  decoder { dense(auto) }
    """

    code: ClassVar[str] = "E0584"
    message: ClassVar[str] = "the network has {outputs}, but `{column}` has {classes} classes: {labels}"
    advice: ClassVar[str] = "end the decoder with `dense(auto)` or `dense({classes})`{or_regression}"
    outputs: str
    column: str
    classes: int
    labels: str
    or_regression: str = ""


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownClass(Diagnostic):
    """A table has rows of a class that the run was not trained on; they cannot be scored.

    wrong   hqnn evaluate runs/penguins-1 others.csv      # with a species that is new
    right   hqnn evaluate runs/penguins-1 penguins.csv
    """

    code: ClassVar[str] = "E0585"
    message: ClassVar[str] = "the target `{column}` has the class `{value}` in {where}, which the run does not know"
    advice: ClassVar[str] = "its classes are {classes}; take the rows out, or train with them"
    column: str
    value: str
    where: str
    classes: str


@lazy_dataclass(frozen=True, kw_only=True)
class TaskDoesNotFit(Diagnostic):
    """The target of the table decides on the task, and a setting is for the other one.

    wrong   target mass                     # a quantity: regression
            train { class_weights balanced }
    right   target mass
    right   target species
            train { class_weights balanced }
    """

    code: ClassVar[str] = "E0586"
    message: ClassVar[str] = "`{setting}` is for {wanted}, but `{column}` {reason}: {task}"
    advice: ClassVar[str] = "take `{setting}` out, or write `task {wanted}` in `data`"
    setting: str
    wanted: str
    column: str
    reason: str
    task: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownClassWeight(Diagnostic):
    """A weight is given to a class that the target does not have.

    wrong   class_weights Adelie: 1, Gento: 2
    right   class_weights Adelie: 1, Gentoo: 2
    """

    code: ClassVar[str] = "E0587"
    message: ClassVar[str] = "the target `{column}` has no class `{value}`"
    advice: ClassVar[str] = "its classes are {classes}"
    column: str
    value: str
    classes: str


# -------------------------------------------------------------------- notices


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
class FewRowsOfClass(Diagnostic):
    """Classes have so few rows to train on that the network hardly sees them.

    wrong   target species      # with two rows of one of them
    right   (more rows of it, or the class joined with another)
    """

    code: ClassVar[str] = "W0456"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "fewer than {least} rows to train on: {labels} of `{column}`"
    advice: ClassVar[str] = "add rows of these classes, join them with others, or take them out"
    column: str
    least: int
    labels: str


@lazy_dataclass(frozen=True, kw_only=True)
class TaskGuessed(Diagnostic):
    """The spec does not say whether numbers or classes are learned; the target's column decides.

    Text and true or false are classes, and so are whole numbers if there are at most ten different ones, each in three
    rows or more. All other numbers are quantities.

        wrong   target quality                      # marks from 1 to 5, if they are a quantity
        right   target quality
                task   regression
    """

    code: ClassVar[str] = "W0457"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "the target `{column}` {reason}: {task}"
    advice: ClassVar[str] = "write `task {other}` in `data` if that is meant"
    column: str
    reason: str
    task: str
    other: str


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
