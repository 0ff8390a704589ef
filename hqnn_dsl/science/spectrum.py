"""The Fourier spectrum that a circuit can reach, from the slots that its inputs feed.

An output of a circuit whose input-dependent angles are linear in the inputs is a finite Fourier series
f(x) = Σ_ω c_ω e^{i ω·x} (Schuld, Sweke, Meyer, Phys. Rev. A 103, 032430, 2021). An operation whose expectation values
have the frequencies F in an angle a(x) = Σ_i c_i·x_i + d adds the vectors {0, ±φ·c : φ ∈ F}, and the spectrum of an
output is the sum of these sets (each element of one added to each of the other) over the slots in its light cone.
Frequencies outside of it have coefficient zero whatever the weights; those inside may have it too.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.circuit.pauli.cones import reaching
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.science.affine import affine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit, Operation
    from hqnn_dsl.circuit.pauli.program import Marginal

MOST_VECTORS = 100_000
"""Vectors of frequencies, ±ω apart and zero among them, up to which the set is written out."""
DIGITS = 9
"""Frequencies that agree to so many decimals are one."""
UNIT = 1e-12
"""Frequencies are added up as whole multiples of it, three digits more than are looked at."""

Vector = tuple[float, ...]


@dataclass(frozen=True)
class SlotFrequencies:
    """A slot that reads inputs, with the frequencies that it adds.

    `frequencies` are those of the gate in its angle (the gate's row has them), `factors` are (input, factor) for each
    input that the angle is linear in, and `reasons` are (input, reason) for the others. `outputs` are the numbers of
    the outputs that the slot reaches.
    """

    slot: int
    gate: str
    frequencies: tuple[float, ...]
    factors: tuple[tuple[int, float], ...]
    reasons: tuple[tuple[int, str], ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Spectrum:
    """The frequencies that a circuit's outputs can have.

    `per_input[i]` are those in input i if the others are held fixed, from 0 on ascending, and None if there is no
    Fourier series in it, for the reason in `reasons[i]`. `vectors` are those of all inputs together, `num_inputs`
    numbers each, zero first and one of ±ω, whose first number that is not zero is positive; None for the reason in
    `reason`, which is empty otherwise.
    """

    num_inputs: int
    slots: tuple[SlotFrequencies, ...]
    per_input: Mapping[int, Vector | None]
    reasons: Mapping[int, str]
    vectors: tuple[Vector, ...] | None
    reason: str

    @property
    def size(self) -> int | None:
        """How many vectors there are with their negatives, zero counted once; None if they are not written out."""
        return None if self.vectors is None else 2 * len(self.vectors) - 1


def spectrum(
    circuit: Circuit, weights: Sequence[float] | None = None, *, most: int = MOST_VECTORS, output: int | None = None
) -> Spectrum:
    """Returns the frequencies that the outputs of a circuit can have, together, or those of one `output` by number.

    `weights` are the circuit's, in its order; they are only needed if a weight is the factor of an input. No more than
    `most` vectors are written out.
    """
    found = _slots(circuit, weights)
    asked = range(circuit.num_outputs) if output is None else (output,)
    by_output = [[slot for slot in found if number in slot.outputs] for number in asked]
    live = [slot for slot in found if set(slot.outputs) & set(asked)]
    reasons = _reasons(circuit, live)
    per_input: dict[int, Vector | None] = {}
    for index in range(circuit.num_inputs):
        per_input[index] = None if index in reasons else _scalars(by_output, index, most)
        if index not in reasons and per_input[index] is None:
            reasons[index] = f"it has more than {most} frequencies"
    vectors, reason = None, _why_not(circuit, reasons)
    if not reason:
        vectors = _vectors(by_output, circuit.num_inputs, most)
        reason = "" if vectors is not None else f"there are more than {most} vectors of frequencies"
    return Spectrum(circuit.num_inputs, tuple(found), per_input, reasons, vectors, reason)


def gate_frequencies(operation: Operation, number: int) -> tuple[float, ...]:
    """The positive frequencies of an expectation value in angle `number` of an operation."""
    if operation.gate == "pauli_rot":
        return (1.0,) if set(operation.pauli) - {"I"} else ()
    return GATES[operation.gate].frequencies[number]


def reached_outputs(circuit: Circuit) -> dict[int, set[int]]:
    """The numbers of the outputs that each slot reaches, by slot; slots that reach none are not in it.

    A slot reaches an output if one of its rotations lies in the light cone of a string that is read for it, in the
    normal form without Clifford gates. What is not reached changes nothing for any values; the reverse is not proved.
    """
    found: dict[int, set[int]] = {}
    for part in plan(circuit).parts:
        strings: dict[int, list[tuple[int, int]]] = {}
        for term in part.terms:
            strings.setdefault(term.output, []).append((term.x, term.z))
        for marginal in part.marginals:
            for output in range(marginal.first, marginal.first + marginal.size):
                strings.setdefault(output, []).extend(_read(marginal))
        cones: dict[tuple[tuple[int, int], ...], frozenset[int]] = {}
        for output, read in strings.items():
            key = tuple(sorted(set(read)))
            if key not in cones:
                cones[key] = reaching(part, list(key))
            for rotation in cones[key]:
                for slot, _ in part.rotations[rotation].angle.slots:
                    found.setdefault(slot, set()).add(output)
    return found


def _read(marginal: Marginal) -> list[tuple[int, int]]:
    return [(0, mask) for mask, _ in marginal.bits]


def _slots(circuit: Circuit, weights: Sequence[float] | None) -> list[SlotFrequencies]:
    """The slots that read inputs and reach an output, in the order of the operations."""
    outputs, wanted = reached_outputs(circuit), set(circuit.sample_slots)
    found = []
    for operation in circuit.operations:
        for number, slot in enumerate(operation.slots):
            if slot not in wanted or slot not in outputs:
                continue
            angle = affine(circuit.slots[slot], weights)
            if not angle.inputs:
                continue
            found.append(
                SlotFrequencies(
                    slot=slot,
                    gate=operation.gate,
                    frequencies=gate_frequencies(operation, number),
                    factors=tuple(sorted(angle.factors.items())),
                    reasons=tuple(sorted(angle.reasons.items())),
                    outputs=tuple(sorted(outputs[slot])),
                )
            )
    return found


def _reasons(circuit: Circuit, slots: Iterable[SlotFrequencies]) -> dict[int, str]:
    """Why there is no Fourier series in an input, for each where there is none."""
    found: dict[int, str] = {}
    if (amplitude := circuit.amplitude) is not None:
        read = range(amplitude.start, amplitude.start + amplitude.size)
        found = dict.fromkeys(read, "it is an amplitude of the first state, divided by the norm of all")
    for slot in slots:
        for index, reason in slot.reasons:
            found.setdefault(index, f"in slot {slot.slot} ({slot.gate}) {reason}")
    return found


def _why_not(circuit: Circuit, reasons: Mapping[int, str]) -> str:
    if not reasons:
        return "" if circuit.num_inputs else "the circuit has no inputs"
    index = min(reasons)
    return f"{input_name(circuit, index)}: {reasons[index]}"


def input_name(circuit: Circuit, index: int) -> str:
    """The name of an input as in the spec, `x[2]` if it has none."""
    return circuit.input_names[index] if index < len(circuit.input_names) else f"x[{index}]"


def _scalars(by_output: list[list[SlotFrequencies]], index: int, most: int) -> Vector | None:
    """The frequencies in one input, from 0 on; None if they are more than `most`."""
    union: set[float] = set()
    for slots in _distinct(by_output):
        reached = _sums([_steps(slot, (index,)) for slot in slots if index in dict(slot.factors)], 1, most)
        if reached is None:
            return None
        union |= {abs(value) for (value,) in reached}
    return tuple(sorted(union | {0.0}))


def _vectors(by_output: list[list[SlotFrequencies]], width: int, most: int) -> tuple[Vector, ...] | None:
    """All vectors of frequencies, one of ±ω, ascending; None if they are more than `most` with both."""
    union: set[Vector] = {(0.0,) * width}
    for slots in _distinct(by_output):
        reached = _sums([_steps(slot, tuple(range(width))) for slot in slots], width, most)
        if reached is None:
            return None
        union |= reached
        if len(union) > most:
            return None
    return tuple(sorted(vector for vector in union if vector >= tuple(-value for value in vector)))


def _distinct(by_output: list[list[SlotFrequencies]]) -> list[list[SlotFrequencies]]:
    """The slots of outputs, once for all outputs that the same slots reach."""
    return list({tuple(slot.slot for slot in slots): slots for slots in by_output}.values())


def _steps(slot: SlotFrequencies, inputs: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The vectors ±φ·c of a slot in some of the inputs, in units of `UNIT`."""
    factors = dict(slot.factors)
    direction = [factors.get(index, 0.0) for index in inputs]
    return [
        tuple(round(sign * frequency * factor / UNIT) for factor in direction)
        for frequency in slot.frequencies
        for sign in (1, -1)
    ]


def _sums(steps: Iterable[list[tuple[int, ...]]], width: int, most: int) -> set[Vector] | None:
    """All sums of at most one step of each entry; None if they are more than `most`."""
    reached: set[tuple[int, ...]] = {(0,) * width}
    for entry in steps:
        reached |= {tuple(map(operator.add, vector, step)) for vector in reached for step in entry}
        if len(reached) > most:
            return None
    return {tuple(round(value * UNIT, DIGITS) + 0.0 for value in vector) for vector in reached}
