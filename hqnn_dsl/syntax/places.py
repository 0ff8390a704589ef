"""The parser's place in a text, in a user's words: the open block, the statements it may hold, the tokens expected.

Used only after a mistake is found; the module has no influence on the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.syntax.statements import (
    BODY,
    BODY_WORDS,
    COLUMNS,
    FILE,
    FOREIGN,
    LAYERS,
    PART_WORDS,
    PARTS,
    SETTINGS,
    SWEEP,
)
from hqnn_dsl.syntax.tokens import OPERATORS

if TYPE_CHECKING:
    from hqnn_dsl.syntax.automaton import Automaton


_OPENED_BY: Final = {
    **dict.fromkeys(("model", "parallel", "branch", "residual"), PARTS),
    **dict.fromkeys(("data", "train", "transpile", "budget"), SETTINGS),
    **dict.fromkeys(("encoder", "decoder", "layers"), LAYERS),
    **dict.fromkeys(("circuit", "feature_map", "ansatz", "for", "if", "else", "repeat"), BODY),
    "sweep": SWEEP,
    "columns": COLUMNS,
    "from": FOREIGN,
}


_HOLDS: Final[dict[str, tuple[str, ...]]] = {
    FILE: ("use", "let", "feature_map", "ansatz", "model"),
    PARTS: (*PART_WORDS, "let", "allow"),
    BODY: ("feature_map", "ansatz", "let", *BODY_WORDS, "allow"),
}

_ALLOWED: Final = {
    SETTINGS: "settings, such as `name value`",
    LAYERS: "layers, one a line, such as `dense(4)`",
    COLUMNS: "columns with their rules, such as `price: log`",
    SWEEP: "paths with their values, such as `width in [2, 4]`",
    FOREIGN: "the names of its inputs, such as `input theta[0]`",
}

_CLASSES: Final = {"NUMBER": "a value", "NAME": "a name", "STRING": "a string in double quotes", "PATH": "a path"}
_VALUE_STARTS: Final = frozenset(
    ["NUMBER", "NAME", "STRING", "true", "false", "pi", "auto", "qubits", "(", "[", "+", "-", "not"]
)
GOES_ON: Final = OPERATORS | {"..", "step"}
"""Tokens that continue a value."""


def block(run: Automaton) -> tuple[str, str]:
    """Returns the open block at the top of the stack: its sort, and its place in words (`in `data``)."""
    kinds = run.tokens.kinds
    held = [value for value in run.values if isinstance(value, int)]
    while held and kinds[held[-1]] != "{":
        held.pop()
    for token in reversed(held):
        kind = kinds[token]
        if kind in _OPENED_BY:
            sort = _OPENED_BY[kind]
            return sort, "in a circuit or a block" if sort == BODY else f"in `{'circuit' if kind == 'from' else kind}`"
    return FILE, "at the top level of a file"


def allowed(sort: str) -> str:
    """Returns the statements that a block of that sort may hold, in words."""
    if sort in _ALLOWED:
        return _ALLOWED[sort]
    words = ", ".join(f"`{word}`" for word in _HOLDS[sort])
    return f"gates, such as `h 0`, and {words}" if sort == BODY else words


def meant(word: str, sort: str) -> str:
    """Returns the statement word that `word` was probably meant as, or an empty text."""
    return sentences.nearest(word, _HOLDS.get(sort, ()), cutoff=0.7)


def expected(run: Automaton) -> str:
    """Returns the tokens that could be read at the top of the stack, in words: `a name, `,` or the end of the line`."""
    row = run.tables.rows[run.states[-1]]
    kinds = {kind for kind in row if kind not in {"ERROR", "$END"} and run.accepts(kind)}
    found = []
    if "NUMBER" in kinds:
        kinds -= _VALUE_STARTS
        found.append("a value")
    kinds -= GOES_ON
    found += [text for kind, text in _CLASSES.items() if kind in kinds]
    marks = sorted(
        kind for kind in kinds if not kind.isalnum() and kind not in {"CALL_OPEN", "INDEX_OPEN", "feature_map"}
    )
    found += [f"`{mark}`" for mark in marks]
    words = sorted(kind for kind in kinds if kind.islower() and kind[0].isalpha())
    if len(words) <= 6:
        found += [f"`{word}`" for word in words]
    if "SEP" in kinds:
        found.append("the end of the line")
    if len(words) > 6 and not found:
        found.append("a statement")
    return sentences.listed(found, "or") or "nothing more"


def found(run: Automaton, index: int) -> str:
    """Returns the token `index`, in words."""
    kind = run.tokens.kinds[index]
    text = run.source.text[run.tokens.starts[index] : run.tokens.ends[index]]
    if kind == "$END":
        return "the end of the text"
    if kind == "SEP" and text != ";":
        return "the end of the line"
    if not text:
        return f"`{kind}`"
    return f"`{text}`" if len(text) <= 30 else f"`{text[:29]}…`"
