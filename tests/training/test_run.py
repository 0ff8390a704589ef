"""A run directory: what is in it, that it says the truth, and that it can be read back."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from toy_model import layer_of, make_spec, toy_program

from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.data.transforms.scales import Linear
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import DataSpec
from hqnn_dsl.training.evaluate import evaluate, predict_inputs
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.metrics import REGRESSION
from hqnn_dsl.training.predictions import predict_frame as predict
from hqnn_dsl.training.run import train
from hqnn_dsl.training.run_on_disk import load_run

QUIET = Watch(progress=False)
YACHT = Path(__file__).parents[2] / "specs" / "data" / "yacht.csv"
FILES = {
    "spec.hqnn",
    "spec.resolved.hqnn",
    "preprocess.json",
    "metrics.json",
    "history.csv",
    "timing.csv",
    "predictions.csv",
    "environment.json",
    "checkpoints/best.pt",
    "checkpoints/last.pt",
    "plots/losses.png",
    "plots/predictions.png",
}


def toy_frame(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Two unlike targets of three features."""
    draw = np.random.default_rng(seed)
    a, b = draw.normal(10, 3, rows), draw.uniform(-1, 1, rows)
    c = np.random.default_rng(seed + 1).normal(4, 1, rows)
    return pd.DataFrame({"a": a, "b": b, "c": c, "u": 100 + 20 * np.sin(a / 3) + draw.normal(0, 1, rows), "v": b**2})


TWO = "target u, v"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    program = toy_program(data=TWO, epochs=4)
    table = read_table(toy_frame())
    out = tmp_path_factory.mktemp("runs") / "toy"
    return program, table, train(program, table, out, watch=QUIET)


def test_the_run_directory_is_whole(finished):
    program, _, result = finished
    assert {str(path.relative_to(result.path)) for path in result.path.rglob("*") if path.is_file()} == FILES
    assert (result.path / "spec.hqnn").read_text() == program.source.text
    assert (result.path / "spec.resolved.hqnn").read_text() == program.resolved
    for plot in (result.path / "plots").iterdir():
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_metrics_have_the_documented_form(finished):
    _, _, result = finished
    metrics = json.loads((result.path / "metrics.json").read_text())
    assert metrics.pop("version") == 2
    assert set(metrics.pop("files")) == {"spec.resolved.hqnn", "preprocess.json", "history.csv", "predictions.csv"}
    assert len(metrics.pop("trains")) == 64
    assert metrics == result.metrics
    assert list(metrics) == ["task", "train", "validation", "test", "baselines"]
    assert list(metrics["baselines"]) == ["mean", "least_squares", "gradient_boosting"]
    for part in (metrics["train"], metrics["validation"], metrics["test"], *metrics["baselines"].values()):
        assert list(part) == [*REGRESSION, "loss", "targets"]
        assert {name: list(values) for name, values in part["targets"].items()} == {
            name: list(REGRESSION) for name in "uv"
        }


PREDICT = """
import sys
from pathlib import Path
import pandas as pd
from hqnn_dsl.training.predictions import predict_frame as predict
from hqnn_dsl.training.run_on_disk import load_run
from hqnn_dsl.data.tables import read_table
run = load_run(Path(sys.argv[1]))
table = read_table(pd.DataFrame({"a": [9.0], "b": [0.5], "c": [4.0]}))
found = predict(run.network(run.program()), run.preparation, table)
print(found.shape, "sklearn" in sys.modules)
"""


