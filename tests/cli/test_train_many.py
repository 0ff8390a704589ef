"""`hqnn train` with folds, repetitions, seeds and rows: what is printed, written and refused, and the exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.cli.main import main

ROOT = Path(__file__).parents[2]
SPEC = """\
hqnn 1
model toy {
  data { target y; features a, b }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 3; batch 8; stop none; seed 7 }
  backend reference
}
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(60, 2)), columns=["a", "b"])
    frame.assign(y=frame["a"] - frame["b"], part="train").to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "model.hqnn").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hqnn(place, capsys, monkeypatch):
    def call(*words: str):
        monkeypatch.setattr(sys, "argv", ["hqnn", *words])
        monkeypatch.setattr("hqnn_dsl.cli.output._as_json", False)
        try:
            main()
        except SystemExit as left:
            code = left.code
        else:
            code = 0
        said = capsys.readouterr()
        return code or 0, said.out, said.err

    return call


def train(hqnn, *words: str):
    return hqnn("train", "model.hqnn", "data.csv", *words)


def test_folds_are_printed_a_line_each_and_together(hqnn, place):
    code, out, err = train(hqnn, "--folds", "3", "--repeats", "2")
    assert code == 0
    assert "6 trainings: 3 folds, 2 repetitions" in err
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["training", "repetition", "fold", "epochs"]
    assert [line.split()[:4] for line in lines[2:8]] == [
        [str(number), f"{(number - 1) // 3 + 1}/2", f"{(number - 1) % 3 + 1}/3", "3"] for number in range(1, 7)
    ]
    assert any(line.startswith("toy") and " ± " in line for line in lines)
    assert any(line.startswith("least squares") for line in lines)
    assert "± is the standard error over 6 folds (3 folds, 2 repetitions)" in out
    assert "verdict: " in out
    assert "better than least squares" in out or "worse than least squares" in out or "no clear difference" in out
    assert lines[-1] == f"all scores: {Path('runs') / 'toy-cv-1'}"
    assert sorted(path.name for path in (place / "runs" / "toy-cv-1").iterdir()) == ["cv.json", "trainings"]


def test_json_is_the_record(hqnn, place):
    code, out, err = train(hqnn, "--seeds", "2", "--rows", "20,all", "--json")
    assert code == 0
    found = json.loads(out)
    stored = json.loads((place / found.pop("cross_validation") / "cv.json").read_text())
    assert found == {name: value for name, value in stored.items() if name != "version"}
    assert [(line["rows"], line["seed"]) for line in found["trainings"]] == [(20, 7), (20, 8), (None, 7), (None, 8)]
    assert "4 trainings: 2 seeds, rows 20, all" in err


def test_gradient_boosting_that_cannot_split_so_few_rows_is_not_compared_with(hqnn):
    code, out, _ = train(hqnn, "--seeds", "2", "--rows", "20,all")
    assert code == 0
    few, all_rows = (line for line in out.splitlines() if line.startswith("verdict: "))
    assert few.endswith("; gradient boosting could not split the training rows and predicts their mean")
    assert few.count("gradient boosting") == 1
    assert "could not split" not in all_rows
    assert "gradient boosting (" in all_rows


def test_a_learning_curve_has_a_line_for_each_number_of_rows(hqnn):
    code, out, _ = train(hqnn, "--folds", "2", "--rows", "10,20")
    assert code == 0
    assert "rows  mean of the test rows" in out
    assert "verdict: 10 rows: " in out
    assert "verdict: 20 rows: " in out


def test_means_in_a_narrow_terminal_have_their_heading_once(hqnn, monkeypatch):
    monkeypatch.setattr("hqnn_dsl.cli.train_many.width_of", lambda _: 60)
    code, out, _ = train(hqnn, "--folds", "2", "--rows", "20,all")
    assert code == 0
    lines = out[: out.index("± is")].splitlines()
    at = lines.index("mean of the test rows:")
    assert out.count("mean of the test rows") == 1
    begins = [line.split(" RMSE ")[0] for line in lines[at + 1 :] if not line.startswith(" ")]
    names = ("toy", "the mean", "least squares", "gradient boosting")
    assert begins == [f"rows {rows}, {name}:" for rows in ("20", "all") for name in names]
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("training 1, rows 20, fold 1/2, epochs 3: RMSE ")


def test_one_training_with_rows_has_no_standard_error(hqnn):
    code, out, _ = train(hqnn, "--rows", "20")
    assert code == 0
    assert "± is" not in out
    assert " ± " not in out
    assert "in the one training" in out


