"""Functions of the language applied to values: of angles, such as `sin`, and of compile-time values, such as `groups`.

The arguments are evaluated already; `evaluate` calls these functions with the node, whose spans their mistakes mark.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import FUNCTIONS, Const, apply
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.expressions import NoValue, TooLarge, WrongCall
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.semantics.entanglement import groups
from hqnn_dsl.semantics.operators import grown, not_constant, small, wrong_operand
from hqnn_dsl.semantics.values import Member, Symbolic, Value, describe

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Meter
    from hqnn_dsl.syntax import nodes

ANGLE_FUNCTIONS = ("sin", "cos", "tan", "asin", "acos", "atan", "tanh", "exp", "log", "sqrt", "abs")
COMPILE_FUNCTIONS = ("min", "max", "abs", "floor", "ceil", "log2", "len", "groups", "angles")
assert set(ANGLE_FUNCTIONS) <= set(FUNCTIONS)


def angle_function(node: nodes.Call, values: tuple[Value, ...]) -> Value:
    """A function of angles applied to its one value; of a number it is a number."""
    name = node.function.name
    if len(values) != 1:
        raise Refusal(WrongCall(span=node.span, name=name, expected="one value", found=f"{len(values)} given"))
    value = values[0]
    if isinstance(value, Symbolic):
        return grown(name, (value,), node.span)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_operand(name, node.arguments[0].span, value)
    if name == "abs":
        return abs(value)
    try:
        folded = apply(name, Const(float(value)))
    except (ArithmeticError, ValueError) as error:
        raise Refusal(NoValue(span=node.span, reason=f"{name} of {value:g}")) from error
    assert isinstance(folded, Const)
    return folded.value


def compile_function(node: nodes.Call, values: tuple[Value, ...]) -> Value:
    """A function that only takes compile-time values."""
    name = node.function.name
    if name == "len":
        return len(_sole(node, values, (tuple, str), "one list or text"))
    if name == "angles":
        return _angles(node, values)
    for argument, value in zip(node.arguments, values, strict=True):
        if isinstance(value, Symbolic):
            raise not_constant(argument.span, value, f"what `{name}` takes", "a number")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_operand(name, argument.span, value)
    plain = [value for value in values if isinstance(value, (int, float))]
    if name in ("min", "max"):
        if not plain:
            raise Refusal(WrongCall(span=node.span, name=name, expected="at least one value", found="none"))
        return min(plain) if name == "min" else max(plain)
    value = _sole(node, tuple(plain), (int, float), "one number")
    if name == "log2":
        return _log2(value, node.span)
    rounding = {"floor": math.floor, "ceil": math.ceil}[name]
    return small(rounding(value), node.span)


def _sole(node: nodes.Call, values: tuple[Value, ...], kinds: tuple[type, ...], expected: str) -> Any:
    """The one value of a call, of one of `kinds`."""
    if len(values) != 1 or not isinstance(values[0], kinds):
        found = f"{len(values)} given" if len(values) != 1 else describe(values[0])
        raise Refusal(WrongCall(span=node.span, name=node.function.name, expected=expected, found=found))
    return values[0]


def _log2(value: float, span: Span) -> int | float:
    """The logarithm to base 2; a whole number of a whole power of two."""
    if value <= 0:
        raise Refusal(NoValue(span=span, reason=f"log2 of {value:g}"))
    if isinstance(value, int) and value & (value - 1) == 0:
        return value.bit_length() - 1
    return math.log2(value)


def _angles(node: nodes.Call, values: tuple[Value, ...]) -> int:
    """The number of angles that a gate, or a list of gates, takes."""
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
    """The mistake for a value that should be the name of a gate and is not."""
    if isinstance(value, Member):
        value = value.name
    if not isinstance(value, str):
        return codes.WrongType(span=span, what="the name of a gate", expected="a text", found=describe(value))
    from hqnn_dsl.circuit.foreign_gates import no_gate

    return codes.UnknownGate(span=span, name=value, hint=no_gate(value) or f"one of {sentences.names(GATES, 'or')}")


_GROUPS_TAKES = "a pattern, a number of qubits, the size of a group and the layer"


def refuse_groups(node: nodes.Call) -> None:
    """Refuse a call of `groups` with too few or too many values."""
    if len(node.arguments) not in (3, 4):
        found = f"{len(node.arguments)} given"
        raise Refusal(WrongCall(span=node.span, name="groups", expected=_GROUPS_TAKES, found=found))


def groups_of(node: nodes.Call, pattern: str, sizes: list[int], meter: Meter) -> Value:
    """`groups(pattern, qubits, size, layer)`: the qubits that a layer of entanglers joins, as a list of lists.

    `sizes` are the whole numbers after the pattern. Raises `Refusal` if one is out of bounds, or the groups too many.
    """
    num_qubits, size, layer = sizes if len(sizes) == 3 else [*sizes, 0]
    bounds = (("the number of qubits", num_qubits, 0), ("the size of a group", size, 1), ("the layer", layer, 0))
    for position, (what, value, least) in enumerate(bounds, 1):
        if not least <= value <= limits.MAX_LOOP:
            span = node.arguments[position].span if position < len(node.arguments) else node.span
            bound = f"{least} to {limits.MAX_LOOP}"
            raise Refusal(codes.OutOfBounds(span=span, what=what, bound=bound, value=str(value)))
    largest = _number_of_groups(pattern, num_qubits, size)
    if largest > limits.MAX_LOOP:
        raise Refusal(TooLarge(span=node.span, what="the number of groups", limit=str(limits.MAX_LOOP)))
    meter.charge(largest, node.span)
    try:
        return tuple(groups(pattern, num_qubits, size, layer))
    except ValueError as error:
        found = f"groups of {size}: {error}"
        raise Refusal(WrongCall(span=node.span, name="groups", expected=_GROUPS_TAKES, found=found)) from error


def _number_of_groups(pattern: str, num_qubits: int, size: int) -> int:
    """A lower bound of the number of qubits in all groups together; over the limit if the number is."""
    if size > num_qubits:
        return 0
    if pattern != "full" or size in (1, num_qubits):
        return num_qubits * size
    if min(size, num_qubits - size) > 40:
        return limits.MAX_LOOP + 1
    return math.comb(num_qubits, size) * size
