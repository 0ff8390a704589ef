"""What a table sets to be learned: the task, the classes, the weights of rows; and what contradicts the spec."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy_model import toy_program

from hqnn_dsl.data.preparation import Preparation, read_again
from hqnn_dsl.data.preprocess import Prepared, prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal

ROWS = 40
DRAW = np.random.default_rng(3)
X = DRAW.normal(size=ROWS)


def prepared(target, data: str = "", decoder: str = "dense", required=(None, None), **train: object) -> Prepared:
    """A table with one feature and a target, prepared as a spec with `loss auto` says."""
    program = toy_program(data=f"target y; features x; {data}", decoder=decoder, **({"loss": "auto"} | train))
    frame = pd.DataFrame({"x": np.resize(X, len(target)), "y": target})
    return prepare(program.spec, read_table(frame), required)


def refused(target, *args, **kwargs) -> tuple[Diagnostic, ...]:
    with pytest.raises(Refusal) as caught:
        prepared(target, *args, **kwargs)
    return caught.value.diagnostics


def cycle(*values) -> list:
    return [values[row % len(values)] for row in range(ROWS)]


# ----------------------------------------------------------------------- task

GUESSES = {
    "text": (cycle("u", "v", "w"), ("u", "v", "w"), "holds text"),
    "true and false": (cycle(True, False), ("False", "True"), "is true or false"),
    "few whole numbers": (cycle(3, 1, 2), ("1", "2", "3"), "has 3 different whole numbers"),
    "whole numbers as floats": (cycle(0.0, 1.0), ("0", "1"), "has 2 different whole numbers"),
    "ten whole numbers": (cycle(*range(10)), tuple("0123456789"), "has 10 different whole numbers"),
    "levels of pandas": (pd.Categorical(cycle(0.5, 1.5)), ("0.5", "1.5"), "holds text"),
    "eleven whole numbers": (cycle(*range(11)), None, ""),
    "a few fractions": (cycle(0.5, 1), None, ""),
    "one in two rows only": (
        [*cycle(1, 2)[:-2], 7, 7],
        None,
        "has 3 different whole numbers, some in fewer than 3 rows",
    ),
    "quantities": (DRAW.normal(size=ROWS), None, ""),
    "one whole number": ([5] * ROWS, None, ""),
}


@pytest.mark.parametrize(("target", "classes", "reason"), GUESSES.values(), ids=GUESSES)
def test_the_targets_column_decides_what_is_learned(target, classes, reason):
    found = prepared(target)
    assert found.preparation.target.classes == classes
    assert found.preparation.task == ("regression" if classes is None else "classification")
    assert found.preparation.loss.name == ("mse" if classes is None else "cross_entropy")
    notes = [note for note in found.notes if note.code == "W0457"]
    assert [note.headline for note in notes] == (
        [f"the target `y` {reason}: {found.preparation.task}"] if reason else []
    )
    if classes is not None:
        labels = pd.Series(target).map(lambda cell: f"{cell:g}" if isinstance(cell, float) else str(cell))
        assert [classes[int(index)] for index in found.targets[:, 0]] == labels.tolist()


@pytest.mark.parametrize(("data", "train"), [("task regression", {}), ("", {"loss": "huber"}), ("", {"loss": "mse"})])
def test_what_the_spec_says_is_not_guessed(data, train):
    found = prepared(cycle(1, 2, 3), data, **train)
    assert (found.preparation.task, found.preparation.target.classes) == ("regression", None)
    assert not [note for note in found.notes if note.code == "W0457"]


def test_numbers_can_be_classes_and_text_cannot_be_numbers():
    found = prepared([*[0.25, 0.5] * 20], "task classification")
    assert found.preparation.target.classes == ("0.25", "0.5")
    (item,) = refused(cycle("u", "v"), "task regression")
    assert (item.code, "`task classification`" in item.help) == ("E0517", True)
    (item,) = refused(pd.date_range("2024-01-01", periods=ROWS))
    assert (item.code, "holds dates" in item.headline) == ("E0517", True)


def test_several_targets_are_numbers():
    program = toy_program(data="target y, z; features x", loss="auto")
    frame = pd.DataFrame({"x": X, "y": cycle(0, 1), "z": cycle(True, False)})
    found = prepare(program.spec, read_table(frame))
    assert (found.preparation.task, found.targets.shape) == ("regression", (ROWS, 2))
    assert "W0425" in [note.code for note in found.notes]


def test_true_and_false_as_classes_are_not_said_to_be_numbers():
    assert "W0425" not in [note.code for note in prepared(cycle(True, False)).notes]
    assert "W0425" in [note.code for note in prepared(cycle(True, False), "task regression").notes]


CONTRADICTIONS = {
    "class weights of numbers": (X, "", {"class_weights": "balanced"}, "`class_weights` is for classification"),
    "intervals of classes": (cycle("u", "v"), "", {"intervals": "conformal(0.9)"}, "`intervals` is for regression"),
    "strata of numbers": (X, "split by: stratified", {}, "`by: stratified` is for classification"),
}


@pytest.mark.parametrize(("target", "data", "train", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_settings_of_the_other_task_are_refused_once_the_table_is_known(target, data, train, words):
    try:
        items = refused(target, data, **train)
    except AssertionError as same:  # the spec alone may say as much one day
        raise AssertionError(words) from same
    assert items[0].code == "E0586"
    assert words in items[0].headline


# -------------------------------------------------------------------- classes


def test_labels_that_are_the_same_number_are_one_class(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(["1", "1.0", "2", "u"] * 10)))
    program = toy_program(data="task classification", loss="auto")
    found = prepare(program.spec, read_table(path))
    assert found.preparation.target.classes == ("1", "2", "u")
    assert found.targets[:4, 0].tolist() == [0, 0, 1, 2]


def test_a_target_of_one_class_is_refused():
    assert [item.code for item in refused(["u"] * ROWS)] == ["E0582"]


def test_more_classes_than_rows_allow_are_refused():
    items = refused([f"name {row // 2 * 2 if row < 4 else row}" for row in range(ROWS)])
    assert items[0].code == "E0583"
    assert "38 classes in 40 rows" in items[0].headline


def test_classes_with_few_rows_to_train_on_are_named():
    found = prepared([*["u"] * 30, *["v"] * 6, *["w"] * 4])
    (note,) = [note for note in found.notes if note.code == "W0456"]
    assert note.headline == "fewer than 5 rows to train on: `v` and `w` of `y`"


@pytest.mark.parametrize(
    ("target", "outputs", "is_fine"),
    [(cycle("u", "v", "w"), 3, True), (cycle("u", "v", "w"), 2, False), (cycle("u", "v", "w"), 1, False),
     (cycle("u", "v"), 2, True), (cycle("u", "v"), 1, True), (cycle("u", "v"), 3, False)],
)  # fmt: skip
def test_a_network_has_an_output_a_class_or_one_for_two(target, outputs, is_fine):
    if is_fine:
        found = prepared(target, required=(None, outputs))
        assert found.preparation.out_width(outputs) == outputs
        return
    (item,) = refused(target, required=(None, outputs))
    assert item.code == "E0584"
    assert f"the network has {outputs} output" in item.headline
    assert f"`dense({len(set(target))})`" in item.help


def test_an_open_network_gets_an_output_a_class():
    assert prepared(cycle("u", "v", "w")).preparation.out_width() == 3


def test_class_weights_are_of_classes_that_there_are():
    assert prepared(cycle(1, 2), "task classification", class_weights='"1": 1, "2": 3').preparation.task
    (item,) = refused(cycle("u", "v"), class_weights="u: 1, w: 2")
    assert (item.code, "no class `w`" in item.headline) == ("E0587", True)


def test_a_run_does_not_know_other_classes():
    preparation = Preparation.from_json(prepared(cycle("u", "v", "w")).preparation.to_json())
    frame = pd.DataFrame({"x": [0.0, 1, 2, 3, 4], "y": ["v", "new", "u", "other", "new"]})
    with pytest.raises(Refusal) as caught:
        read_again(preparation, read_table(frame))
    assert [item.code for item in caught.value.diagnostics] == ["E0585", "E0585"]
    assert "the class `new` in rows 2 and 5" in str(caught.value)
    again = read_again(preparation, read_table(frame.iloc[[0, 2]]))
    assert again.targets[:, 0].tolist() == [1, 0]
    assert not again.is_same


def test_missing_targets_are_refused_or_dropped():
    target = [None if row == 3 else "uvw"[row % 3] for row in range(ROWS)]
    (item,) = refused(target)
    assert (item.code, "in row 4" in item.headline) == ("E0512", True)
    found = prepared(target, "missing drop_rows")
    assert found.preparation.dropped.tolist() == [3]
    frame = pd.DataFrame({"x": X, "y": target})
    again = read_again(found.preparation, read_table(frame))
    assert again.is_same
    assert 3 not in again.rows
    assert read_again(Preparation.from_json(found.preparation.to_json()), read_table(frame)).is_same


# -------------------------------------------------------------------- weights


def weighted(weights, data: str = "") -> Prepared:
    program = toy_program(data=f"target y; features x; weights w; {data}")
    return prepare(program.spec, read_table(pd.DataFrame({"x": X, "y": X**2, "w": weights})))


def test_weights_are_numbers_of_rows():
    weights = np.abs(DRAW.normal(size=ROWS))
    found = weighted(weights)
    np.testing.assert_array_equal(found.weights, weights)
    assert found.preparation.weights == "w"
    assert prepared(X).weights is None
    frame = pd.DataFrame({"x": X, "y": X**2, "w": weights})
    again = read_again(found.preparation, read_table(frame))
    np.testing.assert_array_equal(again.weights, weights)
    assert again.is_same
    assert not read_again(found.preparation, read_table(frame.assign(w=1.0))).is_same
    with pytest.raises(Refusal, match="E0523"):
        read_again(found.preparation, read_table(frame[["x", "y"]]))


BAD_WEIGHTS = {
    "negative": (lambda w: w.mask(w.index == 2, -1.0), "E0575", "is below 0 in row 3"),
    "missing": (lambda w: w.mask(w.index == 2), "E0575", "is missing in row 3"),
    "infinite": (lambda w: w.mask(w.index == 2, np.inf), "E0514", "infinite in row 3"),
    "text": (lambda w: w.astype(object).mask(w.index == 2, "u"), "E0515", "in row 3"),
    "zeros": (lambda w: 0 * w, "E0576", "0 in all 28 rows to train on"),
}


@pytest.mark.parametrize(("change", "code", "words"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_cells_that_are_no_weights_are_refused(change, code, words):
    with pytest.raises(Refusal) as caught:
        weighted(change(pd.Series(np.ones(ROWS))))
    (item,) = caught.value.diagnostics
    assert (item.code, words in item.headline) == (code, True)


def test_weights_of_dropped_rows_are_not_looked_at():
    program = toy_program(data="target y; features x; weights w; missing drop_rows")
    frame = pd.DataFrame({"x": np.where(np.arange(ROWS) == 5, np.nan, X), "y": X, "w": np.arange(ROWS) - 5.0})
    with pytest.raises(Refusal, match="in rows 1, 2, 3, 4 and 5"):
        prepare(program.spec, read_table(frame))
    frame["w"] = np.where(np.arange(ROWS) == 5, -1.0, 1.0)
    assert np.isnan(prepare(program.spec, read_table(frame)).weights[5])


def test_weights_are_neither_feature_nor_target_of_a_table_alone():
    program = toy_program(data="weights y")  # the target is the last column, which only the table tells
    with pytest.raises(Refusal) as caught:
        prepare(replace(program.spec), read_table(pd.DataFrame({"x": X, "y": X})))
    assert [item.code for item in caught.value.diagnostics] == ["E0581"]
