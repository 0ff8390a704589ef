r"""Tables of a page as files: CSV with all digits of every number, and LaTeX (booktabs) with the digits of the page."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.report.parts import Measured

if TYPE_CHECKING:
    from hqnn_dsl.report.parts import Table

LONG_TABLE = 40
"""A table with more rows may go over pages."""

LONG_CELL = 40
"""A column with a longer text breaks lines."""

_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#",
    "_": r"\_", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "−": r"\ensuremath{-}", "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}", "π": r"\ensuremath{\pi}", "…": r"\ldots{}", "–": "--", "—": "---",
    "·": r"\textperiodcentered{}", "°": r"\textdegree{}", "µ": r"\textmu{}",
}  # fmt: skip
"""Signs that mean something to LaTeX, or that its usual fonts lack. Other letters stay: use LuaLaTeX for scripts."""


def csv_of(table: Table) -> str:
    """Returns a table as CSV: numbers with all the digits that the run's files have, an empty cell if there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([_digits(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _digits(cell: str) -> str:
    if isinstance(cell, Measured):
        return "" if cell.value is None else repr(cell.value)
    return cell


def latex_of(table: Table, label: str) -> str:
    r"""Returns a table for `\input`, its title as caption; the first line names the packages that it needs."""
    columns = "".join(_column(table, place) for place in range(len(table.header)))
    head = [_row(table.header), r"\midrule"]
    rows = [_row(row) for row in table.rows]
    caption = rf"\caption{{{escaped(table.title)}}}\label{{{label}}}"
    note = [f"% {printable(table.note)}"] if table.note else []
    if len(table.rows) > LONG_TABLE:
        return _lines(
            r"% \usepackage{booktabs,longtable,textcomp}", *note, rf"\begin{{longtable}}{{{columns}}}", rf"{caption}\\",
            r"\toprule", *head, r"\endfirsthead", r"\toprule", *head, r"\endhead", *rows, r"\bottomrule",
            r"\end{longtable}",
        )  # fmt: skip
    return _lines(
        r"% \usepackage{booktabs,textcomp}", *note, r"\begin{table}", r"\centering", caption,
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *head, *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}",
    )  # fmt: skip


def _lines(*lines: str) -> str:
    return "\n".join((*lines, ""))


def _column(table: Table, place: int) -> str:
    if place in table.numeric:
        return "r"
    longest = max((len(row[place]) for row in table.rows), default=0)
    return rf"p{{{0.8 / len(table.header):.2f}\linewidth}}" if longest > LONG_CELL else "l"


def _row(cells: tuple[str, ...]) -> str:
    first, *others = map(_cell, cells)
    if first[:1] in {"[", "*"}:  # after the end of a row they would be its option
        first = f"{{}}{first}"
    return rf"{' & '.join((first, *others))} \\"


def _cell(text: str) -> str:
    if isinstance(text, Measured) and text.startswith("-") and text.value is not None:
        return rf"\ensuremath{{-}}{escaped(text[1:])}"
    return "--" if text == "-" else escaped(text)


def escaped(text: str) -> str:
    """Returns a text that LaTeX sets as it is."""
    return "".join(_LATEX.get(sign, sign) for sign in printable(text))
