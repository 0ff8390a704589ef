"""The baselines are scikit-learn's, with weights and without, and know categories."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from hqnn_dsl.training.baselines import (
    CLASS_BASELINES,
    VALUE_BASELINES,
    Questions,
    predicted_probabilities,
    predicted_values,
)

DRAW = np.random.default_rng(3)


def fitted(estimator, questions: Questions, targets: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    key = "sample_weight" if not hasattr(estimator, "steps") else f"{estimator.steps[-1][0]}__sample_weight"
    model = estimator.fit(questions.inputs, targets, **{key: weights})
    return getattr(model, "predict_proba", model.predict)(questions.asked)


def one_hot(levels: int, estimator):
    encoder = OneHotEncoder(categories=[np.arange(levels, dtype=float)], sparse_output=False)
    return make_pipeline(make_column_transformer((encoder, [1]), remainder="passthrough"), estimator)


def test_baselines_keep_the_targets_apart():
    true = DRAW.normal(size=(12, 2))
    found = predicted_values(Questions(np.arange(12.0)[:, None], true, np.array([[3.0]])))
    assert tuple(found) == VALUE_BASELINES
    np.testing.assert_allclose(found["mean"], true.mean(axis=0, keepdims=True))
    slopes = [np.polyval(np.polyfit(np.arange(12.0), true[:, index], 1), 3.0) for index in range(2)]
    np.testing.assert_allclose(found["least_squares"], [slopes])


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("kind", ["plain", "collinear", "constant column", "nearly collinear", "fewer rows"])
def test_baselines_of_values_are_those_of_scikit_learn(kind, weighted):
    draw = np.random.default_rng(3)
    features, asked = draw.normal(2, 3, (4 if kind == "fewer rows" else 60, 6)), draw.normal(2, 3, (7, 6))
    for block in (features, asked):
        if kind == "collinear":
            block[:, 1] = 2 * block[:, 0] - block[:, 2]
        elif kind == "nearly collinear":
            block[:, 1] = block[:, 0] + 1e-9 * block[:, 2]
        elif kind == "constant column":
            block[:, 1] = 4.0
    targets = draw.normal(5, 2, (len(features), 2))
    weights = draw.random(len(features)) + 0.1 if weighted else None
    questions = Questions(features, targets, asked, weights)
    found = predicted_values(questions)
    for name, estimator in (("mean", DummyRegressor()), ("least_squares", LinearRegression())):
        np.testing.assert_allclose(found[name], fitted(estimator, questions, targets, weights), rtol=1e-9)
    for index in range(2):
        expected = fitted(HistGradientBoostingRegressor(random_state=0), questions, targets[:, index], weights)
        np.testing.assert_array_equal(found["gradient_boosting"][:, index], expected)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("classes", [2, 3])
def test_baselines_of_classes_are_those_of_scikit_learn(classes, weighted):
    inputs, asked = DRAW.normal(size=(90, 3)), DRAW.normal(size=(11, 3))
    targets = np.digitize(inputs[:, 0] + 0.5 * DRAW.normal(size=90), [0.0, 0.8][: classes - 1]).astype(float)
    weights = DRAW.random(90) + 0.1 if weighted else None
    questions = Questions(inputs, targets[:, None], asked, weights, weights, seed=2**40 + 5)
    found = predicted_probabilities(questions, classes)
    assert tuple(found) == CLASS_BASELINES
    estimators = (
        DummyClassifier(),
        LogisticRegression(max_iter=1000),
        HistGradientBoostingClassifier(random_state=5),
    )
    for name, estimator in zip(CLASS_BASELINES, estimators, strict=True):
        np.testing.assert_allclose(found[name], fitted(estimator, questions, targets, weights), rtol=1e-9)


def test_numbers_of_categories_become_an_input_a_level_for_linear_ones_and_categories_for_trees():
    inputs, asked = DRAW.normal(size=(80, 3)), DRAW.normal(size=(9, 3))
    for block in (inputs, asked):
        block[:, 1] = DRAW.integers(0, 4, len(block))
    values = np.array([3.0, -1.0, 7.0, 0.0])[inputs[:, 1].astype(int)] + inputs[:, 0]
    questions = Questions(inputs, values[:, None], asked, levels={1: 5})
    found = predicted_values(questions)
    expected = fitted(one_hot(5, LinearRegression()), questions, values, None)
    np.testing.assert_allclose(found["least_squares"][:, 0], expected, rtol=1e-9)
    trees = HistGradientBoostingRegressor(random_state=0, categorical_features=[1])
    np.testing.assert_array_equal(found["gradient_boosting"][:, 0], fitted(trees, questions, values, None))
    classes = (values > 2).astype(float)
    found = predicted_probabilities(Questions(inputs, classes[:, None], asked, levels={1: 5}), 2)
    expected = fitted(one_hot(5, LogisticRegression(max_iter=1000)), questions, classes, None)
    np.testing.assert_allclose(found["logistic"], expected, atol=1e-4)


def test_a_constant_counts_rows_by_their_own_weights_not_by_those_of_classes():
    targets = np.array([[0.0]] * 9 + [[1.0]] * 3)
    balanced = np.array([2 / 3] * 9 + [2.0] * 3)
    questions = Questions(DRAW.normal(size=(12, 2)), targets, np.zeros((1, 2)), balanced)
    np.testing.assert_allclose(predicted_probabilities(questions, 2)["majority"], [[0.75, 0.25]])


@pytest.mark.parametrize("seen", [[0, 2], [1]], ids=["one class missing", "one class"])
def test_classes_without_a_row_to_train_on_have_probability_0(seen):
    targets = np.resize(np.array(seen, dtype=float), 30)
    found = predicted_probabilities(Questions(DRAW.normal(size=(30, 2)), targets[:, None], DRAW.normal(size=(4, 2))), 3)
    for probabilities in found.values():
        assert probabilities.shape == (4, 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        unseen = [number for number in range(3) if number not in seen]
        assert not probabilities[:, unseen].any()


def test_a_class_of_one_row_is_no_hindrance_in_a_long_table():
    """From 10,000 rows on, gradient boosting holds rows out, and splits classes while it does."""
    inputs = DRAW.normal(size=(10_500, 2))
    targets = (inputs[:, :1] > 0).astype(float)
    targets[7] = 2.0
    found = predicted_probabilities(Questions(inputs, targets, inputs[:5]), 3)
    np.testing.assert_allclose(found["gradient_boosting"].sum(axis=1), 1)


def test_a_category_of_very_many_levels_is_a_number_to_trees():
    inputs = np.arange(600.0)[:, None]
    found = predicted_values(Questions(inputs, inputs.copy(), inputs[:3], levels={0: 600}))
    assert np.isfinite(found["gradient_boosting"]).all()
