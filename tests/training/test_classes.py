"""Classes through a run: weights, scores, predictions, pictures, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.figures import draw_confusion

SPEC = """hqnn 1
model sorts {
  data { target kind; task classification; features a, b; DATA }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { DECODER }
  train { epochs 6; batch 16; device cpu; stop none; optimizer adamw(lr: 0.05); TRAIN }
  backend BACKEND
}
"""
ROWS = 150
LABELS = ("high", "low", "mid $a_{")


def frame(labels=LABELS) -> pd.DataFrame:
    draw = np.random.default_rng(8)
    a, b = draw.normal(size=ROWS), draw.normal(size=ROWS)
    number = np.where(a + 0.4 * draw.normal(size=ROWS) > 0.6, 0, np.where(b > -0.3, 1, 2))
    kinds = np.array(labels)[np.minimum(number, len(labels) - 1)]
    return pd.DataFrame(
        {"a": a, "b": b, "w": draw.random(ROWS) + 0.1, "id": [f"{n:03}" for n in range(ROWS)], "kind": kinds}
    )


def spec(train="", data="", decoder="dense", backend="reference"):
    parts = {"TRAIN": train, "DATA": data, "DECODER": decoder, "BACKEND": backend}
    text = SPEC
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def trained(path, *settings, table=None, **options):
    """A run without a word of how the task was found; settings are those of `spec`."""
    given = {name: options.pop(name) for name in ("train", "data", "decoder", "backend") if name in options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hqnn.HQNNWarning)
        return hqnn.train(
            spec(*settings, **given), frame() if table is None else table, path, progress=False, **options
        )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        "plain": trained(folder / "plain"),
        "weighted": trained(folder / "weighted", "class_weights balanced", "weights w"),
        "focal": trained(folder / "focal", "loss focal(1)"),
        "two": trained(folder / "two", decoder="dense(1)", table=frame((0, 1))),
    }


def rows_of(run, part):
    return getattr(run.preparation.parts, part)


def test_scores_are_those_of_the_predictions(runs):
    run, table = runs["plain"], frame()
    rows = rows_of(run, "test")
    true, found = table["kind"].iloc[rows], run.predict(table).iloc[rows]
    probabilities = found[[f"kind_p_{label}" for label in LABELS]].to_numpy()
    test = run.metrics["test"]
    assert run.metrics["task"] == "classification"
    assert test["accuracy"] == metrics.accuracy_score(true, found["kind"])
    assert test["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, found["kind"]))
    assert test["log_loss"] == pytest.approx(metrics.log_loss(true, probabilities))
    assert test["roc_auc"] == pytest.approx(metrics.roc_auc_score(true, probabilities, multi_class="ovr"))
    assert test["confusion"] == metrics.confusion_matrix(true, found["kind"]).tolist()
    assert test["loss"] == pytest.approx(test["log_loss"])
    assert [one["rows"] for one in test["classes"].values()] == [(true == label).sum() for label in LABELS]
    assert list(run.metrics["baselines"]) == ["majority", "logistic", "gradient_boosting"]


@pytest.mark.parametrize("name", ["plain", "weighted", "focal", "two"])
def test_the_loss_of_the_validation_rows_is_that_of_the_best_epoch(runs, name):
    assert runs[name].metrics["validation"]["loss"] == pytest.approx(
        runs[name].history["validation_loss"].min(), rel=1e-5
    )


@pytest.mark.parametrize("name", ["plain", "weighted", "focal", "two"])
def test_a_stored_run_predicts_and_scores_the_same(runs, name):
    run, table = runs[name], frame((0, 1)) if name == "two" else frame()
    opened = hqnn.open_run(run.path)
    assert opened.metrics == run.metrics
    pd.testing.assert_frame_equal(opened.predict(table), run.predict(table))
    found = opened.evaluate(table)
    assert {part: found[part] for part in ("train", "validation", "test")} == {
        part: run.metrics[part] for part in ("train", "validation", "test")
    }


def test_balanced_weights_are_those_of_scikit_learn_on_the_training_rows(runs):
    run = runs["weighted"]
    trained_on = frame()["kind"].iloc[rows_of(run, "train")]
    expected = compute_class_weight("balanced", classes=np.array(LABELS), y=trained_on)
    assert run.preparation.class_weights == pytest.approx(tuple(expected))
    assert json.loads((run.path / "preprocess.json").read_text())["class_weights"] == pytest.approx(list(expected))


def test_losses_weigh_rows_and_classes_scores_rows_alone(runs):
    run, table = runs["weighted"], frame()
    for part in ("train", "validation", "test"):
        rows = rows_of(run, part)
        some, numbers = table.iloc[rows], np.searchsorted(LABELS, table["kind"].iloc[rows])
        weights = some["w"].to_numpy() * np.array(run.preparation.class_weights)[numbers]
        probabilities = run.predict(some)[[f"kind_p_{label}" for label in LABELS]].to_numpy()
        scores = run.metrics[part]
        each = -np.log(probabilities[np.arange(len(rows)), numbers])
        assert scores["loss"] == pytest.approx(np.average(each, weights=weights), rel=1e-6)
        assert scores["log_loss"] == pytest.approx(np.average(each, weights=some["w"]), rel=1e-6)
        right = probabilities.argmax(axis=1) == numbers
        assert scores["accuracy"] == pytest.approx(np.average(right, weights=some["w"]))
    assert np.sum(run.metrics["test"]["confusion"]) == pytest.approx(table["w"].iloc[rows].sum())


def test_evaluation_of_another_table_is_weighted_and_needs_the_weights(runs):
    table = frame().iloc[:60].assign(w=np.arange(60.0))
    found = runs["weighted"].evaluate(table)
    assert set(found) == {"all"}
    guess = runs["weighted"].predict(table)["kind"]
    assert found["all"]["accuracy"] == pytest.approx(
        metrics.accuracy_score(table["kind"], guess, sample_weight=table["w"])
    )
    with pytest.raises(Refusal, match="E0523"):
        runs["weighted"].evaluate(table.drop(columns="w"))
    with pytest.raises(Refusal, match="E0592"):
        runs["weighted"].evaluate(table.assign(w=0.0))
    runs["weighted"].predict(table.drop(columns=["w", "kind"]))


def test_given_weights_are_found_by_label_in_any_order(tmp_path):
    run = trained(tmp_path / "r", 'class_weights low: 1, "mid $a_{": 2, high: 3')
    assert run.preparation.class_weights == (3.0, 1.0, 2.0)
    two = trained(tmp_path / "t", 'class_weights "1.0": 5, "0": 1', decoder="dense(1)", table=frame((0, 1)))
    assert two.preparation.class_weights == (1.0, 5.0)


def test_a_class_without_a_weight_is_refused_at_its_place(tmp_path):
    with pytest.raises(Refusal, match="E0590") as caught:
        trained(tmp_path / "r", "class_weights low: 1, high: 3")
    (item,) = caught.value.diagnostics
    assert "`mid $a_{`" in item.headline
    assert item.span.source.text[item.span.start : item.span.end].startswith("class_weights")
    assert not (tmp_path / "r").exists()


def test_a_part_whose_rows_weigh_nothing_is_refused(tmp_path, runs):
    table = frame()
    table.loc[table.index[rows_of(runs["plain"], "validation")], "w"] = 0.0
    with pytest.raises(Refusal, match="E0592") as caught:
        trained(tmp_path / "r", data="weights w", table=table)
    assert "the validation rows" in caught.value.diagnostics[0].headline


@pytest.mark.parametrize(("given", "by"), [
    ({"data": "weights w"}, "weights"), ({"train": "class_weights balanced"}, "class_weights"),
])  # fmt: skip
def test_a_loss_function_of_python_does_not_know_of_weights(tmp_path, given, by):
    with pytest.raises(Refusal, match="E0593") as caught:
        trained(tmp_path / "r", loss=functional.mse_loss, **given)
    assert f"`{by}`" in caught.value.diagnostics[0].headline


def test_a_loss_function_of_python_gets_logits_and_numbers_of_classes(tmp_path):
    shapes = set()

    def mine(predicted, target):
        shapes.add((tuple(predicted.shape[1:]), tuple(target.shape[1:])))
        return functional.cross_entropy(predicted, target[:, 0].long(), label_smoothing=0.1)

    run = trained(tmp_path / "r", loss=mine)
    assert shapes == {((3,), (1,))}
    assert run.metrics["validation"]["loss"] == pytest.approx(run.history["validation_loss"].min(), rel=1e-5)
    opened = hqnn.open_run(run.path)
    pd.testing.assert_frame_equal(opened.predict(frame()), run.predict(frame()))
    with pytest.warns(hqnn.HQNNWarning, match="no loss is computed"):
        assert opened.evaluate(frame())["test"]["loss"] is None
    again = hqnn.open_run(run.path, loss=mine)
    assert again.evaluate(frame())["test"]["loss"] == run.metrics["test"]["loss"]


def test_one_output_is_the_logit_of_the_second_class(runs):
    run, table = runs["two"], frame((0, 1))
    inputs = torch.from_numpy(run.preparation.features.transform(table)).float()
    logits = run.network()(inputs).detach().double()[:, 0]
    found = run.predict(table)
    np.testing.assert_allclose(found["kind_p_1"], torch.sigmoid(logits), rtol=1e-6)
    np.testing.assert_allclose(found["kind_p_0"] + found["kind_p_1"], 1.0)
    assert found["kind"].tolist() == (logits > 0).int().tolist()
    assert (found["kind"] == table["kind"]).mean() > 0.6


@pytest.mark.parametrize(
    ("labels", "kind"), [((0, 1), int), ((0.5, 2.0), float), ((False, True), bool), (("x1", "y2"), str)]
)
def test_predicted_labels_compare_with_those_of_the_table(tmp_path, labels, kind):
    table = frame(labels)
    found = trained(tmp_path / "r", table=table).predict(table)
    assert {type(label) for label in found["kind"].tolist()} == {kind}
    assert (found["kind"] == table["kind"]).mean() > 0.5


def test_probabilities_that_are_not_finite_have_no_class(runs):
    from hqnn_dsl.training.predicted import Classes
    from hqnn_dsl.training.predictions import columns_of, frame_of

    shares = np.array([[0.3, 0.7], [np.nan, np.nan]])
    predicted = Classes(shares, ("0", "1"), shares)
    assert columns_of(predicted, ("t",), "_predicted")[0]["t_predicted"] == ["1", None]
    assert frame_of(predicted, ("t",), pd.RangeIndex(2))["t"].isna().tolist() == [False, True]


def test_the_file_of_test_rows_has_classes_and_probabilities(runs):
    run, table = runs["plain"], frame()
    found = pd.read_csv(run.path / "predictions.csv")
    assert list(found) == ["row", "kind_true", "kind_predicted", *(f"kind_p_{label}" for label in LABELS)]
    assert found["row"].tolist() == rows_of(run, "test").tolist()
    assert found["kind_true"].tolist() == table["kind"].iloc[found["row"]].tolist()
    assert found["kind_predicted"].tolist() == run.predict(table)["kind"].iloc[found["row"]].tolist()


def test_a_resumed_run_has_the_weights_of_its_start(tmp_path):
    settings = ("class_weights balanced; loss focal", "weights w")
    trained(tmp_path / "whole", *settings)

    def stop(epoch):
        if epoch.number == 3:
            raise StopIteration

    trained(tmp_path / "cut", *settings, on_epoch=stop)
    trained(tmp_path / "cut", *settings, resume=True)
    for name in ("history.csv", "metrics.json", "predictions.csv", "preprocess.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    with pytest.raises(Refusal, match="E0555"):
        trained(tmp_path / "cut", "class_weights balanced; loss focal(3)", "weights w", resume=True)
    with pytest.raises(Refusal, match="E0544"):
        trained(tmp_path / "cut", *settings, resume=True, table=frame().assign(w=1.0))


@pytest.mark.parametrize("settings", [
    {"train": "precision mixed"},
    {"train": "precision double; loss focal"},
    {"decoder": "dense(4); batch_norm; dropout(0.2); dense", "train": "class_weights balanced", "data": "weights w"},
    {"backend": "native"},
    {"data": "split validation: 0, test: 0"},
])  # fmt: skip
def test_classes_are_learned_whatever_else_is_set(tmp_path, settings):
    run = trained(tmp_path / "r", **settings)
    assert run.history["train_loss"].iloc[-1] < run.history["train_loss"].iloc[0]
    assert run.metrics["train"]["accuracy"] > 0.4


@pytest.mark.skipif(importlib.util.find_spec("qiskit_aer") is None, reason="needs Aer")
def test_classes_are_learned_from_shots(tmp_path):
    run = trained(tmp_path / "r", backend="aer(shots: 200, gradient: spsa)")
    assert np.isfinite(run.history["validation_loss"]).all()
    assert 0 <= run.metrics["test"]["accuracy"] <= 1


def test_a_run_shows_its_classes(runs):
    text, page = repr(runs["plain"]), runs["plain"]._repr_html_()
    assert "accuracy 0." in text
    assert "logistic regression (test): accuracy" in text
    assert "RMSE" not in text + page
    assert "test rows of class" in page
    assert "data:image/png" in page


def test_pictures_of_classes_are_drawn(runs, tmp_path):
    for run in runs.values():
        assert (run.path / "plots" / "predictions.png").read_bytes().startswith(b"\x89PNG")
        title = run.plot().axes[1].get_title(loc="left")
        assert title.startswith("kind, test rows: ")
        share = run.metrics["test"]["accuracy"] if run.preparation.weights is None else None
        assert share is None or f"{share:.1%} right" in title
    many = [f"class {n} with a long name" for n in range(40)]
    draw_confusion(tmp_path / "many.png", np.arange(40), np.arange(40)[::-1], many, "t, test rows")
    assert (tmp_path / "many.png").read_bytes().startswith(b"\x89PNG")


def test_losses_have_plain_numbers_at_their_axis(runs):
    figure = runs["plain"].plot()
    figure.canvas.draw()
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels(which="both") if label.get_text()]
    assert len(shown) > 1
    assert all(float(text) > 0 for text in shown)


def test_a_file_of_test_rows_with_a_strange_class_is_refused(runs, tmp_path):
    path = shutil.copytree(runs["plain"].path, tmp_path / "run")
    opened, text = hqnn.open_run(path), (path / "predictions.csv").read_text()
    (path / "predictions.csv").write_text(text.replace(",low,", ",slow,", 1))
    with pytest.raises(Refusal, match="E0533") as caught:
        opened.plot()
    assert "`slow`, which is no class" in caught.value.diagnostics[0].headline
