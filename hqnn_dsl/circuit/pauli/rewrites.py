"""Named rewrites that make a plan cheaper before it runs: each valid in, valid out, each can be left out.

They keep outputs and derivatives, not states: to keep the state, run without `drop_dead` and `split`. With
an amplitude input the start is not |0…0>, so `drop_phases`, `split` and `reduce_rank` leave such a program as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.cones import split
from hqnn_dsl.circuit.pauli.lowering import lower
from hqnn_dsl.circuit.pauli.program import Marginal, PauliPlan, PauliProgram, PauliRotation, Term, verify
from hqnn_dsl.circuit.pauli.strings import Coordinates, StringSpan, anticommute, solve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from hqnn_dsl.circuit.ir import Circuit

MERGE_WINDOW = 4096
"""How many commuting rotations `merge` looks back over for one about the same string."""


@dataclass(frozen=True)
class Rewrite:
    """One rewrite: `apply` takes a plan to a plan with the same outputs."""

    name: str
    doc: str
    apply: Callable[[PauliPlan], PauliPlan]


def _each(change: Callable[[PauliProgram], PauliProgram]) -> Callable[[PauliPlan], PauliPlan]:
    return lambda plan: replace(plan, parts=tuple(verify(change(part)) for part in plan.parts))


def merge(program: PauliProgram) -> PauliProgram:
    """Rotations about one string that only commuting ones separate become one; angles that cancel are gone."""
    kept: list[PauliRotation] = []
    for rotation in program.rotations:
        place = _merging_place(kept, rotation)
        if place is None:
            kept.append(rotation)
            continue
        angle = kept[place].angle.plus(rotation.angle)
        if not angle.slots and math.remainder(angle.constant, 2 * math.pi) == 0:
            del kept[place]
        else:
            kept[place] = replace(rotation, angle=angle)
    return replace(program, rotations=tuple(kept))


def _merging_place(kept: list[PauliRotation], rotation: PauliRotation) -> int | None:
    """Returns the index in `kept` that the rotation can be added to, None if one between them does not commute."""
    x, z = rotation.x, rotation.z
    for place in range(len(kept) - 1, max(-1, len(kept) - 1 - MERGE_WINDOW), -1):
        other = kept[place]
        if other.x == x and other.z == z:
            return place
        if anticommute(other.x, other.z, x, z):
            return None
    return None


def drop_phases(program: PauliProgram) -> PauliProgram:
    """Rotations about Z strings that can be moved to the front turn only the phase of |0…0>."""
    if program.start is not None:
        return program
    earlier = StringSpan(program.num_qubits)
    kept = []
    for rotation in program.rotations:
        if rotation.x == 0 and earlier.commutes(rotation.x, rotation.z):
            continue
        earlier.add(rotation.x, rotation.z)
        kept.append(rotation)
    return replace(program, rotations=tuple(kept))


def drop_dead(plan: PauliPlan) -> PauliPlan:
    """Rotations that commute with all later kept ones and with all that is read change nothing."""
    before = _slots(plan)
    changed = _each(_without_dead)(plan)
    return replace(changed, dead_slots=tuple(sorted({*plan.dead_slots, *(before - _slots(changed))})))


def _without_dead(program: PauliProgram) -> PauliProgram:
    later = read_strings(program)
    kept = []
    for rotation in reversed(program.rotations):
        if not later.commutes(rotation.x, rotation.z):
            later.add(rotation.x, rotation.z)
            kept.append(rotation)
    return replace(program, rotations=tuple(reversed(kept)))


def read_strings(program: PauliProgram) -> StringSpan:
    """The span of all strings that are read at the end."""
    span = StringSpan(program.num_qubits)
    for term in program.terms:
        span.add(term.x, term.z)
    for marginal in program.marginals:
        for mask, _ in marginal.bits:
            span.add(0, mask)
    return span


def _slots(plan: PauliPlan) -> set[int]:
    return {slot for part in plan.parts for rotation in part.rotations for slot, _ in rotation.angle.slots}


def reduce_rank(program: PauliProgram) -> PauliProgram:
    """Basis states in coordinates of the x masks' span, in the order in which rotations reach them.

    The state needs no more qubits than the span has dimensions, and the first rotations act on its first few entries.
    A term whose x mask lies outside the span has the value zero.
    """
    if program.start is not None:
        return program
    coordinates = Coordinates()
    for rotation in program.rotations:
        coordinates.add(rotation.x)
    rotations = []
    for rotation in program.rotations:
        x, z, sign = _moved(coordinates, rotation.x, rotation.z)
        rotations.append(PauliRotation(x, z, rotation.angle.times(sign)))
    terms = []
    for term in program.terms:
        if coordinates.of(term.x) is not None:
            x, z, sign = _moved(coordinates, term.x, term.z)
            terms.append(Term(x, z, sign * term.coefficient, term.output))
    marginals = tuple(
        Marginal(tuple((coordinates.dual(mask), flip) for mask, flip in marginal.bits), marginal.first)
        for marginal in program.marginals
    )
    return replace(
        program,
        num_qubits=len(coordinates.basis),
        rotations=tuple(rotations),
        terms=tuple(terms),
        marginals=marginals,
    )


def _moved(coordinates: Coordinates, x: int, z: int) -> tuple[int, int, int]:
    """The string in coordinates, and the sign that the change in its number of Y costs."""
    new_x, new_z = coordinates.of(x), coordinates.dual(z)
    assert new_x is not None
    change = (x & z).bit_count() - (new_x & new_z).bit_count()
    assert change % 2 == 0
    return new_x, new_z, 1 - change % 4


def find_real(program: PauliProgram) -> PauliProgram:
    """A frame of S gates in which every rotation has an odd number of Y: the amplitudes stay real.

    S on qubits d takes (x, z) to (x, z ^ (x & d)), so d·x = 1 + x·z for all rotations. On a real state an observable
    with an odd number of Y is zero.
    """
    equations = [(r.x, 1 ^ ((r.x & r.z).bit_count() & 1)) for r in program.rotations]
    if program.start is not None:
        equations += [(1 << qubit, 0) for qubit in program.start.qubits]
    frame = solve(equations)
    if frame is None:
        return program
    rotations = []
    for rotation in program.rotations:
        z, sign = _framed(frame, rotation.x, rotation.z)
        rotations.append(PauliRotation(rotation.x, z, rotation.angle.times(sign)))
    terms = []
    for term in program.terms:
        z, sign = _framed(frame, term.x, term.z)
        if (term.x & z).bit_count() % 2 == 0:
            terms.append(Term(term.x, z, sign * term.coefficient, term.output))
    return replace(program, rotations=tuple(rotations), terms=tuple(terms), real=True)


def _framed(frame: int, x: int, z: int) -> tuple[int, int]:
    """S·P·S† for S gates on the qubits of `frame`: X becomes Y, Y becomes -X."""
    return z ^ (x & frame), 1 - 2 * ((x & z & frame).bit_count() & 1)


REWRITES: dict[str, Rewrite] = {
    rewrite.name: rewrite
    for rewrite in (
        Rewrite("merge", "Joins rotations about one string that only commuting ones separate.", _each(merge)),
        Rewrite("drop_dead", "Drops rotations that reach nothing that is read.", drop_dead),
        Rewrite("split", "Runs outputs that few rotations reach on states of their own.", split),
        Rewrite("drop_phases", "Drops rotations that only turn the phase of |0…0>.", _each(drop_phases)),
        Rewrite("reduce_rank", "Keeps only the basis states that rotations reach.", _each(reduce_rank)),
        Rewrite("find_real", "Makes all amplitudes real if a frame of S gates can.", _each(find_real)),
    )
}
"""All rewrites by name, in the order in which they are applied."""


def stages(circuit: Circuit, without: Collection[str] = ()) -> Iterator[tuple[str, PauliPlan]]:
    """The circuit lowered, named `as written`, and then the plan after each of `REWRITES` but those in `without`."""
    found = lower(circuit)
    yield "as written", found
    for name, rewrite in REWRITES.items():
        if name not in without:
            found = rewrite.apply(found)
            yield name, found


def plan(circuit: Circuit, without: Collection[str] = ()) -> PauliPlan:
    """The circuit lowered and rewritten by all of `REWRITES` but those named in `without`."""
    *_, (_, found) = stages(circuit, without)
    return found
