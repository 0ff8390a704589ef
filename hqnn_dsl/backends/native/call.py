"""One call of an executable: layouts chosen, memory counted before it is taken, tiles handed to threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends.limits import MAX_STATE_BYTES
from hqnn_dsl.backends.native import entries
from hqnn_dsl.backends.native.pool import over_tiles, shares
from hqnn_dsl.backends.native.tables import LANE_BITS, Array, Tables
from hqnn_dsl.report.codes.environment import StateTooLarge
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.backends.native.layouts import Layouts

KEPT_BYTES = 1 << 29
"""Final states up to this size in all are kept for the gradient; larger ones are made again."""


class Call:
    """Arguments as arrays, and after `forward` the states kept for the gradient, a part of the plan each."""

    def __init__(self, layouts: Layouts, samples: Array, shared: Array, state: Array | None) -> None:
        self.layouts = layouts
        self.samples = samples
        self.shared = shared
        self.state = layouts.nothing if state is None else state
        self.batch = len(samples)
        self.kept: list[Array] | None = None
        self.tables = layouts.chosen(self.batch)
        self.sizes = [self._tiles(tables) for tables in self.tables]

    def _tiles(self, tables: Tables) -> tuple[int, int]:
        """How many tiles there are, and the numbers in the state of one."""
        lanes = 1 << LANE_BITS[self.layouts.dtype]
        tiles = self.batch if tables.lane is not None else -(-self.batch // lanes)
        return tiles, tables.rows * lanes * tables.numbers_a_row

    def _count(self, tables: Tables, tiles: int, *, working: int, kept: int) -> int:
        """Threads to use; refuses where their `working` states and the `kept` numbers would take too much memory."""
        passes = 1 if working < 2 else 3
        count = shares(tiles, passes * tables.work * self.batch, torch.get_num_threads())
        number = self.layouts.offsets.itemsize
        _, size = self._tiles(tables)
        while count > 1 and (count * working * size + kept) * number > MAX_STATE_BYTES:
            count -= 1
        needed = (count * working * size + kept) * number
        if needed > MAX_STATE_BYTES:
            width, rows = self.layouts.circuit.num_qubits, max(1, min(self.batch, size // tables.rows))
            raise Refusal(StateTooLarge(num_qubits=width, rows=rows, needed_bytes=needed, limit_bytes=MAX_STATE_BYTES))
        return count

    def forward(self, *, keep: bool) -> Array:
        """Outputs `[B, M]`; with `keep` the final states are kept where they are not too large."""
        layouts = self.layouts
        out = np.empty((self.batch, len(layouts.offsets)), dtype=layouts.dtype)
        out[:] = layouts.offsets
        total = sum(tiles * size for tiles, size in self.sizes)
        keep = keep and total * layouts.offsets.itemsize <= KEPT_BYTES
        kept = []
        for tables, (tiles, size) in zip(self.tables, self.sizes, strict=True):
            numbers = tiles * size if keep else 0
            count = self._count(tables, tiles, working=0 if keep else 1, kept=numbers)
            states = np.empty(numbers, dtype=layouts.dtype)
            given = (*tables.arguments, self.samples, self.shared, self.state, states, keep, out)
            over_tiles(partial(_ranged, ("values", *tables.kind), entries.forward, given), tiles, count)
            kept.append(states)
        if keep:
            self.kept = kept
        return out

    def backward(self, upstream: Array, *, samples: bool, shared: bool, state: bool) -> tuple[Array, Array, Array]:
        """Gradients of angles per sample, shared angles and amplitudes for `upstream[B, M]`; empty where not asked for.

        The kept states are used up: a second call makes them again.
        """
        layouts = self.layouts
        kept, self.kept = self.kept, None
        grads = np.zeros(self.samples.shape, dtype=layouts.dtype) if samples else layouts.nothing
        own = np.zeros(self.shared.shape, dtype=np.float64)
        state_grads = np.zeros(self.state.shape, dtype=layouts.dtype) if state else layouts.nothing
        for number, (tables, (tiles, _)) in enumerate(zip(self.tables, self.sizes, strict=True)):
            wanted, first = tables.wanted(samples=samples, shared=shared)
            states = layouts.no_states if kept is None else kept[number]
            count = self._count(tables, tiles, working=2 if kept is None else 1, kept=len(states))
            partials = np.zeros((tiles, len(own)), dtype=np.float64)
            given = (
                *(*tables.arguments, self.samples, self.shared, self.state, states, kept is not None),
                *(upstream, wanted, 0 if state else first, grads, partials, state_grads),
            )
            over_tiles(partial(_ranged, ("gradients", *tables.kind), entries.backward, given), tiles, count)
            own += partials.sum(axis=0)
        return grads, own.astype(layouts.dtype), state_grads


def _ranged(
    kind: tuple[str, ...], kernel: Callable[..., None], given: tuple[object, ...], first: int, last: int
) -> None:
    entries.call(kind, kernel, first, last, *given)
