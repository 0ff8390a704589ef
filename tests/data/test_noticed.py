"""What is noticed of a table before it is trained on, and what is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from toy_model import toy_program

from hqnn_dsl import api
from hqnn_dsl.data.preparation import not_read, notes_of
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.notices import notices_sent_to

ROWS = 80
DRAW = np.random.default_rng(9)
X, Y = DRAW.normal(size=ROWS), DRAW.normal(size=ROWS)
CLASSES = DRAW.choice(["u", "v", "w"], ROWS)
CODES = {"W0452", "W0453", "W0454", "W0455"}


def noticed(frame: pd.DataFrame, data: str = "", **train: object) -> list[str]:
    """The headlines of what is noticed of a table whose last column is the target."""
    program = toy_program(data=data if "features" in data else f"features *; {data}", **({"loss": "auto"} | train))
    notes = prepare(program.spec, read_table(frame), (None, None)).notes
    return [f"{note.code} {note.headline}" for note in notes if note.code in CODES]


COPIES = {
    "equal": (Y, Y, "is equal to"),
    "another unit": (Y * 1.8 + 32, Y, "is in a fixed proportion to"),
    "upside down": (-Y, Y, "is in a fixed proportion to"),
    "classes by another name": (pd.Series(CLASSES).map({"u": "a", "v": "b", "w": "c"}), CLASSES, "has one value for"),
    "classes by number": (pd.Series(CLASSES).map({"u": 3, "v": 1, "w": 2}), CLASSES, "has one value for each"),
    "true for a class": (CLASSES == "u", np.where(CLASSES == "u", "yes", "no"), "has one value for each value of"),
    "a unit that is not quite it": (Y * 1.8 + 1e-3 * X, Y, ""),
    "another quantity": (X, Y, ""),
    "two classes in one": (pd.Series(CLASSES).map({"u": "a", "v": "a", "w": "c"}), CLASSES, ""),
}


@pytest.mark.parametrize(("feature", "target", "how"), COPIES.values(), ids=COPIES)
def test_a_feature_that_is_the_target_is_named(feature, target, how):
    found = noticed(pd.DataFrame({"x": X, "copy": feature, "y": target}))
    assert len(found) == bool(how)
    assert all(line.startswith(f"W0452 the feature `copy` {how}") for line in found)


def test_few_rows_show_no_copy():
    assert noticed(pd.DataFrame({"x": X[:12], "copy": Y[:12], "y": Y[:12]})) == []


def test_rows_that_are_in_two_parts_are_counted():
    frame = pd.DataFrame({"x": X, "z": DRAW.normal(size=ROWS), "y": Y})
    frame["part"] = np.repeat(["train", "validation", "test"], [60, 10, 10])
    data = "target y; features * except part; split by: column(part)"
    assert noticed(frame, data) == []
    frame.loc[[61, 79], ["x", "z", "y"]] = frame.loc[[3, 5], ["x", "z", "y"]].to_numpy()
    (line,) = noticed(frame, data)
    assert line.startswith("W0453 2 rows for validation and test are also among the rows to train on, such as row 62")
    frame.loc[79, "y"] = 0.5
    (line,) = noticed(frame, data)
    assert "1 row for validation is also" in line


def test_a_table_of_few_kinds_of_rows_is_no_mistake():
    frame = pd.DataFrame({"x": np.arange(ROWS) % 2, "z": np.arange(ROWS) % 3 > 0, "y": [0.5, 1.5] * (ROWS // 2)})
    assert not [line for line in noticed(frame) if line.startswith("W0453")]


@pytest.mark.parametrize(("value", "is_said"), [(1e9, True), (-1e9, True), (15.0, False)])
def test_one_value_that_sets_a_scale_is_named(value, is_said):
    frame = pd.DataFrame({"x": [value, *np.linspace(0, 10, ROWS - 1)], "y": Y})
    data = "columns { x: min_max }; split validation: 0, test: 0"
    found = noticed(frame, data)
    assert len(found) == is_said
    if is_said:
        assert f"W0454 `min_max` leaves 1e-08 of its range to all values of `x` but {value:g} in row 1" in found[0]
        assert noticed(frame, "columns { x: robust }; split validation: 0, test: 0") == []
    target = frame.rename(columns={"x": "y", "y": "x"})[["x", "y"]]
    assert len(noticed(target, "scale target: min_max; split validation: 0, test: 0")) == is_said


def test_a_column_that_numbers_the_rows_is_named():
    frame = pd.DataFrame({"id": np.arange(7, 7 + ROWS), "x": X, "y": Y})
    assert noticed(frame) == [f"W0455 the feature `id` numbers the rows, from 7 to {6 + ROWS}"]
    assert noticed(frame, "features * except id") == []
    assert noticed(frame.iloc[::-1]) == []
    assert noticed(frame.assign(id=np.arange(ROWS) * 2)) == []


@pytest.mark.parametrize("allowed", ["", 'allow W0455 "the order matters"'])
def test_what_is_allowed_is_not_said(tmp_path, allowed):
    text = f"""hqnn 1
model toy {{
  {allowed}
  data {{ target y }}
  encoder {{ dense(2); tanh * pi }}
  circuit on 2 qubits {{ feature_map angle(); ansatz real_amplitudes(reps: 1) }}
  decoder {{ dense }}
  train {{ epochs 1; batch 32; device cpu }}
  backend reference
}}
"""
    heard: list[str] = []
    with notices_sent_to(lambda notice: heard.append(str(notice))):
        api.train(api.compile_text(text, name="toy"), pd.DataFrame({"id": range(ROWS), "x": X, "y": Y}), tmp_path / "r")
    assert [line for line in heard if "numbers the rows" in line] == [line for line in heard if not allowed]


def test_columns_that_a_run_does_not_know_are_named():
    frame = pd.DataFrame({"x": X, "name": [f"n{n}" for n in range(ROWS)], "left": Y, "y": Y})
    preparation = prepare(toy_program(data="features x; target y").spec, read_table(frame)).preparation
    assert not_read(preparation, read_table(frame)) == ()
    (note,) = not_read(preparation, read_table(frame.assign(more=1, other=2)))
    assert (note.code, note.headline) == ("W0458", "not read of `the frame`: `more` and `other`")


def test_levels_that_no_training_row_has_are_said_where_a_run_predicts():
    frame = pd.DataFrame({"kind": ["u", "v"] * 20, "x": np.arange(40) / 7, "y": np.arange(40) / 3})
    rule = "features kind, x; target y; missing most_frequent; categories one_hot"
    preparation = prepare(toy_program(data=rule).spec, read_table(frame)).preparation
    assert notes_of(preparation, read_table(frame)) == ()
    new = pd.DataFrame({"kind": ["u", "z", None, "w", "z"], "x": 0.5})
    (note,) = notes_of(preparation, read_table(new))
    assert note.code == "W0467"
    said = "`kind` has levels in `the frame` that no training row has: `z` and `w` (3 rows, first row 2 (index 1))"
    assert note.headline == said
    strict = rule.replace("one_hot", "one_hot(unknown: refuse)")
    refusing = prepare(toy_program(data=strict).spec, read_table(frame)).preparation
    assert notes_of(refusing, read_table(new)) == ()  # an error says it
    assert notes_of(preparation, read_table(new.drop(columns="kind"))) == ()
