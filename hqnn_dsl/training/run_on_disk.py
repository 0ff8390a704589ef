"""A run as its folder has it: the spec, the preparation of its table, the weights, and the network made from these."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from hqnn_dsl import pipeline
from hqnn_dsl.data.preprocess import Preparation
from hqnn_dsl.diagnostics.codes.tables import NotARun, RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.files import open_regular, reason_of
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.named_backends import backend_choice
from hqnn_dsl.semantics.resolved_text import choice_text
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.training.checkpoint import Snapshot, load_snapshot
from hqnn_dsl.training.resuming import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.program import Program

T = TypeVar("T")

SPEC, PREPROCESS, METRICS, ENVIRONMENT = "spec.resolved.hqnn", "preprocess.json", "metrics.json", "environment.json"
MOST_BYTES = 2**31
"""No JSON file of a run is larger; its rows are listed in one."""


@dataclass(frozen=True, eq=False)
class RunOnDisk:
    """A run as read from its folder; `best` is the checkpoint that was asked for, most often the best one."""

    path: Path
    spec_text: str = field(repr=False)
    preparation: Preparation = field(repr=False)
    best: Snapshot = field(repr=False)

    def program(self, changes: Mapping[str, str] | None = None) -> Program:
        """Returns the program of the run's spec without its budget, with changes as by `--set`.

        `backend auto` is the backend that the run records, unless there are changes. Raises `Refusal`.
        """
        source = Source(str(self.path / SPEC), self.spec_text)
        program = replace(pipeline.program(source, changes, with_budget=False), is_read_back=True)
        return program if changes else replace(program, recorded=recorded_backend(self.path))

    def network(self, program: Program) -> HybridNet:
        """Returns the trained network of the run's program, on the CPU, ready to predict.

        Raises `Refusal` E0533 if weights, columns and spec do not fit together.
        """
        scalings = self.preparation.features, self.preparation.target
        try:
            net = program.network(*(len(scaling.names) for scaling in scalings))
        except ValueError as error:  # the spec wants other numbers of columns
            raise damaged(self.path, PREPROCESS, str(error)) from None
        try:
            net.load_state_dict(self.best["model"])
        except (RuntimeError, TypeError, AttributeError) as error:
            raise _unusable(self.path, "checkpoints/best.pt", error) from None
        return net.eval()


def load_run(path: Path, weights: str = "best.pt") -> RunOnDisk:
    """Returns a run's spec, preparation and weights. Raises `Refusal`: E0532 no run, E0533 a damaged one."""
    from hqnn_dsl.training.stored import preprocess_of, text_of

    for file in (SPEC, PREPROCESS, f"checkpoints/{weights}"):
        _open(path, file).close()
    text = _read(path, SPEC, text_of, MAX_SOURCE_BYTES)
    preparation = Preparation.from_json(_read(path, PREPROCESS, preprocess_of))
    best = load_snapshot_of(path, weights)
    if best["spec"] != text and differences(best["spec"], text):
        raise damaged(path, SPEC, f"it is not the spec that the weights in checkpoints/{weights} were trained with")
    return RunOnDisk(path, text, preparation, best)


def load_metrics(path: Path) -> dict[str, Any]:
    """Returns the scores in `metrics.json`, none if the training has not come to its end. Raises `Refusal` E0533."""
    from hqnn_dsl.training.stored import metrics_of

    if not os.path.lexists(path / METRICS):
        return {}
    return _read(path, METRICS, metrics_of)


def load_snapshot_of(path: Path, name: str) -> Snapshot:
    """Returns a checkpoint of a run. Raises `Refusal`: E0532 if it is not there, E0533 if it cannot be used."""
    from hqnn_dsl.training.stored import Wrong, check_checkpoint

    file = f"checkpoints/{name}"
    with _open(path, file) as stream:
        try:
            return check_checkpoint(load_snapshot(stream))
        except Wrong as wrong:
            raise damaged(path, file, str(wrong)) from None
        except Exception as error:  # noqa: BLE001 - torch raises whatever the bytes lead it into
            raise _unusable(path, file, error) from None


def recorded_backend(path: Path) -> Choice | None:
    """The backend with all its options, as the run has used it; None where nothing readable says so.

    A record that cannot be read is no damage: without it the backend is chosen as for a new run.
    """
    try:
        file = path / ENVIRONMENT
        if not file.is_file() or file.stat().st_size > 1 << 20:
            return None
        backend = json.loads(file.read_text(encoding="utf-8"))["backend"]
        if backend["asked"] == backend["name"]:
            return None
        return backend_choice(choice_text(Choice(name=backend["name"], options=backend["options"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, Refusal):
        return None


def damaged(path: Path, file: str, reason: str) -> Refusal:
    """Returns the refusal of a file of a run, to be raised."""
    return Refusal(RunDamaged(path=str(path), file=file, reason=reason))


def _open(path: Path, file: str) -> BinaryIO:
    """A file of a run, for reading. Raises `Refusal`: E0532 if it is not there, E0533 if it cannot be read."""
    try:
        return open_regular(path / file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise Refusal(NotARun(path=str(path), file=file)) from None
    except OSError as error:
        raise damaged(path, file, reason_of(error)) from None


def _read(path: Path, file: str, understand: Callable[[bytes], T], most: int = MOST_BYTES) -> T:
    """The content of a file of a run. Raises `Refusal`: E0532 if it is not there, E0533 if it cannot be right."""
    from hqnn_dsl.training.stored import Wrong

    with _open(path, file) as stream:
        try:
            data = stream.read(most + 1)
            if len(data) > most:
                raise Wrong(f"it has more than {most} bytes")
            return understand(data)
        except OSError as error:
            raise damaged(path, file, reason_of(error)) from None
        except Wrong as wrong:
            raise damaged(path, file, str(wrong)) from None


def _unusable(path: Path, file: str, error: Exception) -> Refusal:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return damaged(path, file, f"{type(error).__name__} {' '.join(lines[:2])}"[:200])
