"""Nothing that is fitted, no weight and no training loss depends on a row that is not trained on, to the bit.

Every validation row and every test row becomes noise, and the run stays what it was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

from hqnn_dsl import api

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 90
SPEC = """hqnn 1
model leak {
  data {
    target y
    features * except part
    DATA
    split by: column(part)
  }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 3; batch 16; seed 5; device cpu TRAIN }
  backend reference
}
"""
PART = np.where(np.arange(ROWS) % 3 == 0, "train", np.where(np.arange(ROWS) % 3 == 1, "validation", "test"))
TRAINED = PART == "train"


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(11)
    a, b = draw.normal(10, 3, ROWS), draw.lognormal(0, 1, ROWS)
    return pd.DataFrame(
        {
            "a": np.where(np.arange(ROWS) % 11 == 3, np.nan, a),
            "b": b,
            "city": draw.choice(["Rome", "Oslo", "Lima", "Bern", None], ROWS, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
            "size": draw.choice(["low", "mid", "high"], ROWS),
            "zip": draw.choice([1010, 8001, 10115], ROWS),
            "day": pd.date_range("2024-01-01", periods=ROWS, freq="31h").strftime("%Y-%m-%d %H:%M"),
            "fine": draw.choice([True, False], ROWS),
            "same": np.where(TRAINED, 4, np.arange(ROWS)),
            "w": draw.uniform(0.5, 2, ROWS),
            "part": PART,
            "y": np.sin(a) + b,
        }
    )


def noise(table: pd.DataFrame) -> pd.DataFrame:
    """The table with other cells in every row that is not trained on; levels and classes stay known ones."""
    draw = np.random.default_rng(12)
    other = pd.DataFrame(
        {
            "a": draw.normal(-4e3, 900, ROWS),
            "b": draw.lognormal(4, 2, ROWS),
            "city": draw.choice(["Oslo", "Quito", "Nome"], ROWS),
            "size": draw.choice(["low", "mid", "high"], ROWS),
            "zip": draw.choice([1010, 77777], ROWS),
            "day": pd.date_range("1911-01-01", periods=ROWS, freq="913h").strftime("%Y-%m-%d %H:%M"),
            "fine": draw.choice([True, False], ROWS),
            "same": draw.normal(size=ROWS),
            "w": draw.uniform(5, 9, ROWS),
            "part": PART,
            "y": draw.normal(500, 90, ROWS) if table["y"].dtype == np.float64 else draw.choice(["u", "v", "w"], ROWS),
        }
    )
    return table.where(pd.Series(TRAINED), other)


OWN_RULES = """
    columns {
      a: [mean(indicator: true), SCALE]; b: log; city: [constant, one_hot(3)]; zip: [category, embedding(2)]
      size: ordinal("low", "mid", "high"); day: [days, month, weekday, hour, SCALE]; fine: none
    }
"""
RULES = {
    "standard": ("missing median; scale features: standard, target: standard", ""),
    "robust": ("missing mean; scale features: robust, target: robust", ""),
    "min_max": ("missing most_frequent; scale features: min_max(-1, 1), target: min_max", ""),
    "quantile": ("missing constant(3); scale features: quantile, target: quantile", ""),
    "power": ("missing median(indicator: true); scale features: power, target: power", ""),
    "log": ("missing median; columns { b: log }; scale target: none", ""),
    "dropped rows": ("missing drop_rows", ""),
    "own rules": ("missing median" + OWN_RULES.replace("SCALE", "robust"), ""),
    "own rules, quantile": ("missing median" + OWN_RULES.replace("SCALE", "quantile"), ""),
    "vectors": ("missing median; categories embedding(3)", ""),
    "weights": ("missing median; weights w", ""),
    "a likelihood": ("missing median", "; loss gaussian"),
}


CLASSES = {
    "classes": ("missing median", ""),
    "classes with weights": ("missing median; weights w", "; class_weights balanced"),
    "focal": ("missing drop_rows; weights w", "; loss focal; class_weights u: 1, v: 2, w: 3"),
}


def trained(table: pd.DataFrame, data: str, train: str, out: Path) -> tuple[api.Run, dict, pd.DataFrame]:
    """A run, all that it fitted, and its history without the validation losses and what follows from them."""
    program = api.compile_text(SPEC.replace("DATA", data).replace("TRAIN", train), name="leak")
    run = api.train(program, table, out)
    kept = json.loads((out / "preprocess.json").read_text())
    fitted = {"features": kept["features"], "target": kept["target"], "split": kept["split"]}
    history = pd.read_csv(out / "history.csv")
    return run, fitted, history[["epoch", "lr", "quantum_lr", "train_loss", "end_loss"]]


def last_weights(run: api.Run) -> dict[str, torch.Tensor]:
    return torch.load(run.path / "checkpoints" / "last.pt", weights_only=True)["model"]


@pytest.mark.parametrize(
    ("data", "train", "target"),
    [*((*row, None) for row in RULES.values()), *((*row, "uvw") for row in CLASSES.values())],
    ids=[*RULES, *CLASSES],
)
def test_rows_that_are_not_trained_on_change_nothing_that_is_fitted(data, train, target, tmp_path):
    table = frame()
    if target is not None:
        table["y"] = [target[row % 7 % 3] for row in range(ROWS)]
    changed = noise(table)
    if "weights" not in data:
        table, changed = table.drop(columns="w"), changed.drop(columns="w")
    if "drop_rows" in data:
        changed = changed.where(table.notna(), None)
        numbers = [name for name in ("a", "w", "y") if name in table and table[name].dtype == np.float64]
        changed[numbers] = changed[numbers].astype(np.float64)
    before, fitted, history = trained(table, data, train, tmp_path / "before")
    after, fitted_after, history_after = trained(changed, data, train, tmp_path / "after")
    assert fitted == fitted_after
    pd.testing.assert_frame_equal(history, history_after, check_exact=True)
    weights, others = last_weights(before), last_weights(after)
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert "same" not in before.preparation.features.names
    rows = before.preparation.parts.test
    assert before.preparation.task == ("regression" if target is None else "classification")
    assert before.evaluate(table)["test"] != after.evaluate(changed)["test"]
    assert len(rows)


def test_a_changed_training_row_is_seen(tmp_path):
    """The comparison would find a leak: one cell of one training row changes everything."""
    data = "missing median"
    table = frame().drop(columns="w")
    _, fitted, history = trained(table, data, "", tmp_path / "before")
    _, fitted_after, history_after = trained(
        table.assign(b=table["b"].mask(table.index == 3, 9.0)), data, "", tmp_path / "after"
    )
    assert fitted != fitted_after
    assert (history["train_loss"] != history_after["train_loss"]).all()
