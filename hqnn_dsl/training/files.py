"""Writing a run directory: every file appears whole or not at all, and nothing is overwritten by a later run."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.runs import RunBusy, RunExists, RunUnwritable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import text_of
from hqnn_dsl.files import reason_of
from hqnn_dsl.files import replacing as replacing_file
from hqnn_dsl.training.run_files import STARTED, TRACKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hqnn_dsl.documents import Document

REPORT = "report.html"
"""The page of `hqnn report`, in the folder of its run."""

CARD = "README.md"
"""The model card of `hqnn report --card`, in the folder of its run: the name that hubs show.

People edit it, so no training takes it away.
"""

EVENTS = "tensorboard"
"""The folder of a run, or of many, that has the event files of TensorBoard."""

OWN = (
    *(STARTED, "spec.hqnn", "spec.resolved.hqnn", "preprocess.json", "history.csv", "timing.csv", "predictions.csv"),
    *("environment.json", "metrics.json", "intervals.json", "checkpoints", "plots", "jobs", REPORT),
    *(TRACKERS, EVENTS),
)
"""What a run's folder has of its own: files, and folders with all that is in them."""


def own_files(run: Path) -> list[tuple[Path, str]]:
    """Every file and folder of a run's own, there or not, as inputs that no output may replace."""
    places = [run / name for name in OWN]
    inside = [path for place in places if place.is_dir() for path in place.rglob("*")]
    return [(path, "a file of the run") for path in (*places, *inside)]


def create_run(out: Path | None, model: str) -> Path:
    """Make the run's folder: `out`, or the next free `runs/<model>-<number>`.

    Raises `Refusal`: E0530 if `out` is there and neither empty nor a run without a checkpoint, E0531 if it cannot be
    made.
    """
    with writable(out or Path("runs")):
        return _next_free(Path("runs"), model) if out is None else _exactly(out)


def check_free(out: Path | None) -> None:
    """Refuse a folder that a run cannot begin in, before any work is done; nothing is written.

    Raises `Refusal`: E0530 if it is there and neither empty nor a run that was ended before its first checkpoint, E0531
    if it cannot be reached or may not be written to.
    """
    if out is None:
        out = Path("runs")
        if not os.path.lexists(out):
            return
    elif _is_taken(out):
        is_run = os.path.exists(out / "checkpoints" / "last.pt") and not os.path.exists(out / "metrics.json")  # noqa: PTH110
        resume = "add `--resume` to go on with the run in it, or " if is_run else ""
        raise Refusal(RunExists(path=str(out), resume=resume))
    place = out
    with writable(out):
        while not os.path.lexists(place) and place != place.parent:
            place = place.parent
    if not place.is_dir():
        raise Refusal(RunUnwritable(path=str(out), reason=f"`{place}` is not a folder"))
    if not os.access(place, os.W_OK | os.X_OK):
        raise Refusal(RunUnwritable(path=str(out), reason=f"the folder `{place}` may not be written to"))


def _is_taken(out: Path) -> bool:
    with writable(out):
        try:
            out.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return not out.is_dir() or (any(out.iterdir()) and not is_begun_only(out))


def is_begun_only(path: Path) -> bool:
    """Whether a folder is a run that was ended before its first checkpoint, with nothing else in it but its card."""
    if any((path / "checkpoints" / name).exists() for name in ("last.pt", "best.pt")):
        return False
    entries = list(path.iterdir())
    is_ours = (path / STARTED).is_file() or all(_LEFT.fullmatch(entry.name) for entry in entries)
    return is_ours and all(entry.name in {*OWN, CARD} or entry.name.startswith(".") for entry in entries)


def is_begun_at_most(path: Path) -> bool:
    """Whether a training could begin anew in a folder that is not there, is empty or has no checkpoint of a run yet.

    Raises `Refusal` E0531 if that cannot be seen.
    """
    with writable(path):
        try:
            path.lstat()
        except FileNotFoundError:
            return True
        return path.is_dir() and is_begun_only(path)


_WRITTEN = "|".join(re.escape(Path(name).stem) for name in (*OWN, "best.pt", "last.pt", "losses.png"))
_LEFT = re.compile(rf"\.(({_WRITTEN})-\d+|[0-9a-f]{{16}})\.[a-z0-9]+")
"""Names of files that `replacing` had begun to write when its process was killed."""


def sweep(run: Path) -> None:
    """Take away what a training that was killed while it wrote a file has left; to be called by who holds the run."""
    for folder in (run, run / "checkpoints", run / "plots"):
        with suppress(OSError):
            for path in folder.iterdir():
                if _LEFT.fullmatch(path.name) and path.is_file():
                    path.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse (E0531) a run's folder that may not be written to, before any work is done."""
    for folder in (path, path / "checkpoints"):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            hint = f"`chmod u+w {folder}`, or copy the run to a folder that you may write to"
            raise Refusal(RunUnwritable(path=str(path), reason="the folder may not be written to", hint=hint))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a run's folder while a training writes to it, so that no other one does; the hold ends with the process.

    A lock of the system on the folder itself: no file has to be taken away after a crash. If the system or the file
    system has none, nothing is held. Raises `Refusal` E0547 if another training holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with writable(path):
        folder = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(RunBusy(path=str(path))) from None
        except OSError:  # a network's file system
            pass
        yield
    finally:
        os.close(folder)


def clear(path: Path, *, keep_folder: bool) -> None:
    """Take away what a training that failed early has written, and nothing else; what cannot be taken away stays."""
    for name in OWN:
        with suppress(OSError):
            if (path / name).is_dir():
                shutil.rmtree(path / name, ignore_errors=True)
            else:
                (path / name).unlink(missing_ok=True)
    if not keep_folder:
        with suppress(OSError):
            path.rmdir()


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Whatever the system refuses in the block is a `Refusal` E0531 of `path`."""
    try:
        yield
    except OSError as error:
        raise Refusal(RunUnwritable(path=str(path), reason=reason_of(error))) from None
    except ValueError:
        raise Refusal(RunUnwritable(path=str(path), reason="no path has a null character in it")) from None


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
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary file beside `path` to write to; it takes the place of `path` when the block ends well.

    With `durable` it then outlasts a loss of power: so are the files without which a run cannot be gone on with, and
    `metrics.json`, the mark of a whole one. Raises `Refusal` E0531 where the folder or the disk does not take it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(path, durable=durable) as temporary:
            yield temporary
    except OSError as error:
        raise Refusal(RunUnwritable(path=str(path), reason=reason_of(error))) from None


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write UTF-8 text, line ends as given."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(text.encode())


def write_document(path: Path, document: Document, *, durable: bool = False) -> None:
    """Write a JSON file through its model."""
    write_text(path, text_of(document), durable=durable)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; floats with all their digits, None as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())
