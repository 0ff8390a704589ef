"""The JSON files of a run directory, a model each, by which they are written and read.

Loads pydantic and nothing else that is large: a list of runs is made from these files alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from hqnn_dsl.diagnostics.codes.runs import NotARun, RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import (
    Count,
    Document,
    JsonValue,
    Name,
    NotNegative,
    Positive,
    Record,
    Wrong,
    read_document,
)
from hqnn_dsl.files import open_regular, reason_of
from hqnn_dsl.training.preprocess_file import PreprocessFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO, TypeVar

    D = TypeVar("D", bound=Document)
    T = TypeVar("T")

MOST_BYTES = 2**31
"""No JSON file of a run is larger; its rows are listed in one."""

# --------------------------------------------------------------------------------------------------------- metrics.json


Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal digits."""

NO_SCORES = {"version", "files", "trains"}
"""The fields of `metrics.json` that are no scores."""

Share = Annotated[float, Field(ge=0, le=1 + 1e-9)]
"""A share of rows; a sum of weights may round it up."""


class TargetScores(Record):
    """The scores of the predicted numbers of one target; None for one that is not finite, or that there is none of."""

    rmse: NotNegative | None
    mae: NotNegative | None
    r2: Annotated[float, Field(le=1)] | None
    nll: float | None
    coverage: Share | None
    width: NotNegative | None


class Scores(TargetScores):
    """The scores of one part: means over the targets, the loss in scaled units, and each target's own."""

    loss: float | None
    targets: Annotated[dict[str, TargetScores], Field(min_length=1)]


class ClassRecord(Record):
    """The scores of one class, and how many rows have it."""

    precision: Share | None
    recall: Share | None
    f1: Share | None
    rows: Count


class ClassScores(Record):
    """The scores of predicted classes of one part; None for one that its rows do not define."""

    accuracy: Share | None
    balanced_accuracy: Share | None
    f1: Share | None
    roc_auc: Share | None
    average_precision: Share | None
    log_loss: NotNegative | None
    confusion: list[list[Count | NotNegative]] | None
    loss: float | None
    classes: Annotated[dict[str, ClassRecord], Field(min_length=2)]


class BaselineScores(Record):
    """The baselines of numbers on the test rows; None if there are none. The fields are `VALUE_BASELINES`."""

    mean: Scores | None
    least_squares: Scores | None
    gradient_boosting: Scores | None


class ClassBaselineScores(Record):
    """The baselines of classes on the test rows; None if there are none. The fields are `CLASS_BASELINES`."""

    majority: ClassScores | None
    logistic: ClassScores | None
    gradient_boosting: ClassScores | None


class MetricsFile(Document):
    """`metrics.json`: the scores of every part that has rows. It is read as one of the two below, by its task."""

    version: Literal[2] = 2  # type: ignore[assignment]
    task: Literal["regression", "classification"]
    files: dict[str, Hash] | None = None
    """The hashes of other files of the run; None in older runs."""
    trains: Hash | None = None
    """The hash of what was trained, as in `environment.json`."""

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_task(cls, data: Any, handler: ModelWrapValidatorHandler[MetricsFile]) -> MetricsFile:
        task = data.get("task") if cls is MetricsFile and isinstance(data, dict) else None
        form = METRICS_OF.get(task) if isinstance(task, str) else None
        return handler(data) if form is None else form.model_validate(data)


class ValueMetrics(MetricsFile):
    """`metrics.json` of predicted numbers."""

    train: Scores
    validation: Scores | None
    test: Scores | None
    baselines: BaselineScores


class ClassMetrics(MetricsFile):
    """`metrics.json` of predicted classes."""

    train: ClassScores
    validation: ClassScores | None
    test: ClassScores | None
    baselines: ClassBaselineScores


METRICS_OF: dict[str, type[MetricsFile]] = {"regression": ValueMetrics, "classification": ClassMetrics}
"""The form of `metrics.json` of each task."""


# ------------------------------------------------------------------------------------------------------- intervals.json


class IntervalsFile(Document):
    """`intervals.json`: half the width of the interval of each target, in its own units, or in deviations."""

    level: Annotated[float, Field(gt=0, lt=1)]
    rows: Positive
    normalised: bool
    radii: Annotated[dict[str, NotNegative], Field(min_length=1)]


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


class StepRecord(Record):
    """What ran the training steps: the spec's word (`asked`), what it has come to, and why torch ran them if it did."""

    asked: Literal["auto", "compiled", "torch"]
    ran: Literal["compiled", "torch"]
    reason: str


class EndedRecord(Record):
    """A training that has ended: its epochs, and why it ended if they are not all."""

    epochs: Count
    best_epoch: Count
    interrupted: bool
    ended_by_callback: bool = False
    seconds: NotNegative
    weights: WeightCounts


class TablePlace(Record):
    """The absolute path of the table that was trained on, where it was then."""

    path: Name


class EnvironmentFile(Document):
    """`environment.json`: everything outside of the spec that a run depends on. `run` is None until it has ended.

    `code` is a hash of the package's own source, `trains` one of the training: of its spec and its table.
    """

    hqnn: Name
    code: Hash | None = None
    trains: Hash | None = None
    python: Name
    platform: str
    packages: dict[str, str | None]
    device: DeviceRecord
    threads: ThreadsRecord
    precision: Name
    backend: BackendRecord
    step: StepRecord | None = None
    seeds: dict[str, int]
    table: TablePlace | None = None
    run: EndedRecord | None = None


# --------------------------------------------------------------------------------------------------------- started.json


class StartedFile(Document):
    """`started.json`: when a training has begun that has no checkpoint yet."""

    at: Name


# -------------------------------------------------------------------------------------------------------- trackers.json


class MlflowRecord(Record):
    """The run of an MLflow store, with the store's address."""

    store: Name
    run: Name


class TrackersFile(Document):
    """`trackers.json`: where trackers keep a run, so that they go on there if it is resumed."""

    mlflow: MlflowRecord | None = None


SPEC, PREPROCESS, METRICS, ENVIRONMENT = "spec.resolved.hqnn", "preprocess.json", "metrics.json", "environment.json"
STARTED, INTERVALS, TRACKERS = "started.json", "intervals.json", "trackers.json"

MODELS: dict[str, type[Document]] = {
    PREPROCESS: PreprocessFile,
    METRICS: MetricsFile,
    ENVIRONMENT: EnvironmentFile,
    STARTED: StartedFile,
    INTERVALS: IntervalsFile,
    TRACKERS: TrackersFile,
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
