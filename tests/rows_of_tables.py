"""Rows of a table as splits see them, for tests of how they come into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.data import split
from hqnn_dsl.data.parts import TableRows

if TYPE_CHECKING:
    from hqnn_dsl.data.parts import Parts, Splitter
    from hqnn_dsl.semantics.spec import Split


def split_rows(num_rows: int, how: Split, seed: int, *, by_rule: Splitter = split.split_rows, **known: Any) -> Parts:
    """The parts of so many rows, of which the rest is known."""
    return by_rule(TableRows.of(num_rows, **known), how, seed)
