"""A comparison from end to end: the same rows and trials for all, results on disk, going on, and its statistics."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hqnn_dsl as hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.pipeline import program as program_of
from hqnn_dsl.science.comparison.experiment import Options, compare
from hqnn_dsl.science.comparison.files import read_comparison, read_result
from hqnn_dsl.science.protocol import Asked

SPEC = """hqnn 1
model small {
  data { target y; split validation: 0.25, test: 0.25 }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(auto) }
  train { epochs 4; batch 16; optimizer adam(0.05); stop none; device cpu; seed 3 }
  backend native(precision: double)
}
"""
ASKED = Asked(folds=3, repeats=1, trials=2)
SOME = ("frozen", "no_circuit", "surrogate", "linear", "boosting")


def frame(rows: int = 60, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=rows), random.normal(size=rows)
    return pd.DataFrame({"a": a, "b": b, "y": np.sin(a) + 0.5 * b + 0.1 * random.normal(size=rows)})


def program(text: str = SPEC):
    return program_of(Source("small.hqnn", text, folder="."))


def table(data: pd.DataFrame, text: str = SPEC):
    return read_table(data, program(text).spec.data.read)


def run(out, asked=ASKED, data=None, text=SPEC, **options):
    made = frame() if data is None else data
    return compare(program(text), table(made, text), asked, out, **options)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("compare") / "c"
    return run(out, replace(ASKED, contenders=SOME), options=Options(progress=False))


def results(found):
    """Every result of a comparison, by contender and unit."""
    present = [one.name for one in found.record.contenders if not one.absent]
    units = range(1, len(found.record.protocol.plan.trainings()) + 1)
    return {(name, unit): read_result(found.path, name, unit) for name in present for unit in units}


def without_seconds(record):
    plain = record.model_dump()
    plain.pop("cost")
    return plain


def test_every_contender_has_the_same_rows_and_trials(done):
    every = results(done)
    assert {name for name, _ in every} == {"as_written", *SOME}
    for unit in (1, 2, 3):
        of_unit = [every[name, unit] for name in ("as_written", *SOME)]
        assert len({one.test_rows for one in of_unit}) == 1
        assert len({tuple(one.sizes) for one in of_unit}) == 1
        assert [len(one.tuning.trials) for one in of_unit] == [2] * len(of_unit)
        assert {one.state for one in of_unit} == {"done"}
    assert len({every["linear", unit].test_rows for unit in (1, 2, 3)}) == 3
    assert done.record.state == "complete"


def test_the_record_is_read_back_and_has_every_mean(done):
    again = read_comparison(done.path)
    assert again.model_dump() == done.record.model_dump()
    (entry,) = again.statistics
    every = results(done)
    for name in ("as_written", *SOME):
        own = [every[name, unit].scores["test"]["rmse"] for unit in (1, 2, 3)]
        assert entry["scores"][name] == own
        assert entry["means"][name]["mean"] == pytest.approx(np.mean(own), rel=1e-12)


def test_the_differences_are_those_of_the_corrected_t_test(done):
    """By hand: Nadeau and Bengio's variance with test rows over the others, and Holm's adjustment of the p-values."""
    (entry,) = done.record.statistics
    every, p_values = results(done), {}
    for one in entry["comparisons"]:
        pairs = [
            (every["as_written", u].scores["test"]["rmse"], every[one["other"], u].scores["test"]["rmse"])
            for u in (1, 2, 3)
        ]
        differences = np.array([a - b for a, b in pairs])
        sizes = [every["as_written", u].sizes for u in (1, 2, 3)]
        overlap = np.mean([size[2] / (size[0] + size[1]) for size in sizes])
        error = np.std(differences, ddof=1) * math.sqrt(1 / 3 + overlap)
        t = differences.mean() / error
        p_values[one["other"]] = 2 * stats.t.sf(abs(t), 2)
        assert one["t"] == pytest.approx(t, rel=1e-9)
        assert one["p"] == pytest.approx(p_values[one["other"]], rel=1e-9)
        assert one["low"] == pytest.approx(differences.mean() - stats.t.ppf(0.975, 2) * error, rel=1e-9)
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        adjusted[name] = largest
    assert {one["other"]: one["adjusted"] for one in entry["comparisons"]} == pytest.approx(adjusted, rel=1e-9)


def test_the_model_as_written_is_trained_as_cross_validation_trains_it(tmp_path):
    found = run(tmp_path / "c", replace(ASKED, trials=1, contenders=("linear",)), options=Options(progress=False))
    validated = hqnn.cross_validate(hqnn.compile_text(SPEC), frame(), folds=3, progress=False, out=tmp_path / "cv")
    own = [results(found)["as_written", unit].scores["test"]["rmse"] for unit in (1, 2, 3)]
    other = [one["scores"]["rmse"] for one in validated.record["trainings"]]
    assert own == pytest.approx(other, rel=1e-6)


def test_no_choice_looks_at_test_rows(tmp_path):
    """With other targets in the test rows, every trial has the same value and the same setting is chosen."""
    text = SPEC.replace("split validation: 0.25, test: 0.25", "split by: column(part)")
    data = frame()
    data["part"] = ["test" if row % 4 == 0 else "validation" if row % 4 == 1 else "train" for row in range(len(data))]
    other = data.copy()
    other.loc[other["part"] == "test", "y"] = 1000.0
    asked = Asked(seeds=1, trials=3, contenders=("frozen", "boosting", "linear"))
    found = [
        run(tmp_path / name, asked, one, text, options=Options(progress=False))
        for name, one in (("a", data), ("b", other))
    ]
    first, second = (results(one) for one in found)
    for key, result in first.items():
        assert [(trial.setting, trial.value) for trial in result.tuning.trials] == [
            (trial.setting, trial.value) for trial in second[key].tuning.trials
        ]
        assert result.scores["train"] == second[key].scores["train"]
        assert result.scores["test"]["rmse"] < 100 < second[key].scores["test"]["rmse"]


def test_a_comparison_that_was_broken_off_goes_on_to_the_same_table(done, tmp_path):
    import shutil

    again = tmp_path / "again"
    shutil.copytree(done.path, again)
    for name, unit in (("frozen", 2), ("surrogate", 3), ("boosting", 1)):
        (again / "results" / name / f"{unit:04d}.json").unlink()
    kept = {path: path.stat().st_mtime_ns for path in (again / "results").rglob("*.json")}
    found = run(again, replace(ASKED, contenders=SOME), resume=True, options=Options(progress=False))
    assert without_seconds(found.record) == without_seconds(done.record)
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    assert len(list((again / "results").rglob("*.json"))) == len(kept) + 3


def test_trials_that_were_written_are_not_tried_again(done, tmp_path):
    import shutil

    again = tmp_path / "again"
    shutil.copytree(done.path, again)
    path = again / "results" / "frozen" / "0002.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    opened = {**whole, "state": "open", "scores": {}}
    opened["tuning"] = {**whole["tuning"], "trials": whole["tuning"]["trials"][:1], "best": None}
    path.write_text(json.dumps(opened), encoding="utf-8")
    found = run(again, replace(ASKED, contenders=SOME), resume=True, options=Options(progress=False))
    assert without_seconds(found.record) == without_seconds(done.record)
    tried = read_result(again, "frozen", 2).tuning.trials
    assert tried[0].model_dump() == whole["tuning"]["trials"][0]
    assert tried[1].value == whole["tuning"]["trials"][1]["value"]


def test_another_experiment_is_not_gone_on_with(done):
    for asked, setting in (
        (replace(ASKED, contenders=SOME, trials=4), "trials"),
        (replace(ASKED, contenders=SOME[:2]), "contenders"),
    ):
        with pytest.raises(Refusal) as refused:
            run(done.path, asked, resume=True, options=Options(progress=False))
        assert any(item.code == "E0687" and item.setting == setting for item in refused.value.diagnostics)
    with pytest.raises(Refusal) as refused:
        run(done.path, replace(ASKED, contenders=SOME), frame(seed=6), resume=True, options=Options(progress=False))
    assert [item.setting for item in refused.value.diagnostics] == ["table"]


def parted(*parts):
    data = frame()
    data["part"] = [parts[row % len(parts)] for row in range(len(data))]
    return data


def test_trials_without_validation_rows_are_refused(tmp_path):
    text = SPEC.replace("split validation: 0.25, test: 0.25", "split by: column(part)")
    with pytest.raises(Refusal) as refused:
        run(tmp_path / "c", Asked(seeds=1, trials=2), parted("train", "train", "test"), text)
    assert refused.value.diagnostics[0].code == "E0685"
    assert not (tmp_path / "c").exists()


def test_a_spec_without_validation_rows_gets_some_for_all_contenders(tmp_path):
    text, options = SPEC.replace("validation: 0.25", "validation: 0"), {"contenders": ["linear"], "progress": False}
    with pytest.warns(hqnn.HQNNWarning, match="0.2 of the rows to learn from") as warned:
        found = hqnn.compare(text, frame(), folds=2, repeats=1, trials=2, out=tmp_path / "c", **options)
    assert "W0480" in {one.message.diagnostic.code for one in warned if one.message.diagnostic is not None}
    assert "validation: 0.2" in found.record["spec"]
    assert [read_result(found.path, name, 1).sizes for name in ("as_written", "linear")] == [[24, 6, 30]] * 2
    without = hqnn.compare(text, frame(), folds=2, repeats=1, trials=1, out=tmp_path / "d", **options)
    assert read_result(without.path, "linear", 1).sizes == [30, 0, 30]


def test_fewer_rows_are_corrected_for_as_many_trainings_are(tmp_path):
    """Nadeau and Bengio's correction: test rows over all others, however few of these are learned from."""
    asked = Asked(folds=3, repeats=1, trials=1, rows=(20, "all"), contenders=("linear",))
    found = run(tmp_path / "c", asked, options=Options(progress=False))
    fewer, whole = found.record.statistics
    assert (fewer["rows"], whole["rows"]) == (20, None)
    assert fewer["overlap"] == whole["overlap"] == pytest.approx(20 / 40)
    (one,) = fewer["comparisons"]
    scores = [fewer["scores"][name] for name in ("as_written", "linear")]
    differences = np.subtract(*scores)
    assert one["t"] == pytest.approx(differences.mean() / (np.std(differences, ddof=1) * math.sqrt(1 / 3 + 0.5)))


