"""Text on its way to a terminal: the one place that makes foreign text harmless, and its width there.

Names of columns and files, cells, strings of specs and options are data. A control character in them could clear the
screen, a line break could forge a message, so none of them gets out as it is: `printable` for what stands on one line,
`printable_lines` for a text whose line breaks are ours.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

HIDDEN = "·"
"""The character in place of one that cannot be shown."""


def printable(text: str) -> str:
    """The text on one line: tabs as one blank; whatever controls, breaks, turns or hides text as a dot.

    That is every control character, line and paragraph separator, bidirectional or zero-width mark and lone surrogate.
    """
    if text.isprintable():
        return text
    return "".join(" " if char == "\t" else char if char.isprintable() else HIDDEN for char in text)


def printable_lines(text: str) -> str:
    """A text of several lines, each made `printable`. Its line breaks are taken for ours."""
    return "\n".join(printable(line) for line in text.split("\n"))


def cells(text: str) -> int:
    """How many cells of a terminal a printable text takes: two for wide East Asian characters, none for marks."""
    return len(text) if text.isascii() else sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks before (`right`) or after it, so that it takes `width` cells."""
    blanks = " " * max(0, width - cells(text))
    return blanks + text if right else text + blanks


def say(text: str, mark: str = "") -> None:
    """One message on standard error, broken between words if a terminal is narrower, with `mark` at each break.

    A message that cannot be written is no reason to lose its subject.
    """
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{wrapped(printable(text), width_of(sys.stderr), mark)}\n")


def width_of(stream: TextIO | None) -> int | None:
    """Returns the cells of a line if a stream is a terminal, 80 if it does not say; None if it is no terminal."""
    try:
        if stream is None or not stream.isatty():
            return None
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80


def wrapped(text: str, width: int | None, mark: str = "") -> str:
    """A printable text in lines of at most so many cells, broken at blanks only; later lines are set in.

    `mark` ends every line but the last: a backslash, for a command that is to be copied; quoted words stay whole then.
    """
    if width is None or cells(text) <= width:
        return text
    lines = [""]
    for word in re.findall(r"(?:'[^']*'|[^ '])+", text) if mark else text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1].strip() else f"{lines[-1]}{word}"
        if cells(longer) + len(mark) > width and lines[-1].strip():
            lines[-1] += mark
            lines.append(f"  {word}")
        else:
            lines[-1] = longer
    return "\n".join(lines)


# ---------------------------------------------------------------- encodings

READABLE = "hqnn_dsl.readable"
"""The error handler for streams: signs that an encoding does not have are spelt, letters of names escaped."""

_PLAIN = {
    "²": "^2", "³": "^3", "·": ".", "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "→": "->", "←": "<-", "≈": "~",
    "≤": "<=", "≥": ">=", "≠": "!=", "±": "+-", "√": "sqrt", "∞": "inf", "µ": "u", "’": "'", "‘": "'",
    "“": '"', "”": '"',
    "θ": "theta", "φ": "phi", "λ": "lambda", "π": "pi", "α": "alpha", "β": "beta", "γ": "gamma", "σ": "sigma",
    "─": "-", "━": "-", "│": "|", "┃": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "┌": "+", "┐": "+", "└": "+",
    "┘": "+",
}  # fmt: skip


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    spelt = (_PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in wrong)
    return "".join(spelt), error.end


codecs.register_error(READABLE, _readable)
