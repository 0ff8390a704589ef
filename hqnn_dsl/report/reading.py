"""A run's folder as a page needs it, without its weights: nothing here imports torch."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hqnn_dsl import pipeline
from hqnn_dsl.data.preparation import Preparation
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.documents import text_in
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.training.preprocess_file import PreprocessFile
from hqnn_dsl.training.run_files import (
    ENVIRONMENT,
    INTERVALS,
    METRICS,
    PREPROCESS,
    SPEC,
    EnvironmentFile,
    IntervalsFile,
    MetricsFile,
    read_run_file,
    understood,
)
from hqnn_dsl.training.run_tables import read_history, read_predictions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from hqnn_dsl.program import Program


@dataclass(frozen=True, eq=False)
class RunFiles:
    """The files of a run: those that it lacks are empty or None. `level` is that of its intervals, from 0 to 1."""

    path: Path
    text: str = field(repr=False)
    program: Program = field(repr=False)
    preparation: Preparation = field(repr=False)
    metrics: dict[str, Any] = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    predictions: pd.DataFrame | None = field(repr=False)
    environment: EnvironmentFile | None = field(repr=False)
    level: float | None

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that the run predicts."""
        return self.preparation.target.names

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the target, None for numbers."""
        return self.preparation.target.classes


def read_run(path: Path) -> RunFiles:
    """Returns the files of a run. Raises `Refusal`: E0532 if the folder is no run, E0533 if a file is damaged."""
    text = understood(path, SPEC, text_in, MAX_SOURCE_BYTES)
    preparation = Preparation.from_json(read_run_file(path, PREPROCESS, PreprocessFile).model_dump())

    def is_there(file: str) -> bool:
        return os.path.lexists(path / file)

    metrics = read_run_file(path, METRICS, MetricsFile).model_dump(exclude={"version"}) if is_there(METRICS) else {}
    return RunFiles(
        path=path,
        text=text,
        program=pipeline.program(Source(str(path / SPEC), text), with_budget=False),
        preparation=preparation,
        metrics=metrics,
        history=read_history(path),
        predictions=read_predictions(path, preparation.target) if metrics else None,
        environment=read_run_file(path, ENVIRONMENT, EnvironmentFile) if is_there(ENVIRONMENT) else None,
        level=read_run_file(path, INTERVALS, IntervalsFile).level if metrics and is_there(INTERVALS) else None,
    )
