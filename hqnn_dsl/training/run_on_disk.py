"""A run as its folder has it: the spec, the preparation of its table, the weights, and the network made from these."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hqnn_dsl import pipeline
from hqnn_dsl.data.preparation import Preparation
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.documents import Wrong, shown, text_in
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.named_backends import backend_choice
from hqnn_dsl.semantics.required_widths import required_widths
from hqnn_dsl.semantics.resolved_text import choice_text
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.training.binding import is_as_written
from hqnn_dsl.training.checkpoint import Snapshot, altered_part, load_snapshot
from hqnn_dsl.training.conformal import Radii
from hqnn_dsl.training.evaluate import has_deviations
from hqnn_dsl.training.preprocess_file import PreprocessFile
from hqnn_dsl.training.resuming import differs
from hqnn_dsl.training.run_files import (
    ENVIRONMENT,
    INTERVALS,
    METRICS,
    NO_SCORES,
    PREPROCESS,
    SPEC,
    EnvironmentFile,
    IntervalsFile,
    MetricsFile,
    damaged,
    opened,
    read_run_file,
    understood,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.program import Program
    from hqnn_dsl.semantics.spec import Spec


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
        try:
            net = network_for(program, self.preparation)
        except ValueError as error:  # the spec wants other numbers of columns
            raise damaged(self.path, PREPROCESS, str(error)) from None
        try:
            net.load_state_dict(self.best["model"])
        except (RuntimeError, TypeError, AttributeError) as error:
            raise _unusable(self.path, "checkpoints/best.pt", error) from None
        return net.eval()


def network_for(program: Program, preparation: Preparation) -> HybridNet:
    """Returns the network of a program for a prepared table. Raises `ValueError` if the spec wants other widths."""
    features, out_width = preparation.features, preparation.out_width(required_widths(program.spec)[1])
    return program.network(len(features.inputs), out_width, embeddings=features.embeddings)


def load_run(path: Path, weights: str = "best.pt") -> RunOnDisk:
    """Returns a run's spec, preparation and weights. Raises `Refusal`: E0532 no run, E0533 a damaged one."""
    for file in (SPEC, PREPROCESS, f"checkpoints/{weights}"):
        opened(path, file).close()
    text = understood(path, SPEC, text_in, MAX_SOURCE_BYTES)
    preparation = Preparation.from_json(read_run_file(path, PREPROCESS, PreprocessFile).model_dump())
    best = load_snapshot_of(path, weights)
    if differs(best["spec"], text):
        if is_as_written(path, SPEC):
            raise damaged(path, f"checkpoints/{weights}", "it was written by a training of another spec")
        raise damaged(path, SPEC, f"it is not the spec that the weights in checkpoints/{weights} were trained with")
    if best.get("data") not in {None, preparation.identity}:
        if is_as_written(path, PREPROCESS):
            reason = "it was written by a training on another table, or on other rows"
            raise damaged(path, f"checkpoints/{weights}", reason)
        reason = f"it is not of the table, or not of the rows, that checkpoints/{weights} was trained on"
        raise damaged(path, PREPROCESS, reason)
    return RunOnDisk(path, text, preparation, best)


def load_metrics(path: Path) -> dict[str, Any]:
    """Returns the scores in `metrics.json`, none if the training has not come to its end. Raises `Refusal` E0533."""
    if not os.path.lexists(path / METRICS):
        return {}
    return read_run_file(path, METRICS, MetricsFile).model_dump(exclude=NO_SCORES)


def load_radii(path: Path, preparation: Preparation, spec: Spec) -> Radii | None:
    """Returns the radii of a run's intervals; None if it has none, or if the training has not come to its end.

    Raises `Refusal`: E0532 if the file of a whole run is not there, E0533 if it cannot be right.
    """
    if spec.train.intervals.name == "none" or not os.path.lexists(path / METRICS):
        return None
    found, names = read_run_file(path, INTERVALS, IntervalsFile), preparation.target.names
    if set(found.radii) != set(names):
        raise damaged(path, INTERVALS, f"its radii are of {', '.join(found.radii)}, the targets {', '.join(names)}")
    if found.normalised != has_deviations(preparation):
        raise damaged(path, INTERVALS, f"`normalised` is {shown(found.normalised)}, which the loss is not for")
    return Radii(found.level, found.rows, found.normalised, tuple(found.radii[name] for name in names))


def load_snapshot_of(path: Path, name: str) -> Snapshot:
    """Returns a checkpoint of a run. Raises `Refusal`: E0532 if it is not there, E0533 if it cannot be used."""
    from hqnn_dsl.training.checkpoint_fields import check_checkpoint

    file = f"checkpoints/{name}"
    with opened(path, file) as stream:
        try:
            if altered := altered_part(stream):
                raise Wrong(f"its bytes were altered, in `{altered}`")
            return check_checkpoint(load_snapshot(stream))
        except Wrong as wrong:
            raise damaged(path, file, str(wrong)) from None
        except Exception as error:  # noqa: BLE001 - torch raises whatever the bytes lead it into
            raise _unusable(path, file, error) from None


def recorded_backend(path: Path) -> Choice | None:
    """Returns the backend that `auto` has meant in a run, with all its options.

    None if the spec named the backend itself, if the run has no record, or if this machine does not know the backend:
    it is then chosen as for a new run. Raises `Refusal` E0533 for a damaged record.
    """
    if not os.path.lexists(path / ENVIRONMENT):
        return None
    backend = read_run_file(path, ENVIRONMENT, EnvironmentFile).backend
    if backend.asked in {None, backend.name}:
        return None
    try:
        return backend_choice(choice_text(Choice(name=backend.name, options=dict(backend.options))))
    except (Refusal, ValueError, TypeError):
        return None


def _unusable(path: Path, file: str, error: Exception) -> Refusal:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return damaged(path, file, f"{type(error).__name__} {' '.join(lines[:2])}"[:200])
