"""The dynamical Lie algebra of a circuit, where its definition applies, and the algebra that holds the whole circuit.

The theory (Larocca et al., Quantum 6, 824, 2022; Ragone et al., Nat. Commun. 15, 7172, 2024) is about circuits
Π_k exp(-i·θ_k·H_k) with independent parameters θ_k. The dynamical Lie algebra is the smallest real Lie algebra that
holds all i·H_k; its dimension decides, for circuits deep enough, how the variance of a gradient scales.

A circuit of the language is brought to that form by its Pauli normal form: Clifford gates are moved to the end, so that
each rotation about P turns about ±C†PC, C the Clifford gates before it. What remains has to be of the form of the
theory; if it is not, the dimension is unknown, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import Apply, InputRef, WeightRef, distinct_leaves
from hqnn_dsl.circuit.pauli.lowering import lower
from hqnn_dsl.circuit.pauli.strings import anticommute
from hqnn_dsl.science.affine import affine
from hqnn_dsl.science.lie_closure import PRIMES, StringAlgebra, SumAlgebra, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliProgram, PauliRotation
    from hqnn_dsl.science.lie_closure import String

MOST_DIMENSIONS = 1 << 16
"""Dimensions up to which an algebra of strings is closed; su(2^8) has 65535."""
MOST_OF_SUMS = 1 << 10
"""Dimensions up to which an algebra of sums is closed; su(2^5) has 1023."""


@dataclass(frozen=True)
class Algebra:
    """The dimension of a Lie algebra over the reals, with its centre; None for the reason in `reason`.

    `generators` is how many different ones it was made from. `holds_observables` says whether all Pauli products that
    are read lie in it, as the theorem on variances needs of the observable or of the state; None if the dimension is.
    """

    dimension: int | None
    reason: str = ""
    generators: int = 0
    holds_observables: bool | None = None


class _Unknown(Exception):
    """The circuit is not of the form of the theory, for the reason that is the text."""


def whole_algebra(circuit: Circuit, *, most: int = MOST_DIMENSIONS) -> Algebra:
    """The smallest Lie algebra that holds the strings of all rotations, of inputs, weights and constants alike.

    Up to the Clifford gates, the circuit is a product of exponentials of its elements for all values. A generator with
    several strings, such as that of `crx`, counts as these strings. The dimension is unknown above `most`.
    """
    program = lower(circuit).parts[0]
    return _closed_strings(program, [(rotation.x, rotation.z) for rotation in program.rotations], most)


def trained_algebra(circuit: Circuit, *, most: int = MOST_DIMENSIONS) -> Algebra:
    """The dynamical Lie algebra of the circuit's trained weights.

    Each weight is one parameter. Its generator is the sum of the strings of its rotations if these commute and can be
    brought together, otherwise the dimension is unknown. Rotations without a trained weight (inputs, frozen weights,
    constants) may stand before all others, where they prepare the state; a later one has to lie in the algebra.
    """
    program = lower(circuit).parts[0]
    try:
        generators, fixed = _parted(circuit, program)
    except _Unknown as reason:
        return Algebra(None, str(reason))
    if not generators:
        return Algebra(None, "no rotation of the circuit has a trained weight")
    if all(len(generator) == 1 for generator in generators):
        found = _closed_strings(program, [next(iter(generator)) for generator in generators], most, fixed)
    else:
        found = _closed_sums(program, generators, min(most, MOST_OF_SUMS), fixed)
    return found


def _closed_strings(
    program: PauliProgram, strings: Sequence[String], most: int, fixed: Sequence[String] = ()
) -> Algebra:
    distinct = [string for string in dict.fromkeys(strings) if string != (0, 0)]
    algebra = StringAlgebra(most)
    try:
        for string in distinct:
            algebra.add(string)
    except TooLarge:
        return Algebra(None, f"it has more than {most} dimensions", len(distinct))
    return _described(program, algebra, len(distinct), fixed)


def _closed_sums(
    program: PauliProgram, generators: Sequence[dict[String, Fraction]], most: int, fixed: Sequence[String]
) -> Algebra:
    try:
        algebras = [SumAlgebra(generators, most, prime) for prime in PRIMES]
    except TooLarge:
        reason = (
            f"its generators are sums of Pauli strings, and it has more than {most} dimensions or {4 * most} strings"
        )
        return Algebra(None, reason, len(generators))
    return _described(program, max(algebras, key=lambda one: one.dimension), len(generators), fixed)


def _described(
    program: PauliProgram, algebra: StringAlgebra | SumAlgebra, generators: int, fixed: Sequence[String]
) -> Algebra:
    if not all(algebra.holds(string) for string in fixed):
        reason = "a rotation without a trained weight stands between trained ones, and does not lie in their algebra"
        return Algebra(None, reason, generators)
    read = [(term.x, term.z) for term in program.terms]
    read += [(0, mask) for marginal in program.marginals for mask in _spanned([mask for mask, _ in marginal.bits])]
    inside = all(algebra.holds(string) for string in set(read) - {(0, 0)})
    return Algebra(algebra.dimension, "", generators, inside)


def _spanned(masks: Sequence[int]) -> set[int]:
    """All products of the Z strings of some bits, of which probabilities are sums."""
    found = {0}
    for mask in masks:
        found |= {mask ^ known for known in found}
    return found


def _parted(circuit: Circuit, program: PauliProgram) -> tuple[list[dict[String, Fraction]], list[String]]:
    """The generator of each trained weight, and the strings of other rotations that stand among them."""
    keys = _Keys(circuit)
    named = [keys.of(rotation) for rotation in program.rotations]
    first = next((number for number, (key, _) in enumerate(named) if key is not None), len(named))
    fixed = [(r.x, r.z) for r, (key, _) in zip(program.rotations, named, strict=True) if key is None]
    leading = sum(key is None for key, _ in named[:first])
    places: dict[tuple[str, int], list[int]] = {}
    for number, (key, _) in enumerate(named):
        if key is not None:
            places.setdefault(key, []).append(number)
    generators = []
    for key, numbers in places.items():
        _insist_together(circuit, program.rotations, numbers, key)
        total: dict[String, Fraction] = {}
        for number in numbers:
            rotation = program.rotations[number]
            string = (rotation.x, rotation.z)
            total[string] = total.get(string, Fraction(0)) + Fraction(named[number][1])
        total = {string: coefficient for string, coefficient in total.items() if coefficient and string != (0, 0)}
        if total:
            generators.append(total)
    return generators, fixed[leading:]


def _insist_together(
    circuit: Circuit, rotations: Sequence[PauliRotation], numbers: list[int], key: tuple[str, int]
) -> None:
    """Raise `_Unknown` if the rotations of one weight do not commute with each other and with all between them."""
    for place, number in enumerate(numbers):
        between = rotations[numbers[0] + 1 : number] if place else ()
        one = rotations[number]
        if any(anticommute(one.x, one.z, other.x, other.z) for other in (*between, rotations[numbers[0]])):
            raise _Unknown(f"{_name(circuit, key)} turns rotations that do not commute, or that others stand between")


def _name(circuit: Circuit, key: tuple[str, int]) -> str:
    kind, index = key
    if kind == "slot":
        return f"the weight of slot {index}"
    tensor = next(t for t in circuit.weights if t.offset <= index < t.offset + t.size)
    return f"entry {index - tensor.offset} of `{tensor.path}`"


class _Keys:
    """The parameter that turns each rotation."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._trained = {index for t in circuit.weights if not t.frozen for index in range(t.offset, t.offset + t.size)}
        self._weights = [self._weights_of(slot) for slot in range(len(circuit.slots))]
        self._uses: dict[int, int] = {}
        for weights in self._weights:
            for weight in weights:
                self._uses[weight] = self._uses.get(weight, 0) + 1

    def of(self, rotation: PauliRotation) -> tuple[tuple[str, int] | None, float]:
        """Returns the parameter of a rotation with its factor; None if no trained weight turns it."""
        slots = [(slot, factor) for slot, factor in rotation.angle.slots if self._weights[slot]]
        if not slots:
            return None, 0.0
        if len(rotation.angle.slots) > 1:
            raise _Unknown("an angle is a sum of several angles of a gate")
        ((slot, factor),) = slots
        if any(self._uses[weight] == 1 for weight in self._weights[slot]):
            return ("slot", slot), factor
        return self._shared(slot, factor)

    def _weights_of(self, slot: int) -> set[int]:
        leaves = distinct_leaves([self._circuit.slots[slot]])
        return {leaf.index for leaf in leaves if isinstance(leaf, WeightRef) and leaf.index in self._trained}

    def _shared(self, slot: int, factor: float) -> tuple[tuple[str, int], float]:
        """The parameter of a slot whose weights all stand in other slots too."""
        found = self._weights[slot]
        if len(found) > 1 or any(isinstance(leaf, InputRef) for leaf in distinct_leaves([self._circuit.slots[slot]])):
            raise _Unknown(f"the angle of slot {slot} is made of weights that other angles are made of too")
        (index,) = found
        tangent = self._factor(slot, index)
        if tangent is None:
            raise _Unknown(f"the angle of slot {slot} is not linear in a weight that other angles are made of too")
        return ("weight", index), factor * tangent

    def _factor(self, slot: int, index: int) -> float | None:
        """The factor of one weight in a slot that is linear in it, None if it is not."""
        found = affine(_with_weight_as_input(self._circuit.slots[slot], index))
        return found.factors.get(0) if found.is_linear else None


def _with_weight_as_input(angle: Angle, index: int) -> Angle:
    """An angle without inputs, with one of its weights as input 0."""
    if isinstance(angle, WeightRef) and angle.index == index:
        return InputRef(0)
    if isinstance(angle, Apply):
        return Apply(angle.function, tuple(_with_weight_as_input(one, index) for one in angle.arguments))
    return angle
