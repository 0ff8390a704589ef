"""How a text is to be taken apart, found out from its first lines: delimiter, quotes, decimal sign, where it begins.

What is told is not guessed. A delimiter fits if all lines have it equally often; of several that fit, the one counts
that has the most numbers between it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.data.form import delimiter_name
from hqnn_dsl.data.marks import OTHER, is_sure
from hqnn_dsl.data.records import Dialect, any_length, end_of_last, is_regular
from hqnn_dsl.data.written import ANY
from hqnn_dsl.diagnostics.codes.reading import CommentLine, ReadContradicts, ReadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.data.sources import Place
    from hqnn_dsl.data.written import Purpose
    from hqnn_dsl.semantics.spec import Read

SAMPLE = 1 << 20
"""How many bytes of a text are looked at."""

LOOKED_AT = 100
"""How many of its records."""

TABS = frozenset({".tsv", ".tab"})
"""Endings of files whose columns are separated by tabs, if they can be."""

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

Rows = list[list[str]]


@dataclass(frozen=True)
class Guess:
    """How a text is taken apart. `is_blanks`: any number of blanks is one delimiter.

    `decimal` is None if no number of the first lines shows it; `is_sure` is whether it is told, or a column that is
    needed shows it. The first `skipped` lines belong to no record; of them `comments` are comments, `comment` is the
    first one's text.
    """

    dialect: Dialect
    decimal: str | None
    is_sure: bool
    is_blanks: bool = False
    skipped: int = 0
    comments: tuple[int, ...] = ()
    comment: str = ""

    @property
    def delimiter(self) -> str:
        return " " if self.is_blanks else self.dialect.delimiter


def guess(place: Place, sample: bytes, read: Read, purpose: Purpose = ANY, *, is_whole: bool) -> Guess:
    """The guess for a text that begins with `sample`, or is it.

    Raises `Refusal`: E0561 for options that cannot be, E0560 for those that do not fit, E0528 for names behind a `#`.
    """
    _check(read)
    text = sample.decode("utf-8", "replace")
    if not is_whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1] or text
    lines = list(io.StringIO(text, newline=""))
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    told = read.delimiter
    note = _SEPARATOR_LINE.fullmatch(lines[start]) if lines else None
    if note is not None and len(lines) > start + 1:
        told = told or note[1]
        start += 1
    comments = [] if read.comment else _comments(place, lines, start, told, place.suffix)
    skipped = comments[-1] + 1 if comments else start
    rest = [line for line in lines[skipped:] if not (read.comment and line.lstrip(" \t").startswith(read.comment))]
    found = _delimiter(rest, told, place.suffix)
    if read.delimiter is not None:
        _check_delimiter(place, rest, read.delimiter, place.suffix)
    rows = _rows(rest, found.dialect, is_blanks=found.is_blanks)
    shown = read.decimal or _told_by(read.thousands) or _decimal(_needed(rows, purpose))
    return Guess(
        Dialect(found.dialect.delimiter, found.dialect.quote, read.comment),
        shown or _decimal(_few(rows)),
        shown is not None,
        found.is_blanks,
        skipped,
        tuple(number + 1 for number in comments),
        lines[comments[0]].strip() if comments else "",
    )


def _check(read: Read) -> None:
    """Refuse (E0561) options that no file can have."""
    for name in ("delimiter", "decimal", "thousands", "comment"):
        value = getattr(read, name)
        one = name == "comment" or (len(value or "") == 1)
        if value is not None and (not value or not one or value in {'"', "\n", "\r", "\0"} or value.isalnum()):
            wanted = "one or several signs" if name == "comment" else "one sign"
            raise Refusal(ReadOption(option=f"{name}: {quoted(value)}", reason="it is no sign", wanted=wanted))
    if read.delimiter is not None and not read.delimiter.isascii():
        option = f"delimiter: {quoted(read.delimiter)}"
        raise Refusal(ReadOption(option=option, reason="it is no sign of ASCII", wanted="a sign such as `;`"))
    if read.decimal is not None and read.decimal == read.thousands:
        option = f"decimal: {quoted(read.decimal)}, thousands: {quoted(read.decimal)}"
        raise Refusal(
            ReadOption(option=option, reason="one sign cannot mean both", wanted="another sign for one of them")
        )
    if read.decimal not in {None, ".", ","}:
        option = f"decimal: {quoted(read.decimal or '')}"
        raise Refusal(ReadOption(option=option, reason="decimals have a point or a comma", wanted='`"."` or `","`'))


# ----------------------------------------------------------------- delimiters


@dataclass(frozen=True)
class _Found:
    dialect: Dialect
    is_blanks: bool = False
    fits: bool = True


def _delimiter(lines: Sequence[str], told: str | None, suffix: str) -> _Found:
    if told == " ":
        return _Found(Dialect("\t"), is_blanks=True)
    if told is not None:
        quote = next((q for q in ("'",) if _has_single(lines, Dialect(told, q))), '"')
        return _Found(Dialect(told, quote))
    fitting: list[tuple[tuple[float, ...], Dialect]] = []
    first = next((line for line in lines if line.strip()), "")
    quotes = ('"', "'") if any("'" in line for line in lines[:LOOKED_AT]) else ('"',)
    for place, delimiter in enumerate(",;\t|"):
        for quote in quotes if delimiter in first else ():
            dialect = Dialect(delimiter, quote)
            if quote == "'" and not _has_single(lines, dialect):
                continue
            rows = _rows(lines, dialect)
            if _is_even(rows):
                is_tabs = delimiter == "\t" and suffix.lower() in TABS
                followed = all(f"{delimiter} " in line for line in lines[:LOOKED_AT] if line.strip())
                score = (is_tabs, _share(rows), not followed, len(rows[0]), quote == "'", -place)
                fitting.append((score, dialect))
    if fitting:
        return _Found(max(fitting, key=lambda each: each[0])[1])
    words = _rows(lines, Dialect("\t"), is_blanks=True)
    if _is_even(words) and len(words) > 1 and _has_numbers(words):
        return _Found(Dialect("\t"), is_blanks=True)
    return _Found(Dialect(_most_likely(lines)), fits=False)


def _rows(lines: Iterable[str], dialect: Dialect, *, is_blanks: bool = False) -> Rows:
    """The cells of the first records, blank ones aside; none if they cannot be read so."""
    text = "".join(line for line, _ in zip(lines, range(4 * LOOKED_AT), strict=False))
    if is_blanks:
        text = blanks_to_tabs(text.encode(), dialect.quote).decode()
    found: Rows = []
    try:
        with any_length():
            for row in dialect.reader(text):
                is_cut = row[-1:] and row[-1].endswith(("\n", "\r"))  # a quote is still open
                if any(cell.strip() for cell in row) and not is_cut:
                    found.append([cell.strip() for cell in row])
                if len(found) > LOOKED_AT:
                    break
    except csv.Error:
        return []
    return found


def _is_even(rows: Rows) -> bool:
    """Whether all records have the same number of cells, more than one."""
    return bool(rows) and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1


def _few(rows: Rows) -> Rows:
    """The rows below the names, so many that their cells are soon looked at."""
    return rows[1 : 1 + max(5, 20 * LOOKED_AT // max(len(rows[0]), 1))] if rows else []


def _needed(rows: Rows, purpose: Purpose) -> Rows:
    """The cells of `_few` in columns that are needed."""
    places = [place for place, name in enumerate(rows[0]) if purpose.needs(name)] if rows else []
    return [[row[place] for place in places if place < len(row)] for row in _few(rows)]


def _share(rows: Rows) -> float:
    """The share of numbers among the cells below the names."""
    cells = [cell for row in _few(rows) for cell in row if cell]
    return sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / max(len(cells), 1)


def _has_numbers(rows: Rows) -> bool:
    """Whether some column has numbers only."""
    return any(all(NUMBER.fullmatch(row[column]) for row in rows[1:]) for column in range(len(rows[0])))


def _has_single(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether text stands in single quotes: one in each record at least, and no apostrophe beside them."""
    data = "".join(lines[: 4 * LOOKED_AT]).encode()
    data = data[: end_of_last(data, b"'")] or data
    rows = _rows(io.StringIO(data.decode(), newline=""), dialect)
    if any(cell.startswith('"') for row in rows for cell in row):
        return False
    return data.count(b"'") >= 2 * max(len(rows) - 1, 1) and is_regular(data, dialect)


