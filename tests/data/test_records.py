"""Records found in bytes are those that Python's reader finds, with the lines they begin in."""

from __future__ import annotations

import csv
import io
import random

import pytest

from hqnn_dsl.data import records
from hqnn_dsl.data.records import find_records
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


def by_us(text: str) -> list[tuple[int, list[str]]] | None:
    try:
        found = find_records("t.csv", text.encode())
    except Refusal:
        return None
    rows = [found.row(index) for index in range(len(found))]
    assert found.cells.tolist() == [len(cells) for cells in rows]
    return list(zip(found.lines.tolist(), rows, strict=True))


@pytest.mark.parametrize("chunk", [1, 3, 7, 1 << 20])
def test_random_texts_have_the_records_that_the_reader_finds(monkeypatch, chunk):
    monkeypatch.setattr(records, "CHUNK", chunk)
    draw = random.Random(chunk)
    for _ in range(1500):
        text = "".join(draw.choice(PIECES) for _ in range(draw.randint(0, 14)))
        assert by_us(text) == by_the_reader(text), repr(text)


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
    made = []
    real = csv.reader
    monkeypatch.setattr(csv, "reader", lambda *given, **options: made.append(1) or real(*given, **options))
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 5000, encoding="utf-8")
    assert read_table(path).num_rows == 5000
    assert len(made) == 1  # the header
