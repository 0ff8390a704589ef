"""Outputs that few rotations reach, run on small states of their own: light cones, taken apart if that is cheaper.

A cone is found backwards: a rotation belongs to it if it fails to commute with a string that is read or with a later
rotation of the cone. The state of a cone has as many qubits as its x masks have dimensions. Strings are read together
if one state costs less than two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.strings import Span, StringSpan

if TYPE_CHECKING:
    from hqnn_dsl.circuit.pauli.program import Marginal, PauliPlan, PauliProgram, Term

MOST_READINGS = 512
"""With more strings and marginals than this, or more rotations than `MOST_ROTATIONS`, a program is left whole."""
MOST_ROTATIONS = 20_000
MOST_GROUPS = 64
"""With more different cones than this, a program is left whole."""
PART_COST = 4096
"""The cost of starting one more part, in multiply-adds."""


@dataclass(frozen=True)
class _Cone:
    """The readings (numbers of terms, then of marginals) of one state, with the rotations that reach them."""

    readings: frozenset[int]
    rotations: frozenset[int]
    cost: int

    def joined(self, other: _Cone, program: PauliProgram) -> _Cone:
        rotations = self.rotations | other.rotations
        readings = self.readings | other.readings
        return _Cone(readings, rotations, _cost(program, rotations, len(readings)))


def split(plan: PauliPlan) -> PauliPlan:
    """Returns every program taken apart if the parts cost less than the whole."""
    return replace(plan, parts=tuple(piece for part in plan.parts for piece in _pieces(part)))


def _pieces(program: PauliProgram) -> tuple[PauliProgram, ...]:
    count = len(program.terms) + len(program.marginals)
    if program.start is not None or not 1 < count <= MOST_READINGS or len(program.rotations) > MOST_ROTATIONS:
        return (program,)
    groups: dict[frozenset[int], set[int]] = {}
    for number in range(count):
        groups.setdefault(reaching(program, _strings(program, number)), set()).add(number)
    if not 1 < len(groups) <= MOST_GROUPS:
        return (program,)
    cones = [
        _Cone(frozenset(readings), rotations, _cost(program, rotations, len(readings)))
        for rotations, readings in groups.items()
    ]
    chosen = _join(program, cones)
    return tuple(_part(program, cone) for cone in chosen)


def _join(program: PauliProgram, cones: list[_Cone]) -> list[_Cone]:
    """Join the pair that saves most until none does; all in one if that is cheapest."""
    whole = cones[0]
    for cone in cones[1:]:
        whole = whole.joined(cone, program)
    left = sorted(cones, key=lambda cone: min(cone.readings))
    unions: dict[tuple[frozenset[int], frozenset[int]], _Cone] = {}
    while len(left) > 1:
        best, pair = 0, (0, 0)
        for i, j in combinations(range(len(left)), 2):
            key = (left[i].readings, left[j].readings)
            if key not in unions:
                unions[key] = left[i].joined(left[j], program)
            saved = left[i].cost + left[j].cost - unions[key].cost
            if saved > best:
                best, pair = saved, (i, j)
        if best <= 0:
            break
        both = unions[left[pair[0]].readings, left[pair[1]].readings]
        left = [cone for k, cone in enumerate(left) if k not in pair] + [both]
    if whole.cost <= sum(cone.cost for cone in left):
        return [whole]
    return sorted(left, key=lambda cone: min(cone.readings))


def _strings(program: PauliProgram, number: int) -> list[tuple[int, int]]:
    if number < len(program.terms):
        term = program.terms[number]
        return [(term.x, term.z)]
    return [(0, mask) for mask, _ in program.marginals[number - len(program.terms)].bits]


def reaching(program: PauliProgram, strings: list[tuple[int, int]]) -> frozenset[int]:
    """Returns the indices of the rotations that reach a string: they fail to commute with it or with a later one."""
    later = StringSpan(program.num_qubits)
    for x, z in strings:
        later.add(x, z)
    kept = set()
    for number in range(len(program.rotations) - 1, -1, -1):
        rotation = program.rotations[number]
        if not later.commutes(rotation.x, rotation.z):
            later.add(rotation.x, rotation.z)
            kept.add(number)
    return frozenset(kept)


def _cost(program: PauliProgram, rotations: frozenset[int], readings: int) -> int:
    """Multiply-adds of a step, roughly: a state as large as the x masks' span, passed over once a rotation."""
    span = Span()
    for number in rotations:
        span.add(program.rotations[number].x)
    return PART_COST + ((4 * len(rotations) + readings) << len(span))


def _part(program: PauliProgram, cone: _Cone) -> PauliProgram:
    rotations = tuple(program.rotations[number] for number in sorted(cone.rotations))
    count = len(program.terms)
    terms: list[Term] = [program.terms[number] for number in sorted(cone.readings) if number < count]
    marginals: list[Marginal] = [program.marginals[k - count] for k in sorted(cone.readings) if k >= count]
    return replace(program, rotations=rotations, terms=tuple(terms), marginals=tuple(marginals))
