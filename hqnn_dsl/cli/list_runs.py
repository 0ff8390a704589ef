"""`hqnn runs`: the runs in a folder with their scores, read from their JSON files alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    nothing: dict[str, float | None] = dict.fromkeys(SCORES)
    try:
        if not (path / "metrics.json").exists():
            return Listed(path.name, "unfinished", None, nothing, "there is no metrics.json")
        metrics, environment = _json(path / "metrics.json"), _json(path / "environment.json")
    except (OSError, ValueError, RecursionError) as error:
        return Listed(path.name, "damaged", None, nothing, _why(error))
    test, backend = metrics.get("test"), environment.get("backend")
    if not isinstance(backend, dict) or not isinstance(test, dict | None):
        return Listed(path.name, "damaged", None, nothing, "metrics.json or environment.json is not as it was written")
    name = backend.get("name")
    scores = {key: _score((test or {}).get(key)) for key in SCORES}
    return Listed(path.name, "complete", name if isinstance(name, str) else None, scores)


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is not as it was written")
    return found


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no {Path(str(error.filename)).name}"
    if isinstance(error, OSError):
        return f"{Path(str(error.filename)).name} cannot be read"
    if type(error) is ValueError:
        return str(error)
    return "one of its JSON files cannot be read"


def _score(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _place(row: Listed, sort: Sort) -> tuple[bool, bool, float, str]:
    """The best first; those without the score, and runs that are not complete, last."""
    value = None if sort is Sort.name else row.scores.get(sort.value)
    best_first = 0.0 if value is None else -value if sort is Sort.r2 else value
    return (row.state != "complete", sort is not Sort.name and value is None, best_first, row.run)
