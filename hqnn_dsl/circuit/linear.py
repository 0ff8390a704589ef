"""Angles as sums of multiples of parts that are no sums: `2*x[0] + 3*x[0]*x[1] + 1` is 2 times, 3 times, and a rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import Angle, Apply, Const, WeightRef, apply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class LinearForm:
    """`constant` + Σ factor·part; a part is an input, a weight, or a product or function of angles."""

    constant: float
    factors: Mapping[Angle, float]

    def times(self, factor: float) -> LinearForm:
        """The form times a number."""
        return LinearForm(factor * self.constant, {part: factor * own for part, own in self.factors.items()})

    def plus(self, other: LinearForm) -> LinearForm:
        """The sum of two forms, without parts whose factors cancel."""
        factors = dict(self.factors)
        for part, own in other.factors.items():
            factors[part] = factors.get(part, 0.0) + own
        kept = {part: own for part, own in factors.items() if own != 0}
        return LinearForm(self.constant + other.constant, kept)


def linear_form(angle: Angle) -> LinearForm:
    """The form of an angle."""
    match angle:
        case Const(value):
            return LinearForm(value, {})
        case Apply("neg", (argument,)):
            return linear_form(argument).times(-1.0)
        case Apply("add", (left, right)):
            return linear_form(left).plus(linear_form(right))
        case Apply("sub", (left, right)):
            return linear_form(left).plus(linear_form(right).times(-1.0))
        case Apply("mul", (left, right)):
            return _product(linear_form(left), linear_form(right), angle)
        case Apply("div", (left, Const(value))) if value != 0:
            return linear_form(left).times(1 / value)
    return LinearForm(0.0, {angle: 1.0})


def _product(left: LinearForm, right: LinearForm, angle: Angle) -> LinearForm:
    """A product: a multiple if one of its factors is a number, otherwise a part of its own."""
    if not left.factors:
        return right.times(left.constant)
    if not right.factors:
        return left.times(right.constant)
    outer, parts = 1.0, []
    for form in (left, right):
        own = next(iter(form.factors.values())) if len(form.factors) == 1 and form.constant == 0 else 1.0
        outer *= own
        parts.append(form.times(1 / own))
    if outer == 1.0:
        return LinearForm(0.0, {angle: 1.0})
    return LinearForm(0.0, {apply("mul", *(angle_of_form(form) for form in parts)): outer})


def angle_of_form(form: LinearForm) -> Angle:
    """The angle that a form is of."""
    found: Angle | None = None
    for part, factor in form.factors.items():
        term = part if abs(factor) == 1 else apply("mul", Const(abs(factor)), part)
        if found is None:
            found = term if factor > 0 else apply("neg", term)
        else:
            found = apply("add" if factor > 0 else "sub", found, term)
    if found is None:
        return Const(form.constant)
    if form.constant == 0:
        return found
    return apply("add" if form.constant > 0 else "sub", found, Const(abs(form.constant)))


def with_weights(angle: Angle, weights: Sequence[float]) -> Angle:
    """The angle with numbers in the place of its weights. Raises `ArithmeticError` or `ValueError` as `apply` does."""
    match angle:
        case WeightRef(index):
            return Const(weights[index])
        case Apply(function, arguments):
            return apply(function, *(with_weights(argument, weights) for argument in arguments))
    return angle
