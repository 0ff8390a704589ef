"""One contestant in a process of its own, asked line by line as `benchmarks.worker` is.

    python -m benchmarks.training.worker NAME THREADS

| question | answer |
|---|---|
| `["hello"]` | `versions` of the contestant's packages |
| `["prepare", network]` | `first`: seconds to build it and train the first epoch; `losses`: those of its steps |
| `["epochs", n]` | `seconds` of each of n epochs |
| `["shares", n]` | ours alone: `seconds` of a step's parts, the least of n turns |
| `["truth", network]` | ours alone: `losses` of the first epoch in double precision by the backend `reference` |
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.training import BY_NAME
from benchmarks.training.networks import order_of
from benchmarks.worker import serve, versions_of
from benchmarks.workloads import workload_of

if TYPE_CHECKING:
    from benchmarks.peers import Peer
    from benchmarks.training.trainer import Trainer
    from benchmarks.workloads import Workload


class TrainingWorker:
    """Answers questions about one contestant."""

    def __init__(self, contestant: Peer, threads: int) -> None:
        self.contestant = contestant
        self.module = importlib.import_module(f"benchmarks.training.{contestant.module}")
        self.module.use(threads)
        self.trainer: Trainer | None = None
        self.network: Workload | None = None
        self.epoch = 0

    @property
    def ready(self) -> Trainer:
        """What `prepare` has made."""
        assert self.trainer is not None
        return self.trainer

    def hello(self) -> dict[str, Any]:
        return {"versions": versions_of(self.contestant)}

    def prepare(self, name: str) -> dict[str, Any]:
        self.trainer = None
        start = time.perf_counter()
        self.network, self.epoch = workload_of(name), 1
        self.trainer = self.module.PREPARE[self.contestant.name](self.network)
        losses = self.ready.epoch(order_of(self.network, 0))
        return {"first": time.perf_counter() - start, "losses": losses.tolist()}

    def truth(self, name: str) -> dict[str, Any]:
        network = workload_of(name)
        return {"losses": self.module.truth(network).epoch(order_of(network, 0)).tolist()}

    def epochs(self, repeats: int) -> dict[str, Any]:
        assert self.network is not None
        seconds = []
        for _ in range(repeats):
            order = order_of(self.network, self.epoch)
            self.epoch += 1
            start = time.perf_counter()
            self.ready.epoch(order)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def shares(self, turns: int) -> dict[str, Any]:
        return {"seconds": self.module.shares(self.ready, turns)}


if __name__ == "__main__":
    serve(lambda: TrainingWorker(BY_NAME[sys.argv[1]], int(sys.argv[2])))
