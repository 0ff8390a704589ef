"""What lies between a table and the network: names, rules, the split; kept in a run as `preprocess.json`.

With it and the weights a run predicts without the table it was trained on, and knows that table when it sees it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.columns import check_there, truth_notes
from hqnn_dsl.data.features import FittedFeatures
from hqnn_dsl.data.fingerprints import fingerprint, parts_hash
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.layout import named
from hqnn_dsl.data.parts import Parts
from hqnn_dsl.data.report import ColumnReport
from hqnn_dsl.data.target import FittedTarget
from hqnn_dsl.data.weights import read_weights
from hqnn_dsl.data.written import Purpose, Written
from hqnn_dsl.diagnostics.codes.column_notices import ColumnsNotRead
from hqnn_dsl.diagnostics.codes.reading_notices import PercentSignsDiffer
from hqnn_dsl.diagnostics.codes.scoring import LevelsNotKnown
from hqnn_dsl.diagnostics.diagnostic import Findings
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Lines, Table
    from hqnn_dsl.data.target import Task
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.training.own_loss import OwnLoss

    Numbers = NDArray[np.float64]
    Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Preparation:
    """How rows become tensors and tensors become targets again, and how outputs are judged.

    `loss` is settled, never `auto`. `parts` are the row positions of the table trained on, `dropped` those that are in
    no part; `fingerprint` is a hash of its cells and column names. `weights` is the column of row weights,
    `class_weights` are the weights of the classes in the loss, in their order, `report` is what was made of each
    column. `written` is how the numbers of the table were written, None for a run that did not keep it. `own_loss` is
    the function behind a `loss` of the user's own, None if the run was read from its folder.
    """

    features: FittedFeatures
    target: FittedTarget
    loss: Choice
    batch: int
    parts: Parts = field(repr=False)
    fingerprint: str
    dropped: Rows = field(repr=False, default_factory=lambda: np.empty(0, dtype=np.int64))
    weights: str | None = None
    class_weights: tuple[float, ...] | None = None
    report: tuple[ColumnReport, ...] = field(repr=False, default=())
    written: Written | None = field(default=None, repr=False)
    own_loss: OwnLoss | None = field(default=None, repr=False)
    columns: Mapping[str, str] | None = field(default=None, repr=False)
    """A hash of each column's cells; None for a run that did not keep them."""

    @property
    def task(self) -> Task:
        """Whether the targets are numbers or classes."""
        return self.target.task

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns whose cells are read as numbers, and True as 1."""
        kinds = ("number", "boolean")
        targets = self.target.names if self.target.classes is None else ()
        return (*targets, *(column.name for column in self.features.columns if column.kind in kinds))

    def purpose(self, *, scores: bool) -> Purpose:
        """Returns what a run reads a table for: to predict it, or to score its targets."""
        names = set(self.features.names)
        if scores:
            names |= {*self.target.names, *(() if self.weights is None else (self.weights,))}
        return Purpose(names.__contains__, self.written)

    @property
    def rows(self) -> Rows:
        """The rows of all parts, ascending: those of the table without the dropped ones."""
        return np.sort(np.concatenate([rows for _, rows in self.parts.items()]))

    @property
    def identity(self) -> str:
        """A hash of the table's cells and of the rows of its parts, by which checkpoints know what they are of."""
        return parts_hash(self.fingerprint, [rows for _, rows in self.parts.items()])

    def out_width(self, required: int | None = None) -> int:
        """Returns the number of outputs of the network: the required one if the spec settles it."""
        wanted = self.target.outputs_wanted(self.loss)
        return required if required in wanted else wanted[0]

    def to_json(self) -> dict[str, Any]:
        """Plain data for `preprocess.json`."""
        return {
            "features": self.features.to_json(),
            "target": self.target.to_json(),
            "loss": {"name": self.loss.name, "options": dict(self.loss.options)},
            "batch": self.batch,
            "table": {
                "rows": sum(len(rows) for _, rows in self.parts.items()) + len(self.dropped),
                "sha256": self.fingerprint,
                "columns": None if self.columns is None else dict(self.columns),
            },
            "split": {name: rows.tolist() for name, rows in self.parts.items()},
            "dropped": self.dropped.tolist(),
            "weights": self.weights,
            "class_weights": None if self.class_weights is None else list(self.class_weights),
            "report": [line.to_json() for line in self.report],
            "written": None if self.written is None else self.written.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Preparation:
        """What `to_json` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        parts = {name: np.array(data["split"][name], dtype=np.int64) for name in ("train", "validation", "test")}
        return Preparation(
            features=FittedFeatures.from_json(data["features"]),
            target=FittedTarget.from_json(data["target"]),
            loss=Choice(name=str(data["loss"]["name"]), options=dict(data["loss"]["options"])),
            batch=int(data["batch"]),
            parts=Parts(**parts),
            fingerprint=str(data["table"]["sha256"]),
            columns=data["table"].get("columns"),
            dropped=np.array(data["dropped"], dtype=np.int64),
            weights=data["weights"],
            class_weights=None if data["class_weights"] is None else tuple(data["class_weights"]),
            report=tuple(ColumnReport.from_json(line) for line in data["report"]),
            written=None if data["written"] is None else Written.from_json(data["written"]),
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table ready to be learned from: its preparation, inputs `[N, F]` of the network and targets `[N, T]`.

    Targets are in their own units, or indices of classes. Rows with a missing cell that are in no part have NaN there.
    `weights` are those of the rows, `[N]`. `notes` is what a reader should know of how the table was read; `lines`
    names its rows.
    """

    preparation: Preparation
    inputs: Numbers = field(repr=False)
    targets: Numbers = field(repr=False)
    weights: Numbers | None = field(default=None, repr=False)
    notes: tuple[Diagnostic, ...] = ()
    lines: Lines | None = field(default=None, repr=False)
    path: str | None = None
    """Where the table's file is; None for a frame or standard input."""

    @property
    def report(self) -> tuple[ColumnReport, ...]:
        """What was made of each column."""
        return self.preparation.report


@dataclass(frozen=True, eq=False)
class Again:
    """A table with targets, as a run reads it: inputs `[N, F]` and targets `[N, T]`.

    `rows` are the rows without a missing cell for which a run drops rows; `is_same` is whether the table is the one
    that was trained on. `weights` are those of the rows, `[N]`.
    """

    inputs: Numbers = field(repr=False)
    targets: Numbers = field(repr=False)
    rows: Rows = field(repr=False)
    is_same: bool
    weights: Numbers | None = field(default=None, repr=False)


def not_read(preparation: Preparation, table: Table) -> tuple[Diagnostic, ...]:
    """Returns a note (W0458) that names the columns which the table trained on did not have, if there are any."""
    known = {line.column for line in preparation.report}
    found = [name for name in table.columns if name not in known]
    return (ColumnsNotRead(table=table.name, columns=named(found)),) if found and known else ()


def levels_not_known(preparation: Preparation, table: Table) -> Iterator[Diagnostic]:
    """Yields a note (W0467) for each category with levels that no training row has, if they are no mistake."""
    reader = Reader(table, "feature", Findings(), is_run=True)  # what is wrong is said where the rows are predicted
    for fitted in preparation.features.columns:
        if fitted.kind != "category" or fitted.name not in table.columns:
            continue
        column = reader.read(fitted.name, fitted.kind, fitted.order)
        levels, rows = ([], ()) if column is None else fitted.not_known(column)
        if levels:
            yield LevelsNotKnown(
                column=fitted.name,
                table=table.name,
                levels=named(levels),
                rows=count(len(rows), "row"),
                where=table.where(rows[:1]),
            )


def signs_differ(preparation: Preparation, table: Table) -> Iterator[Diagnostic]:
    """Yields warnings (W0469) of columns that have per cent signs, and had none in the training, or vice versa."""
    before, now = preparation.written, table.written
    if before is None or now is None:
        return
    frame = table.frame
    names = [name for name in preparation.numbers if name in frame and frame[name].notna().any()]
    lost = [name for name in names if name in before.percent and name not in now.percent]
    new = [name for name in names if name in now.percent and name not in before.percent]
    if lost:
        yield PercentSignsDiffer(
            columns=named(lost),
            now=f"{_have(lost)} no per cent signs in `{table.name}`",
            then="had them in the training, where 12% was read as 12",
            hint="write 12, or 12%, for 12 in a hundred: 0.12 is read as 0.12",
        )
    if new:
        yield PercentSignsDiffer(
            columns=named(new),
            now=f"{_have(new)} per cent signs in `{table.name}`, where 12% is read as 12",
            then="had none in the training",
            hint="write the numbers as the training had them: 0.12 for 12% if they were shares",
        )


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def notes_of(preparation: Preparation, table: Table) -> tuple[Diagnostic, ...]:
    """Returns what a reader should know of a table that a run predicts: W0425, W0458, W0467 and W0469."""
    read = truth_notes(table, preparation.numbers)
    unknown = levels_not_known(preparation, table)
    return (*read, *not_read(preparation, table), *unknown, *signs_differ(preparation, table))


def read_again(preparation: Preparation, table: Table) -> Again:
    """Returns what a run reads in a table. Raises `Refusal`: E0523 for columns that are missing, and for its cells."""
    features, target = preparation.features, preparation.target
    weighted = () if preparation.weights is None else (preparation.weights,)
    check_there(table, (*features.names, *target.names, *weighted))
    findings = Findings()
    columns = features.read(table, findings, gaps=True)
    targets = target.read(table, findings)
    findings.raise_errors()
    complete = features.complete(columns)
    if target.drops:
        complete &= ~np.any([column.missing for column in targets], axis=0)
    weights = read_weights(table, preparation.weights, complete, findings)
    findings.raise_errors()
    is_same = fingerprint(columns, targets, weights) == preparation.fingerprint
    return Again(features.apply(columns), target.of(targets), np.flatnonzero(complete), is_same, weights)
