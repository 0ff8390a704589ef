"""What was asked of the native engine before it was built, and how that compares with what was measured.

A target is a ratio of medians: how many times less a step of `native` in float32 takes than one of the fastest peer, or
of a named one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.workloads import SIZES

OTHERS = tuple(peer.name for peer in PEERS if not peer.ours)
FASTEST = "the fastest peer"

RATIOS = {
    (4, 64): (10, 10),
    (8, 64): (20, 15),
    (8, 256): (20, 15),
    (12, 64): (12, 12),
    (16, 16): (8, 8),
    (20, 2): (5, 5),
}
"""Times faster than the fastest of all peers, for the families `ra` and `zz`."""
NAMED = (("pennylane", (8, 64), 200), ("qnn", (4, 64), 100_000))
"""Times faster than one peer, on both families."""
PEAK_SHARE = 0.30
PEAK_SIZE = (8, 256)
EPOCH_RATIO = 15
EARLIER = {
    (4, 64): ("1.5 ms", "2.4 ms"),
    (8, 64): ("6.4 ms", "12 ms"),
    (8, 256): ("18 ms", "37 ms"),
    (12, 64): ("86 ms", "143 ms"),
    (16, 16): ("346 ms", "1,250 ms"),
    (20, 2): ("906 ms", "2,370 ms"),
}
"""The fastest peer as it was measured when the targets were set."""


@dataclass(frozen=True)
class Verdict:
    """A target beside what was measured; `measured` is None where there is no figure."""

    what: str
    asked: float
    measured: float | None
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.measured is not None and self.measured >= self.asked


def median(results: dict[str, Any], workload: str, peer: str) -> float | None:
    """Seconds of a step, where they were measured."""
    row = results["workloads"].get(workload, {}).get("peers", {}).get(peer)
    found: float | None = row["median"] if row and not row["reason"] else None
    return found


def fastest(results: dict[str, Any], workload: str) -> str | None:
    """The peer with the least median."""
    timed = {name: median(results, workload, name) for name in OTHERS}
    known = {name: seconds for name, seconds in timed.items() if seconds is not None}
    return min(known, key=lambda name: known[name]) if known else None


def ratio(results: dict[str, Any], workload: str, peer: str | None, ours: str = "native") -> float | None:
    """How many times longer a step of the peer takes than ours."""
    own = median(results, workload, ours)
    other = median(results, workload, peer) if peer else None
    return other / own if own and other else None


def peak_share(results: dict[str, Any], workload: str, peer: str = "native") -> float | None:
    """Multiply-adds a second of a whole step, as a part of what the machine can do on both cores."""
    row = results["workloads"].get(workload, {}).get("peers", {}).get(peer)
    if not row or not row["kernels"] or not row["median"] or not results.get("peak"):
        return None
    share: float = row["kernels"]["multiply_adds"] / row["median"] / results["peak"]["two"]
    return share


def epoch_ratio(results: dict[str, Any]) -> float | None:
    """How many times longer PennyLane's epoch takes."""
    found = results.get("epoch")
    return found["pennylane"] / found["ours"] if found else None


def verdicts(results: dict[str, Any]) -> list[Verdict]:
    """Every target with its measurement."""
    found = []
    for size in SIZES:
        for family, asked in zip(("ra", "zz"), RATIOS[size], strict=True):
            name = f"{family}:{size[0]}x{size[1]}"
            found.append(Verdict(f"{name} beside {FASTEST}", asked, ratio(results, name, fastest(results, name))))
    for peer, size, times in NAMED:
        for family in ("ra", "zz"):
            name = f"{family}:{size[0]}x{size[1]}"
            found.append(Verdict(f"{name} beside {peer}", times, ratio(results, name, peer)))
    for family in ("ra", "zz"):
        name = f"{family}:{PEAK_SIZE[0]}x{PEAK_SIZE[1]}"
        share = peak_share(results, name)
        percent = None if share is None else 100 * share
        found.append(Verdict(f"{name} share of the multiply-add peak", 100 * PEAK_SHARE, percent, "%"))
    found.append(Verdict("an epoch of diabetes beside PennyLane", EPOCH_RATIO, epoch_ratio(results)))
    return found
