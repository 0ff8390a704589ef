"""What `data { read … }` overrides, what it cannot, and numbers that can be read in two ways."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl import limits
from hqnn_dsl.data import sources
from hqnn_dsl.data.missing_words import MISSING_WORDS
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.semantics.spec import Read


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(content: str | bytes, name: str = "t.csv") -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def refused(content, **options) -> Diagnostic:
    with pytest.raises(Refusal) as caught:
        read_table(write(content) if isinstance(content, (str, bytes)) else content, Read(**options))
    (item,) = caught.value.diagnostics
    return item


def columns(content, **options) -> dict[str, list]:
    return read_table(write(content), Read(**options)).frame.to_dict("list")


# ------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("a,b;c\n1,2;3\n", {"delimiter": ";"}, {"a,b": [1.2], "c": [3]}),
        ("a,b;c\n1,2;3\n", {"delimiter": ","}, {"a": [1], "b;c": ["2;3"]}),
        ("a:b\n1:2\n", {"delimiter": ":"}, {"a": [1], "b": [2]}),
        ("a b\n1  2\n", {"delimiter": " "}, {"a": [1], "b": [2]}),
        ("a;b\n1,234;2\n", {"decimal": ","}, {"a": [1.234], "b": [2]}),
        ("a;b\n1,234;2\n", {"thousands": ","}, {"a": [1234], "b": [2]}),
        ("a;b\n1.234;2\n", {"thousands": "."}, {"a": [1234], "b": [2]}),
        ("a;b\n1.234;2\n", {"decimal": "."}, {"a": [1.234], "b": [2]}),
        ('a,b\n"1,234",2\n5,2\n', {"thousands": ","}, {"a": [1234, 5], "b": [2, 2]}),
        ('a,b\n"1,5",2\n', {"decimal": ","}, {"a": [1.5], "b": [2]}),
        ("a,b\n1 234,2\n", {"thousands": " "}, {"a": [1234], "b": [2]}),
        ("a;b\n1.234;03.01.2022\n", {"thousands": "."}, {"a": [1234], "b": ["03.01.2022"]}),
        ("a;b\n1.234,5;1.2.3\n", {"thousands": ".", "decimal": ","}, {"a": [1234.5], "b": ["1.2.3"]}),
        ("a,b\n1'234.5,2\n", {}, {"a": [1234.5], "b": [2]}),
        ("ä,b\n1,2\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, {"ä": [1], "b": [2]}),
        ("ж,b\n1,2\n".encode("cp1251"), {"encoding": "cp1251"}, {"ж": [1], "b": [2]}),
        ("表,b\n1,2\n".encode("shift_jis"), {"encoding": "shift_jis"}, {"表": [1], "b": [2]}),
        ("a,b\n1,2\n% x\n3,4\n", {"comment": "%"}, {"a": [1, 3], "b": [2, 4]}),
        ('a,b\n// "x\n"1\n// 2",2\n', {"comment": "//"}, {"a": ["1\n// 2"], "b": [2]}),
        ("a,b\n-999,u\n3,-999.0\n", {"missing": ("-999",)}, {"a": [np.nan, 3], "b": ["u", np.nan]}),
        ("a,b\n-,u\n3, none \n", {"missing": ("-", "none")}, {"a": [np.nan, 3], "b": ["u", np.nan]}),
    ],
)
def test_what_is_told_is_not_guessed(content, options, expected):
    found = columns(content, **options)
    assert list(found) == list(expected)
    for name, cells in expected.items():
        assert pd.Series(found[name]).equals(pd.Series(cells)), name


def test_every_spelling_of_the_list_is_missing():
    cells = "".join(f" {word} ,{word},x\n" for word in MISSING_WORDS)
    frame = read_table(write(f"a,b,c\n1,u,x\n{cells}")).frame
    assert frame["a"].tolist()[0] == 1.0
    assert frame["a"].isna().sum() == frame["b"].isna().sum() == len(MISSING_WORDS)
    assert frame["a"].dtype == np.float64


CONTRADICTIONS = {
    "told": (b"a,b\n1,2\n1,\xe9\n", {"encoding": "utf-8"}, "utf-8", "byte 0xe9 in line 3", '"latin-1"'),
    "delimiter": ("a;b\n1;2\n", {"delimiter": ","}, '`read delimiter: ","`', "semicolons between columns", '";"'),
    "blanks": ("a;b\n1;2\n", {"delimiter": " "}, '`read delimiter: " "`', "semicolons between columns", '";"'),
    "encoding": ("ä,b\n1,2\n".encode(), {"encoding": "latin-1"}, "latin-1", "those of UTF-8", '"utf-8"'),
    "mark": (b"\xef\xbb\xbfa,b\n1,2\n", {"encoding": "latin-1"}, "latin-1", "those of UTF-8", '"utf-8"'),
    "utf-8": (b"a,b\n1,2\n1,\xe9\n", {"encoding": "ascii"}, "ascii", "from line 3 on", '"utf-8"'),
    "utf-16": ("a,b\n1,2\n".encode("utf-16-le"), {"encoding": "utf-8"}, "utf-8", "those of UTF-16", '"utf-16"'),
    "turned": ("\ufeffa,b\n1,2\n".encode("utf-16-le"), {"encoding": "utf-16-be"}, "utf-16-be", "UTF-16", '"utf-16"'),
    "decimal": ("a;b\n1.5;2\n", {"decimal": ","}, '`read decimal: ","`', "line 2 of `a`, the number is `1.5`", '"."'),
    "point": ("a;b\n1,5;2\n", {"decimal": "."}, '`read decimal: "."`', "line 2 of `a`, the number is `1,5`", '","'),
    "thousands": ("a;b\n1;2\n1,5;2\n", {"thousands": ","}, "thousands", "line 3 of `a`, `1,5`", 'decimal: ","'),
}


@pytest.mark.parametrize(
    ("content", "options", "option", "found", "instead"), CONTRADICTIONS.values(), ids=CONTRADICTIONS
)
def test_an_option_that_the_file_contradicts_is_refused_and_the_advice_works(content, options, option, found, instead):
    item = refused(content, **options)
    assert item.code == "E0560"
    assert option in item.headline
    assert found in item.headline
    assert instead in item.help
    assert read_table(write(content)).num_rows >= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"delimiter": "ab"}, 'delimiter: "ab"'),
        ({"delimiter": "¦"}, "no sign of ASCII"),
        ({"delimiter": '"'}, "no sign"),
        ({"decimal": ";"}, "a point or a comma"),
        ({"decimal": ",", "thousands": ","}, "one sign cannot mean both"),
        ({"thousands": ""}, "no sign"),
        ({"comment": "x"}, "no sign"),
        ({"encoding": "utf-99"}, "no such encoding"),
        ({"encoding": "rot13"}, "no such encoding"),
    ],
)
def test_options_that_no_file_can_have_are_refused(options, words):
    item = refused("a,b\n1,2\n", **options)
    assert (item.code, words in item.headline) == ("E0561", True)
    assert item.help


# ----------------------------------------------------------- marks in numbers


@pytest.mark.parametrize(
    ("cells", "expected", "said"),
    [
        (['"1,234,567"', '"2,345"', "3"], [1234567, 2345, 3], "commas between thousands"),
        (['"1,234.5"', '"2,345"', "0.5"], [1234.5, 2345.0, 0.5], "commas between thousands"),
        (["1'234", "5", "NA"], [1234.0, 5.0, np.nan], "apostrophes between thousands"),
        (["1\u202f234", "5"], [1234, 5], "narrow blanks between thousands"),
        (["1 234.5", "5 678"], [1234.5, 5678.0], "blanks between thousands"),
        (["12%", "7.5 %"], [12.0, 7.5], "`x` of `t.csv`: the sign % is left out, 12% is read as 12"),
        (['"1,200%"', '"1,300.5%"'], [1200.0, 1300.5], "the sign % is left out"),
    ],
)
def test_marks_that_can_mean_one_thing_only_are_read_and_said(cells, expected, said):
    table = read_table(write("x,y\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert pd.Series(table.frame["x"]).equals(pd.Series(expected, name="x"))
    assert said in " ".join(note.headline for note in table.notes)


def test_marks_of_the_other_kind_are_read_with_semicolons():
    assert columns("x;y\n1.234.567;1\n2.345;2\n") == {"x": [1234567, 2345], "y": [1, 2]}
    assert columns("x;y\n1.234,5;1\n2.345;2\n") == {"x": [1234.5, 2345.0], "y": [1, 2]}
    assert columns("x;y\n1.5;1\n2.345;2\n") == {"x": [1.5, 2.345], "y": [1, 2]}


DOUBTFUL = {
    "comma": ('x,y\n1,1\n"1,234",1\n"5,678",2\n', "in line 3: `1,234`", ['thousands: ","', 'decimal: ","']),
    "point": ("x;y\n1.234;1\n5.678;2\n", "in line 2: `1.234`", ['thousands: "."', 'decimal: "."']),
    "two forms": ('x,y\n"1,5",1.5\n"2,5",2.5\n', "in line 2: `1,5`", ["the same way"]),
    "in one column": ('x,y\n"1,5",1\n2.5,2\n', "in line 2: `1,5`", ["the same way"]),
    "a word": ('x,y\n"1,234.5",1\n"2,345.5",2\nmany,3\n', "but not in line 4: `many`", ['missing: "many"']),
    "points twice": ("x,y\n1.234.567,0.5\n2.345,0.25\n", "in line 2: `1.234.567`", ['decimal: ","']),
}


@pytest.mark.parametrize(("text", "where", "advice"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_numbers_that_can_be_two_are_refused_with_their_place(text, where, advice):
    item = refused(text)
    assert item.code == "E0564"
    assert "column `x` of `t.csv`" in item.headline
    assert where in item.headline
    assert all(each in item.help for each in advice)


@pytest.mark.parametrize(
    ("cells", "where"), [(["12%", "0.07", "3%"], "line 3: `0.07`"), (["0.07", "12%"], "line 2: `0.07`")]
)
def test_per_cent_signs_stand_in_all_cells_or_in_none(cells, where):
    item = refused("x,y\n" + "".join(f"{cell},1\n" for cell in cells))
    assert (item.code, where in item.headline) == ("E0565", True)


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-01-01", "2024-01-02"],
        ["01.02.2024", "03.04.2024"],
        ["12:30", "13:00"],
        ["10.0.0.1", "10.0.0.2"],
        ["1.2", "1.2.3"],
        ["555 123", "555 124"],
        ["A-1,5", "B-2,5"],
        ["1,2", "u", "v", "w"],
        ["0x10", "0x20"],
        ["1_000", "2_000"],
        ["1/2", "3/4"],
    ],
)
def test_text_with_digits_is_text_as_written(cells):
    table = read_table(write("x,y\n" + "".join(f'"{cell}",1\n' for cell in cells)))
    assert table.frame["x"].tolist() == cells


# ------------------------------------------------------------ types and blocks


@pytest.fixture(params=[7, 64, 1 << 22])
def block(request, monkeypatch):
    """Blocks of a few bytes, so that every table has many."""
    monkeypatch.setattr(sources, "BLOCK", request.param)
    if request.param < 1 << 22:
        monkeypatch.setattr("hqnn_dsl.data.text_rows.SAMPLE", request.param)
    return request.param


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "3"] * 9, np.array([1, 2, 3] * 9)),
        (["1", "2", "0.5"] * 9, np.array([1, 2, 0.5] * 9)),
        (["1"] * 30 + ["1.50"] * 30 + ["x"], ["1"] * 30 + ["1.50"] * 30 + ["x"]),
        (["x"] + ["01"] * 60 + ["1e3"], ["x"] + ["01"] * 60 + ["1e3"]),
        (["1"] * 40 + [""] + ["2"] * 20, np.array([1.0] * 40 + [np.nan] + [2.0] * 20)),
        (["?"] * 40 + ["a "] * 3, [np.nan] * 40 + ["a"] * 3),
        (["true", "False"] * 30, np.array([True, False] * 30)),
        (["true"] * 40 + ["1"], ["true"] * 40 + ["1"]),
        (["True"] * 40 + [""], pd.Series([True] * 40 + [np.nan], dtype=object)),
        (["1"] * 40 + [str(2**70)], np.array([1.0] * 40 + [2.0**70])),
        (["1"] * 40 + [str(2**63)], np.array([1.0] * 40 + [2.0**63])),
        (["-1"] * 40 + ["1e400"], np.array([-1.0] * 40 + [np.inf])),
        (["1"] * 50 + ['"1,234.5"'] * 3, np.array([1.0] * 50 + [1234.5] * 3)),
        (['"1,234"'] * 50 + ['"1,234.5"'] * 3, np.array([1234.0] * 50 + [1234.5] * 3)),
        (["1"] * 60 + ['"1,5"'], np.array([1.0] * 60 + [1.5])),
        ([f"0.{k}" for k in range(60)] + ["0.10 "], np.array([float(f"0.{k}") for k in range(60)] + [0.1])),
        ([""] * 60, np.full(60, np.nan)),
    ],
)
def test_types_belong_to_whole_columns_wherever_blocks_end(block, cells, expected):
    text = "x,y\n" + "".join(f"{cell},{place}\n" for place, cell in enumerate(cells))
    frame = read_table(write(text)).frame
    wanted = pd.Series(expected, name="x")
    if not isinstance(expected, list):
        assert frame["x"].dtype == wanted.dtype
        pd.testing.assert_series_equal(frame["x"], wanted)
    else:
        pd.testing.assert_series_equal(frame["x"].astype(object), wanted.astype(object))
    assert frame["y"].tolist() == list(range(len(cells)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_letters_and_line_ends_may_lie_across_blocks(block, encoding, end):
    words = ["", "ä€", "Größe", '"a""b"', '"x,y"'] * 7
    text = "x,ÿ" + end + "".join(f"{place},{word}{end}" for place, word in enumerate(words))
    if block < 64 and encoding in {"utf-16", "utf-32-le"}:
        pytest.skip("the first block must show it")
    table = read_table(write(text.encode(encoding)))
    assert table.columns == ("x", "ÿ")
    assert table.frame["x"].tolist() == list(range(35))
    assert table.frame["ÿ"].fillna("").tolist() == ["", "ä€", "Größe", 'a"b', "x,y"] * 7
    assert table.places.tolist() == list(range(2, 37))


def test_lost_digits_are_found_across_blocks(block):
    cells = [str(2**60 + k) for k in (0, 4096, 8192)] * 20 + [f"{2**60 + 1}.0"]
    table = read_table(write("x,y\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert set(table.lost) == {"x"}
    assert table.lost["x"].rows.tolist() == [*range(0, 60, 3), 60]
    assert table.lost["x"].values == (str(2**60), f"{2**60 + 1}.0")


def test_a_cell_may_be_long_and_a_row_may_not_be_endless(monkeypatch):
    long = "z" * 200_000
    table = read_table(write(f'a,b\n1,{long}\n"2","{long}"\n"3",x" y\n4,"{long}"\n'))
    assert table.frame["b"].str.len().tolist() == [200_000, 200_000, 4, 200_000]
    monkeypatch.setattr("hqnn_dsl.data.records.MAX_RECORD", 1 << 16)
    monkeypatch.setattr(sources, "BLOCK", 1 << 12)
    monkeypatch.setattr("hqnn_dsl.data.text_rows.SAMPLE", 1 << 12)
    item = refused("a,b\n" + "1,2\n" * 5000 + '"3,4\n' + "5,6\n" * 50_000)
    assert (item.code, "from line 5002 on" in item.headline) == ("E0504", True)
    assert limits.MAX_RECORD == 1 << 26


DIGITS = "1" * 200_000
LONG = (DIGITS, f"{DIGITS}x", f"{DIGITS}%", f"-{'0' * 200_000}7", "1," * 100_000, "1,234" * 40_000, "1%" * 100_000,
        "'" * 200_000, f"x{' ' * 200_000}y", "#" * 200_000, f"1e{'9' * 5_000}", "." * 200_000)  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("cell", LONG, ids=lambda cell: cell[:4])
def test_a_long_cell_takes_no_long_time(cell):
    for text in (f'a,b\n"{cell}",1\n2,3\n', f"a b\n1 2\n{cell} 3\n", f"{cell}\n{cell}\n", f"# {cell}\na,b\n1,2\n"):
        with suppress(Refusal):
            assert read_table(write(text)).num_rows >= 1


def test_whole_numbers_may_have_zeros_in_front():
    zeros = "0" * 30
    assert columns(f"a,b\n{zeros}5,'x'\n-{zeros}7,'y'\n+{zeros},'z'\n") == {"a": [5, -7, 0], "b": ["x", "y", "z"]}
    assert columns("a,b\n" + "9" * 5000 + ",1\n") == {"a": [np.inf], "b": [1]}


def test_a_file_that_changes_is_refused(monkeypatch):
    path = write("x,y\n" + "1,1\n" * 50 + "u,1\n")
    monkeypatch.setattr(sources, "BLOCK", 64)
    monkeypatch.setattr("hqnn_dsl.data.text_rows.SAMPLE", 64)
    real = sources.Source.blocks

    def blocks(self):
        yield from real(self)
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write("2,2\n")
        os.utime(path, ns=(1, 1))

    monkeypatch.setattr(sources.Source, "blocks", blocks)
    item = refused(Path(path))
    assert (item.code, item.exit_code) == ("E0566", 3)


def test_progress_is_told_in_bytes():
    told = []
    text = "a,b\n" + "1,2\n" * 100
    read_table(write(text), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(text), len(text))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_frame_that_was_read_with_a_wrong_delimiter_is_told_so():
    item = refused(pd.DataFrame({"a;b": ["1;2"]}))
    assert (item.code, "semicolons" in item.headline) == ("E0508", True)


def test_text_of_a_frame_that_spells_a_missing_cell_is_missing():
    frame = pd.DataFrame({"a": ["u", "NA"], "b": pd.Categorical(["?", "v"]), "c": [-999.0, 1.0], "d": [[1], "NA"]})
    found = read_table(frame, Read(missing=("-999",))).frame
    assert found.isna().to_numpy().tolist() == [[False, True, True, False], [True, False, False, True]]
    assert frame["a"].tolist() == ["u", "NA"]
    assert read_table(frame).frame["c"].tolist() == [-999.0, 1.0]