def test_runs_are_kept_on_demand_and_predict(hqnn, place):
    code, _, _ = train(hqnn, "--folds", "2", "--keep-runs", "--out", "cv")
    assert code == 0
    assert sorted(path.name for path in (place / "cv" / "runs").iterdir()) == ["0001", "0002"]
    code, out, _ = hqnn("predict", "cv/runs/0002", "data.csv")
    assert code == 0
    assert out.splitlines()[0].startswith("line,y_predicted")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--folds", "1"], 2, "error[E0605]: `--folds` takes a number of folds, at least 2, not `1`"),
        (["--folds", "x"], 2, "--folds"),
        (["--folds", "400"], 2, "error[E0598]: `--folds 400` cannot be done: the table has 60 rows"),
        (["--folds", "5", "--rows", "5000"], 2, "`--rows 5000` cannot be done: there are 48 rows to learn from"),
        (["--rows", "5000"], 2, "`--rows 5000` cannot be done: there are 51 rows to learn from"),
        (["--rows", "10;20"], 2, "such as `25,50,100,all`, not `10;20`"),
        (["--rows", ""], 2, "not `nothing`"),
        (["--rows", "0"], 2, "not `0`"),
        (["--seeds", "0"], 2, "error[E0605]: `--seeds` takes a number of seeds from 1 to 10000, not `0`"),
        (["--repeats", "2"], 2, "error[E0599]: `--repeats` does not go here: there are no folds to repeat"),
        (["--folds", "5", "--repeats", "0"], 2, "`--repeats` takes how often the folds are drawn, at least 1, not `0`"),
        (["--keep-runs"], 2, "error[E0599]: `--keep-runs` does not go here: one training always keeps its run"),
        (["--folds", "2", "--resume"], 2, "`--resume` takes the run's folder beside it, as --out RUN"),
        (["--folds", "2", "--resume", "--out", "nosuch"], 1, "`nosuch` is not a run: it has no `cv.json`"),
        (["--folds", "2", "--out", "data.csv"], 2, "`data.csv` exists already"),
        (["--folds", "2", "--set", "split.by=column(part)"], 2, "error[E0599]: `--folds 2` does not go here"),
        (["--folds", "2", "--set", "split.by=group(ship)"], 2, "error[E0510]"),
        (["--fold", "2"], 2, "did you mean `--folds`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_before_anything_is_trained(hqnn, place, words, code, says):
    found, out, err = train(hqnn, *words)
    assert says in err
    assert found == code
    assert out == ""
    assert not (place / "runs").exists()


def test_folders_of_one_kind_are_not_gone_on_with_as_the_other(hqnn):
    assert train(hqnn, "--out", "one")[0] == 0
    assert train(hqnn, "--folds", "2", "--out", "many")[0] == 0
    code, _, err = train(hqnn, "--folds", "2", "--out", "one")
    assert (code, "error[E0530]: `one` exists already" in err) == (2, True)
    code, _, err = train(hqnn, "--folds", "2", "--out", "one", "--resume")
    assert (code, "`one` is the run of one training" in err) == (2, True)
    code, _, err = train(hqnn, "--folds", "3", "--out", "many", "--resume")
    assert (code, "it was begun as 2 trainings: 2 folds, not 3 trainings: 3 folds" in err) == (1, True)
    code, _, err = train(hqnn, "--out", "many")
    assert (code, "error[E0530]: `many` exists already" in err) == (2, True)
    code, out, _ = train(hqnn, "--out", "many", "--resume")
    assert (code, out.splitlines()[-1]) == (0, "all scores: many")
    code, _, err = hqnn("predict", "many", "data.csv")
    assert code == 1
    assert "it has the scores of many trainings: train once for a network, `hqnn train SPEC DATA`" in err


def test_a_fold_that_fails_is_named_and_the_exit_code_says_so(hqnn, place):
    frame = pd.read_csv(place / "data.csv")
    frame.loc[3, "y"] = 3e38
    frame.to_csv(place / "data.csv", index=False)
    scaled = ("--set", "scale.target=none", "--set", "loss=mse")
    code, out, err = train(hqnn, "--folds", "3", *scaled)
    assert code == 1
    assert out.count(" failed") >= 2
    assert "[E0540]" in out
    assert "to go on: hqnn train model.hqnn data.csv --out runs/toy-cv-1 --resume --set scale.target=none" in err


def test_ctrl_c_gives_what_is_done_and_the_command_to_go_on(place):
    (place / "model.hqnn").write_text(SPEC.replace("epochs 3", "epochs 400"))
    command = [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()", "train", "model.hqnn", "data.csv"]
    with subprocess.Popen(
        [*command, "--folds", "6", "--out", "cv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place
    ) as running:
        deadline = time.monotonic() + 120
        while not (place / "cv" / "trainings" / "0001.json").exists():
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert out.splitlines()[2].split()[:3] == ["1", "1/6", "400"]
    assert "verdict: " in out
    assert "to go on: hqnn train model.hqnn data.csv --out cv --resume" in err


def test_many_trainings_are_listed_with_the_means_of_their_scores(hqnn, place):
    assert train(hqnn, "--folds", "2", "--out", "runs/cv")[0] == 0
    mean = json.loads((place / "runs" / "cv" / "cv.json").read_text())["summary"][0]["scores"]["rmse"]["mean"]
    code, out, _ = hqnn("runs")
    assert code == 0
    assert out.splitlines()[2].split()[:4] == ["cv", "complete", "-", f"{mean:.4g}"]
    assert "cv: means over 2 trainings." in out
    code, out, _ = hqnn("runs", "--json")
    assert json.loads(out)["runs"][0]["scores"]["rmse"] == mean
    assert json.loads(out)["runs"][0]["trainings"] == 2
    (place / "runs" / "cv" / "cv.json").write_text("{}")
    code, out, _ = hqnn("runs")
    assert "cv.json cannot be used" in out


def test_a_learning_curve_is_listed_with_the_scores_of_its_last_number_of_rows(hqnn, place):
    assert train(hqnn, "--rows", "10,20", "--seeds", "2", "--out", "runs/cv")[0] == 0
    last = json.loads((place / "runs" / "cv" / "cv.json").read_text())["summary"][1]["scores"]["rmse"]["mean"]
    _, out, _ = hqnn("runs")
    assert out.splitlines()[2].split()[3] == f"{last:.4g}"
    assert "cv: means over 2 trainings from 20 rows." in out


def test_a_curve_is_listed_with_the_trainings_that_its_means_are_of(hqnn, place):
    assert train(hqnn, "--folds", "2", "--rows", "12,all", "--out", "runs/cv")[0] == 0
    trainings = json.loads((place / "runs" / "cv" / "cv.json").read_text())["trainings"]
    scores = [one["scores"]["rmse"] for one in trainings if one["rows"] is None]
    row = json.loads(hqnn("runs", "--json")[1])["runs"][0]
    assert (len(trainings), len(scores), row["trainings"]) == (4, 2, 2)
    assert row["scores"]["rmse"] == pytest.approx(np.mean(scores))
    assert "cv: means over 2 trainings from all rows." in hqnn("runs")[1]


def test_scores_of_other_rows_are_not_listed_as_those_of_test_rows(hqnn, place):
    assert train(hqnn, "--seeds", "2", "--set", "split.test=0", "--out", "runs/cv")[0] == 0
    assert json.loads((place / "runs" / "cv" / "cv.json").read_text())["summary"][0]["part"] == "validation"
    assert json.loads(hqnn("runs", "--json")[1])["runs"][0]["scores"] == {}
    out = hqnn("runs")[1]
    assert set(out.splitlines()[2].split()[2:]) == {"-"}
    assert "means over" not in out


def test_classes_are_stratified_and_scored_as_classes(hqnn, place):
    frame = pd.read_csv(place / "data.csv")
    frame["y"] = np.where(frame["y"] > 1.0, "large", "small")
    frame.to_csv(place / "data.csv", index=False)
    code, out, _ = train(hqnn, "--folds", "4", "--json")
    assert code == 0
    record = json.loads(out)
    assert record["task"] == "classification"
    large = set(np.flatnonzero(frame["y"] == "large"))
    files = sorted((place / record["cross_validation"] / "trainings").iterdir())
    shares = [len(large & set(json.loads(file.read_text())["parts"]["test"])) for file in files]
    assert max(shares) - min(shares) <= 1
    assert record["summary"][0]["main"] == "balanced_accuracy"
    assert {"majority", "logistic"} <= set(record["summary"][0]["baselines"])
    code, out, _ = train(hqnn, "--out", record["cross_validation"], "--resume")
    assert out.splitlines()[0].split()[:3] == ["training", "fold", "epochs"]
    assert "the majority (balanced accuracy " in out.replace("\n", " ")


def test_the_help_names_the_options(hqnn):
    code, out, _ = hqnn("train", "--help")
    assert code == 0
    for option in ("--folds", "--repeats", "--seeds", "--rows", "--keep-runs"):
        assert option in out
