"""`preprocess.json`: enough to read a table as the training did, and refused with the field that cannot be right."""

# ruff: noqa: E501 - a case stands on one line

from __future__ import annotations

import copy
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from toy_model import toy_program

from hqnn_dsl.data.preparation import Preparation
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.documents import Wrong, read_document, text_of
from hqnn_dsl.training.preprocess_file import PreprocessFile

ROWS = 60
DATA = """
  target y; features *; weights w; missing median(indicator: true); scale target: power
  columns {
    a: quantile; b: [mean, power]; c: log; d: min_max; e: robust; f: none; city: [constant, one_hot(2)]
    zip: [category, embedding(2)]; size: ordinal("low", "mid", "high"); day: [days, month, weekday, hour]; bad: drop_rows
  }
"""


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(2)
    numbers = {name: draw.lognormal(0, 1, ROWS) for name in ("a", "b", "c", "d", "e", "f", "bad", "w", "y")}
    table = pd.DataFrame(numbers)
    table["city"] = draw.choice(["Rome", "Oslo", "Lima"], ROWS)
    table["zip"] = draw.choice([1010, 8001], ROWS)
    table["size"] = draw.choice(["low", "mid", "high"], ROWS)
    table["day"] = pd.date_range("2024-01-01", periods=ROWS, freq="31h").strftime("%d/%m/%Y %H:%M")
    for place, name in enumerate(("a", "b", "city", "zip", "day", "bad")):
        table[name] = table[name].mask(np.arange(ROWS) % 13 == place)
    return table


@pytest.fixture(scope="module")
def prepared():
    program = toy_program(data=DATA, encoder="dense(2); tanh * pi")
    return prepare(program.spec, read_table(frame()))


@pytest.fixture(scope="module")
def text(prepared) -> str:
    return text_of(PreprocessFile.model_validate(prepared.preparation.to_json()))


def test_what_is_read_is_what_was_written(prepared, text):
    document = read_document(PreprocessFile, text.encode())
    assert text_of(document) == text
    again = Preparation.from_json(document.model_dump())
    assert again.to_json() == prepared.preparation.to_json()
    assert (again.features, again.target) == (prepared.preparation.features, prepared.preparation.target)


ALONE = """
import sys
for name in ("sklearn", "torch", "pydantic"):
    sys.modules[name] = None  # an import of it fails
import json, numpy as np, pandas as pd
from hqnn_dsl.data.preparation import Preparation, read_again
from hqnn_dsl.data.tables import read_table
preparation = Preparation.from_json(json.load(open("preprocess.json")))
again = read_again(preparation, read_table("t.csv"))
scaled = preparation.target.apply(again.targets)
np.savez("again.npz", inputs=again.inputs, targets=again.targets, scaled=scaled, weights=again.weights, rows=again.rows)
print(again.is_same)
"""


def test_the_file_alone_gives_inputs_and_targets_to_the_bit_without_scikit_learn(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    program = toy_program(data=DATA, encoder="dense(2); tanh * pi")
    prepared = prepare(program.spec, read_table(tmp_path / "t.csv"))
    document = PreprocessFile.model_validate(prepared.preparation.to_json())
    (tmp_path / "preprocess.json").write_text(text_of(document))
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
    found = np.load(tmp_path / "again.npz")
    np.testing.assert_array_equal(found["inputs"], prepared.inputs)
    np.testing.assert_array_equal(found["targets"], prepared.targets)
    np.testing.assert_array_equal(found["scaled"], prepared.preparation.target.apply(prepared.targets))
    np.testing.assert_array_equal(found["weights"], prepared.weights)
    assert np.setdiff1d(np.arange(ROWS), found["rows"]).tolist() == prepared.preparation.dropped.tolist()


def column(data: dict, name: str) -> dict:
    return next(one for one in data["features"] if one["name"] == name)


WRONG = {
    "quantiles that fall": (lambda d: column(d, "a")["scale"]["quantiles"].reverse(), "the quantiles do not ascend"),
    "no quantiles": (lambda d: column(d, "a")["scale"].update(quantiles=[]), r"`features\[0\].scale.quantiles` is \[\]"),
    "a deviation of 0": (lambda d: column(d, "b")["scale"].update(scale=0.0), r"`features\[1\].scale.scale` is 0.0"),
    "no shift": (lambda d: column(d, "c")["scale"].pop("shift"), r"`features\[2\].scale.shift` is missing"),
    "a factor of 0": (lambda d: column(d, "d")["scale"].update(factor=0.0), "the factor is 0"),
    "another scale": (lambda d: column(d, "e")["scale"].update(rule="maxabs"), r'`features\[4\].scale.rule` is "maxabs"'),
    "no rule of a scale": (lambda d: column(d, "e")["scale"].pop("rule"), r"`features\[4\].scale.rule` is missing"),
    "a scale of levels": (lambda d: column(d, "city").update(scale=column(d, "a")["scale"]), "no input that is scaled"),
    "numbers without a scale": (lambda d: column(d, "a").update(scale=None), "it needs a scale"),
    "a level twice": (lambda d: column(d, "city")["code"].update(rare=["Rome", "Rome"]), "a name is there twice"),
    "a width of 0": (lambda d: column(d, "zip")["code"].update(width=0), "code.width` is 0"),
    "another kind": (lambda d: column(d, "zip").update(kind="number"), "the kind is number, and the code is embedding"),
    "no parts": (lambda d: column(d, "day")["code"].update(parts=[]), r"code.parts` is \[\]"),
    "an order of numbers": (lambda d: column(d, "a").update(order="day_month"), "for dates"),
    "a gap that nothing fills": (lambda d: column(d, "a")["missing"].update(value=None), "the value is null"),
    "a word for a number": (lambda d: column(d, "a")["missing"].update(value="u"), '"u" stands for missing cells'),
    "a number for a level": (lambda d: column(d, "city")["missing"].update(value=1.0), "1.0 stands for missing cells"),
    "a fill without a gap's rule": (lambda d: column(d, "a")["missing"].update(rule="refuse"), "the rule is refuse"),
    "an indicator of refused gaps": (
        lambda d: column(d, "a")["missing"].update(rule="drop_rows", value=None, indicator=True), "there is an indicator",
    ),
    "one class": (lambda d: d["target"].update(classes=["u"], scales=[]), "`target.classes` is"),
    "classes with a scale": (lambda d: d["target"].update(classes=["u", "v"]), "without a scale"),
    "a class twice": (lambda d: d["target"].update(classes=["u", "u"], scales=[]), "a name is there twice"),
    "a dropped row that is trained on": (lambda d: d["dropped"].append(d["split"]["train"][0]), "is dropped"),
    "a role of a column": (lambda d: d["report"][0].update(role="input"), r"`report\[0\].role`"),
    "an infinite number": (lambda d: column(d, "b")["scale"].update(mean=float("inf")), "Infinity"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), WRONG.values(), ids=WRONG)
def test_a_field_that_cannot_be_right_is_named(text, damage, words):
    data = copy.deepcopy(json.loads(text))
    damage(data)
    with pytest.raises(Wrong, match=words):
        read_document(PreprocessFile, json.dumps(data).encode())
