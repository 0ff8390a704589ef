"""A table that a trained run reads: what is wrong with it is not followed by advice to change the run's spec."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal

SPEC = """hqnn 1
model small {
  data {
    target     y
    categories one_hot(most: 5, unknown: refuse)
    columns    { a: log; o: ordinal("low", "high") }
    split      validation: 0, test: 0
  }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1 }
  backend reference
}
"""


def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    words = {"k": ["p", "q"], "flag": ["true", "false"], "o": ["low", "high"]}
    columns = {name: random.choice(levels, 40) for name, levels in words.items()}
    return pd.DataFrame({"a": random.uniform(1, 5, 40).round(3), **columns, "y": random.normal(size=40)}).astype(object)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("advice")
    frame().to_csv(folder / "t.csv", index=False)
    return hqnn.train(SPEC, folder / "t.csv", folder / "run", progress=False)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [("a", -1.0, "E0572"), ("a", None, "E0513"), ("a", "long", "E0515"), ("k", "z", "E0574"), ("o", "mid", "E0573"),
     ("flag", "maybe", "E0524")],
)  # fmt: skip
def test_cells_are_to_be_corrected(trained, tmp_path, hqnn_command, column, cell, code):
    table = frame()
    table.loc[3, column] = cell
    table.to_csv(tmp_path / "new.csv", index=False)
    for command in ("predict", "evaluate"):
        ended = hqnn_command(command, trained.path, tmp_path / "new.csv")
        assert ended.code == 1
        assert f"error[{code}]" in ended.err
        assert "line 5" in ended.err
        assert "help: correct these cells, or take the rows out" in ended.err
    with pytest.raises(Refusal) as caught:
        trained.predict(tmp_path / "new.csv")
    assert "`" not in caught.value.diagnostics[0].help


def test_a_decimal_comma_is_still_explained(trained):
    table = frame()
    table.loc[3, "a"] = "2,5"
    with pytest.raises(Refusal) as caught:
        trained.predict(table)
    assert caught.value.diagnostics[0].help == "write decimals with a point, such as 0.125"


def test_the_form_of_the_table_is_to_be_that_of_the_training(trained, tmp_path, hqnn_command):
    table = frame()
    table["a"] = [f"{value:.3f}".replace(".", ",") for value in table["a"]]
    table.to_csv(tmp_path / "new.csv", index=False, sep=";")
    ended = hqnn_command("predict", trained.path, tmp_path / "new.csv")
    assert "error[E0564]" in ended.err
    assert "help: write the table in the form of the one that was trained on" in ended.err
