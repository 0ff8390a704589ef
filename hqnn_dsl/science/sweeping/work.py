"""Trials under way: the workers of one process, each of which claims a trial, trains it, and writes it down."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.comparison.hybrid import Interrupted
from hqnn_dsl.science.sweeping.files import SweepTrial
from hqnn_dsl.training.fit_many import fit_many
from hqnn_dsl.training.interruption import interruptible
from hqnn_dsl.training.many_bar import ManyBar

if TYPE_CHECKING:
    from hqnn_dsl.science.sweeping.record import Record
    from hqnn_dsl.science.sweeping.study import Claim
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.fit_many import Outcome
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.outlook import Outlook

ENDS_ALL = 3
"""The exit code of a refusal that every trial would meet: the environment, or the disk."""

TOO_LARGE = "E0711"
"""The refusal for memory, of a setting and not of the environment."""


@dataclass(eq=False)
class Work:
    """The trials that this process carries out, in so many threads."""

    record: Record
    workers: int
    progress: Progress
    _places: _Places = field(init=False)

    def run(self) -> int:
        """Claim and train until no trial is left. Returns the signal that ended it, 0 if none did."""
        now = self.record.now
        with ManyBar([1.0] * now.wanted, progress=self.progress, workers=self.workers) as bar:
            self._places = _Places(bar, now.wanted)
            self._places.others(now.done)

            def end(_index: int, outcome: Outcome[None]) -> None:
                if outcome.error is not None:
                    raise outcome.error

            return fit_many([self._loop] * self.workers, self.workers, end).ended_by

    def _loop(self) -> None:
        """One worker."""
        study = self.record.study
        with interruptible() as asked:
            while not asked():
                claim = study.claim(self.record.now.wanted)
                if claim is None:
                    return
                self._carry_out(claim)

    def _carry_out(self, claim: Claim) -> None:
        """Train a trial, and write down how it has ended; one that was interrupted is lost, and is claimed again."""
        study, trials = self.record.study, self.record.trials
        place = _Place(self._places)
        found = SweepTrial(number=claim.number, setting=claim.setting, state="lost", worker=study.worker.name)
        fit = None
        begun = time.perf_counter()
        try:
            fit = trials.fit(claim.setting, place.begin, place.note)
            value = trials.value(fit)
            scores = {part: dict(of) for part in ("train", "validation") if (of := fit.score(part)) is not None}
            facts = {
                "scores": scores,
                "weights": fit.weights,
                "epochs": fit.epochs,
                "best_epoch": fit.best_epoch,
                "seconds": time.perf_counter() - begun,
            }
            if value is None:
                found = found.model_copy(update={"state": "refused", "reason": "its score is not finite", **facts})
            else:
                found = found.model_copy(update={"state": "done", "value": value, **facts})
        except Refusal as refusal:
            first = next(item for item in refusal.diagnostics if item.is_error)
            if first.exit_code == ENDS_ALL and first.code != TOO_LARGE:
                raise
            reason = {"state": "refused", "code": first.code, "reason": first.headline}
            found = found.model_copy(update={**reason, "seconds": time.perf_counter() - begun})
        except Interrupted:
            pass
        finally:
            study.end(claim, found)
        if fit is not None and found.state == "done":
            self.record.keep(claim.number, fit)
        place.end(is_done=found.state == "done")
        self._places.others(self.record.write().done)


class _Places:
    """The places of the bar: one for each trial that is wanted, also those of other processes."""

    def __init__(self, bar: ManyBar, wanted: int) -> None:
        self.bar = bar
        self._free = list(range(1, wanted + 1))
        self._lock = threading.Lock()
        self._wanted, self._under_way = wanted, 0
        self.ended = 0

    def take(self) -> int | None:
        """Returns a place that no trial has, None if there is none left."""
        with self._lock:
            if not self._free:
                return None
            self._under_way += 1
            return self._free.pop(0)

    def give_back(self, *, is_done: bool) -> None:
        """A trial of this process has left its place."""
        with self._lock:
            self._under_way -= 1
            self.ended += is_done

    def others(self, done: int) -> None:
        """So many trials are done, by whichever process: leave out the places of those that were not done here."""
        with self._lock:
            gone = self._wanted - len(self._free) - self._under_way
            for _ in range(min(done - gone, len(self._free))):
                self.bar.skip(self._free.pop())


class _Place:
    """A trial in the bar; it has a place from its first step, so that one that is refused before has none."""

    def __init__(self, places: _Places) -> None:
        self._places = places
        self._number: int | None = None

    def begin(self, outlook: Outlook) -> None:
        """The first step is near."""
        self._number = self._places.take()
        if self._number is not None:
            self._places.bar.begin(self._number)
            self._places.bar.tell(self._number, outlook)

    def note(self, epoch: Epoch) -> None:
        """An epoch is done."""
        if self._number is not None:
            self._places.bar.note(self._number, epoch)

    def end(self, *, is_done: bool) -> None:
        """The trial has ended."""
        if self._number is not None:
            self._places.bar.end(self._number)
            self._places.give_back(is_done=is_done)
