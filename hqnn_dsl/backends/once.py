"""Seconds that this process has spent on what is kept for later ones: trials of backends, and compiling kernels.

A forecast leaves them out, since the process after it reads what this one has found.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Spent:
    """Seconds of `trials`, without those of compiling, and of `compiling`."""

    trials: float = 0.0
    compiling: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def all(self) -> float:
        """Both together."""
        return self.trials + self.compiling

    def add(self, *, trials: float = 0.0, compiling: float = 0.0) -> None:
        """So many seconds more; threads may add at once."""
        with self._lock:
            self.trials += trials
            self.compiling += compiling


SPENT = Spent()
"""Those of this process."""


@dataclass
class Effort:
    """How long a block took, without the compiling in it; 0 until it ends."""

    seconds: float = 0.0


@contextmanager
def effort() -> Iterator[Effort]:
    """Measures a block."""
    found, begin, compiled = Effort(), time.perf_counter(), SPENT.compiling
    try:
        yield found
    finally:
        found.seconds = max(0.0, time.perf_counter() - begin - (SPENT.compiling - compiled))
