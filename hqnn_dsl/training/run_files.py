"""The JSON files of a run directory, a model each, by which they are written and read.

Loads pydantic and nothing else that is large: a list of runs is made from these files alone.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.diagnostics.codes.tables import NotARun, RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import (
    SHOWN,
    Count,
    Document,
    JsonValue,
    Name,
    NotNegative,
    Positive,
    Record,
    Wrong,
    read_document,
    shown,
)
from hqnn_dsl.files import open_regular, reason_of
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO, TypeVar

    D = TypeVar("D", bound=Document)
    T = TypeVar("T")

MOST_BYTES = 2**31
"""No JSON file of a run is larger; its rows are listed in one."""

OWN = "own"
"""The name of a loss of the user's own in `preprocess.json`, in place of one of the catalog."""


# ------------------------------------------------------------------------------------------------------ preprocess.json


class ScalingRecord(Record):
    """The columns of one side, each with its mean and scale."""

    scale: Literal["standard", "none"]
    names: Annotated[list[Name], Field(min_length=1)]
    means: list[float]
    scales: list[Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _agree(self) -> ScalingRecord:
        if not len(self.names) == len(self.means) == len(self.scales):
            raise ValueError(f"{len(self.names)} names, {len(self.means)} means and {len(self.scales)} scales")
        if len(set(self.names)) < len(self.names):
            raise ValueError("a name is there twice")
        if self.scale == "none" and (any(self.means) or any(scale != 1 for scale in self.scales)):
            raise ValueError("nothing is scaled, but a mean is not 0 or a scale is not 1")
        return self


class LossRecord(Record):
    """A loss of the catalog with its options, or a function of the user's own with its name and file."""

    name: str
    options: dict[str, Any]

    @model_validator(mode="after")
    def _known(self) -> LossRecord:
        if self.name == OWN:
            return self._check_function()
        if self.name not in LOSSES:
            raise ValueError(f"there is no loss `{self.name[:SHOWN]}`")
        expected = {option.name: option for option in LOSSES[self.name].options}
        if set(self.options) != set(expected):
            raise ValueError(f"the options of `{self.name}` are {sorted(expected)}, not {sorted(self.options)}")
        for name, option in expected.items():
            value = self.options[name]
            if not is_number(value) or (option.above is not None and not value > option.above):
                raise ValueError(f"{name} is {shown(value)}")
        return self

    def _check_function(self) -> LossRecord:
        if set(self.options) != {"function", "file"}:
            raise ValueError(f"the options of `{OWN}` are ['file', 'function'], not {sorted(self.options)}")
        function, file = self.options["function"], self.options["file"]
        if not isinstance(function, str) or not function or not isinstance(file, str | None):
            raise ValueError(f"the function is {shown(function)}, its file {shown(file)}")
        return self


class TableRecord(Record):
    """The table that was trained on: how many rows, and a hash of its numbers."""

    rows: Positive
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SplitRecord(Record):
    """The rows of each part, counted from 0, ascending."""

    train: Annotated[list[Count], Field(min_length=MIN_TRAINING_ROWS)]
    validation: list[Count]
    test: list[Count]

    @property
    def rows(self) -> list[int]:
        """All rows, part after part."""
        return [*self.train, *self.validation, *self.test]

    @model_validator(mode="after")
    def _ascending(self) -> SplitRecord:
        for name, rows in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            for before, row in pairwise(rows):
                if row <= before:
                    raise ValueError(f"in {name}, row {row} comes after row {before}")
        if len(set(self.rows)) < len(self.rows):
            raise ValueError("a row is in two parts")
        return self


class PreprocessFile(Document):
    """`preprocess.json`: columns, means and scales, the loss, the rows of each part."""

    features: ScalingRecord
    target: ScalingRecord
    loss: LossRecord
    batch: Positive
    table: TableRecord
    split: SplitRecord

    @model_validator(mode="after")
    def _agree(self) -> PreprocessFile:
        both = set(self.features.names) & set(self.target.names)
        if both:
            raise ValueError(f"`{min(both)[:SHOWN]}` is a feature and a target")
        rows = self.split.rows
        if max(rows) >= self.table.rows:
            raise ValueError(f"split has row {max(rows)}, table.rows is {self.table.rows}")
        if len(rows) != self.table.rows:
            raise ValueError(f"split has {len(rows)} rows, table.rows is {self.table.rows}")
        return self


# --------------------------------------------------------------------------------------------------------- metrics.json


class TargetScores(Record):
    """The scores of one target; None for one that is not finite."""

    rmse: NotNegative | None
    mae: NotNegative | None
    r2: Annotated[float, Field(le=1)] | None


class Scores(TargetScores):
    """The scores of one part: means over the targets, the loss in scaled units, and each target's own."""

    loss: float | None
    targets: Annotated[dict[str, TargetScores], Field(min_length=1)]


class BaselineScores(Record):
    """The scores of the baselines on the test rows; None if there are none. The fields are `baselines.BASELINES`."""

    mean: Scores | None
    least_squares: Scores | None


class MetricsFile(Document):
    """`metrics.json`: the scores of every part that has rows."""

    train: Scores
    validation: Scores | None
    test: Scores | None
    baselines: BaselineScores


# ----------------------------------------------------------------------------------------------------- environment.json


class DeviceRecord(Record):
    """The device that tensors were on."""

    type: Name
    name: str
    cuda: str | None


class ThreadsRecord(Record):
    """Threads of torch, and the processors of the machine."""

    torch: Positive
    cpus: Positive | None


class BackendRecord(Record):
    """The spec's word for the backend (`asked`), and the backend that ran with its options and its own report."""

    asked: Name | None = None
    name: Name
    options: dict[str, JsonValue]
    metadata: dict[str, JsonValue]


class WeightCounts(Record):
    """How many numbers were trained."""

    classical: Count
    quantum: Count


class EndedRecord(Record):
    """A training that has ended: its epochs, and why it ended if they are not all."""

    epochs: Count
    best_epoch: Count
    interrupted: bool
    ended_by_callback: bool = False
    seconds: NotNegative
    weights: WeightCounts


class EnvironmentFile(Document):
    """`environment.json`: everything outside of the spec that a run depends on. `run` is None until it has ended."""

    hqnn: Name
    python: Name
    platform: str
    packages: dict[str, str | None]
    device: DeviceRecord
    threads: ThreadsRecord
    precision: Name
    backend: BackendRecord
    seeds: dict[str, int]
    run: EndedRecord | None = None


# --------------------------------------------------------------------------------------------------------- started.json


class StartedFile(Document):
    """`started.json`: when a training has begun that has no checkpoint yet."""

    at: Name


SPEC, PREPROCESS, METRICS, ENVIRONMENT = "spec.resolved.hqnn", "preprocess.json", "metrics.json", "environment.json"
STARTED = "started.json"

MODELS: dict[str, type[Document]] = {
    PREPROCESS: PreprocessFile,
    METRICS: MetricsFile,
    ENVIRONMENT: EnvironmentFile,
    STARTED: StartedFile,
}
"""The model of each JSON file at the top of a run directory."""


# -------------------------------------------------------------------------------------------------------------- reading


def read_run_file(path: Path, file: str, model: type[D]) -> D:
    """Returns a JSON file of a run. Raises `Refusal`: E0532 if it is not there, E0533 if a field cannot be right."""
    return understood(path, file, lambda data: read_document(model, data))


def understood(path: Path, file: str, understand: Callable[[bytes], T], most: int = MOST_BYTES) -> T:
    """Returns what a function makes of the bytes of a file of a run; its `Wrong` is a `Refusal` E0533."""
    with opened(path, file) as stream:
        try:
            data = stream.read(most + 1)
            if len(data) > most:
                raise Wrong(f"it has more than {most} bytes")
            return understand(data)
        except OSError as error:
            raise damaged(path, file, reason_of(error)) from None
        except Wrong as wrong:
            raise damaged(path, file, str(wrong), wrong.hint) from None


def opened(path: Path, file: str) -> BinaryIO:
    """Returns a file of a run, for reading. Raises `Refusal`: E0532 if it is not there, E0533 if it cannot be read."""
    try:
        return open_regular(path / file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise Refusal(NotARun(path=str(path), file=file)) from None
    except OSError as error:
        raise damaged(path, file, reason_of(error)) from None


def damaged(path: Path, file: str, reason: str, hint: str = "") -> Refusal:
    """Returns the refusal of a file of a run, to be raised."""
    return Refusal(RunDamaged(path=str(path), file=file, reason=reason, hint=hint))


def is_number(value: object) -> bool:
    """Whether a value is a finite number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
