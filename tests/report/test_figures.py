"""The numbers behind the figures of a page, against scikit-learn and against functions that are known."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LinearRegression
from sklearn.metrics import confusion_matrix, log_loss, r2_score, roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

import hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.report import response
from hqnn_dsl.report.classes import calibration_bins, class_blocks, roc_curve
from hqnn_dsl.report.curves import curve_blocks
from hqnn_dsl.report.parts import evenly, plain, plot_text, table
from hqnn_dsl.report.values import least_squares_line, value_blocks
from hqnn_dsl.training.findings import findings_of, stages_of
from hqnn_dsl.training.run_on_disk import load_run

SPEC = """hqnn 1
model asks {
  data { target TARGET; features *; split validation: 10, test: 30 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 25; batch 16; device cpu; stop none; optimizer adamw(lr: 0.05) }
  backend reference
}
"""


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    a, unused = draw.normal(size=(2, 120))
    colour = draw.choice(["red", "green", "blue"], 120)
    days = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    rest = {"colour": colour, "flag": draw.random(120) > 0.5, "day": draw.permutation(days)}
    targets = {"y": 3 * a + 0.3 * (colour == "red"), "kind": np.where(a > 0, "up", "down")}
    return pd.DataFrame({"a": a, "unused": unused, **rest, **targets})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    for target, other in (("y", "kind"), ("kind", "y")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hqnn.HQNNWarning)
            hqnn.train(SPEC.replace("TARGET", target), frame().drop(columns=other), folder / target, progress=False)
    return folder


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


def asked(runs, target):
    """What the page asks of a run, and the run."""
    run = hqnn.open_run(runs / target)
    net, preparation = run.net, load_run(runs / target).preparation
    from hqnn_dsl.training.evaluate import predict_inputs

    def predict(inputs):
        found = predict_inputs(net, preparation, inputs)
        return found.probabilities if target == "kind" else found.values

    return response._asked(predict, preparation, read_table(frame())), run


def test_what_is_asked_are_the_test_rows_and_the_error_is_that_of_scikit_learn(runs):
    for target in ("y", "kind"):
        found, run = asked(runs, target)
        rows = frame().iloc[run.preparation.parts.test]
        assert found.title == "30 test rows"
        predicted = run.predict(rows)
        if target == "y":
            expected = 1 - r2_score(rows["y"], predicted["y"])
        else:
            expected = log_loss(rows["kind"], predicted[["kind_p_down", "kind_p_up"]].to_numpy(), labels=["down", "up"])
        assert response.error(found, found.inputs, found.true) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("target", ["y", "kind"])
def test_the_column_that_tells_most_is_the_most_important(runs, target):
    found, _ = asked(runs, target)
    means = response.importance(found).mean(axis=1)
    assert [column.name for column in found.columns] == ["a", "unused", "colour", "flag", "day"]
    assert means.argmax() == 0
    assert means[0] > 5 * np.abs(means[1:]).max()


def test_importance_of_a_known_function_is_twice_its_variance(runs):
    """E[(f(x') - f(x))²] = 2 Var f(x) for independent x', x: 2 in units of the target's variance if f is the target."""
    found, _ = asked(runs, "y")
    values = np.random.default_rng(0).normal(size=(30, found.inputs.shape[1]))
    known = response.Asked(
        lambda inputs: inputs[:, :1], found.preparation, found.columns, found.rows, values, values[:, :1], ""
    )
    falls = response.importance(known)
    assert falls[0].mean() == pytest.approx(2, rel=0.4)
    assert np.all(falls[1:] == 0)


def test_a_response_is_the_mean_prediction_with_the_cells_of_one_column_replaced(runs):
    found, run = asked(runs, "y")
    table_rows = frame().iloc[run.preparation.parts.test].reset_index(drop=True)
    for place, name in ((0, "a"), (2, "colour"), (4, "day")):
        means = response.response(found, found.columns[place], [3, 7]).mean(axis=1)[:, 0]
        for mean, giver in zip(means, (3, 7), strict=True):
            changed = table_rows.assign(**{name: table_rows[name][giver]})
            assert mean == pytest.approx(run.predict(changed)["y"].mean(), rel=1e-4, abs=1e-5)


def test_levels_and_dates_are_named_in_their_responses(runs):
    blocks = {block.title: block for block in response.response_blocks(runs / "y", read_table(frame()))}
    assert {row[0] for row in blocks["Response to colour"].table.rows} == {"red", "green", "blue"}
    assert [row[0] for row in blocks["Response to flag"].table.rows] == ["false", "true"]
    assert blocks["Response to day"].layout["xaxis"]["type"] == "date"
    assert all(row[0].startswith("2024-") for row in blocks["Response to day"].table.rows)


def test_rows_that_give_values_go_from_the_smallest_to_the_largest():
    cells = np.array([3.0, np.nan, 1.0, 3.0, 2.0])
    assert response.givers_of(cells, each=False) == [2, 4, 0]
    many = np.random.default_rng(1).permutation(1000).astype(float)
    steps = many[response.givers_of(many, each=False)]
    assert len(steps) == response.GRID
    assert (steps[0], steps[-1]) == (0.0, 999.0)
    assert np.all(np.diff(steps) > 40)


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
