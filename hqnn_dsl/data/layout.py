"""Whether records make a table: a header of names, and the same number of cells in every row.

Where they do not, most files have one of a few causes that show in the text: a comment or a title above the names, a
delimiter at the end of every line. The sentence is then about the cause.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.form import delimiter_name
from hqnn_dsl.data.guess import NUMBER
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.reading import CommentLine
from hqnn_dsl.diagnostics.codes.tables import DuplicateColumns, NamelessColumn, RaggedRow, TableEmpty, WrongSeparator
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hqnn_dsl.data.records import Records
    from hqnn_dsl.data.sources import Place

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
SHOWN = 12
"""How many names a sentence lists before it only counts the rest."""

LOOKED_AT = 100
"""How many rows are looked at to find out why a table is none."""

_BLANKS = b" \t\x0b\x0c\x1c\x1d\x1e\x1f"
_LETTER_BLANKS = b"\xc2\xe1\xe2\xe3"
"""First bytes of white space in UTF-8 beyond ASCII."""


def named(names: Iterable[str]) -> str:
    """Returns names in backticks, only the first of many: `a`, `b` and 7 more."""
    return sentences.names(names, "and", most=SHOWN)


def check_header(place: Place, records: Records) -> tuple[list[str], Records]:
    """The names of the columns, and the records below them, of those at the beginning of a file.

    The last name is empty if the header line ends with a delimiter; whether that is a column only its cells show.
    Raises `Refusal`: E0502, E0505 to E0507, E0528.
    """
    header = [cell.strip() for cell in records.row(0)]
    rows = check_rows(place, records.keeping(slice(1, None)), header, records)
    ends_open = len(header) > 1 and not header[-1]
    check_names(place.name, header[:-1] if ends_open else header)
    if all(NUMBER.fullmatch(cell) for cell in header) and any("." in cell or "," in cell for cell in header):
        raise Refusal(_headless(place, records, len(header)))
    return header, rows


def check_rows(place: Place, records: Records, header: list[str], first: Records | None = None) -> Records:
    """The records that have cells, all with as many as the header. Raises `Refusal`: E0505, E0528.

    `first` are the records at the beginning of the file, if these are the rows among them.
    """
    rows = records.keeping(_has_cells(records, len(header)))
    if first is not None:
        _check_header_comment(place, first, header, rows)
    odd = np.flatnonzero(rows.cells != len(header))
    if len(odd):
        index = int(odd[0])
        if rows.text(index).lstrip().startswith("#"):
            raise _comment(place, rows, index, "sed '/^[[:space:]]*#/d'", can_be_told=True)
        if first is not None:
            check_names(place.name, header, at_end=_without_end(place, rows, "the header line"))
        raise Refusal(_ragged(place, first, rows, index, len(header)))
    return rows


def _headless(place: Place, records: Records, num_columns: int) -> TableEmpty:
    """What is said of a table whose first line is a row: that row would be lost."""
    line = int(records.lines[0])
    names = records.dialect.delimiter.join(f"column_{number}" for number in range(1, num_columns + 1))
    command = place.into(f"sed '{line}i {names}'")
    hint = f"put names above them, such as `{command}`" if num_columns <= SHOWN else ""
    return TableEmpty(table=place.name, lacks=f"no header line: line {line} has only numbers", hint=hint)


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
    if num_columns == 1 or not len(records):
        return found
    dialect = records.dialect
    empty = np.frombuffer(_BLANKS + b"\r\n" + dialect.delimiter.encode() + dialect.quote.encode(), np.uint8)
    values = np.frombuffer(records.data, np.uint8)
    first = values[records.begins]
    doubtful = np.flatnonzero(np.isin(first, empty) | np.isin(first, np.frombuffer(_LETTER_BLANKS, np.uint8)))
    if not len(doubtful):
        return found
    is_text = np.concatenate([[0], np.cumsum(~np.isin(values, empty), dtype=np.int64)])
    num_bytes = is_text[records.ends[doubtful]] - is_text[records.begins[doubtful]]
    found[doubtful[num_bytes == 0]] = False
    for index in doubtful[(num_bytes > 0) & (num_bytes <= 3 * num_columns)]:  # blanks of other scripts, perhaps
        text = records.text(int(index))
        if not text.isascii():
            found[index] = any(cell.strip() for cell in records.row(int(index)))
    return found


def _check_header_comment(place: Place, records: Records, header: list[str], rows: Records) -> None:
    """Refuse (E0528) a comment in the place of the header."""
    differs = bool(len(rows)) and rows.cells[0] != len(header)
    if header and header[0].startswith("#") and differs:
        raise _comment(place, records, 0, "sed '/^#/d'", can_be_told=True)


def _comment(place: Place, records: Records, index: int, command: str, *, can_be_told: bool) -> Refusal:
    told = 'write `read comment: "#"` in `data { }`, or ' if can_be_told else ""
    return Refusal(
        CommentLine(
            table=place.name,
            line=int(records.lines[index]),
            text=_short(records.text(index)),
            hint=f"{told}take it out: `{place.into(command)}`",
        )
    )


def _ragged(place: Place, first: Records | None, rows: Records, index: int, expected: int) -> RaggedRow:
    found = int(rows.cells[index])
    delimiter = rows.dialect.delimiter
    hint = ""
    if first is not None and bool((rows.cells == rows.cells[0]).all()) and len(rows) > 1:
        hint = _why_header_differs(place, first, rows)
    elif found == expected + 1 and rows.text(index).rstrip(" ").endswith(delimiter):
        hint = _without_end(place, rows, f"line {rows.lines[index]}")
    elif delimiter != ",":
        name = delimiter_name(delimiter)
        hint = f"quote cells that contain {name}, leave missing cells empty; `read delimiter` tells another delimiter"
    return RaggedRow(table=place.name, line=int(rows.lines[index]), found=found, expected=expected, hint=hint)


def _why_header_differs(place: Place, records: Records, rows: Records) -> str:
    """What to do where all rows have one number of cells and the header another; empty for nothing special."""
    expected, found = int(records.cells[0]), int(rows.cells[0])
    first, line = _short(records.text(0)), int(records.lines[0])
    delimiter = records.dialect.delimiter
    looked_at = [rows.text(index).rstrip(" ") for index in range(min(len(rows), LOOKED_AT))]
    if found == expected + 1 and all(text.endswith(delimiter) for text in looked_at):
        return _without_end(place, rows, "every row")
    if expected == 1:
        return f"line {line}, `{first}`, is no header; if it is a title take it out: `{place.into(f'sed {line}d')}`"
    if found == expected + 1:
        return "name the first column too, or save the table without row names (R: `row.names = FALSE`)"
    if found == 2 * expected and delimiter == ",":
        return "write decimals with a point: a comma separates columns"
    return f"line {line} must name every column: `{first}`"


def _without_end(place: Place, rows: Records, what: str) -> str:
    delimiter = rows.dialect.delimiter
    shown = {"\t": "\\t", "|": "\\|"}.get(delimiter, delimiter)
    name = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}.get(delimiter, f"`{delimiter}`")
    command = place.into(f"sed -E 's/{shown}[[:space:]]*$//'")
    return f"{what} ends with {name}, which begins another column; take it away: `{command}`"


def _short(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
