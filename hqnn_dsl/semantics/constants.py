"""The names in an expression, found without computing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator


def names_of(node: nodes.Expression) -> Iterator[nodes.Name]:
    """The names that may stand for values in an expression, from left to right."""
    waiting: list[nodes.Expression | None] = [node]
    while waiting:
        match waiting.pop():
            case nodes.Name() as name:
                yield name
            case nodes.Unary(_, _, operand):
                waiting.append(operand)
            case nodes.Binary(_, _, left, right):
                waiting += [right, left]
            case nodes.Index(_, base, indices):
                waiting += [*reversed(indices), base]
            case nodes.Call(_, _, arguments):
                waiting.extend(argument.value for argument in reversed(arguments))
            case nodes.ListLiteral(_, items):
                waiting.extend(reversed(items))
            case nodes.Range(_, start, stop, step):
                waiting += [step, stop, start]
