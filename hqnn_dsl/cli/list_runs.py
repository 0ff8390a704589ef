"""`hqnn runs`: the runs in a folder with their scores, read from their JSON files alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.options import Json
from hqnn_dsl.cli.output import write, write_json, write_lines
from hqnn_dsl.cli.score_tables import fitting
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import CLASS_SCORES, MORE_SCORES, SCORES, count, number
from hqnn_dsl.files import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANY = "cv.json"
"""The record in a folder of many trainings."""

MARKS = ("spec.resolved.hqnn", "spec.hqnn", "metrics.json", "preprocess.json", MANY)
"""A folder with one of these is a run, or was to be one."""


class Sort(StrEnum):
    """The key that the list is sorted by."""

    name = "name"
    rmse = "rmse"
    mae = "mae"
    r2 = "r2"
    nll = "nll"
    loss = "loss"
    accuracy = "accuracy"
    balanced_accuracy = "balanced_accuracy"
    f1 = "f1"
    roc_auc = "roc_auc"
    average_precision = "average_precision"
    log_loss = "log_loss"


_LOWER_IS_BETTER = {Sort.rmse, Sort.mae, Sort.nll, Sort.loss, Sort.log_loss}


@dataclass(frozen=True)
class Listed:
    """A run as listed. `state` is `complete`, `unfinished` or `damaged`; `scores` are those of its test rows.

    Many trainings together are one entry with the means of their scores, and the number of trainings that these are
    over, `trainings`: of several numbers of rows those that learn from `learned_from` rows.
    """

    run: str
    state: str
    task: str | None
    backend: str | None
    scores: Mapping[str, float | None]
    reason: str = ""
    trainings: int | None = None
    learned_from: str | None = None


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of the runs.", show_default=True)] = Path(
        "runs"
    ),
    *,
    sort: Annotated[
        Sort, typer.Option("--sort", help="Sort by name, or by a score of the test rows, the best first.")
    ] = Sort.name,
    as_json: Json = False,
) -> None:
    """List all runs in a folder with the scores of their test rows.

    Unfinished and damaged runs are marked, and listed after the others.
    """
    found = sorted(_found(folder), key=lambda row: _place(row, sort))
    if as_json:
        write_json({"folder": str(folder), "runs": [vars(row) for row in found]})
        return
    if not found:
        write(f"no runs in {folder}")
        return
    titles = _titles(found)
    rows = [
        [row.run, row.state, row.backend or "-", *(number(row.scores.get(name)) for name in titles)] for row in found
    ]
    write_lines(fitting(["run", "state", "backend", *titles.values()], rows, len(titles), lacking="-"))
    for row in found:
        if row.reason:
            write(f"{row.run}: {row.reason}")
    if any(row.state == "complete" for row in found):
        write("Scores of the test rows.")
    for row in found:
        if row.trainings is not None and row.scores and not row.reason:
            learned = f" from {row.learned_from} rows" if row.learned_from else ""
            write(f"{row.run}: means over {count(row.trainings, 'training')}{learned}.")


def _titles(rows: Sequence[Listed]) -> dict[str, str]:
    """Returns the scores that have a column: those of the tasks that the runs have, of numbers if none is known."""
    tasks = {row.task for row in rows}
    more = {key: title for key, title in MORE_SCORES.items() if any(row.scores.get(key) is not None for row in rows)}
    classes = CLASS_SCORES if "classification" in tasks else {}
    return classes if classes and "regression" not in tasks else SCORES | more | classes


def _found(folder: Path) -> list[Listed]:
    """Returns every run in a folder, or the folder itself if it is a run. Raises `Refusal` E0644."""
    from hqnn_dsl.diagnostics.codes.arguments import NoFolder

    try:
        if _is_run(folder):
            return [_listed(folder)]
        places = [path for path in folder.iterdir() if path.is_dir()]
    except FileNotFoundError:
        raise Refusal(NoFolder(path=str(folder), reason="there is no such folder")) from None
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise Refusal(NoFolder(path=str(folder), reason=reason)) from None
    return [_listed(path) for path in places if _is_run(path)]


def _is_run(path: Path) -> bool:
    try:
        return path.is_dir() and any((path / name).is_file() for name in MARKS)
    except OSError:
        return False


def _listed(path: Path) -> Listed:
    from hqnn_dsl.training import run_files
    from hqnn_dsl.training.binding import check_bound
    from hqnn_dsl.training.preprocess_file import PreprocessFile
    from hqnn_dsl.training.run_files import ENVIRONMENT, METRICS, PREPROCESS, read_run_file

    if os.path.lexists(path / MANY):
        return _many(path)
    if not os.path.lexists(path / METRICS):
        return Listed(path.name, "unfinished", None, None, {}, f"there is no {METRICS}")
    try:
        metrics = read_run_file(path, METRICS, run_files.MetricsFile).model_dump()
        read_run_file(path, PREPROCESS, PreprocessFile)
        is_recorded = os.path.lexists(path / ENVIRONMENT)  # a run of an early version has no such file
        backend = read_run_file(path, ENVIRONMENT, run_files.EnvironmentFile).backend.name if is_recorded else None
        check_bound(path)
    except Refusal as refusal:
        return Listed(path.name, "damaged", None, None, {}, _reason(refusal))
    names = CLASS_SCORES if metrics["task"] == "classification" else SCORES | MORE_SCORES
    scores = {name: (metrics["test"] or {}).get(name) for name in (*names, "loss")}
    return Listed(path.name, "complete", metrics["task"], backend, scores)


def _many(path: Path) -> Listed:
    """Many trainings in one folder; of several numbers of rows the last that has scores is listed."""
    from hqnn_dsl.training.many_files import read_cv

    try:
        record = read_cv(path)
    except Refusal as refusal:
        return Listed(path.name, "damaged", None, None, {}, _reason(refusal))
    done = [line.rows for line in record.trainings if line.state == "done"]
    groups = [pair for pair in zip(record.plan.rows, record.summary, strict=False) if pair[1] is not None]
    rows, group = groups[-1] if groups else (None, None)
    is_tested = group is not None and group.part == "test"  # without test rows there are means of other rows
    scores = {name: score.mean for name, score in group.scores.items()} if group is not None and is_tested else {}
    reason = "" if record.state == "complete" else f"{len(done)} of {count(len(record.trainings), 'training')} are done"
    learned_from = None if len(record.plan.rows) == 1 or group is None else "all" if rows is None else str(rows)
    return Listed(path.name, record.state, record.task, None, scores, reason, done.count(rows), learned_from)


def _reason(refusal: Refusal) -> str:
    """Why a run cannot be listed, without its path, which stands beside."""
    from hqnn_dsl.diagnostics.codes.runs import NotARun, RunDamaged

    match refusal.diagnostics:
        case (NotARun(file=file),):
            return f"there is no {file}"
        case (RunDamaged(file=file, reason=reason), *_):
            return f"{file} cannot be used: {reason}"
    return refusal.diagnostics[0].headline


def _place(row: Listed, sort: Sort) -> tuple[bool, bool, float, str]:
    """The best first; those without the score, and runs that are not complete, last."""
    value = None if sort is Sort.name else row.scores.get(sort.value)
    best_first = 0.0 if value is None else value if sort in _LOWER_IS_BETTER else -value
    return (row.state != "complete", sort is not Sort.name and value is None, best_first, row.run)
