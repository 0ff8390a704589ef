"""Errors over the cells of a column, against pandas on the table and on `predictions.csv`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.data.kinds import TypedColumn
from hqnn_dsl.data.target import FittedTarget
from hqnn_dsl.report.answers import Answers, Cells
from hqnn_dsl.report.by_feature import BINS, MOST_COLUMNS, MOST_LEVELS, errors_of, feature_blocks, groups_of

ROWS = 80
LEVELS = ("red", "green", "<b>blue")


def target_of(*names: str, classes: tuple[str, ...] | None = None) -> FittedTarget:
    """Numbers that are scaled by a deviation of 2, or classes."""
    scales = [] if classes else [{"rule": "standard", "mean": 1.0, "scale": 2.0} for _ in names]
    return FittedTarget.from_json({"names": names, "scales": scales, "classes": classes, "drops": False})


def columns() -> tuple[Cells, ...]:
    draw = np.random.default_rng(4)
    x = np.round(draw.normal(size=ROWS), 2)
    x[5] = np.nan
    return (
        Cells(TypedColumn("x", "number", x)),
        Cells(TypedColumn("colour", "category", draw.integers(0, 3, ROWS).astype(float), LEVELS)),
        Cells(TypedColumn("day", "date", 19_000 + draw.permutation(ROWS).astype(float))),
        Cells(TypedColumn("same", "number", np.ones(ROWS))),
    )


@pytest.fixture
def predictions() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    true = draw.normal(size=ROWS)
    rows = draw.permutation(np.arange(100, 100 + ROWS))
    return pd.DataFrame({"row": rows, "y_true": true, "y_predicted": true + draw.normal(size=ROWS)})


def answers(predictions: pd.DataFrame, **changes) -> Answers:
    """The rows in the order of the table, which is not that of the file."""
    rows = np.sort(predictions["row"].to_numpy())
    true = predictions.set_index("row")["y_true"].loc[rows].to_numpy()[:, None]
    return Answers(**{"rows": rows, "is_test": True, "columns": columns(), "true": true} | changes)


def figures(*given) -> dict:
    return {block.name: block for block in feature_blocks(*given) if block.kind == "figure"}


def test_errors_over_a_category_are_those_of_pandas(predictions):
    found = figures(answers(predictions), predictions, target_of("y"))
    by_row = predictions.set_index("row").sort_index()
    error = (by_row["y_predicted"] - by_row["y_true"]).abs().to_numpy()
    levels = columns()[1].numbers
    for index, (label, rows, mean) in enumerate(found["errors-1"].table.rows):
        assert label == LEVELS[index]
        assert int(rows) == (levels == index).sum()
        assert float(mean) == pytest.approx(error[levels == index].mean(), rel=1e-3)
    (trace,) = found["errors-1"].traces
    assert trace["x"] == pytest.approx([error[levels == index].mean() for index in range(3)], rel=1e-5)
    assert found["errors-1"].layout["yaxis"]["ticktext"][2].startswith("&lt;b&gt;blue (")
    deviations = [pd.Series(error[levels == index]).sem() for index in range(3)]
    assert trace["error_x"]["array"] == pytest.approx(deviations, rel=1e-3)


def test_numbers_are_in_groups_of_as_many_rows_and_missing_cells_in_their_own(predictions):
    found = figures(answers(predictions), predictions, target_of("y"))
    rows = found["errors-0"].table.rows
    assert len(rows) == BINS + 1
    assert (rows[-1][0], rows[-1][1]) == ("missing", "1")
    sizes = [int(row[1]) for row in rows[:-1]]
    assert sum(sizes) == ROWS - 1
    assert max(sizes) - min(sizes) <= 2
    cells = columns()[0].numbers
    expected = pd.Series(cells).groupby(pd.qcut(cells, BINS, labels=False)).mean()
    np.testing.assert_allclose(found["errors-0"].traces[-1]["x"], expected, atol=0.03)
    points = found["errors-0"].traces[0]
    assert len(points["x"]) == ROWS - 1
    assert found["errors-2"].table.rows[0][0].startswith("2022-01-08 to 2022-")
    assert "errors-3" not in found


def test_of_few_different_numbers_each_is_a_group():
    cells = Cells(TypedColumn("n", "number", np.array([1.0, 2.0, 2.0, 5.0])))
    groups = groups_of(cells, np.array([True, True, True, False]))
    assert [(one.label, one.rows.tolist()) for one in groups] == [("1", [0]), ("2", [1, 2])]
    heavy = Cells(TypedColumn("n", "number", np.append(np.zeros(90), np.arange(1.0, 11.0))))
    groups = groups_of(heavy, np.ones(100, bool))
    assert sum(len(one.rows) for one in groups) == 100
    assert len(groups) == len({one.label for one in groups}) > 1


def test_of_many_levels_those_with_the_most_rows_are_drawn():
    numbers = np.concatenate([np.arange(40.0), np.repeat(np.arange(20.0, 40.0), 2)])
    cells = Cells(TypedColumn("c", "category", numbers, tuple(f"l{k}" for k in range(40))))
    groups = groups_of(cells, np.ones(len(numbers), bool))
    assert [one.label for one in groups] == [f"l{k}" for k in range(20, 40)]
    assert len(groups) == MOST_LEVELS


def test_of_several_targets_the_errors_are_in_scaled_units(predictions):
    both = predictions.assign(z_true=predictions["y_true"], z_predicted=predictions["y_true"] + 1)
    true = np.repeat(answers(predictions).true, 2, axis=1)
    found = figures(answers(predictions, true=true), both, target_of("y", "z"))["errors-1"]
    assert [trace["name"] for trace in found.traces] == ["y", "z"]
    assert found.traces[1]["x"] == pytest.approx([0.5] * 3)
    assert "scaled units" in found.layout["xaxis"]["title"]["text"]


def test_of_classes_the_share_wrong_and_the_log_loss_are_shown(predictions):
    labels = ("no", "yes")
    draw = np.random.default_rng(7)
    share = draw.random(ROWS)
    true = (draw.random(ROWS) < 0.5).astype(int)
    rows = np.arange(ROWS)
    frame = pd.DataFrame({"row": rows, "k_p_no": 1 - share, "k_p_yes": share})
    given = Answers(rows=rows, is_test=True, columns=columns(), true=true[:, None].astype(float))
    found = figures(given, frame, target_of("k", classes=labels))["errors-1"].table
    assert found.header == ("colour", "rows", "share wrong", "log loss")
    own = np.where(true == 1, share, 1 - share)
    levels = columns()[1].numbers
    for index, (_, _, wrong, loss) in enumerate(found.rows):
        some = levels == index
        assert float(wrong) == pytest.approx(np.mean((share > 0.5)[some] != true[some]), rel=1e-3)
        assert float(loss) == pytest.approx(-np.log(own[some]).mean(), rel=1e-3)


def test_rows_without_a_prediction_are_left_out_and_without_any_there_is_no_figure(predictions):
    given = answers(predictions)
    cut = predictions.assign(y_predicted=np.where(predictions.index < 10, np.nan, predictions["y_predicted"]))
    errors = errors_of(given, cut[5:], target_of("y"))
    assert np.isnan(errors.values[:, 0]).sum() == 10
    assert "70 test rows" in figures(given, cut[5:], target_of("y"))["errors-1"].alt
    assert not list(feature_blocks(given, None, target_of("y")))
    assert not list(feature_blocks(given, cut[:10], target_of("y")))


def test_of_another_table_the_errors_are_those_of_what_the_network_predicts_now(predictions):
    given = answers(predictions, is_test=False)
    assert errors_of(given, predictions, target_of("y")) is None
    asked = answers(predictions, is_test=False, predicted=given.true + 2)
    said, *_ = feature_blocks(asked, predictions, target_of("y"))
    assert "80 rows of the table that is given" in said.text
    assert np.all(errors_of(asked, predictions, target_of("y")).values == pytest.approx(2))


def test_of_many_columns_the_most_important_are_drawn(predictions):
    many = tuple(Cells(TypedColumn(f"c{k}", "number", columns()[0].numbers)) for k in range(20))
    falls = np.arange(20.0)[:, None]
    found = figures(answers(predictions, columns=many, importance=falls), predictions, target_of("y"))
    assert list(found) == [f"errors-{k}" for k in range(19, 19 - MOST_COLUMNS, -1)]
