"""Trackers: onlookers that keep curves, scores and figures of trainings elsewhere, such as in TensorBoard or MLflow.

A tracker that fails does not end or change a training: that is warned of once, and at the end it is given everything
once more.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hqnn_dsl.diagnostics.codes.tracking import NoTracker, TrackerFailed
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.training.bar import said_if_long
from hqnn_dsl.training.files import REPORT
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.resuming import settings_of
from hqnn_dsl.training.run_files import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.data.parts import Parts
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.loop import Fitted, Training, Watch

State = Literal["finished", "interrupted", "failed"]
FILES = (METRICS, REPORT)
"""Files of a run that trackers get at its end, beside the pictures and the specs that they had at its beginning."""


@dataclass(frozen=True)
class Group:
    """Many trainings together: the name of their folder, and the folder."""

    name: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """A training before its first step, or before it goes on: `history` then has the epochs that are trained already.

    `folder` is that of its run, or of the many trainings of which it is number `number`; a tracker may keep files in
    it. `settings` are those of the resolved spec by their names (`train.epochs`), as text; `facts` are numbers and
    names that are known before the first step, such as its rows.
    """

    name: str
    folder: Path
    spec: str = field(repr=False)
    resolved: str = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    facts: Mapping[str, str | int]
    history: tuple[Epoch, ...] = ()
    group: Group | None = None
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class TrackedEnd:
    """A training that has ended. `metrics` are as in `metrics.json`, None if it failed.

    `files` has the `metrics.json` of its run, and its page if it has one, `figures` its pictures; they are empty if it
    has left no run.
    """

    state: State
    history: tuple[Epoch, ...]
    best_epoch: int | None
    metrics: Mapping[str, Any] | None
    files: tuple[Path, ...] = ()
    figures: tuple[Path, ...] = ()


class Follower(Protocol):
    """A tracker's part for one training."""

    def epoch(self, epoch: Epoch) -> object:
        """Called after every epoch."""

    def end(self, end: TrackedEnd) -> object:
        """Called once, when the training has ended, well or not."""


class Tracker(Protocol):
    """An onlooker of trainings, each of which it follows with an object of its own.

    It may also have `prepare(root)`, called before any work with the folder that the run's folder is in, and
    `end_group(group, state, record)`, called when many trainings have ended, with their record as in `cv.json`.
    """

    def begin(self, training: Tracked) -> Follower:
        """Called before the first step, with the epochs that are trained already; again if it has failed before."""


# ------------------------------------------------------------------------------------------------- what trackers get


def numbers_of(epoch: Epoch) -> dict[str, float]:
    """Returns the numbers of an epoch by their names in `history.csv`, without those that are None."""
    found = {item.name: getattr(epoch, item.name) for item in fields(Epoch) if item.name not in {"number", "is_best"}}
    return {name: float(value) for name, value in found.items() if value is not None}


