"""A run's folder as a page needs it, without its weights: nothing here imports torch."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hqnn_dsl import pipeline
from hqnn_dsl.data.preparation import Preparation
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.documents import text_in
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.training.binding import check_bound
from hqnn_dsl.training.files import own_files
from hqnn_dsl.training.preprocess_file import PreprocessFile
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
    read_run_file,
    understood,
)
from hqnn_dsl.training.run_tables import HISTORY, read_history, read_predictions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.program import Program


PREDICTIONS = "predictions.csv"


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

    @property
    def kept(self) -> list[tuple[Path, str]]:
        """The files that no output may replace: the run's own, and the table that it was trained on."""
        place = None if self.environment is None else self.environment.table
        table = [] if place is None else [(Path(place.path), "the table of the training")]
        return [*own_files(self.path), *table]


def read_run(path: Path) -> RunFiles:
    """Returns the files of a run. Raises `Refusal`: E0532 if the folder is no run, E0533 if a file is damaged."""
    text = understood(path, SPEC, text_in, MAX_SOURCE_BYTES)
    preparation = Preparation.from_json(read_run_file(path, PREPROCESS, PreprocessFile).model_dump())

    def is_there(file: str) -> bool:
        return os.path.lexists(path / file)

    metrics = read_run_file(path, METRICS, MetricsFile).model_dump(exclude=NO_SCORES) if is_there(METRICS) else {}
    found = RunFiles(
        path=path,
        text=text,
        program=pipeline.program(Source(str(path / SPEC), text), with_budget=False),
        preparation=preparation,
        metrics=metrics,
        history=_history(path),
        predictions=_predictions(path, preparation) if metrics else None,
        environment=read_run_file(path, ENVIRONMENT, EnvironmentFile) if is_there(ENVIRONMENT) else None,
        level=read_run_file(path, INTERVALS, IntervalsFile).level if metrics and is_there(INTERVALS) else None,
    )
    check_bound(path)
    return found


def _history(path: Path) -> pd.DataFrame:
    found = read_history(path)
    _make_numbers(path, "history.csv", found, [name for name in HISTORY if name in found])
    if not all(math.isfinite(epoch) and epoch == int(epoch) for epoch in found["epoch"]):
        raise damaged(path, "history.csv", "`epoch` has a cell that is no whole number")
    return found


def _predictions(path: Path, preparation: Preparation) -> pd.DataFrame | None:
    target = preparation.target
    found = read_predictions(path, target)
    if found is None:
        return None
    labels = {f"{target.names[0]}_{part}" for part in ("true", "predicted")} if target.classes is not None else set()
    _make_numbers(path, PREDICTIONS, found, [str(name) for name in found if name not in labels])
    return found


def _make_numbers(path: Path, file: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Make the cells of columns numbers. Raises `Refusal` E0533 for a cell that is none."""
    for name in columns:
        try:
            frame[name] = pd.to_numeric(frame[name]).astype(float)
        except (ValueError, TypeError):
            raise damaged(path, file, f"`{name}` has a cell that is no number") from None
