"""Which kind of column cells make, and which cells are refused beside others."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.data import dates
from hqnn_dsl.data.kinds import Reader, TypedColumn
from hqnn_dsl.data.labels import in_order, label_of, read_labels
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings


def column_of(cells, kind=None, *, path=None, role="feature") -> tuple[TypedColumn | None, tuple[Diagnostic, ...]]:
    """The column of some cells of a frame or, with a path, of a file, and what was found wrong with them."""
    frame = pd.DataFrame({"x": cells, "y": np.arange(len(cells))})
    if path is not None:
        frame.to_csv(path, index=False)
    findings = Findings()
    column = Reader(read_table(frame if path is None else path), role, findings).read("x", kind)
    return column, findings.items


KINDS = {
    "numbers": ([1, 2.5, None], "number"),
    "numbers as text": (["1", "2.5"], "number"),
    "decimals": ([Decimal("1.5"), Decimal(2)], "number"),
    "whole numbers with a gap": (pd.array([1, None], dtype="Int64"), "number"),
    "true and false": ([True, False], "boolean"),
    "true, false and a gap": ([True, None, False], "boolean"),
    "words for true and false": (["TRUE", "false", "True"], "boolean"),
    "yes and no": (["yes", "no", "yes"], "category"),
    "words": (["u", "v", "u"], "category"),
    "levels of pandas": (pd.Categorical([1, 2]), "category"),
    "words and a few numbers": (["u", "v", "1"], "category"),
    "times of pandas": (pd.to_datetime(["2024-01-01", None]), "date"),
    "times with a zone": (pd.to_datetime(["2024-01-01", None]).tz_localize("Asia/Tokyo"), "date"),
    "dates of Python": ([date(2024, 1, 1), None], "date"),
    "times of Python": ([datetime(2024, 1, 1, 12), None], "date"),
    "periods": (pd.period_range("2024", periods=2, freq="M"), "date"),
    "dates as text": (["2024-01-01", "2024-02-01"], "date"),
    "dates with the month as a word": (["3 Apr 2024", "April 4, 2024"], "date"),
    "years": (["2024", "2025"], "number"),
    "nothing": ([None, None], "number"),
}


@pytest.mark.parametrize(("cells", "kind"), KINDS.values(), ids=KINDS)
def test_cells_make_a_kind(cells, kind):
    column, found = column_of(cells)
    assert found == ()
    assert column.kind == kind


@pytest.mark.parametrize("cells", [["True", "", "False", "TRUE"], ["true", "FALSE", "", ""]])
def test_truth_in_a_file_is_read_with_gaps(cells, tmp_path):
    column, found = column_of(cells, path=tmp_path / "t.csv")
    assert (column.kind, found) == ("boolean", ())
    expected = [np.nan if not cell else float(cell.lower() == "true") for cell in cells]
    np.testing.assert_array_equal(column.numbers, expected)


def test_text_is_a_category_only_if_most_cells_are_no_numbers(tmp_path):
    for words, kind in ((4, "refused"), (5, "refused"), (6, "category")):
        column, found = column_of(["1"] * (10 - words) + ["u"] * words, path=tmp_path / f"{words}.csv")
        assert (column is None) == (kind == "refused")
        assert [item.code for item in found] == (["E0515"] if kind == "refused" else [])


def test_an_odd_cell_among_numbers_is_refused_with_what_it_may_mean(tmp_path):
    column, found = column_of(["1", "2", "x", "3", "x", "n.k."], path=tmp_path / "t.csv")
    assert column is None
    (item,) = found
    assert (item.code, "in lines 4, 6 and 7: `x`" in item.headline) == ("E0515", True)
    assert 'read missing: ["x", "n.k."]' in item.help
    assert "columns { x: category }" in item.help


def test_a_third_word_beside_true_and_false_can_be_a_level(tmp_path):
    cells = ["true", "false", "unknown", "true"]
    _, (item,) = column_of(cells, path=tmp_path / "t.csv")
    assert (item.code, "`columns { x: category }`" in item.help) == ("E0524", True)
    column, found = column_of(cells, "category", path=tmp_path / "t.csv")
    assert (column.levels, found) == (("False", "True", "unknown"), ())


def test_a_column_is_of_the_kind_that_is_asked_for():
    column, _ = column_of([94110, 1000, 94110], "category")
    assert (column.levels, column.numbers.tolist()) == (("1000", "94110"), [1, 0, 1])
    column, _ = column_of([20240403, 20240301], "date")
    assert [dates.written(day) for day in column.numbers] == ["2024-04-03", "2024-03-01"]
    column, _ = column_of([2024.0, np.nan], "date")
    assert dates.written(column.numbers[0]) == "2024-01-01"
    assert column.missing.tolist() == [False, True]
    _, found = column_of(["u", "v", "w"], "number")
    assert [item.code for item in found] == ["E0515"]
    _, found = column_of(["u", "2024-01-01"], "date")
    assert [item.code for item in found] == ["E0571"]


# --------------------------------------------------------------------- labels


def test_levels_that_are_the_same_number_are_one():
    cells = pd.Series(["1", "1.0", "01", "u", "1e0", " u ", "-0", "0", None, ""], dtype=object)
    numbers, levels = read_labels(cells)
    assert levels == ("0", "1", "u")
    np.testing.assert_array_equal(numbers, [1, 1, 1, 2, 1, 2, 0, 0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        (1, "1"), (1.0, "1"), (np.int64(3), "3"), (0.1, "0.1"), ("0.10", "0.1"), (True, "True"), ("TRUE", "True"),
        (" a b ", "a b"),
        ("12345678901234567890", "12345678901234567890"), (12345678901234567890, "12345678901234567890"),
        ("1_0", "1_0"),
        ("nan", "nan"), ("Infinity", "Infinity"), ("٣", "٣"), (date(2024, 1, 2), "2024-01-02"),
    ],
)  # fmt: skip
def test_a_level_is_named_as_it_is_written_or_by_its_number(cell, label):
    assert label_of(cell) == label


def test_levels_are_in_the_order_of_numbers_then_of_words():
    assert in_order(["b", "10", "9", "-1", "a", "9.5", "B"]) == ["-1", "9", "9.5", "10", "B", "a", "b"]


def test_long_numbers_that_differ_stay_different_levels():
    big = 2**60
    column, found = column_of([big, big + 1, big], "category")
    assert (column.levels, found) == ((str(big), str(big + 1)), ())


# ---------------------------------------------------------------------- dates

DATES = {
    "2024-04-03": "2024-04-03",
    "2024/4/3": "2024-04-03",
    "2024.04.03": "2024-04-03",
    "2024-04": "2024-04-01",
    "2024-04-03T12:30": "2024-04-03 12:30:00",
    "2024-04-03 12:30:15.000": "2024-04-03 12:30:15",
    "2024-04-03 12:30:15,5": "2024-04-03 12:30:16",
    "2024-04-03T12:30Z": "2024-04-03 12:30:00",
    "2024-04-03T12:30+02:00": "2024-04-03 10:30:00",
    "2024-04-03 12:30 -0500": "2024-04-03 17:30:00",
    "3 Apr 2024": "2024-04-03",
    "03-Apr-2024": "2024-04-03",
    "3. April 2024": "2024-04-03",
    "Apr 3, 2024": "2024-04-03",
    "April 3rd, 2024 5:30 pm": "2024-04-03 17:30:00",
    "Wed, Apr 3 2024": "2024-04-03",
    "25/04/2024": "2024-04-25",
    "04/25/2024 12:05 AM": "2024-04-25 00:05:00",
    "25.4.2024 7:05": "2024-04-25 07:05:00",
    "03/03/2024": "2024-03-03",
    "0001-01-01": "0001-01-01",
    "9999-12-31": "9999-12-31",
}


@pytest.mark.parametrize("text", DATES)
def test_dates_that_mean_one_day_are_read(text):
    found = dates.parse([text])
    assert dates.written(found.days[0]) == DATES[text]
    assert dates.looks_like_dates([text]).all()
    assert not found.unclear.any()


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "31/04/2024", "2024-01-01 24:00", "3 Foo 2024"]
)
def test_days_that_no_calendar_has_are_none(text):
    found = dates.parse([text])
    assert np.isnan(found.days).all()
    assert not found.unclear.any()


@pytest.mark.parametrize("text", ["u", "", "12:30", "1.5", "2024", "20240403", "1-2", "1/2", "-", "2024-", "Mai"])
def test_other_texts_do_not_look_like_dates(text):
    assert not dates.looks_like_dates([text]).any()
    assert np.isnan(dates.parse([text]).days).all()


def test_the_column_decides_between_day_and_month():
    for text, order, day in (("25/06/2024", "day_month", "2024-04-03"), ("06/25/2024", "month_day", "2024-03-04")):
        found = dates.parse(["03/04/2024", text])
        assert (found.order, dates.written(found.days[0])) == (order, day)
        assert dates.written(dates.parse(["03/04/2024"], order).days[0]) == day
        assert np.isnan(dates.parse([text], {"day_month": "month_day"}.get(order, "day_month")).days).all()


UNCLEAR = {
    "no cell decides": (["03/04/2024", "05.06.2024"], "E0570", "lines 2 and 3: `03/04/2024`"),
    "cells contradict each other": (["25/06/2024", "06/25/2024", "01/02/2024"], "E0570", "line 4: `01/02/2024`"),
    "a year of two digits": (["25/06/24", "26/06/24"], "E0570", "lines 2 and 3: `25/06/24`"),
    "a day that is none": (["2024-02-28", "2024-02-30", "2024-03-01"], "E0571", "line 3: `2024-02-30`"),
    "a word among dates": (["2024-02-28", "2024-02-27", "soon"], "E0571", "line 4: `soon`"),
    "a number among dates": (["2024-02-28", "2024-02-27", "20240301"], "E0571", "line 4: `20240301`"),
}


@pytest.mark.parametrize(("cells", "code", "words"), UNCLEAR.values(), ids=UNCLEAR)
def test_dates_that_are_not_clear_are_refused_with_their_lines(cells, code, words, tmp_path):
    column, found = column_of(cells, path=tmp_path / "t.csv")
    assert column is None
    assert [item.code for item in found] == [code]
    assert words in found[0].headline
    assert "2024-04-03" in found[0].help


def test_a_column_of_many_times_is_read_at_once():
    times = pd.date_range("2000-01-01", periods=20_000, freq="h")
    for form in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M"):
        column, _ = column_of(times.strftime(form))
        expected = (times - pd.Timestamp(0)) / pd.Timedelta("1D")
        np.testing.assert_allclose(column.numbers, expected, rtol=1e-15)
