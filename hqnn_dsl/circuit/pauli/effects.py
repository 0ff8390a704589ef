"""Facts that the plan of a circuit proves: weights and inputs that change no output, and outputs that never change.

A proof, not a search: each fact holds for all values, and a weight whose gradient is zero for a subtler reason
may not be named. No array library is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.circuit.angles import InputRef, WeightRef, distinct_leaves
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.circuit.pauli.cones import reaching
from hqnn_dsl.circuit.pauli.program import Term
from hqnn_dsl.circuit.pauli.rewrites import REWRITES, plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliPlan, PauliProgram

Kind = Literal["fixed", "unknown", "varies"]

MOST_ROUNDS = 8
MOST_WORK = 10_000
"""Gates times qubits up to which a plan is a matter of some hundredths of a second."""
MOST_READING = 100_000
"""Gates times strings that are read, and sixteen times the outputs, up to which looking at each takes as little."""


@dataclass(frozen=True)
class Effects:
    """Weights and inputs, by number, that stand in angles and yet reach no output, and outputs that are constant.

    `constants` has the value of each constant output, None if only running the circuit would tell it.
    """

    dead_weights: tuple[int, ...] = ()
    dead_inputs: tuple[int, ...] = ()
    constants: Mapping[int, float | None] = field(default_factory=dict)


def is_quick(circuit: Circuit) -> bool:
    """Whether `effects` of a circuit costs too little to be noticed."""
    gates = len(circuit.operations)
    strings = sum(len(m.terms) if isinstance(m, Observable) else len(m.qubits) for m in circuit.measurements)
    reading = max(gates * strings, 16 * circuit.num_outputs)
    return gates * circuit.num_qubits <= MOST_WORK and reading <= MOST_READING


def effects(circuit: Circuit) -> Effects:
    """Returns the facts about a circuit that its plan proves."""
    found = _reduced(plan(circuit))
    live = {slot for part in found.parts for rotation in part.rotations for slot, _ in rotation.angle.slots}
    reached = set(distinct_leaves(circuit.slots[slot] for slot in live))
    named = set(distinct_leaves(circuit.slots)) - reached
    read = circuit.amplitude
    amplitudes = range(0) if read is None else range(read.start, read.start + read.size)
    return Effects(
        dead_weights=tuple(sorted(leaf.index for leaf in named if isinstance(leaf, WeightRef))),
        dead_inputs=tuple(
            sorted(leaf.index for leaf in named if isinstance(leaf, InputRef) and leaf.index not in amplitudes)
        ),
        constants=_constants(circuit, found),
    )


def _reduced(found: PauliPlan) -> PauliPlan:
    """A plan rewritten until that makes it no smaller: each rewrite may make room for those before it.

    If `find_real` or `reduce_rank` finds an output to be zero, rotations that reach only that are dead; if a control is
    still |0>, the rotations that it controls cancel.
    """
    for _ in range(MOST_ROUNDS):
        before = _count(found)
        found = replace(found, parts=tuple(_summed(_settled(part)) for part in found.parts))
        for rewrite in REWRITES.values():
            if rewrite.name != "split":
                found = rewrite.apply(found)
        if _count(found) == before:
            break
    return found


def _count(found: PauliPlan) -> tuple[int, int]:
    return sum(len(part.rotations) for part in found.parts), sum(len(part.terms) for part in found.parts)


def _settled(program: PauliProgram) -> PauliProgram:
    """Rotations without the Z on qubits that are still |0> before and after them: Z is 1 there."""
    if program.start is not None:
        return program
    rotations, moved = [], 0
    for rotation in program.rotations:
        rotations.append(replace(rotation, z=rotation.z & (moved | rotation.x)))
        moved |= rotation.x
    return replace(program, rotations=tuple(rotations))


def _summed(program: PauliProgram) -> PauliProgram:
    """Terms about one string for one output as one; those that cancel are gone."""
    sums: dict[tuple[int, int, int], float] = {}
    for term in program.terms:
        key = (term.x, term.z, term.output)
        sums[key] = sums.get(key, 0.0) + term.coefficient
    terms = tuple(Term(x, z, sum_, output) for (x, z, output), sum_ in sums.items() if sum_ != 0.0)
    return replace(program, terms=terms)


def _constants(circuit: Circuit, found: PauliPlan) -> dict[int, float | None]:
    """The constant outputs of a plan, with their values if they can be read off."""
    sums = list(found.offsets)
    varying: set[int] = set()
    unknown: set[int] = set()
    for part in found.parts:
        known = _Known(part)
        for term in part.terms:
            kind = known.kind(term.x, term.z)
            sums[term.output] += term.coefficient if kind == "fixed" and term.x == 0 else 0.0
            {"varies": varying, "unknown": unknown}.get(kind, set()).add(term.output)
        for marginal in part.marginals:
            bits = [(known.kind(0, mask), flip) for mask, flip in marginal.bits]
            for outcome in range(marginal.size):
                kind, value = _outcome(bits, outcome)
                sums[marginal.first + outcome] += value
                {"varies": varying, "unknown": unknown}.get(kind, set()).add(marginal.first + outcome)
    constant = [output for output in range(circuit.num_outputs) if output not in varying]
    return {output: None if output in unknown else sums[output] for output in constant}


def _outcome(bits: list[tuple[Kind, int]], outcome: int) -> tuple[Kind, float]:
    """Returns if the probability of an outcome is fixed, and its value then; `bits` are (kind, value if fixed)."""
    if any(kind == "fixed" and outcome >> j & 1 != value for j, (kind, value) in enumerate(bits)):
        return "fixed", 0.0
    kinds = {kind for kind, _ in bits}
    if kinds <= {"fixed"}:
        return "fixed", 1.0
    return ("varies" if "varies" in kinds else "unknown"), 0.0


class _Known:
    """Facts about the strings that a program reads."""

    def __init__(self, program: PauliProgram) -> None:
        self._program = program
        self._kinds: dict[tuple[int, int], Kind] = {(0, 0): "fixed"}

    def kind(self, x: int, z: int) -> Kind:
        """Returns `fixed` if no rotation reaches <P> and it can be read off, `unknown` if only constant ones do."""
        if (x, z) not in self._kinds:
            self._kinds[x, z] = self._found(x, z)
        return self._kinds[x, z]

    def _found(self, x: int, z: int) -> Kind:
        if self._program.start is not None:
            return "varies"
        cone = reaching(self._program, [(x, z)])
        if not cone:
            return "fixed"
        return "varies" if any(self._program.rotations[number].angle.slots for number in cone) else "unknown"
