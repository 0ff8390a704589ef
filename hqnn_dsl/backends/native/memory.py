"""How the states of a call lie in memory and how much they take: counted here for a check, and for every call.

No Numba and no arrays, so that a spec can be checked without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.precision import REAL_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.pauli.program import PauliPlan, PauliProgram

LANE_BITS = {REAL_BYTES["single"]: 3, REAL_BYTES["double"]: 2}
"""How many numbers of so many bytes a register has, as a power of two."""
KEPT_BYTES = 1 << 29
"""Final states up to this size in all are kept for the gradient; larger ones are made again."""
CACHE_BYTES = 1 << 23
"""A core's share of the outer cache: a tile whose two states are larger goes half as fast."""
BY_AMPLITUDE_COST = 1.9
"""How much more a sample costs if neighbouring amplitudes share a register and lanes are swapped.

Measured on one core with AVX2: 2.1 to 4 at 8 qubits, 1.5 to 2.1 at 12, 1.0 at 16, where a tile by sample has left the
cache.
"""


def by_amplitude(part: PauliProgram, batch: int, number: int, cost: float = BY_AMPLITUDE_COST) -> bool:
    """Whether neighbouring amplitudes share a register, for so many rows: the cheaper layout by count.

    `number` is the bytes of a real number. A state that fills no register lies by sample.
    """
    lanes = 1 << LANE_BITS[number]
    if part.num_qubits <= LANE_BITS[number]:
        return False
    state = number * (1 if part.real else 2) << part.num_qubits
    slow = 2 if 2 * lanes * state > CACHE_BYTES else 1
    return cost * batch < slow * lanes * -(-batch // lanes)


def tile(part: PauliProgram, batch: int, number: int) -> tuple[int, int]:
    """How many tiles a batch has, and the bytes of the states of one."""
    state = number * (1 if part.real else 2) << part.num_qubits
    if by_amplitude(part, batch, number):
        return batch, state
    lanes = 1 << LANE_BITS[number]
    return -(-batch // lanes), lanes * state


def call_bytes(tiles: int, tile_bytes: int, *, threads: int, keep: bool, gradients: bool) -> int:
    """Returns the bytes of a call of one part: kept final states, and those at work, of which each thread has its own.

    Values need a state if none is kept, gradients the adjoint beside it.
    """
    working = (0 if keep else 1) + (1 if gradients else 0)
    return (tiles if keep else 0) * tile_bytes + threads * working * tile_bytes


def is_kept(tiles: Sequence[tuple[int, int]], most: int = KEPT_BYTES) -> bool:
    """Whether the final states of all parts, (tiles, bytes of one) each, are few enough to be kept."""
    return sum(count * size for count, size in tiles) <= most


def needed(plan: PauliPlan, batch: int, precision: str, *, gradients: bool) -> int:
    """Bytes of a call on so many rows, of its largest part, with one thread; with `gradients` of a step."""
    number = REAL_BYTES[precision]
    tiles = [tile(part, batch, number) for part in plan.parts]
    keep = gradients and is_kept(tiles)
    return max((call_bytes(*own, threads=1, keep=keep, gradients=gradients) for own in tiles), default=0)
