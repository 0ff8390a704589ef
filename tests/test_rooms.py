"""What import contracts do not see: types that a room names only for the type checker."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hqnn_dsl

PACKAGE = Path(hqnn_dsl.__file__).parent


def named_modules(room: str) -> set[str]:
    """The modules of this package that the files of a room import, for the type checker or to run."""
    nodes = [node for file in (PACKAGE / room).rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in found if name.startswith("hqnn_dsl.")}


@pytest.mark.parametrize("room", ["backends", "transpile"])
def test_what_runs_circuits_names_no_type_of_specs_or_tables(room):
    assert named_modules(room)
    above = ("hqnn_dsl.semantics", "hqnn_dsl.syntax", "hqnn_dsl.data")
    assert not [name for name in named_modules(room) if name.startswith(above)]
