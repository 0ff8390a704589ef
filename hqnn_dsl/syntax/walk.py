"""Walks over trees: every node, every statement with the node around it, and the names that stand for values.

Which fields of a node hold statements is said once, in `_HELD`. Elaboration, which interprets statements, and the
printer go through them by themselves.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_Tree = TypeVar("_Tree")

_HELD: Final[dict[type, tuple[str, ...]]] = {
    nodes.File: ("statements",),
    nodes.Model: ("parts",),
    nodes.Parts: ("parts",),
    nodes.Settings: ("settings", "allows"),
    nodes.Layers: ("allows",),
    nodes.Circuit: ("body",),
    nodes.Block: ("body",),
    nodes.For: ("body",),
    nodes.If: ("then", "otherwise"),
    nodes.Repeat: ("body",),
}
"""Yields the fields of a node that hold the statements in its braces."""

_LABELS: Final = frozenset({"name", "function", "variable", "keyword", "code", "type", "what"})
"""Fields of nodes whose names stand for no value: they call something, or give a name to it."""

_GIVEN: Final[dict[type, str]] = {
    nodes.Let: "name",
    nodes.Input: "name",
    nodes.Weight: "name",
    nodes.Circuit: "name",
    nodes.For: "variable",
    nodes.Parameter: "name",
}
"""The field with the name that a node gives to a value."""


def nodes_in(tree: object) -> Iterator[Any]:
    """Yields every node of a tree, or of a tuple of trees: a node before those in it, in the order of their fields."""
    left = [tree]
    while left:
        item = left.pop()
        if isinstance(item, tuple):
            left.extend(reversed(item))
        elif is_dataclass(item) and not isinstance(item, (Span, Source, type)):
            yield item
            left.extend(getattr(item, field.name) for field in reversed(fields(item)))


def statements_in(node: object) -> Iterator[tuple[Any, Any]]:
    """Yields every statement in the braces of a node, at any depth, with the node whose braces are around it.

    A statement comes before those in its own braces.
    """
    left = [(node, node)]
    while left:
        item, around = left.pop()
        if item is not node:
            yield item, around
        held = [inner for field in _HELD.get(type(item), ()) for inner in getattr(item, field)]
        left.extend((inner, item) for inner in reversed(held))


def exchanged(tree: _Tree, old: object, new: object) -> _Tree:
    """Returns the tree with the statement `new` in the place of `old`, found by identity; the rest is shared."""
    changes = {}
    for field in _HELD.get(type(tree), ()):
        before = getattr(tree, field)
        after = tuple(new if item is old else exchanged(item, old, new) for item in before)
        if any(one is not other for one, other in zip(before, after, strict=True)):
            changes[field] = after
    return replace(tree, **changes) if changes else tree  # type: ignore[type-var]  # only nodes have changes


def names_in(tree: object, *, given: bool = False) -> Iterator[str]:
    """Yields every name in a tree that may mean a constant, an argument or a variable, with repetitions.

    With `given` also the names that the tree gives to such values.
    """
    left = [tree]
    while left:
        item = left.pop()
        if isinstance(item, nodes.Name):
            yield item.name
        elif isinstance(item, tuple):
            left.extend(item)
        elif is_dataclass(item) and not isinstance(item, (Span, Source, type)):
            left.extend(_values_of(item, given=given))


def _values_of(node: Any, *, given: bool) -> Iterator[object]:
    """Yields the fields of a node that hold values; with `given` also the one that gives a name to a value."""
    own = _GIVEN.get(type(node)) if given else None
    for field in fields(node):
        value = getattr(node, field.name)
        is_called = field.name == "call" and isinstance(value, nodes.Name)
        if field.name == own or not (field.name in _LABELS or is_called):
            yield value


def has_option(tree: object) -> bool:
    """Whether a part of the tree comes from an option such as `--set`."""
    return any(node.span.source.is_option for node in nodes_in(tree))
