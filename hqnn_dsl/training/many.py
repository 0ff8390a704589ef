"""Many trainings of one spec on one table: folds, repetitions, seeds, numbers of rows, in one folder.

Each training is whole in itself: its own parts, everything fitted on its own training rows, its own network. The table
is read once, and `cv.json` is written after every training, so that `--resume` trains nothing twice.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl.data.folds import refuse_folds
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.diagnostics.codes.resuming import ResumeDiffers
from hqnn_dsl.diagnostics.codes.runs import CannotResume, NotARun, RunExists
from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.diagnostics.placed import PlacedByCode
from hqnn_dsl.training.files import check_free, create_run, held, write_document
from hqnn_dsl.training.fit_many import fit_many
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.many_bar import ManyBar
from hqnn_dsl.training.many_ended import Ended, ended_of, open_line, outcome_of, together
from hqnn_dsl.training.many_files import (
    CV,
    RUNS,
    TRAININGS,
    CvFile,
    Mistake,
    PlanRecord,
    TableUsed,
    TrainingFile,
    file_of,
    is_many,
    read_cv,
    read_trainings,
)
from hqnn_dsl.training.outlook import outlook_of
from hqnn_dsl.training.resuming import differences, shortened
from hqnn_dsl.training.run import measure, refuse_paid, set_up, train
from hqnn_dsl.training.run_files import SPEC
from hqnn_dsl.training.second_process import workers_here
from hqnn_dsl.training.tracking import Group, OneOfGroup, end_group, prepare_trackers
from hqnn_dsl.training.units import seeded, splitter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.fit_many import Outcome
    from hqnn_dsl.training.many_plan import One, Plan
    from hqnn_dsl.training.outlook import Outlook
    from hqnn_dsl.training.own_loss import LossFunction
    from hqnn_dsl.training.run import Setup
    from hqnn_dsl.training.time_left import Expected
    from hqnn_dsl.training.tracking import State, Tracker

OWN = (CV, TRAININGS, RUNS)
"""What a folder of many trainings has of its own."""

OF_ONE_FOLD = frozenset({"E0521", "E0597"})
"""Errors of a set-up that another fold need not have."""


@dataclass(frozen=True, eq=False)
class ManyResult:
    """Many trainings: their folder, and their record as in `cv.json`."""

    path: Path
    record: dict[str, Any]
    ended_by: int = 0
    """The signal that ended them before all were done; 0 if none did."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C came before all were done."""
        return self.ended_by != 0


@dataclass(frozen=True, kw_only=True)
class ManyOptions:
    """How many trainings are run: what is watched and kept."""

    loss: LossFunction | None = None
    """A function of the user's own in place of the spec's loss."""
    progress: Progress = True
    keep_runs: bool = False
    """Whether each training leaves a whole run, in the folder `runs` of the others."""
    on_begin: Callable[[Outlook, int], None] | None = None
    """Called with the outlook of the first training, and how many run at once."""
    on_pace: Callable[[Expected], None] | None = None
    """Called once, as soon as it is known how long all trainings take, unless that is a moment."""
    on_training: Callable[[dict[str, Any]], None] | None = None
    """Called with the entry of `trainings` in `cv.json` for each that has ended."""
    trackers: tuple[Tracker, ...] = ()
    """Onlookers that keep curves and scores elsewhere: each training is one of a group."""


