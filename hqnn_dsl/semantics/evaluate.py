"""Expressions to values: compile-time values, and angles that hold inputs and weights.

One evaluator serves constants, settings, block arguments, loop bounds and angles; a number stays a number until it
meets an input or a weight. Every mistake is a `Refusal` at the smallest piece of text that is wrong. Work and sizes
are bounded (`limits`), so no expression can hang the compiler.
"""

from __future__ import annotations

import math

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import Angle, Const
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.expressions import NotANumber, TooLarge, UnknownFunction, WrongCall, WrongIndex
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.entanglement import PATTERNS
from hqnn_dsl.semantics.functions import (
    ANGLE_FUNCTIONS,
    COMPILE_FUNCTIONS,
    angle_function,
    compile_function,
    groups_of,
    refuse_groups,
)
from hqnn_dsl.semantics.operators import binary, finite, not_constant, unary, wrong_operand
from hqnn_dsl.semantics.values import (
    Member,
    Poison,
    Scope,
    Silent,
    Symbolic,
    Tensor,
    Value,
    describe,
    extent,
    list_of,
    suggest_or_list,
    suggestion,
)
from hqnn_dsl.syntax import nodes

_COMPARED = 32
"""Letters, or entries of a list, that are compared in about the time of a statement."""


def evaluate(node: nodes.Expression, scope: Scope) -> Value:
    """The value of an expression. Raises `Refusal`, or `Silent` if the definition of a name in it is wrong."""
    match node:
        case nodes.Number(_, value) | nodes.String(_, value) | nodes.Boolean(_, value):
            return value
        case nodes.Name():
            return _name(node, scope)
        case nodes.Unary():
            scope.meter.operators += 1
            return unary(node, evaluate(node.operand, scope))
        case nodes.Binary():
            scope.meter.operators += 1
            return _binary(node, scope)
        case nodes.Index():
            return _index(node, scope)
        case nodes.Call():
            return _call(node, scope)
        case nodes.ListLiteral(span, items):
            scope.meter.charge(len(items), span)
            return list_of(tuple(evaluate(item, scope) for item in items), span, scope.meter)
        case nodes.Range():
            return listed(node, scope)
        case nodes.Star(span):
            raise Refusal(NotANumber(span=span, operator="*", found="nothing on its left"))


def number(node: nodes.Expression, scope: Scope, what: str) -> int | float:
    """A compile-time number; messages call it `what`."""
    value = evaluate(node, scope)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise not_constant(node.span, value, what, "a number")
    return value


