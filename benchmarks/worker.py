"""One peer in a process of its own, asked line by line: `prepare`, `step`, `values`.

    python -m benchmarks.worker NAME

A question is a JSON list on a line of standard input, an answer a JSON object on a line of standard output: what was
asked for, or `{"error": reason}`. Whatever a library prints goes to standard error instead. Between questions the
process sleeps, so that contestants take turns on the same cores.

| question | answer |
|---|---|
| `["hello"]` | `versions` of the peer's packages, `threads` |
| `["prepare", workload, precision]` | `first`: seconds to build it and make the first step; `memory`: its bytes |
| `["step", n]` | `seconds` of each of n steps |
| `["values"]` | of the last step `outputs`, `inputs`, `weights` |
| `["truth", workload]` | reference alone: `outputs`, `inputs`, `weights` in double precision |
| `["forget"]` | nothing: the workload's memory is given back |
| `["kernels", n]` | native alone: `seconds` of n steps, those `inside` kernels, `multiply_adds` of a step |
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import BY_NAME, Peer
from benchmarks.workloads import workload_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def status_bytes(key: str) -> int:
    """A size from the kernel's page about this process, `VmRSS` (now) or `VmHWM` (the most so far), in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(key)


def forget_peak() -> None:
    """Give freed memory back and let `VmHWM` start anew from what is used now."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def versions_of(peer: Peer) -> dict[str, str]:
    """The versions of a peer's packages that are installed here."""
    return {name: importlib.metadata.version(name) for name in peer.packages}


class Worker:
    """Answers questions about one peer."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.module = importlib.import_module(f"benchmarks.peers.{peer.module}")
        self.prepared: Prepared | None = None
        self.workload: Workload | None = None

    def hello(self) -> dict[str, Any]:
        return {"versions": versions_of(self.peer), "threads": len(os.sched_getaffinity(0))}

    def prepare(self, name: str, precision: str) -> dict[str, Any]:
        self.prepared = None
        forget_peak()
        before = status_bytes("VmRSS")
        start = time.perf_counter()
        self.workload = workload_of(name)
        self.prepared = self.module.prepare(self.workload, precision)
        self.prepared.step()
        first = time.perf_counter() - start
        return {"first": first, "memory": max(0, status_bytes("VmHWM") - before)}

    def truth(self, name: str) -> dict[str, Any]:
        found = dict(zip(("outputs", "inputs", "weights"), self.module.truth(workload_of(name)), strict=True))
        return {key: array.tolist() for key, array in found.items()} | self.forget()

    def forget(self) -> dict[str, Any]:
        self.prepared = None
        forget_peak()
        return {}

    def step(self, repeats: int) -> dict[str, Any]:
        assert self.prepared is not None
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            self.prepared.step()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def values(self) -> dict[str, Any]:
        assert self.prepared is not None
        outputs, inputs, weights = self.prepared.results()
        return {
            "outputs": outputs.tolist(),
            "inputs": inputs.tolist(),
            "weights": weights.tolist(),
            "dtype": str(outputs.dtype),
        }

    def kernels(self, repeats: int) -> dict[str, Any]:
        assert self.prepared is not None
        seconds, inside = self.module.kernel_seconds(self.prepared.step, repeats)
        return {"seconds": seconds, "inside": inside, "multiply_adds": self.module.multiply_adds(self.workload)}


def die_with_parent() -> None:
    """Have the kernel end this process when the one that asks is gone: a step left running would disturb the next."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def serve(start: Callable[[], Any]) -> None:
    """Answer questions by the methods of the worker that `start` makes, until there are no more."""
    die_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker: Any = None
    for line in sys.stdin:
        question, *arguments = json.loads(line)
        try:
            worker = worker or start()
            answer = getattr(worker, question)(*arguments)
        except Exception as error:  # noqa: BLE001 - a peer may fail in any way, and that is a result
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".strip()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(lambda: Worker(BY_NAME[sys.argv[1]]))
