"""Values as a spec writes them, and the way back from a text literal.

Every room that puts a value into a spec, into a message or into advice to be typed writes it with these functions, so
that the text can be read again. The lexer and the parser take the escapes from here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
"""The letter after a backslash in a text literal, and the character that both stand for."""

RESERVED: Final = frozenset({"and", "or", "not", "true", "false", "pi", "auto", "qubits"})
"""Words that are no names anywhere; a test compares them with those of the grammar."""

_ESCAPED: Final = str.maketrans({character: "\\" + letter for letter, character in ESCAPES.items()})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted(text: str) -> str:
    """Returns the text literal, with its quotes, that is read as `text`."""
    return f'"{text.translate(_ESCAPED)}"'


def unescaped(inside: str) -> str:
    """Returns the text of a literal from the characters between its quotes; an unknown escape is its letter."""
    parts = []
    letters = iter(inside)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            parts.append(ESCAPES.get(following, following))
        else:
            parts.append(letter)
    return "".join(parts)


def column(name: str) -> str:
    """Returns a column's name as a spec writes it: bare if it is a name of the language, else a text literal."""
    return name if _NAME.fullmatch(name) and name not in RESERVED else quoted(name)


def written(value: object) -> str:
    """Returns a compile-time value as a spec writes it.

    None is `none`, a text is a literal, numbers have all their digits; a value of any other class is its `str`, which
    entries of a catalog and members of an enumeration define so.
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, float):
        return float.__repr__(value)  # also of NumPy's float64, whose own repr names its class
    return str(value)


def setting(value: object) -> str:
    """Returns a Python value as the text of a setting.

    A text stands as it is: it may be a name (`"adam"`), an entry (`"depolarizing(p1: 0.001)"`) or an expression.
    """
    return value if isinstance(value, str) else written(value)


def call(name: str, options: Mapping[str, str]) -> str:
    """Returns `name(option: value, …)` from the texts of the values, only the name if there are no options."""
    given = ", ".join(f"{option}: {value}" for option, value in options.items())
    return f"{name}({given})" if given else name
