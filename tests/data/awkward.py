"""Awkward tables, all made from one plain one: `python tests/data/awkward.py FOLDER` writes them as files.

Each has what it must be read as: the plain table, a frame of its own, or a refusal with its code and its place.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import pickle
import sqlite3
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.semantics.spec import Read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

HEADER = ["größe", "count", "site", "kind", "y"]
NUM_ROWS = 24


def plain_rows() -> list[list[str]]:
    """The cells of the plain table, as they are written in it."""
    sites, kinds = ["north", "süd", "west"], ["a", "b"]
    return [
        [f"{0.375 + 0.61 * i:.3f}", str(1204 + 377 * i), sites[i % 3], kinds[i % 2], f"{(i * 7 % 24) / 8 - 1.0625}"]
        for i in range(NUM_ROWS)
    ]


def frame_of(rows: Iterable[list[str]], header: list[str] | None = None) -> pd.DataFrame:
    """What rows mean if all is plain."""
    return pd.read_csv(io.StringIO(written(rows, header=header)), dtype={"site": object, "kind": object})


def written(rows: Iterable[list[str]], *, header: list[str] | None = None, **dialect: Any) -> str:
    """Rows as Python's writer puts them."""
    out = io.StringIO()
    writer = csv.writer(out, **{"lineterminator": "\n", **dialect})
    writer.writerow(HEADER if header is None else header)
    writer.writerows(rows)
    return out.getvalue()


PLAIN = plain_rows()
TEXT = written(PLAIN)
FRAME = frame_of(PLAIN)


AS_IT_IS = Read()


@dataclass(frozen=True)
class Case:
    """A table and what becomes of it.

    `content` are the bytes of a file, or an object. It is read as `frame`; `code` and `words` are those of its refusal.
    `means_plain`: a training on it has the numbers of the plain table. `later` is the code of its refusal by a training
    that reads all columns, and its words.
    """

    name: str
    content: Any = field(repr=False)
    read: Read = AS_IT_IS
    file: str = "t.csv"
    frame: pd.DataFrame | None = field(default=None, repr=False)
    means_plain: bool = False
    code: str = ""
    words: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def changed(column: str, change: Callable[[str], str], rows: list[list[str]] = PLAIN) -> list[list[str]]:
    """The plain rows with another spelling of a column's cells."""
    at = HEADER.index(column)
    return [[change(cell) if place == at else cell for place, cell in enumerate(row)] for row in rows]


def with_cell(row: int, column: str, cell: str) -> list[list[str]]:
    """The plain rows with one other cell."""
    at = HEADER.index(column)
    return [
        [cell if (i, place) == (row, at) else old for place, old in enumerate(cells)] for i, cells in enumerate(PLAIN)
    ]


def with_line(number: int, line: str, text: str = TEXT) -> str:
    """A text with a line put in as line `number`, from 1."""
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: number - 1], line, *lines[number - 1 :]])


def commas(rows: list[list[str]] = PLAIN) -> list[list[str]]:
    return changed(
        "y", lambda cell: cell.replace(".", ","), changed("größe", lambda cell: cell.replace(".", ","), rows)
    )


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


# ---------------------------------------------------------- the same in another form


def encodings() -> Iterator[Case]:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "latin-1", "cp1252"):
        yield Case(f"in {encoding}", TEXT.encode(encoding))
    yield Case("in little UTF-16 with a mark", b"\xff\xfe" + TEXT.encode("utf-16-le"))
    yield Case("in big UTF-16 with a mark", b"\xfe\xff" + TEXT.encode("utf-16-be"))
    for encoding in ("mac-roman", "iso8859-15", "cp850", "utf-7", "gb18030"):
        yield Case(f"in {encoding}, told", TEXT.encode(encoding), Read(encoding=encoding))


def delimiters() -> Iterator[Case]:
    for name, delimiter in {"semicolons": ";", "tabs": "\t", "bars": "|", "blanks": " "}.items():
        yield Case(name, written(PLAIN, delimiter=delimiter))
        yield Case(f"{name} and decimal commas", written(commas(), delimiter=delimiter))
    yield Case("colons, told", written(PLAIN, delimiter=":"), Read(delimiter=":"))
    yield Case("semicolons, told", written(PLAIN, delimiter=";"), Read(delimiter=";"))
    yield Case("tabs in a .tsv", written(PLAIN, delimiter="\t"), file="t.tsv")
    yield Case("commas in a .tsv", TEXT, file="t.tsv")
    yield Case(
        "columns of one width", "".join(" ".join(f"{cell:>9}" for cell in row) + "\n" for row in [HEADER, *PLAIN])
    )
    yield Case("a note of the delimiter", "sep=;\n" + written(PLAIN, delimiter=";"))
    yield Case("a note of the comma", "sep=,\r\n" + TEXT)
    yield Case("decimal commas in quotes", written(commas()))
    yield Case("decimal commas, told", written(commas(), delimiter=";"), Read(decimal=","))


