"""The cost of running a plan, counted before it runs: rotations, passes, multiply-adds and bytes of states.

The counts are of the work per sample: a rotation passes over the entries that rotations so far can have reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.passes import passes

if TYPE_CHECKING:
    from hqnn_dsl.circuit.pauli.program import PauliPlan, PauliProgram


@dataclass(frozen=True, slots=True)
class Cost:
    """Counts for one sample, values only; `state_bytes` are those of the largest state in single precision.

    `multiply_adds` are those of the engine, which turns by tangents: one a real number that a rotation mixes, and four
    an amplitude for a whole run of phases. A gradient costs about three times as much again.
    """

    rotations: int
    passes: int
    multiply_adds: int
    state_bytes: int

    def plus(self, other: Cost) -> Cost:
        return Cost(
            self.rotations + other.rotations,
            self.passes + other.passes,
            self.multiply_adds + other.multiply_adds,
            max(self.state_bytes, other.state_bytes),
        )


def reached(program: PauliProgram) -> tuple[int, ...]:
    """For each rotation the number of basis states, a power of two, below which all amplitudes that it meets lie."""
    if program.start is not None:
        return (1 << program.num_qubits,) * len(program.rotations)
    found, seen = [], 0
    for rotation in program.rotations:
        seen |= rotation.x
        found.append(1 << seen.bit_length())
    return tuple(found)


def cost_of_program(program: PauliProgram) -> Cost:
    """The cost of one program."""
    numbers = 1 if program.real else 2
    groups = passes(program)
    ordered = tuple(rotation for group in groups for rotation in group.rotations)
    entries = reached(replace(program, rotations=ordered))
    ends = list(accumulate(len(group.rotations) for group in groups))
    turned = 0
    for group, end in zip(groups, ends, strict=True):
        if group.form == "phases":
            turned += 2 * entries[end - 1]
        else:
            turned += sum(entries[end - len(group.rotations) : end])
    read = (len(program.terms) + sum(len(marginal.bits) for marginal in program.marginals)) << program.num_qubits
    return Cost(
        rotations=len(program.rotations),
        passes=len(groups),
        multiply_adds=numbers * (turned + read),
        state_bytes=4 * numbers << program.num_qubits,
    )


def cost(plan: PauliPlan) -> Cost:
    """The cost of all parts of a plan."""
    total = Cost(0, 0, 0, 0)
    for part in plan.parts:
        total = total.plus(cost_of_program(part))
    return total
