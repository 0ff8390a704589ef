"""Threads that help a call of many steps with the circuit, for as long as the call lasts."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.native.compiled import call
from hqnn_dsl.training.step import compiled
from hqnn_dsl.training.step.kernels.arrays import JOB, OVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.training.step.kernels.arrays import Circuit, Room


@contextmanager
def helped(circuit: Circuit, room: Room, queue: Any, notes: Any, workers: int) -> Iterator[None]:
    """Run the block with `workers` threads for jobs of its kernels, the block's own among them."""
    notes[OVER] = 0
    begun = int(notes[JOB])

    def helping(worker: int) -> None:
        known, kind = begun, ("help with training steps", str(room.values.dtype))
        while not notes[OVER]:
            try:
                known = call(kind, compiled.run_help, circuit, room, known, queue, notes, worker)
            except MemoryError:  # the caller goes on alone: memory is allocated before a tile is taken
                return
            time.sleep(0)

    threads = [threading.Thread(target=helping, args=(worker,), daemon=True) for worker in range(1, workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        notes[OVER] = 1
        for thread in threads:
            thread.join()
