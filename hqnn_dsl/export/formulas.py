"""Angles as text: as formulas for people, and in the few forms of OpenQASM 3 that Qiskit's reader knows.

That reader knows sums, products and quotients of numbers and parameters. An angle with anything else in it, or with
many operations inside each other, has no such form.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import Angle, Const, InputRef, WeightRef, distinct_leaves, evaluate
from hqnn_dsl.circuit.folding import depth_of, fold, functions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
"""The functions of two arguments that OpenQASM has a sign for, with Qiskit's reader able to read it."""

READABLE = frozenset({*SIGNS, "neg"})
"""The functions that Qiskit's reader of OpenQASM 3 knows."""

MAX_READABLE_DEPTH = 40
"""Operations inside each other that the reader takes without running out of its stack."""

MAX_PI = 16
"""Multiples of π up to this numerator and denominator are written as such."""


def is_readable(angle: Angle) -> bool:
    """Whether Qiskit's reader of OpenQASM 3 can read the angle.

    It cannot read one in which all parameters cancel (`v - v`) as the angle of a gate that the file defines.
    """
    return functions_of(angle) <= READABLE and depth_of(angle) <= MAX_READABLE_DEPTH and not _cancels(angle)


def _cancels(angle: Angle) -> bool:
    """Returns whether an angle has parameters but does not depend on their values."""
    leaves = [leaf for leaf in distinct_leaves([angle]) if not isinstance(leaf, Const)]
    if not leaves or not functions_of(angle):
        return False
    last = max(leaf.index for leaf in leaves) + 1
    found = []
    for start in (0.37, 0.61, 0.83):
        numbers = tuple(start * (1 + 0.013 * k) for k in range(2 * last))
        try:
            found.append(evaluate(angle, numbers[:last], numbers[last:]))
        except (ArithmeticError, ValueError):
            return False
    return found[0] == found[1] == found[2]


def formula(angle: Angle, inputs: Sequence[str], weights: Sequence[str]) -> str:
    """The angle as text in the names of its inputs and weights: `2.0 * acos(x[0])`, power as `**`, all digits.

    Text of a readable angle is OpenQASM 3 if the names are. Outside of [-1, 1], `acos` and `asin` mean their values
    at the nearer end.
    """

    def leaf(found: Const | InputRef | WeightRef) -> str:
        if isinstance(found, Const):
            return number_text(found.value)
        return inputs[found.index] if isinstance(found, InputRef) else weights[found.index]

    def combine(function: str, arguments: list[str]) -> str:
        if function in SIGNS or function == "pow":
            first, second = arguments
            return f"({first} {SIGNS.get(function, '**')} {second})"
        return f"(-{arguments[0]})" if function == "neg" else f"{function}({', '.join(arguments)})"

    return _bare(fold(angle, leaf, combine))


def _bare(text: str) -> str:
    """Text without a pair of brackets around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 else text
    return text


def number_text(value: float) -> str:
    """Returns a number with all its digits, in brackets if it is negative; small fractions of π as such: `3*pi/4`."""
    if value < 0 or (value == 0 and math.copysign(1, value) < 0):
        return f"(-{number_text(-value)})"
    for denominator in (1, 2, 3, 4, 6, 8, 12, 16):
        numerator = round(value * denominator / math.pi)
        if 0 < numerator <= MAX_PI and numerator * math.pi / denominator == value:
            times = "" if numerator == 1 else f"{numerator}*"
            over = "" if denominator == 1 else f"/{denominator}"
            return f"{times}pi{over}" if not times and not over else f"({times}pi{over})"
    return repr(float(value))


def sum_text(terms: Sequence[tuple[float, str]], constant: float) -> str:
    """`Σ coefficient·text + constant`, halves in brackets so that a long sum nests little."""
    parts = [_term(coefficient, text) for coefficient, text in terms if coefficient != 0]
    if constant != 0 or not parts:
        parts.append(number_text(constant))
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [f"({' + '.join(pair)})" if len(pair) > 1 else pair[0] for pair in pairs]
    return _bare(parts[0])


def _term(coefficient: float, text: str) -> str:
    whole = text if text.isidentifier() else f"({text})"
    if coefficient == 1:
        return whole
    return f"(-{whole})" if coefficient == -1 else f"({number_text(coefficient)} * {whole})"
