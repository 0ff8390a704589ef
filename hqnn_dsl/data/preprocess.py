"""What lies between a table and the network: names, rules, the split; kept in a run as `preprocess.json`.

With it and the weights a run predicts without the table it was trained on, and knows that table when it sees it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.catalog.objectives import LOSSES, settled_loss
from hqnn_dsl.data.columns import Columns, check_there, choose_columns, kind_of, numbers, truth_notes
from hqnn_dsl.data.features import FittedFeatures, fit_features, fitted_scales
from hqnn_dsl.data.layout import named
from hqnn_dsl.data.split import Parts, split_rows
from hqnn_dsl.data.target import FittedTarget
from hqnn_dsl.data.transforms.narrow import is_narrow
from hqnn_dsl.diagnostics.codes.reading import SingleTooCoarse
from hqnn_dsl.diagnostics.codes.tables import UnknownColumn, WrongFeatureCount, WrongTargetCount
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.semantics.required_widths import required_widths
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hqnn_dsl.data.parts import Splitter
    from hqnn_dsl.data.tables import Lines, Table
    from hqnn_dsl.data.target import Task
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.semantics.used_files import Reach
    from hqnn_dsl.training.own_loss import OwnLoss

    Numbers = NDArray[np.float64]
    Rows = NDArray[np.int64]

_STEPS = 256
"""Within so many steps of single precision it is looked at whether values of a column have become equal."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """How rows become tensors and tensors become targets again, and how outputs are judged.

    `loss` is settled, never `auto`. `parts` are the row positions of the table trained on, `dropped` those that are in
    no part; `fingerprint` is a hash of its cells and column names. `weights` is the column of row weights,
    `class_weights` are the weights of the classes in the loss, in their order. `own_loss` is the function behind a
    `loss` of the user's own, None if the run was read from its folder.
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
    own_loss: OwnLoss | None = field(default=None, repr=False)

    @property
    def task(self) -> Task:
        """Whether the targets are numbers or classes."""
        return self.target.task

    @property
    def rows(self) -> Rows:
        """The rows of all parts, ascending: those of the table without the dropped ones."""
        return np.sort(np.concatenate([rows for _, rows in self.parts.items()]))

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
            },
            "split": {name: rows.tolist() for name, rows in self.parts.items()},
            "dropped": self.dropped.tolist(),
            "weights": self.weights,
            "class_weights": None if self.class_weights is None else list(self.class_weights),
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
            dropped=np.array(data["dropped"], dtype=np.int64),
            weights=data["weights"],
            class_weights=None if data["class_weights"] is None else tuple(data["class_weights"]),
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table ready to be learned from: its preparation, inputs `[N, F]` of the network and targets `[N, T]`.

    Targets are in their own units, or indices of classes; inputs and targets of dropped rows are NaN. `weights` are
    those of the rows, `[N]`. `notes` is what a reader should know of how the table was read; `lines` names its rows.
    """

    preparation: Preparation
    inputs: Numbers = field(repr=False)
    targets: Numbers = field(repr=False)
    weights: Numbers | None = field(default=None, repr=False)
    notes: tuple[Diagnostic, ...] = ()
    lines: Lines | None = field(default=None, repr=False)


def prepare(
    spec: Spec,
    table: Table,
    required: tuple[int | None, int | None] | None = None,
    *,
    splitter: Splitter = split_rows,
    reach: Reach | None = None,
) -> Prepared:
    """Everything that a spec says about its data, done to a table; statistics are of the training rows only.

    `required` is how many features and targets must come out, each None for any number; left out, it is what the spec's
    network insists on. `splitter` puts the rows into parts; `reach` says which files the spec may name for that. Raises
    `Refusal` (E0510 to E0522) for whatever does not fit, before anything is built. Needs no torch.
    """
    columns = choose_columns(table, spec.data)
    _check_widths(
        table,
        columns,
        required_widths(spec) if required is None else required,
        getattr(LOSSES[spec.train.loss.name], "outputs", 1),
    )
    features, targets = numbers(table, columns)
    parts = splitter(
        table.num_rows,
        spec.data.split,
        spec.train.seed,
        column=lambda name: _split_column(table, name),
        lines=table.lines,
        reach=reach,
    )
    kinds = tuple(kind_of(table, name) for name in columns.features)
    scale = spec.data.scale
    preparation = Preparation(
        features=fit_features(columns.features, kinds, scale.features, features[parts.train]),
        target=FittedTarget(columns.targets, fitted_scales(columns.targets, scale.target, targets[parts.train])),
        loss=settled_loss(spec.train.loss, "regression"),
        batch=spec.train.batch,
        parts=parts,
        fingerprint=fingerprint(columns, features, targets),
    )
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = preparation.features.scaled(features)
    single = spec.train.precision != "double"
    preparation.features.check_range(inputs, single=single)
    if single:
        _check_steps(columns.features, features, inputs, "features")
    preparation.target.check_range(targets, single=single)
    if single:
        _check_steps(columns.targets, targets, preparation.target.apply(targets), "target")
    notes = (*table.notes, *truth_notes(table, (*columns.targets, *columns.features)))
    return Prepared(preparation, inputs, targets, notes=notes, lines=table.lines)


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


def read_again(preparation: Preparation, table: Table) -> Again:
    """Returns what a run reads in a table. Raises `Refusal`: E0523 for columns that are missing, and for its cells."""
    columns = Columns(preparation.features.names, preparation.target.names)
    check_there(table, (*columns.features, *columns.targets, *filter(None, [preparation.weights])))
    features, targets = numbers(table, columns)
    is_same = fingerprint(columns, features, targets) == preparation.fingerprint
    return Again(preparation.features.scaled(features), targets, np.arange(table.num_rows), is_same)


def _split_column(table: Table, name: str) -> NDArray[np.generic]:
    """The values of the column that a split names. Raises `Refusal` E0510 if the table has none of that name."""
    if name not in table.frame:
        raise Refusal(
            UnknownColumn(role="split's column", column=name, table=table.name, columns=named(tuple(table.columns)))
        )
    return table.frame[name].to_numpy()


def fingerprint(columns: Columns, features: Numbers, targets: Numbers) -> str:
    """A hash that two tables share only if they have the same columns and the same numbers in the same order."""
    digest = hashlib.sha256(repr((columns.features, columns.targets, features.shape)).encode())
    for block in (features, targets):
        digest.update(np.ascontiguousarray(block, dtype="<f8").tobytes())
    return digest.hexdigest()


def _check_widths(table: Table, columns: Columns, required: tuple[int | None, int | None], outputs: int = 1) -> None:
    findings = Findings()
    features, targets = required
    if features is not None and features != len(columns.features):
        findings.add(
            WrongFeatureCount(
                expected=features, found=len(columns.features), table=table.name, columns=named(columns.features)
            )
        )
    if targets is not None and targets != len(columns.targets) * outputs:
        findings.add(WrongTargetCount(expected=targets, found=len(columns.targets), columns=named(columns.targets)))
    findings.raise_errors()


def _check_steps(names: tuple[str, ...], values: Numbers, scaled: Numbers, part: str) -> None:
    """Refuse (E0554) a column whose values differ by so little that single precision makes equal ones of them."""
    rounded = scaled.astype(np.float32)
    for index, name in enumerate(names):
        column = rounded[:, index]
        if not is_narrow(column, _STEPS):
            continue
        found, left = len(np.unique(values[:, index])), len(np.unique(column))
        if 2 * left <= found:
            raise Refusal(SingleTooCoarse(column=name, part=part, found=found, left=left))