def quotes() -> Iterator[Case]:
    yield Case("all in quotes", written(PLAIN, quoting=csv.QUOTE_ALL))
    yield Case("text in quotes", written(PLAIN).replace("north", '"north"').replace("süd", '"süd"'))
    yield Case("names in quotes", written(PLAIN).replace(",".join(HEADER), '"größe","count","site","kind","y"'))
    yield Case("all in single quotes", written(PLAIN, quoting=csv.QUOTE_ALL, quotechar="'"))
    yield Case("single quotes and semicolons", written(commas(), quoting=csv.QUOTE_ALL, quotechar="'", delimiter=";"))
    yield Case("blanks in quotes", written(changed("count", lambda cell: f" {cell} "), quoting=csv.QUOTE_ALL))


def lines() -> Iterator[Case]:
    yield Case("returns and feeds", TEXT.replace("\n", "\r\n"))
    yield Case("returns", TEXT.replace("\n", "\r"))
    yield Case(
        "line ends of all kinds", TEXT.replace("north,a", "north,a").replace("\n", "\r\n", 5).replace("\n", "\r", 3)
    )
    yield Case("no end of the last line", TEXT.rstrip("\n"))
    yield Case("blank lines", TEXT.replace("\n", "\n\n"))
    yield Case("blank lines above", "\n\r\n\n" + TEXT)
    yield Case("blank lines below", TEXT + "\n \n\t\n\n")
    yield Case("rows of commas", with_line(5, ",,,,\n", with_line(3, " , ,,,\n")) + ",,,,\n")
    yield Case("rows of empty quotes", with_line(4, '"","","",,""\n'))
    yield Case("blanks around cells", TEXT.replace(",", " , ").replace("\n", "  \n"))
    yield Case("blanks before lines", "".join(f"   {line}\n" for line in TEXT.splitlines()))
    yield Case("a comma at every end", TEXT.replace("\n", ",\n"))
    yield Case("a semicolon at every end", written(PLAIN, delimiter=";").replace("\n", ";\n"))


def comments() -> Iterator[Case]:
    yield Case("a comment above", "# of Monday\n" + TEXT)
    yield Case("comments above", '# of Monday, "\n#\n\n# 1,2,3\n' + TEXT)
    yield Case("a comment of five words", "# a, b, c, d, e\n" + TEXT)
    between = with_line(3, '# second "day\n', with_line(9, "  # 1,2\n"))
    yield Case("comments between, told", between, Read(comment="#"))
    yield Case("comments behind %, told", "% of Monday\n" + between.replace("#", "%"), Read(comment="%"))
    yield Case("comments behind //, told", "// of Monday\n" + TEXT, Read(comment="//"))


def numbers() -> Iterator[Case]:
    def exponent(cell: str) -> str:
        return f"{float(cell):.17e}"

    yield Case("exponents", written(changed("y", exponent)))
    yield Case("large exponents", written(changed("größe", lambda cell: f"{int(cell.replace('.', ''))}E-3")))
    yield Case("signs", written(changed("count", lambda cell: f"+{cell}")))
    yield Case("zeros in front", written(changed("count", lambda cell: f"00{cell}")))
    yield Case("zeros behind", written(changed("größe", lambda cell: f"{cell}000000000000000000000")))
    yield Case("no zero in front", written(changed("y", lambda cell: cell.replace("0.", "."))))
    yield Case("points behind", written(changed("count", lambda cell: f"{cell}.")))
    yield Case("counts with decimals", written(changed("count", lambda cell: f"{cell}.0")))
    yield Case("commas between thousands, told", written(changed("count", grouped)), Read(thousands=","))
    yield Case("commas between thousands", written(changed("count", lambda cell: f"{grouped(cell)}.0")))
    yield Case("apostrophes between thousands", written(changed("count", lambda cell: grouped(cell, "'"))))
    yield Case("narrow blanks between thousands", written(changed("count", lambda cell: grouped(cell, "\u202f"))))
    yield Case(
        "blanks between thousands, told", written(changed("count", lambda c: grouped(c, " "))), Read(thousands=" ")
    )
    points = written(commas(changed("count", lambda cell: f"{grouped(cell, '.')},0")), delimiter=";")
    yield Case("points between thousands", points)
    told = Read(thousands=".", decimal=",")
    yield Case(
        "points and commas, told", written(commas(changed("count", lambda c: grouped(c, "."))), delimiter=";"), told
    )
    yield Case("per cent signs", written(changed("count", lambda cell: f"{cell}%")))
    yield Case("per cent signs apart", written(changed("größe", lambda cell: f"{cell} %")))


