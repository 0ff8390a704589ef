"""`hqnn predict` and `hqnn evaluate` of classes and intervals: their columns, those carried through, and the tables."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import hqnn
from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """hqnn 1
model sorts {
  data { target TARGET; features a, b }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 4; batch 16; device cpu; TRAIN }
  backend reference
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("predicted")
    draw = random.Random(1)
    lines = ["id,when,a,b,kind,size"]
    for number in range(120):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        kind = "high" if a > 0.5 else "low" if b > 0 else "mid"
        lines.append(f"{number:04},2024-01-{number % 28 + 1:02},{a:.3f},{b:.3f},{kind},{a + draw.gauss(0, 0.2):.4f}")
    (place / "table.csv").write_text("\n".join([lines[0], "", *lines[1:], ""]))
    for name, target, train in (("classes", "kind", ""), ("sizes", "size", "intervals conformal(0.8); loss gaussian")):
        text = SPEC.replace("TARGET", target).replace("TRAIN", train)
        hqnn.send_notices_to(lambda _: None)
        hqnn.train(text, place / "table.csv", place / name, progress=False)
        hqnn.send_notices_to(None)
    return place


@pytest.fixture
def said(folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)

    def run(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["hqnn", *words])
        monkeypatch.setattr(output, "_as_json", False)
        with pytest.raises(SystemExit) as leaving:
            entry.main()
        assert (leaving.value.code or 0) == code
        found = capfd.readouterr()
        return found.out if code == 0 else found.err + found.out

    return run


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_classes_have_their_label_and_probabilities(said, folder):
    rows = rows_of(said("predict", "classes", "table.csv"))
    shares = [f"kind_p_{label}" for label in ("high", "low", "mid")]
    assert list(rows[0]) == ["line", "kind_predicted", *shares]
    assert [row["line"] for row in rows[:2]] == ["3", "4"]
    for row in rows:
        numbers = {name.removeprefix("kind_p_"): float(row[name]) for name in shares}
        assert sum(numbers.values()) == pytest.approx(1, abs=1e-6)
        assert row["kind_predicted"] == max(numbers, key=numbers.get)
    frame = hqnn.open_run(folder / "classes").predict(folder / "table.csv")
    assert frame["kind"].tolist() == [row["kind_predicted"] for row in rows]
    assert frame["kind_p_low"].tolist() == pytest.approx([float(row["kind_p_low"]) for row in rows], rel=1e-7)


def test_numbers_have_deviations_and_the_ends_of_intervals(said, folder):
    rows = rows_of(said("predict", "sizes", "table.csv"))
    assert list(rows[0]) == ["line", "size_predicted", "size_deviation", "size_low", "size_high"]
    frame = hqnn.open_run(folder / "sizes").predict(folder / "table.csv")
    for name, column in (("size", "size_predicted"), ("size_low", "size_low"), ("size_deviation", "size_deviation")):
        assert frame[name].tolist() == pytest.approx([float(row[column]) for row in rows], rel=1e-6)


def test_columns_are_carried_through_as_they_are_written(said, folder):
    rows = rows_of(said("predict", "classes", "table.csv", "--keep", "id", "--keep", "when", "--keep", "a"))
    assert list(rows[0])[:4] == ["line", "id", "when", "a"]
    assert [row["id"] for row in rows[:3]] == ["0000", "0001", "0002"]
    table = [row for row in rows_of((folder / "table.csv").read_text()) if row["id"]]
    for name in ("id", "when", "a"):
        assert [row[name] for row in rows] == [row[name] for row in table]


def test_a_frame_s_columns_are_carried_through_too(folder):
    import pandas as pd

    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.training.evaluate import predict_table
    from hqnn_dsl.training.predictions import predictions_text

    run = hqnn.open_run(folder / "classes")
    table = read_table(pd.DataFrame({"a": [0.1, 0.2], "b": [1.0, 2.0], "id": pd.Series([7, None], dtype="Int64")}))
    predicted = predict_table(run.net, run.preparation, table)
    rows = rows_of(predictions_text(predicted, table, run.preparation.target, single=True, keep=["id"]))
    assert [(row["row"], row["id"]) for row in rows] == [("1", "7"), ("2", "")]


@pytest.mark.parametrize(
    ("keep", "code", "words"),
    [
        (["di"], "E0510", "the column to keep `di` is not a column of `table.csv`"),
        (["When"], "E0510", "did you mean `when`?"),
        (["a", "a"], "E0594", "`a` cannot be kept: it is named twice"),
        (["kind_p_low"], "E0594", "predictions have a column of that name"),
    ],
)
def test_a_wrong_column_to_keep_is_refused_before_anything_is_computed(said, folder, keep, code, words):
    table = "table.csv"
    if keep == ["kind_p_low"]:
        text = (folder / "table.csv").read_text().replace("id,", "kind_p_low,", 1)
        (folder / "other.csv").write_text(text)
        table = "other.csv"
    found = said("predict", "classes", table, *(word for name in keep for word in ("--keep", name)), code=1)
    assert code in found
    assert words in found
    assert found.count("error[") == 1


def test_evaluation_shows_classes(said):
    text = said("evaluate", "classes", "table.csv")
    assert text.splitlines()[0].split()[:4] == ["rows", "accuracy", "balanced", "F1"]
    assert "test rows of class  rows  as high  as low  as mid" in text
    assert [line.split()[0] for line in text.splitlines()[2:6]] == ["all", "train", "validation", "test"]
    document = json.loads(said("evaluate", "classes", "table.csv", "--json"))
    assert (document["task"], document["metrics"]["all"]["accuracy"]) == ("classification", pytest.approx(0.5, abs=0.5))
    assert sum(map(sum, document["metrics"]["all"]["confusion"])) == 120


def test_evaluation_on_another_backend_shows_classes_of_both(said):
    lines = said("evaluate", "classes", "table.csv", "--set", "backend=native").splitlines()
    assert lines[0].split()[:3] == ["rows", "backend", "accuracy"]
    own, other = (line.split("  ") for line in lines[2:4])
    assert ("reference (its own)" in lines[2], "native (asked for)" in lines[3]) == (True, True)
    assert own[-1] == other[-1]


def test_runs_of_both_tasks_are_listed(said):
    lines = said("runs", ".").splitlines()
    assert lines[0].split()[:4] == ["run", "state", "backend", "RMSE"]
    assert "accuracy" in lines[0]
    assert "coverage" in lines[0]
    listed = json.loads(said("runs", ".", "--json"))["runs"]
    assert {row["run"]: row["task"] for row in listed} == {"classes": "classification", "sizes": "regression"}


def test_predicting_imports_neither_scikit_learn_nor_matplotlib(folder):
    program = (
        "import atexit, sys; large = {'sklearn', 'matplotlib'};"
        "atexit.register(lambda: print('LOADED', *sorted(large & set(sys.modules))));"
        "sys.argv = ['hqnn', 'predict', 'classes', 'table.csv']; from hqnn_dsl.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"
