"""How many threads torch uses while a network is trained.

On small states a second thread costs more than it gives: torch hands out work of microseconds, and where other programs
want the cores too, its threads wait for each other (seen: 2.2 s an epoch with two threads, 0.16 s with one).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.training.fit_many import is_single_threaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.network.hybrid import HybridNet

ONE_THREAD_AMPLITUDES = 1 << 16
"""Up to this many amplitudes in a batch of states, one thread does the work."""


@contextmanager
def suited_threads(net: HybridNet, batch: int) -> Iterator[int]:
    """Run the block with the number of threads that suits the network; gives that number.

    A choice of the user's (`OMP_NUM_THREADS`) stands. One of many trainings that run at once has one thread.
    """
    if is_single_threaded():
        yield torch.get_num_threads()
        return
    before = torch.get_num_threads()
    amplitudes = batch << min(net.circuit.circuit.num_qubits, 62)
    small = amplitudes <= ONE_THREAD_AMPLITUDES and "OMP_NUM_THREADS" not in os.environ
    torch.set_num_threads(1 if small else before)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
