"""Which passes are run together on one block of a state after the other, so that memory is read once for all of them.

A rotation mixes a basis state r with r ^ x. Passes whose x masks span few dimensions leave each coset of that span to
itself: a block of the state that fits a cache can be taken out, turned by all of them, and put back. In the coordinates
of the span a block is a small state, whose rotations differ from block to block only in their signs.

Everything here is about *rows*: basis states without the lowest bits, which lie inside a register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.strings import Coordinates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.circuit.pauli.passes import Pass

SHORTEST_RUN_BITS = 2
"""Rows are taken out in runs of at least this power of two, which memory gives faster than single ones."""
FEWEST_PASSES = 3
"""Taking blocks out and putting them back costs about as much as a pass: fewer passes are not worth it."""


@dataclass(frozen=True, eq=False)
class Group:
    """Passes that run together, in blocks of the rows that `coordinates` has; None if they run on the whole state.

    The lowest `run_bits` coordinates are the lowest bits of a row. `heights` are the rows of the state, powers of two,
    below which all lie that a pass meets.
    """

    passes: tuple[Pass, ...]
    heights: tuple[int, ...]
    coordinates: Coordinates | None = None
    run_bits: int = 0

    @property
    def rows(self) -> tuple[int, ...]:
        """How many rows each pass runs over, of the state or of a block."""
        if self.coordinates is None:
            return self.heights
        return (1 << len(self.coordinates.basis),) * len(self.passes)

    @property
    def free(self) -> int:
        """The bits of the first rows of blocks: each of the values that they can have is one block."""
        assert self.coordinates is not None
        return (max(self.heights) - 1) & ~self.coordinates.pivots

    @property
    def moves(self) -> tuple[int, ...]:
        """The first rows of the runs of a block, as bits that are added to the first row of the block."""
        assert self.coordinates is not None
        found = [0]
        for vector in self.coordinates.basis[self.run_bits :]:
            found += [move ^ vector for move in found]
        return tuple(found)


def groups(passes: Sequence[Pass], heights: Sequence[int], lane_bits: int, block_bits: int | None) -> tuple[Group, ...]:
    """Passes in groups, as they come; `heights` are the rows that each meets, `block_bits` None leaves them whole.

    Passes that meet no more than a block of rows run in place.
    """
    found: list[Group] = []
    start = 0
    while start < len(passes):
        small = [block_bits is None or height <= 1 << block_bits for height in heights[start:]]
        if block_bits is None or small[0]:
            end = start + (small.index(False) if False in small else len(small))
            found.append(Group(tuple(passes[start:end]), tuple(heights[start:end])))
        else:
            end = start + _fitting(passes[start:], lane_bits, block_bits)
            found.append(_blocks(tuple(passes[start:end]), tuple(heights[start:end]), lane_bits, block_bits))
        start = end
    return tuple(found)


def _fitting(passes: Sequence[Pass], lane_bits: int, block_bits: int) -> int:
    """How many of the first passes, at least one, span no more than a block."""
    run_bits = min(SHORTEST_RUN_BITS, block_bits)
    coordinates = _lowest(run_bits)
    for number, group in enumerate(passes):
        _widen(coordinates, run_bits, (group,), lane_bits)
        if number and len(coordinates.basis) > block_bits:
            return number
    return len(passes)


def _blocks(passes: tuple[Pass, ...], heights: tuple[int, ...], lane_bits: int, block_bits: int) -> Group:
    """Passes in blocks with runs as long as their size allows, or whole if blocks do not pay."""
    if len(passes) >= FEWEST_PASSES:
        for run_bits in range(block_bits, -1, -1):
            coordinates = _lowest(run_bits)
            _widen(coordinates, run_bits, passes, lane_bits)
            if len(coordinates.basis) <= block_bits:
                return Group(passes, heights, coordinates, run_bits)
    return Group(passes, heights)


def _lowest(bits: int) -> Coordinates:
    """Coordinates of the lowest bits."""
    coordinates = Coordinates()
    for bit in range(bits):
        coordinates.add(1 << bit)
    return coordinates


def _widen(coordinates: Coordinates, run_bits: int, passes: Iterable[Pass], lane_bits: int) -> None:
    """Add the x masks of rotations; but for the lowest `run_bits`, which are there, so that runs stay runs."""
    for group in passes:
        for rotation in group.rotations:
            coordinates.add(rotation.x >> lane_bits & -(1 << run_bits))