def train_many(  # noqa: PLR0913 - what many trainings can be told
    program: Program,
    table: Table,
    plan: Plan | None,
    out: Path | None = None,
    *,
    resume: bool = False,
    options: ManyOptions | None = None,
) -> ManyResult:
    """Run every training of a plan and write their record to `out`, or to the next free `runs/<model>-cv-<number>`.

    A training that is refused on its way, such as by a loss that is not finite, is recorded as failed, and the others
    go on. Ctrl-C ends them all; those that are done stay. With `resume`, goes on in the folder `out`, with the plan
    that it records if `plan` is None; trainings that have failed are tried again.

    Raises `Refusal` as `train` does for whatever is wrong with the spec, the data or the folder, before anything is
    trained, and: E0598 and E0599 if the plan cannot be carried out, E0544 and E0555 if the folder was begun with
    another plan, table or spec.
    """
    options = options or ManyOptions()
    program.refuse_training()
    prepare_trackers(options.trackers, Path("runs") if out is None else out.absolute().parent, options.progress)
    with each_notice_once():
        if resume:
            work = _taken_up(program, table, plan, out, options)
        else:
            assert plan is not None
            _refuse(program, plan)
            _refuse_begun(out)
            check_free(out)
            first = _checked(program, table, plan, options)
            work = _Work(program, table, plan, options, sha256=first.sha256, workers=first.workers)
            work.path = create_run(out, f"{program.spec.name}-cv")
        with held(work.path):
            work.run()
        record = work.record().model_dump(exclude={"version"})
        is_whole = record["state"] == "complete"
        state: State = "finished" if is_whole else "interrupted" if work.ended_by else "failed"
        end_group(options.trackers, work.group, state, record)
    pass_on(work.ended_by)
    return ManyResult(work.path, record, work.ended_by)


@dataclass(eq=False)
class _Work:
    """The trainings of a plan under way."""

    program: Program
    table: Table
    plan: Plan
    options: ManyOptions
    sha256: str
    workers: int = 1
    """How many trainings run at once."""
    path: Path = field(init=False)
    ended: dict[int, Ended] = field(default_factory=dict)
    ended_by: int = 0

    def run(self) -> None:
        """Run all trainings that are not done."""
        write_document(self.path / CV, self.record())
        ones = self.plan.trainings()
        todo = [one for one in ones if not self._is_done(one)]
        bar = ManyBar(
            self._costs(ones),
            progress=self.options.progress,
            workers=max(1, min(self.workers, len(todo))),
            is_bound=self.program.spec.train.stop.name != "none",
            on_pace=self.options.on_pace,
        )
        with bar:
            for one in ones:
                if one not in todo:
                    bar.skip(one.number)

            def end(index: int, outcome: Outcome[TrainingFile | None]) -> None:
                if outcome.error is not None:
                    raise outcome.error
                if outcome.result is not None:
                    self._keep(outcome.result)
                    bar.end(todo[index].number)

            self.ended_by = fit_many([partial(self._train, one, bar) for one in todo], self.workers, end).ended_by

    @property
    def group(self) -> Group:
        """All of them, for trackers."""
        return Group(self.path.resolve().name, self.path)

    def _is_done(self, one: One) -> bool:
        return one.number in self.ended and self.ended[one.number].scored is not None

    def _costs(self, ones: tuple[One, ...]) -> list[float]:
        share = 1.0 if self.plan.folds is None else 1 - 1 / self.plan.folds
        return [self.table.num_rows * share if one.rows is None else float(one.rows) for one in ones]

    def _keep(self, found: TrainingFile) -> None:
        """Write a training that has ended, and the record with it."""
        write_document(self.path / file_of(found.number), found)
        self.ended[found.number] = ended_of(found, self.table.num_rows)
        record = self.record()
        write_document(self.path / CV, record)
        if self.options.on_training is not None:
            self.options.on_training(record.trainings[found.number - 1].model_dump())

    def _train(self, one: One, bar: ManyBar) -> TrainingFile | None:
        """Returns one training as it has ended, None if Ctrl-C came before its end."""
        bar.begin(one.number)
        watch = Watch(
            progress=False,
            on_begin=partial(bar.tell, one.number),
            on_epoch=partial(bar.note, one.number),
            tells_findings=False,
            trackers=tuple(OneOfGroup(tracker, self.group, one.number) for tracker in self.options.trackers),
        )
        program, splitter = seeded(self.program, one.seed), splitter_of(self.program, self.plan, one)
        about = vars(one)
        folder = self.path / RUNS / f"{one.number:04d}"
        try:
            if self.options.keep_runs:
                shutil.rmtree(folder, ignore_errors=True)  # of a training that was broken off
                run = train(program, self.table, folder, loss=self.options.loss, watch=watch, splitter=splitter)
                fitted, metrics, preparation = run.fitted, run.metrics, run.preparation
            else:
                setup = ready(self.program, self.table, self.plan, one, self.options.loss)
                fitted, metrics = measure(setup, watch)
                preparation = setup.prepared.preparation
        except Refusal as refusal:
            if any(item.exit_code == 3 for item in refusal.diagnostics):  # the disk, or the environment: of all
                raise
            mistakes = [Mistake(code=item.code, message=item.headline) for item in refusal.diagnostics]
            return TrainingFile(**about, state="failed", mistakes=mistakes)
        if fitted.ended_by:
            return None
        kept = f"{RUNS}/{folder.name}" if self.options.keep_runs else None
        return TrainingFile(**about, state="done", **outcome_of(fitted, metrics, preparation), run=kept)

    def record(self) -> CvFile:
        """Returns everything that `cv.json` says now."""
        ones, plan = self.plan.trainings(), self.plan
        done = [(one.rows, self.ended[one.number].scored) for one in ones if one.number in self.ended]
        return CvFile(
            model=self.program.spec.name,
            task=next((scored.metrics["task"] for _, scored in done if scored is not None), None),
            spec=self.program.resolved,
            table=TableUsed(name=self.table.name, rows=self.table.num_rows, sha256=self.sha256),
            plan=PlanRecord(folds=plan.folds, repeats=plan.repeats, seeds=list(plan.seeds), rows=list(plan.rows)),
            state="complete" if all(self._is_done(one) for one in ones) else "unfinished",
            trainings=[self.ended[one.number].line if one.number in self.ended else open_line(one) for one in ones],
            summary=[together([one for own, one in done if own == rows and one is not None]) for rows in plan.rows],
        )


