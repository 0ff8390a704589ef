"""Reading tables: what stands where, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typed_columns import numbers

from hqnn_dsl.data.columns import Columns, check_there, choose_columns
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.literals import column
from hqnn_dsl.semantics.spec import DataSpec, Features

YACHT = Path(__file__).parents[2] / "specs" / "data" / "yacht.csv"


@pytest.fixture
def table_of(tmp_path):
    def write(text: str | bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path)

    return write


def refused(call, *arguments) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


def codes(refusal: Refusal) -> list[str]:
    return [item.code for item in refusal.diagnostics]


def test_yacht_is_read_as_pandas_reads_it():
    table = read_table(YACHT)
    expected = pd.read_csv(YACHT)
    pd.testing.assert_frame_equal(table.frame, expected)
    assert table.places.tolist() == list(range(2, 310))
    columns = choose_columns(table, DataSpec())
    assert columns.targets == ("residuary_resistance",)
    features, targets = numbers(table, columns)
    assert features.shape == (308, 6)
    np.testing.assert_array_equal(targets[:, 0], expected["residuary_resistance"])


def test_lines_are_right_behind_blank_lines_and_quoted_line_breaks(table_of):
    table = table_of('\r\n a , "b"\r\n1,"x\ny\nz"\r\n\r\n2,w\r\n   \r\n3,"v"\r\n')
    assert table.columns == ("a", "b")
    assert table.places.tolist() == [3, 7, 9]
    assert table.frame["b"].tolist() == ["x\ny\nz", "w", "v"]
    assert table.where([0]) == "line 3"
    assert table.where([0, 1, 2]) == "lines 3, 7 and 9"


def test_many_places_are_counted(table_of):
    table = table_of("a,b\n" + "1,2\n" * 20)
    assert table.where(range(20)) == "lines 2, 3, 4, 5, 6 and 15 more"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "E0502", "no header line"),
        ("\n \n", "E0507", "column 1"),
        ("a,b\n", "E0502", "no rows"),
        ("é,b\n1,2\n".encode() + b"1,\xe9\n", "E0503", "byte 0xe9 in line 3"),
        ("\ufeffa,b\n1,2\n".encode() + b"3,\xff\n", "E0503", "byte 0xff in line 3"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "E0503", "no valid text in UTF-16 from line 2 on"),
        ("a,b\n1,\x002\n", "E0503", "byte 0x00 in line 2, column 2 (`b`)"),
        ('a,b\n1,2\n"3,4\n5,6\n', "E0504", "line 3"),
        ("a,b\n\n1,2\n3,4,5\n", "E0505", "line 4 of `t.csv` has 3 cells, the header has 2"),
        ("a,b,c\n1,2\n", "E0505", "line 2 of `t.csv` has 2 cells"),
        ("a,b,a\n1,2,3\n", "E0506", "`a`"),
        (",a\n0,1\n", "E0507", "column 1"),
    ],
)
def test_what_is_no_table_is_refused(table_of, text, code, words):
    refusal = refused(table_of, text)
    assert codes(refusal) == [code]
    assert words in refusal.diagnostics[0].headline
    assert refusal.exit_code == 1


def test_missing_files_and_folders_are_refused(tmp_path):
    assert "no such file" in refused(read_table, tmp_path / "none.csv").diagnostics[0].headline
    assert "folder" in refused(read_table, tmp_path).diagnostics[0].headline


def test_a_byte_order_mark_is_no_part_of_a_name(table_of):
    assert table_of("\ufeffa,b\n1,2\n".encode()).columns == ("a", "b")


def test_decimals_are_the_closest_doubles(table_of):
    table = table_of("a,b\n0.1,0.30000000000000004\n123456.789012345678,2\n")
    assert table.frame["a"].tolist() == [0.1, 123456.789012345678]
    assert table.frame["b"].tolist() == [0.30000000000000004, 2.0]


def test_frames_count_rows():
    table = read_table(pd.DataFrame({"a": [1.0, np.nan], 7: [1, 2]}, index=[40, 50]))
    assert table.columns == ("a", "7")
    refusal = refused(numbers, table, Columns(("a",), ("7",)))
    assert "row 2" in refusal.diagnostics[0].headline


def test_frames_without_rows_or_with_repeated_columns_are_refused():
    assert codes(refused(read_table, pd.DataFrame({"a": []}))) == ["E0502"]
    assert codes(refused(read_table, pd.DataFrame([[1, 2]], columns=["a", "a"]))) == ["E0506"]


@pytest.mark.parametrize(
    ("data", "code", "headline", "advice"),
    [
        (DataSpec(target=("resistence",)), "E0510", "target `resistence`", "did you mean `resistance`?"),
        (DataSpec(target=("zzz",)), "E0510", "`zzz` is not a column", "`froude`, `beam` and `resistance`"),
        (DataSpec(features=Features(names=("Froude",))), "E0510", "feature `Froude`", "did you mean `froude`?"),
        (DataSpec(features=Features(excluded=("x",))), "E0510", "excluded feature `x`", "columns are"),
        (DataSpec(features=Features(names=("resistance", "beam"))), "E0511", "`resistance` cannot", "another target"),
        (DataSpec(features=Features(excluded=("froude", "beam"))), "E0518", "no column", "one column besides"),
    ],
)
def test_columns_that_do_not_fit_are_refused(table_of, data, code, headline, advice):
    table = table_of("froude,beam,resistance\n1,2,3\n")
    refusal = refused(choose_columns, table, data)
    assert codes(refusal) == [code]
    assert headline in refusal.diagnostics[0].headline
    assert advice in refusal.diagnostics[0].help


def test_all_wrong_names_are_said_at_once(table_of):
    data = DataSpec(target=("u",), features=Features(names=("v", "froude")))
    assert codes(refused(choose_columns, table_of("froude,r\n1,2\n"), data)) == ["E0510", "E0510"]


def test_columns_are_chosen_in_the_order_asked_for(table_of):
    table = table_of("a,b,c,d\n1,2,3,4\n")
    assert choose_columns(table, DataSpec()) == Columns(("a", "b", "c"), ("d",))
    chosen = choose_columns(table, DataSpec(target=("b", "a"), features=Features(names=("d", "c"))))
    assert chosen == Columns(("d", "c"), ("b", "a"))
    features, targets = numbers(table, chosen)
    assert (features.tolist(), targets.tolist()) == ([[4.0, 3.0]], [[2.0, 1.0]])
    assert choose_columns(table, DataSpec(features=Features(excluded=("b",)))) == Columns(("a", "c"), ("d",))


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        (["1", "", "3", "NA", "5", "6"], "E0513", "`f` has no value in lines 3 and 5"),
        (["1", "inf", "3", "4", "-inf", "6"], "E0514", "`f` is infinite in lines 3 and 6"),
        (["1", "1e999", "3", "4", "5", "6"], "E0514", "line 3"),
        (["1", "2", "3", "4h", "5", "6"], "E0515", "line 5: `4h`"),
    ],
)
def test_cells_that_are_no_numbers_are_refused_with_their_lines(table_of, cells, code, words):
    table = table_of("f,t\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)))
    refusal = refused(numbers, table, Columns(("f",), ("t",)))
    assert codes(refusal) == [code]
    assert words in refusal.diagnostics[0].headline


def test_rows_without_a_target_are_refused_with_their_lines(table_of):
    table = table_of("a,t\n1,2\n\n3,\n4,nan\n5,6\n")
    refusal = refused(numbers, table, Columns(("a",), ("t",)))
    assert codes(refusal) == ["E0512"]
    assert "lines 4 and 5" in refusal.diagnostics[0].headline


def test_truth_values_and_large_integers_are_numbers(table_of):
    table = table_of("a,b,t\nTrue,123456789012345678901234567890,1\nFalse,2,2\n")
    features, _ = numbers(table, Columns(("a", "b"), ("t",)))
    assert features.tolist() == [[1.0, 1.2345678901234568e29], [0.0, 2.0]]


def test_columns_that_a_run_needs_are_named_all_together(table_of):
    table = table_of("b,extra,a\n1,x,2\n3,y,4\n")
    check_there(table, ("a", "b"))
    refusal = refused(check_there, table, ("a", "Extra2", "c"))
    assert codes(refusal) == ["E0523"]
    assert "`Extra2` and `c`" in refusal.diagnostics[0].headline
    assert "did you mean `extra`?" in refusal.diagnostics[0].help


@pytest.mark.parametrize(
    ("name", "written"), [("a_1", "a_1"), ("1a", '"1a"'), ("not", '"not"'), ('x "y"', '"x \\"y\\""'), ("ä", '"ä"')]
)
def test_names_are_spelled_as_in_a_spec(name, written):
    assert column(name) == written
