"""Operators applied to values: arithmetic and comparisons of numbers, and angles that grow by them.

The operands are evaluated already; `evaluate` calls these functions with the node, whose spans their mistakes mark.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import Apply, Const
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.expressions import NotANumber, NotConstant, NoValue, TooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.values import Poison, Silent, Symbolic, Tensor, Value, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.syntax import nodes

ANGLE_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def unary(node: nodes.Unary, value: Value) -> Value:
    """`not`, `+` or `-` applied to a value."""
    if node.operator == "not":
        if isinstance(value, bool):
            return not value
        raise wrong_operand(node.operator, node.operand.span, value)
    if isinstance(value, Symbolic):
        return value if node.operator == "+" else grown("neg", (value,), node.span)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_operand(node.operator, node.operand.span, value)
    return value if node.operator == "+" else -value


def binary(node: nodes.Binary, left: Value, right: Value) -> Value:
    """An operator between numbers or angles applied to two values: arithmetic, or `<`, `<=`, `>`, `>=`."""
    for side, value in ((node.left, left), (node.right, right)):
        if isinstance(value, bool) or not isinstance(value, (int, float, Symbolic)):
            raise wrong_operand(node.operator, side.span, value)
    if isinstance(left, Symbolic) or isinstance(right, Symbolic):
        return _angle_operation(node, left, right)
    assert isinstance(left, (int, float))
    assert isinstance(right, (int, float))
    if node.operator in _COMPARISONS:
        return _COMPARISONS[node.operator](left, right)
    return _arithmetic(node, left, right)


def _arithmetic(node: nodes.Binary, left: float, right: float) -> int | float:
    """An operator applied to two numbers."""
    operator = node.operator
    if operator in ("//", "%"):
        for side, value in ((node.left, left), (node.right, right)):
            if not isinstance(value, int):
                raise wrong_operand(operator, side.span, value)
    if operator in ("/", "//", "%") and right == 0:
        raise Refusal(NoValue(span=node.right.span, reason="division by zero"))
    if operator == "**" and abs(right) * math.log2(max(abs(left), 2)) > 1000:
        raise Refusal(TooLarge(span=node.span, what="the result of `**`", limit="2 ** 1000"))
    try:
        value = _OPERATIONS[operator](left, right)
    except (ArithmeticError, ValueError) as error:
        raise Refusal(NoValue(span=node.span, reason=str(error).lower())) from error
    if isinstance(value, complex):
        raise Refusal(NoValue(span=node.span, reason="a negative number to a fractional power"))
    if isinstance(value, int):
        return small(value, node.span)
    return finite(value, node.span)


def _angle_operation(node: nodes.Binary, left: Value, right: Value) -> Symbolic:
    """An operator applied to two values of which one or both depend on inputs or weights."""
    if node.operator not in ANGLE_OPERATORS:
        symbolic, value = (node.left, left) if isinstance(left, Symbolic) else (node.right, right)
        raise not_constant(symbolic.span, value, f"an operand of `{node.operator}`", "a number")
    if node.operator == "/" and right == 0:
        raise Refusal(NoValue(span=node.right.span, reason="division by zero"))
    operands = []
    for side, value, other in ((node.left, left, right), (node.right, right, left)):
        if isinstance(value, Symbolic):
            operands.append(value)
        else:
            assert isinstance(value, (int, float))
            if node.operator == "*" and value == 1 and isinstance(other, Symbolic):
                return other
            operands.append(Symbolic(Const(finite(float(value), side.span)), 1))
    return grown(ANGLE_OPERATORS[node.operator], tuple(operands), node.span)


def grown(function: str, arguments: tuple[Symbolic, ...], span: Span) -> Symbolic:
    """An operator or a function applied to angles. Raises `Refusal` if the result is too large."""
    size = 1 + sum(argument.size for argument in arguments)
    depth = 1 + max(argument.depth for argument in arguments)
    if size > limits.MAX_ANGLE_SIZE:
        raise Refusal(TooLarge(span=span, what="the size of this angle", limit=f"{limits.MAX_ANGLE_SIZE} terms"))
    if depth > limits.MAX_EXPRESSION_DEPTH:
        limit = f"{limits.MAX_EXPRESSION_DEPTH} operators deep"
        raise Refusal(TooLarge(span=span, what="this angle", limit=limit))
    return Symbolic(Apply(function, tuple(argument.angle for argument in arguments)), size, depth)


def finite(value: float, span: Span) -> float:
    """The value. Raises `Refusal` if it is infinite or not a number."""
    if not math.isfinite(value):
        raise Refusal(NoValue(span=span, reason="it is too large"))
    return value


def small(value: int, span: Span) -> int:
    """The value. Raises `Refusal` if it is over the largest whole number."""
    if abs(value) > limits.MAX_INTEGER:
        raise Refusal(TooLarge(span=span, what="this whole number", limit=str(limits.MAX_INTEGER)))
    return value


def wrong_operand(operator: str, span: Span, value: Value) -> Exception:
    """The exception for a value that an operator or a function cannot take."""
    if isinstance(value, Poison):
        return Silent()
    return Refusal(NotANumber(span=span, operator=operator, found=describe(value)))


def not_constant(span: Span, value: Value, what: str, expected: str) -> Exception:
    """The exception for a value that is not `expected`: a number, a whole number or a truth value."""
    if isinstance(value, Poison):
        return Silent()
    if isinstance(value, Symbolic):
        return Refusal(NotConstant(span=span, what=what, cause=value.cause))
    if isinstance(value, Tensor):
        return Refusal(NotConstant(span=span, what=what, cause=f"the {value.kind} `{value.name}`"))
    hint = value_advice.for_whole(value) if expected == "a whole number" else ""
    return Refusal(codes.WrongType(span=span, what=what, expected=expected, found=describe(value), hint=hint))