def ready(program: Program, table: Table, plan: Plan, one: One, loss: LossFunction | None = None) -> Setup:
    """Returns a training of a plan before its first step. Raises `Refusal` as `set_up` does."""
    return set_up(seeded(program, one.seed), table, loss, splitter_of(program, plan, one))


def _refuse(program: Program, plan: Plan) -> None:
    """Refuse a plan that the spec's own split contradicts."""
    if plan.folds is not None:
        refuse_folds(program.spec.data.split.by, plan.folds, plan.repeats - 1)


def _refuse_begun(out: Path | None) -> None:
    """Refuse (E0530) a folder with trainings that are not all done, and say how to go on with them."""
    if out is not None and is_many(out) and read_cv(out).state == "unfinished":
        raise Refusal(RunExists(path=str(out), resume="add `--resume` to go on with the trainings in it, or "))


@dataclass(frozen=True)
class _First:
    """What the first set-up has shown: the hash of the table's cells, and how many trainings are to run at once."""

    sha256: str
    workers: int


def _checked(program: Program, table: Table, plan: Plan, options: ManyOptions) -> _First:
    """Set up the first training, so that what is wrong with all of them is refused."""
    setup = _first_of(program, table, plan, plan.trainings(), options.loss)
    refuse_paid(setup)
    if options.on_begin is not None:
        options.on_begin(outlook_of(setup.training, setup.prepared.preparation, setup.counted()), _workers(setup))
    return _First(setup.prepared.preparation.fingerprint, _workers(setup))


def _first_of(
    program: Program, table: Table, plan: Plan, ones: tuple[One, ...], loss: LossFunction | None = None
) -> Setup:
    """Returns the first of some trainings that can be set up: what only one fold cannot do is left to its training."""
    for one in ones:
        try:
            with PlacedByCode(program.checked.spans):
                return ready(program, table, plan, one, loss)
        except Refusal as refusal:
            of_all = any(item.code not in OF_ONE_FOLD for item in refusal.diagnostics)
            if of_all or one is ones[-1]:
                raise
    raise AssertionError("a plan has a training")


