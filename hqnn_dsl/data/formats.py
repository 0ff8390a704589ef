"""What a file is that is no UTF-8 text, by its first bytes, and what to type to make a CSV file of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SPREADSHEET = "open it in a spreadsheet and save it as `CSV UTF-8`"

_PACKED = (
    (b"\x1f\x8b", "is compressed with gzip", "gunzip -c {path} > {target}"),
    (b"BZh", "is compressed with bzip2", "bunzip2 -c {path} > {target}"),
    (b"\xfd7zXZ\x00", "is compressed with xz", "xz -dc {path} > {target}"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", "zstd -dc {path} > {target}"),
    (b"7z\xbc\xaf\x27\x1c", "is an archive of 7-Zip", "7z x {path}"),
)
_FRAMES = (
    (b"PAR1", "is a Parquet file, which pandas reads with pyarrow", "pandas.read_parquet({path!r})"),
    (b"ARROW1", "is a Feather file, which pandas reads with pyarrow", "pandas.read_feather({path!r})"),
    (b"FEA1", "is a Feather file, which pandas reads with pyarrow", "pandas.read_feather({path!r})"),
    (b"\x89HDF", "is an HDF5 file", "pandas.read_hdf({path!r})"),
    (b"\x93NUMPY", "is an array of NumPy", "pandas.DataFrame(numpy.load({path!r})).add_prefix('column_')"),
    (b"\x80\x02", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x03", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x04", "is a pickle", "pandas.read_pickle({path!r})"),
    (b"\x80\x05", "is a pickle", "pandas.read_pickle({path!r})"),
)
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "is an Excel file", _SPREADSHEET),
    (b"SQLite format 3\x00", "is an SQLite database", "write the rows of one of its tables to a CSV file"),
    (b"%PDF", "is a PDF file", "get the numbers as a CSV file"),
    (b"\x89PNG", "is a picture", "give the CSV file that goes with it"),
)
_WITHIN_ZIP = (
    (b"xl/", "is an Excel file", _SPREADSHEET),
    (b"opendocument.spreadsheet", "is a spreadsheet of LibreOffice", _SPREADSHEET),
    (b".npy", "is an archive of NumPy arrays", "write the array to a CSV file with names above its columns"),
)
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MARKED = frozenset(name for _, name in _MARKS)
_LOOKED_AT = 4096
_NOT_IN_1252 = b"\x81\x8d\x8f\x90\x9d"


def foreign(path: Path, data: bytes) -> tuple[str, str] | None:
    """What bytes that no table may have say of a file (`is a Parquet file`), and what to do; None for none known.

    `data` is the file or its beginning.
    """
    target = shlex.quote(f"{path.name.removesuffix(path.suffix).removesuffix('.csv')}-plain.csv")
    for magic, what, command in _PACKED:
        if data.startswith(magic):
            typed = command.format(path=shlex.quote(str(path)), target=target)
            return what, f"unpack it with `{typed}` and give the CSV file"
    for magic, what, call in _FRAMES:
        if data.startswith(magic):
            return what, _python(path, call)
    for magic, what, advice in _OTHERS:
        if data.startswith(magic):
            return what, advice
    if data.startswith(b"PK\x03\x04"):
        inside = ((what, advice) for part, what, advice in _WITHIN_ZIP if part in data[:_LOOKED_AT])
        typed = f"unpack it with `unzip {shlex.quote(str(path))}` and give the CSV file"
        return next(inside, ("is a ZIP archive", typed))
    encoding = _wide_encoding(data)
    if not encoding:
        return None
    at = 0 if encoding in _MARKED else data.index(0)
    return f"is text in {encoding} (byte 0x{data[at]:02x} in line 1)", _recode(path, encoding)


def not_utf8_advice(path: Path, data: bytes) -> str:
    """What to type where text is in an encoding of one byte a letter, most often that of Windows."""
    if any(byte in data for byte in _NOT_IN_1252):
        return "save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)"
    return f"save it as UTF-8; if it is an older spreadsheet's, {_recode(path, 'WINDOWS-1252')}"


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


def _wide_encoding(data: bytes) -> str:
    """UTF-16 or UTF-32, by the byte order mark or else by where the zero bytes of ASCII letters are."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if marked:
        return marked
    part = data[: _LOOKED_AT - _LOOKED_AT % 4]
    zeros = [part[place::4].count(0) * 4 > len(part) // 2 for place in range(4)]
    found = {
        (False, True, True, True): "UTF-32LE",
        (True, True, True, False): "UTF-32BE",
        (False, True, False, True): "UTF-16LE",
        (True, False, True, False): "UTF-16BE",
    }
    return found.get((zeros[0], zeros[1], zeros[2], zeros[3]), "")


def _recode(path: Path, encoding: str) -> str:
    target = shlex.quote(f"{path.stem}-utf8.csv")
    return f"type `iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > {target}` and give that file"


def _python(path: Path, call: str) -> str:
    target = f"{path.stem}.csv"
    modules = "pandas, numpy" if "numpy." in call else "pandas"
    code = f"import {modules}; {call.format(path=str(path))}.to_csv({target!r}, index=False)"
    typed = f'"{code}"' if not set(code) & set('"$`\\!') else shlex.quote(code)
    return f"type `python -c {typed}` and give the file `{target}`"
