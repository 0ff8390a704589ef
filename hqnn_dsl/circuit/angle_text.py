"""Angles as texts and back: `2*x[0] - x[1]`, `(pi - x[0])*(pi - x[1])`.

The texts are those of the language, in which operators bind as in Python; `x[k]` is input k. They are read with
Python's own parser of expressions, and nothing is evaluated but sums, products and functions of numbers.
"""

from __future__ import annotations

import ast
import math

from hqnn_dsl.circuit.angles import FUNCTIONS, Angle, Apply, Const, InputRef, WeightRef, apply

MOST_LETTERS = 10_000
"""The longest text that is read."""
MOST_WHOLE = 1e15
"""Whole numbers from here on are written as other numbers are."""
_OPERATORS: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_SIGNS = {"add": " + ", "sub": " - ", "mul": "*", "div": "/", "pow": "**"}
_BINDS = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "pow": 4}
_ATOM = 5
_CALLED = frozenset(FUNCTIONS) - {*_OPERATORS.values(), "neg"}


def angle_of_text(text: str) -> Angle:
    """The angle that a text means. Raises `ValueError` with the reason if it means none."""
    if len(text) > MOST_LETTERS:
        raise ValueError(f"it has more than {MOST_LETTERS} letters")
    try:
        return _angle(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("it is no expression") from None
    except ArithmeticError:
        raise ValueError("it has no value") from None


def _angle(node: ast.expr) -> Angle:
    match node:
        case ast.Constant() | ast.Name() | ast.Subscript():
            return _leaf(node)
        case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
            return apply(_OPERATORS[type(operator)], _angle(left), _angle(right))
        case ast.UnaryOp(ast.USub(), operand):
            return apply("neg", _angle(operand))
        case ast.UnaryOp(ast.UAdd(), operand):
            return _angle(operand)
        case ast.Call(ast.Name(name), [argument], []) if name in _CALLED:
            return apply(name, _angle(argument))
        case ast.Call(ast.Name(name)):
            raise ValueError(f"there is no function `{name}` of one angle")
    raise ValueError(f"`{ast.unparse(node)}` is no angle")


def _leaf(node: ast.Constant | ast.Name | ast.Subscript) -> Angle:
    """A number, `pi` or an input. Raises `ValueError`."""
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool) and math.isfinite(value):
            return Const(float(value))
        case ast.Name("pi"):
            return Const(math.pi)
        case ast.Name(name):
            raise ValueError(f"`{name}` is not known here: inputs are `x[0]`, `x[1]` and so on")
        case ast.Subscript(ast.Name("x"), ast.Constant(int() as index)) if not isinstance(index, bool):
            return InputRef(index)
    raise ValueError(f"`{ast.unparse(node)}` is no angle")


def text_of_angle(angle: Angle) -> str:
    """The text of an angle of inputs and constants, which `angle_of_text` reads as the same one."""
    return _text(angle)[0]


def _text(angle: Angle) -> tuple[str, int]:
    """The text, and how strongly its outermost operator binds."""
    match angle:
        case Const(value):
            text = str(int(value)) if value.is_integer() and abs(value) < MOST_WHOLE else repr(value)
            return text, _ATOM if value >= 0 else _BINDS["neg"]
        case InputRef(index):
            return f"x[{index}]", _ATOM
        case WeightRef():
            raise ValueError("a weight has no text here")
        case Apply("neg", (argument,)):
            return f"-{_at_least(argument, _BINDS['neg'])}", _BINDS["neg"]
        case Apply(function, (left, right)):
            own = _BINDS[function]
            sides = (own + 1, own) if function == "pow" else (own, own + 1)
            return f"{_at_least(left, sides[0])}{_SIGNS[function]}{_at_least(right, sides[1])}", own
        case Apply(function, arguments):
            return f"{function}({', '.join(map(text_of_angle, arguments))})", _ATOM


def _at_least(angle: Angle, binds: int) -> str:
    text, own = _text(angle)
    return text if own >= binds else f"({text})"