def first_setup(program: Program, table: Table, plan: Plan | None) -> tuple[Setup, int]:
    """Returns a training that is ready for its first step, one on the most rows, and how many run at once.

    Without a plan it is that of the spec alone. Raises `Refusal` for whatever is wrong with all trainings.
    """
    if plan is None:
        with PlacedByCode(program.checked.spans):
            return set_up(program, table, None, split_rows), 1
    with each_notice_once():
        _refuse(program, plan)
        ones = plan.trainings()
        setup = _first_of(program, table, plan, tuple(one for one in ones if one.rows == ones[-1].rows))
        refuse_paid(setup)
        return setup, _workers(setup)


def sizes_of(program: Program, table: Table, plan: Plan) -> tuple[tuple[int, int, int] | None, ...]:
    """Returns the numbers of training, validation and all rows of each training of a plan; None if it has no parts."""
    found: dict[tuple[int | None, ...], tuple[int, int, int] | None] = {}
    keys = [(one.rows, one.repeat, one.fold, one.seed if one.fold is None else None) for one in plan.trainings()]
    for key, one in zip(keys, plan.trainings(), strict=True):
        if key in found:
            continue
        spec, splitter = seeded(program, one.seed).spec, splitter_of(program, plan, one)
        try:
            with PlacedByCode(program.checked.spans):
                made = prepare(spec, table, splitter=splitter, reach=program.checked.reach).preparation
        except Refusal:
            found[key] = None  # of this fold alone: the first one was set up before
        else:
            found[key] = len(made.parts.train), len(made.parts.validation), len(made.rows)
    return tuple(found[key] for key in keys)


def _workers(setup: Setup) -> int:
    """How many trainings run at once: one a processor if steps are compiled, since torch's hold the interpreter's lock
    for most of their time, and share its random numbers.

    A choice of the user's (`OMP_NUM_THREADS`) stands.
    """
    return workers_here() if setup.training.choice.ran == "compiled" else 1


def _taken_up(program: Program, table: Table, plan: Plan | None, out: Path | None, options: ManyOptions) -> _Work:
    """The trainings in a folder, to be gone on with. Raises `Refusal` E0532, E0533, E0544, E0555, E0599."""
    if out is None:
        raise Refusal(CannotResume(path="runs", reason="no folder is named"))
    if not is_many(out):
        if os.path.lexists(out / SPEC):
            reason = f"`{out}` is the run of one training"
            hint = "leave the options of many trainings out to go on with it"
            raise Refusal(NotTheseTrainings(option="--resume", reason=reason, hint=hint))
        raise Refusal(NotARun(path=str(out), file=CV))
    before = read_cv(out)
    recorded = before.plan.plan()
    if plan is not None and plan != recorded:
        raise Refusal(CannotResume(path=str(out), reason=f"it was begun as {recorded.sentence}, not {plan.sentence}"))
    _refuse(program, recorded)
    changed = differences(before.spec, program.resolved)
    if changed:
        raise Refusal(
            *(
                ResumeDiffers(
                    path=str(out),
                    setting=name,
                    before=shortened(old),
                    now=shortened(new),
                    hint="set it back, or begin anew: another `--out`, and no `--resume`",
                )
                for name, old, new in changed
            )
        )
    first = _checked(program, table, recorded, options)
    if (table.num_rows, first.sha256) != (before.table.rows, before.table.sha256):
        raise Refusal(CannotResume(path=str(out), reason=f"it was begun with another table, `{before.table.name}`"))
    work = _Work(program, table, recorded, options, sha256=first.sha256, workers=first.workers)
    work.ended = {number: ended_of(file, table.num_rows) for number, file in read_trainings(out, recorded)}
    work.path = out
    return work
