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
    "version": 2, "dropped": [], "weights": None,
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


def _scores(rmse, r2):
    target = {"rmse": rmse, "mae": 0.5, "r2": r2}
    return _metrics({**target, "loss": 0.25, "targets": {"y": target}})


def _metrics(test):
    one = {"rmse": 1.0, "mae": 1.0, "r2": 0.0}
    train, none = {**one, "loss": 1.0, "targets": {"y": one}}, {"mean": None, "least_squares": None}
    return json.dumps({"train": train, "validation": None, "test": test, "baselines": none})


@pytest.fixture
def listed(tmp_path, monkeypatch, capfd):
    folder = tmp_path / "runs"
    _run(folder, "a", _scores(3.0, 0.1))
    _run(folder, "b", _scores(1.0, 0.9))
    _run(folder, "c", _scores(2.0, 0.5))
    _run(folder, "cut", '{"test": {"rm')
    _run(folder, "deep", "[" * 100_000)
    _run(folder, "odd", "[]")
    _run(folder, "other", '{"test": 3}')
    _run(folder, "alone", _scores(4.0, 0.05), environment=None)
    _run(folder, "unscaled", _scores(1.0, 0.9), preprocess="[]")
    _run(folder, "begun")
    _run(folder, "small", _metrics(None))
    _run(folder, "later", json.dumps({"version": 2}))
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
    assert rows["later"]["reason"].startswith("metrics.json cannot be used: `version` is 2, and this hqnn")
    assert "notes" not in rows
    assert rows["a"]["scores"] == {"rmse": 3.0, "mae": 0.5, "r2": 0.1, "loss": 0.25}


def test_the_list_is_a_table(listed):
    lines = listed("--sort", "rmse").splitlines()
    assert lines[2].split() == ["b", "complete", "native", "1", "0.5", "0.9", "0.25"]
    assert "begun: there is no metrics.json" in lines
