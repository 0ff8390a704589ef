"""Runs that several files of tests read: of numbers, of two targets, of classes, and of columns of every kind."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import hqnn

if TYPE_CHECKING:
    from pathlib import Path

TAGGED, PERCENT, CLOSING = "<script>alert(1)</script>", "a_b%", "</script><b onclick=x>"
SPEC = """hqnn 1
let width = 2
model sorts {
  data { target TARGET; features FEATURES; split validation: 30, test: 30, seed: 1 }
  encoder { dense(width); tanh * pi }
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 4; batch 32; device cpu; stop none; optimizer adamw(lr: 0.05); TRAIN }
  backend reference
}
"""
NUMBERS = f'a, "{TAGGED}", "{PERCENT}"'
ASKED = {
    "numbers": (SPEC, "y", NUMBERS, "intervals conformal(0.9)"),
    "other": (
        SPEC.replace("lr: 0.05", "lr: 0.02").replace("dense(width)", "dense(3); silu; dense(2)"),
        "y",
        NUMBERS,
        "",
    ),
    "written-otherwise": (
        SPEC.replace("let width = 2\n", "").replace("width", "2").replace("on 2 qubits", "on 1 + 1 qubits"),
        "y",
        NUMBERS,
        "intervals conformal(0.9)",
    ),
    "other-rows": (SPEC.replace("seed: 1", "seed: 2"), "y", NUMBERS, ""),
    "two": (SPEC, 'y, "z<i>"', NUMBERS, ""),
    "classes": (SPEC, "kind", NUMBERS, ""),
    "truth": (SPEC, "truth", NUMBERS, ""),
    "columns": (SPEC, "y", f'* except kind, truth, "z<i>", "{TAGGED}", "{PERCENT}"', ""),
}


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(8)
    a, b, c = draw.normal(size=(3, 160))
    kind = np.where(a + 0.4 * draw.normal(size=160) > 0.6, CLOSING, np.where(b > -0.3, "low", "mid $a"))
    numbers = {"y": a * b + 0.1 * draw.normal(size=160), "z<i>": np.sin(b) + a}
    rest = {
        "colour": draw.choice(["red", "green", "é_&"], 160),
        "flag": draw.random(160) > 0.5,
        "day": draw.permutation(pd.date_range("2024-01-01", periods=160).strftime("%Y-%m-%d")),
    }
    return pd.DataFrame({"a": a, TAGGED: b, PERCENT: c, "kind": kind, "truth": kind == "low", **numbers, **rest})


def train_all(folder: Path) -> None:
    """Writes `table.csv` and a run of each kind in `ASKED`."""
    frame().to_csv(folder / "table.csv", index=False)
    for name, (spec, target, features, train) in ASKED.items():
        text = spec.replace("TARGET", target).replace("FEATURES", features).replace("TRAIN", train)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hqnn.HQNNWarning)
            hqnn.train(text, folder / "table.csv", folder / name, progress=False)