def grouped(cell: str, mark: str = ",") -> str:
    return f"{int(cell):,}".replace(",", mark)


def packed() -> Iterator[Case]:
    import zstandard

    data = TEXT.encode()
    ways = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}
    for suffix, pack in ways.items():
        yield Case(f"in .{suffix}", pack(data), file=f"t.csv.{suffix}")
        yield Case(f"in pieces of .{suffix}", pack(data[:200]) + pack(data[200:]), file=f"t.csv.{suffix}")
    yield Case("in .zip", zipped({"t.csv": data}), file="t.zip")
    yield Case(
        "in a .zip of macOS", zipped({"t.csv": data, "__MACOSX/t.csv": b"x", ".DS_Store": b""}), file="t.csv.zip"
    )
    yield Case("in .gz that is named .csv", gzip.compress(data))
    wide = gzip.compress(written(commas(), delimiter=";").encode("utf-16"))
    yield Case("in .gz, UTF-16, semicolons", wide, file="t.csv.gz")


def frames() -> Iterator[Case]:
    import polars as pl
    import pyarrow as pa

    out = {name: io.BytesIO() for name in ("parquet", "feather")}
    FRAME.to_parquet(out["parquet"])
    FRAME.to_feather(out["feather"])
    yield Case("in Parquet", out["parquet"].getvalue(), file="t.parquet")
    yield Case("in Feather", out["feather"].getvalue(), file="t.feather")
    yield Case("Parquet that is named .csv", out["parquet"].getvalue())
    yield Case("a frame of pandas", FRAME)
    yield Case("a frame of categories", FRAME.astype({"site": "category", "kind": "category"}))
    yield Case("a frame of polars", pl.DataFrame(FRAME.to_dict("list")))
    yield Case("a table of Arrow", pa.table(FRAME.to_dict("list")))


def columns() -> Iterator[Case]:
    order = [3, 1, 4, 0, 2]
    mixed = [[row[at] for at in order] for row in PLAIN]
    header = [HEADER[at] for at in order]
    yield Case("other order of columns", written(mixed, header=header), frame=FRAME[header], means_plain=True)
    more = [[*row, "x"] for row in PLAIN]
    wide = FRAME.assign(extra="x")
    yield Case("one more column", written(more, header=[*HEADER, "extra"]), frame=wide, means_plain=True)
    rows = [[*row, ""] for row in PLAIN]
    empty = FRAME.assign(extra=np.nan)
    yield Case("an empty column", written(rows, header=[*HEADER, "extra"]), frame=empty, means_plain=True)


# ------------------------------------------------------------------ of another meaning


def missing() -> Iterator[Case]:
    gap = FRAME.astype({"count": float})
    gap.loc[3, "count"] = np.nan
    gone = ("E0513", "`count`", "line 5")
    for word in ("", "?", "NA", " n/a ", "NaN", '"NULL"', "#N/A", "None"):
        name = f"a cell that is {word.strip() or 'empty'}"
        yield Case(name, written(with_cell(3, "count", "@")).replace("@", word), frame=gap, later=gone)
    yield Case(
        "a cell that is -999, told",
        written(with_cell(3, "count", "-999")),
        Read(missing=("-999",)),
        frame=gap,
        later=gone,
    )
    yield Case(
        "a cell that is -, told", written(with_cell(3, "count", "-")), Read(missing=("-",)), frame=gap, later=gone
    )
    text = FRAME.assign(count=[cell[1] for cell in with_cell(3, "count", "-")])
    yield Case("a cell that is -", written(with_cell(3, "count", "-")), frame=text, later=("E0515", "line 5"))
    site = FRAME.copy()
    site.loc[5, "site"] = np.nan
    yield Case("a missing word", written(with_cell(5, "site", "?")), frame=site, later=("E0513", "line 7"))


