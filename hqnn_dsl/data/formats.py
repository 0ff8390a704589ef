"""What a file is, by its first bytes; and what to type to make a CSV file of one that is not read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hqnn_dsl.data.sources import Place

_SPREADSHEET = "open it in a spreadsheet and save it as `CSV UTF-8`"

_ARROW = ((b"PAR1", "Parquet"), (b"ARROW1\x00\x00", "Feather"), (b"FEA1", "Feather"))
_FRAMES = (
    (b"\x89HDF", "is an HDF5 file", "pandas.read_hdf({path!r})"),
    (b"\x93NUMPY", "is an array of NumPy", "pandas.DataFrame(numpy.load({path!r})).add_prefix('column_')"),
    (b"\x80\x02", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x03", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x04", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x05", "is a pickle", "pandas.read_pickle({path!r})"),
)
_OTHERS = (
    (b"7z\xbc\xaf\x27\x1c", "is an archive of 7-Zip", "unpack it and give the CSV file"),
    (b"\xd0\xcf\x11\xe0", "is an Excel file", _SPREADSHEET),
    (b"SQLite format 3\x00", "is an SQLite database", "write the rows of one of its tables to a CSV file"),
    (b"%PDF", "is a PDF file", "get the numbers as a CSV file"),
    (b"\x89PNG", "is a picture", "give the CSV file that goes with it"),
)
_WITHIN_ZIP = (
    ("xl/", "is an Excel file", _SPREADSHEET),
    ("content.xml", "is a spreadsheet of LibreOffice", _SPREADSHEET),
    (".npy", "is an archive of NumPy arrays", "write the array to a CSV file with names above its columns"),
)
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_LOOKED_AT = 4096
_NOT_IN_1252 = b"\x81\x8d\x8f\x90\x9d"


def arrow_form(head: bytes) -> str:
    """`Parquet` or `Feather` for the first bytes of such a file, else empty."""
    return next((form for magic, form in _ARROW if head.startswith(magic)), "")


def foreign(place: Place, head: bytes) -> tuple[str, str] | None:
    """What the first bytes of a file say of it (`is a pickle`), and what to do; None if they may be a table's."""
    for magic, what, call in _FRAMES:
        if head.startswith(magic):
            return what, _python(place.path, call)
    for magic, what, advice in _OTHERS:
        if head.startswith(magic):
            return what, advice
    return None


def foreign_archive(members: Iterable[str]) -> tuple[str, str] | None:
    """The same for the names of the files in a zip archive."""
    names = list(members)
    for part, what, advice in _WITHIN_ZIP:
        if any(name.startswith(part) or (part[0] == "." and name.endswith(part)) for name in names):
            return what, advice
    return None


def not_utf8_advice(data: bytes) -> str:
    """What to do about bytes that are neither UTF-8 nor one byte a letter, as Windows has them."""
    if any(byte in data for byte in _NOT_IN_1252):
        return 'say what it is in, such as `read encoding: "shift_jis"`, or save it as UTF-8'
    return "correct that byte: other letters of the file are in UTF-8"


def markup(data: bytes) -> str:
    """`JSON`, `HTML`, `XML`, … for text that is a table of another form, else empty."""
    begin = data[:_LOOKED_AT].lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html", b"<table")):
        return "HTML"
    if begin.startswith(b"<?xml"):
        return "XML"
    if begin.startswith((b"[{", b'{"', b"{\n", b"{\r\n", b"[\n", b"[\r\n", b"[[")):
        return "JSON"
    if begin.startswith((b"@relation", b"@attribute")):
        return "ARFF"
    if begin.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS"
    return ""


def wide_encoding(data: bytes) -> str:
    """`utf-16-le` and the like, empty for any other encoding.

    It is told from the byte order mark, or else from where the zero bytes of ASCII letters are.
    """
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if marked:
        return marked
    part = data[: _LOOKED_AT - _LOOKED_AT % 4]
    zeros = [part[place::4].count(0) * 4 > len(part) // 2 for place in range(4)]
    found = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return found.get((zeros[0], zeros[1], zeros[2], zeros[3]), "")


def _python(path: Path | None, call: str) -> str:
    if path is None:
        return "write it to a CSV file first"
    target = f"{path.stem}.csv"
    modules = "pandas, numpy" if "numpy." in call else "pandas"
    code = f"import {modules}; {call.format(path=str(path))}.to_csv({target!r}, index=False)"
    typed = f'"{code}"' if not set(code) & set('"$`\\!') else shlex.quote(code)
    return f"type `python -c {typed}` and give the file `{target}`"
