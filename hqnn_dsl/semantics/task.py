"""The task of a model, numbers or classes, as far as the spec settles it; and settings that are for the other one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.catalog.objectives import LOSSES, LossEntry
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.data_settings import NoValidationRows, WrongScale, WrongTask
from hqnn_dsl.diagnostics.codes.meaning import TooManyArguments
from hqnn_dsl.diagnostics.diagnostic import Note
from hqnn_dsl.literals import column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.settings import Section
    from hqnn_dsl.semantics.spec import DataSpec, TrainSpec

Task = Literal["regression", "classification"]
LINEAR_SCALES = ("standard", "robust", "min_max", "none")
"""Scalings that a mean and a variance can be taken back from."""


@dataclass(frozen=True)
class Settled:
    """A task, None if the table decides, with the reason in words and its place.

    `is_open` is whether a setting that decides could not be read, so that nothing follows.
    """

    task: Task | None
    reason: str = ""
    span: Span | None = None
    is_open: bool = False


def settled(data: DataSpec, train: TrainSpec, in_data: Section, in_train: Section) -> Settled:
    """The task of a model: that of `task`, else of the loss, else regression by a target scale or several targets."""
    spans = in_data.spans
    if in_data.is_wrong("task") or in_train.is_wrong("loss"):
        return Settled(None, is_open=True)
    if data.task is not None:
        return Settled(data.task, f"`task {data.task}` is written", spans["task"])
    entry = loss_entry(train)
    if entry.task is not None:
        return Settled(entry.task, f"`loss {entry.name}` is for {entry.task}", in_train.spans["loss"])
    if "scale.target" in spans:
        return Settled("regression", "`scale target: …` is for regression", spans["scale.target"])
    if data.target is not None and len(data.target) > 1:
        return Settled("regression", "several targets are numbers", spans["target"])
    return Settled(None)


def loss_entry(train: TrainSpec) -> LossEntry:
    """The row of the loss."""
    entry = LOSSES[train.loss.name]
    assert isinstance(entry, LossEntry)
    return entry


def contradictions(
    found: Settled, data: DataSpec, train: TrainSpec, in_data: Section, in_train: Section
) -> Iterator[Diagnostic]:
    """A mistake for each setting that is for the other task."""
    spans = in_data.spans
    for what, task, span in _wanted(data, train, in_data, in_train):
        if found.task is not None and task != found.task:
            notes = (Note(found.reason, found.span),)
            reason = f"the task is {found.task}"
            hint = f"write `task {task}`" if found.span == spans.get("task") else "leave one of the two out"
            yield WrongTask(span=span, what=what, wanted=task, reason=reason, notes=notes, hint=hint)
    if found.task == "classification" and data.target is not None and len(data.target) > 1:
        hint = f"write `target {column(data.target[0])}`"
        notes = (Note(found.reason, found.span),)
        count = "one column if it has classes"
        yield TooManyArguments(span=spans["target"], owner="target", count=count, notes=notes, hint=hint)
    by_column = data.split.by is not None and data.split.by.name == "column"
    if train.intervals.name != "none" and not data.split.validation and not by_column:
        notes = (Note("no row validates", spans["split.validation"]),)
        yield NoValidationRows(span=in_train.spans["intervals"], name=train.intervals.name, notes=notes)
    if train.loss.name == "gaussian" and data.scale.target.name not in LINEAR_SCALES:
        reason = "the mean and the variance of `loss gaussian` can only be taken back from a linear scaling"
        hint = f"write `target: standard`; others are {sentences.names(LINEAR_SCALES[1:], 'and')}"
        yield WrongScale(span=spans["scale.target"], scale=data.scale.target.name, reason=reason, hint=hint)


def _wanted(data: DataSpec, train: TrainSpec, in_data: Section, in_train: Section) -> Iterator[tuple[str, Task, Span]]:
    """The settings that are for one task, with that task and their places."""
    entry = loss_entry(train)
    if entry.task is not None:
        yield f"loss {entry.name}", entry.task, in_train.spans["loss"]
    if "scale.target" in in_data.spans:
        yield "scale target", "regression", in_data.spans["scale.target"]
    if train.class_weights is not None:
        yield "class_weights", "classification", in_train.spans["class_weights"]
    if train.intervals.name != "none":
        yield "intervals", "regression", in_train.spans["intervals"]
    if data.split.by is not None and data.split.by.name == "stratified":
        yield "split by: stratified", "classification", in_data.spans["split.by"]
