"""Scores are scikit-learn's, and missing where they mean nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from hqnn_dsl.training.baselines import baseline_predictions
from hqnn_dsl.training.figures import draw_losses, draw_predictions
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.metrics import scores


def values(rows: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(rows)
    true = draw.normal(size=(rows, targets)) * [10.0**power for power in range(targets)]
    return true, true + draw.normal(size=(rows, targets))


@pytest.mark.parametrize("targets", [1, 2, 3])
def test_scores_are_those_of_scikit_learn(targets):
    true, predicted = values(25, targets)
    names = [f"t{index}" for index in range(targets)]
    found = scores(true, predicted, names)
    for key, metric in (("rmse", root_mean_squared_error), ("mae", mean_absolute_error), ("r2", r2_score)):
        assert found[key] == pytest.approx(metric(true, predicted))
        for index, name in enumerate(names):
            assert found["targets"][name][key] == pytest.approx(metric(true[:, index], predicted[:, index]))


@pytest.mark.parametrize("right", [True, False])
def test_a_constant_target_is_scored_as_scikit_learn_does(right):
    true = np.full((4, 1), 0.3)
    predicted = true if right else true + 0.1
    assert scores(true, predicted, ["t"])["r2"] == r2_score(true, predicted) == float(right)


def test_scores_by_hand():
    found = scores(np.array([[0.0], [4.0]]), np.array([[1.0], [1.0]]), ["t"])
    assert (found["rmse"], found["mae"], found["r2"]) == (math.sqrt(5), 2.0, 1 - 10 / 8)


def test_predictions_that_are_not_finite_have_no_score():
    true, predicted = values(9, 2)
    predicted[3, 1] = math.nan
    found = scores(true, predicted, ["a", "b"])
    assert found["rmse"] is None
    assert found["targets"]["b"] == {"rmse": None, "mae": None, "r2": None}
    assert found["targets"]["a"]["rmse"] == pytest.approx(root_mean_squared_error(true[:, 0], predicted[:, 0]))


def test_baselines_keep_the_targets_apart():
    true, _ = values(12, 2)
    found = baseline_predictions(np.arange(12.0)[:, None], true, np.array([[3.0]]))
    np.testing.assert_allclose(found["mean"], true.mean(axis=0, keepdims=True))
    slopes = [np.polyval(np.polyfit(np.arange(12.0), true[:, index], 1), 3.0) for index in range(2)]
    np.testing.assert_allclose(found["least_squares"], [slopes])


@pytest.mark.parametrize("kind", ["plain", "collinear", "constant column", "nearly collinear", "fewer rows"])
def test_baselines_are_those_of_scikit_learn(kind):
    draw = np.random.default_rng(3)
    features, asked = draw.normal(2, 3, (4 if kind == "fewer rows" else 30, 6)), draw.normal(2, 3, (7, 6))
    for block in (features, asked):
        if kind == "collinear":
            block[:, 1] = 2 * block[:, 0] - block[:, 2]
        elif kind == "nearly collinear":
            block[:, 1] = block[:, 0] + 1e-9 * block[:, 2]
        elif kind == "constant column":
            block[:, 1] = 4.0
    targets = draw.normal(5, 2, (len(features), 2))
    found = baseline_predictions(features, targets, asked)
    for name, estimator in (("mean", DummyRegressor()), ("least_squares", LinearRegression())):
        np.testing.assert_allclose(found[name], estimator.fit(features, targets).predict(asked), rtol=1e-9)


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("losses", [[], [1.0], [1.0, 0.0, -0.5], [3.0, 1e-9]])
def test_losses_are_drawn_whatever_they_are(tmp_path, losses, validated):
    history = [
        Epoch(number, 0.1, 0.1, loss, loss if validated else None, is_best=True)
        for number, loss in enumerate(losses, start=1)
    ]
    draw_losses(tmp_path / "losses.png", history, len(losses))
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["losses.png"]


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_predictions_are_drawn_whatever_they_are(tmp_path, targets):
    true, predicted = values(6, targets)
    predicted[0, 0], predicted[1, 0] = math.inf, math.nan
    draw_predictions(tmp_path / "p.png", true, predicted, [f"$t_{index}" for index in range(targets)], "test")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
