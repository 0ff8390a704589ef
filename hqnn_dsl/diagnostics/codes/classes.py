"""The target as classes: what keeps a column from having them, and what is said of those that it has."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass

# ---------------------------------------------------------------------- cells


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
