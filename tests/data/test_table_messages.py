"""What is said of files and frames that are no tables; every command in a help line is typed and mends the table."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import socket
import subprocess
import sys
import zipfile
from datetime import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zstandard
from toy_model import make_spec
from typed_columns import numbers

from hqnn_dsl import limits
from hqnn_dsl.data import layout, sources
from hqnn_dsl.data.columns import choose_columns, truth_notes
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.semantics.spec import DataSpec

COMMAND = re.compile(r"`((?:tr|sed|iconv|gunzip|bunzip2|xz|python) [^`]*)`")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(origin) -> tuple[np.ndarray, np.ndarray]:
    table = read_table(origin)
    return numbers(table, choose_columns(table, DataSpec()))


def refused(origin) -> Diagnostic:
    with pytest.raises(Refusal) as caught:
        read(origin)
    (item,) = caught.value.diagnostics
    return item


def write(content: str | bytes, name: str = "t.csv") -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def typed(help_line: str) -> str:
    """Type the command of a help line; the file that it writes."""
    command = COMMAND.search(help_line)[1].replace("python ", f"{sys.executable} ", 1)
    before = set(Path().iterdir())
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = set(Path().iterdir()) - before
    return str(made)


PLAIN = "a,b,y\n1.5,2.5,3.5\n4,5,6\n"
WANTED = [[1.5, 2.5], [4.0, 5.0]]
MENDED = {
    "comment below": ("a,b,y\n1.5,2.5,3.5\n# second day\n4,5,6\n", "E0528", "line 3 of `t.csv` is a comment"),
    "names behind a sign": ("# " + PLAIN, "E0528", "`# a,b,y`"),
    "title": ("Towing tank\n\n" + PLAIN, "E0505", "line 3 of `t.csv` has 3 cells, the header has 1"),
    "title above semicolons": ("Towing tank\n" + PLAIN.replace(",", ";"), "E0505", "line 2"),
    "commas at the end": ("a,b,y\n1.5,2.5,3.5,\n4,5,6,\n", "E0505", "line 2 of `t.csv` has 4 cells"),
    "commas at the end, returns": ("a,b,y\r\n1.5,2.5,3.5,\r\n4,5,6,\r\n", "E0505", "line 2"),
    "semicolons at the end": ("a;b;y\n1.5;2.5;3.5;\n4;5;6;\n", "E0505", "line 2 of `t.csv` has 4 cells"),
    "bars at the end": ("a|b|y\n1.5|2.5|3.5|\n4|5|6|\n", "E0505", "line 2 of `t.csv` has 4 cells"),
    "one comma at an end": ("a,b,y\n1.5,2.5,3.5\n4,5,6,\n", "E0505", "line 3"),
    "no names": ("1.5,2.5,3.5\n4,5,6\n", "E0502", "line 1 has only numbers"),
    "no names, semicolons": ("1,5;2,5;3,5\n4;5;6\n", "E0502", "line 1 has only numbers"),
}


@pytest.mark.parametrize(("text", "code", "words"), MENDED.values(), ids=MENDED)
def test_what_is_to_be_typed_makes_a_table_of_it(text, code, words):
    item = refused(write(text))
    assert item.code == code
    assert words in item.headline
    made = typed(item.help)
    assert read(made)[0].tolist() == WANTED
    assert Path("t.csv").read_bytes() == text.encode()


def test_a_name_may_begin_with_a_sign():
    assert read_table(write("#id,b,y\n1,2,3\n")).columns == ("#id", "b", "y")


READ = {
    "comment above": ("# of Monday\n" + PLAIN, "line 1 of `t.csv` is left out as a comment: `# of Monday`"),
    "comments above": ("#\n# of Monday\n\n#, 1\n" + PLAIN, "lines 1, 2 and 4 of `t.csv` are left out as comments: `#`"),
    "comment of several words": ("# made, by, us\n" + PLAIN, "line 1"),
    "note to a spreadsheet": ("sep=;\n" + PLAIN.replace(",", ";"), "semicolons between columns"),
    "note of a comma": ("sep=,\n" + PLAIN, ""),
    "commas at all ends": ("a,b,y,\n1.5,2.5,3.5,\n4,5,6,\n", "column 4 is empty and left out"),
    "semicolons": ("a;b;y\n1.5;2.5;3.5\n4;5;6\n", "`t.csv` is read with semicolons between columns"),
    "decimal commas": (
        "a;b;y\n1,5;2,5;3,5\n4;5;6\n",
        "`t.csv` is read with semicolons between columns and decimal commas",
    ),
    "decimal commas before three digits": (
        "a;b;y\n1,500;2,500;3,500\n4,000;5,000;6,000\n",
        "semicolons between columns and decimal commas",
    ),
    "a comma in a name": ("a, in C;b;y\n1,5;2,5;3,5\n4,0;5,0;6,0\n", "decimal commas"),
    "tabs and decimal commas": ("a\tb\ty\n1,5\t2,5\t3,5\n4,0\t5,0\t6,0\n", "tabs between columns and decimal commas"),
    "bars": ("a|b|y\n1.5|2.5|3.5\n4|5|6\n", "bars between columns"),
    "blanks": (" a  b y\n 1.5 2.5  3.5\n 4 5 6\n", "blanks between columns"),
    "tabs at the end": ("a\tb\ty\n1.5\t2.5\t3.5\t\n4\t5\t6\t\n", "blanks between columns"),
    "decimal commas in quotes": ('a,b,y\n"1,5","2,5","3,5"\n4,5,6\n', "decimal commas"),
    "single quotes": ("'a','b','y'\n'1.5','2.5','3.5'\n'4','5','6'\n", "single quotes around text"),
}


@pytest.mark.parametrize(("text", "said"), READ.values(), ids=READ)
def test_what_can_be_read_in_one_way_is_read_and_said(text, said):
    table = read_table(write(text))
    assert read(table)[0].tolist() == WANTED
    assert bool(table.notes) == bool(said)
    assert said in "".join(note.headline for note in table.notes)
    assert all(note.severity == "note" for note in table.notes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a;y\n1;2\n", "W0460"),
        ("a,y\n1%,2\n", "W0461"),
        ("a,y,\n1,2,\n", "W0462"),
        ("# x\na,y\n1,2\n", "W0463"),
    ],
)
def test_each_note_has_its_code(text, code):
    assert [note.code for note in read_table(write(text)).notes] == [code]


def test_a_comma_and_a_semicolon_in_every_line_are_told_apart_by_the_numbers():
    table = read_table(write("a, in C;y\n1,5;2\n2,5;3\n"))
    assert (table.columns, table.frame["a, in C"].tolist()) == (("a, in C", "y"), [1.5, 2.5])
    table = read_table(write("at (x;y),b,y\n1;2,3,4\n4;5,6,7\n"))
    assert table.columns == ("at (x;y)", "b", "y")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,y\n1,1,2,3\n2,4,5,6\n", "row names"),
        ("a,y\n0,5,1,5\n0,6,1,7\n", "decimals with a point"),
        ("a,b,y\n1,2\n3,4\n", "must name every column"),
        ("a,b,y\n1,2,3\n4,5\n", "leave missing cells empty"),
    ],
)
def test_rows_of_another_length_have_their_cause(text, words):
    item = refused(write(text))
    assert item.code == "E0505"
    assert words in item.help


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_text_is_read_and_named(encoding):
    table = read_table(write(PLAIN.encode(encoding)))
    assert read(table)[0].tolist() == WANTED
    assert table.form.sentence == f"t.csv: {encoding[:6].upper()}"


def test_text_of_windows_is_read_and_said():
    table = read_table(write("größe,b,y\n1.5,2.5,3.5\n4,5,6\n".encode("cp1252")))
    assert table.columns == ("größe", "b", "y")
    assert [note.headline for note in table.notes] == ["`t.csv` is read with Latin-1"]
    table = read_table(write("preis €,y\n1.5,3.5\n4,6\n".encode("cp1252")))
    assert (table.columns, table.form.sentence) == (("preis €", "y"), "t.csv: Windows-1252")
    item = refused(write(b"a,y\n1,\x81\n"))  # no letter of Windows
    assert (item.code, "byte 0x81 in line 2" in item.headline, "read encoding" in item.help) == ("E0503", True, True)


def test_text_in_two_encodings_is_damaged():
    item = refused(write("größe,y\n".encode() + "1,é\n".encode("latin-1")))
    assert (item.code, "byte 0xe9 in line 2" in item.headline) == ("E0503", True)
    item = refused(write("größe,y\n".encode("latin-1") + "1,é\n".encode()))
    assert (item.code, "byte 0xf6 in line 1" in item.headline) == ("E0503", True)


PACKED = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("how", [*PACKED, "zip"])
@pytest.mark.parametrize("name", ["my table.csv.packed", "t.csv"])
def test_packed_files_are_read(how, name):
    packed = zipped(data=PLAIN.encode()) if how == "zip" else PACKED[how](PLAIN.encode())
    table = read_table(write(packed, name))
    assert read(table)[0].tolist() == WANTED
    assert table.form.parts == (f"{how} compression",)
    write(packed[:-9], name)
    item = refused(name)
    assert (item.code, f"unpacked with {how}" in item.headline) == ("E0562", True)


@pytest.mark.parametrize("how", PACKED)
def test_what_grows_without_end_is_stopped(how, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_FREELY", 1 << 16)
    monkeypatch.setattr(limits, "MAX_UNPACKED_TIMES", 10)
    item = refused(write(PACKED[how](b"a,y\n" + b"1,2\n" * 100_000)))
    assert (item.code, "become more than" in item.headline) == ("E0562", True)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a__x": b"a,y\n1,2\n", "b": b"c"}, "has 2 files, `a/x` and `b`, not one"),
        ({}, "has 0 files, not one"),
    ],
)
def test_an_archive_has_one_table(members, words):
    item = refused(write(zipped(**members), "t.zip"))
    assert (item.code, words in item.headline) == ("E0562", True)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(xl__workbook=b""), "Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel file"),
        (gzip.compress(b"PAR1\x15\x04", mtime=0), "holds a Parquet file"),
        (gzip.compress(b"ARROW1\x00\x00", mtime=0), "holds a Feather file"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"\x89HDF\r\n\x1a\n", "HDF5 file"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"%PDF-1.7\n", "PDF"),
        (b"a,y\n1,\x002\n", "byte 0x00 in line 2, column 2 (`y`)"),
    ],
)
def test_binary_files_are_named(content, words):
    item = refused(write(content, "t.bin"))
    assert item.code == "E0503"
    assert words in item.headline
    assert item.help


def test_pickles_and_arrays_can_be_written_as_tables():
    frame = pd.DataFrame({"a": [1.5, 4], "b": [2.5, 5], "y": [3.5, 6]})
    frame.to_pickle("my frame.pkl")
    item = refused("my frame.pkl")
    assert (item.code, "pickle" in item.headline) == ("E0503", True)
    assert read(typed(item.help))[0].tolist() == WANTED
    np.save("n.npy", frame.to_numpy())
    assert read(typed(refused("n.npy").help))[0].tolist() == WANTED


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('[{"a": 1}]', "JSON"),
        ('{"a": 1}\n{"a": 2}\n', "JSON"),
        ("<!DOCTYPE html>\n<html>", "HTML"),
        ('<?xml version="1.0"?>', "XML"),
        ("@relation t\n", "ARFF"),
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_text_of_another_form_is_named(text, form):
    item = refused(write(text))
    assert item.code == "E0529"
    assert form in item.headline


def test_only_plain_files_are_read_and_nothing_waits(tmp_path):
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("socket")
    reasons = {
        "pipe": "it is a pipe",
        "socket": "it is a socket",
        "/dev/zero": "it is a device",
        "/dev/full": "it is a device",
        ".": "it is a folder",
        "none": "there is no such file",
        "a\0b": "null character",
    }
    for name, reason in reasons.items():
        item = refused(name)
        assert (item.code, reason in item.headline) == ("E0501", True)
    assert "to a file first" in refused("pipe").help
    write(PLAIN)
    Path("link.csv").symlink_to("t.csv")
    assert read("link.csv")[0].tolist() == WANTED


def test_a_table_that_cannot_fit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(sources, "memory", lambda: 10)
    item = refused(write(PLAIN))
    assert item.code == "E0553"
    assert "has 24 B" in item.headline


def test_addresses_are_no_files():
    assert "download" in refused("https://example.org/t.csv").help


MIXED = {
    "a number among truth values": (["True", "False", "1.", "TRUE"], "True or False in most rows, but `1.` in line 4"),
    "a word among truth values": (["True", "False", "maybe"], "True or False in most rows, but `maybe` in line 4"),
    "a truth value among numbers": (["1", "2", "true", "3"], "a number in most rows, but `true` in line 4"),
}


@pytest.mark.parametrize(("cells", "words"), MIXED.values(), ids=MIXED)
def test_truth_values_and_others_do_not_mix(cells, words):
    item = refused(write("a,y\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert item.code == "E0524"
    assert words in item.headline
    frame = pd.DataFrame({"a": pd.Series([True, 2.5, False], dtype=object), "y": [1.0, 2.0, 3.0]})
    assert "`2.5` in row 2 (index 1)" in refused(frame).headline


def test_columns_of_truth_values_are_said_to_be_ones_and_zeros():
    path = write("a,b,y\n" + "TRUE,1,false\nfalse,2,True\n" * 10)
    notes = [note for note in prepare(make_spec(), read_table(path)).notes if note.code != "W0453"]
    assert [(note.code, note.severity) for note in notes] == [("W0425", "note")]
    assert notes[0].headline == "`y` and `a` of `t.csv`: True is read as 1, False as 0"
    assert not truth_notes(read_table(write("a,y\n1,0\n0,1\n")), ("a", "y"))
    gaps = pd.DataFrame({"a": pd.array([True, False], dtype="boolean"), "y": [1, 2]})
    assert truth_notes(read_table(gaps), ("a", "y"))[0].headline.startswith("`a` of `the frame`")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1_000", "without marks"),
        ("1 000", "without marks"),
        ("１２", "digits 0 to 9"),
        ("−5", "digits 0 to 9"),
        ("0x10", "plain number"),
    ],
)
def test_cells_that_look_like_numbers_are_told_how_to_be_written(cell, words):
    item = refused(write(f"a,y\n{cell},1\n2,2\n3,3\n"))
    assert item.code == "E0515"
    assert "line 2" in item.headline
    assert words in item.help


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ([1 + 2j, 2], "complex numbers"),
        ([[1], [2]], "objects that are no plain values"),
        ([{"a": 1}, {"a": 2}], "objects that are no plain values"),
        (pd.to_timedelta([1, 2], unit="h"), "durations or times of day"),
        ([time(12, 30), time(13)], "durations or times of day"),
    ],
)
def test_columns_of_a_frame_that_no_rule_reads_are_named(cells, what):
    item = refused(pd.DataFrame({"x": cells, "y": [1.0, 2.0]}))
    assert item.code == "E0516"
    assert f"they hold {what}, such as" in item.headline
    assert "features * except x" in item.help
    target = refused(pd.DataFrame({"x": [1.0, 2.0], "y": cells}))
    assert (target.code, what in target.headline) == ("E0517", True)


def test_a_complex_number_among_others_loses_no_part_in_silence():
    item = refused(pd.DataFrame({"x": pd.Series([1 + 2j, 1, 2], dtype=object), "y": [1.0, 2.0, 3.0]}))
    assert (item.code, "row 1" in item.headline) == ("E0515", True)


def test_numbers_of_python_are_read():
    cells = pd.Series([Decimal("1.5"), 2, np.float32(0.25)], dtype=object)
    assert read(pd.DataFrame({"x": cells, "y": [1, 2, 3]}))[0].tolist() == [[1.5], [2.0], [0.25]]
    sparse = pd.DataFrame({"x": pd.arrays.SparseArray([0, 1.5]), "y": [1, 2]})
    assert read(sparse)[0].tolist() == [[0.0], [1.5]]
    assert refused(pd.DataFrame({"x": pd.Series([10**400, 1], dtype=object), "y": [1, 2]})).code == "E0514"


def test_names_in_several_levels_are_refused_and_the_help_mends_them():
    frame = pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples([("a", 1), ("y", 2)]))
    item = refused(frame)
    assert item.code == "E0527"
    assert "`('a', 1)` in column 1" in item.headline
    exec(re.search("`(frame.columns = .*)`", item.help)[1], {"frame": frame})
    assert read_table(frame).columns == ("a_1", "y_2")


def test_rows_of_a_frame_are_named_by_number_and_label():
    frame = pd.DataFrame({"a": [1.0, np.nan, np.nan], "y": [1.0, 2.0, 3.0]}, index=["u", "v", "w"])
    assert "in rows 2 and 3 (index v, w)" in refused(frame).headline
    frame.index = pd.MultiIndex.from_tuples([("u", 1), ("v", 2), ("w", 3)])
    assert "in rows 2 and 3 (index (v, 2), (w, 3))" in refused(frame).headline
    assert read_table(frame).line_of(0) == "row 1 (index (u, 1))"
    assert read_table(write("\na,y\n1,2\n\n3,4\n")).line_of(1) == "line 5"


@pytest.mark.parametrize(
    ("given", "what", "call"),
    [
        ({"a": [1]}, "a dict", "pandas.DataFrame(data)"),
        (np.ones((2, 2)), "an array", "pandas.DataFrame(data, columns="),
        (pd.Series([1]), "a Series", "data.to_frame()"),
        (None, "None", "pandas.read_csv"),
        (b"t.csv", "a bytes", "pandas.DataFrame(data)"),
        (io.StringIO("a,y\n1,2\n"), "an open file", "pandas.read_csv(data)"),
    ],
)
def test_other_objects_are_no_tables(given, what, call):
    item = refused(given)
    assert item.code == "E0526"
    assert f"not {what}" in item.headline
    assert call in item.help


def test_a_table_that_was_read_is_not_read_again():
    table = read_table(write(PLAIN))
    assert read_table(table) is table


def test_a_wide_table_is_read_without_comparing_names_with_each_other():
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [Name(f"c{number}") for number in range(2000)]
    layout.check_names("t", names)
    assert compared < 20 * len(names)
