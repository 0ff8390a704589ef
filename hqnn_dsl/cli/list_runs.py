"""`hqnn runs`: the runs in a folder with their scores, read from their JSON files alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.options import Json
from hqnn_dsl.cli.output import table, write, write_json, write_lines
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import SCORES, number
from hqnn_dsl.files import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKS = ("spec.resolved.hqnn", "spec.hqnn", "metrics.json", "preprocess.json")
"""A folder with one of these is a run, or was to be one."""


class Sort(StrEnum):
    """The key that the list is sorted by."""

    name = "name"
    rmse = "rmse"
    mae = "mae"
    r2 = "r2"
    loss = "loss"


@dataclass(frozen=True)
class Listed:
    """A run as listed. `state` is `complete`, `unfinished` or `damaged`; `scores` are those of its test rows."""

    run: str
    state: str
    backend: str | None
    scores: Mapping[str, float | None]
    reason: str = ""


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
    rows = [
        [row.run, row.state, row.backend or "-", *(number(row.scores.get(name)) for name in SCORES)] for row in found
    ]
    write_lines(table(["run", "state", "backend", *SCORES.values()], rows))
    for row in found:
        if row.reason:
            write(f"{row.run}: {row.reason}")
    if any(row.state == "complete" for row in found):
        write("Scores of the test rows.")


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
    from hqnn_dsl.training.preprocess_file import PreprocessFile
    from hqnn_dsl.training.run_files import ENVIRONMENT, METRICS, PREPROCESS, read_run_file

    nothing: dict[str, float | None] = dict.fromkeys(SCORES)
    if not os.path.lexists(path / METRICS):
        return Listed(path.name, "unfinished", None, nothing, f"there is no {METRICS}")
    try:
        test = read_run_file(path, METRICS, run_files.MetricsFile).test
        read_run_file(path, PREPROCESS, PreprocessFile)
        is_recorded = os.path.lexists(path / ENVIRONMENT)  # a run of an early version has no such file
        backend = read_run_file(path, ENVIRONMENT, run_files.EnvironmentFile).backend.name if is_recorded else None
    except Refusal as refusal:
        return Listed(path.name, "damaged", None, nothing, _reason(refusal))
    scores = nothing if test is None else {name: getattr(test, name) for name in SCORES}
    return Listed(path.name, "complete", backend, scores)


def _reason(refusal: Refusal) -> str:
    """Why a run cannot be listed, without its path, which stands beside."""
    from hqnn_dsl.diagnostics.codes.tables import NotARun, RunDamaged

    match refusal.diagnostics:
        case (NotARun(file=file),):
            return f"there is no {file}"
        case (RunDamaged(file=file, reason=reason),):
            return f"{file} cannot be used: {reason}"
    return refusal.diagnostics[0].headline


def _place(row: Listed, sort: Sort) -> tuple[bool, bool, float, str]:
    """The best first; those without the score, and runs that are not complete, last."""
    value = None if sort is Sort.name else row.scores.get(sort.value)
    best_first = 0.0 if value is None else -value if sort is Sort.r2 else value
    return (row.state != "complete", sort is not Sort.name and value is None, best_first, row.run)
