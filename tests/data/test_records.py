"""Records found in bytes are those that Python's reader finds, with the lines they begin in."""

from __future__ import annotations

import csv
import io
import random

import pytest

from hqnn_dsl.data import records
from hqnn_dsl.data.records import PLAIN, Dialect, take_records
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal

PIECES = ["a", "1", ",", ",", "\n", "\r", "\r\n", '"', '""', " ", "é", '",', '\n"', ',"']


def by_the_reader(text: str) -> list[tuple[int, list[str]]] | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    found, begin = [], 1
    try:
        for cells in reader:
            if cells:
                found.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error:
        return None
    return found


def by_us(text: str, block: int = 1 << 20, dialect: Dialect = PLAIN) -> list[tuple[int, list[str]]] | None:
    """The records of a text that comes in blocks of so many bytes."""
    whole, found = text.encode(), []
    data, line = b"", 1
    try:
        for at in range(0, max(len(whole), 1), block):
            data += whole[at : at + block]
            taken = take_records("t.csv", data, dialect, line=line, is_last=at + block >= len(whole))
            rows = [taken.records.row(index) for index in range(len(taken.records))]
            assert taken.records.cells.tolist() == [len(cells) for cells in rows]
            found += zip(taken.records.lines.tolist(), rows, strict=True)
            data, line = data[taken.used :], line + taken.lines
    except Refusal:
        return None
    return found


@pytest.mark.parametrize("block", [1, 3, 7, 1 << 20])
def test_random_texts_have_the_records_that_the_reader_finds(block):
    draw = random.Random(block)
    for _ in range(1500):
        text = "".join(draw.choice(PIECES) for _ in range(draw.randint(0, 14)))
        assert by_us(text, block) == by_the_reader(text), repr(text)


@pytest.mark.parametrize(("delimiter", "quote"), [(";", '"'), ("\t", "'")])
def test_other_delimiters_and_quotes_take_a_text_apart_in_the_same_way(delimiter, quote):
    draw = random.Random(4)
    table = str.maketrans({",": delimiter, '"': quote})
    for _ in range(800):
        text = "".join(draw.choice(PIECES) for _ in range(draw.randint(0, 14)))
        expected = by_the_reader(text)
        if expected is not None:
            expected = [(line, [cell.translate(table) for cell in cells]) for line, cells in expected]
        assert by_us(text.translate(table), 5, Dialect(delimiter, quote)) == expected, repr(text)


@pytest.mark.parametrize("block", [1, 4, 1 << 20])
def test_comments_are_no_records_wherever_a_block_ends(block):
    draw = random.Random(block)
    pieces = ["#", "# c", '#,"', " #", *PIECES]
    for _ in range(1500):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(0, 14)))
        assert by_us(text, block, Dialect(comment="#")) == without_comments(text), repr(text)


def without_comments(text: str) -> list[tuple[int, list[str]]] | None:
    """The records, and lines that begin with a sign where a record would begin left out."""
    fed, fresh, begin = 0, True, 1

    def lines():
        nonlocal fed, fresh, begin
        for line in io.StringIO(text, newline=""):
            fed += 1
            if fresh:
                begin = fed
                if line.lstrip(" \t").startswith("#"):
                    continue
            fresh = False
            yield line

    found = []
    try:
        for cells in csv.reader(lines(), strict=True, skipinitialspace=True):
            fresh = True
            if cells:
                found.append((begin, cells))
    except csv.Error:
        return None
    return found


def test_regular_quotes_need_no_reader(monkeypatch):
    monkeypatch.setattr(records, "_with_reader", None)
    text = '"a","b, c"\r\n"x\r\ny","say ""no"""\r\n1,""\r\n'
    assert by_us(text) == [(1, ["a", "b, c"]), (2, ["x\r\ny", 'say "no"']), (4, ["1", ""])]


@pytest.mark.parametrize("quote", ["", '"'])
def test_pandas_sees_the_rows_that_the_records_are(tmp_path, quote):
    draw = random.Random(5)
    lines, expected = [f"{quote}a{quote},b,c"], []
    for number in range(2, 600):
        kind = draw.random()
        if kind < 0.1:
            lines.append(draw.choice(["", "  ", ",,", " , ,", ",,,,,,"]))
        else:
            lines.append(f"{number},{quote}{number + 0.5}{quote}, {-number}")
            expected.append(number)
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    table = read_table(path)
    assert table.places.tolist() == expected
    assert table.frame["a"].tolist() == expected
    assert table.frame["b"].tolist() == [number + 0.5 for number in expected]
    assert table.frame["c"].tolist() == [-number for number in expected]


def test_a_table_is_looked_at_without_a_list_of_its_cells(monkeypatch, tmp_path):
    read = []
    real = csv.reader

    def reader(*given, **options):
        for row in real(*given, **options):
            read.append(row)
            yield row

    monkeypatch.setattr(csv, "reader", reader)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 5000, encoding="utf-8")
    assert read_table(path).num_rows == 5000
    assert len(read) < 2000  # the first rows, to guess the form
