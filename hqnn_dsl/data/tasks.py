"""Which task a table sets, if the spec does not say: the target's column decides; and its classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.kinds import SAID, Reader
from hqnn_dsl.data.labels import label_of
from hqnn_dsl.data.layout import named
from hqnn_dsl.diagnostics.codes.classes import (
    FewRowsOfClass,
    OneClass,
    TaskDoesNotFit,
    TaskGuessed,
    TooManyClasses,
    UnknownClassWeight,
)
from hqnn_dsl.diagnostics.codes.columns import RuleDoesNotFit
from hqnn_dsl.diagnostics.codes.tables import TextTarget
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.target import Task
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings
    from hqnn_dsl.semantics.spec import Spec

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]

MOST_WHOLE_NUMBERS = 10
"""Of so many different whole numbers at most, a target is read as classes."""

LEAST_ROWS = 3
"""Each of these whole numbers must be in so many rows."""

WARNED_ROWS = 5
"""A class with fewer rows to train on is named."""


@dataclass(frozen=True, eq=False)
class Targets:
    """The columns of the targets as read, of the task that they set: classification has one, of levels.

    `notes` say how the task was found, if the spec does not say it.
    """

    task: Task
    columns: tuple[TypedColumn, ...] = field(repr=False)
    notes: tuple[Diagnostic, ...] = ()


def read_targets(table: Table, spec: Spec, names: tuple[str, ...], findings: Findings) -> Targets | None:
    """Returns the targets of a table; None if a column cannot be read, which is then among the findings."""
    if not names:
        return None
    reader = Reader(table, "target", findings)
    known = spec.data.task or _of_loss(spec.train.loss)
    rules = [spec.data.rule(name) for name in names]
    kinds = ["category" if known == "classification" else rule.kind and rule.kind.name for rule in rules]
    columns = [reader.read(name, kind) for name, kind in zip(names, kinds, strict=True)]  # type: ignore[arg-type]
    found = [column for column in columns if column is not None]
    if len(found) < len(columns):
        return None
    notes: tuple[Diagnostic, ...] = ()
    task = known or "regression"
    if known is None and len(found) == 1:
        task, reason, is_said = _guess(found[0])
        other = "classification" if task == "regression" else "regression"
        hint = f"write `task {task}` in `data` to say so" if found[0].kind == "category" else ""
        notes = (TaskGuessed(column=names[0], reason=reason, task=task, other=other, hint=hint),) if is_said else ()
        _check_settings(spec, names[0], reason, task, findings)
    _check_rules(spec, found, table, task, findings)
    if task == "regression":
        found = _numbers(reader, found)
    elif known is None:
        found = [one for one in [reader.category(column.name) for column in found] if one is not None]
    return Targets(task, tuple(found), notes) if len(found) == len(names) else None


def _of_loss(loss: Choice) -> Task | None:
    """Returns the task that a loss is for; None for `auto`, which is for both."""
    if loss.name == "auto":
        return None
    task: Task | None = getattr(LOSSES.get(loss.name), "task", None)
    return task or "regression"


def _guess(column: TypedColumn) -> tuple[Task, str, bool]:
    """Returns the task that a target's column sets, why, and whether that is worth saying."""
    if column.kind in {"category", "boolean"}:
        return "classification", "is true or false" if column.kind == "boolean" else "holds text", True
    if column.kind == "date":
        return "regression", "holds dates", False
    values, counts = np.unique(column.numbers[~column.missing], return_counts=True)
    if not 2 <= len(values) <= MOST_WHOLE_NUMBERS or (values != np.floor(values)).any():
        return "regression", "holds numbers", False
    reason = f"has {len(values)} different whole numbers"
    if counts.min() >= LEAST_ROWS:
        return "classification", reason, True
    return "regression", f"{reason}, some in fewer than {LEAST_ROWS} rows", True


