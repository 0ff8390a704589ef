"""One step on Qiskit Aer, all samples and shifts in one run, beside EstimatorQNN on the same Aer.

    python -m benchmarks.aer [WORKLOAD] [--rounds N]

Both are this project's `backend aer`, with gradients of inputs and weights; they take turns in one process, after their
numbers were compared. A step of EstimatorQNN takes the better part of a minute.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers.ours import layer_step
from benchmarks.workloads import numbers_of, workload_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared

METHODS = ("batched", "estimator_qnn")
STEPS = {"batched": 5, "estimator_qnn": 1}
"""Steps of each method in a round."""
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Times:
    """Of each step: seconds by the clock, and seconds of processor time, which other work hardly changes."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def take(self, prepared: Prepared) -> None:
        """Time one step."""
        wall, processor = time.perf_counter(), time.process_time()
        prepared.step()
        self.wall.append(time.perf_counter() - wall)
        self.processor.append(time.process_time() - processor)


def compare(name: str, rounds: int) -> dict[str, Times]:
    """Both methods on a workload, in turns. Raises `SystemExit` where their numbers differ."""
    workload = workload_of(name)
    numbers = numbers_of(workload)
    steps = {method: layer_step(workload, numbers, f"aer(method: {method})", "double") for method in METHODS}
    times = {method: Times() for method in METHODS}
    steps["batched"].step()
    for _ in range(rounds):
        for method in METHODS:
            for _ in range(STEPS[method]):
                times[method].take(steps[method])
    for ours, theirs in zip(*(steps[method].results() for method in METHODS), strict=True):
        if not np.abs(ours - theirs).max() <= TOLERANCE:
            raise SystemExit(f"the two differ by {np.abs(ours - theirs).max():.1e}")
    return times


def main() -> None:
    """Print the times of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("workload", nargs="?", default="ra:4x64")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    times = compare(given.workload, given.rounds)
    print(f"{given.workload}, one step, gradients of inputs and weights, double precision")
    for method, found in times.items():
        print(f"{method:14} {min(found.wall):8.3f} s by the clock, {min(found.processor):8.3f} s of processor time")
    ours, theirs = (times[method] for method in METHODS)
    ratios = min(theirs.wall) / min(ours.wall), min(theirs.processor) / min(ours.processor)
    print(f"ratio          {ratios[0]:8.0f} × by the clock, {ratios[1]:8.0f} × of processor time")


if __name__ == "__main__":
    main()
