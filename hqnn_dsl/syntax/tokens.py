"""Tokens as the lexer makes them and everybody reads them: their kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

END: Final = "$END"

STRAY: Final = "STRAY"
"""The kind of a closing brace that closes nothing; the parser decides its meaning."""

UNKNOWN: Final = "UNKNOWN"
"""The kind of letters that begin no token; already reported."""

CLOSER: Final = {"(": ")", "CALL_OPEN": ")", "[": "]", "INDEX_OPEN": "]"}

OPERATORS: Final = frozenset(("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"))
"""Operators between two values."""

FOREIGN: Final = {"&&": "and", "&": "and", "||": "or", "!": "not", "^": "**", "<>": "!="}
"""Operators of other languages, and ours."""


@dataclass
class Tokens:
    """Tokens as parallel lists; the last is `$END`. Spans are `starts[i]:ends[i]` of the text."""

    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    reports: list[Diagnostic] = field(default_factory=list)
    halted: bool = False
    """Whether the text was given up; its tokens are of no use then."""
