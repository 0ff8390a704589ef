"""The peak memory of a call, above that before it.

On CUDA torch counts it. On the CPU it is the process's resident memory, whose high-water mark Linux lets a process set
back; elsewhere there is no answer.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends.resident import give_back_free_memory, reset_peak, resident

if TYPE_CHECKING:
    from collections.abc import Callable


def peak_bytes(call: Callable[[], object], device: str) -> int | None:
    """Returns the largest extra memory while `call` runs, None if it cannot be measured."""
    gc.collect()
    if device != "cpu":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    give_back_free_memory()
    try:
        reset_peak()
        before = resident("VmRSS")
        call()
        return max(0, resident("VmHWM") - before)
    except OSError:
        return None
