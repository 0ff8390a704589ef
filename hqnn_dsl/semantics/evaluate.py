"""Expressions to values: compile-time arithmetic, and angles that hold inputs and weights.

One evaluator serves constants, settings, block arguments, loop bounds and angles; a number stays a number until it
meets an input or a weight. Every mistake is a `Refusal` at the smallest piece of text that is wrong. Work and sizes
are bounded (`limits`), so no expression can hang the compiler.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import FUNCTIONS, Angle, Apply, Const, apply
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.entanglement import PATTERNS, groups
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.diagnostics.source import Span

ANGLE_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}
ANGLE_FUNCTIONS = ("sin", "cos", "tan", "asin", "acos", "atan", "tanh", "exp", "log", "sqrt", "abs")
COMPILE_FUNCTIONS = ("min", "max", "abs", "floor", "ceil", "log2", "len", "groups", "angles")
_COMPARED = 32
"""Letters, or entries of a list, that are compared in about the time of a statement."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def evaluate(node: nodes.Expression, scope: Scope) -> Value:
    """The value of an expression. Raises `Refusal`, or `Silent` where a name's definition was already reported."""
    match node:
        case nodes.Number(_, value) | nodes.String(_, value) | nodes.Boolean(_, value):
            return value
        case nodes.Name():
            return _name(node, scope)
        case nodes.Unary():
            scope.meter.operators += 1
            return _unary(node, scope)
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
            raise Refusal(codes.NotANumber(span=span, operator="*", found="nothing on its left"))


def number(node: nodes.Expression, scope: Scope, what: str) -> int | float:
    """A compile-time number; `what` names the place in messages."""
    value = evaluate(node, scope)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _not_constant(node.span, value, what, "a number")
    return value


