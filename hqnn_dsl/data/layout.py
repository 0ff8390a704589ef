"""Whether records make a table: a header of names, the same number of cells in every row, commas between them.

Where they do not, most files have one of a few causes that show in the text: another separator, a comment or a title
above the names, a comma at the end of every line. The sentence is then about the cause.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.reading import CommentLine
from hqnn_dsl.diagnostics.codes.tables import DuplicateColumns, NamelessColumn, RaggedRow, TableEmpty, WrongSeparator
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from hqnn_dsl.data.records import Records

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
SHOWN = 12
"""How many names a sentence lists before it only counts the rest."""

LOOKED_AT = 100
"""How many rows are looked at to find out why a table is none."""

_BLANK_STARTS = np.frombuffer(b' \t,"\x0b\x0c\x1c\x1d\x1e\x1f\xc2\xe1\xe2\xe3', np.uint8)
"""First bytes of a record that may have nothing but blanks in it: those of white space and empty cells in UTF-8."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


def named(names: Iterable[str]) -> str:
    """Returns names in backticks, only the first of many: `a`, `b` and 7 more."""
    return sentences.names(names, "and", most=SHOWN)


def check_layout(path: Path, records: Records) -> tuple[list[str], Records]:
    """The names of the columns, and the records that are rows. Raises `Refusal`: E0502, E0505 to E0508, E0528."""
    header = [cell.strip() for cell in records.row(0)]
    rows = records.keeping(_has_cells(records, len(header)) & (np.arange(len(records)) > 0))
    _check_comment(path, records, header, rows)
    odd = np.flatnonzero(rows.cells != len(header))
    _check_separator(path, records, rows, is_odd=bool(len(odd)) or len(header) == 1)
    check_names(path.name, header, at_end=_without_end(path, "the header line"))
    if not len(rows):
        raise Refusal(TableEmpty(table=path.name, lacks="a header, but no rows"))
    if len(odd):
        raise Refusal(_ragged(path, records, rows, int(odd[0])))
    if all(_NUMBER.fullmatch(cell) for cell in header) and any("." in cell for cell in header):
        raise Refusal(_headless(path, int(records.lines[0]), len(header)))
    return header, rows


def _headless(path: Path, line: int, num_columns: int) -> TableEmpty:
    """What is said of a table whose first line is a row: that row would be lost."""
    names = ",".join(f"column_{number}" for number in range(1, num_columns + 1))
    command = _into(path, f"sed '{line}i {names}'")
    hint = f"put names above them, such as `{command}`" if num_columns <= SHOWN else ""
    return TableEmpty(table=path.name, lacks=f"no header line: line {line} has only numbers", hint=hint)


def check_names(name: str, header: list[str], at_end: str = "") -> None:
    """Refuse names that do not tell the columns apart; `at_end` is what to do about a comma behind the last one."""
    for separator, word in SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise Refusal(WrongSeparator(table=name, separator=word))
    if "" in header:
        position = header.index("") + 1
        hint = at_end if 1 < position == len(header) else ""
        raise Refusal(NamelessColumn(table=name, position=position, hint=hint))
    repeated = [column for column, times in Counter(header).items() if times > 1]
    if repeated:
        raise Refusal(DuplicateColumns(table=name, names=named(repeated)))


def _has_cells(records: Records, num_columns: int) -> NDArray[np.bool_]:
    """Which records have a cell that is not blank; where there is one column, all have."""
    found = np.ones(len(records), dtype=np.bool_)
    if num_columns > 1:
        values = np.frombuffer(records.data, np.uint8)
        first, second = values[records.begins], values[np.minimum(records.begins + 1, len(values) - 1)]
        quoted_text = (first == ord('"')) & ~np.isin(second, _BLANK_STARTS)
        for index in np.flatnonzero(np.isin(first, _BLANK_STARTS) & ~quoted_text):
            found[index] = _has_text(records, int(index))
    return found


def _has_text(records: Records, index: int) -> bool:
    """Whether a record has a cell that is not blank; told from its text alone, unless there are quotes in it."""
    text = records.text(index)
    if '"' in text:
        return any(cell.strip() for cell in records.row(index))
    return bool(text.replace(",", " ").strip())


def _check_comment(path: Path, records: Records, header: list[str], rows: Records) -> None:
    """Refuse (E0528) a comment in the place of the header, or of a row that has another number of cells."""
    differs = bool(len(rows)) and rows.cells[0] != len(header)
    if header[0].lower().startswith("sep=") and len(header[0]) <= len("sep=;"):
        raise _comment(path, records, 0, f"sed {records.lines[0]}d")
    if header[0].startswith("#") and (differs or (header[0][1:2].isspace() and len(rows) and _is_names(rows))):
        raise _comment(path, records, 0, "sed '/^#/d'")
    if re.match(r"#\s", header[0]) and len(rows):
        raise _comment(path, records, 0, f"sed '{records.lines[0]}s/^#[[:space:]]*//'")
    for index in np.flatnonzero(rows.cells != len(header))[:1]:
        if rows.text(int(index)).lstrip().startswith("#"):
            raise _comment(path, rows, int(index), "sed '/^[[:space:]]*#/d'")