def whole(node: nodes.Expression, scope: Scope, what: str) -> int:
    """A compile-time whole number."""
    value = evaluate(node, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        raise not_constant(node.span, value, what, "a whole number")
    return value


def truth(node: nodes.Expression, scope: Scope, what: str) -> bool:
    """A compile-time truth value."""
    value = evaluate(node, scope)
    if not isinstance(value, bool):
        raise not_constant(node.span, value, what, "true or false")
    return value


def angle_of(node: nodes.Expression, scope: Scope) -> Angle:
    """An angle in radians: a number or an expression of inputs and weights."""
    value = evaluate(node, scope)
    match value:
        case bool():
            pass
        case int() | float():
            return Const(finite(float(value), node.span))
        case Symbolic(angle, size):
            scope.meter.charge(size // 8, node.span)
            return angle
        case Tensor(kind, name, shape):
            if not shape:
                return value.entries[0]
            raise Refusal(WrongIndex(span=node.span, name=name, shape=_shape(shape), problem=f"an angle is one {kind}"))
    raise Refusal(codes.WrongType(span=node.span, what="an angle", expected="a number", found=describe(value)))


def range_of(node: nodes.Range, scope: Scope) -> range:
    """The whole numbers of `start..stop step s`, half open."""
    start = whole(node.start, scope, "the start of a range")
    stop = whole(node.stop, scope, "the end of a range")
    step = 1 if node.step is None else whole(node.step, scope, "the step of a range")
    if step == 0:
        span = node.span if node.step is None else node.step.span
        raise Refusal(codes.OutOfBounds(span=span, what="the step of a range", bound="other than 0", value="0"))
    length = max(0, (stop - start + step - (1 if step > 0 else -1)) // step)
    if length > limits.MAX_LOOP:
        raise Refusal(TooLarge(span=node.span, what=f"a range of {length}", limit=str(limits.MAX_LOOP)))
    return range(start, stop, step)


def listed(node: nodes.Range, scope: Scope) -> tuple[int, ...]:
    """A range as a list, its length counted as work."""
    found = range_of(node, scope)
    scope.meter.charge(len(found), node.span)
    return tuple(found)


def _name(node: nodes.Name, scope: Scope) -> Value:
    if node.name == "pi":
        return math.pi
    binding = scope.find(node.name)
    if binding is None:
        raise Refusal(codes.UnknownName(span=node.span, name=node.name, hint=_name_hint(node, scope)))
    if isinstance(binding.value, Poison):
        raise Silent
    value = binding.value
    return Symbolic(value.entries[0], 1) if isinstance(value, Tensor) and not value.shape else value


def _name_hint(node: nodes.Name, scope: Scope) -> str:
    name = node.name
    if name == "qubits":
        return "`qubits` is the number of qubits that a block is placed on; write a number or a constant here"
    if name == "auto":
        return "`auto` may stand only where a width is inferred"
    if name in ANGLE_FUNCTIONS or name in COMPILE_FUNCTIONS:
        return f"`{name}` is a function: write `{name}(…)`"
    known = value_advice.for_name(node)
    return known or scope.meter.advice(name, node.span, lambda: [*scope.names(), "pi"], is_own=True)


def _binary(node: nodes.Binary, scope: Scope) -> Value:
    if node.operator in ("and", "or"):
        left = truth(node.left, scope, f"`{node.operator}`")
        decided = left is (node.operator == "or")
        return left if decided else truth(node.right, scope, f"`{node.operator}`")
    if node.operator in ("==", "!="):
        return _equal(node, scope) == (node.operator == "==")
    return binary(node, evaluate(node.left, scope), evaluate(node.right, scope))


def _equal(node: nodes.Binary, scope: Scope) -> bool:
    """Equality; beside an enumeration's value a bare name is one of its members."""
    sides: list[Value] = []
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, nodes.Name) and isinstance(other, nodes.Name) and not _holds_member(side, scope):
            binding = scope.find(other.name)
            if binding is not None and isinstance(binding.value, Member):
                sides.append(_member(side, binding.value, other.name, scope))
                continue
        value = evaluate(side, scope)
        if isinstance(value, (Symbolic, Tensor)):
            raise not_constant(side.span, value, "a condition", "a constant")
        length = len(value) if isinstance(value, str) else extent(value)[0]
        scope.meter.charge(length // _COMPARED, side.span)
        sides.append(value.name if isinstance(value, Member) else value)
    if isinstance(sides[0], bool) is not isinstance(sides[1], bool):
        raise wrong_operand(node.operator, node.span, sides[0] if isinstance(sides[0], bool) else sides[1])
    return sides[0] == sides[1]


def _holds_member(node: nodes.Name, scope: Scope) -> bool:
    binding = scope.find(node.name)
    return binding is not None and isinstance(binding.value, Member)


def _member(node: nodes.Name, value: Member, what: str, scope: Scope) -> str:
    scope.meter.charge(len(value.members) // _COMPARED, node.span)
    if node.name not in value.members:
        hint = suggest_or_list(node.name, value.members)
        raise Refusal(codes.UnknownChoice(span=node.span, what=f"`{what}`", value=node.name, hint=hint))
    return node.name


def _index(node: nodes.Index, scope: Scope) -> Value:
    scope.meter.operators += len(node.indices)
    base = _name(node.base, scope)
    if isinstance(base, (tuple, str)):
        return _list_index(node, base, scope)
    if isinstance(base, Symbolic) or not isinstance(base, Tensor):
        raise Refusal(
            codes.WrongType(
                span=node.base.span,
                what=f"`{node.base.name}[…]`",
                expected="an input, a weight or a list",
                found=describe(base),
            )
        )
    if len(node.indices) != len(base.shape):
        problem = f"{len(node.indices)} given" if base.shape else "it takes no index"
        raise Refusal(WrongIndex(span=node.span, name=base.name, shape=_shape(base.shape), problem=problem))
    flat = 0
    for index, length in zip(node.indices, base.shape, strict=True):
        flat = flat * length + _bounded(index, length, base, node.base.name, scope)
    return Symbolic(base.entries[flat], 1)


def _bounded(
    node: nodes.Expression, length: int, base: Tensor | tuple[Value, ...] | str, name: str, scope: Scope
) -> int:
    value = whole(node, scope, "an index")
    if not 0 <= value < length:
        problem = f"{value} is not among 0 to {length - 1}" if length else "it has no entry"
        shape = _shape(base.shape) if isinstance(base, Tensor) else _length(base)
        raise Refusal(WrongIndex(span=node.span, name=name, shape=shape, problem=problem))
    return value


def _list_index(node: nodes.Index, base: tuple[Value, ...] | str, scope: Scope) -> Value:
    shape = _length(base)
    if len(node.indices) != 1:
        problem = f"{len(node.indices)} indices given"
        raise Refusal(WrongIndex(span=node.span, name=node.base.name, shape=shape, problem=problem))
    index = node.indices[0]
    if not isinstance(index, nodes.Range):
        return base[_bounded(index, len(base), base, node.base.name, scope)]
    picked = range_of(index, scope)
    scope.meter.charge(len(picked) // 8, index.span)
    if picked and not (min(picked[0], picked[-1]) >= 0 and max(picked[0], picked[-1]) < len(base)):
        problem = "the range leaves it"
        raise Refusal(WrongIndex(span=index.span, name=node.base.name, shape=shape, problem=problem))
    if isinstance(base, str):
        return "".join(base[place] for place in picked)
    return tuple(base[place] for place in picked)


def _length(base: tuple[Value, ...] | str) -> str:
    return f"a list of {len(base)}" if isinstance(base, tuple) else f"a text of {len(base)}"


def _shape(shape: tuple[int, ...]) -> str:
    return "one number" if not shape else "of shape [" + ", ".join(str(length) for length in shape) + "]"


def _call(node: nodes.Call, scope: Scope) -> Value:
    scope.meter.operators += 1 + len(node.arguments)
    name = node.function.name
    if name not in ANGLE_FUNCTIONS and name not in COMPILE_FUNCTIONS:
        hint = value_advice.for_function(node) or suggestion(name, [*ANGLE_FUNCTIONS, *COMPILE_FUNCTIONS])
        raise Refusal(UnknownFunction(span=node.function.span, name=name, hint=hint))
    for argument in node.arguments:
        if argument.name is not None:
            raise Refusal(WrongCall(span=argument.span, name=name, expected="values without names", found="a name"))
    if name == "groups":
        return _groups(node, scope)
    values = tuple(evaluate(argument.value, scope) for argument in node.arguments)
    if any(isinstance(value, Poison) for value in values):
        raise Silent
    if name in ANGLE_FUNCTIONS:
        return angle_function(node, values)
    return compile_function(node, values)


def _groups(node: nodes.Call, scope: Scope) -> Value:
    refuse_groups(node)
    pattern = _pattern(node.arguments[0].value, scope)
    sizes = [whole(argument.value, scope, "what `groups` takes") for argument in node.arguments[1:]]
    return groups_of(node, pattern, sizes, scope.meter)


def _pattern(node: nodes.Expression, scope: Scope) -> str:
    """A pattern of entanglers: the name of one means it, whatever else has that name."""
    pattern: Value
    if isinstance(node, nodes.Name) and node.name in PATTERNS:
        pattern = node.name
    else:
        value = evaluate(node, scope)
        pattern = value.name if isinstance(value, Member) else value
    if pattern not in PATTERNS:
        hint = f"one of {sentences.names(PATTERNS, 'or')}"
        raise Refusal(codes.UnknownChoice(span=node.span, what="the pattern", value=str(pattern), hint=hint))
    return str(pattern)
