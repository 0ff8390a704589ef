"""Measures one workload: equal results first, then steps in turns, so that every contestant meets the same machine."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from benchmarks.peers import ALL_PEERS, BY_NAME, Peer
from benchmarks.processes import PeerFailed, Process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from benchmarks.workloads import Workload

TOLERANCE = {"ours single": 2e-5, "ours double": 1e-10, "peer single": 1e-3}
"""Largest difference from the truth, as a part of the largest number of its kind, or of 1. A peer's single precision is
taken as it is: FlagQuantum's outputs are 4e-4 apart at 20 qubits, and to leave it out would flatter us."""
FIRST_LIMIT = 150.0
"""Seconds that building a circuit and its first step may take; once is `QNN_LIMIT`."""
QNN_LIMIT = 400.0
WIDE, WIDE_LIMIT = 20, 3600.0
"""With more qubits than that, the right answer may take so many seconds."""
PAUSE = 0.01
"""Seconds between turns: threads that wait for work spin a little after a step."""


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds of turns, seconds a turn, and seconds in all that one contestant may take."""

    rounds: int = 7
    turn: float = 0.12
    longest: float = 4.0


@dataclass
class Measured:
    """What one contestant did with one workload; `reason` says why there is no `median`."""

    peer: str
    reason: str = ""
    first: float | None = None
    memory: int | None = None
    differences: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    kernels: dict[str, Any] | None = None

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    def as_data(self) -> dict[str, Any]:
        data = asdict(self)
        data["steps"], data["median"] = len(self.seconds), self.median
        del data["seconds"]
        return data


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


class Stable:
    """The running workers, started when first needed and again after one had to be ended."""

    def __init__(self, log: IO[bytes]) -> None:
        self._log = log
        self._running: dict[str, Process] = {}
        self.versions: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.drop(name)

    def of(self, peer: Peer) -> Process:
        """The worker of a peer, started where there is none."""
        if peer.name not in self._running:
            process = Process(peer, self._log)
            self._running[peer.name] = process
            self.versions[peer.name] = process.ask("hello", seconds=120)["versions"]
        return self._running[peer.name]

    def drop(self, name: str) -> None:
        """End a worker."""
        if name in self._running:
            self._running.pop(name).end()


def takes_part(peer: Peer, workload: Workload) -> bool:
    """Whether a peer is asked for a workload at all."""
    return workload.num_qubits <= peer.widest and (not peer.workloads or workload.name in peer.workloads)


def measure(workload: Workload, names: Iterable[str], stable: Stable, effort: Effort) -> dict[str, Measured]:
    """Every named contestant on a workload, by name."""
    chosen = set(names)
    peers = [peer for peer in ALL_PEERS if peer.name in chosen and takes_part(peer, workload)]
    right = truth(workload, stable)
    found = {peer.name: _ready(peer, workload, right, stable) for peer in peers}
    _in_turns([found[peer.name] for peer in peers], stable, effort)
    for name in ("native", "native64"):
        if name in found and found[name].seconds:
            _look_inside(found[name], stable)
    return found


def truth(workload: Workload, stable: Stable) -> dict[str, np.ndarray]:
    """Outputs and gradients of the reference backend in double precision."""
    start = time.monotonic()
    limit = 2 * FIRST_LIMIT if workload.num_qubits <= WIDE else WIDE_LIMIT
    values = stable.of(BY_NAME["reference"]).ask("truth", workload.name, seconds=limit)
    say(f"  {workload.name:10} {'truth':14} {time.monotonic() - start:.2f} s")
    return {key: np.array(values[key]) for key in ("outputs", "inputs", "weights")}


def differences(found: dict[str, Any], right: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest difference of each kind of number, as a part of the largest right one or of 1."""
    apart = {}
    for key, numbers in right.items():
        given = np.array(found[key])
        if given.shape != numbers.shape:
            raise PeerFailed(f"{key} have shape {given.shape}, right is {numbers.shape}")
        apart[key] = float(np.abs(given - numbers).max() / max(1.0, np.abs(numbers).max()))
    return apart


def _ready(peer: Peer, workload: Workload, right: dict[str, np.ndarray], stable: Stable) -> Measured:
    """Build, make the first step, and compare; a peer that answers wrongly is not timed."""
    measured = Measured(peer.name)
    try:
        process = stable.of(peer)
        limit = QNN_LIMIT if peer.once else FIRST_LIMIT
        answer = process.ask("prepare", workload.name, peer.precision, seconds=limit)
        measured.first, measured.memory = answer["first"], answer["memory"]
        values = process.ask("values", seconds=120)
        measured.differences = differences(values, right)
        allowed = TOLERANCE[f"{'ours' if peer.ours else 'peer'} {peer.precision}"]
        if not max(measured.differences.values()) <= allowed:
            worst = max(measured.differences, key=lambda key: measured.differences[key])
            raise PeerFailed(f"wrong {worst}: {measured.differences[worst]:.1e} apart, {allowed:.0e} is allowed")
        if peer.once:
            measured.seconds = [answer["first"]]
    except PeerFailed as failure:
        measured.reason = str(failure)
        stable.drop(peer.name)
    say(f"  {workload.name:10} {peer.name:14} {measured.reason or f'first call {measured.first:.2f} s'}")
    return measured


def _in_turns(contestants: list[Measured], stable: Stable, effort: Effort) -> None:
    """Rounds in which each makes as many steps as fit its turn, until each has had its time."""
    steps = {m.peer: 1 for m in contestants}
    for number in range(effort.rounds + 1):
        for measured in contestants:
            peer = BY_NAME[measured.peer]
            if measured.reason or peer.once or sum(measured.seconds) > effort.longest:
                continue
            time.sleep(PAUSE)
            try:
                seconds = stable.of(peer).ask("step", steps[peer.name], seconds=FIRST_LIMIT)["seconds"]
            except PeerFailed as failure:
                measured.reason = str(failure)
                stable.drop(peer.name)
                continue
            steps[peer.name] = int(max(1, min(200, effort.turn / min(seconds))))
            if number or min(seconds) > effort.turn:  # the first round of a fast one only finds how many fit
                measured.seconds += seconds


def _look_inside(measured: Measured, stable: Stable) -> None:
    """Steps with a clock around the kernels, apart from those that are compared."""
    assert measured.median is not None
    repeats = int(max(3, min(200, 0.3 / measured.median)))
    try:
        measured.kernels = stable.of(BY_NAME[measured.peer]).ask("kernels", repeats, seconds=120)
    except PeerFailed as failure:
        measured.kernels = None
        say(f"  {measured.peer}: no look inside the kernels: {failure}")
        return
    measured.kernels["repeats"] = repeats
