"""The peak memory of a call, above that before it.

On CUDA torch counts it. On the CPU it is the process's resident memory, whose high-water mark Linux lets a process set
back; elsewhere there is no answer.
"""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_bytes(call: Callable[[], object], device: str) -> int | None:
    """Returns the largest extra memory while `call` runs, None if it cannot be measured."""
    gc.collect()
    if device != "cpu":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    _give_back_free_memory()
    try:
        _RESET.write_text("5", encoding="ascii")
        before = _resident("VmRSS")
        call()
        return max(0, _resident("VmHWM") - before)
    except OSError:
        return None


def _resident(line: str) -> int:
    """Returns `VmRSS`, the resident memory now, or `VmHWM`, its high-water mark, in bytes."""
    rows = (row.split() for row in _STATUS.read_text(encoding="ascii").splitlines())
    return next(int(row[1]) * 1024 for row in rows if row and row[0] == f"{line}:")


def _give_back_free_memory() -> None:
    """Have the C library return freed memory, so that a call has to ask for its memory anew."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return  # another C library
