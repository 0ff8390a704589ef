"""Parquet and Feather files and frames of other libraries: columns as of a CSV file, and no number changed."""

from __future__ import annotations

import sys
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Read

BIG = 2**60 + 1
COLUMNS = {
    "whole": pa.array([1, 2, 3], pa.int16()),
    "gaps": pa.array([1, None, 3], pa.int32()),
    "large": pa.array([BIG, None, BIG + 1]),
    "unsigned": pa.array([2**63, 1, 2], pa.uint64()),
    "real": pa.array([0.1, None, 1e300]),
    "single": pa.array([0.5, 0.25, None], pa.float32()),
    "truth": pa.array([True, False, True]),
    "truth_gaps": pa.array([True, None, False]),
    "text": pa.array(["u ", None, "v"]),
    "level": pa.array(["u", "v", "u"]).dictionary_encode(),
    "words": pa.array(["NA", "?", "w"]),
    "day": pa.array([date(2024, 1, 2), None, date(2024, 1, 3)]),
    "time": pa.array([datetime(2024, 1, 2, 3, 4, 5, 6), None, datetime(2024, 1, 3)]),
    "zone": pa.array([datetime(2024, 1, 2), None, datetime(2024, 1, 3)], pa.timestamp("us", "Europe/Berlin")),
    "exact": pa.array([Decimal("1.10"), None, Decimal("2.20")]),
    "nothing": pa.nulls(3),
    "list": pa.array([[1], None, [2, 3]]),
}
TABLE = pa.table(COLUMNS)


def check(frame: pd.DataFrame) -> None:
    assert list(frame) == list(COLUMNS)
    assert frame["whole"].dtype == np.int64
    assert frame["whole"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(frame["gaps"].to_numpy(), [1.0, np.nan, 3.0])
    assert frame["large"].tolist() == [BIG, pd.NA, BIG + 1]
    assert frame["unsigned"].tolist() == [2**63, 1, 2]
    np.testing.assert_array_equal(frame["real"].to_numpy(), [0.1, np.nan, 1e300])
    np.testing.assert_array_equal(frame["single"].to_numpy(), [0.5, 0.25, np.nan])
    assert frame["single"].dtype == np.float64
    assert frame["truth"].dtype == np.bool_
    assert frame["truth_gaps"].tolist()[::2] == [True, False]
    for name, expected in {"text": ["u", None, "v"], "level": ["u", "v", "u"], "words": [None, None, "w"]}.items():
        assert frame[name].astype(object).where(frame[name].notna(), None).tolist() == expected
    assert frame["day"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT, pd.Timestamp("2024-01-03")]
    assert frame["time"].tolist()[0] == pd.Timestamp("2024-01-02 03:04:05.000006")
    assert frame["zone"].tolist()[2] == pd.Timestamp("2024-01-03", tz="UTC").tz_convert("Europe/Berlin")
    assert frame["exact"].tolist()[::2] == [Decimal("1.10"), Decimal("2.20")]
    assert frame["nothing"].isna().all()
    assert frame["list"].tolist()[2] == [2, 3]
    for name in ("truth_gaps", "text", "day", "time", "zone", "exact", "list"):
        assert frame[name].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("kind", ["Parquet", "Feather"])
def test_files_of_arrow_are_read(tmp_path, kind):
    path = tmp_path / "t.bin"
    parquet.write_table(TABLE, path) if kind == "Parquet" else feather.write_feather(TABLE, path)
    table = read_table(path)
    check(table.frame)
    assert table.form.sentence == f"t.bin: {kind}"
    assert (table.line_of(1), table.notes) == ("row 2", ())


def test_tables_of_arrow_and_their_kin_are_taken():
    check(read_table(TABLE).frame)
    check(read_table(TABLE.to_batches()[0]).frame)
    check(read_table(pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches())).frame)
    chunks = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    check(read_table(chunks).frame)