def _is_names(rows: Records) -> bool:
    """Whether the first row has no number and the second has one: it is the header."""
    first, second = (
        [bool(_NUMBER.fullmatch(cell.strip())) for cell in rows.row(i)] for i in (0, min(1, len(rows) - 1))
    )
    return not any(first) and any(second)


def _comment(path: Path, records: Records, index: int, command: str) -> Refusal:
    return Refusal(
        CommentLine(
            table=path.name,
            line=int(records.lines[index]),
            text=_short(records.text(index)),
            command=_into(path, command),
        )
    )


def _check_separator(path: Path, records: Records, rows: Records, *, is_odd: bool) -> None:
    """Refuse (E0508) a table whose lines have something other than commas in the same number everywhere.

    Where commas would do as well (`is_odd` is False), only if there are numbers between the others and not between
    commas.
    """
    lines = [records.text(0), *(rows.text(index) for index in range(min(len(rows), LOOKED_AT)))]
    for separator, word in SEPARATORS.items():
        found = {line.count(separator) for line in lines}
        if len(found) != 1 or found == {0} or '"' in "".join(lines):
            continue
        if is_odd or (_are_numbers(lines[1:], separator) and not _are_numbers(lines[1:], ",")):
            raise Refusal(WrongSeparator(table=path.name, separator=word, hint=_to_commas(path, separator, lines)))
    if not is_odd:
        return
    words = [line.split() for line in lines]
    same = len({len(cells) for cells in words}) == 1 and len(words[0]) > 1 and len(words) > 1
    if same and all(_NUMBER.fullmatch(cell) for cells in words[1:] for cell in cells):
        hint = f"put commas there: `{_into(path, _BLANKS)}`"
        raise Refusal(WrongSeparator(table=path.name, separator="blanks", hint=hint))


def _are_numbers(lines: list[str], separator: str) -> bool:
    return bool(lines) and all(_NUMBER.fullmatch(cell.strip()) for line in lines for cell in line.split(separator))


_BLANKS = "sed -E 's/^[[:space:]]+//; s/[[:space:]]+$//; s/[[:space:]]+/,/g'"


def _to_commas(path: Path, separator: str, lines: list[str]) -> str:
    """What to type so that commas separate the columns, and points the decimals."""
    shown = "\\t" if separator == "\t" else separator
    signs = f"',{shown}' '.,'" if any("," in line for line in lines) else f"'{shown}' ','"
    given, target = shlex.quote(str(path)), shlex.quote(f"{path.stem}-plain.csv")
    what = "points in decimals and commas between columns" if "," in signs[:3] else "commas between columns"
    if separator == "|" and lines[0].startswith("|"):
        return ""
    return f"put {what}: `tr {signs} < {given} > {target}`"


def _ragged(path: Path, records: Records, rows: Records, index: int) -> RaggedRow:
    expected, found = int(records.cells[0]), int(rows.cells[index])
    hint = ""
    if bool((rows.cells == rows.cells[0]).all()) and len(rows) > 1:
        hint = _why_header_differs(path, records, rows)
    elif found == expected + 1 and rows.text(index).rstrip().endswith(","):
        hint = _without_end(path, f"line {rows.lines[index]}")
    return RaggedRow(table=path.name, line=int(rows.lines[index]), found=found, expected=expected, hint=hint)


def _why_header_differs(path: Path, records: Records, rows: Records) -> str:
    """What to do where all rows have one number of cells and the header another; empty for nothing special."""
    expected, found = int(records.cells[0]), int(rows.cells[0])
    first, line = _short(records.text(0)), int(records.lines[0])
    looked_at = [rows.text(index).rstrip() for index in range(min(len(rows), LOOKED_AT))]
    if found == expected + 1 and all(text.endswith(",") for text in looked_at):
        return _without_end(path, "every row")
    if expected == 1:
        return f"line {line}, `{first}`, is no header; if it is a title take it out: `{_into(path, f'sed {line}d')}`"
    if found == expected + 1:
        return "name the first column too, or save the table without row names (R: `row.names = FALSE`)"
    if found == 2 * expected:
        return "write decimals with a point: a comma separates columns"
    return f"line {line} must name every column: `{first}`"


def _without_end(path: Path, what: str) -> str:
    command = "sed -E 's/,[[:space:]]*$//'"
    return f"{what} ends with a comma, which begins another column; take it away: `{_into(path, command)}`"


def _into(path: Path, command: str) -> str:
    """A command that reads the table and writes another file."""
    return f"{command} {shlex.quote(str(path))} > {shlex.quote(f'{path.stem}-plain.csv')}"


def _short(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