def _check_settings(spec: Spec, name: str, reason: str, task: Task, findings: Findings) -> None:
    """Refuse (E0586) settings of the other task, if the table has decided."""
    by = spec.data.split.by
    settings: list[tuple[str, Task, bool]] = [
        ("class_weights", "classification", spec.train.class_weights is not None),
        ("by: stratified", "classification", by is not None and by.name == "stratified"),
        ("intervals", "regression", spec.train.intervals.name != "none"),
    ]
    for setting, wanted, is_there in settings:
        if is_there and wanted != task:
            findings.add(TaskDoesNotFit(setting=setting, wanted=wanted, column=name, reason=reason, task=task))


def _check_rules(spec: Spec, columns: list[TypedColumn], table: Table, task: Task, findings: Findings) -> None:
    """Refuse (E0577) rules of a target's own that are for features, or for numbers if it is a class."""
    for column in columns:
        rule = spec.data.rule(column.name)
        for one in (*rule.code, *((rule.scale,) if rule.scale and task == "classification" else ())):
            present = table.frame[column.name].dropna()
            kind = "classes" if task == "classification" else SAID[column.kind]
            value, wanted = str(present.iloc[0]) if len(present) else "", "features"
            if one is rule.scale:
                wanted = "numbers"
            finding = RuleDoesNotFit(rule=one.name, wanted=wanted, column=column.name, kind=kind, value=value)
            findings.add(finding)


def _numbers(reader: Reader, columns: list[TypedColumn]) -> list[TypedColumn]:
    """Returns the columns that are numbers; others are refused (E0517)."""
    found = []
    for column in columns:
        if column.kind in {"number", "boolean"}:
            found.append(column)
            continue
        present = reader.table.frame[column.name].dropna()
        value = str(present.iloc[0]) if len(present) else ""
        hint = ""
        if column.kind == "category" and len(columns) == 1:
            hint = "write `task classification` in `data` to learn its values as classes, or name a column of numbers"
        reader.findings.add(TextTarget(column=column.name, value=value, what=SAID[column.kind], hint=hint))
    return found


def settled_loss(loss: Choice, task: Task) -> Choice:
    """Returns the loss of a training: that of the spec or, if it is `auto`, the usual one of the task."""
    if loss.name != "auto":
        return loss
    name = "mse" if task == "regression" else "cross_entropy"
    return Choice(name=name, options=LOSSES[name].defaults())


def classes_of(column: TypedColumn, spec: Spec, used: Flags, findings: Findings) -> tuple[str, ...]:
    """Returns the labels of a target in rows that are not left out, in their order.

    Refuses a single one (E0582), more than half as many as rows (E0583), and class weights of others (E0587).
    """
    present = column.numbers[used & ~column.missing].astype(np.int64)
    counts = np.bincount(present, minlength=len(column.levels))
    labels = tuple(level for level, rows in zip(column.levels, counts, strict=True) if rows)
    if len(labels) == 1:
        findings.add(OneClass(column=column.name, value=labels[0]))
    elif 2 * len(labels) > len(present) and len(labels) > 2:
        guessed = spec.data.task is None and not all(label.isalpha() for label in labels)
        other = ", or write `task regression` in `data`" if guessed else ""
        finding = TooManyClasses(column=column.name, classes=len(labels), rows=len(present), or_regression=other)
        findings.add(finding)
    if isinstance(spec.train.class_weights, tuple):
        for label, _ in spec.train.class_weights:
            if label_of(label) not in labels:
                findings.add(UnknownClassWeight(column=column.name, value=label, classes=named(labels)))
    return labels


def few_rows(column: str, classes: tuple[str, ...], trained: Rows) -> tuple[Diagnostic, ...]:
    """Returns a warning for classes with few rows to train on, for the class index of each of these rows."""
    counts = np.bincount(trained, minlength=len(classes))
    few = [label for label, rows in zip(classes, counts, strict=True) if rows < WARNED_ROWS]
    return (FewRowsOfClass(column=column, least=WARNED_ROWS, labels=named(few)),) if few else ()