def test_frames_of_polars_are_taken():
    frame = pl.from_arrow(TABLE.drop(["exact", "zone"]))
    table = read_table(frame)
    assert table.name == "the frame"
    for name in table.columns:
        if name != "list":
            pd.testing.assert_series_equal(table.frame[name], read_table(TABLE).frame[name], check_dtype=False)
    with pytest.raises(Refusal, match=r"(?s)E0526.*LazyFrame.*data\.collect\(\)"):
        read_table(frame.lazy())
    with pytest.raises(Refusal, match=r"(?s)E0526.*a Series of polars.*data\.to_frame\(\)"):
        read_table(frame["real"])


def test_any_frame_with_the_interchange_is_taken():
    class Other:
        def __init__(self, frame):
            self.frame = frame

        def __dataframe__(self, *given, **options):
            return self.frame.__dataframe__(*given, **options)

    frame = pd.DataFrame({"a": [0.1, 0.2], "b": [1, BIG], "c": ["u", "v"]})
    found = read_table(Other(frame)).frame
    assert found["a"].tolist() == [0.1, 0.2]
    assert found["b"].tolist() == [1, BIG]
    assert found["c"].tolist() == ["u", "v"]


def test_row_labels_of_pandas_are_no_column(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}, index=["x", "y"])
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns == ("a", "b")
    frame.rename_axis("id").to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns == ("a", "b", "id")


def test_told_spellings_count_in_files_of_arrow_too(tmp_path):
    parquet.write_table(pa.table({"a": [-999, 1], "b": ["-", "u"]}), tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet", Read(missing=("-999", "-"))).frame
    assert frame.isna().to_numpy().tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        (pa.table({}), "E0502", "no columns"),
        (pa.table({"a": pa.array([], pa.int64())}), "E0502", "no rows"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), "E0506", "`a`"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, table, code, words):
    for origin in (table, tmp_path / "t.parquet"):
        parquet.write_table(table, tmp_path / "t.parquet")
        with pytest.raises(Refusal, match=f"{code}.*{words}"):
            read_table(origin)


@pytest.mark.parametrize("kind", ["Parquet", "Feather"])
def test_a_damaged_file_is_refused(tmp_path, kind):
    path = tmp_path / "t.bin"
    parquet.write_table(TABLE, path) if kind == "Parquet" else feather.write_feather(TABLE, path)
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole[:8], whole[:50] + bytes(200) + whole[250:]):
        path.write_bytes(damaged)
        try:
            read_table(path)
        except Refusal as refusal:
            (item,) = refusal.diagnostics
            assert (item.code, f"no whole {kind} file" in item.help) == ("E0562", True)
        else:
            assert damaged[-8:] == whole[-8:]


def test_without_pyarrow_the_package_to_install_is_named(tmp_path, monkeypatch):
    parquet.write_table(TABLE, tmp_path / "t.parquet")
    frame = pl.DataFrame({"a": [1]})
    real = __import__

    def no_pyarrow(name, *given, **options):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *given, **options)

    monkeypatch.setattr("builtins.__import__", no_pyarrow)
    for origin, what in ((tmp_path / "t.parquet", "`t.parquet`"), (frame, "a DataFrame of polars")):
        with pytest.raises(Refusal) as caught:
            read_table(origin)
        (item,) = caught.value.diagnostics
        assert (item.code, item.exit_code) == ("E0563", 3)
        assert item.headline == f"{what} is read with pyarrow, which is not installed"
        assert item.help == "type `pip install 'hqnn-dsl[parquet]'`"


def test_without_zstandard_the_package_to_install_is_named(tmp_path, monkeypatch):
    import zstandard

    packed = zstandard.compress(b"a,y\n1,2\n")
    for name in ("zstandard", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "t.csv.zst").write_bytes(packed)
    with pytest.raises(Refusal, match=r"(?s)E0563.*pip install 'hqnn-dsl\[zstd\]'"):
        read_table(tmp_path / "t.csv.zst")


def test_text_costs_no_object_a_cell(tmp_path):
    cells = ["north", "south"] * 500
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"1,{cell}\n" for cell in cells), encoding="utf-8")
    for origin in (pa.table({"b": cells}), tmp_path / "t.csv"):
        assert len({id(cell) for cell in read_table(origin).frame["b"].to_numpy()}) == 2
