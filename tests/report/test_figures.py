"""The numbers behind the figures of a page, against scikit-learn and against functions that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LinearRegression
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from hqnn_dsl.report.classes import calibration_bins, class_blocks, roc_curve
from hqnn_dsl.report.curves import curve_blocks
from hqnn_dsl.report.parts import evenly, plain, plot_text, table
from hqnn_dsl.report.values import least_squares_line, value_blocks
from hqnn_dsl.training.findings import findings_of, stages_of


@pytest.fixture
def scores():
    draw = np.random.default_rng(5)
    truth = draw.random(300) < 0.4
    return truth, np.round(np.clip(0.35 * truth + 0.6 * draw.random(300), 0, 1), 2)


def test_a_roc_curve_is_that_of_scikit_learn(scores):
    false_rate, true_rate = roc_curve(*scores)
    expected = sklearn_curve(*scores, drop_intermediate=False)
    np.testing.assert_allclose(false_rate, expected[0])
    np.testing.assert_allclose(true_rate, expected[1])
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(roc_auc_score(*scores))


def test_calibration_is_that_of_scikit_learn(scores):
    truth, share = scores[0], scores[1] + 1e-4 * (scores[1] < 0.99)  # no number on the edge of a bin
    bins = calibration_bins(share, truth)
    expected = calibration_curve(truth, share, n_bins=10)
    np.testing.assert_allclose([one[1] for one in bins], expected[0])
    np.testing.assert_allclose([one[0] for one in bins], expected[1])
    assert sum(one[2] for one in bins) == len(truth)
    assert calibration_bins(np.array([1.0]), np.array([True])) == [(1.0, 1.0, 1)]


def test_the_line_is_that_of_least_squares():
    draw = np.random.default_rng(2)
    true = draw.normal(size=50) + 1e3
    predicted = 0.4 * true + draw.normal(size=50)
    model = LinearRegression().fit(true[:, None], predicted)
    assert least_squares_line(true, predicted) == pytest.approx((model.coef_[0], model.intercept_), rel=1e-6)
    assert least_squares_line(np.ones(4), np.arange(4.0)) is None


def test_the_confusion_matrix_is_that_of_scikit_learn():
    draw = np.random.default_rng(4)
    labels = ("x", "y", "z")
    true, guess = draw.choice(labels, (2, 60))
    shares = draw.dirichlet((1, 1, 1), 60)
    columns = {f"k_p_{label}": shares[:, index] for index, label in enumerate(labels)}
    predictions = pd.DataFrame({"row": range(60), "k_true": true, "k_predicted": guess, **columns})
    predictions.loc[0, "k_predicted"] = ""  # a row whose probabilities are not finite
    figures = {block.name: block for block in class_blocks(predictions, "k", labels)}
    found = [[int(cell) for cell in row[1:]] for row in figures["confusion"].table.rows]
    assert found == confusion_matrix(true[1:], guess[1:], labels=labels).tolist()
    areas = [float(row[2]) for row in figures["roc"].table.rows]
    expected = [roc_auc_score(true[1:] == label, shares[1:, index]) for index, label in enumerate(labels)]
    assert areas == pytest.approx(expected, abs=1e-4)


def test_a_class_that_no_test_row_has_is_left_out_of_the_curves():
    shares = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    columns = {f"k_p_{label}": shares[:, index] for index, label in enumerate("xyz")}
    rows = pd.DataFrame({"row": range(3), "k_true": list("xyx"), "k_predicted": list("xyx"), **columns})
    figures = {block.name: block for block in class_blocks(rows, "k", "xyz")}
    assert [row[0] for row in figures["roc"].table.rows] == ["x", "y"]
    alone = list(class_blocks(rows[rows["k_true"] == "x"], "k", "xyz"))
    assert any(block.kind == "sentence" and "one class only" in block.text for block in alone)


def test_predictions_that_are_not_finite_are_left_out_and_said():
    rows = pd.DataFrame({"row": [4, 5, 6], "y_true": [1.0, 2.0, 3.0], "y_predicted": [1.5, np.nan, np.inf]})
    against, residuals = value_blocks(rows, ["y"], None)
    assert against.traces[0]["x"] == [1.0]
    assert against.table.rows == (("4", "1", "1.5", "0.5"),)
    assert residuals.table_of == against.name
    (said,) = value_blocks(rows[1:], ["y"], None)
    assert said.kind == "sentence"


def test_curves_have_no_logarithm_of_losses_that_are_not_positive():
    history = pd.DataFrame({"epoch": [1, 2], "lr": 0.1, "quantum_lr": 0.1, "train_loss": [1.0, -0.5],
                            "validation_loss": [1.0, np.nan], "best": [1, 1]})  # fmt: skip
    losses, _, said = curve_blocks(history, is_scaled=True)
    assert "no norms of gradients" in said.text
    assert losses.layout["yaxis"]["type"] == "linear"
    assert losses.traces[1]["y"] == [1.0, None]
    losses, *_ = curve_blocks(history.assign(train_loss=[2.0, 1.0]), is_scaled=True)
    assert losses.layout["yaxis"]["type"] == "log"
    (said,) = curve_blocks(history[:0], is_scaled=True)
    assert said.kind == "sentence"


def test_texts_and_numbers_of_figures():
    assert plot_text("a<b>&\u202e").startswith("a&lt;b&gt;&amp;")
    assert "\u202e" not in plot_text("a<b>&\u202e")
    assert len(plot_text("x" * 99)) == 36
    assert plain([1 / 3, np.inf, np.nan, 2e300]) == [0.333333, None, None, 2e300]
    assert evenly(5, 9) == [0, 1, 2, 3, 4]
    assert evenly(1001, 3) == [0, 500, 1000]
    assert table("t", ("name", "n", "text", "none"), [("a", "1", "x", "-"), ("b", "-", "2", "-")]).numeric == {1}


def test_norms_of_gradients_are_drawn_with_what_they_show():
    count = 40
    history = pd.DataFrame({
        "epoch": range(1, count + 1), "lr": 0.1, "quantum_lr": 0.1, "train_loss": np.linspace(1, 0.1, count),
        "validation_loss": np.nan, "best": 0, "classical_grad": 0.5, "classical_mean_grad": 0.4,
        "quantum_grad": [0.25] * 20 + [0.0] * 20, "quantum_mean_grad": np.nan,
    })  # fmt: skip
    findings = findings_of(stages_of(history.itertuples()), 4, "single")
    *_, said, figure = curve_blocks(history, findings, is_scaled=True)
    assert said.text.startswith("The quantum weights hardly took part in epochs 21 to 40: ")
    assert "hqnn show" in said.text
    assert (figure.name, figure.layout["yaxis"]["type"]) == ("gradients", "log")
    (area,) = figure.layout["shapes"]
    assert (area["x0"], area["x1"]) == (20.5, 40.5)
    assert [label["text"] for label in figure.layout["annotations"]] == ["dead quantum half"]
    quantum = next(trace for trace in figure.traces if trace["name"] == "quantum weights")
    assert quantum["y"] == [0.25] * 20 + [None] * 20
    assert len(figure.traces) == 3
    assert "quantum weights from 0.25 to 0; " in figure.alt
    assert "dead quantum half in epochs 21 to 40" in figure.alt
    assert figure.table.rows[-1] == ("40", "0.5", "0", "0.4")
