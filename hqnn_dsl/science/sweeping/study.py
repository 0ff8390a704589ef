"""The study of a sweep: Optuna's journal on disk, from which threads and processes claim trials, each once.

A trial is claimed under a lock, from what the journal says then, so the number of trials is exact however many
processes share the folder. A trial whose process has ended without a result is lost: its setting is claimed again, and
no other is. With one worker trial `n` is proposed from the trials before it and a seed of its own, so a sweep that
goes on after a break proposes what it would have proposed without the break.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.documents import Wrong, validated
from hqnn_dsl.science.sweeping.files import JOURNAL, SweepTrial
from hqnn_dsl.science.sweeping.grid import key
from hqnn_dsl.science.tuning.tune import quiet_study, sampler_of
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.files import writable
from hqnn_dsl.training.run_files import damaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial

    from hqnn_dsl.science.sweeping.grid import Grid, Setting
    from hqnn_dsl.science.sweeping.presence import Worker

NAME = "sweep"
COUNTABLE = 100_000
"""Of more combinations a proposal is hardly one that was tried, and is taken as it is."""


@dataclass(frozen=True)
class Claim:
    """A trial that this process is to carry out: its number in the journal, and its setting."""

    number: int
    setting: Setting


class Study:
    """The trials of a sweep in its folder. Raises `Refusal`: E0531 where it cannot be written, E0533 if damaged."""

    def __init__(self, folder: Path, grid: Grid, seed: int, worker: Worker) -> None:
        self.folder, self.grid, self.seed, self.worker = folder, grid, seed, worker
        with worker.alone():
            self._study = _opened(folder)

    def trials(self) -> tuple[SweepTrial, ...]:
        """Returns all trials, in the order in which they were claimed."""
        return tuple(self._record(one) for one in self._frozen())

    def claim(self, wanted: int) -> Claim | None:
        """Claim the next trial of so many; None if there is none left to begin."""
        with self.worker.alone():
            self._give_up_lost()
            trials = self.trials()
            setting = self._next([one for one in trials if one.state != "lost"], trials, wanted)
            if setting is None:
                return None
            if not any(one.state.name == "WAITING" for one in self._frozen()):  # of a process that ended in between
                self._study.enqueue_trial(self.grid.parameters(setting))
            trial = self._study.ask(self.grid.distributions())
            trial.set_user_attr("worker", self.worker.name)
            return Claim(trial.number, self.grid.setting(trial.params))

    def has_next(self, wanted: int) -> bool:
        """Whether a trial is left that nobody has claimed."""
        return self._is_left([one for one in self.trials() if one.state != "lost"], wanted)

    def end(self, claim: Claim, found: SweepTrial) -> None:
        """Write down how a trial has ended: done or refused, or lost if it was interrupted."""
        import optuna

        with self.worker.alone():
            if found.state == "lost":
                self._study.tell(claim.number, state=optuna.trial.TrialState.FAIL)
                return
            (frozen,) = (one for one in self._frozen() if one.number == claim.number)
            optuna.trial.Trial(self._study, frozen._trial_id).set_user_attr("record", found.model_dump())  # noqa: SLF001
            self._tell(claim.number, found)

    def _tell(self, number: int, found: SweepTrial) -> None:
        import optuna

        if found.value is None:
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(number, found.value)

    def _frozen(self) -> list[FrozenTrial]:
        found: list[FrozenTrial] = self._study.get_trials(deepcopy=False)
        return found

    def _record(self, one: FrozenTrial) -> SweepTrial:
        found = one.user_attrs.get("record")
        if found is not None:
            try:
                return validated(SweepTrial, found)
            except Wrong as wrong:
                raise damaged(self.folder, JOURNAL, str(wrong)) from None
        state = "running" if one.state.name in {"RUNNING", "WAITING"} else "lost"
        known = one.params or one.system_attrs.get("fixed_params", {})
        worker = str(one.user_attrs.get("worker", ""))
        return SweepTrial.model_validate(
            {"number": one.number, "setting": self.grid.setting(known), "state": state, "worker": worker}
        )

    def _give_up_lost(self) -> None:
        """End the running trials whose processes have ended: by their result if they have written it, else as lost."""
        import optuna

        for one in self._frozen():
            if one.state.name != "RUNNING" or self.worker.is_at_work(str(one.user_attrs.get("worker", ""))):
                continue
            with suppress(optuna.exceptions.UpdateFinishedTrialError):
                if "record" in one.user_attrs:
                    self._tell(one.number, self._record(one))
                else:
                    self._study.tell(one.number, state=optuna.trial.TrialState.FAIL)

    def _next(self, live: Sequence[SweepTrial], trials: Sequence[SweepTrial], wanted: int) -> Setting | None:
        """The setting of the next trial, None if there are enough: lost ones first, then what was not tried yet."""
        if not self._is_left(live, wanted):
            return None
        taken = {key(one.setting) for one in live}
        if self.grid.size is not None and self.grid.size <= wanted:
            return next(one for one in self.grid.settings() if key(one) not in taken)
        for one in trials:
            if one.state == "lost" and key(one.setting) not in taken:
                return dict(one.setting)
        return self._proposed(live, taken)

    def _is_left(self, live: Sequence[SweepTrial], wanted: int) -> bool:
        """Whether there are fewer trials than are wanted; at most as many are refused beside them."""
        if len({key(one.setting) for one in live}) == self.grid.size:
            return False
        refused = sum(one.state == "refused" for one in live)
        is_grid = self.grid.size is not None and self.grid.size <= wanted
        return is_grid or (len(live) - refused < wanted and refused < wanted)

    def _proposed(self, live: Sequence[SweepTrial], taken: set[Any]) -> Setting:
        """What the sampler proposes; if that was tried, one of the combinations that were not, by chance."""
        proposed = self.grid.setting(self._asked(live))
        if key(proposed) not in taken or self.grid.size is None or self.grid.size > COUNTABLE:
            return proposed
        rest = [one for one in self.grid.settings() if key(one) not in taken]
        return random.Random(stream(self.seed, f"trial/{len(live)}/else")).choice(rest)  # noqa: S311 - no secret

    def _asked(self, live: Sequence[SweepTrial]) -> dict[str, Any]:
        import optuna

        states, distributions = optuna.trial.TrialState, self.grid.distributions()
        memory = quiet_study(sampler=sampler_of(self.seed, len(live)))
        memory.add_trials(
            optuna.trial.create_trial(
                state=states.FAIL if one.value is None else states.COMPLETE,
                value=one.value,
                params=self.grid.parameters(one.setting),
                distributions=distributions,
            )
            for one in live
            if one.state in {"done", "refused"}
        )
        return dict(memory.ask(distributions).params)


def _opened(folder: Path) -> Any:
    """The study in a folder's journal, made if there is none; to be called by who is alone with it."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    path = folder / JOURNAL
    with writable(path):
        _mend(path)
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(path), _alone()))
        try:
            return quiet_study(
                study_name=NAME, storage=storage, load_if_exists=True, sampler=optuna.samplers.RandomSampler(seed=0)
            )
        except (ValueError, KeyError) as error:
            raise damaged(folder, JOURNAL, f"it is no journal of Optuna ({type(error).__name__})") from None


def _alone() -> Any:
    """A lock for the journal that locks nothing: all writes are made in `Worker.alone`.

    Optuna's own locks are files, which a process that is killed leaves behind, so that others wait for nobody.
    """
    from optuna.storages.journal._file import BaseJournalFileLock

    class Alone(BaseJournalFileLock):
        def acquire(self) -> bool:
            return True

        def release(self) -> None:
            return None

    return Alone()


def _mend(path: Path) -> None:
    """Take away the last line of a journal if a process was killed while it wrote it."""
    if not path.exists():
        return
    with path.open("rb+") as stream:
        data = stream.read()
        if not data.endswith(b"\n"):
            stream.truncate(data.rfind(b"\n") + 1)
