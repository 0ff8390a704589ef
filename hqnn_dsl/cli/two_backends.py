"""A trained run on another backend beside its own: trained exact, tested on noise or on a device."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.reading import read_data
from hqnn_dsl.literals import call, setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.trained import Run
    from hqnn_dsl.training.budget import Agree


@dataclass(frozen=True)
class Scored:
    """Scores as `Run.evaluate` gives them, and the backend that ran the circuit."""

    metrics: Mapping[str, Any]
    backend: Mapping[str, Any]
    task: str

    @property
    def title(self) -> str:
        """The backend's name, with the device if it is named."""
        device = self.backend["options"].get("name")
        return f"{self.backend['name']} {device}" if device else str(self.backend["name"])

    @property
    def full(self) -> str:
        """The backend with all its options, as a spec writes it."""
        return call(
            str(self.backend["name"]), {name: setting(value) for name, value in self.backend["options"].items()}
        )


def both(path: Path, data: Path, changes: Mapping[str, str], agree: Agree) -> tuple[Scored, Scored | None]:
    """Returns the requested scores, and those of the run's own backend if another one was requested.

    The requested backend runs first, so that it is refused before anything is computed. The run's own is left out if it
    is a device that costs. Raises `Refusal`.
    """
    from hqnn_dsl import api
    from hqnn_dsl.backends import offered
    from hqnn_dsl.cli.output import show
    from hqnn_dsl.data.preparation import notes_of
    from hqnn_dsl.diagnostics.placed import AdvisedForRun

    run = api.open_run(path, changes)
    with AdvisedForRun():
        table = read_data(data, run.spec.data.read, purpose=run.preparation.purpose(scores=True))
    show((*table.notes, *notes_of(run.preparation, table)))
    run.settle(table, agree)
    with _kept(run, table, changes):
        asked = _scored(run, table)
    own = run.trained_on
    costs = own.name in offered() and offered()[own.name].is_paid(own.options)
    return asked, _scored(api.open_run(path), table) if changes and not costs else None


@contextmanager
def _kept(run: Run, table: Table, changes: Mapping[str, str]) -> Iterator[None]:
    """If the device costs, jobs are kept in the run's folder until all of them are answered.

    The same evaluation asked for again after a break takes them up; once it is through, the next one measures anew.
    """
    from hqnn_dsl.backends import MeteredExecutable
    from hqnn_dsl.training.run import JOBS

    executable = run.net.circuit.executable
    if not (isinstance(executable, MeteredExecutable) and executable.is_paid):
        yield
        return
    asked = f"{sorted(changes.items())}".encode() + _bytes_of(table)
    folder = run.path / JOBS / f"evaluate-{hashlib.sha256(asked).hexdigest()[:12]}"
    executable.keep_jobs_in(folder)
    yield
    shutil.rmtree(folder, ignore_errors=True)


def _bytes_of(table: Table) -> bytes:
    """What tells one table from another."""
    return "".join(map(str, table.columns)).encode() + table.frame.to_csv(index=False).encode()


def _scored(run: Run, table: Table) -> Scored:
    metrics = run.evaluate(table)
    return Scored(metrics, run.backend, run.preparation.task)
