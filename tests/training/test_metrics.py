"""Scores are scikit-learn's, and missing where they mean nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from hqnn_dsl.training.figures import draw_losses, draw_predictions
from hqnn_dsl.training.metrics import scores
from hqnn_dsl.training.predicted import Values


def values(rows: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(rows)
    true = draw.normal(size=(rows, targets)) * [10.0**power for power in range(targets)]
    return true, true + draw.normal(size=(rows, targets))


@pytest.mark.parametrize("targets", [1, 2, 3])
def test_scores_are_those_of_scikit_learn(targets):
    true, predicted = values(25, targets)
    names = [f"t{index}" for index in range(targets)]
    found = scores(true, Values(predicted), names)
    for key, metric in (("rmse", root_mean_squared_error), ("mae", mean_absolute_error), ("r2", r2_score)):
        assert found[key] == pytest.approx(metric(true, predicted))
        for index, name in enumerate(names):
            assert found["targets"][name][key] == pytest.approx(metric(true[:, index], predicted[:, index]))


@pytest.mark.parametrize("right", [True, False])
def test_a_constant_target_is_scored_as_scikit_learn_does(right):
    true = np.full((4, 1), 0.3)
    predicted = true if right else true + 0.1
    assert scores(true, Values(predicted), ["t"])["r2"] == r2_score(true, predicted) == float(right)


@pytest.mark.parametrize("targets", [1, 3])
def test_weighted_scores_are_those_of_scikit_learn(targets):
    true, predicted = values(25, targets)
    weights = np.random.default_rng(1).random(25)
    found = scores(true, Values(predicted), [f"t{index}" for index in range(targets)], weights)
    for key, metric in (("rmse", root_mean_squared_error), ("mae", mean_absolute_error), ("r2", r2_score)):
        assert found[key] == pytest.approx(metric(true, predicted, sample_weight=weights))


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 26.0)], ids=["unweighted", "weighted"])
def test_the_nll_is_that_of_normal_densities_in_the_targets_units(weights):
    true, predicted = values(25, 2)
    deviations = np.random.default_rng(2).random((25, 2)) + 0.5
    found = scores(true, Values(predicted, deviations), ["a", "b"], weights)
    expected = np.average(-norm.logpdf(true, predicted, deviations), axis=0, weights=weights)
    assert [found["targets"][name]["nll"] for name in "ab"] == pytest.approx(expected)
    assert found["nll"] == pytest.approx(expected.mean())
    assert scores(true, Values(predicted), ["a", "b"])["nll"] is None


def test_coverage_counts_rows_and_their_ends_belong_to_intervals():
    true = np.array([[0.0], [1.0], [2.0], [3.0]])
    ends = np.array([[0.0], [0.0], [2.5], [2.0]]), np.array([[1.0], [1.0], [4.0], [2.5]])
    found = scores(true, Values(true, None, *ends), ["t"], np.array([9.0, 1.0, 1.0, 1.0]))
    assert (found["coverage"], found["width"]) == (0.5, 1.0)
    assert found["targets"]["t"]["coverage"] == 0.5
    assert scores(true, Values(true), ["t"])["coverage"] is None


def test_scores_by_hand():
    found = scores(np.array([[0.0], [4.0]]), Values(np.array([[1.0], [1.0]])), ["t"])
    assert (found["rmse"], found["mae"], found["r2"]) == (math.sqrt(5), 2.0, 1 - 10 / 8)


def test_predictions_that_are_not_finite_have_no_score():
    true, predicted = values(9, 2)
    predicted[3, 1] = math.nan
    found = scores(true, Values(predicted), ["a", "b"])
    assert found["rmse"] is None
    assert set(found["targets"]["b"].values()) == {None}
    assert found["targets"]["a"]["rmse"] == pytest.approx(root_mean_squared_error(true[:, 0], predicted[:, 0]))


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("losses", [[], [1.0], [1.0, 0.0, -0.5], [3.0, 1e-9]])
def test_losses_are_drawn_whatever_they_are(tmp_path, losses, validated):
    draw_losses(tmp_path / "losses.png", losses, losses if validated else [], len(losses))
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["losses.png"]


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_predictions_are_drawn_whatever_they_are(tmp_path, targets):
    true, predicted = values(6, targets)
    predicted[0, 0], predicted[1, 0] = math.inf, math.nan
    draw_predictions(tmp_path / "p.png", true, Values(predicted), [f"$t_{index}" for index in range(targets)], "test")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
