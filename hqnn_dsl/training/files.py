"""Writing a run directory: every file appears whole or not at all, and nothing is overwritten by a later run."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl.files import replacing as replacing_file
from hqnn_dsl.report.codes.tables import RunExists, RunUnwritable
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


OWN = (
    *("spec.hqnn", "spec.resolved.hqnn", "preprocess.json", "history.csv", "timing.csv", "predictions.csv"),
    *("environment.json", "metrics.json", "checkpoints", "plots", "jobs"),
)
"""What a run's folder has of its own: files, and folders with all that is in them."""


def own_files(run: Path) -> list[tuple[Path, str]]:
    """Every file and folder of a run's own, there or not, as inputs that no output may replace."""
    places = [run / name for name in OWN]
    inside = [path for place in places if place.is_dir() for path in place.rglob("*")]
    return [(path, "a file of the run") for path in (*places, *inside)]


def create_run(out: Path | None, model: str) -> Path:
    """Make the run's folder: `out`, or the next free `runs/<model>-<number>`.

    Raises `Refusal`: E0530 where `out` is there and not empty, E0531 where it cannot be made.
    """
    try:
        return _next_free(Path("runs"), model) if out is None else _exactly(out)
    except OSError as error:
        raise _unwritable(out or Path("runs"), error) from None


def check_free(out: Path | None) -> None:
    """Refuse (E0530) a folder that is there and not empty, before any work is done."""
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refusal(RunExists(path=str(out)))


def _exactly(out: Path) -> Path:
    check_free(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


def _next_free(root: Path, model: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    taken = [re.fullmatch(rf"{re.escape(model)}-(\d+)", path.name) for path in root.iterdir()]
    number = max((int(match[1]) for match in taken if match), default=0)
    while True:
        number += 1
        try:
            (root / f"{model}-{number}").mkdir()
        except FileExistsError:
            continue
        return root / f"{model}-{number}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to; it takes the place of `path` when the block ends well.

    Raises `Refusal` E0531 where the folder or the disk does not take it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(path) as temporary:
            yield temporary
    except OSError as error:
        raise _unwritable(path, error) from None


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, line ends as given."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write plain data as indented JSON; numbers that are not finite are refused by `json`."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; floats with all their digits, None as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _unwritable(path: Path, error: OSError) -> Refusal:
    return Refusal(RunUnwritable(path=str(path), reason=str(error.strerror or error).lower()))
