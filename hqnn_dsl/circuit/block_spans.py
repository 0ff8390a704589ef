"""The beginnings and ends of the blocks of a circuit, for drawings and the terminal.

For each segment of `segments_of(circuit)`, `segment.title` is its name, and its operations are
`circuit.operations[segment.start : segment.stop]`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit


@dataclass(frozen=True, slots=True)
class Segment:
    """Operations `start … stop - 1` of a circuit: one placed block, or the gates between two.

    `kind` is `feature_map`, `ansatz`, or `gates` for gates of the circuit itself; `name` is the block's, empty there.
    """

    kind: str
    name: str
    start: int
    stop: int

    @property
    def title(self) -> str:
        """The segment's name in a drawing: `zz (feature map)`, or `gates`."""
        return f"{self.name} ({self.kind.replace('_', ' ')})" if self.name else self.kind


def segments_of(circuit: Circuit) -> tuple[Segment, ...]:
    """The whole circuit as segments, in order, each operation in one of them.

    An amplitude input, which has no operations, is an empty segment at the start. Measurements are no segment.
    """
    found = [Segment("feature_map", "amplitude", 0, 0)] if circuit.amplitude is not None else []
    stop = 0
    for block in circuit.blocks:
        if block.start > stop:
            found.append(Segment("gates", "", stop, block.start))
        if block.stop > block.start:
            found.append(block)
        stop = block.stop
    if stop < len(circuit.operations):
        found.append(Segment("gates", "", stop, len(circuit.operations)))
    return tuple(found)


def without_operations(blocks: Sequence[Segment], kept: Sequence[bool]) -> tuple[Segment, ...]:
    """The blocks of a circuit of which only some operations are kept."""
    before = [0, *accumulate(kept)]
    return tuple(replace(block, start=before[block.start], stop=before[block.stop]) for block in blocks)