def test_an_unknown_contender_is_refused_with_all_names(tmp_path):
    with pytest.raises(Refusal) as refused:
        run(tmp_path / "c", replace(ASKED, contenders=("forrest",)))
    assert refused.value.diagnostics[0].code == "E0605"
    assert "forest" in str(refused.value)


@pytest.mark.slow
def test_a_killed_comparison_goes_on_to_the_same_table(tmp_path):
    frame().to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "small.hqnn").write_text(SPEC, encoding="utf-8")
    words = [
        "small.hqnn",
        "data.csv",
        "--folds",
        "3",
        "--repeats",
        "1",
        "--trials",
        "2",
        "--contenders",
        ",".join(SOME),
    ]
    line = [str(Path(sys.executable).with_name("hqnn")), "compare", *words]
    subprocess.run([*line, "--out", "whole"], cwd=tmp_path, check=True, capture_output=True)
    for wanted in (2, 7, 12):
        begun = [*line, "--out", "killed", *(["--resume"] if (tmp_path / "killed").exists() else [])]
        process = subprocess.Popen(begun, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list((tmp_path / "killed").glob("results/*/*.json"))) < wanted:
            pass
        process.kill()
        process.wait()
    subprocess.run([*line, "--out", "killed", "--resume"], cwd=tmp_path, check=True, capture_output=True)
    whole, killed = (read_comparison(tmp_path / name) for name in ("whole", "killed"))
    assert without_seconds(killed) == without_seconds(whole)
