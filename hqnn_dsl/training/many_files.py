"""The files of many trainings: `cv.json`, what was asked and what came out, and `trainings/0001.json` for each of them.

Loads pydantic and nothing else that is large.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue

from hqnn_dsl.documents import Count, Document, Name, NotNegative, Positive, Record
from hqnn_dsl.training.many_plan import Plan
from hqnn_dsl.training.run_files import damaged, read_run_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CV, TRAININGS, RUNS = "cv.json", "trainings", "runs"
"""The record of many trainings, the folder with a file for each, and the folder of the runs that are kept."""


class PlanRecord(Record):
    """What was asked: `folds` is null if the spec says which rows test, a null among `rows` stands for all."""

    folds: Annotated[int, Field(ge=2)] | None
    repeats: Positive
    seeds: Annotated[list[Count], Field(min_length=1)]
    rows: Annotated[list[Positive | None], Field(min_length=1)]

    def plan(self) -> Plan:
        """The plan that this is the record of."""
        return Plan(folds=self.folds, repeats=self.repeats, seeds=tuple(self.seeds), rows=tuple(self.rows))


class TableUsed(Record):
    """The table: its name, its number of rows, and the hash of its cells as in `preprocess.json`."""

    name: str
    rows: Positive
    sha256: str


class PartsUsed(Record):
    """The rows of each part, counted from 0, ascending."""

    train: list[Count]
    validation: list[Count]
    test: list[Count]


class Mistake(Record):
    """A diagnostic that ended a training."""

    code: Name
    message: str


class TrainingFile(Document):
    """`trainings/0001.json`: one training, as it has ended.

    `rows`, `fold` and `repeat` are those of the plan, the latter two counted from 0. `metrics` are as in
    `metrics.json`, null if it has failed; `run` is the folder of its run, if that was kept.
    """

    number: Positive
    rows: Positive | None
    repeat: Count
    fold: Count | None
    seed: Count
    state: Literal["done", "failed"]
    metrics: dict[str, JsonValue] | None = None
    mistakes: list[Mistake] = Field(default_factory=list)
    parts: PartsUsed | None = None
    epochs: Count = 0
    best_epoch: Count = 0
    seconds: NotNegative = 0.0
    run: str | None = None


class TrainingLine(Record):
    """A training in `cv.json`: `scores` are the single numbers of the part that is scored, the test rows if any."""

    number: Positive
    rows: Positive | None
    repeat: Count
    fold: Count | None
    seed: Count
    state: Literal["done", "failed", "open"]
    sizes: Annotated[list[Count], Field(min_length=3, max_length=3)] | None
    scores: dict[str, float | None]
    epochs: Count
    seconds: NotNegative
    mistakes: list[Mistake]
    run: str | None


class ScoreRecord(Record):
    """The mean of a score over the units that have it, and its standard error; null for one unit."""

    mean: float
    standard_error: NotNegative | None
    n: Positive


class DifferenceRecord(Record):
    """The paired difference of the main score, model minus baseline, with its interval; null for one unit.

    `better_in` is the number of units in which the model is better.
    """

    difference: float
    low: float | None
    high: float | None
    better_in: Count
    rank: Literal["better", "worse", "no clear difference"]


class SummaryRecord(Record):
    """Several trainings with the same number of rows together; `units` of `over` are what a standard error is over."""

    part: Literal["test", "validation", "train"]
    units: Positive
    over: Literal["folds", "seeds"]
    scores: dict[str, ScoreRecord]
    baselines: dict[str, dict[str, ScoreRecord]]
    main: Name
    """The score that `against` compares."""
    against: dict[str, DifferenceRecord | None]


class CvFile(Document):
    """`cv.json`: written before the first training and after every one.

    `summary` has an entry for each number of rows, in the order of the plan, with means and standard errors; it is null
    as long as no training with so many rows is done.
    """

    model: Name
    task: Literal["regression", "classification"] | None
    """Null until a training is done."""
    spec: Name
    """The resolved spec."""
    table: TableUsed
    plan: PlanRecord
    state: Literal["complete", "unfinished"]
    trainings: list[TrainingLine]
    summary: list[SummaryRecord | None]


def file_of(number: int) -> str:
    """The name of the file of a training."""
    return f"{TRAININGS}/{number:04d}.json"


def read_cv(path: Path) -> CvFile:
    """The record of many trainings. Raises `Refusal`: E0532 if there is none, E0533 if it is damaged."""
    return read_run_file(path, CV, CvFile)


def read_trainings(path: Path, plan: Plan) -> Iterator[tuple[int, TrainingFile]]:
    """All trainings of a plan that have ended, with their numbers. Raises `Refusal` E0533 for a damaged file."""
    for one in plan.trainings():
        if not os.path.lexists(path / file_of(one.number)):
            continue
        read = read_run_file(path, file_of(one.number), TrainingFile)
        for name, wanted in vars(one).items():
            if getattr(read, name) != wanted:
                raise damaged(path, file_of(one.number), f"`{name}` is {getattr(read, name)}, not {wanted}")
        if (read.state == "done") != (read.metrics is not None and read.parts is not None):
            raise damaged(path, file_of(one.number), f"`state` is {read.state}, which its metrics and parts are not")
        yield one.number, read


def is_many(path: Path) -> bool:
    """Whether a folder holds many trainings."""
    return os.path.lexists(path / CV)
