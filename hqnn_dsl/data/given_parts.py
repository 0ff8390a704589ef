"""Parts of the rows that are given: by a column with a word in every row, or by a file that lists the test rows."""

from __future__ import annotations

import codecs
import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hqnn_dsl.diagnostics.codes.splits import BadRowsFile, ImpossibleSplit, UnknownPart
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import did_you_mean, listed, names, nearest
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.files import open_regular
from hqnn_dsl.semantics.used_files import Reach, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from hqnn_dsl.data.parts import Positions, TableRows

WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""The part that each word in a column means."""

ROW, SPLIT = "row", "split"
"""The columns of a file of rows."""

SHOWN = 5
"""How many lines or words a sentence lists."""


# --------------------------------------------------------------------------------------------------------- by a column


def parts_of_words(rows: TableRows, name: str) -> tuple[Positions, Positions, Positions]:
    """The rows of each part as a column says, training first. Raises `Refusal` E0558 for a cell that says none."""
    values = rows.values(name)
    missing = np.asarray(pd.isna(np.asarray(values)))
    words = np.array([str(value).strip().casefold() for value in values], dtype=object)
    found = np.array([WORDS.get(word, "") for word in words], dtype=object)
    found[missing] = ""
    wrong = rows.kept[found[rows.kept] == ""]
    if len(wrong):
        raise Refusal(_unknown(rows, name, wrong, words, missing))
    train, validation, test = (rows.kept[found[rows.kept] == part] for part in ("train", "validation", "test"))
    if not len(train):
        reason = f"no row of column `{name}` says `train`"
        raise Refusal(ImpossibleSplit(by=f"`column({name})`", reason=reason))
    return train, validation, test


def _unknown(
    rows: TableRows, name: str, wrong: Positions, words: NDArray[np.object_], missing: NDArray[np.bool_]
) -> UnknownPart:
    cells = dict.fromkeys("no word" if missing[row] else f"`{words[row][:40]}`" for row in wrong)
    found = listed(list(cells)[:SHOWN], "and", more=max(len(cells) - SHOWN, 0))
    first = next((words[row] for row in wrong if not missing[row]), "")
    hint = "" if first in {"0", "1"} else did_you_mean(nearest(first, WORDS))
    return UnknownPart(column=name, where=rows.where(wrong), found=found, hint=hint)


# ----------------------------------------------------------------------------------------------------------- by a file


def rows_of_file(rows: TableRows, written: str, number: int | None) -> Positions:
    """The test rows that a file lists, without those that were dropped.

    `written` is relative to the spec, and must lie within the spec's reach; `number` picks the lines with that number
    in the column `split`. Raises `Refusal`: E0233 and E0234 if the file may not or cannot be read, E0559 if it does not
    say rows of the table.
    """
    reach = rows.reach or Reach.of(Source("spec", "", folder="."))
    place = reach.place(written, reach.folders[0])
    try:
        with open_regular(place, follow=False) as stream:
            found = list(_lines_of(stream, written, number))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refusal(unreadable(written, None, place, error)) from error
    except csv.Error as error:
        raise Refusal(BadRowsFile(file=written, reason=f"it is no CSV: {error}")) from None
    if not found:
        asked = "" if number is None else f" with the number {number} in its column `{SPLIT}`"
        raise Refusal(BadRowsFile(file=written, reason=f"it has no line{asked}"))
    _refuse_wrong_rows(written, found, rows.number)
    return np.intersect1d(rows.kept, np.array([row for _, row in found], dtype=np.int64))


def _lines_of(stream: BinaryIO, written: str, number: int | None) -> Iterator[tuple[int, int]]:
    """The line and the row of every line that is asked for."""
    lines = csv.reader(codecs.getreader("utf-8-sig")(stream), strict=True)
    header = [name.strip() for name in next(lines, [])]
    _refuse_header(header, written, number)
    at, several = header.index(ROW), header.index(SPLIT) if SPLIT in header else None
    seen: set[int] = set()
    for cells in lines:
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"line {lines.line_num} has {len(cells)} cells, the header has {len(header)}"
            raise Refusal(BadRowsFile(file=written, reason=reason))
        if several is not None:
            own = _whole(cells[several], SPLIT, written, lines.line_num)
            seen.add(own)
            if number is not None and own != number:
                continue
        yield lines.line_num, _whole(cells[at], ROW, written, lines.line_num)
    if number is None and len(seen) > 1:
        reason = f"it has {len(seen)} splits, from {min(seen)} to {max(seen)}"
        raise Refusal(
            BadRowsFile(file=written, reason=reason, hint=f'name one: `rows("{written}", split: {min(seen)})`')
        )
    if number is not None and seen and number not in seen:
        reason = f"it has no split {number}, its splits are from {min(seen)} to {max(seen)}"
        raise Refusal(BadRowsFile(file=written, reason=reason, hint=f"name one of them: `split: {min(seen)}`"))


def _refuse_header(header: Sequence[str], written: str, number: int | None) -> None:
    """Raises `Refusal` E0559 unless the columns that are read are there, and once."""
    if ROW not in header:
        found = f"its columns are {names(header[:SHOWN], 'and')}" if any(header) else "it is empty"
        raise Refusal(BadRowsFile(file=written, reason=f"it has no column `{ROW}`, {found}"))
    if twice := [name for name in (ROW, SPLIT) if header.count(name) > 1]:
        raise Refusal(BadRowsFile(file=written, reason=f"it has more than one column `{twice[0]}`"))
    if number is not None and SPLIT not in header:
        reason = f"it has no column `{SPLIT}`, so there is no split {number}"
        raise Refusal(BadRowsFile(file=written, reason=reason, hint=f'write `rows("{written}")`'))


def _whole(cell: str, column: str, written: str, line: int) -> int:
    text = cell.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        reason = f"line {line} has `{text[:40]}` in column `{column}`, which is no whole number from 0"
        raise Refusal(BadRowsFile(file=written, reason=reason))
    return int(text)


def _refuse_wrong_rows(written: str, found: list[tuple[int, int]], num_rows: int) -> None:
    """Refuse rows that the table does not have, and rows that are listed twice, with their lines."""
    first: dict[int, int] = {}
    mistakes = []
    beyond = [(line, row) for line, row in found if row >= num_rows]
    if beyond:
        where = listed((f"line {line} has row {row}" for line, row in beyond[:SHOWN]), "and", more=len(beyond[SHOWN:]))
        reason = f"{where}, and the table has rows 0 to {num_rows - 1}"
        mistakes.append(BadRowsFile(file=written, reason=reason, hint="rows are counted from 0, without the header"))
    twice = [(line, row) for line, row in found if first.setdefault(row, line) != line]
    if twice:
        pairs = (f"row {row} in lines {first[row]} and {line}" for line, row in twice[:SHOWN])
        reason = f"it lists {listed(pairs, 'and', more=len(twice[SHOWN:]))}"
        mistakes.append(BadRowsFile(file=written, reason=reason, hint="list every row once"))
    if mistakes:
        raise Refusal(*mistakes)
