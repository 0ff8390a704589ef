"""Folding of an angle from its leaves up, without recursion, and once for each shared part."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hqnn_dsl.circuit.angles import Angle, Apply, Const, InputRef, WeightRef

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


def fold(
    angle: Angle, leaf: Callable[[Const | InputRef | WeightRef], Value], combine: Callable[[str, list[Value]], Value]
) -> Value:
    """The value of the whole angle: `leaf` of every leaf, and `combine(function, values of its arguments)` above."""
    done: dict[int, Value] = {}
    waiting = [angle]
    while waiting:
        node = waiting[-1]
        if isinstance(node, Apply):
            missing = [argument for argument in node.arguments if id(argument) not in done]
            if missing:
                waiting.extend(missing)
                continue
            if id(node) not in done:
                done[id(node)] = combine(node.function, [done[id(argument)] for argument in node.arguments])
        elif id(node) not in done:
            done[id(node)] = leaf(node)
        waiting.pop()
    return done[id(angle)]


def functions_of(angle: Angle) -> frozenset[str]:
    """The functions that stand in an angle."""
    found: set[str] = set()
    fold(angle, lambda _: None, lambda function, _: found.add(function))
    return frozenset(found)


def depth_of(angle: Angle) -> int:
    """How many functions stand inside each other, 0 for a leaf."""
    return fold(angle, lambda _: 0, lambda _, depths: 1 + max(depths))
