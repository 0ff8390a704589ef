"""The phases whose cosines and sines span the outputs of a circuit, from its own slots.

An output is Σ_ω c_ω exp(i ω·θ(x)). θ are the distinct parts of the angles that read inputs (inputs themselves, products
and functions of them), and ω are the sums of at most one of 0, +v and -v for each Pauli rotation with the factors v of
the parts in its angle, over the rotations that reach an output (Schuld, Sweke and Meyer 2021; Landman and others,
arXiv 2210.13200). Terms of an angle that read no inputs change the coefficients c alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angle_text import text_of_angle
from hqnn_dsl.circuit.angles import InputRef, WeightRef, leaves
from hqnn_dsl.circuit.linear import LinearForm, angle_of_form, linear_form, with_weights
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.science.derived.controls import Absent
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliProgram

    Vector = tuple[float, ...]

MOST_COUNTED = 20_000
"""Vectors, with both signs, up to which the whole set is made."""
MOST_PHASES = 256
"""Phases of a surrogate; of more, so many are drawn at random."""
_TRIES = 50
"""Draws for each phase that is wanted; some are drawn twice."""
DIGITS = 9
"""Frequencies that agree to so many decimals are one."""


@dataclass(frozen=True)
class Phases:
    """The texts of phases, as the layer `fourier` takes them. `total` is how many there are, None if not counted."""

    texts: tuple[str, ...]
    total: int | None
    weights_fixed: bool
    """Whether weights scale inputs: the frequencies are those of the starting weights."""

    @property
    def are_sampled(self) -> bool:
        """Whether there are more phases than these."""
        return self.total is None or self.total > len(self.texts)


def phases_of(circuit: Circuit, seed: int, most: int = MOST_PHASES) -> Phases:
    """The phases of a circuit whose weights start from the root seed. Raises `Absent` if there are none.

    If there are more than `most`, as many are drawn: evenly from the whole set if it has at most `MOST_COUNTED` vectors
    with both signs, otherwise by drawing one of 0, +v and -v for each rotation. The generator is NumPy's PCG64 with the
    seed `stream(seed, "frequencies")`.
    """
    if circuit.amplitude is not None:
        raise Absent("inputs are amplitudes of the state, so outputs are no Fourier series of them")
    weights, fixed = _start(circuit, seed)
    forms = [_form(circuit, slot, weights) for slot in range(len(circuit.slots))]
    parts = _parts(forms)
    if not parts:
        raise Absent("no gate reads inputs")
    groups = [group for group in (_vectors(part, forms, parts) for part in plan(circuit).parts) if group]
    found = _all_of(groups, len(parts))
    total = None if found is None else len(found)
    if total == 0:
        raise Absent("no input reaches an output")
    if found is None or len(found) > most:
        found = _drawn(groups, found, most, stream(seed, "frequencies"))
    texts = tuple(text_of_angle(_phase(vector, parts)) for vector in found)
    return Phases(texts, total, fixed)


def _start(circuit: Circuit, seed: int) -> tuple[list[float], bool]:
    """The weights at their start, and whether one of them is a factor of an input, or stands in a function with it."""
    from hqnn_dsl.network.quantum import initial_values

    init = stream(seed, "init")
    values = [value for tensor in circuit.weights for value in initial_values(tensor, init).reshape(-1).tolist()]
    mixed = (part for slot in circuit.sample_slots for part in linear_form(circuit.slots[slot]).factors)
    return values, any({InputRef, WeightRef} <= {type(leaf) for leaf in leaves(part)} for part in mixed)


def _form(circuit: Circuit, slot: int, weights: Sequence[float]) -> LinearForm:
    """What of a slot's angle reads inputs."""
    try:
        form = linear_form(with_weights(circuit.slots[slot], weights))
    except (ArithmeticError, ValueError):
        raise Absent("an angle has no finite value at the starting weights") from None
    return LinearForm(0.0, {part: factor for part, factor in form.factors.items() if _reads(part)})


def _reads(part: Angle) -> bool:
    return any(isinstance(leaf, InputRef) for leaf in leaves(part))


def _parts(forms: Sequence[LinearForm]) -> tuple[Angle, ...]:
    """The distinct parts of all angles, inputs first and in their order."""
    found = {part: None for form in forms for part in form.factors}
    inputs = sorted(part.index for part in found if isinstance(part, InputRef))
    return (*map(InputRef, inputs), *(part for part in found if not isinstance(part, InputRef)))


def _vectors(program: PauliProgram, forms: Sequence[LinearForm], parts: Sequence[Angle]) -> list[Vector]:
    """The factors of the parts in the angle of each rotation that reads inputs."""
    found = []
    for rotation in program.rotations:
        angle = LinearForm(0.0, {})
        for slot, factor in rotation.angle.slots:
            angle = angle.plus(forms[slot].times(factor))
        if angle.factors:
            found.append(tuple(angle.factors.get(part, 0.0) for part in parts))
    return found


def _all_of(groups: Sequence[list[Vector]], width: int) -> list[Vector] | None:
    """All sums but zero, one of each pair of signs, ascending by size; None if there are too many to count."""
    union: set[Vector] = set()
    for vectors in groups:
        reached: set[Vector] = {(0.0,) * width}
        for vector in vectors:
            reached |= {_sum(one, vector, sign) for one in reached for sign in (1, -1)}
            if len(reached) > MOST_COUNTED:
                return None
        union |= reached
    return sorted({_positive(one) for one in union if any(one)}, key=lambda one: (sum(map(abs, one)), one))


def _sum(one: Vector, other: Vector, sign: int) -> Vector:
    return tuple(round(a + sign * b, DIGITS) + 0.0 for a, b in zip(one, other, strict=True))


def _positive(vector: Vector) -> Vector:
    """The vector or its negative: the one whose first number that is not zero is positive."""
    first = next(value for value in vector if value)
    return vector if first > 0 else tuple(-value + 0.0 for value in vector)


def _drawn(groups: Sequence[list[Vector]], found: list[Vector] | None, most: int, seed: int) -> list[Vector]:
    """So many vectors at random, from all of them or by drawing signs."""
    import numpy as np

    generator = np.random.default_rng(seed)
    if found is not None:
        return [found[place] for place in sorted(generator.choice(len(found), most, replace=False).tolist())]
    drawn: dict[Vector, None] = {}
    for signs, vectors in _signs(groups, generator, most * _TRIES):
        total = tuple(round(float(value), DIGITS) + 0.0 for value in np.array(signs) @ np.array(vectors))
        if any(total):
            drawn[_positive(total)] = None
        if len(drawn) == most:
            break
    return sorted(drawn, key=lambda one: (sum(map(abs, one)), one))


def _signs(
    groups: Sequence[list[Vector]], generator: np.random.Generator, tries: int
) -> Iterator[tuple[list[int], list[Vector]]]:
    for _ in range(tries):
        vectors = groups[int(generator.integers(len(groups)))]
        yield generator.integers(-1, 2, len(vectors)).tolist(), vectors


def _phase(vector: Vector, parts: Sequence[Angle]) -> Angle:
    factors = {part: value for part, value in zip(parts, vector, strict=True) if value}
    return angle_of_form(LinearForm(0.0, factors))
