"""The files of a sweep: `sweep.json`, what was asked and what came out, beside the journal of its trials.

Loads pydantic and nothing else that is large.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, JsonValue

from hqnn_dsl.documents import Count, Document, Name, NotNegative, Positive, Record
from hqnn_dsl.science.tuning.records import Plain, SamplerRecord  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.training.many_files import TableUsed  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.training.run_files import read_run_file

if TYPE_CHECKING:
    from pathlib import Path

SWEEP, JOURNAL, BEST, WORKERS, LOCK = "sweep.json", "journal.log", "best.hqnn", "workers", "claims.lock"
"""The record, Optuna's journal, the best spec, the folder of the processes at work, and the lock of claims."""

DEFINITIONS: Final = {
    "value": "the score `select` of the validation rows at the best epoch, to be small; `r2` with its sign changed",
    "done": "a trial that was trained to its end",
    "refused": "a setting that the spec is wrong with, or that does not fit memory or budget; `reason` says why",
    "running": "a trial that a process is training",
    "lost": "a trial whose process was ended; its setting is tried again",
    "importance": "the share of the variance of `value` over the swept settings that one of them accounts for "
    "by itself and with others: Optuna's fANOVA, Hutter, Hoos, Leyton-Brown 2014",
    "tested": "scores of the test rows, which no trial has seen: of the best trial, after the choice",
}


class AxisRecord(Record):
    """A swept setting: its whole path, its text as `--over` takes it, and its values or its bounds."""

    path: Name
    kind: Literal["list", "range", "log", "uniform"]
    text: Name
    values: list[Plain] = Field(default_factory=list)
    low: float | None = None
    high: float | None = None


class SweepTrial(Record):
    """One trial. `value` is to be made small; `scores` are those of training and validation rows."""

    number: Count
    setting: dict[str, Plain]
    state: Literal["done", "refused", "running", "lost"]
    value: float | None = None
    scores: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    weights: Count | None = None
    epochs: Count = 0
    best_epoch: Count = 0
    seconds: NotNegative = 0.0
    code: str = ""
    reason: str = ""
    worker: str = ""


class Tested(Record):
    """The scores of the test rows of a trial that was the best when all were done."""

    number: Count
    scores: dict[str, float | None]


class SweepFile(Document):
    """`sweep.json`: written before the first trial and after every one.

    `spec` is the text that trials are made of, with `--set` applied, `folder` that of its `use` lines, `allow_path` the
    others that it may read. `table_path` is where the table was read from, null if it was no file.
    """

    model: Name
    task: Literal["regression", "classification"]
    spec: Name
    folder: Name
    allow_path: list[str]
    axes: list[AxisRecord]
    table: TableUsed
    table_path: str | None
    target: list[Name]
    split: list[Count]
    """The numbers of training, validation and test rows."""
    seed: Count
    sampler: SamplerRecord
    asked: Positive
    is_grid: bool
    """Whether every combination of values is tried once, since there are no more than `asked`."""
    wanted: Positive
    """The number of trials: `asked`, or that of all combinations if these are fewer."""
    backend: dict[str, JsonValue] | None = None
    """What `backend auto` means in all trials of the spec's own number of qubits; null if the spec names one."""
    select: Name
    state: Literal["complete", "unfinished"]
    done: Count
    refused: Count
    trials: list[SweepTrial] = Field(default_factory=list)
    best: Count | None = None
    """The number of the best trial."""
    tested: list[Tested] = Field(default_factory=list)
    """One entry, unless trials were added after the test rows were scored, and another one became the best."""
    importance: dict[str, float] | None = None
    wall_seconds: NotNegative = 0.0
    definitions: dict[str, str] = Field(default_factory=lambda: dict(DEFINITIONS))
    environment: dict[str, JsonValue] = Field(default_factory=dict)


def is_sweep(path: Path) -> bool:
    """Whether a folder holds a sweep."""
    return os.path.lexists(path / SWEEP)


def read_sweep(path: Path) -> SweepFile:
    """The record of a sweep. Raises `Refusal`: E0532 if there is none, E0533 if it is damaged."""
    return read_run_file(path, SWEEP, SweepFile)
