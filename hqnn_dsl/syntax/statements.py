"""The braces in which each statement word stands, for reports of a word in the wrong place."""

from __future__ import annotations

from typing import Final

FILE, PARTS, SETTINGS, LAYERS, BODY, SWEEP, FOREIGN = "file", "parts", "settings", "layers", "body", "sweep", "foreign"
COLUMNS = "columns"

PART_WORDS: Final = (
    "data", "encoder", "circuit", "decoder", "layers", "parallel", "branch", "residual", "train", "transpile",
    "backend", "sweep", "budget",
)  # fmt: skip

BODY_WORDS: Final = ("input", "weight", "for", "if", "repeat", "measure", "initial", "freeze", "without", "shuffle")

STANDS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "use": (frozenset({FILE}), "at the top level of a file"),
    "model": (frozenset({FILE}), "at the top level of a file"),
    "hqnn": (frozenset({FILE}), "once, as the first statement of a file"),
    "let": (frozenset({FILE, PARTS, BODY}), "at the top level of a file, in `model` and in circuits and blocks"),
    "feature_map": (
        frozenset({FILE, BODY}),
        "in a circuit or a block, and to define one at the top level of a file",
    ),
    "ansatz": (frozenset({FILE, BODY}), "in a circuit or a block, and to define one at the top level of a file"),
    "else": (frozenset(), "after the closing brace of an `if`"),
    **dict.fromkeys(PART_WORDS, (frozenset({PARTS}), "in `model`")),
    **dict.fromkeys(BODY_WORDS, (frozenset({BODY}), "in a circuit or a block")),
}
"""Statement words with the sorts of block that may hold them, and with that in words."""

NOT_IN_BODY: Final = frozenset(word for word, (sorts, _) in STANDS.items() if BODY not in sorts)
"""Statement words that no circuit and no block holds."""
