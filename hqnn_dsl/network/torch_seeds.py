"""Torch's global random generators, borrowed by one thread at a time.

They are the same for all threads of a process, and layers of torch draw from them only. Code that sets their seed holds
them until it has drawn what it needs, so it draws the same numbers while others train beside it.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = RLock()


@contextmanager
def seeds_of_torch(*devices: torch.device) -> Iterator[None]:
    """Hold torch's global generators, of the CPU and of these devices; afterwards they have their own states back.

    Other threads wait at the beginning of such a block until this one has left its own.
    """
    with _lock, torch.random.fork_rng(devices=list(devices)):
        yield