def values() -> Iterator[Case]:
    def number(cell: str, value: float) -> pd.DataFrame:
        found = FRAME.astype({"count": float})
        found.loc[20, "count"] = value
        return found

    for cell, value in {
        "inf": np.inf, "-Infinity": -np.inf, "1e400": np.inf, "-1e999": -np.inf, "1e-400": 0.0, str(2**70): 2.0**70,
        str(2**63): 2.0**63, str(-(2**64)): -(2.0**64), "9" * 400: np.inf, "0.1" + "0" * 400 + "1": 0.1,
    }.items():  # fmt: skip
        later = ("E0514", "`count`", "line 22") if np.isinf(value) else ()
        yield Case(
            f"a cell that is {cell[:20]}", written(with_cell(20, "count", cell)), frame=number(cell, value), later=later
        )
    for cell in ("many", "12h", "0x10", "1_000", "１２", "−5", "1 000", "2024-01-02", "#VALUE!", "$5", "NAN5"):
        odd = ("E0515", "`count`", "line 22", f"`{cell}`")
        as_text = FRAME.assign(count=[row[1] for row in with_cell(20, "count", cell)])
        yield Case(f"{cell} among numbers", written(with_cell(20, "count", cell)), frame=as_text, later=odd)
    for cell in (
        "x" * 200_000,
        "a, b",
        'a "quoted" word',
        "two\nlines",
        "two\r\nlines",
        "it's",
        "a;b|c\td",
        "# no comment",
    ):
        site = FRAME.copy()
        site.loc[7, "site"] = cell
        yield Case(f"a text that is {cell[:16]!r}", written(with_cell(7, "site", cell)), frame=site)
    dates = [f"2024-01-{day + 1:02}" for day in range(NUM_ROWS)]
    yield Case(
        "dates", written([[d, *r[1:]] for d, r in zip(dates, PLAIN, strict=True)]), frame=FRAME.assign(größe=dates)
    )
    turned = [f"{day + 1}.1.2024" for day in range(NUM_ROWS)]
    rows = [[d, *r[1:]] for d, r in zip(turned, PLAIN, strict=True)]
    yield Case("dates with points", written(rows), frame=FRAME.assign(größe=turned))
    truth = [("true", "FALSE")[i % 2] for i in range(NUM_ROWS)]
    rows = [[*r[:3], t, r[4]] for t, r in zip(truth, PLAIN, strict=True)]
    yield Case("True and False", written(rows), frame=FRAME.assign(kind=[t == "true" for t in truth]))
    odd = FRAME.assign(kind=["c", *FRAME["kind"][1:]])
    yield Case("a class of one", written(with_cell(0, "kind", "c")), frame=odd)
    for number_of in (1, 2):
        yield Case(
            f"rows: {number_of}", written(PLAIN[:number_of]), frame=frame_of(PLAIN[:number_of]), later=("E0521",)
        )
    yield Case("one column", "y\n1\n2\n", frame=pd.DataFrame({"y": [1, 2]}), later=("E0510",))
    yield Case(
        "one column of two words", "full name\nAda L\nAlan T\n", frame=pd.DataFrame({"full name": ["Ada L", "Alan T"]})
    )
    named = FRAME.rename(columns={"site": "#site", "größe": "µm (x;y)", "count": "NA"})
    yield Case(
        "odd names", TEXT.replace(",".join(HEADER), "µm (x;y),NA,#site,kind,y", 1), frame=named, later=("E0510",)
    )


# -------------------------------------------------------------------------- no tables


