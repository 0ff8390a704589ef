"""The algebra of angles: smooth expressions of inputs, weights and constants.

Owns the four kinds of angle, the functions that may stand in one, and the folding of constants. An angle is a frozen
tree; it is evaluated in torch by `network`, and becomes a Qiskit `ParameterExpression` in `transpile`. Nothing here
imports either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Const:
    """A number known at compile time, in radians if it is an angle."""

    value: float


@dataclass(frozen=True, slots=True)
class InputRef:
    """Component `index` of the circuit's input vector."""

    index: int


@dataclass(frozen=True, slots=True)
class WeightRef:
    """Entry `index` of all weights of the circuit, flattened one tensor after the other, each row-major."""

    index: int


@dataclass(frozen=True, slots=True)
class Apply:
    """`function(arguments…)`; `function` is a key of `FUNCTIONS`."""

    function: str
    arguments: tuple[Angle, ...]


Angle = Const | InputRef | WeightRef | Apply

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
}
"""The functions that are operators of Python, for numbers of any kind."""

FUNCTIONS: dict[str, Callable[..., float]] = {
    **ARITHMETIC,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}
"""The functions of an angle, with their meaning on plain numbers. Names are torch's."""


def apply(function: str, *arguments: Angle) -> Angle:
    """The angle `function(arguments)`, folded to a `Const` when every argument is one.

    Raises `ArithmeticError` or `ValueError` if the constants have no such value (1/0, acos 2, or a value that is
    not a finite real number).
    """
    constants = [argument.value for argument in arguments if isinstance(argument, Const)]
    if len(constants) < len(arguments):
        return Apply(function, arguments)
    value = FUNCTIONS[function](*constants)
    if isinstance(value, complex) or not math.isfinite(value):
        raise ValueError(f"{function} of {constants} is not a finite real number")
    return Const(float(value))


def within_two_turns(angle: float) -> float:
    """The angle itself up to 2π in size, otherwise one in [-2π, 2π] that any gate takes for the same: period 4π.

    Right to some 1e-15 for angles of any size: the sine and cosine of Python's libraries reduce by all digits of π, as
    taking remainders by a rounded π would not.
    """
    if abs(angle) <= 2 * math.pi:
        return angle
    return 2 * math.atan2(math.sin(angle / 2), math.cos(angle / 2))


def without_turns(angle: Angle) -> Angle:
    """The angle with all constants that are added to it `within_two_turns`; in a gate it means the same."""
    match angle:
        case Const(value):
            return Const(within_two_turns(value))
        case Apply("add" | "sub" | "neg" as function, arguments):
            return Apply(function, tuple(map(without_turns, arguments)))
    return angle


def quarter_turns(angle: float) -> int | None:
    """How many quarter turns an angle is, 0 to 3 and whole turns left out; None if it is no multiple of π/2.

    It is taken for one if it is `QUARTER_ROUNDING` away at most, however large: rounding moves a multiple of π/2 by as
    much up to some dozens of quarter turns, and a larger one is a rotation like any other.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    if min(abs(sine), abs(cosine)) > QUARTER_ROUNDING:  # about how far it is from the nearest multiple
        return None
    if abs(sine) < abs(cosine):
        return 0 if cosine > 0 else 2
    return 1 if sine > 0 else 3


QUARTER_ROUNDING = 1e-14
"""Radians, too few to change a digit of an output."""


def leaves(angle: Angle) -> Iterator[Const | InputRef | WeightRef]:
    """All leaves from left to right, repeated ones repeated."""
    if isinstance(angle, Apply):
        for argument in angle.arguments:
            yield from leaves(argument)
    else:
        yield angle


def distinct_leaves(angles: Iterable[Angle]) -> Iterator[Const | InputRef | WeightRef]:
    """Returns the leaves of several angles in no certain order; shared parts are walked through once."""
    waiting = list(angles)
    seen: set[int] = set()
    while waiting:
        angle = waiting.pop()
        if not isinstance(angle, Apply):
            yield angle
        elif id(angle) not in seen:
            seen.add(id(angle))
            waiting.extend(angle.arguments)


def evaluate(angle: Angle, inputs: tuple[float, ...], weights: tuple[float, ...]) -> float:
    """The angle's value on plain numbers: the slow, obvious meaning that the torch evaluation is held against.

    Raises `ArithmeticError` or `ValueError`, or returns a complex number, if a function leaves its domain: backends
    have no finite number there, but for `acos` and `asin`, which they continue by their end values.
    """
    match angle:
        case Const(value):
            return value
        case InputRef(index):
            return inputs[index]
        case WeightRef(index):
            return weights[index]
        case Apply(function, arguments):
            return FUNCTIONS[function](*(evaluate(argument, inputs, weights) for argument in arguments))
