"""`hqnn plan`: what is printed, its document, its bounds, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
hqnn 1
model toy {
  data { target y; features a, b; split validation: 10, test: 12 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 3; batch 8; stop none; seed 7 }
  backend native
}
"""
NUMBER = (int, float)
PRICE = {"circuits": int, "shots": int, "seconds": NUMBER}
COUNTED = {
    "backend": str,
    "reason": (str, None),
    "step": (PRICE, None),
    "training": (PRICE, None),
    "states": (int, None),
}
SECONDS = dict.fromkeys(("epoch", "epochs", "beginning", "ending", "whole"), NUMBER)
PROBE = {**dict.fromkeys(("step", "judging", "rest", "loading"), NUMBER), "steps": int, "epochs": int}
DOCUMENT = {
    "ok": bool,
    "diagnostics": [dict],
    "version": int,
    "rows": {"train": int, "validation": int, "test": int},
    "features": [str],
    "targets": [str],
    "columns": [dict],
    "weights": {"classical": int, "quantum": int},
    "epochs": int,
    "steps_an_epoch": int,
    "trainings": int,
    "at_once": int,
    "steps": {"ran": str, "reason": str},
    "precision": str,
    "device": str,
    "backend": (COUNTED, None),
    "circuits": (PRICE, None),
    "memory": dict.fromkeys(("states", "process", "second", "peak"), (int, None)),
    "seconds": (SECONDS, None),
    "once": {"trials": NUMBER, "compiling": NUMBER},
    "probe": (PROBE, None),
    "gradient": ({"weight": str, "draws": int, "mean": NUMBER, "variance": NUMBER}, None),
    "others": [COUNTED],
}
"""The form of the document of `--json`: of each value its type, or the forms that it may have."""


def fits(value: Any, form: Any) -> bool:
    if isinstance(form, tuple):
        return any(fits(value, one) for one in form)
    if isinstance(form, dict):
        return isinstance(value, dict) and value.keys() == form.keys() and all(fits(value[k], form[k]) for k in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(one, form[0]) for one in value)
    return value is None if form is None else type(value) is form


@pytest.fixture
def place(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(60, 2)), columns=["a", "b"])
    frame.assign(y=frame["a"] - frame["b"]).to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "model.hqnn").write_text(SPEC)
    return tmp_path


def test_the_table_says_what_the_training_takes_and_nothing_is_written(hqnn_command, place):
    ended = hqnn_command("plan", "model.hqnn", "data.csv", cwd=place)
    assert ended.code == 0
    lines = ended.out.splitlines()

    def of(name: str) -> str:
        (line,) = (line for line in lines if line.startswith(f"{name}  "))
        return line.removeprefix(name).strip()

    assert of("rows") == "38 to train on, 10 for validation, 12 for the test"
    assert of("columns") == "2 features, 1 target"
    assert of("weights") == "9 classical, 4 quantum"
    assert of("epochs") == "3 of 5 steps on 8 rows; steps are compiled"
    assert of("all of it").endswith(" s for 3 epochs")
    assert of("backend") == "native"
    assert of("circuits a step").startswith("none")
    assert "of the derivative by real_amplitudes.w, over 32 draws" in of("gradient at the start")
    assert any(line.startswith("primitive") and '"statevector"' in line for line in lines)
    assert sorted(path.name for path in place.iterdir()) == ["data.csv", "model.hqnn"]


def test_the_document_has_its_form(hqnn_command, place):
    ended = hqnn_command("plan", "model.hqnn", "data.csv", "--json", cwd=place)
    found = json.loads(ended.out)
    assert ended.code == 0
    assert {name for name, form in DOCUMENT.items() if not fits(found.get(name), form)} == set()
    assert found.keys() == DOCUMENT.keys()
    assert (found["ok"], found["version"], found["epochs"], found["steps_an_epoch"]) == (True, 1, 3, 5)
    assert found["rows"] == {"train": 38, "validation": 10, "test": 12}
    assert found["circuits"] == {"circuits": 0, "shots": 0, "seconds": 0.0}
    # 38 rows in batches of 8, each of 1 circuit and two shifts of 2 inputs and 4 weights; then the loss and all rows.
    (device,) = (one for one in found["others"] if one["backend"].startswith("primitive"))
    assert device["step"]["circuits"] == 8 * 13
    assert device["training"]["circuits"] == 3 * (38 * 13 + 10) + 60
    seconds = found["seconds"]
    assert seconds["whole"] == pytest.approx(seconds["beginning"] + seconds["epochs"] + seconds["ending"])
    assert seconds["epochs"] == pytest.approx(3 * seconds["epoch"])


