"""A sweep from end to end: trials, their choice, the best spec, going on after a break, several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path  # noqa: TC003 - fixtures

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.cli import output
from hqnn_dsl.cli.main import app
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.sweeping.files import read_sweep

SPEC = """hqnn 1
let width = 2
model small {
  data { target y; split validation: 0.25, test: 0.25 }
  encoder { dense(width); tanh }
  circuit on width qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(auto) }
  train { epochs 4; batch 16; optimizer adam(0.05); scheduler none; stop none; device cpu; seed 3 }
  backend native(precision: double)
  sweep { width in [2, 3]; optimizer.lr in log(1e-3, 1e-1); real_amplitudes.reps in 1..3 }
}
"""
LR, REPS = "train.optimizer.lr", "circuit.real_amplitudes.reps"
TRIALS = 5
PLAIN = "\n".join(line for line in SPEC.split("\n") if "sweep" not in line)


def frame(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(5)
    a, b = random.normal(size=rows), random.normal(size=rows)
    return pd.DataFrame({"a": a, "b": b, "y": np.sin(a) + 0.5 * b + 0.1 * random.normal(size=rows)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sweep")
    (path / "small.hqnn").write_text(SPEC)
    frame().to_csv(path / "data.csv", index=False)
    return path


@pytest.fixture(scope="module")
def done(folder):
    return run(folder, "done", trials=TRIALS)


def run(folder: Path, name: str, over=None, **options):
    given = {"workers": 1, "progress": False, **options}
    return hqnn.sweep(folder / "small.hqnn", folder / "data.csv", over, out=folder / name, **given)


def alone(folder: Path, over: dict[str, str], name: str, **options):
    """A sweep over these settings and nothing else."""
    return hqnn.sweep(PLAIN, folder / "data.csv", over, out=folder / name, **{"progress": False, **options})


def settings(record) -> list[dict[str, object]]:
    return [one["setting"] for one in record["trials"] if one["state"] != "lost"]


def refused(code: str):
    return pytest.raises(Refusal, match=code)


# ------------------------------------------------------------------ what comes out


def test_so_many_trials_are_done_within_their_ranges(done):
    assert [one["state"] for one in done.record["trials"]] == ["done"] * TRIALS
    assert (done.record["state"], done.record["done"], done.record["is_grid"]) == ("complete", TRIALS, False)
    for setting in settings(done.record):
        assert list(setting) == ["width", LR, REPS]
        assert setting["width"] in {2, 3}
        assert 1e-3 <= setting[LR] <= 1e-1
        assert setting[REPS] in {1, 2}


def test_the_best_trial_has_the_smallest_validation_score(done):
    values = {one["number"]: one["scores"]["validation"]["rmse"] for one in done.record["trials"]}
    assert [one["value"] for one in done.record["trials"]] == list(values.values())
    assert done.record["best"] == min(values, key=values.get)
    assert done.best == done.record["trials"][done.record["best"]]["setting"]


def test_a_trial_is_the_training_that_train_does(done, folder, tmp_path):
    best = done.record["trials"][done.record["best"]]
    found = hqnn.train(
        folder / "small.hqnn",
        folder / "data.csv",
        out=tmp_path / "r",
        set=best["setting"],
        progress=False,
        report=False,
    ).metrics
    assert found["validation"]["rmse"] == pytest.approx(best["value"], rel=1e-12)
    assert found["test"]["rmse"] == pytest.approx(done.test_scores["rmse"], rel=1e-12)


def test_the_best_spec_trains_by_itself_to_the_same_scores(done, folder, tmp_path):
    text = (done.path / "best.hqnn").read_text()
    assert "sweep" not in text.replace("swept", "")
    found = hqnn.train(done.best_program(), folder / "data.csv", out=tmp_path / "r", progress=False, report=False)
    best = done.record["trials"][done.record["best"]]
    assert found.metrics["validation"]["rmse"] == pytest.approx(best["value"], rel=1e-12)
    assert found.metrics["test"]["rmse"] == pytest.approx(done.test_scores["rmse"], rel=1e-12)


def test_no_trial_sees_a_test_row(done, folder, tmp_path):
    assert all(set(one["scores"]) == {"train", "validation"} for one in done.record["trials"])
    assert [one["number"] for one in done.record["tested"]] == [done.record["best"]]
    data = frame()
    spec = hqnn.compile_text(SPEC).spec
    test = prepare(spec, read_table(data, spec.data.read)).preparation.parts.test
    assert len(test) == 15
    data.loc[test, "y"] += 3.0  # the rows of a frame are numbered from 0
    data.to_csv(tmp_path / "changed.csv", index=False)
    again = hqnn.sweep(
        folder / "small.hqnn", tmp_path / "changed.csv", out=tmp_path / "s", trials=TRIALS, workers=1, progress=False
    )
    assert [one["value"] for one in again.record["trials"]] == [one["value"] for one in done.record["trials"]]
    assert again.test_scores["rmse"] > done.test_scores["rmse"] + 1


def test_the_importance_of_settings_is_a_share_and_always_the_same(done):
    shares = done.record["importance"]
    assert set(shares) == {"width", LR, REPS}
    assert sum(shares.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares.values())


def test_the_table_has_a_row_for_each_trial(done):
    assert list(done.table["value"]) == [one["value"] for one in done.record["trials"]]
    assert list(done.table[REPS]) == [setting[REPS] for setting in settings(done.record)]
    assert "5 of 5 trials done" in repr(done)


# ------------------------------------------------------------------ which settings are tried


def test_all_combinations_are_tried_once_if_they_are_few(folder):
    found = alone(folder, {"epochs": "[2, 3]", "reps": "1..3"}, "grid", trials=9, workers=2)
    assert found.record["is_grid"]
    assert (found.record["wanted"], found.record["done"]) == (4, 4)
    pairs = {(setting["train.epochs"], setting[REPS]) for setting in settings(found.record)}
    assert pairs == {(2, 1), (2, 2), (3, 1), (3, 2)}
    one = alone(folder, {"epochs": "[2, 3]", "reps": "1..3"}, "grid-by-one", trials=9, workers=1)
    values = [{tuple(row["setting"].values()): row["value"] for row in of.record["trials"]} for of in (found, one)]
    assert values[0] == values[1]  # threads change no bit


def test_of_many_combinations_none_is_tried_twice(folder):
    found = alone(folder, {"epochs": "1..4", "batch": "[8, 16]", "reps": "[1]"}, "some", trials=5)
    assert len({tuple(setting.values()) for setting in settings(found.record)}) == 5


def test_a_setting_that_is_refused_is_recorded_with_its_reason(folder):
    over = {"optimizer": "[adam, sgd]", "optimizer.beta1": "[0.5, 0.9]"}
    found = alone(folder, over, "refused", trials=9)
    assert (found.record["done"], found.record["refused"], found.record["state"]) == (2, 2, "complete")
    wrong = [one for one in found.record["trials"] if one["state"] == "refused"]
    assert {one["setting"]["train.optimizer"] for one in wrong} == {"sgd"}
    assert {one["code"] for one in wrong} == {"E0224"}
    assert all("beta1" in one["reason"] for one in wrong)
    assert found.best["train.optimizer"] == "adam"


def test_refused_settings_take_no_trial_from_the_others(folder):
    found = alone(folder, {"optimizer": "[adam, sgd]", "optimizer.beta1": "uniform(0.5, 0.9)"}, "beside", trials=3)
    assert found.record["done"] == 3 or found.record["refused"] == 3


# ------------------------------------------------------------------ what is refused


def test_nothing_to_sweep_is_refused(folder):
    with refused("E0690"):
        hqnn.sweep(PLAIN, folder / "data.csv", out=folder / "none")


def test_a_sweep_needs_validation_rows(folder):
    with refused("E0691"):
        alone(folder, {"epochs": "[2, 3]"}, "none", set={"split.validation": 0})


def test_other_rows_are_not_compared(folder):
    with refused("E0695") as caught:
        alone(folder, {"split.validation": "[0.1, 0.2]"}, "rows", trials=2)
    assert "E0696" in str(caught.value)
    assert {one.code for one in read_sweep(folder / "rows").trials} == {"E0696"}


def test_a_sweep_is_gone_on_with_as_it_was_begun(done, folder):
    with refused("E0692"):
        run(folder, "done", {"optimizer.lr": "log(1e-3, 1)"}, resume=True)
    with refused("E0692"):
        run(folder, "done", resume=True, set={"epochs": 9})
    with refused("E0530"):
        run(folder, "done")


def test_what_is_complete_is_not_done_again(done, folder):
    again = run(folder, "done", resume=True)
    assert again.record["trials"] == done.record["trials"]
    assert again.record["tested"] == done.record["tested"]


def test_trials_can_be_added(folder):
    first = alone(folder, {"optimizer.lr": "uniform(0.01, 0.1)"}, "more", trials=2, workers=1)
    more = alone(folder, {"optimizer.lr": "uniform(0.01, 0.1)"}, "more", trials=4, resume=True, workers=1)
    assert more.record["trials"][:2] == first.record["trials"]
    assert (more.record["done"], more.record["state"]) == (4, "complete")
    whole = alone(folder, {"optimizer.lr": "uniform(0.01, 0.1)"}, "whole", trials=4, workers=1)
    assert settings(whole.record) == settings(more.record)


# ------------------------------------------------------------------ the command, breaks, several processes


def command(folder: Path, *words: str, wait_for: str = "") -> subprocess.Popen:
    """A process of the command; it has all packages loaded before it waits for a file."""
    program = (
        "import sys, time, os\n"
        "import hqnn_dsl.science.sweeping.sweep, optuna\n"
        f"while {wait_for!r} and not os.path.exists({wait_for!r}): time.sleep(0.02)\n"
        f"sys.argv = ['hqnn', *{words!r}]\n"
        "from hqnn_dsl.cli.main import main\n"
        "main()\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process: subprocess.Popen, is_so) -> None:
    while not is_so():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def done_in(path: Path) -> int:
    try:
        return json.loads((path / "sweep.json").read_text())["done"]
    except FileNotFoundError:
        return 0


LONG = ("--set", "epochs=60", "--trials", "6", "--workers", "1")


def test_a_sweep_goes_on_after_ctrl_c_and_after_a_kill(folder):
    out, words = folder / "broken", ("sweep", "small.hqnn", "data.csv", *LONG, "--out", "broken")
    process = command(folder, *words)
    until(process, lambda: done_in(out) >= 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "--resume" in said
    first = read_sweep(out)
    assert first.state == "unfinished"
    process = command(folder, *words, "--resume")
    until(process, lambda: done_in(out) >= first.done + 1)
    process.kill()
    process.communicate()
    killed = [one for one in read_sweep(out).trials if one.state == "done"]
    with (out / "journal.log").open("a") as journal:
        journal.write('{"op_code": 6, "worker')  # a line that a kill has cut
    found = run(folder, "broken", trials=6, resume=True, set={"epochs": 60})
    assert (found.record["done"], found.record["state"]) == (6, "complete")
    kept = {one["number"]: one for one in found.record["trials"]}
    assert all(kept[one.number] == one.model_dump() for one in killed)
    whole = run(folder, "unbroken", trials=6, set={"epochs": 60})
    finished = [(one["setting"], one["value"]) for one in found.record["trials"] if one["state"] == "done"]
    assert finished == [(one["setting"], one["value"]) for one in whole.record["trials"]]
    assert found.test_scores == whole.test_scores


@pytest.mark.slow
def test_two_processes_do_so_many_trials_together(folder):
    out = folder / "shared"
    first = command(folder, "sweep", "small.hqnn", "data.csv", *LONG[:2], "--trials", "8", "--out", "shared")
    second = command(folder, "sweep", "--join", "shared", wait_for=str(out / "sweep.json"))
    ends = [process.communicate() for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], ends
    found = read_sweep(out)
    assert (found.state, found.done, len(found.trials)) == ("complete", 8, 8)
    assert len({tuple(one.setting.values()) for one in found.trials}) == 8
    assert len({one.worker for one in found.trials}) == 2
    assert len(found.tested) == 1
    assert list((out / "workers").iterdir()) == []


def joined(folder: Path, capsys, *words: str) -> tuple[int, str]:
    with pytest.raises((SystemExit, Refusal)) as caught:
        app(["sweep", *words])
    output._as_json = False  # a process is one command
    code = caught.value.exit_code if isinstance(caught.value, Refusal) else caught.value.code
    said = capsys.readouterr()
    return code, said.out + said.err + str(caught.value)


def test_a_table_that_lies_elsewhere_is_given_and_checked(folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    moved = tmp_path / "moved.csv"
    frame().to_csv(moved, index=False)
    hqnn.sweep(PLAIN, moved, {"epochs": "[2, 3]"}, out=folder / "moved", progress=False)
    moved.unlink()
    code, said = joined(folder, capsys, "--join", "moved")
    assert (code, "E0694" in said) == (1, True)
    code, said = joined(folder, capsys, "--join", "moved", "data.csv", "--json")
    assert code == 0
    frame(40).to_csv(tmp_path / "other.csv", index=False)
    code, said = joined(folder, capsys, "--join", "moved", str(tmp_path / "other.csv"))
    assert (code, "E0692" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("small.hqnn",), "E0693", 2),
        (("small.hqnn", "data.csv", "--join", "done"), "E0693", 2),
        (("--join", "done", "--trials", "9"), "E0693", 2),
        (("--join", "nowhere"), "E0532", 1),
        (("small.hqnn", "data.csv", "--over", "width"), "E0605", 2),
        (("small.hqnn", "data.csv", "--trials", "0"), "E0605", 2),
        (("small.hqnn", "data.csv", "--set", "lr=0.1"), "E0232", 2),
    ],
)
def test_a_wrong_command_line_is_refused(words, code, exit_code, done, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    found, said = joined(folder, capsys, *words)
    assert code in said
    assert found == exit_code


def test_the_command_says_how_to_train_the_best(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    over = ["--over", "width=[2]", "--over", "optimizer.lr=[0.05, 0.1]", "--over", "reps=[1]"]
    assert joined(folder, capsys, "small.hqnn", "data.csv", *over, "--out", "said")[0] == 0
    with pytest.raises(SystemExit):
        app(["sweep", "--join", "said"])
    said = capsys.readouterr().out
    assert "hqnn train said/best.hqnn" in said
    assert "test rows, scored once, for the best trial only: rmse" in said