def _most_likely(lines: Sequence[str]) -> str:
    """The delimiter of most lines, if no one fits all of them."""
    best, found = (0.0, 0.0), ","
    for delimiter in ",;\t|":
        sizes = Counter(len(row) for row in _rows(lines, Dialect(delimiter)))
        header = len(next(iter(_rows(lines[:LOOKED_AT], Dialect(delimiter))), []))
        sizes.pop(1, None)
        if sizes:
            size, times = sizes.most_common(1)[0]
            score = (float(size == header), times / max(sum(sizes.values()), 1) * times)
            if score > best:
                best, found = score, delimiter
    return found


def _check_delimiter(place: Place, lines: Sequence[str], told: str, suffix: str) -> None:
    """Refuse (E0560) a delimiter that is not in the first line, if another one fits all lines."""
    rows = _rows(lines, Dialect("\t" if told == " " else told), is_blanks=told == " ")
    if len(rows) and len(rows[0]) > 1:
        return
    found = _delimiter(lines, None, suffix)
    other = " " if found.is_blanks else found.dialect.delimiter
    if found.fits and _rows(lines, found.dialect, is_blanks=found.is_blanks) and other != told:
        raise Refusal(
            ReadContradicts(
                option=f"delimiter: {quoted(told)}",
                table=place.name,
                found=f"it has {delimiter_name(other)} between columns",
                name="delimiter",
                instead=quoted(other),
            )
        )