def test_many_trainings_are_planned_together(hqnn_command, place):
    ended = hqnn_command("plan", "model.hqnn", "data.csv", "--folds", 3, "--seeds", 2, "--json", cwd=place)
    found = json.loads(ended.out)
    assert (ended.code, found["trainings"]) == (0, 6)
    assert found["rows"] == {"train": 30, "validation": 10, "test": 20}
    assert 1 <= found["at_once"] <= 6


def test_bounds_that_hold_are_said_and_those_that_do_not_end_with_1(hqnn_command, place):
    wide = ("--max", "minutes=600", "--max", "memory=1TiB", "--max", "circuits=0")
    ended = hqnn_command("plan", "model.hqnn", "data.csv", *wide, cwd=place)
    assert ended.code == 0
    assert "all that is bounded is within its bounds" in ended.out
    narrow = ("--max", "minutes=1e-9", "--max", "memory=1MiB", "--max", "circuits=0")
    ended = hqnn_command("plan", "model.hqnn", "data.csv", *narrow, cwd=place)
    assert ended.code == 1
    assert ended.err.count("error[E0646]") == 2
    assert "`--max memory=…` allows 1.0 MiB of memory: " in ended.err
    assert ended.out.startswith("column")
    ended = hqnn_command("plan", "model.hqnn", "data.csv", *narrow, "--json", cwd=place)
    found = json.loads(ended.out)
    assert (ended.code, found["ok"], found.keys()) == (1, False, DOCUMENT.keys())
    assert [item["code"] for item in found["diagnostics"]] == ["E0646", "E0646"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--max", "minutes"), 2, "E0605"),
        (("--max", "memory=4"), 2, "memory=4GiB"),
        (("--max", "days=1"), 2, "minutes, memory, circuits, shots"),
        (("--folds", "1"), 2, "E0605"),
        (("--set", "epochs=none"), 2, "E0"),
        (("--maximum", "minutes=1"), 2, "--max"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_runs(hqnn_command, place, words, code, said):
    ended = hqnn_command("plan", "model.hqnn", "data.csv", *words, cwd=place)
    assert ended.code == code
    assert said in ended.err
    assert ended.out == ""


def test_what_training_would_refuse_is_refused(hqnn_command, place):
    (place / "model.hqnn").write_text(SPEC.replace("target y", "target z"))
    ended = hqnn_command("plan", "model.hqnn", "data.csv", "--json", cwd=place)
    found = json.loads(ended.out)
    assert (ended.code, found["ok"]) == (1, False)
    assert found["diagnostics"]


def test_a_plan_over_the_budget_of_the_spec_is_refused(hqnn_command, place):
    text = SPEC.replace("backend native", 'backend primitive("fake_manila", shots: 10)\n  budget { circuits: 99 }')
    (place / "model.hqnn").write_text(text)
    ended = hqnn_command("plan", "model.hqnn", "data.csv", "--json", "--set", "epochs=1", cwd=place)
    found = json.loads(ended.out)
    assert ended.code == 1
    assert [item["code"] for item in found["diagnostics"]] == ["E0760"]
    assert found["circuits"]["circuits"] == 38 * 13 + 10 + 60
    assert found["circuits"]["shots"] == 10 * found["circuits"]["circuits"]


def test_a_circuit_alone_cannot_be_planned(hqnn_command, place):
    (place / "model.hqnn").write_text("hqnn 1\nmodel alone { circuit on 2 qubits { h 0; cx 0, 1; measure z } }\n")
    ended = hqnn_command("plan", "model.hqnn", "data.csv", cwd=place)
    assert (ended.code, ended.out) == (1, "")
