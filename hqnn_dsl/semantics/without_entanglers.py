"""A circuit `without entanglers`: its gates on one qubit, their angles, and its blocks at their new positions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.block_spans import Segment, without_operations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import Operation

    Parts = tuple[tuple[Operation, ...], tuple[Angle, ...], tuple[Segment, ...]]


def without_entanglers(operations: Sequence[Operation], slots: Sequence[Angle], blocks: Sequence[Segment]) -> Parts:
    """The operations on one qubit with the slots that they use, numbered anew, and the blocks that they are in."""
    kept = [operation for operation in operations if operation.num_qubits < 2]
    used = [slot for operation in kept for slot in operation.slots]
    number = {slot: place for place, slot in enumerate(used)}
    moved = tuple(replace(operation, slots=tuple(number[slot] for slot in operation.slots)) for operation in kept)
    of_one = [operation.num_qubits < 2 for operation in operations]
    return moved, tuple(slots[slot] for slot in used), without_operations(blocks, of_one)