def refused() -> Iterator[Case]:
    def no(name: str, content: Any, code: str, *words: str, file: str = "t.csv", **options: Any) -> Case:
        return Case(name, content, Read(**options), file, code=code, words=(file, *words))

    data = TEXT.encode()
    yield no("nothing", "", "E0502", "no header line")
    yield no("blank lines alone", "\n\n \n", "E0507", "column 1")
    yield no("a header alone", ",".join(HEADER), "E0502", "no rows")
    yield no("no header", written(PLAIN[1:], header=["1.5", "2", "3", "4", "5"]), "E0502", "line 1")
    yield no("a name twice", written(PLAIN, header=["größe", "count", "site", "größe", "y"]), "E0506", "`größe`")
    yield no("a blank name", written(PLAIN, header=["größe", "count", " ", "kind", "y"]), "E0507", "column 3")
    yield no(
        "row numbers without a name", written([["1", *row[1:]] for row in PLAIN], header=["", *HEADER[1:]]), "E0507"
    )
    yield no("a zero byte", TEXT.replace("west", "we\0st", 1), "E0503", "0x00", "line 4, column 3 (`site`)")
    yield no("a zero byte in a name", TEXT.replace("site", "si\0te", 1), "E0503", "0x00", "line 1, column 3")
    yield no("a long row", with_line(6, "1,2,x,a,3,4\n"), "E0505", "line 6", "6 cells")
    yield no("a short row", with_line(7, "1,2,x,a\n"), "E0505", "line 7", "4 cells")
    yield no(
        "a long row of semicolons", with_line(6, "1;2;x;a;3;4\n", written(PLAIN, delimiter=";")), "E0505", "line 6"
    )
    yield no("commas behind rows", TEXT.replace("\n", ",\n").replace("y,\n", "y\n"), "E0505", "line 2")
    yield no("a cell behind every end", TEXT.replace("\n", ",\n")[:-1] + "7\n", "E0507", "column 6")
    yield no("an open quote", TEXT.replace("süd", '"süd', 1), "E0504", "line 3")
    yield no("an open quote at the end", TEXT + '1,2,"x', "E0504", "line 26")
    yield no("text behind a quote", TEXT.replace("süd", '"sü"d', 1), "E0504", "line 3")
    yield no("a title", "Towing tank\n" + TEXT, "E0505", "line 2")
    yield no("a title and a blank line", "Towing tank\n\n" + TEXT, "E0505", "line 3")
    yield no("a comment between", with_line(5, "# second day\n"), "E0528", "line 5")
    yield no("names behind a sign", "# " + TEXT, "E0528", "line 1")
    yield no("thousands or decimals", written(changed("count", grouped)), "E0564", "`count`", "line 2", "`1,204`")
    yield no("thousands or decimals, semicolons", "a;y\n1.204;1\n2.204;2\n", "E0564", "`a`", "line 2", "`1.204`")
    mixed = written(changed("y", lambda cell: cell.replace(".", ",")))
    yield no("decimals of two kinds", mixed, "E0564", "`y`", "line 2", "`-1,0625`")
    yield no("one decimal comma", written(with_cell(4, "größe", "2,5")), "E0564", "`größe`", "line 6", "`2,5`")
    yield no("one per cent sign", written(with_cell(4, "count", "7%")), "E0565", "`count`", "line 2")
    yield no("a word among thousands", written(changed("count", lambda c: f"{grouped(c)}.5"))
             .replace('"1,581.5"', "many"), "E0564", "`count`", "line 3", "`many`")  # fmt: skip
    yield no("two encodings", data + "1,2,ö,a,3\n".encode("latin-1"), "E0503", "line 26", "0xf6")
    yield no("a damaged letter", data.replace("süd".encode(), b"s\xc3d", 1), "E0503", "line 3", "0xc3")
    yield no("half a letter of UTF-16", TEXT.encode("utf-16")[:-1], "E0503", "line 25")
    yield no("the wrong encoding told", data, "E0560", encoding="latin-1")
    yield no("the wrong delimiter told", data, "E0560", "commas", delimiter=";")
    yield no("the wrong decimal sign told", data, "E0560", "line 2", decimal=",")
    yield no("half of .gz", gzip.compress(data)[:-30], "E0562", "ends too early", file="t.csv.gz")
    yield no("a damaged .xz", lzma.compress(data)[:-30] + bytes(30), "E0562", file="t.csv.xz")
    yield no("two files in .zip", zipped({"a.csv": data, "b/c.csv": data}), "E0562", "2 files", file="t.zip")
    yield no("no file in .zip", zipped({}), "E0562", "0 files", file="t.zip")
    yield no(".gz in .gz", gzip.compress(gzip.compress(data)), "E0503", file="t.csv.gz")
    yield no("half of a Parquet file", b"PAR1" + data, "E0562", file="t.parquet")
    yield no("JSON", FRAME.to_json(orient="records"), "E0529", "JSON", file="t.json")
    yield no("HTML", FRAME.to_html(), "E0529", "HTML", file="t.html")
    yield no("XML", "<?xml version='1.0'?><t/>", "E0529", "XML")
    yield no("Excel", zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "E0503", "Excel", file="t.xlsx")
    yield no("a pickle", pickle.dumps(PLAIN), "E0503", "pickle", file="t.pkl")
    yield no("SQLite", _database(), "E0503", "SQLite", file="t.db")


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        connection = sqlite3.connect(path)
        FRAME.to_sql("t", connection)
        connection.close()
        return path.read_bytes()


def cases() -> list[Case]:
    """All tables; one with neither a frame nor a code means the plain one."""
    found: list[Case] = []
    for group in (encodings, delimiters, quotes, lines, comments, numbers, packed, frames):
        found += [Case(case.name, case.content, case.read, case.file, FRAME, means_plain=True) for case in group()]
    for group in (columns, missing, values, refused):
        found += group()
    return [replace(case, content=case.content.encode()) if isinstance(case.content, str) else case for case in found]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases():
        if isinstance(case.content, bytes):
            name = "".join(letter if letter.isalnum() else "_" for letter in case.name)[:60]
            (folder / f"{name}{case.file.removeprefix('t')}").write_bytes(case.content)
