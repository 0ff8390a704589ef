"""Measures the training of one network: equal losses first, then epochs in turns, so that all meet the same machine.

Everyone is run with each number of threads, in a process each, and the number with the lower median counts. Turns are
short and many: where other programs want the cores too, some turns of everyone are left alone.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from benchmarks.measure import Effort, say
from benchmarks.processes import PeerFailed, Process
from benchmarks.training import BY_NAME, CONTESTANTS, THREADS
from benchmarks.training.networks import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from benchmarks.peers import Peer
    from benchmarks.workloads import Workload

CHECKED = 16
"""The first steps of an epoch whose losses are compared: AdamW doubles a difference of rounding every few steps."""
APART = 1e-3
"""Largest difference of a loss from the right one, as a part of it."""
FIRST_LIMIT = 300.0
"""Seconds that building a network and its first epoch may take, with all that is compiled then."""
TURN_LIMIT = 60.0
PAUSE = 0.01
"""Seconds between turns: threads that wait for work spin a little after a step."""
SHARE_TURNS = 40


TURNS = Effort(rounds=25, turn=0.08, longest=6.0)
"""How long whole steps are measured."""


@dataclass
class Run:
    """A contestant with a number of threads on one network; `reason` says why it has no `seconds`, one an epoch."""

    contestant: Peer
    threads: int
    reason: str = ""
    first: float | None = None
    apart: float | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds of a step."""
        return statistics.median(self.seconds) / STEPS


class Trainers:
    """The running processes, started when first needed, and again after one had to be ended."""

    def __init__(self, log: IO[bytes]) -> None:
        self._log = log
        self._running: dict[tuple[str, int], Process] = {}
        self.versions: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.end()

    def of(self, contestant: Peer, threads: int) -> Process:
        """The process of a contestant with that many threads."""
        key = contestant.name, threads
        if key not in self._running:
            process = Process(contestant, self._log, "benchmarks.training.worker", str(threads))
            self._running[key] = process
            self.versions[contestant.name] = process.ask("hello", seconds=120)["versions"]
        return self._running[key]

    def fail(self, run: Run, failure: PeerFailed) -> None:
        """Note why a run has ended, and end its process."""
        run.reason = str(failure)
        process = self._running.pop((run.contestant.name, run.threads), None)
        if process is not None:
            process.end()


def apart(losses: Sequence[float], right: Sequence[float]) -> float:
    """Largest difference of the first losses from the right ones, as a part; infinite if losses are missing."""
    if len(losses) != len(right):
        return float("inf")
    found, wanted = np.array(losses[:CHECKED]), np.array(right[:CHECKED])
    worst = np.abs(found / wanted - 1).max()
    return float(worst) if np.isfinite(worst) else float("inf")


def measure(network: Workload, names: Iterable[str], trainers: Trainers, pace: Effort) -> dict[str, Any]:
    """What every named contestant did with a network, as data, by name; and the parts of our compiled step."""
    chosen = set(names)
    right = trainers.of(BY_NAME["loop"], 1).ask("truth", network.name, seconds=FIRST_LIMIT)["losses"]
    runs = [Run(one, threads) for one in CONTESTANTS if one.name in chosen for threads in THREADS]
    for run in runs:
        _ready(run, network, right, trainers)
    _in_turns([run for run in runs if not run.reason], trainers, pace)
    found: dict[str, Any] = {"contestants": {}}
    for one in CONTESTANTS:
        if one.name in chosen:
            found["contestants"][one.name] = summary([run for run in runs if run.contestant is one])
    if found["contestants"].get("compiled", {}).get("median"):
        found["shares"] = _shares(trainers)
    return found


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """The better number of threads of a contestant, and what was found with each."""
    by_threads = {
        str(run.threads): {"median": run.median, "least": min(run.seconds) / STEPS, "epochs": len(run.seconds)}
        for run in runs
        if run.seconds and not run.reason
    }
    timed = [run for run in runs if str(run.threads) in by_threads]
    if not timed:
        return {"reason": runs[0].reason, "median": None}
    best = min(timed, key=lambda run: run.median)
    shown = {"threads": best.threads, "first": best.first, "apart": max(run.apart or 0.0 for run in timed)}
    return {"reason": "", **by_threads[str(best.threads)], **shown, "by_threads": by_threads}


def _ready(run: Run, network: Workload, right: Sequence[float], trainers: Trainers) -> None:
    """Build, train the first epoch, and compare; a run with wrong losses is not timed."""
    try:
        answer = trainers.of(run.contestant, run.threads).ask("prepare", network.name, seconds=FIRST_LIMIT)
        run.first, run.apart = answer["first"], apart(answer["losses"], right)
        if not run.apart <= APART:
            raise PeerFailed(f"wrong losses: {run.apart:.1e} apart, {APART:.0e} is allowed")
    except PeerFailed as failure:
        trainers.fail(run, failure)
    word = run.reason or f"first epoch {run.first:.2f} s, losses {run.apart:.1e} apart"
    say(f"  {network.name:10} {run.contestant.name:16} {run.threads} threads: {word}")


def _in_turns(runs: Sequence[Run], trainers: Trainers, pace: Effort) -> None:
    """Rounds in which each trains as many epochs as fit its turn; the first only finds how many these are."""
    epochs = {id(run): 1 for run in runs}
    for number in range(pace.rounds + 1):
        for run in runs:
            if run.reason or sum(run.seconds) > pace.longest:
                continue
            time.sleep(PAUSE)
            try:
                process = trainers.of(run.contestant, run.threads)
                seconds = process.ask("epochs", epochs[id(run)], seconds=TURN_LIMIT)["seconds"]
            except PeerFailed as failure:
                trainers.fail(run, failure)
                continue
            epochs[id(run)] = int(max(1, min(200, pace.turn / min(seconds))))
            if number:
                run.seconds += seconds


def _shares(trainers: Trainers) -> dict[str, float] | None:
    """Seconds of the parts of the compiled step on one thread, apart from what is compared."""
    try:
        found: dict[str, float] = trainers.of(BY_NAME["compiled"], 1).ask("shares", SHARE_TURNS, seconds=120)["seconds"]
    except PeerFailed as failure:
        say(f"  no parts of the compiled step: {failure}")
        return None
    return found
