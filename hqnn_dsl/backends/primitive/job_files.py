"""The JSON files of a jobs folder, a model each, by which they are written and read.

A damaged one is refused (E0533) and never passed over: asking the device again would cost a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hqnn_dsl.diagnostics.codes.runs import RunDamaged, RunUnwritable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import Count, Document, Name, NotNegative, Record, Wrong, read_document, text_of
from hqnn_dsl.files import reason_of, replacing

if TYPE_CHECKING:
    from pathlib import Path

D = TypeVar("D", bound=Document)

STATE_FILE = "state.json"
"""The file of a jobs folder with the name of the run on the device, and with what it has spent."""


class Spent(Record):
    """Circuits, shots and quantum seconds, as a `Price` has them."""

    circuits: Count
    shots: Count
    seconds: NotNegative


class StateFile(Document):
    """`state.json`: the name by which the device knows the run's jobs, and what they have cost."""

    run: Name
    spent: Spent


class JobFile(Document):
    """`<key>.json`: a job. `job` is its identity on the device, None without a receipt; `values[R, T]` its answer."""

    device: Name
    job: str | None
    values: list[list[float]] | None


MODELS: tuple[type[Document], ...] = (StateFile, JobFile)


def read_job_file(path: Path, model: type[D]) -> D | None:
    """Returns a file of a jobs folder; None if it is not there. Raises `Refusal` E0533."""
    try:
        return read_document(model, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _damaged(path, reason_of(error)) from None
    except Wrong as wrong:
        raise _damaged(path, str(wrong), wrong.hint) from None


def write_job_file(path: Path, document: Document) -> None:
    """Write a file of a jobs folder whole or not at all. Raises `Refusal` E0531."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            beside.write_text(text_of(document, indent=None), encoding="utf-8")
    except OSError as error:
        raise Refusal(RunUnwritable(path=str(path), reason=reason_of(error))) from None


def _damaged(path: Path, reason: str, hint: str = "") -> Refusal:
    return Refusal(RunDamaged(path=str(path.parent), file=path.name, reason=reason, hint=hint))
