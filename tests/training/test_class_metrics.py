"""Scores of classes are scikit-learn's, and None where the rows do not define them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics

from hqnn_dsl.training.class_metrics import CLASSES, class_scores

LABELS = ("Adelie", "Chinstrap", "Gentoo", "King")


def drawn(classes: int, rows: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(classes)
    true = draw.integers(0, classes, rows)
    probabilities = draw.dirichlet(np.ones(classes), rows)
    probabilities[np.arange(rows), true] += 0.3
    return true, probabilities / probabilities.sum(axis=1, keepdims=True), draw.random(rows)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_scores_are_those_of_scikit_learn(classes, weighted):
    true, probabilities, weights = drawn(classes)
    given = {"sample_weight": weights if weighted else None}
    found = class_scores(true, probabilities, LABELS[:classes], given["sample_weight"])
    guess = probabilities.argmax(axis=1)
    score = probabilities[:, 1] if classes == 2 else probabilities
    indicators = true if classes == 2 else np.eye(classes)[true]
    expected = {
        "accuracy": metrics.accuracy_score(true, guess, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(true, guess, **given),
        "f1": metrics.f1_score(true, guess, average="binary" if classes == 2 else "macro", **given),
        "roc_auc": metrics.roc_auc_score(true, score, multi_class="ovr", average="macro", **given),
        "average_precision": metrics.average_precision_score(indicators, score, average="macro", **given),
        "log_loss": metrics.log_loss(true, probabilities, **given),
    }
    assert tuple(expected) == CLASSES
    assert {key: found[key] for key in CLASSES} == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found["confusion"], metrics.confusion_matrix(true, guess, **given))
    report = metrics.classification_report(true, guess, target_names=LABELS[:classes], output_dict=True, **given)
    for label in LABELS[:classes]:
        theirs = report[label]
        ours = found["classes"][label]
        assert (ours["precision"], ours["recall"], ours["f1"]) == pytest.approx(
            (theirs["precision"], theirs["recall"], theirs["f1-score"])
        )
        assert ours["rows"] == (true == LABELS.index(label)).sum()


def test_the_confusion_matrix_counts_rows_a_true_class_a_line():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    found = class_scores(np.array([0, 0, 1]), probabilities, ("no", "yes"))
    assert found["confusion"] == [[1, 1], [0, 1]]
    assert all(isinstance(cell, int) for row in found["confusion"] for cell in row)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("only", [0, 1])
def test_a_part_of_one_class_has_the_scores_that_it_defines_and_warns_of_none(classes, only):
    _, probabilities, _ = drawn(classes, rows=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = class_scores(np.full(6, only), probabilities, LABELS[:classes])
    assert found["roc_auc"] is None
    assert found["average_precision"] is None
    assert found["balanced_accuracy"] == found["accuracy"] == (probabilities.argmax(axis=1) == only).mean()
    assert found["log_loss"] == pytest.approx(-np.log(probabilities[:, only]).mean())
    absent = found["classes"][LABELS[1 - only]]
    assert (absent["rows"], absent["recall"]) == (0, None)


def test_a_class_nobody_has_and_nobody_predicts_has_no_scores():
    sure = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    found = class_scores(np.array([0, 1]), sure, LABELS[:3])
    assert found["classes"]["Gentoo"] == {"precision": None, "recall": None, "f1": None, "rows": 0}
    assert (found["accuracy"], found["f1"]) == (1.0, 1.0)
    assert class_scores(np.array([0, 0]), sure[:1].repeat(2, axis=0)[:, :2] / 0.9, LABELS[:2])["f1"] is None


def test_probabilities_that_are_not_finite_have_no_score():
    true, probabilities, _ = drawn(3)
    probabilities[4, 1] = np.nan
    found = class_scores(true, probabilities, LABELS[:3])
    assert {found[key] for key in (*CLASSES, "confusion")} == {None}
    assert sum(found["classes"][label]["rows"] for label in LABELS[:3]) == len(true)
