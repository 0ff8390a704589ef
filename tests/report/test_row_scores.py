"""Scores of drawn rows against scikit-learn on the same rows, and their intervals against SciPy on the values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap
from sklearn import metrics

from hqnn_dsl.report.reading import read_run
from hqnn_dsl.report.row_scores import interval, recorded, statistics_of

EXPECTED = {
    "numbers": {"rmse", "mae", "r2", "coverage", "width"},
    "two": {f"{key}{target}" for key in ("rmse", "mae", "r2") for target in ("", "/y", "/z<i>")},
    "classes": {"accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss"},
    "truth": {"accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss"},
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_scores_of_all_rows_are_those_of_the_run(trained, name):
    run = read_run(trained / name)
    found = statistics_of(run)
    assert set(found) == EXPECTED[name]
    test = json.loads((trained / name / "metrics.json").read_text())["test"]
    for key, one in found.items():
        score, _, target = key.partition("/")
        value = test["targets"][target][score] if target else test[score]
        assert float(one(np.arange(30))) == pytest.approx(value, rel=1e-6)
        assert recorded(run.metrics["test"], key) == value


def drawn_rows():
    return np.random.default_rng(6).integers(0, 30, (7, 30))


@pytest.mark.parametrize("target", ["y", "z<i>"])
def test_scores_of_drawn_rows_of_numbers_are_those_of_scikit_learn(trained, target):
    run, rows = read_run(trained / "two"), drawn_rows()
    table = pd.read_csv(trained / "two" / "predictions.csv")
    own = {
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
        "r2": metrics.r2_score,
    }
    for key, score in own.items():
        found = statistics_of(run)[f"{key}/{target}"](rows)
        picked = [table.iloc[one] for one in rows]
        expected = [score(one[f"{target}_true"], one[f"{target}_predicted"]) for one in picked]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["classes", "truth"])
def test_scores_of_drawn_rows_of_classes_are_those_of_scikit_learn(trained, name):
    run, rows = read_run(trained / name), drawn_rows()
    table = pd.read_csv(trained / name / "predictions.csv", dtype=str)
    target, labels = run.targets[0], list(run.classes)
    true, guess = (table[f"{target}_{part}"].map(labels.index).to_numpy() for part in ("true", "predicted"))
    shares = table[[f"{target}_p_{label}" for label in labels]].to_numpy(float)
    many, average = len(labels) > 2, "macro" if len(labels) > 2 else "binary"
    hot = true[:, None] == np.arange(len(labels))
    own = {
        "accuracy": lambda i: metrics.accuracy_score(true[i], guess[i]),
        "balanced_accuracy": lambda i: metrics.balanced_accuracy_score(true[i], guess[i]),
        "f1": lambda i: metrics.f1_score(true[i], guess[i], average=average),
        "log_loss": lambda i: metrics.log_loss(true[i], shares[i], labels=range(len(labels))),
        "roc_auc": lambda i: metrics.roc_auc_score(hot[i] if many else true[i], shares[i] if many else shares[i, 1]),
        "average_precision": lambda i: metrics.average_precision_score(
            hot[i] if many else true[i], shares[i] if many else shares[i, 1]
        ),
    }
    found = statistics_of(run)
    for key, score in own.items():
        np.testing.assert_allclose(found[key](rows), [score(one) for one in rows], rtol=1e-6)


def test_an_interval_is_that_of_scipy_on_the_values(trained):
    run = read_run(trained / "numbers")
    true, predicted = (run.predictions[f"y_{part}"].to_numpy() for part in ("true", "predicted"))
    found = interval(statistics_of(run)["rmse"], 30)
    expected = bootstrap(
        (true, predicted),
        metrics.root_mean_squared_error,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert (found.method, found.resamples) == ("BCa", 2000)
    assert found == interval(statistics_of(run)["rmse"], 30)


def test_a_mean_of_many_rows_has_the_interval_of_its_standard_error():
    values = np.random.default_rng(1).normal(3, 2, 5000)
    found = interval(lambda rows: values[rows].mean(-1), 5000)
    half = 1.96 * values.std() / 5000**0.5
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=half / 8)
    assert found.method == "percentile"


def test_there_is_no_interval_where_rows_settle_none():
    def constant(rows):
        return np.ones(rows.shape[:-1])

    assert interval(constant, 20) is None
    assert interval(lambda rows: rows.mean(-1), 1) is None
    assert interval(lambda rows: rows.mean(-1), 100_001) is None
    assert interval(lambda rows: np.where((rows == 0).any(-1), rows.mean(-1), np.nan), 20) is None


def test_a_score_that_is_not_the_recorded_one_is_left_out(trained):
    """As with weights of rows, which predictions.csv does not have."""
    run = read_run(trained / "numbers")
    run.metrics["test"]["rmse"] *= 1.001
    assert set(statistics_of(run)) == EXPECTED["numbers"] - {"rmse"}
    run.metrics["test"]["mae"] = None
    assert set(statistics_of(run)) == EXPECTED["numbers"] - {"rmse", "mae"}
