"""A comparison under way: every contender tuned and scored on every unit, each result written down at once.

A result that is written is never computed again: `--resume` goes on with the trials that are missing, to the same
table.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.comparison.files import ResultFile, read_result, result_file
from hqnn_dsl.science.comparison.hybrid import Interrupted
from hqnn_dsl.science.comparison.rows import made_small, seed_of
from hqnn_dsl.science.tuning.records import Tuning
from hqnn_dsl.science.tuning.tune import sampler_record, tune
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.files import write_document
from hqnn_dsl.training.fit_many import fit_many
from hqnn_dsl.training.many_files import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hqnn_dsl.data.parts import Parts
    from hqnn_dsl.science.comparison.contender import Contender, Fit
    from hqnn_dsl.science.protocol import Protocol
    from hqnn_dsl.science.tuning.records import Trial
    from hqnn_dsl.science.tuning.space import Setting
    from hqnn_dsl.training.fit_many import Outcome
    from hqnn_dsl.training.many_bar import ManyBar
    from hqnn_dsl.training.many_plan import One

PARTS = ("train", "validation", "test")

WRITTEN_AFTER = 0.5
"""Trials that took so many seconds are written one by one; quicker ones with the result that they lead to."""


@dataclass(frozen=True, eq=False)
class Job:
    """A contender on a unit: its number among all jobs, from 1."""

    number: int
    contender: Contender
    one: One


@dataclass(eq=False)
class Work:
    """All jobs of a comparison."""

    path: Path
    protocol: Protocol
    contenders: Sequence[Contender]
    select: str
    parts_of: Callable[[One], Parts] = field(repr=False)
    workers: int = 1
    results: dict[tuple[str, int], ResultFile] = field(default_factory=dict, repr=False)

    def jobs(self) -> tuple[Job, ...]:
        """Every contender on the first unit, then on the next: what is done early can be compared early."""
        pairs = [(one, contender) for one in self.protocol.plan.trainings() for contender in self.contenders]
        return tuple(Job(number, contender, one) for number, (one, contender) in enumerate(pairs, start=1))

    def read_back(self) -> None:
        """Take up what was written before. Raises `Refusal` E0533 for a damaged file."""
        for job in self.jobs():
            found = read_result(self.path, job.contender.name, job.one.number)
            if found is not None:
                self.results[job.contender.name, job.one.number] = found

    def is_done(self, job: Job) -> bool:
        """Whether a job has its scores; one that has failed is tried again."""
        found = self.results.get((job.contender.name, job.one.number))
        return found is not None and found.state == "done"

    def run(self, bar: ManyBar, on_result: Callable[[], None]) -> int:
        """Run all jobs that are not done. Returns the signal that ended them, 0 if none did."""
        jobs = self.jobs()
        todo = [job for job in jobs if not self.is_done(job)]
        for job in jobs:
            if self.is_done(job):
                bar.skip(job.number)

        def end(index: int, outcome: Outcome[ResultFile | None]) -> None:
            if outcome.error is not None:
                raise outcome.error
            if outcome.result is not None:
                job = todo[index]
                self.results[job.contender.name, job.one.number] = outcome.result
                bar.end(job.number)
                on_result()

        return fit_many([partial(self._done, job, bar) for job in todo], self.workers, end).ended_by

    def _done(self, job: Job, bar: ManyBar) -> ResultFile | None:
        """Returns the result of a job, None if Ctrl-C came before its end."""
        bar.begin(job.number)
        try:
            found = self._tuned(job)
        except Interrupted:
            return None
        except Refusal as refusal:
            if any(item.exit_code == 3 for item in refusal.diagnostics):  # the disk, or the environment: of all
                raise
            mistakes = [Mistake(code=item.code, message=item.headline) for item in refusal.diagnostics]
            found = self._file(job, state="failed", mistakes=mistakes)
        self._write(job, found)
        return found

    def _tuned(self, job: Job) -> ResultFile:
        """Every trial of a job, and the scores of the best one: its test rows are predicted after the choice."""
        contender, one = job.contender, job.one
        before = self.results.get((contender.name, one.number))
        is_open = before is not None and before.state == "open"  # one that has failed is tried again from the start
        done: list[Trial] = list(before.tuning.trials) if is_open and before and before.tuning else []
        best: list[tuple[float, Setting, Fit]] = []

        def objective(setting: Setting) -> float | None:
            fit = contender.fit(setting, one)
            scores = fit.score("validation") or fit.score("train") or {}
            value = made_small(self.select, scores)
            if value is not None and (not best or value < best[0][0]):
                best[:] = [(value, dict(setting), fit)]
            return value

        space, seed = contender.space(one), stream(seed_of(one), f"tuning/{contender.name}")

        def keep(trial: Trial) -> None:
            done.append(trial)
            if trial.seconds > WRITTEN_AFTER and len(done) < self.protocol.trials:
                so_far = Tuning(
                    sampler=sampler_record(seed), space=space.to_json(), asked=self.protocol.trials, trials=list(done)
                )
                self._write(job, self._file(job, state="open", tuning=so_far))

        tuning = tune(space, objective, self.protocol.trials, seed, done=tuple(done), on_trial=keep)
        if tuning.setting is None:
            reasons = [trial.reason for trial in tuning.trials if trial.reason]
            mistakes = [Mistake(code="trials", message=reasons[0] if reasons else "every trial has failed")]
            return self._file(job, state="failed", tuning=tuning, mistakes=mistakes)
        kept = best[0][2] if best and best[0][1] == tuning.setting else contender.fit(tuning.setting, one)
        parts = self.parts_of(one)
        scores = {part: dict(found) for part in PARTS if (found := kept.score(part)) is not None}
        return self._file(
            job,
            state="done",
            tuning=tuning,
            scores=scores,
            sizes=[len(rows) for _, rows in parts.items()],
            test_rows=rows_hash(parts),
            weights=kept.weights,
            epochs=kept.epochs,
            best_epoch=kept.best_epoch,
            losses=list(kept.losses),
            notes=list(kept.notes),
            seconds=sum(trial.seconds for trial in tuning.trials),
        )

    def _file(self, job: Job, **fields: object) -> ResultFile:
        return ResultFile.model_validate({**vars(job.one), "contender": job.contender.name, **fields})

    def _write(self, job: Job, found: ResultFile) -> None:
        write_document(self.path / result_file(job.contender.name, job.one.number), found)


def rows_hash(parts: Parts) -> str:
    """A hash of the test rows of a unit."""
    return hashlib.sha256(parts.test.astype("<i8").tobytes()).hexdigest()
