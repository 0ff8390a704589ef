"""A table made ready for a spec: columns chosen and read, rows put into parts, rules fitted on those to train on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.columns import choose, truth_notes
from hqnn_dsl.data.fingerprints import column_hashes, fingerprint
from hqnn_dsl.data.fit import Fitter, may_leave_out, useless
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.layout import named
from hqnn_dsl.data.notices import Scene, noticed
from hqnn_dsl.data.parts import Parts, TableRows
from hqnn_dsl.data.preparation import Preparation as Preparation  # noqa: PLC0414 - what `prepare` gives, in one place
from hqnn_dsl.data.preparation import Prepared as Prepared  # noqa: PLC0414
from hqnn_dsl.data.report import WEIGHTS, report_of
from hqnn_dsl.data.split import STRATIFIED, split_rows
from hqnn_dsl.data.target import FittedTarget, add_missing
from hqnn_dsl.data.tasks import classes_of, few_rows, read_targets, settled_loss
from hqnn_dsl.data.transforms.fills import DROP
from hqnn_dsl.data.transforms.narrow import is_narrow
from hqnn_dsl.data.weights import check_weights, read_weights
from hqnn_dsl.diagnostics.codes.classes import TooManyClasses, WrongClassCount
from hqnn_dsl.diagnostics.codes.column_notices import ColumnsLeftOut
from hqnn_dsl.diagnostics.codes.reading import SingleTooCoarse
from hqnn_dsl.diagnostics.codes.tables import UnknownColumn, WrongFeatureCount, WrongTargetCount
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.semantics.required_widths import required_widths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.columns import Columns
    from hqnn_dsl.data.features import FittedFeatures
    from hqnn_dsl.data.kinds import Kind, TypedColumn
    from hqnn_dsl.data.parts import Splitter
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.tasks import Targets
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.semantics.used_files import Reach

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Required = tuple[int | None, int | None]

_STEPS = 256
"""Within so many steps of single precision it is looked at whether values of a column have become equal."""


def prepare(
    spec: Spec,
    table: Table,
    required: Required | None = None,
    *,
    splitter: Splitter = split_rows,
    reach: Reach | None = None,
) -> Prepared:
    """Everything that a spec says about its data, done to a table; statistics are of the training rows only.

    `required` is how many features and outputs must come out, each None for any number; left out, it is what the spec's
    network insists on. `splitter` puts the rows into parts; `reach` says which files the spec may name for that. Raises
    `Refusal` with all that does not fit, before anything is built. Needs no torch.
    """
    work = _Work(spec, table, required_widths(spec) if required is None else required)
    return work.done(splitter, reach)


class _Work:
    """The steps from a table to what is learned. Mistakes are gathered: a step does what is possible beside them."""

    def __init__(self, spec: Spec, table: Table, required: Required) -> None:
        self.spec, self.data, self.table = spec, spec.data, table
        self.required = required
        self.findings = Findings()
        self.notes: list[Diagnostic] = []

    def done(self, splitter: Splitter, reach: Reach | None) -> Prepared:
        """Returns the table, prepared. Raises `Refusal` with all mistakes."""
        table, findings = self.table, self.findings
        columns = choose(table, self.data, findings)
        reader = Reader(table, "feature", findings)
        found = [reader.read(name, self._kind(name)) for name in columns.features]
        features = [column for column in found if column is not None]
        targets = read_targets(table, self.spec, columns.targets, findings)
        used = self._used(features, targets)
        weights = read_weights(table, columns.weights, used, findings)
        classes = None if targets is None else self._classes(targets, used)
        rows = self._rows(used, targets, classes, reach)
        parts = self._parts(splitter, rows, used)
        check_weights(columns.weights, weights, parts.train, findings)
        fitter = Fitter(table, self.data, parts.train, used, findings)
        fitted = fitter.features(features)
        if len(features) == self._num_features(columns):
            self._check_inputs(fitted)
        target = None if targets is None else self._target(fitter, targets, classes)
        if targets is None or target is None or findings.has_errors:
            raise Refusal(*findings.items)
        names = set(fitted.names)
        read = [column for column in features if column.name in names]
        inputs, values = fitted.apply(read), target.of(targets.columns)
        self._check_numbers(fitted, read, inputs, np.flatnonzero(used))
        self._check_target_numbers(target, values[used])
        preparation = Preparation(
            features=fitted,
            target=target,
            loss=settled_loss(self.spec.train.loss, target.task),
            batch=self.spec.train.batch,
            parts=parts,
            fingerprint=fingerprint(read, targets.columns, weights),
            columns=column_hashes([*read, *targets.columns], weights, columns.weights),
            dropped=_in_no_part(parts, table.num_rows),
            weights=columns.weights,
            report=report_of(table, fitted, target, read, targets.columns, _aside(table, columns, fitter)),
            written=table.written,
        )
        notes = (
            *table.notes,
            *targets.notes,
            *truth_notes(table, preparation.numbers),
            *_left_out(columns, fitter),
            *fitter.notes,
            *noticed(Scene(table, fitted, read, target, targets.columns, inputs, values, parts)),
        )
        return Prepared(preparation, inputs, values, weights, notes, table.lines, table.path)

    def _num_features(self, columns: Columns) -> int:
        """Returns how many columns the spec means, also if some are not there or cannot be read."""
        names = self.data.features.names
        return len(columns.features) if names is None else len({*names} - {*self.data.features.excluded})

    def _kind(self, name: str) -> Kind | None:
        kind = self.data.rule(name).kind
        return None if kind is None else kind.name  # type: ignore[return-value]

    def _missing_rule(self, name: str) -> str:
        return (self.data.rule(name).missing or self.data.missing).name

    # ------------------------------------------------------------------- rows

    def _used(self, features: list[TypedColumn], targets: Targets | None) -> Flags:
        """Returns the rows without a missing cell for which the spec drops rows."""
        everything = np.arange(self.table.num_rows)
        used = np.ones(self.table.num_rows, dtype=np.bool_)
        for column in (*features, *(() if targets is None else targets.columns)):
            is_aside = may_leave_out(self.data, column.name) and bool(useless(column, everything))
            if self._missing_rule(column.name) == DROP and not (is_aside and column in features):
                used &= ~column.missing
        for column in () if targets is None else targets.columns:
            add_missing(column, self.table, self.findings, used)
        return used

    def _rows(
        self, used: Flags, targets: Targets | None, classes: tuple[str, ...] | None, reach: Reach | None
    ) -> TableRows:
        """Returns the rows as splits see them: with the index of the class of each, -1 if it is in no part."""
        indices, aside = None, ~used
        if targets is not None and classes is not None:
            values = FittedTarget((), (), classes).of(targets.columns)[:, 0]
            aside = aside | np.isnan(values)
            indices = np.where(aside, -1, values).astype(np.int64)
        return TableRows.of(
            self.table.num_rows,
            np.flatnonzero(aside),
            classes=indices,
            labels=classes or (),
            column=self._split_column,
            lines=self.table.lines,
            reach=reach,
        )

    def _parts(self, splitter: Splitter, rows: TableRows, used: Flags) -> Parts:
        """Returns the parts of the rows. If the split is refused, all of them are trained on, to find more mistakes.

        That is also so if there are too many classes (E0583), of which no split can have its share. Raises `Refusal`
        with all mistakes so far if no row is left.
        """
        by = self.data.split.by
        is_stratified = rows.classes is not None and (by is None or by == STRATIFIED)
        if is_stratified and any(item.code == TooManyClasses.code for item in self.findings.items):
            return Parts(np.flatnonzero(used), *2 * [np.empty(0, dtype=np.int64)])
        try:
            return splitter(rows, self.data.split, self.spec.train.seed)
        except Refusal as refusal:
            for item in refusal.diagnostics:
                self.findings.add(item)
            if not used.any():
                raise Refusal(*self.findings.items) from None
            return Parts(np.flatnonzero(used), *2 * [np.empty(0, dtype=np.int64)])

    def _split_column(self, name: str) -> NDArray[np.generic]:
        """Returns the values of the column that a split names. Raises `Refusal` E0510 if there is none."""
        table = self.table
        if name not in table.frame:
            columns = named(table.columns)
            raise Refusal(UnknownColumn(role="split's column", column=name, table=table.name, columns=columns))
        return np.asarray(table.frame[name].to_numpy())

    # ---------------------------------------------------------------- targets

    def _classes(self, targets: Targets, used: Flags) -> tuple[str, ...] | None:
        if targets.task == "regression":
            return None
        return classes_of(targets.columns[0], self.spec, used, self.findings)

    def _target(self, fitter: Fitter, targets: Targets, classes: tuple[str, ...] | None) -> FittedTarget:
        """Returns the targets, fitted on the rows to train on."""
        names = tuple(column.name for column in targets.columns)
        drops = DROP in {self._missing_rule(name) for name in names}
        target = FittedTarget(names, (), classes, drops)
        values = target.of(targets.columns)
        if classes is None:
            rules = [self.data.rule(name).scale or self.data.scale.target for name in names]
            scales = fitter.scales(names, rules, list(values.T), "target")
            target = replace(target, scales=tuple(scales or ()))
        else:
            trained = values[fitter.training, 0]
            fitter.notes.extend(few_rows(names[0], classes, trained[~np.isnan(trained)].astype(np.int64)))
        self._check_outputs(target)
        return target

    # ----------------------------------------------------------------- widths

    def _check_inputs(self, features: FittedFeatures) -> None:
        """Refuse (E0519) another number of inputs than the network reads."""
        wanted, found = self.required[0], features.width
        if features.columns and wanted is not None and wanted != found:
            columns = named(features.inputs)
            self.findings.add(WrongFeatureCount(expected=wanted, found=found, table=self.table.name, columns=columns))

    def _check_outputs(self, target: FittedTarget) -> None:
        """Refuse (E0520, E0584) another number of outputs than the targets need."""
        wanted = target.outputs_wanted(settled_loss(self.spec.train.loss, target.task))
        found = self.required[1]
        if found is None or found in wanted:
            return
        if target.classes is None:
            columns, number = named(target.names), len(target.names)
            self.findings.add(WrongTargetCount(expected=found, found=number, columns=columns))
        else:
            guessed = self.spec.data.task is None
            self.findings.add(
                WrongClassCount(
                    outputs=count(found, "output"),
                    column=target.names[0],
                    classes=len(target.classes),
                    labels=named(target.classes),
                    or_regression=", or write `task regression` in `data`" if guessed else "",
                )
            )

    # ---------------------------------------------------------------- numbers

    def _check_numbers(
        self, features: FittedFeatures, columns: list[TypedColumn], inputs: Numbers, rows: NDArray[np.int64]
    ) -> None:
        """Refuse (E0522, E0554) inputs that single precision has no numbers for, or makes equal ones of."""
        single = self.spec.train.precision != "double"
        features.check_range(inputs[rows], single=single)
        place = 0
        for fitted, column in zip(features.columns, columns, strict=True):
            if single and fitted.scaled_input is not None:
                before = fitted.coded(column)[rows, fitted.scaled_input]
                _check_steps(fitted.name, before, inputs[rows, place + fitted.scaled_input], "features")
            place += len(fitted.inputs)

    def _check_target_numbers(self, target: FittedTarget, values: Numbers) -> None:
        single = self.spec.train.precision != "double"
        target.check_range(values, single=single)
        if single and target.classes is None:
            scaled = target.apply(values)
            for index, name in enumerate(target.names):
                _check_steps(name, values[:, index], scaled[:, index], "target")


def _check_steps(name: str, values: Numbers, scaled: Numbers, part: str) -> None:
    """Refuse (E0554) a column whose values differ by so little that single precision makes equal ones of them."""
    rounded = scaled.astype(np.float32)
    if not is_narrow(rounded, _STEPS):
        return
    found, left = len(np.unique(values)), len(np.unique(rounded))
    if 2 * left <= found:
        raise Refusal(SingleTooCoarse(column=name, part=part, found=found, left=left))


def _in_no_part(parts: Parts, num_rows: int) -> NDArray[np.int64]:
    is_free = np.ones(num_rows, dtype=np.bool_)
    for rows in (parts.train, parts.validation, parts.test):
        is_free[rows] = False
    return np.flatnonzero(is_free)


def _aside(table: Table, columns: Columns, fitter: Fitter) -> dict[str, tuple[TypedColumn | None, str]]:
    """Returns the columns of a table that are neither features nor targets, with the reason."""
    named = {*columns.features, *columns.targets}
    found: dict[str, tuple[TypedColumn | None, str]] = {
        name: (None, WEIGHTS if name == columns.weights else "not a feature")
        for name in table.columns
        if name not in named
    }
    return found | fitter.left_out


def _left_out(columns: Columns, fitter: Fitter) -> tuple[Diagnostic, ...]:
    """Returns a note that names the columns which are not read although the spec says `features *`."""
    reasons = {name: why for name, (_, why) in fitter.left_out.items()}
    reasons |= {name: "weights" if name == columns.weights else "of the split" for name in columns.left_out}
    if not reasons:
        return ()
    return (ColumnsLeftOut(columns=listed((f"`{name}` ({why})" for name, why in reasons.items()), "and")),)
