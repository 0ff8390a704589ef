"""`hqnn runs`: whole, unfinished and damaged runs, their order, and JSON."""

from __future__ import annotations

import json
import sys

import pytest

from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output

ENVIRONMENT = json.dumps({
    "hqnn": "0.1.0", "python": "3.11.7", "platform": "Linux", "packages": {"torch": "2.8.0"},
    "device": {"type": "cpu", "name": "", "cuda": None}, "threads": {"torch": 1, "cpus": 2}, "precision": "single",
    "backend": {"asked": "auto", "name": "native", "options": {}, "metadata": {}}, "seeds": {"root": 7},
})  # fmt: skip

SCALE = {"rule": "standard", "mean": 0.0, "scale": 1.0}
PREPROCESS = json.dumps({
    "version": 2, "dropped": [], "weights": None, "class_weights": None,
    "features": [{"name": "a", "kind": "number", "scale": SCALE}],
    "target": {"names": ["y"], "scales": [SCALE], "classes": None},
    "loss": {"name": "mse", "options": {}}, "batch": 2, "table": {"rows": 4, "sha256": "0" * 64},
    "split": {"train": [0, 1], "validation": [2], "test": [3]},
})  # fmt: skip


def _run(folder, name, metrics=None, environment=ENVIRONMENT, preprocess=PREPROCESS):
    path = folder / name
    path.mkdir(parents=True)
    (path / "spec.hqnn").write_text("hqnn 1\n", encoding="utf-8")
    if metrics is not None:
        (path / "metrics.json").write_text(metrics, encoding="utf-8")
    if preprocess is not None:
        (path / "preprocess.json").write_text(preprocess, encoding="utf-8")
    if environment is not None:
        (path / "environment.json").write_text(environment, encoding="utf-8")


MORE = dict.fromkeys(("nll", "coverage", "width"))


def _scores(rmse, r2):
    target = {"rmse": rmse, "mae": 0.5, "r2": r2, **MORE}
    return _metrics({**target, "loss": 0.25, "targets": {"y": target}})


def _metrics(test):
    one = {"rmse": 1.0, "mae": 1.0, "r2": 0.0, **MORE}
    train = {**one, "loss": 1.0, "targets": {"y": one}}
    none = dict.fromkeys(("mean", "least_squares", "gradient_boosting"))
    parts = {"train": train, "validation": None, "test": test, "baselines": none}
    return json.dumps({"version": 2, "task": "regression", **parts})


@pytest.fixture
def listed(tmp_path, monkeypatch, capfd):
    folder = tmp_path / "runs"
    _run(folder, "a", _scores(3.0, 0.1))
    _run(folder, "b", _scores(1.0, 0.9))
    _run(folder, "c", _scores(2.0, 0.5))
    _run(folder, "cut", '{"test": {"rm')
    _run(folder, "deep", "[" * 100_000)
    _run(folder, "odd", "[]")
    _run(folder, "other", '{"version": 2, "task": "regression", "test": 3}')
    _run(folder, "alone", _scores(4.0, 0.05), environment=None)
    _run(folder, "unscaled", _scores(1.0, 0.9), preprocess="[]")
    _run(folder, "begun")
    _run(folder, "small", _metrics(None))
    _run(folder, "later", json.dumps({"version": 3}))
    (folder / "notes").mkdir()
    (folder / "bytes").mkdir()
    (folder / "bytes" / "metrics.json").write_bytes(b"\xff\xfe\x00")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["hqnn", "runs", str(folder), *words])
        monkeypatch.setattr(output, "_as_json", False)
        with pytest.raises(SystemExit) as leaving:
            entry.main()
        assert not leaving.value.code
        return capfd.readouterr().out

    return run


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["a", "alone", "b", "c", "small"]),
        ("rmse", ["b", "c", "a", "alone", "small"]),
        ("r2", ["b", "c", "a", "alone", "small"]),
    ],
)
def test_runs_are_sorted_with_the_best_first(listed, sort, order):
    rows = json.loads(listed("--sort", sort, "--json"))["runs"]
    assert [row["run"] for row in rows if row["state"] == "complete"] == order
    states = [row["state"] == "complete" for row in rows]
    assert states == sorted(states, reverse=True)


def test_damaged_and_unfinished_runs_are_listed_as_such(listed):
    rows = {row["run"]: row for row in json.loads(listed("--json"))["runs"]}
    damaged = {"cut", "deep", "odd", "other", "unscaled", "bytes", "later"}
    assert {name for name, row in rows.items() if row["state"] == "damaged"} == damaged
    assert {name for name, row in rows.items() if row["state"] == "unfinished"} == {"begun"}
    assert all(rows[name]["reason"] for name in (*damaged, "begun"))
    assert (rows["alone"]["state"], rows["alone"]["backend"]) == ("complete", None)
    assert rows["unscaled"]["reason"] == "preprocess.json cannot be used: it is [], not an object with fields"
    assert rows["other"]["reason"].startswith("metrics.json cannot be used: `train` is missing")
    assert rows["later"]["reason"].startswith("metrics.json cannot be used: `version` is 3, and this hqnn")
    assert "notes" not in rows
    assert rows["a"]["scores"] == {"rmse": 3.0, "mae": 0.5, "r2": 0.1, "loss": 0.25, **MORE}
    assert (rows["a"]["task"], rows["cut"]["task"], rows["cut"]["scores"]) == ("regression", None, {})


def test_the_list_is_a_table(listed):
    lines = listed("--sort", "rmse").splitlines()
    assert lines[2].split() == ["b", "complete", "native", "1", "0.5", "0.9", "0.25"]
    assert "begun: there is no metrics.json" in lines


def _class_metrics(accuracy):
    one = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "rows": 2}
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision"), accuracy)
    test = {
        **scores, "log_loss": 1 - accuracy, "loss": 0.1, "confusion": [[1, 1], [1, 1]], "classes": {"a": one, "b": one}
    }  # fmt: skip
    none = dict.fromkeys(("majority", "logistic", "gradient_boosting"))
    parts = {"train": test, "validation": None, "test": test, "baselines": none}
    return json.dumps({"version": 2, "task": "classification", **parts})


def test_runs_of_classes_have_their_own_scores(tmp_path, listed):
    for name, accuracy in (("half", 0.5), ("most", 0.75), ("sure", 1.0)):
        _run(tmp_path / "runs", name, _class_metrics(accuracy))
    for sort in ("accuracy", "log_loss"):
        rows = json.loads(listed("--sort", sort, "--json"))["runs"]
        assert [row["run"] for row in rows][:3] == ["sure", "most", "half"]
    assert rows[0]["scores"]["roc_auc"] == 1.0
    lines = listed("--sort", "roc_auc").splitlines()
    assert lines[0].split()[:9] == ["run", "state", "backend", "RMSE", "MAE", "R²", "loss", "(scaled)", "accuracy"]
    assert lines[2].split() == ["sure", "complete", "native", "-", "-", "-", "0.1", *["1"] * 5, "0"]
