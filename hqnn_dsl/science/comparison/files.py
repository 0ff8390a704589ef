"""The files of a comparison: `comparison.json`, and a file for each contender on each unit under `results/`.

Loads pydantic and nothing else that is large.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue

from hqnn_dsl.documents import Count, Document, Name, NotNegative, Positive, Record
from hqnn_dsl.science.protocol import Protocol  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.science.tuning.records import Tuning  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.training.many_files import Mistake, TableUsed  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.training.run_files import damaged, read_run_file

if TYPE_CHECKING:
    from pathlib import Path

COMPARISON, RESULTS, SPECS = "comparison.json", "results", "specs"
"""The record of a comparison, the folder with what each contender did on each unit, and that of the derived specs."""

Kind = Literal["own", "control", "classical"]


class ContenderRecord(Record):
    """A contender: `absent` is the reason if it does not take part, `note` what is to be known of it.

    `weights` are the numbers that a training changes, null if a fit has no such number; `spec` is the file of its spec.
    """

    name: Name
    title: Name
    kind: Kind
    doc: str = ""
    note: str = ""
    weights: Count | None = None
    spec: str | None = None
    absent: str = ""
    same_as: str = ""


class ResultFile(Document):
    """`results/<contender>/0001.json`: a contender on a unit. It is `open` while trials are missing.

    `number`, `rows`, `repeat`, `fold` and `seed` are those of the unit. `scores` has, for each part that has rows, the
    single scores of the best trial, in the targets' units. `losses` are the validation losses of its epochs.
    """

    contender: Name
    number: Positive
    rows: Positive | None
    repeat: Count
    fold: Count | None
    seed: Count
    state: Literal["open", "done", "failed"]
    tuning: Tuning | None = None
    scores: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    sizes: Annotated[list[Count], Field(min_length=3, max_length=3)] | None = None
    test_rows: str | None = None
    """A hash of the test rows, so that scores on other rows are found out."""
    weights: Count | None = None
    epochs: Count = 0
    best_epoch: Count = 0
    losses: list[float | None] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    seconds: NotNegative = 0.0
    """Of all trials together."""
    mistakes: list[Mistake] = Field(default_factory=list)


class ComparisonFile(Document):
    """`comparison.json`: written before the first training and after every unit of a contender.

    `statistics` has an entry for each number of rows of the plan, null while a contender is not done on it.
    """

    model: Name
    task: Literal["regression", "classification"]
    spec: Name
    """The resolved spec."""
    table: TableUsed
    target: list[Name]
    protocol: Protocol
    select: Name
    """The score of the validation rows that chooses among trials."""
    contenders: list[ContenderRecord]
    state: Literal["complete", "unfinished"]
    done: Count
    seal: JsonValue = None
    verdict: list[str] = Field(default_factory=list)
    statistics: list[JsonValue] = Field(default_factory=list)
    simulability: JsonValue = None
    cost: dict[str, JsonValue] = Field(default_factory=dict)
    environment: dict[str, JsonValue] = Field(default_factory=dict)


def result_file(contender: str, number: int) -> str:
    """The name of the file of a contender on a unit, by its number from 1."""
    return f"{RESULTS}/{contender}/{number:04d}.json"


def is_comparison(path: Path) -> bool:
    """Whether a folder holds a comparison."""
    return os.path.lexists(path / COMPARISON)


def read_comparison(path: Path) -> ComparisonFile:
    """The record of a comparison. Raises `Refusal`: E0532 if there is none, E0533 if it is damaged."""
    return read_run_file(path, COMPARISON, ComparisonFile)


def read_result(path: Path, contender: str, number: int) -> ResultFile | None:
    """A contender on a unit as it is recorded, None if nothing is. Raises `Refusal` E0533 for a damaged file."""
    name = result_file(contender, number)
    if not os.path.lexists(path / name):
        return None
    found = read_run_file(path, name, ResultFile)
    if (found.contender, found.number) != (contender, number):
        raise damaged(path, name, f"it is that of `{found.contender}` on unit {found.number}")
    if found.state == "done" and (found.tuning is None or not found.scores):
        raise damaged(path, name, "`state` is done, and it has no scores")
    return found
