"""The published splits: the settings are chosen without their test rows, results are kept, and the page says all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import hqnn
from benchmarks import uci, uci_page, uci_search

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """Three tables of 40 rows, and splits that test 4 rows each; results and page in a folder of the test."""
    folder = tmp_path / "data"
    (folder / "splits").mkdir(parents=True)
    for name in uci.TABLES:
        target = hqnn.compile(ROOT / "specs" / "uci" / f"{name}.hqnn").spec.data.target[0]
        values = [row % 7 + 0.5 for row in range(40)]
        frame = pd.DataFrame({"a": range(1, 41), "age_days": range(2, 42), target: values})
        frame.to_csv(folder / f"{name}.csv", index=False)
        pairs = [(split, (split * 2 + step) % 40) for split in range(uci.SPLITS) for step in range(4)]
        pd.DataFrame(pairs, columns=["split", "row"]).to_csv(folder / "splits" / f"{name}_test_rows.csv", index=False)
    monkeypatch.setenv("UCI_DATA", str(folder))
    monkeypatch.setattr(uci, "RESULTS", tmp_path / "uci.json")
    monkeypatch.setattr(uci, "PAGE", ROOT / "docs" / "uci.md")
    monkeypatch.setattr(uci_search, "RESULTS", tmp_path / "search.json")
    uci.read.cache_clear()
    return folder


@pytest.mark.parametrize("name", uci.TABLES)
def test_specs_check_clean(name):
    program = hqnn.compile(uci.TABLES[name].spec)
    assert program.warnings == ()
    assert program.spec.data.task == "regression"


def test_the_search_never_sees_a_test_row(data, monkeypatch):
    seen = []

    def train(spec, table, out, *, set, progress):
        seen.append((table, set))
        return SimpleNamespace(metrics={"test": {"rmse": 1.0}})

    monkeypatch.setattr(uci_search.hqnn, "train", train)
    for name in uci.TABLES:
        for split in uci_search.SPLITS:
            assert uci_search.held_out_rmse(name, {"epochs": 3}, split, 101) == 1.0
            whole = pd.read_csv(data / f"{name}.csv")
            table, settings = seen[-1]
            tested = whole.loc[uci.published_rows(name, split), "a"]
            assert len(table) == 36
            assert not set(table["a"]) & set(tested)
            assert settings["split.test"] == uci_search.HELD_OUT
            assert "split.by" not in settings


def test_a_split_tests_the_published_rows_and_trains_on_all_others(data, monkeypatch):
    runs = []
    train = hqnn.train

    def keep(*args, **kwargs):
        kwargs["set"] = kwargs["set"] | {"epochs": 1, "backend": "reference"}
        runs.append(train(*args, **kwargs))
        return runs[-1]

    monkeypatch.setattr(uci.hqnn, "train", keep)
    found = uci.trained("concrete", 3)
    parts = runs[0].preparation.parts
    assert parts.test.tolist() == sorted(uci.published_rows("concrete", 3))
    assert len(parts.train) == 36
    assert len(parts.validation) == 0
    assert found["rmse"] == runs[0].metrics["test"]["rmse"]
    assert set(found["baselines"]) == set(uci_page.BASELINES)


def test_results_are_kept_and_nothing_is_trained_twice(data, monkeypatch, capsys):
    trained = []

    def train(name, split):
        if len(trained) == 5:
            raise KeyboardInterrupt
        trained.append((name, split))
        return {"rmse": 0.5, "baselines": dict.fromkeys(uci_page.BASELINES, 2.0), "seconds": 1.0}

    monkeypatch.setattr(uci, "trained", train)
    with pytest.raises(KeyboardInterrupt):
        uci.run_all(["yacht"])
    assert sorted(uci.load()["yacht"]["splits"]) == ["0", "1", "2", "3", "4"]
    first = list(trained)
    trained.clear()
    trained.extend([("none", -1)] * 6)
    uci.run_all(["yacht"])
    assert trained[6:] == [("yacht", split) for split in range(5, 20)]
    assert first == [("yacht", split) for split in range(5)]
    results = uci.load()
    results["yacht"]["spec"] = "other"
    uci.store(results)
    with pytest.raises(SystemExit):
        uci.run_all(["yacht"])
    assert "are of other settings" in capsys.readouterr().err


def test_missing_tables_are_said_in_a_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("UCI_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["uci"])
    with pytest.raises(SystemExit) as left:
        uci.main()
    assert left.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith(f"there is no yacht.csv and no splits in {tmp_path}, UCI_DATA: set UCI_DATA to the folder")


def test_unknown_tables_are_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["uci", "wine"])
    with pytest.raises(SystemExit) as left:
        uci.main()
    assert left.value.code == 2
    assert "there is no table wine: yacht, energy, concrete" in capsys.readouterr().err


def results_of(rmse: float, seconds: float = 5.0, splits: int = uci.SPLITS) -> dict[str, object]:
    one = {"rmse": rmse, "baselines": dict.fromkeys(uci_page.BASELINES, 2.0), "seconds": seconds}
    return {name: {"spec": "s", "splits": {str(split): one for split in range(splits)}} for name in uci.TABLES}


def test_what_is_missed_stands_first():
    assert uci_page.missed(results_of(0.5)) == []
    assert uci_page.missed(results_of(0.7)) == ["energy: the mean test RMSE is 0.700, and is to be below 0.6"]
    assert "yacht: 3 of 20 splits are done" in uci_page.missed(results_of(0.5, splits=3))
    slow = uci_page.missed(results_of(0.5, seconds=61))
    assert "yacht: a split took 61 s of a processor, and is to take at most 60 s" in slow
    assert "**Not reached:** energy: the mean" in uci_page.page(results_of(0.7))
    assert "**Not reached:**" not in uci_page.page(results_of(0.5))


def test_the_specs_are_the_best_of_the_grid():
    """What the specs say is what the search found, for every setting of the grid."""
    found = json.loads((ROOT / "benchmarks" / "uci_search.json").read_text(encoding="utf-8"))
    for name, grid in uci_search.GRID.items():
        combinations = uci_search.combinations(name)
        ranked = uci_search.best_of(name, found)
        assert len(ranked) == len(combinations)
        spec = hqnn.compile(uci.TABLES[name].spec).spec
        decay = spec.train.optimizer.options["weight_decay"]
        own = {"epochs": spec.train.epochs, "optimizer.weight_decay": decay, "batch": spec.train.batch}
        assert {setting: own[setting] for setting in grid} == ranked[0][1]


def test_the_page_is_fresh_and_says_every_split():
    results = uci.load()
    page = uci_page.page(results)
    assert (ROOT / "docs" / "uci.md").read_text(encoding="utf-8") == page
    for name in uci.TABLES:
        assert f"{results[name]['splits']['19']['rmse']:.3f}" in page
    assert uci_page.missed(results) == []


def test_results_are_of_the_specs_as_they_are():
    results = uci.load()
    assert {name: results[name]["spec"] for name in uci.TABLES} == {name: uci.spec_hash(name) for name in uci.TABLES}
