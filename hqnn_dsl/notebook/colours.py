"""A spec in colours, by the tokens that the parser reads."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.syntax.lexer import tokenize
from hqnn_dsl.syntax.tables import load

if TYPE_CHECKING:
    from collections.abc import Callable

COLOURS = {"word": "#8250df", "number": "#0550ae", "string": "#0a3069", "comment": "#59636e"}
MAX_LINES = 200
"""Of a longer spec the beginning is shown."""


def by_colour(role: str) -> str:
    """The attribute of a piece of text that gives it a colour wherever it stands, without a style sheet."""
    return f'style="color:{COLOURS[role]}"'


def coloured(text: str, attribute: Callable[[str], str] = by_colour, most: int = MAX_LINES) -> str:
    """The text as HTML in which words of the language, numbers, strings and comments have their colours.

    `attribute` gives the attribute of a piece by its role, a key of `COLOURS`. Of more than `most` lines only these are
    shown.
    """
    every = text.splitlines()
    shown = "\n".join(every[:most])
    tables = load()
    words = {*tables.words, *tables.reserved}
    tokens = tokenize(Source("spec", shown), tables)
    kinds = {"NUMBER": "number", "STRING": "string", "PATH": "string"}
    marks = [(start, end, "comment") for start, end in tokens.comments]
    for kind, start, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True):
        role = kinds.get(kind) or ("word" if shown[start:end] in words else None)
        if role is not None and end > start:
            marks.append((start, end, role))
    pieces, done = [], 0
    for start, end, role in sorted(marks):
        if start < done:
            continue
        pieces += [_plain(shown[done:start]), f"<span {attribute(role)}>{_plain(shown[start:end])}</span>"]
        done = end
    pieces.append(_plain(shown[done:]))
    more = len(every) - most
    return "".join(pieces) + (f"\n… {more} more lines" if more > 0 else "")


def _plain(text: str) -> str:
    """A piece of the text, its line breaks kept and everything else made harmless."""
    return "\n".join(html.escape(printable(line.replace("\t", "    "))) for line in text.split("\n"))
