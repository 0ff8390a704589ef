"""The table of columns: how each was read, its rule, what was fitted, how many cells are missing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hqnn_dsl.cli.output import table
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from hqnn_dsl.data.report import ColumnReport

MOST_COLUMNS = 40
"""Of more columns only the first are shown; `preprocess.json` has all of them."""


def column_table(report: Sequence[ColumnReport], stream: TextIO | None = None) -> str:
    """Returns a line for each column. If the terminal of the stream is too narrow, a sentence for each.

    The stream is standard output if it is None.
    """
    header = ["column", "is", "read as", "rule", "fitted", "missing", "inputs"]
    rows: list[list[object]] = [
        [
            *(printable(text) for text in (line.column, line.role, line.kind, line.rule, line.fitted)),
            line.missing or "",
            line.inputs or "",
        ]
        for line in report[:MOST_COLUMNS]
    ]
    text, width = table(header, rows, left=5), width_of(stream or sys.stdout)
    if width is not None and any(cells(line) > width for line in text.split("\n")):
        text = "\n".join(_sentence(line) for line in report[:MOST_COLUMNS])
    more = len(report) - MOST_COLUMNS
    return f"{text}\nand {more} columns more" if more > 0 else text


def _sentence(line: ColumnReport) -> str:
    parts = [line.kind, line.rule, line.fitted, f"{line.missing} missing" if line.missing else ""]
    return printable(f"{line.column}, {line.role}: {'; '.join(part for part in parts if part)}")
