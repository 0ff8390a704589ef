"""The JSON files of a run directory, a model each, by which they are written and read.

Loads pydantic and nothing else that is large: a list of runs is made from these files alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hqnn_dsl.diagnostics.codes.tables import NotARun, RunDamaged
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
