"""The angles of a circuit as linear functions of its inputs, where they are such.

An angle a(x) = Σ_i c_i·x_i + d turns a rotation with the frequencies c_i in input i. The factors c_i are numbers known
from the spec, or numbers once the weights are, or none: then `Affine` has the reason for each input.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import FUNCTIONS, Apply, Const, InputRef, WeightRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.circuit.angles import Angle

ON_A_WEIGHT = "its factor is a weight"
ON_AN_INPUT = "it is multiplied by another input"
NOT_LINEAR = "it stands inside {function}"


@dataclass(frozen=True)
class Affine:
    """An angle as a function of the inputs.

    `factors` has the factor of each input that the angle is linear in, `reasons` why there is none for the others that
    it reads. `constant` is the rest, None if that depends on weights whose values were not given.
    """

    factors: Mapping[int, float] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    constant: float | None = 0.0

    @property
    def inputs(self) -> set[int]:
        """The inputs that the angle reads."""
        return {*self.factors, *self.reasons}

    @property
    def is_linear(self) -> bool:
        """Whether the angle has a known factor for every input that it reads."""
        return not self.reasons


def affine(angle: Angle, weights: Sequence[float] | None = None) -> Affine:
    """Returns the angle as a function of the inputs; with `weights` these are numbers, in the circuit's order."""
    match angle:
        case Const(value):
            return Affine(constant=value)
        case InputRef(index):
            return Affine({index: 1.0})
        case WeightRef(index):
            return Affine(constant=None if weights is None else float(weights[index]))
        case Apply(function, arguments):
            return _applied(function, [affine(argument, weights) for argument in arguments])


def _applied(function: str, given: list[Affine]) -> Affine:
    if not any(one.inputs for one in given):
        return Affine(constant=_value(function, given))
    match function, given:
        case "neg", [only]:
            return _scaled(only, -1.0)
        case "add", [left, right]:
            return _sum(left, right)
        case "sub", [left, right]:
            return _sum(left, _scaled(right, -1.0))
        case "mul", [left, right] if not (left.inputs and right.inputs):
            return _scaled(right, left.constant) if right.inputs else _scaled(left, right.constant)
        case "mul", [left, right]:
            return _product(left, right)
        case "div", [left, right] if not right.inputs:
            return _scaled(left, 1 / right.constant if right.constant else None)
        case "pow", [left, right] if not right.inputs and right.constant == 1:
            return left
    read = set().union(*(one.inputs for one in given))
    return Affine(reasons=dict.fromkeys(read, NOT_LINEAR.format(function=_shown(function))), constant=None)


def _value(function: str, given: list[Affine]) -> float | None:
    """The value of a function of numbers; None if one of them is not known, or the function has no real value."""
    numbers = [one.constant for one in given if one.constant is not None]
    if len(numbers) < len(given):
        return None
    try:
        value = FUNCTIONS[function](*numbers)
    except (ArithmeticError, ValueError):
        return None
    return None if isinstance(value, complex) else float(value)


def _scaled(given: Affine, by: float | None) -> Affine:
    if by is None:
        reasons = {**dict.fromkeys(given.factors, ON_A_WEIGHT), **given.reasons}
        return Affine(reasons=reasons, constant=None)
    constant = None if given.constant is None else by * given.constant
    return Affine(_without_zeros({i: by * c for i, c in given.factors.items()}), given.reasons, constant)


def _sum(left: Affine, right: Affine) -> Affine:
    reasons = {**right.reasons, **left.reasons}
    factors = dict(left.factors)
    for index, factor in right.factors.items():
        factors[index] = factors.get(index, 0.0) + factor
    known = {index: factor for index, factor in _without_zeros(factors).items() if index not in reasons}
    both_known = left.constant is not None and right.constant is not None
    return Affine(known, reasons, left.constant + right.constant if both_known else None)  # type: ignore[operator]


def _product(left: Affine, right: Affine) -> Affine:
    """The product of two angles that both read inputs."""
    reasons = {}
    for index in left.inputs | right.inputs:
        if index in left.inputs and index in right.inputs:
            reasons[index] = NOT_LINEAR.format(function="a power of itself")
        else:
            reasons[index] = left.reasons.get(index) or right.reasons.get(index) or ON_AN_INPUT
    return Affine(reasons=reasons, constant=None)


def _without_zeros(factors: dict[int, float]) -> dict[int, float]:
    return {index: factor for index, factor in factors.items() if factor != 0.0}


def _shown(function: str) -> str:
    words = {"div": "a divisor", "pow": "a power", "mul": "a product"}
    return words.get(function, f"`{function}`")