def scores_of(metrics: Mapping[str, Any], before: tuple[str, ...] = ()) -> dict[tuple[str, ...], float]:
    """Returns all scores of `metrics.json` by their paths in it, but null ones and confusion matrices."""
    found: dict[tuple[str, ...], float] = {}
    for name, value in metrics.items():
        if isinstance(value, dict):
            found |= scores_of(value, (*before, name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[(*before, name)] = float(value)
    return found


def tracked(program: Program, training: Training, folder: Path, parts: Parts, name: str) -> Tracked:
    """Returns a training of a program as trackers see it."""
    classical, quantum = (sum(weight.numel() for weight in group) for group in training.weight_groups)
    facts: dict[str, str | int] = {f"rows.{part}": len(rows) for part, rows in parts.items()}
    facts |= {"weights.classical": classical, "weights.quantum": quantum, "steps": training.choice.ran}
    resolved = program.resolved
    return Tracked(
        name=name,
        folder=folder,
        spec=program.source.text,
        resolved=resolved,
        settings=settings_of(resolved),
        facts=facts,
        history=tuple(training.history),
    )


def ended(fitted: Fitted, metrics: Mapping[str, Any] | None, run: Path | None) -> TrackedEnd:
    """Returns a training that has ended as trackers see it; `run` is its folder, None if it has left none."""
    figures = () if run is None else tuple(sorted((run / "plots").glob("*.png")))
    files = () if run is None else tuple(path for name in FILES if (path := run / name).is_file())
    state: State = "interrupted" if fitted.interrupted else "finished"
    return TrackedEnd(
        state=state,
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        metrics=metrics,
        files=files,
        figures=figures,
    )


# ---------------------------------------------------------------------------------------------------- without harm


@dataclass(frozen=True)
class OneOfGroup:
    """A tracker that is told that each training is one of many."""

    tracker: Tracker
    group: Group
    number: int

    def begin(self, training: Tracked) -> Follower:
        """See `Tracker.begin`."""
        name = f"{self.group.name}/{self.number:04d}"
        return self.tracker.begin(
            replace(training, name=name, folder=self.group.folder, group=self.group, number=self.number)
        )


def _name_of(tracker: Tracker) -> str:
    return type(tracker.tracker if isinstance(tracker, OneOfGroup) else tracker).__name__


class _Guarded:
    """A tracker's part for one training whose failures do no harm."""

    def __init__(self, tracker: Tracker, training: Tracked) -> None:
        self._tracker, self._training = tracker, training
        self._follower: Follower | None = None
        self._is_warned = False
        self._try(lambda: self._begin(training))

    def _begin(self, training: Tracked) -> None:
        self._follower = None
        self._follower = self._tracker.begin(training)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever a tracker raises, the training goes on
            self._follower = None
            if self._is_warned:
                return
            self._is_warned = True
            notice(TrackerFailed(tracker=_name_of(self._tracker), reason=_said(error)))

    def epoch(self, epoch: Epoch) -> None:
        """Tell it of an epoch, unless it has failed."""
        if (follower := self._follower) is not None:
            self._try(lambda: follower.epoch(epoch))

    def end(self, end: TrackedEnd) -> None:
        """Tell it of the end; if it has failed, it begins once more, with all epochs."""

        def finish() -> None:
            if self._follower is None:
                self._begin(replace(self._training, history=end.history))
            assert self._follower is not None
            self._follower.end(end)

        self._try(finish)


def _said(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}{f': {lines[0]}' if lines else ''}"[:300]


@dataclass(eq=False)
class Following:
    """The trackers of one training under way."""

    watch: Watch
    """The onlookers, trackers among them."""
    end: TrackedEnd | None = None
    """How the training has ended; None until that is said."""


@contextmanager
def followed(watch: Watch, training: Training, about: Callable[[], Tracked]) -> Iterator[Following]:
    """The watch with its trackers told of every epoch; at the end of the block they are told the end that it has said.

    `about` gives the training as trackers see it, and is not called without trackers. If the block raises, the training
    has failed.
    """
    if not watch.trackers:
        yield Following(watch)
        return
    found = about()
    parts = [_Guarded(tracker, found) for tracker in watch.trackers]
    told = watch.on_epoch

    def on_epoch(epoch: Epoch) -> None:
        for part in parts:
            part.epoch(epoch)
        if told is not None:
            told(epoch)

    following = Following(replace(watch, on_epoch=on_epoch))
    try:
        yield following
    except Exception:  # not a second Ctrl-C, which ends at once
        following.end = TrackedEnd(state="failed", history=tuple(training.history), best_epoch=None, metrics=None)
        raise
    finally:
        if (end := following.end) is not None:
            for part in parts:
                part.end(end)


def prepare_trackers(trackers: Sequence[Tracker], root: Path, progress: Progress) -> None:
    """Let trackers look at what they need before any work. Raises `Refusal`: E0662 for what is none, E0660, E0661."""
    for tracker in trackers:
        if isinstance(tracker, type) or not callable(getattr(tracker, "begin", None)):
            raise Refusal(NoTracker(given=repr(tracker)[:80]))
        if (look := getattr(tracker, "prepare", None)) is not None:
            with said_if_long(f"preparing the tracker {_name_of(tracker)} …", progress):
                look(root)


def end_group(trackers: Sequence[Tracker], group: Group, state: State, record: Mapping[str, Any]) -> None:
    """Tell trackers that many trainings have ended; a failure is warned of."""
    for tracker in trackers:
        if (tell := getattr(tracker, "end_group", None)) is not None:
            try:
                tell(group, state, record)
            except Exception as error:  # noqa: BLE001 - as for one training
                notice(TrackerFailed(tracker=_name_of(tracker), reason=_said(error)))
