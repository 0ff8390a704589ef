"""Which rotations are run together in one pass over the state, and so in which order all of them are run.

Two kinds of company pay: a run of rotations that only turn phases, whose product is worked out once for each basis
state, and two rotations that act like two on different qubits, for which four amplitudes are read once and not twice.
A rotation may run earlier than it stands if it commutes with all that it overtakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.strings import anticommute, parity

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.circuit.pauli.program import PauliProgram, PauliRotation

SHORTEST_RUN = 3
"""Fewer phases than this are cheaper as rotations of their own."""
REACH = 48
"""How many rotations one may overtake; a bound on the time that looking takes."""


@dataclass(frozen=True, slots=True)
class Pass:
    """`form` is `one`, `two` or `phases`."""

    form: str
    rotations: tuple[PauliRotation, ...]


def imaginary(rotation: PauliRotation) -> bool:
    """Whether -iP is i times a real matrix: P has an even number of Y."""
    return (rotation.x & rotation.z).bit_count() % 2 == 0


def passes(program: PauliProgram, lane_bits: int = 0) -> tuple[Pass, ...]:
    """All rotations in passes; the lowest `lane_bits` of a basis state lie inside a register: they pair no rows."""
    left = list(program.rotations)
    found: list[Pass] = []
    seen = 0
    while left:
        first = left[0]
        phases = _company(left, lambda other: other.x == 0, len(left)) if first.x == 0 else []
        if len(phases) >= SHORTEST_RUN:
            found.append(Pass("phases", _taken(left, phases)))
            continue
        seen |= first.x
        two = _company(left, partial(_pairs, first, lane_bits=lane_bits, height=seen.bit_length() + 1), 2)
        found.append(Pass("two" if len(two) == 2 else "one", _taken(left, two)))
        seen |= found[-1].rotations[-1].x
    return tuple(found)


def _company(left: list[PauliRotation], fits: Callable[[PauliRotation], bool], most: int) -> list[int]:
    """The places of the first rotation and of those that fit and may overtake all between."""
    taken: list[int] = [0]
    overtaken: list[PauliRotation] = []
    for place in range(1, len(left)):
        other = left[place]
        if len(taken) == most or len(overtaken) > REACH:
            break
        if fits(other) and not any(anticommute(other.x, other.z, o.x, o.z) for o in overtaken):
            taken.append(place)
        else:
            overtaken.append(other)
    return taken


def _taken(left: list[PauliRotation], places: list[int]) -> tuple[PauliRotation, ...]:
    found = tuple(left[place] for place in places)
    for place in reversed(places):
        del left[place]
    return found


def _pairs(one: PauliRotation, two: PauliRotation, *, lane_bits: int, height: int) -> bool:
    """Whether two rotations act like Y on two different qubits: -iP is real, and no lanes are swapped.

    The second may not reach beyond `height` bits, since the overtaken ones would then pass over a larger state.
    """
    if imaginary(one) or imaginary(two) or (one.x | two.x) & ((1 << lane_bits) - 1) or two.x >> height:
        return False
    return not (parity(one.x & two.z) or parity(two.x & one.z))
