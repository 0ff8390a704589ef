"""What stands in a piece of a tree: names as values, and text that an option of a command has put there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.source import Span
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = frozenset({"name", "function", "variable", "keyword", "code", "parameters", "what", "span", "head"})
"""Fields of nodes that hold what a thing is called, and not a value."""


def names_in(node: object) -> Iterator[str]:
    """Every name under a node that may mean a constant, an argument or a variable, with repetitions."""
    left = [node]
    while left:
        item = left.pop()
        if isinstance(item, nodes.Name):
            yield item.name
        elif isinstance(item, tuple):
            left.extend(item)
        elif is_dataclass(item) and not isinstance(item, (Span, type)):
            is_applied = isinstance(item, (nodes.Gate, nodes.BlockUse)) and isinstance(item.call, nodes.Name)
            left.extend(
                getattr(item, field.name)
                for field in fields(item)
                if field.name not in _WORDS and not (is_applied and field.name == "call")
            )


def has_option(node: object) -> bool:
    """Whether a part of the tree comes from an option such as `--set`."""
    left = [node]
    while left:
        item = left.pop()
        if isinstance(item, Span):
            if item.source.is_option:
                return True
        elif isinstance(item, tuple):
            left.extend(item)
        elif is_dataclass(item) and not isinstance(item, type):
            left.extend(getattr(item, field.name) for field in fields(item) if field.name != "source")
    return False
