"""Advice for text that does not follow the grammar: lines of other libraries, and settings without brackets.

Each function looks at the statement around a token and returns the text to type there, empty if it knows none. The
module has no influence on the tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.literals import column

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Source
    from hqnn_dsl.syntax.tokens import Tokens

COLUMNS: Final = frozenset(("target", "features", "except"))
NAMED: Final = frozenset(("read", "split", "scale", "class_weights"))
"""Settings whose values have names."""
LONGEST: Final = 80
"""A statement with more letters is not repeated in an advice."""

ARGUMENTS: Final = {
    **dict.fromkeys(("adamw", "adam", "sgd", "nesterov", "nadam", "radam", "rmsprop"), "lr: 0.01"),
    **dict.fromkeys(("z", "zz", "pauli", "iqp", "real_amplitudes", "efficient_su2", "two_local"), "reps: 2"),
    **dict.fromkeys(("strongly_entangling", "basic_entangler", "brickwork"), "reps: 2"),
    "angle": "axis: y",
    "chebyshev": "degree: 2",
    "dense": "width: 16",
    "dropout": "p: 0.1",
    "early": "patience: 20",
}
"""An argument that each of these takes, as an example."""


def line_of(source: Source, start: int) -> str:
    """Returns the rest of the line from an offset, without comment and closing braces."""
    end = source.text.find("\n", start)
    text = source.text[start : len(source.text) if end < 0 else end]
    return re.split(r"[#;{}]", text, maxsplit=1)[0].strip()


def bracketed(text: str) -> tuple[str, str] | None:
    """Returns the name and the text in its bracket, of a text `name(…)`; None if it has another form."""
    match = re.fullmatch(r"([A-Za-z_][\w.]*)\s*(?:\((.*)\))?", text)
    return (match[1], match[2] or "") if match and len(text) <= LONGEST else None


def value_after(tokens: Tokens, source: Source, index: int) -> str:
    """Returns the value that begins with the token `index`, up to the comma, bracket or line end after it."""
    depth, last = 0, index - 1
    for place in range(index, len(tokens.kinds)):
        kind = tokens.kinds[place]
        depth += (kind in {"(", "[", "CALL_OPEN", "INDEX_OPEN"}) - (kind in {")", "]"})
        if depth < 0 or kind in {"SEP", "{", "}", "$END"} or (kind == "," and depth == 0):
            break
        last = place
    text = source.text[tokens.starts[index] : tokens.ends[last]] if last >= index else ""
    return text if len(text) <= LONGEST and "\n" not in text else ""


def quoted_column(text: str) -> str:
    """Returns columns as a spec writes them: `"residuary resistance"` for two words beside each other."""
    words = [part.strip() for part in text.split(",")]
    return ", ".join(word if re.fullmatch(r'".*"', word) else column(word) for word in words if word)


def entry(text: str) -> str:
    """Returns a setting with its options in brackets: `stop early(patience: 5)` for `stop patience 5`."""
    match = re.fullmatch(r"([a-z]+)\s*:?\s*([A-Za-z_]\w*)\s+(.*)", text)
    if match is None or match[1] not in foreign_phrases.ENTRIES or len(text) > LONGEST:
        return ""
    usual, options = foreign_phrases.ENTRIES[match[1]]
    is_option = match[2] in options
    words = [word for word in re.split(r"[\s,:=]+", f"{match[2]} {match[3]}" if is_option else match[3]) if word]
    if len(words) % 2 or not all(word.isidentifier() for word in words[::2]):
        return ""
    given = ", ".join(f"{name}: {value}" for name, value in zip(words[::2], words[1::2], strict=True))
    return f"{match[1]} {usual if is_option else match[2]}({given})"


def layer(text: str) -> str:
    """Returns a layer that was written as a setting: `relu` for `activation: relu`, `dense(16)` for `dense: 16`."""
    match = re.fullmatch(r"([A-Za-z_][\w.]*)\s*[:=]?\s*([\w.]+)", text)
    if match is None:
        return ""
    if foreign_phrases.plain(match[1]) in {"activation", "act", "layer"}:
        return foreign_phrases.layer_line(match[2]) or match[2]
    return foreign_phrases.layer_line(match[1], match[2])


def circuit_head(text: str) -> str:
    """Returns the head of a circuit, with the number in the text, or 4."""
    number = re.search(r"\d+", text)
    return f"circuit on {number[0] if number else 4} qubits {{"
