"""One call of an executable: layouts chosen, memory counted before it is taken, tiles handed to threads.

At a few qubits a step takes tens of microseconds, and some lines of Python take as long. All that depends on the batch
size alone is therefore worked out once, in `Part`, and kept in `Schedules`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.memory import KEPT_BYTES, call_bytes, is_kept, needed
from hqnn_dsl.backends.native.pool import over_tiles, shares
from hqnn_dsl.backends.native.tables import LANE_BITS, Array, Tables
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.backends.native.layouts import Layouts

MOST_SCHEDULES = 64
"""Batch sizes for which a schedule is remembered."""


class Part:
    """One part of a plan for one batch size: its layout, its tiles, the numbers kept, the threads that share it."""

    def __init__(self, layouts: Layouts, tables: Tables, batch: int, threads: int, *, keep: bool) -> None:
        lanes = 1 << LANE_BITS[layouts.dtype]
        self.tables = tables
        self.keep = keep
        self.tiles = batch if tables.lane is not None else -(-batch // lanes)
        self.size = tables.rows * lanes * tables.numbers_a_row
        """Numbers in the state of a tile."""
        self.kept = self.tiles * self.size if keep else 0
        self.values_kind = ("values", *tables.kind)
        self.gradients_kind = ("gradients", *tables.kind)
        self._layouts, self._batch, self._most = layouts, batch, threads

    @cached_property
    def values_threads(self) -> int:
        """Threads for values. Raises `Refusal` if not even one thread's states fit the memory limit."""
        return self._threads(sweeps=1, gradients=False)

    @cached_property
    def gradients_threads(self) -> int:
        """Threads for the sweep back. Raises `Refusal` like `values_threads`."""
        return self._threads(sweeps=3, gradients=True)

    def _threads(self, *, sweeps: int, gradients: bool) -> int:
        """Returns how many threads pay, of those whose states fit the memory beside the kept ones.

        `sweeps` are the times that the work of a state is done.
        """
        count = shares(self.tiles, sweeps * self.tables.work * self._batch, self._most)
        tile = self.size * self._layouts.offsets.itemsize

        def taken(threads: int) -> int:
            return call_bytes(self.tiles, tile, threads=threads, keep=self.keep, gradients=gradients)

        while count > 1 and taken(count) > MAX_STATE_BYTES:
            count -= 1
        if taken(count) > MAX_STATE_BYTES:
            self._refuse(taken(count), gradients=gradients)
        return count

    def _refuse(self, taken: int, *, gradients: bool) -> None:
        """Refuse the call for the bytes that it takes, with advice by the count for a whole plan."""
        layouts = self._layouts
        own = self._batch, "double" if layouts.dtype == "float64" else "single"

        def bytes_of(rows: int, precision: str) -> int:
            return taken if (rows, precision) == own else needed(layouts.plan, rows, precision, gradients=gradients)

        together = 1 if self.tables.lane is not None else min(self._batch, 1 << LANE_BITS[layouts.dtype])
        refusal = too_large(
            layouts.circuit, *own, bytes_of, MAX_STATE_BYTES, together=together, training=gradients, is_native=True
        )
        assert refusal is not None
        raise Refusal(refusal)


class Schedules:
    """The parts of a plan by batch size, number of threads, and whether final states are to be kept."""

    def __init__(self, layouts: Layouts) -> None:
        self.layouts = layouts
        self.zero_offsets = not layouts.offsets.any()
        self._known: dict[tuple[int, int, bool], tuple[Part, ...]] = {}

    def parts(self, batch: int, *, keep: bool) -> tuple[Part, ...]:
        """The parts for that many rows; with `keep` all keep their states, or none if these are too large."""
        key = batch, torch.get_num_threads(), keep
        found = self._known.get(key)
        if found is None:
            found = self.made(*key)
            if len(self._known) >= MOST_SCHEDULES:
                self._known = {}
            self._known[key] = found
        return found

    def made(self, batch: int, threads: int, keep: bool) -> tuple[Part, ...]:  # noqa: FBT001 - a part of the key
        """The same for a number of threads, made anew."""
        layouts = self.layouts
        chosen = layouts.chosen(batch)
        found = tuple(Part(layouts, tables, batch, threads, keep=keep) for tables in chosen)
        if keep and not is_kept([(part.tiles, part.size * layouts.offsets.itemsize) for part in found], KEPT_BYTES):
            found = tuple(Part(layouts, tables, batch, threads, keep=False) for tables in chosen)
        return found


class Call:
    """Arguments as arrays, and after `forward` the states kept for the gradient, a part of the plan each."""

    def __init__(self, schedules: Schedules, samples: Array, shared: Array, state: Array | None) -> None:
        self.schedules = schedules
        self.layouts = schedules.layouts
        self.samples = samples
        self.shared = shared
        self.state = self.layouts.nothing if state is None else state
        self.kept: Sequence[Array] | None = None

    def forward(self, *, keep: bool) -> Array:
        """Outputs `[B, M]`; with `keep` the final states are kept if they are not too large."""
        layouts, batch = self.layouts, len(self.samples)
        parts = self.schedules.parts(batch, keep=keep)
        shape = batch, len(layouts.offsets)
        if self.schedules.zero_offsets:
            out = np.zeros(shape, layouts.dtype)
        else:
            out = np.empty(shape, layouts.dtype)
            out[:] = layouts.offsets
        kept = []
        for part in parts:
            count = part.values_threads  # refuses before memory is taken
            states = np.empty(part.kept, layouts.dtype)
            given = (*part.tables.arguments, self.samples, self.shared, self.state, states, part.keep, out)
            over_tiles(part.values_kind, compiled.forward, given, part.tiles, count)
            kept.append(states)
        self.kept = kept if keep and (not parts or parts[0].keep) else None
        return out

    def backward(
        self, upstream: Array, *, samples: bool, shared: bool, state: bool
    ) -> tuple[Array, Sequence[Array], Array]:
        """Gradients of angles per sample, shared angles and amplitudes for `upstream[B, M]`; empty if not asked for.

        Those of the shared angles are `[tiles, W]` by part, to be added up in that order. The kept states are used up:
        a second call makes them again.
        """
        layouts, batch = self.layouts, len(self.samples)
        kept, self.kept = self.kept, None
        grads = np.zeros(self.samples.shape, layouts.dtype) if samples else layouts.nothing
        state_grads = np.zeros(self.state.shape, layouts.dtype) if state else layouts.nothing
        width = len(self.shared)
        own = []
        for number, part in enumerate(self.schedules.parts(batch, keep=kept is not None)):
            wanted, first = part.tables.wanted(samples=samples, shared=shared)
            count = part.gradients_threads
            partials = np.zeros((part.tiles, width), np.float64)
            given = (
                *(*part.tables.arguments, self.samples, self.shared, self.state),
                *(layouts.no_states if kept is None else kept[number], kept is not None),
                *(upstream, wanted, 0 if state else first, grads, partials, state_grads),
            )
            over_tiles(part.gradients_kind, compiled.backward, given, part.tiles, count)
            own.append(partials)
        return grads, own, state_grads


def joined(partials: Sequence[Array], width: int) -> Array:
    """All partial sums of the shared angles' gradients, `[tiles of all parts, W]`."""
    if len(partials) == 1:
        return partials[0]
    return np.concatenate(partials) if partials else np.zeros((0, width), np.float64)
