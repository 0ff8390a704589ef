"""The parts that a page is made of: sentences, tables, figures with their tables, pictures, code; and texts in figures.

Plain data: `page` makes HTML of them, and nothing here knows HTML.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.diagnostics.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]

MOST_ROWS = 200
"""The rows that a table behind a figure has at most."""

SERIES = ("--first", "--second", "--third", "--fourth", "--fifth")
DASHES = ("solid", "dash", "dot", "dashdot")
"""A curve has a colour and a dash of its own, so that it is known without colours too."""

MOST_LETTERS, MOST_BESIDE = 36, 22
"""The letters of a name in a figure, and of one that stands beside it; a longer one is cut."""


@dataclass(frozen=True)
class Sentence:
    """A paragraph. `is_verdict` marks the one that the page begins with."""

    text: str
    is_verdict: bool = False
    kind: Literal["sentence"] = "sentence"


@dataclass(frozen=True)
class Table:
    """A table with a title; the first column names the row, the columns in `numeric` stand to the right.

    One that `is_collapsed` shows its title until it is opened.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    numeric: frozenset[int] = frozenset()
    note: str = ""
    is_collapsed: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Figure:
    """A figure of Plotly: traces and layout as plain data, an alternative text, and its numbers as a table.

    `name` identifies the figure on its page. Texts from tables in `traces` and `layout` are those of `plot_text`.
    Colours are `--name`, a variable of the page's style.
    """

    name: str
    title: str
    alt: str
    traces: Sequence[Mapping[str, Any]] = field(repr=False)
    layout: Mapping[str, Any] = field(repr=False)
    table: Table | None
    table_of: str = ""
    """The figure whose table has the numbers of this one too, if `table` is None."""
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, and a text that says the same; `title` is its heading, `alt` its alternative text."""

    title: str
    alt: str
    svg: bytes = field(repr=False)
    text: str = field(repr=False)
    width: int
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True)
class Code:
    """A text of fixed width. `marked` is HTML, whose text is escaped already; `is_collapsed` as of a table."""

    title: str
    marked: str = field(repr=False)
    is_collapsed: bool = False
    kind: Literal["code"] = "code"


Block = Sentence | Table | Figure | Picture | Code


@dataclass(frozen=True)
class Section:
    """A section of a page. `name` identifies it in links."""

    name: str
    title: str
    blocks: tuple[Block, ...]


class Measured(str):
    """The text of a cell that rounds a number; `value` is that number, None if there is none."""

    __slots__ = ("value",)
    value: float | None


def measured(value: float | None, significant: int = 4) -> str:
    """Returns a cell with a number as `number` writes it; files of tables have all its digits."""
    found = Measured(number(value, significant))
    found.value = value
    return found


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], note: str = "", *, is_collapsed: bool = False
) -> Table:
    """Returns a table whose columns of numbers stand to the right."""
    cells = tuple(tuple(row) for row in rows)
    numeric = frozenset(
        place
        for place in range(1, len(header))
        if cells and all(_is_number(row[place]) for row in cells) and any(row[place] not in _EMPTY for row in cells)
    )
    return Table(title, tuple(header), cells, numeric, note, is_collapsed)


_EMPTY = {"", "-", "–"}


def _is_number(text: str) -> bool:
    if text in _EMPTY:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def plot_text(text: str, most: int = MOST_LETTERS) -> str:
    """Returns a text as Plotly shows it unchanged, cut if it is long: Plotly reads some HTML, so that is escaped."""
    shown = printable(text)
    cut = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return html.escape(cut, quote=False)


def digits(value: float, significant: int = 6) -> float | None:
    """Returns a number rounded to significant digits, as a page needs no more; None if it is not finite."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{significant}g}")


def plain(values: Iterable[float], significant: int = 6) -> list[float | None]:
    """Returns numbers for a figure, each rounded to significant digits; None for one that is not finite."""
    return [digits(float(value), significant) for value in values]


def evenly(count: int, most: int) -> list[int]:
    """Returns the positions of at most so many of `count` things, evenly spaced, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]
