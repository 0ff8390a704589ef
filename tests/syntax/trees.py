"""Trees as plain data, without the places of their nodes, so that two texts can be compared by meaning."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

LEFT_OUT = {"span", "head", "source", "comments"}


def bare(node: Any) -> Any:
    """A node as nested tuples, without spans and comments."""
    if is_dataclass(node):
        kept = ((field.name, bare(getattr(node, field.name))) for field in fields(node) if field.name not in LEFT_OUT)
        return (type(node).__name__, *kept)
    if isinstance(node, tuple):
        return tuple(bare(item) for item in node)
    return (type(node).__name__, node)


def walk(node: Any):
    """A node and every node in it."""
    if is_dataclass(node):
        yield node
        for field in fields(node):
            if field.name not in {"span", "head", "source"}:
                yield from walk(getattr(node, field.name))
    elif isinstance(node, tuple):
        for item in node:
            yield from walk(item)
