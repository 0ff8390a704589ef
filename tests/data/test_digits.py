"""Numbers that a float cannot tell apart are named with their rows; rounding that loses no difference is not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from toy_model import make_spec
from typed_columns import numbers

from hqnn_dsl.data.columns import Columns
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.data.transforms.scales import fit_scales
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Choice, DataSpec, Scale

BIG = 2**60


def found_in(origin) -> list[tuple[str, str, str]]:
    with pytest.raises(Refusal) as caught:
        numbers(read_table(origin), Columns(("x",), ("y",)))
    return [(item.code, item.headline, item.help) for item in caught.value.diagnostics]


def write(tmp_path, cells):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)), encoding="utf-8")
    return path


COLLAPSING = {
    "neighbours": [f"{BIG + k}" for k in range(4)],
    "negative": [f"{-BIG - k}" for k in range(4)],
    "as decimals": [f"{BIG + k}.0" for k in range(4)],
    "quoted": [f'"{BIG + k}"' for k in range(4)],
    "beside a decimal": [*(f"{BIG + k}" for k in range(4)), "0.5"],
    "unsigned": [f"{2**63 + k}" for k in range(4)],
    "of thirty digits": [f"{10**30 + k}" for k in range(4)],
    "unsigned and negative": [*(f"{2**63 + k}" for k in range(4)), "-1"],
    "nanoseconds": [f"{1_700_000_000_000_000_000 + k}" for k in range(4)],
    "far digits": [f"0.1000000000000000000000{k}" for k in range(4)],
    "below the smallest float": [f"{k}e-400" for k in range(4)],
}


@pytest.mark.parametrize("cells", COLLAPSING.values(), ids=COLLAPSING)
def test_different_numbers_that_become_one_float_are_named(tmp_path, cells):
    (found,) = found_in(write(tmp_path, cells))
    assert found[0] == "E0525"
    assert "in lines 2, 3, 4 and 5" in found[1]
    assert cells[0].strip('"') in found[1]
    assert "features * except x" in found[2]


HARMLESS = {
    "up to 2 to the 53": [f"{2**53 - k}" for k in range(4)],
    "far apart": [f"{BIG + 1024 * k}" for k in range(4)],
    "one large number": [f"{BIG + 1}"] * 4,
    "written in two ways": ["1.50", "1.5", "1.5e0", "15e-1"],
    "zeros": ["0", "0.0", "0.00", "-0.0"],
    "measured with many digits": [f"{k + 1 / 3:.25f}" for k in range(4)],
    "large and measured": [f"{(k + 1) * 1.1e20:.18e}" for k in range(4)],
}


@pytest.mark.parametrize("cells", HARMLESS.values(), ids=HARMLESS)
def test_numbers_that_stay_apart_are_read(tmp_path, cells):
    features, _ = numbers(read_table(write(tmp_path, cells)), Columns(("x",), ("y",)))
    np.testing.assert_array_equal(features[:, 0], [float(Fraction(cell)) for cell in cells])


@pytest.mark.parametrize(
    "column",
    [
        np.array([BIG, BIG + 1]),
        np.array([2**63, 2**63 + 1], dtype=np.uint64),
        pd.array([BIG, BIG + 1], dtype="Int64"),
        pd.Series([BIG, BIG + 1], dtype=object),
        pd.Series([10**30, 10**30 + 1], dtype=object),
        [str(BIG), str(BIG + 1)],
        [Decimal(BIG), Decimal(BIG + 1)],
    ],
    ids=["int64", "uint64", "nullable", "objects", "long", "text", "decimal"],
)
def test_the_same_holds_for_every_kind_of_column_of_a_frame(column):
    (found,) = found_in(pd.DataFrame({"x": column, "y": [1.0, 2.0]}))
    assert found[0] == "E0525"
    assert "in rows 1 and 2 (index 0, 1)" in found[1]


def test_a_target_is_not_told_to_be_left_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"x,y\n1,{BIG}\n2,{BIG + 1}\n", encoding="utf-8")
    (found,) = found_in(path)
    assert found[0] == "E0525"
    assert "except" not in found[2]
    assert "subtract" in found[2]


def test_a_column_that_is_left_out_may_have_any_digits(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"id,x,y\n{BIG},1,2\n{BIG + 1},3,4\n", encoding="utf-8")
    assert numbers(read_table(path), Columns(("x",), ("y",)))[0].tolist() == [[1.0], [3.0]]


def frame_around(offset: float) -> pd.DataFrame:
    return pd.DataFrame({"x": offset + np.arange(40.0), "y": np.arange(40.0) % 7})


def test_values_that_single_precision_makes_equal_are_refused():
    unscaled = DataSpec(scale=Scale(features=Choice(name="none")))
    with pytest.raises(Refusal) as caught:
        prepare(make_spec(data=unscaled), read_table(frame_around(1.6e9)))
    (item,) = caught.value.diagnostics
    assert item.code == "E0554"
    assert "the 40 values of `x` become 1" in item.headline
    assert "scale features: standard" in item.help


@pytest.mark.parametrize(
    ("offset", "data", "precision"),
    [
        (1.6e9, DataSpec(), "single"),
        (1.6e9, DataSpec(scale=Scale(features=Choice(name="none"))), "double"),
        (1000.0, DataSpec(scale=Scale(features=Choice(name="none"))), "single"),
    ],
)
def test_scaled_or_double_values_stay_apart(offset, data, precision):
    prepared = prepare(make_spec(data=data, precision=precision), read_table(frame_around(offset)))
    assert len(np.unique(prepared.inputs)) == 40


def test_many_rows_far_from_zero_are_scaled_too():
    times = 1.7e9 + np.linspace(0, 1, 2_000_000)[:, None]
    (scaling,) = fit_scales(Choice(name="standard"), times)
    assert scaling.apply(times).std() == pytest.approx(1.0, rel=1e-3)
    (constant,) = fit_scales(Choice(name="standard"), np.full((1000, 1), 0.1))
    assert constant.scale == 1.0