def whole(node: nodes.Expression, scope: Scope, what: str) -> int:
    """A compile-time whole number."""
    value = evaluate(node, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _not_constant(node.span, value, what, "a whole number")
    return value


def truth(node: nodes.Expression, scope: Scope, what: str) -> bool:
    """A compile-time truth value."""
    value = evaluate(node, scope)
    if not isinstance(value, bool):
        raise _not_constant(node.span, value, what, "true or false")
    return value


def angle_of(node: nodes.Expression, scope: Scope) -> Angle:
    """An angle in radians: a number or an expression of inputs and weights."""
    value = evaluate(node, scope)
    match value:
        case bool():
            pass
        case int() | float():
            return Const(_finite(float(value), node.span))
        case Symbolic(angle, size):
            scope.meter.charge(size // 8, node.span)
            return angle
        case Tensor(kind, name, shape):
            if not shape:
                return value.entries[0]
            raise Refusal(
                codes.WrongIndex(span=node.span, name=name, shape=_shape(shape), problem=f"an angle is one {kind}")
            )
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
        raise Refusal(codes.TooLarge(span=node.span, what=f"a range of {length}", limit=str(limits.MAX_LOOP)))
    return range(start, stop, step)


def listed(node: nodes.Range, scope: Scope) -> tuple[int, ...]:
    """A range as a list, its length counted as work."""
    found = range_of(node, scope)
    scope.meter.charge(len(found), node.span)
    return tuple(found)


def _not_constant(span: Span, value: Value, what: str, expected: str) -> Exception:
    if isinstance(value, Poison):
        return Silent()
    if isinstance(value, Symbolic):
        return Refusal(codes.NotConstant(span=span, what=what, cause=value.cause))
    if isinstance(value, Tensor):
        return Refusal(codes.NotConstant(span=span, what=what, cause=f"the {value.kind} `{value.name}`"))
    hint = value_advice.for_whole(value) if expected == "a whole number" else ""
    return Refusal(codes.WrongType(span=span, what=what, expected=expected, found=describe(value), hint=hint))


def _finite(value: float, span: Span) -> float:
    if not math.isfinite(value):
        raise Refusal(codes.NoValue(span=span, reason="it is too large"))
    return value


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
    known = value_advice.for_name(name)
    return known or scope.meter.advice(name, node.span, lambda: [*scope.names(), "pi"], is_own=True)


def _unary(node: nodes.Unary, scope: Scope) -> Value:
    value = evaluate(node.operand, scope)
    if node.operator == "not":
        if isinstance(value, bool):
            return not value
        raise _operand(node.operator, node.operand.span, value)
    if isinstance(value, Symbolic):
        return value if node.operator == "+" else _grown("neg", (value,), node.span)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _operand(node.operator, node.operand.span, value)
    return value if node.operator == "+" else -value


def _operand(operator: str, span: Span, value: Value) -> Exception:
    if isinstance(value, Poison):
        return Silent()
    return Refusal(codes.NotANumber(span=span, operator=operator, found=describe(value)))


def _grown(function: str, arguments: tuple[Symbolic, ...], span: Span) -> Symbolic:
    size = 1 + sum(argument.size for argument in arguments)
    depth = 1 + max(argument.depth for argument in arguments)
    if size > limits.MAX_ANGLE_SIZE:
        raise Refusal(codes.TooLarge(span=span, what="the size of this angle", limit=f"{limits.MAX_ANGLE_SIZE} terms"))
    if depth > limits.MAX_EXPRESSION_DEPTH:
        limit = f"{limits.MAX_EXPRESSION_DEPTH} operators deep"
        raise Refusal(codes.TooLarge(span=span, what="this angle", limit=limit))
    return Symbolic(Apply(function, tuple(argument.angle for argument in arguments)), size, depth)


def _binary(node: nodes.Binary, scope: Scope) -> Value:
    if node.operator in ("and", "or"):
        left = truth(node.left, scope, f"`{node.operator}`")
        decided = left is (node.operator == "or")
        return left if decided else truth(node.right, scope, f"`{node.operator}`")
    if node.operator in ("==", "!="):
        return _equal(node, scope) == (node.operator == "==")
    left_value = evaluate(node.left, scope)
    right_value = evaluate(node.right, scope)
    for side, value in ((node.left, left_value), (node.right, right_value)):
        if isinstance(value, bool) or not isinstance(value, (int, float, Symbolic)):
            raise _operand(node.operator, side.span, value)
    if isinstance(left_value, Symbolic) or isinstance(right_value, Symbolic):
        return _angle_operation(node, left_value, right_value)
    assert isinstance(left_value, (int, float))
    assert isinstance(right_value, (int, float))
    if node.operator in _COMPARISONS:
        return _COMPARISONS[node.operator](left_value, right_value)
    return _arithmetic(node, left_value, right_value)


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
            raise _not_constant(side.span, value, "a condition", "a constant")
        length = len(value) if isinstance(value, str) else extent(value)[0]
        scope.meter.charge(length // _COMPARED, side.span)
        sides.append(value.name if isinstance(value, Member) else value)
    if isinstance(sides[0], bool) is not isinstance(sides[1], bool):
        raise _operand(node.operator, node.span, sides[0] if isinstance(sides[0], bool) else sides[1])
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


def _angle_operation(node: nodes.Binary, left: Value, right: Value) -> Symbolic:
    if node.operator not in ANGLE_OPERATORS:
        symbolic, value = (node.left, left) if isinstance(left, Symbolic) else (node.right, right)
        raise _not_constant(symbolic.span, value, f"an operand of `{node.operator}`", "a number")
    if node.operator == "/" and right == 0:
        raise Refusal(codes.NoValue(span=node.right.span, reason="division by zero"))
    operands = []
    for side, value, other in ((node.left, left, right), (node.right, right, left)):
        if isinstance(value, Symbolic):
            operands.append(value)
        else:
            assert isinstance(value, (int, float))
            if node.operator == "*" and value == 1 and isinstance(other, Symbolic):
                return other
            operands.append(Symbolic(Const(_finite(float(value), side.span)), 1))
    return _grown(ANGLE_OPERATORS[node.operator], tuple(operands), node.span)


def _arithmetic(node: nodes.Binary, left: float, right: float) -> int | float:
    operator = node.operator
    if operator in ("//", "%"):
        for side, value in ((node.left, left), (node.right, right)):
            if not isinstance(value, int):
                raise _operand(operator, side.span, value)
    if operator in ("/", "//", "%") and right == 0:
        raise Refusal(codes.NoValue(span=node.right.span, reason="division by zero"))
    if operator == "**" and abs(right) * math.log2(max(abs(left), 2)) > 1000:
        raise Refusal(codes.TooLarge(span=node.span, what="the result of `**`", limit="2 ** 1000"))
    try:
        value = _OPERATIONS[operator](left, right)
    except (ArithmeticError, ValueError) as error:
        raise Refusal(codes.NoValue(span=node.span, reason=str(error).lower())) from error
    if isinstance(value, complex):
        raise Refusal(codes.NoValue(span=node.span, reason="a negative number to a fractional power"))
    if isinstance(value, int):
        return _small(value, node.span)
    return _finite(value, node.span)


def _small(value: int, span: Span) -> int:
    if abs(value) > limits.MAX_INTEGER:
        raise Refusal(codes.TooLarge(span=span, what="this whole number", limit=str(limits.MAX_INTEGER)))
    return value


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def _shape(shape: tuple[int, ...]) -> str:
    return "one number" if not shape else "of shape [" + ", ".join(str(length) for length in shape) + "]"


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
        raise Refusal(codes.WrongIndex(span=node.span, name=base.name, shape=_shape(base.shape), problem=problem))
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
        raise Refusal(codes.WrongIndex(span=node.span, name=name, shape=shape, problem=problem))
    return value


def _length(base: tuple[Value, ...] | str) -> str:
    return f"a list of {len(base)}" if isinstance(base, tuple) else f"a text of {len(base)}"


def _list_index(node: nodes.Index, base: tuple[Value, ...] | str, scope: Scope) -> Value:
    shape = _length(base)
    if len(node.indices) != 1:
        problem = f"{len(node.indices)} indices given"
        raise Refusal(codes.WrongIndex(span=node.span, name=node.base.name, shape=shape, problem=problem))
    index = node.indices[0]
    if not isinstance(index, nodes.Range):
        return base[_bounded(index, len(base), base, node.base.name, scope)]
    picked = range_of(index, scope)
    scope.meter.charge(len(picked) // 8, index.span)
    if picked and not (min(picked[0], picked[-1]) >= 0 and max(picked[0], picked[-1]) < len(base)):
        problem = "the range leaves it"
        raise Refusal(codes.WrongIndex(span=index.span, name=node.base.name, shape=shape, problem=problem))
    if isinstance(base, str):
        return "".join(base[place] for place in picked)
    return tuple(base[place] for place in picked)


def _call(node: nodes.Call, scope: Scope) -> Value:
    scope.meter.operators += 1 + len(node.arguments)
    name = node.function.name
    if name not in ANGLE_FUNCTIONS and name not in COMPILE_FUNCTIONS:
        hint = value_advice.for_function(node) or suggestion(name, [*ANGLE_FUNCTIONS, *COMPILE_FUNCTIONS])
        raise Refusal(codes.UnknownFunction(span=node.function.span, name=name, hint=hint))
    for argument in node.arguments:
        if argument.name is not None:
            raise Refusal(
                codes.WrongCall(span=argument.span, name=name, expected="values without names", found="a name")
            )
    if name == "groups":
        return _groups(node, scope)
    values = tuple(evaluate(argument.value, scope) for argument in node.arguments)
    if any(isinstance(value, Poison) for value in values):
        raise Silent
    if name in ANGLE_FUNCTIONS:
        return _angle_function(node, values)
    return _compile_function(node, values)


def _angle_function(node: nodes.Call, values: tuple[Value, ...]) -> Value:
    name = node.function.name
    if len(values) != 1:
        raise Refusal(codes.WrongCall(span=node.span, name=name, expected="one value", found=f"{len(values)} given"))
    value = values[0]
    if isinstance(value, Symbolic):
        return _grown(name, (value,), node.span)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _operand(name, node.arguments[0].span, value)
    if name == "abs":
        return abs(value)
    try:
        folded = apply(name, Const(float(value)))
    except (ArithmeticError, ValueError) as error:
        raise Refusal(codes.NoValue(span=node.span, reason=f"{name} of {value:g}")) from error
    assert isinstance(folded, Const)
    return folded.value


def _compile_function(node: nodes.Call, values: tuple[Value, ...]) -> Value:
    name = node.function.name
    if name == "len":
        return len(_sole(node, values, (tuple, str), "one list or text"))
    if name == "angles":
        return _angles(node, values)
    for argument, value in zip(node.arguments, values, strict=True):
        if isinstance(value, Symbolic):
            raise _not_constant(argument.span, value, f"what `{name}` takes", "a number")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _operand(name, argument.span, value)
    plain = [value for value in values if isinstance(value, (int, float))]
    if name in ("min", "max"):
        if not plain:
            raise Refusal(codes.WrongCall(span=node.span, name=name, expected="at least one value", found="none"))
        return min(plain) if name == "min" else max(plain)
    value = _sole(node, tuple(plain), (int, float), "one number")
    if name == "log2":
        return _log2(value, node.span)
    rounding = {"floor": math.floor, "ceil": math.ceil}[name]
    return _small(rounding(value), node.span)


def _sole(node: nodes.Call, values: tuple[Value, ...], kinds: tuple[type, ...], expected: str) -> Any:
    """The one value of a call, of one of `kinds`."""
    if len(values) != 1 or not isinstance(values[0], kinds):
        found = f"{len(values)} given" if len(values) != 1 else describe(values[0])
        raise Refusal(codes.WrongCall(span=node.span, name=node.function.name, expected=expected, found=found))
    return values[0]


def _log2(value: float, span: Span) -> int | float:
    """The logarithm to base 2; a whole number of a whole power of two."""
    if value <= 0:
        raise Refusal(codes.NoValue(span=span, reason=f"log2 of {value:g}"))
    if isinstance(value, int) and value & (value - 1) == 0:
        return value.bit_length() - 1
    return math.log2(value)


def _angles(node: nodes.Call, values: tuple[Value, ...]) -> int:
    """How many angles a gate, or a list of gates, takes."""
    value = _sole(node, values, (str, tuple, Member), "the name of a gate, or a list of them")
    names = value if isinstance(value, tuple) else (value,)
    count = 0
    for name in names:
        word = name.name if isinstance(name, Member) else name
        if word not in GATES:
            raise Refusal(unknown_gate_name(name, node.arguments[0].span))
        count += GATES[word].num_angles
    return count


def unknown_gate_name(value: Value, span: Span) -> Diagnostic:
    """What is said of a value that should be the name of a gate and is not."""
    if isinstance(value, Member):
        value = value.name
    if not isinstance(value, str):
        return codes.WrongType(span=span, what="the name of a gate", expected="a text", found=describe(value))
    from hqnn_dsl.circuit.foreign_gates import no_gate

    return codes.UnknownGate(span=span, name=value, hint=no_gate(value) or f"one of {sentences.names(GATES, 'or')}")


def _groups(node: nodes.Call, scope: Scope) -> Value:
    expected = "a pattern, a number of qubits, the size of a group and the layer"
    if len(node.arguments) not in (3, 4):
        found = f"{len(node.arguments)} given"
        raise Refusal(codes.WrongCall(span=node.span, name="groups", expected=expected, found=found))
    pattern_node = node.arguments[0].value
    pattern: Value
    if isinstance(pattern_node, nodes.Name) and pattern_node.name in PATTERNS:
        pattern = pattern_node.name
    else:
        value = evaluate(pattern_node, scope)
        pattern = value.name if isinstance(value, Member) else value
    if pattern not in PATTERNS:
        raise Refusal(
            codes.UnknownChoice(
                span=pattern_node.span,
                what="the pattern",
                value=str(pattern),
                hint=f"one of {sentences.names(PATTERNS, 'or')}",
            )
        )
    sizes = [whole(argument.value, scope, "what `groups` takes") for argument in node.arguments[1:]]
    num_qubits, size, layer = sizes if len(sizes) == 3 else [*sizes, 0]
    for place, (value, least) in enumerate(zip((num_qubits, size, layer), (0, 1, 0), strict=True), 1):
        if not least <= value <= limits.MAX_LOOP:
            what = ("the number of qubits", "the size of a group", "the layer")[place - 1]
            span = node.arguments[place].span if place < len(node.arguments) else node.span
            bound = f"{least} to {limits.MAX_LOOP}"
            raise Refusal(codes.OutOfBounds(span=span, what=what, bound=bound, value=str(value)))
    largest = _number_of_groups(str(pattern), num_qubits, size)
    if largest > limits.MAX_LOOP:
        raise Refusal(codes.TooLarge(span=node.span, what="the number of groups", limit=str(limits.MAX_LOOP)))
    scope.meter.charge(largest, node.span)
    try:
        return tuple(groups(str(pattern), num_qubits, size, layer))
    except ValueError as error:
        found = f"groups of {size}: {error}"
        raise Refusal(codes.WrongCall(span=node.span, name="groups", expected=expected, found=found)) from error


def _number_of_groups(pattern: str, num_qubits: int, size: int) -> int:
    """At least how many qubits all groups together name, found without making them; more than the limit where it is."""
    if size > num_qubits:
        return 0
    if pattern != "full" or size in (1, num_qubits):
        return num_qubits * size
    if min(size, num_qubits - size) > 40:
        return limits.MAX_LOOP + 1
    return math.comb(num_qubits, size) * size


assert set(ANGLE_FUNCTIONS) <= set(FUNCTIONS)
