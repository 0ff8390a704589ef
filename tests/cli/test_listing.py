"""`hqnn runs`: whole, unfinished and damaged runs, their order, and JSON."""

from __future__ import annotations

import json
import sys

import pytest

from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output


def _run(folder, name, metrics=None, environment='{"backend": {"name": "native"}}'):
    path = folder / name
    path.mkdir(parents=True)
    (path / "spec.hqnn").write_text("hqnn 1\n", encoding="utf-8")
    if metrics is not None:
        (path / "metrics.json").write_text(metrics, encoding="utf-8")
    if environment is not None:
        (path / "environment.json").write_text(environment, encoding="utf-8")


def _scores(rmse, r2):
    return json.dumps({"test": {"rmse": rmse, "mae": 0.5, "r2": r2, "loss": 0.25}})


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
    _run(folder, "alone", _scores(1.0, 0.9), environment=None)
    _run(folder, "begun")
    _run(folder, "small", '{"test": null}')
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
    [("name", ["a", "b", "c", "small"]), ("rmse", ["b", "c", "a", "small"]), ("r2", ["b", "c", "a", "small"])],
)
def test_runs_are_sorted_with_the_best_first(listed, sort, order):
    rows = json.loads(listed("--sort", sort, "--json"))["runs"]
    assert [row["run"] for row in rows if row["state"] == "complete"] == order
    states = [row["state"] == "complete" for row in rows]
    assert states == sorted(states, reverse=True)


def test_damaged_and_unfinished_runs_are_listed_as_such(listed):
    rows = {row["run"]: row for row in json.loads(listed("--json"))["runs"]}
    damaged = {"cut", "deep", "odd", "other", "alone", "bytes"}
    assert {name for name, row in rows.items() if row["state"] == "damaged"} == damaged
    assert {name for name, row in rows.items() if row["state"] == "unfinished"} == {"begun"}
    assert all(rows[name]["reason"] for name in (*damaged, "begun"))
    assert "notes" not in rows
    assert rows["a"]["scores"] == {"rmse": 3.0, "mae": 0.5, "r2": 0.1, "loss": 0.25}


def test_the_list_is_a_table(listed):
    lines = listed("--sort", "rmse").splitlines()
    assert lines[2].split() == ["b", "complete", "native", "1", "0.5", "0.9", "0.25"]
    assert "begun: there is no metrics.json" in lines
