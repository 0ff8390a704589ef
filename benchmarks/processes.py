"""The worker processes: started in their peer's environment, asked one at a time, ended when they take too much."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from benchmarks.peers import OWN, Peer

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / "benchmarks" / ".venvs"
MEMORY_LIMIT = 14 << 30
"""Bytes of resident memory after which a worker is ended: the contestants share one machine."""
CORES = 2


class PeerFailed(Exception):
    """A peer that could not do what it was asked; the message is the reason given in the table."""


def python_of(peer: Peer) -> Path:
    """The interpreter of a peer's environment."""
    return Path(sys.executable) if peer.environment == OWN else VENVS / peer.environment / "bin" / "python"


def _environment() -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(CORES))
    paths = [path for path in (os.environ.get("PYTHONPATH", ""), str(ROOT)) if path]
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"}


class Process:
    """A running worker of one peer. Raises `PeerFailed` where it cannot start, answer in time, or stay small."""

    def __init__(self, peer: Peer, log: IO[bytes], module: str = "benchmarks.worker", *arguments: str) -> None:
        self.peer = peer
        python = python_of(peer)
        if not python.is_file():
            raise PeerFailed(
                f"its environment is not there: `make bench-peers` makes benchmarks/.venvs/{peer.environment}"
            )
        self._process = subprocess.Popen(
            [python, "-P", "-m", module, peer.name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()

    def ask(self, *question: object, seconds: float) -> dict[str, Any]:
        """The answer to a question, within so many seconds."""
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        try:
            pipe.write(json.dumps(question).encode() + b"\n")
            pipe.flush()
        except OSError as error:
            raise PeerFailed("its process has ended") from error
        self._wait(answers, time.monotonic() + seconds, f"{question[0]} took more than {seconds:.0f} s")
        line = answers.readline()
        if not line:
            raise PeerFailed(f"its process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(answer["error"].splitlines()[0])
        return answer

    def _wait(self, answers: IO[bytes], until: float, late: str) -> None:
        """Return when there is an answer; end the process where it is late or too large."""
        with selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            while not selector.select(timeout=0.25):
                if self._resident() > MEMORY_LIMIT:
                    self.end()
                    raise PeerFailed(f"it took more than {MEMORY_LIMIT >> 30} GiB of memory")
                if time.monotonic() > until:
                    self.end()
                    raise PeerFailed(late)

    def _resident(self) -> int:
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