def blanks_to_tabs(data: bytes, quote: str) -> bytes:
    """A text with one tab in the place of blanks and tabs between cells, and none at the ends of lines."""
    mark = re.escape(quote.encode())
    parts = mark + rb"(?:[^" + mark + rb"]|" + mark * 2 + rb")*" + mark + rb"|[ \t]+"

    def between(match: re.Match[bytes]) -> bytes:
        if match[0].startswith(quote.encode()):
            return match[0]
        sides = data[match.start() - 1 : match.start()], data[match.end() : match.end() + 1]
        return b"" if any(side in {b"", b"\n", b"\r"} for side in sides) else b"\t"

    return re.sub(parts, between, data)


# ------------------------------------------------------------------- comments


def _comments(place: Place, lines: Sequence[str], start: int, told: str | None, suffix: str) -> list[int]:
    """The lines above the names that begin with `#`; none if the names themselves do.

    Raises `Refusal` E0528 if the names seem to stand in the last of them, behind the sign.
    """
    run = start
    while run < len(lines) and (not lines[run].strip() or lines[run].lstrip().startswith("#")):
        run += 1
    found = [number for number in range(start, run) if lines[number].strip()]
    if not found or run == len(lines):
        return []
    dialect = _delimiter(lines[run:], told, suffix)
    rows = _rows(lines[run:], dialect.dialect, is_blanks=dialect.is_blanks)
    last = next(iter(_rows([lines[found[-1]]], dialect.dialect, is_blanks=dialect.is_blanks)), [])
    is_apart = bool(re.match(r"\s*#+\s", lines[found[-1]]))
    if dialect.is_blanks and is_apart:
        last = last[1:]
    if not rows or len(last) != len(rows[0]):
        return found
    first_is_row = any(NUMBER.fullmatch(cell) for cell in rows[0])
    others_are_rows = any(NUMBER.fullmatch(cell) for row in rows[1:] for cell in row)
    if not is_apart:
        return found[:-1]
    if not first_is_row and (others_are_rows or len(last) == 1):
        return found
    line = found[-1]
    command = place.into(f"sed '{line + 1}s/^[[:space:]]*#*[[:space:]]*//'")
    hint = f"take the sign away: `{command}`"
    raise Refusal(CommentLine(table=place.name, line=line + 1, text=_short(lines[line].strip()), hint=hint))


def _short(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


# ------------------------------------------------------------------- decimals


def _told_by(thousands: str | None) -> str | None:
    """The decimal sign beside a point or a comma that is told to stand between thousands."""
    return OTHER.get(thousands or "")


def _decimal(rows: Rows) -> str | None:
    """The decimal sign that numbers of some rows have beyond doubt; a point if both are there."""
    cells = {cell.rstrip("%").rstrip() for row in rows for cell in row}
    commas = any(is_sure(cell, ",") for cell in cells)
    points = any(is_sure(cell, ".") for cell in cells)
    return "," if commas and not points else "." if points else None
