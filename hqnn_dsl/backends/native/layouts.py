"""A plan in both layouts, made when first needed, and which of them a batch is run in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.backends.native.memory import BY_AMPLITUDE_COST, by_amplitude
from hqnn_dsl.backends.native.tables import LANE_BITS, Tables, groups_of, tables_of

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.groups import Group
    from hqnn_dsl.circuit.pauli.program import PauliPlan

WHOLE_BYTES = 1 << 25
"""A tile's state and adjoint up to this size are left whole: all caches together hold them.

Measured on one machine with 32 MiB of outer cache, whole against the best blocks: 1.0 at 12 and 16 qubits, 1.1 at 20,
and beyond the cache 1.7 to 1.8 for complex numbers at 22 qubits, 1.15 at 24, 1.0 for real ones.
"""
BLOCK_BYTES = 1 << 17
"""A block of a larger one: two of them, state and adjoint, fit a core's own cache."""


class Layouts:
    """The tables of a plan. `dtype` is `float32` or `float64`; `offsets[M]` are the constant parts of the outputs."""

    def __init__(self, circuit: Circuit, plan: PauliPlan, dtype: str) -> None:
        self.circuit = circuit
        self.plan = plan
        self.dtype = dtype
        self.angles_kind = ("angles", dtype)
        self.slopes_kind = ("gradients of angles", dtype)
        self.offsets = np.array(plan.offsets, dtype=dtype)
        self.nothing = np.empty((0, 0), dtype=dtype)
        self.no_states = np.empty(0, dtype=dtype)
        self._tables: dict[tuple[int, bool], Tables] = {}
        self._chosen: dict[int, tuple[Tables, ...]] = {}

    def tables(self, number: int, *, by_amplitude: bool) -> Tables:
        """The arrays of part `number` of the plan."""
        key = (number, by_amplitude)
        if key not in self._tables:
            part = self.plan.parts[number]
            bits = self.block_bits(number, by_amplitude=by_amplitude)
            self._tables[key] = tables_of(part, self.circuit, self.dtype, by_amplitude=by_amplitude, block_bits=bits)
        return self._tables[key]

    def block_bits(self, number: int, *, by_amplitude: bool) -> int | None:
        """The bits of the rows of a block, None if the states of a tile are small enough to be left whole."""
        part = self.plan.parts[number]
        row = self.row_bytes(number, by_amplitude=True)
        rows = 1 << (part.num_qubits - (LANE_BITS[self.dtype] if by_amplitude else 0))
        if 2 * rows * row <= WHOLE_BYTES:
            return None
        return (BLOCK_BYTES // row).bit_length() - 1

    def row_bytes(self, number: int, *, by_amplitude: bool) -> int:
        """Bytes that a sample has in a row: a number, or a register of neighbouring ones."""
        numbers = 1 if self.plan.parts[number].real else 2
        return self.offsets.itemsize * numbers << (LANE_BITS[self.dtype] if by_amplitude else 0)

    def groups(self, number: int, *, by_amplitude: bool) -> tuple[Group, ...]:
        """The passes of a part, those together that run on one block after the other."""
        lane_bits = LANE_BITS[self.dtype] if by_amplitude else 0
        return groups_of(self.plan.parts[number], lane_bits, self.block_bits(number, by_amplitude=by_amplitude))

    def chosen(self, batch: int) -> tuple[Tables, ...]:
        """The arrays of all parts, each in the layout for that many rows."""
        if batch not in self._chosen:
            if len(self._chosen) > MOST_BATCHES:
                self._chosen = {}
            parts = range(len(self.plan.parts))
            self._chosen[batch] = tuple(self.tables(k, by_amplitude=self.by_amplitude(k, batch)) for k in parts)
        return self._chosen[batch]

    def by_amplitude(self, number: int, batch: int) -> bool:
        """The layout of a part for that many rows: the cheaper by count, if a state fills registers at all."""
        return by_amplitude(self.plan.parts[number], batch, self.offsets.itemsize, BY_AMPLITUDE_COST)


MOST_BATCHES = 64
"""Batch sizes whose choice is remembered."""
