"""What is written of a sweep: `sweep.json` from the journal, the best spec, its test scores, importance of settings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hqnn_dsl.data.arrow_import import allow_import
from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.comparison.experiment import environment
from hqnn_dsl.science.comparison.hybrid import Interrupted
from hqnn_dsl.science.comparison.rows import selection
from hqnn_dsl.science.sweeping.files import BEST, SWEEP, SweepFile, Tested, read_sweep
from hqnn_dsl.science.sweeping.grid import Grid
from hqnn_dsl.science.tuning.tune import quiet_study, sampler_record
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.sweep import without_sweep
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.training.files import write_document, write_text
from hqnn_dsl.training.fit_many import fit_many
from hqnn_dsl.training.many_files import TableUsed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.comparison.hybrid import HybridFit
    from hqnn_dsl.science.sweeping.files import SweepTrial
    from hqnn_dsl.science.sweeping.presence import Worker
    from hqnn_dsl.science.sweeping.study import Study
    from hqnn_dsl.science.sweeping.trial import Trials
    from hqnn_dsl.semantics.spec import Choice
    from hqnn_dsl.training.run import Setup

MOST_FOR_IMPORTANCE = 500
"""Of so many trials the importance of settings is still worked out in a few seconds."""


def begun(program: Program, table: Table, own: Setup, recorded: Choice | None, asked: int) -> SweepFile:
    """Returns the record of a sweep before its first trial."""
    preparation, grid = own.prepared.preparation, Grid(program.checked.sweep)
    reach = program.checked.reach
    folders = [str(folder) for folder in reach.folders] if reach is not None else ["."]
    seed = stream(program.spec.train.seed, "sweep")
    is_grid = grid.size is not None and grid.size <= asked
    return SweepFile(
        model=program.spec.name,
        task=preparation.task,
        spec=text_of(without_sweep(program.checked.tree)),
        folder=folders[0],
        allow_path=folders[1:],
        axes=grid.records(),
        table=TableUsed(name=table.name, rows=table.num_rows, sha256=preparation.fingerprint),
        table_path=table.path,
        target=list(preparation.target.names),
        split=[len(rows) for _, rows in preparation.parts.items()],
        seed=seed,
        sampler=sampler_record(seed),
        asked=asked,
        is_grid=is_grid,
        wanted=grid.size if is_grid and grid.size is not None else asked,
        backend=None if recorded is None else {"name": recorded.name, "options": dict(recorded.options)},
        select=selection(preparation.task, len(preparation.target.names)),
        state="unfinished",
        done=0,
        refused=0,
        environment=environment(),
    )


def best_of(trials: Sequence[SweepTrial]) -> SweepTrial | None:
    """Returns the trial of the smallest value, of equal ones the first; None if none is done."""
    done = [one for one in trials if one.value is not None]
    return min(done, key=lambda one: (one.value, one.number), default=None)


class Record:
    """The record of a sweep that this process works on; every process writes it whole, from the journal."""

    def __init__(self, path: Path, study: Study, worker: Worker, trials: Trials, started: float) -> None:
        self.path, self.study, self.worker, self.trials = path, study, worker, trials
        self.now = read_sweep(path)
        self._wall, self._started = self.now.wall_seconds, started
        self._kept: tuple[int, HybridFit] | None = None
        self._best: int | None = None

    def keep(self, number: int, fit: HybridFit) -> None:
        """Keep the trained network of a trial in memory if it is the best so far; its test rows are not looked at."""
        best = best_of(self.study.trials())
        if best is not None and best.number == number:
            self._kept = number, fit

    def write(self) -> SweepFile:
        """Write what the journal says now. Returns it."""
        with self.worker.alone():
            return self._written({})

    def finish(self) -> int:
        """If all trials are done: score the test rows for the best one, and weigh the settings.

        Whoever ends last does so, once. Returns the signal that ended it, 0 if none did.
        """
        with self.worker.alone():
            found = self._written({})
            best = found.best
            if best is None or any(one.state == "running" for one in found.trials) or found.state == "complete":
                return 0
            if self.study.has_next(found.wanted):
                return 0
            tested = list(found.tested)
            if found.split[2] and not any(one.number == best for one in tested):
                trial = next(one for one in found.trials if one.number == best)
                many = fit_many([lambda: self._test_scores(trial)], 1)
                if many.ended_by or many.outcomes[0] is None:
                    return many.ended_by
                outcome = many.outcomes[0]
                if isinstance(outcome.error, Interrupted):
                    return many.ended_by
                if outcome.error is not None:
                    raise outcome.error
                tested.append(Tested(number=best, scores=outcome.result or {}))
            self._written({"tested": tested, "importance": self._importance(found), "state": "complete"})
            return 0

    def _written(self, changes: dict[str, object]) -> SweepFile:
        on_disk = read_sweep(self.path)
        trials = self.study.trials()
        best = best_of(trials)
        done = sum(one.state == "done" for one in trials)
        refused = sum(one.state == "refused" for one in trials)
        fields: dict[str, object] = {
            "trials": list(trials),
            "done": done,
            "refused": refused,
            "best": None if best is None else best.number,
            "wall_seconds": max(on_disk.wall_seconds, self._wall + time.perf_counter() - self._started),
            "state": on_disk.state if (done, refused) == (on_disk.done, on_disk.refused) else "unfinished",
        }
        if self.study.has_next(on_disk.wanted):
            fields["state"] = "unfinished"
        self.now = on_disk.model_copy(update={**fields, **changes})
        if best is not None and best.number != self._best:
            write_text(self.path / BEST, self.trials.program_of(best.setting).resolved)
            self._best = best.number
        write_document(self.path / SWEEP, self.now)
        return self.now

    def _test_scores(self, trial: SweepTrial) -> dict[str, float | None]:
        """The scores of the test rows; the network is trained again if another process or an earlier one has it."""
        kept = self._kept
        fit = kept[1] if kept is not None and kept[0] == trial.number else self.trials.fit(trial.setting)
        return dict(fit.score("test") or {})

    def _importance(self, found: SweepFile) -> dict[str, float] | None:
        """The importance of each setting by fANOVA, always the same for the same trials; None for too few trials."""
        import optuna

        done = [one for one in found.trials if one.value is not None]
        names = [axis.path for axis in found.axes]
        if not 2 < len(done) <= MOST_FOR_IMPORTANCE or len({one.value for one in done}) == 1:
            return None
        allow_import()  # scikit-learn, whose forest it is, looks for pyarrow
        distributions = self.study.grid.distributions()
        study = quiet_study()
        study.add_trials(
            optuna.trial.create_trial(
                value=one.value, params=self.study.grid.parameters(one.setting), distributions=distributions
            )
            for one in done
        )
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=found.seed)
        with warnings_ignored():
            weighed = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(weighed[name]) for name in names if name in weighed}
