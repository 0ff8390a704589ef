"""A sweep of one spec and one table: begun, gone on with, or joined by another process; and what is written of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl import pipeline
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.codes.runs import CannotResume, RunExists
from hqnn_dsl.diagnostics.codes.sweeps import EveryTrialRefused, NothingSwept, SweepDiffers, SweepWithoutValidation
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.named_backends import AUTO
from hqnn_dsl.science.extra import needs
from hqnn_dsl.science.sweeping.files import SWEEP, SweepFile, is_sweep, read_sweep
from hqnn_dsl.science.sweeping.grid import Grid
from hqnn_dsl.science.sweeping.presence import Worker
from hqnn_dsl.science.sweeping.record import Record, begun
from hqnn_dsl.science.sweeping.study import Study
from hqnn_dsl.science.sweeping.trial import Trials
from hqnn_dsl.science.sweeping.work import Work
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.training.files import check_free, create_run, write_document
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.resuming import differences, shortened
from hqnn_dsl.training.run import refuse_paid, set_up
from hqnn_dsl.training.second_process import workers_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.run import Setup

TRIALS = 20
"""The number of trials if none is asked for."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a sweep is run: trials, workers, what is watched."""

    trials: int | None = None
    """None: `TRIALS`, or what the sweep was begun with."""
    workers: int | None = None
    """Trainings at once in this process; None: one a processor if steps are compiled."""
    progress: Progress = True
    on_begin: Callable[[SweepFile], None] | None = None
    """Called with the record before the first trial of this process."""

    def __post_init__(self) -> None:
        for name in ("trials", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise Refusal(BadOption(option=f"--{name}", expected="a whole number from 1", value=str(value)))


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep as it stands: its folder, and its record as in `sweep.json`."""

    path: Path
    record: SweepFile
    ended_by: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether a signal came before all was done."""
        return self.ended_by != 0


def sweep(
    program: Program, table: Table, out: Path | None = None, *, resume: bool = False, options: Options | None = None
) -> Swept:
    """Try settings of a spec, and write the sweep to `out`, or to the next free `runs/<model>-sweep-<number>`.

    Every trial is written when it has ended; with `resume`, goes on in the folder `out`, to which other processes may
    add trials meanwhile. A setting that is refused is recorded with the reason, and the others go on.

    Raises `Refusal` as `train` does for whatever is wrong with the spec, the data or the folder, before anything is
    trained, and: E0680 without the extra `science`, E0690 if nothing is swept, E0691 without validation rows, E0692 if
    the folder was begun with another spec, table or sweep, E0695 if every setting was refused.
    """
    options = options or Options()
    needs("optuna")
    if not program.checked.sweep:
        raise Refusal(NothingSwept(span=program.checked.spans.get("model")))
    program.refuse_training()
    with each_notice_once():
        if resume and out is None:
            raise Refusal(CannotResume(path="runs", reason="no folder is named"))
        if not resume:
            _refuse_begun(out)
            check_free(out)
        before = read_sweep(out) if resume and out is not None else None
        own = set_up(pipeline.one_of_sweep(program, {}), table, None, split_rows)
        refuse_paid(own)
        if not len(own.prepared.preparation.parts.validation):
            raise Refusal(SweepWithoutValidation(span=program.checked.spans.get("data")))
        now = begun(program, table, own, _recorded(program, own), _asked(options, before))
        if before is not None and out is not None:
            _refuse_other(out, before, now)
            return _carried_out(out, now, program, table, own, options)
        path = create_run(out, f"{program.spec.name}-sweep")
        write_document(path / SWEEP, now)
        return _carried_out(path, now, program, table, own, options)


def join(path: Path, read: Callable[[SweepFile, Program], Table], options: Options | None = None) -> Swept:
    """Add trials to a sweep that another process has begun, until it has as many as it was begun with.

    Spec, settings and seed are those in the folder; `read` gives the table. Raises `Refusal` as `sweep` does, E0692 for
    another table.
    """
    options = options or Options()
    needs("optuna")
    with each_notice_once():
        record = read_sweep(path)
        program = program_in(record)
        table = read(record, program)
        own = set_up(pipeline.one_of_sweep(program, {}), table, None, split_rows)
        _refuse_other(path, record, begun(program, table, own, None, record.asked))
        return _carried_out(path, record, program, table, own, options)


def program_in(record: SweepFile) -> Program:
    """Returns the spec of a recorded sweep, with its axes."""
    source = Source("spec.hqnn", record.spec, folder=record.folder)
    over = {one.path: Source(f"--over {one.path}", one.text, is_option=True) for one in record.axes}
    return pipeline.with_sweep(pipeline.program(source, {}, record.allow_path), over)


def _carried_out(  # noqa: PLR0913, PLR0917 - the parts of a sweep
    path: Path, record: SweepFile, program: Program, table: Table, own: Setup, options: Options
) -> Swept:
    started = time.perf_counter()
    with Worker(path) as worker:
        with worker.alone():  # another process may be writing it
            asked = {name: getattr(record, name) for name in ("asked", "is_grid", "wanted")}
            record = read_sweep(path).model_copy(update=asked)
            write_document(path / SWEEP, record)
        study = Study(path, Grid(program.checked.sweep), record.seed, worker)
        trials = Trials(program, table, record.select, own, _backend_of(record))
        kept = Record(path, study, worker, trials, started)
        kept.write()
        if options.on_begin is not None:
            options.on_begin(kept.now)
        workers = options.workers or (workers_here() if own.training.choice.ran == "compiled" else 1)
        ended_by = Work(kept, workers, options.progress).run() or kept.finish()
        found = kept.write()
    if found.wanted and not found.done and found.refused and not ended_by:
        first = next(one for one in found.trials if one.state == "refused")
        reason = f"{first.code}: {first.reason}" if first.code else first.reason
        raise Refusal(EveryTrialRefused(tried=found.refused, reason=reason, path=str(path / SWEEP)))
    pass_on(ended_by)
    return Swept(path, found, ended_by)


def _backend_of(record: SweepFile) -> Choice | None:
    """What `backend auto` means, as it is recorded."""
    if record.backend is None:
        return None
    options = record.backend["options"]
    assert isinstance(options, dict)
    return Choice(name=str(record.backend["name"]), options=dict(options))


def _recorded(program: Program, own: Setup) -> Choice | None:
    """What `backend auto` means for the spec with its own values; None if it names a backend."""
    return own.training.net.circuit.backend if program.spec.backend.name == AUTO.name else None


def _asked(options: Options, before: SweepFile | None) -> int:
    if options.trials is not None:
        return options.trials
    return TRIALS if before is None else before.asked


def _refuse_begun(out: Path | None) -> None:
    if out is not None and is_sweep(out) and read_sweep(out).state == "unfinished":
        raise Refusal(RunExists(path=str(out), resume="add `--resume` to go on with the sweep in it, or "))


def _refuse_other(out: Path, before: SweepFile, now: SweepFile) -> None:
    """Refuse (E0692) to go on with what is not the same sweep."""
    changed = [
        (name, shortened(old), shortened(new)) for name, old, new in differences(_resolved(before), _resolved(now))
    ]
    if before.table.sha256 != now.table.sha256:
        changed.append(("table", f"{before.table.name}, {before.table.rows} rows", f"{now.table.name}, other cells"))
    old, new = ({one.path: one.text for one in record.axes} for record in (before, now))
    changed += [
        (f"range of `{path}`", old.get(path, "none"), new.get(path, "none"))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]
    if changed:
        raise Refusal(
            *(SweepDiffers(path=str(out), setting=name, before=one, now=other) for name, one, other in changed)
        )


def _resolved(record: SweepFile) -> str:
    source = Source("spec.hqnn", record.spec, folder=record.folder)
    return pipeline.program(source, {}, record.allow_path).resolved