def test_predicting_takes_no_time_for_importing_scikit_learn(finished):
    _, _, result = finished
    command = [sys.executable, "-c", PREDICT, str(result.path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "(1, 2) False\n"


def test_metrics_are_those_of_scikit_learn_in_the_targets_units(finished):
    _, table, result = finished
    written = pd.read_csv(result.path / "predictions.csv")
    rows = result.preparation.parts.test
    assert written["row"].tolist() == rows.tolist()
    true = written[["u_true", "v_true"]].to_numpy()
    predicted = written[["u_predicted", "v_predicted"]].to_numpy()
    np.testing.assert_array_equal(true, table.frame.loc[rows, ["u", "v"]])
    test = result.metrics["test"]
    assert test["rmse"] == pytest.approx(root_mean_squared_error(true, predicted))
    assert test["mae"] == pytest.approx(mean_absolute_error(true, predicted))
    assert test["r2"] == pytest.approx(r2_score(true, predicted))
    assert test["targets"]["u"]["rmse"] == pytest.approx(root_mean_squared_error(true[:, 0], predicted[:, 0]))
    scales = np.array([scale.scale for scale in result.preparation.target.scales])
    assert test["loss"] == pytest.approx(np.mean(((true - predicted) / scales) ** 2))


def test_statistics_come_from_training_rows_alone(finished):
    _, table, result = finished
    preprocess = json.loads((result.path / "preprocess.json").read_text())
    parts = preprocess["split"]
    assert sorted(parts["train"] + parts["validation"] + parts["test"]) == list(range(60))
    assert [column["name"] for column in preprocess["features"]] == ["a", "b", "c"]
    assert preprocess["target"]["names"] == ["u", "v"]
    for names, scales in (
        (["a", "b", "c"], [column["scale"] for column in preprocess["features"]]),
        (["u", "v"], preprocess["target"]["scales"]),
    ):
        training = table.frame.loc[parts["train"], names]
        np.testing.assert_allclose([scale["mean"] for scale in scales], training.mean(), rtol=1e-12)
        expected = training.std(ddof=0).where(training.std(ddof=0) > 1e-9, 1.0)
        np.testing.assert_allclose([scale["scale"] for scale in scales], expected, rtol=1e-9)
        everything = table.frame[names]
        assert abs(scales[0]["mean"] - everything.mean().iloc[0]) > 1e-6


def test_baselines_are_fitted_on_training_rows_and_judged_on_test_rows(finished):
    _, table, result = finished
    parts = result.preparation.parts
    features, targets = table.frame[["a", "b", "c"]].to_numpy(), table.frame[["u", "v"]].to_numpy()
    fitted = LinearRegression().fit(features[parts.train], targets[parts.train])
    expected = root_mean_squared_error(targets[parts.test], fitted.predict(features[parts.test]))
    assert result.metrics["baselines"]["least_squares"]["rmse"] == pytest.approx(expected)
    mean = np.broadcast_to(targets[parts.train].mean(axis=0), targets[parts.test].shape)
    expected = root_mean_squared_error(targets[parts.test], mean)
    assert result.metrics["baselines"]["mean"]["rmse"] == pytest.approx(expected)


def test_scores_are_those_of_the_best_checkpoint(tmp_path):
    # A rate so large that the last epoch is not the best one.
    program = toy_program(data=TWO, epochs=8, optimizer="adam(lr: 3)")
    result = train(program, read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    history = pd.read_csv(result.path / "history.csv")
    best = int(history["validation_loss"].idxmin())
    assert best < len(history) - 1
    assert (
        result.fitted.best_epoch
        == best + 1
        == json.loads((result.path / "environment.json").read_text())["run"]["best_epoch"]
    )
    assert result.metrics["validation"]["loss"] == pytest.approx(history["validation_loss"][best], rel=1e-4)
    saved = torch.load(result.path / "checkpoints" / "best.pt", weights_only=True)
    assert saved["epoch"] == best + 1
    for name, weight in result.net.state_dict().items():
        assert torch.equal(weight, saved["model"][name])
    last = torch.load(result.path / "checkpoints" / "last.pt", weights_only=True)
    assert not torch.equal(last["model"]["encoder.0.weight"], saved["model"]["encoder.0.weight"])


def test_predictions_survive_the_disk_to_the_bit(finished):
    _, table, result = finished
    run = load_run(result.path)
    net = run.network(run.program())
    expected = predict(result.net, result.preparation, table)
    found = predict(net, run.preparation, table)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert list(found.columns) == ["u", "v"]
    written = pd.read_csv(result.path / "predictions.csv")
    np.testing.assert_array_equal(written["u_predicted"], found["u"].iloc[written["row"]])


def test_predicting_needs_the_features_only_in_any_order(finished):
    _, table, result = finished
    frame = table.frame[["c", "b", "a"]].set_index(pd.Index([f"row {row}" for row in range(60)]))
    found = predict(result.net, result.preparation, read_table(frame))
    assert found.index[3] == "row 3"
    np.testing.assert_array_equal(found.to_numpy(), predict(result.net, result.preparation, table).to_numpy())
    with pytest.raises(Refusal) as caught:
        predict(result.net, result.preparation, read_table(frame.rename(columns={"a": "A"})))
    assert caught.value.diagnostics[0].code == "E0523"


def test_evaluation_knows_the_table_it_was_trained_on(finished):
    _, table, result = finished
    found = evaluate(result.net, result.preparation, table)
    assert {name: found[name] for name in ("train", "validation", "test")} == {
        name: result.metrics[name] for name in ("train", "validation", "test")
    }
    other = evaluate(result.net, result.preparation, read_table(toy_frame(rows=20, seed=1)))
    assert list(other) == ["all"]
    with pytest.raises(Refusal) as caught:
        evaluate(result.net, result.preparation, read_table(table.frame.drop(columns="v")))
    assert caught.value.diagnostics[0].code == "E0523"


def test_one_seed_gives_the_same_run_twice_to_the_bit(tmp_path):
    lines = "dense(4); dropout; dense(2); tanh"
    program = toy_program(data=TWO, epochs=3, encoder=lines)
    table = read_table(toy_frame())
    results = [train(program, table, tmp_path / str(number), watch=QUIET) for number in range(2)]
    for file in ("history.csv", "metrics.json", "predictions.csv", "preprocess.json"):
        first, second = ((result.path / file).read_bytes() for result in results)
        assert first == second, file
    other = toy_program(data=TWO, epochs=3, encoder=lines, seed=8)
    third = train(other, table, tmp_path / "other", watch=QUIET)
    assert (third.path / "history.csv").read_bytes() != (results[0].path / "history.csv").read_bytes()


def test_training_leaves_the_global_generators_alone(tmp_path):
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    train(toy_program(data=TWO, epochs=1), read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.usefixtures("printed_notices")
def test_the_target_is_the_last_column_unless_named(tmp_path, capsys):
    program = toy_program(epochs=1)
    result = train(program, read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    assert result.preparation.target.names == ("v",)
    assert "target: `v`" in capsys.readouterr().err
    assert list(pd.read_csv(result.path / "predictions.csv")) == ["row", "v_true", "v_predicted"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("target w", "E0510"),
        ("split validation: 30, test: 30", "E0521"),
        ("features * except a, b, c, u", "E0518"),
    ],
)
def test_bad_data_leaves_no_folder(tmp_path, data, code):
    program, out = toy_program(data=data, epochs=1), tmp_path / "r"
    with pytest.raises(Refusal) as caught:
        train(program, read_table(toy_frame()), out, watch=QUIET)
    assert caught.value.diagnostics[0].code == code
    assert not out.exists()


def test_widths_that_do_not_fit_are_refused_before_anything_is_built():
    spec = make_spec(data=DataSpec(target=("u", "v")), encoder=(), in_width=2, decoder=(layer_of("dense", 2, 1),))
    with pytest.raises(Refusal) as caught:
        prepare(spec, read_table(toy_frame()))
    assert [item.code for item in caught.value.diagnostics] == ["E0519", "E0520"]
    assert "reads 2 features, `the frame` gives 3" in caught.value.diagnostics[0].headline


def test_values_beyond_single_precision_are_refused(tmp_path):
    frame = toy_frame().assign(a=1e39 * np.arange(60))
    program = toy_program(data="target u; scale features: none")
    with pytest.raises(Refusal) as caught:
        train(program, read_table(frame), tmp_path / "r", watch=QUIET)
    assert caught.value.diagnostics[0].code == "E0522"


def test_unscaled_columns_keep_their_units(tmp_path):
    program = toy_program(data="target v; scale features: none, target: none", epochs=1)
    result = train(program, read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    assert result.preparation.target.scales == (Linear("none", 0.0, 1.0),)
    assert result.metrics["test"]["loss"] == pytest.approx(result.metrics["test"]["rmse"] ** 2)


def test_without_test_or_validation_rows_their_scores_are_missing_not_invented(tmp_path):
    program = toy_program(data="target u; split validation: 0, test: 0", epochs=2)
    result = train(program, read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    assert result.metrics["validation"] is None
    assert result.metrics["test"] is None
    assert result.metrics["baselines"] == dict.fromkeys(("mean", "least_squares", "gradient_boosting"))
    rows = list(csv.DictReader((result.path / "history.csv").open()))
    assert [row["validation_loss"] for row in rows] == ["", ""]
    assert len(pd.read_csv(result.path / "predictions.csv")) == 0


def test_r2_of_one_row_is_missing(tmp_path):
    program = toy_program(data="target u; split validation: 5, test: 1", epochs=1)
    result = train(program, read_table(toy_frame()), tmp_path / "r", watch=QUIET)
    assert result.metrics["test"]["r2"] is None
    assert result.metrics["test"]["rmse"] > 0


def test_nothing_is_overwritten(tmp_path):
    out = tmp_path / "r"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(Refusal) as caught:
        train(toy_program(data=TWO), read_table(toy_frame()), out, watch=QUIET)
    assert caught.value.diagnostics[0].code == "E0530"
    assert caught.value.exit_code == 2
    assert (out / "mine.txt").read_text() == "keep"


def test_an_empty_folder_may_be_given(tmp_path):
    out = tmp_path / "r"
    out.mkdir()
    assert train(toy_program(data=TWO, epochs=1), read_table(toy_frame()), out, watch=QUIET).path == out


def test_runs_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = toy_program(data=TWO, epochs=1)
    (tmp_path / "runs" / "toy-7").mkdir(parents=True)
    (tmp_path / "runs" / "toy-x").mkdir()
    paths = [train(program, read_table(toy_frame()), watch=QUIET).path for _ in range(2)]
    assert [str(path) for path in paths] == ["runs/toy-8", "runs/toy-9"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal) as caught:
        train(toy_program(data=TWO), read_table(toy_frame()), tmp_path / "file" / "r", watch=QUIET)
    assert caught.value.diagnostics[0].code == "E0531"


def test_the_environment_says_what_ran_and_no_path(finished):
    _, _, result = finished
    text = (result.path / "environment.json").read_text()
    found = json.loads(text)
    assert found["packages"]["torch"] == metadata.version("torch")
    assert found["backend"]["metadata"]["device"] == "cpu"
    assert found["run"]["weights"] == {"classical": 3 * 2 + 2 + 2 * 2 + 2, "quantum": 4}
    assert found["seeds"]["root"] == 7
    assert not re.search(r"\"/|runs", text)


@pytest.mark.parametrize(
    ("damage", "code", "word"),
    [
        (lambda run: (run / "checkpoints" / "best.pt").unlink(), "E0532", "best.pt"),
        (lambda run: (run / "checkpoints" / "best.pt").write_bytes(b"PK no"), "E0533", "best.pt"),
        (lambda run: torch.save([1], run / "checkpoints" / "best.pt"), "E0533", "no checkpoint"),
        (lambda run: (run / "preprocess.json").write_text("{}"), "E0533", "preprocess.json"),
        (lambda run: (run / "preprocess.json").write_text("{"), "E0533", "preprocess.json"),
        (lambda run: (run / "spec.resolved.hqnn").unlink(), "E0532", "spec.resolved.hqnn"),
    ],
)
def test_damaged_runs_are_refused(finished, tmp_path, damage, code, word):
    import shutil

    _, _, result = finished
    copied = tmp_path / "r"
    shutil.copytree(result.path, copied)
    damage(copied)
    with pytest.raises(Refusal) as caught:
        load_run(copied)
    assert caught.value.diagnostics[0].code == code
    assert word in caught.value.diagnostics[0].headline


def test_weights_that_do_not_fit_the_spec_are_refused(finished):
    _, _, result = finished
    other = toy_program(data=TWO, decoder="dense(5); dense")
    with pytest.raises(Refusal) as caught:
        load_run(result.path).network(other)
    assert caught.value.diagnostics[0].code == "E0533"


def test_target_names_with_dollar_signs_are_drawn(tmp_path):
    frame = toy_frame().rename(columns={"v": "price $a_{ (in $)"})
    result = train(toy_program(epochs=1), read_table(frame), tmp_path / "r", watch=QUIET)
    assert (result.path / "plots" / "predictions.png").stat().st_size > 1000


def test_a_circuit_learns_the_yacht_better_than_least_squares(tmp_path):
    program = toy_program(epochs=15, batch=32, optimizer="adam(lr: 0.05)")
    result = train(program, read_table(YACHT), tmp_path / "r", watch=QUIET)
    assert result.metrics["test"]["rmse"] < result.metrics["baselines"]["least_squares"]["rmse"]
    everything = predict_inputs(
        result.net, result.preparation, result.preparation.features.transform(read_table(YACHT))
    )
    assert everything.values.shape == (308, 1)
