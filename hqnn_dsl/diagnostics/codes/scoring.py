"""What can be wrong with weights, intervals and the columns of predictions (E0590 to E0594), and W0466 and W0467."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ClassWithoutWeight(Diagnostic):
    """`class_weights` gives a weight to some classes of the target, and none to others.

    wrong   class_weights Adelie: 1, Gentoo: 2                       # the table has Chinstrap, too
    right   class_weights Adelie: 1, Chinstrap: 1, Gentoo: 2
    right   class_weights balanced
    """

    code: ClassVar[str] = "E0590"
    message: ClassVar[str] = "`class_weights` has no weight for {lacking}"
    advice: ClassVar[str] = "give every class a weight, 1 to those that should count as they are, or write `balanced`"
    lacking: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooFewForIntervals(Diagnostic):
    """The width of conformal intervals comes from the validation rows; a high level needs many of them.

    With n rows the radius is the error at rank (n + 1) times the level, rounded up: that rank must be n at most.

        wrong   split validation: 5             # with intervals conformal(0.9), which need 9 rows
        right   split validation: 30
        right   intervals conformal(0.8)        # needs 4 rows
    """

    code: ClassVar[str] = "E0591"
    message: ClassVar[str] = "`intervals conformal({level})` needs {needed} at least, and there {found}"
    advice: ClassVar[str] = "write `validation: {rows}` in `split`, or a lower level"
    level: str
    needed: str
    found: str
    rows: int


@lazy_dataclass(frozen=True, kw_only=True)
class PartWithoutWeight(Diagnostic):
    """All rows of a part have weight 0, so there is no loss of it.

    wrong   id,weight,y      # all rows that were drawn for the test have weight 0
    right   split seed: 2    # another draw, or weights above 0
    """

    code: ClassVar[str] = "E0592"
    message: ClassVar[str] = "the weights of {rows} are all 0"
    advice: ClassVar[str] = "give rows weights above 0, or split the table in another way"
    rows: str


@lazy_dataclass(frozen=True, kw_only=True)
class WeightedOwnLoss(Diagnostic):
    """A loss function of one's own gets predictions and targets, and returns one number: it cannot weigh rows.

    wrong   hqnn.train(spec, table, loss=my_loss)      # with `data { weights sample_weight }` in the spec
    right   hqnn.train(spec, table)                    # a loss of the language
    right   hqnn.train(spec, table, loss=my_loss)      # without `weights` and `class_weights`
    """

    code: ClassVar[str] = "E0593"
    message: ClassVar[str] = (
        "the loss function `{name}` does not know the weights of rows, which the spec gives by `{by}`"
    )
    advice: ClassVar[str] = "take `{by}` out of the spec, or use a loss of the language"
    name: str
    by: str


@lazy_dataclass(frozen=True, kw_only=True)
class NameTaken(Diagnostic):
    """A column is to be carried through to predictions, which have a column of this name already.

    wrong   hqnn predict RUN boats.csv --keep line      # predictions have a column `line`
    right   hqnn predict RUN boats.csv --keep id
    """

    code: ClassVar[str] = "E0594"
    message: ClassVar[str] = "`{column}` cannot be kept: {why}"
    advice: ClassVar[str] = "leave one `--keep {quoted}` out, or give the column another name in the table"
    column: str
    quoted: str
    why: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoIntervalsYet(Diagnostic):
    """A run is to predict intervals, but its training has not come to an end, and only then is their width known.

    wrong   hqnn predict runs/yacht-1 boats.csv                                        # the training was broken off
    right   hqnn train model.hqnn data.csv --out runs/yacht-1 --resume
    """

    code: ClassVar[str] = "W0466"
    severity: ClassVar[str] = "note"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "the training of `{path}` has not come to an end: there are predictions, but no intervals"
    advice: ClassVar[str] = "go on with it: `hqnn train SPEC DATA --out {path} --resume`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class LevelsNotKnown(Diagnostic):
    """A table that is predicted has levels of a category which no training row has, and its rule says `unknown: other`.

    wrong   categories one_hot(unknown: other)       # and predictions for a new island are no better than a guess
    right   categories one_hot(unknown: refuse)      # such a level is an error
    """

    code: ClassVar[str] = "W0467"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = (
        "`{column}` has levels in `{table}` that no training row has: {levels} ({rows}, first {where})"
    )
    advice: ClassVar[str] = "the network has learned nothing of them; `unknown: refuse` in its rule makes them errors"
    column: str
    table: str
    levels: str
    rows: str
    where: str
