"""Means, standard errors and paired differences over many trainings, by hand and as scipy computes them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hqnn_dsl.training.many_scores import Scored, main_score, summary


def scored(value: float | None, *, fold: int | None = 0, repeat: int = 0, seed: int = 0, baseline: float = 3.0, **rest):
    scores = {"rmse": value, "r2": None, "targets": {"y": {"rmse": value}}}
    metrics = {
        "train": scores, "validation": None, "test": scores,
        "baselines": {"mean": {"rmse": baseline, "targets": {}}, "other": None},
    }  # fmt: skip
    metrics |= rest.pop("metrics", {})
    about = {"tested": 10, "test_hash": hash((repeat, fold)), "others": 40} | rest
    return Scored(repeat=repeat, fold=fold, seed=seed, metrics=metrics, **about)


def test_mean_and_standard_error_are_over_folds_of_all_repetitions():
    values = [1.0, 2.0, 4.0, 3.0]
    found = summary([scored(value, fold=fold % 2, repeat=fold // 2) for fold, value in enumerate(values)])
    assert found["part"] == "test"
    assert (found["units"], found["over"], found["main"]) == (4, "folds", "rmse")
    assert found["scores"]["rmse"] == {"mean": 2.5, "standard_error": pytest.approx(stats.sem(values)), "n": 4}
    assert "r2" not in found["scores"]
    assert found["baselines"] == {"mean": {"rmse": {"mean": 3.0, "standard_error": 0.0, "n": 4}}}


def test_seeds_in_one_fold_are_averaged_first():
    values = {(0, 0): 1.0, (0, 1): 3.0, (1, 0): 4.0, (1, 1): 6.0}
    found = summary([scored(value, fold=fold, seed=seed) for (fold, seed), value in values.items()])
    assert found["scores"]["rmse"] == {"mean": 3.5, "standard_error": pytest.approx(stats.sem([2.0, 5.0])), "n": 2}
    alone = summary([scored(value, fold=None, seed=seed) for seed, value in enumerate([1.0, 2.0, 6.0])])
    assert (alone["units"], alone["over"]) == (3, "seeds")


def test_a_paired_difference_has_the_interval_of_nadeau_and_bengio():
    own, other = np.array([1.0, 1.2, 0.7, 1.1]), np.array([1.5, 1.4, 1.3, 1.2])
    pairs = zip(own, other, strict=True)
    found = summary([scored(a, fold=fold, baseline=b) for fold, (a, b) in enumerate(pairs)])["against"]["mean"]
    gains = own - other
    half = stats.t.ppf(0.975, 3) * gains.std(ddof=1) * np.sqrt(1 / 4 + 10 / 40)
    assert found["difference"] == pytest.approx(gains.mean())
    assert (found["low"], found["high"]) == (pytest.approx(gains.mean() - half), pytest.approx(gains.mean() + half))
    assert found["better_in"] == 4
    assert found["rank"] == "no clear difference"


def test_on_the_same_test_rows_the_interval_is_that_of_a_mean():
    own, other = np.array([1.0, 1.2, 0.7, 1.1]), np.array([1.5, 1.4, 1.3, 1.2])
    pairs = enumerate(zip(own, other, strict=True))
    found = summary([scored(a, fold=None, seed=seed, baseline=b, test_hash=1) for seed, (a, b) in pairs])
    expected = stats.ttest_rel(own, other).confidence_interval(0.95)
    against = found["against"]["mean"]
    assert (against["low"], against["high"]) == (pytest.approx(expected.low), pytest.approx(expected.high))


@pytest.mark.parametrize(
    ("own", "rank"), [([1.0, 1.1, 0.9], "better"), ([5.0, 5.1, 4.9], "worse"), ([3.0, 3.1, 2.8], "no clear difference")]
)
def test_an_error_that_is_smaller_is_better(own, rank):
    found = summary([scored(value, fold=fold) for fold, value in enumerate(own)])
    assert found["against"]["mean"]["rank"] == rank


def test_a_share_that_is_larger_is_better():
    def classes(value, fold):
        own = {"accuracy": value, "balanced_accuracy": value, "confusion": [[1, 0], [0, 1]]}
        return scored(0.0, fold=fold, metrics={"test": own, "baselines": {"majority": {"balanced_accuracy": 0.5}}})

    found = summary([classes(value, fold) for fold, value in enumerate([0.9, 0.92, 0.94])])
    assert found["main"] == "balanced_accuracy"
    assert found["against"]["majority"]["rank"] == "better"
    assert set(found["scores"]) == {"accuracy", "balanced_accuracy"}


def test_equal_scores_have_no_error_at_all():
    value = 0.1
    assert math.fsum([value] * 3) / 3 != value  # their mean is rounded
    assert summary([scored(value, fold=fold) for fold in range(3)])["scores"]["rmse"]["standard_error"] == 0.0


def test_one_training_has_no_error_and_a_missing_score_no_comparison():
    one = summary([scored(1.0, fold=None)])
    assert one["scores"]["rmse"] == {"mean": 1.0, "standard_error": None, "n": 1}
    assert one["against"]["mean"]["low"] is None
    assert one["against"]["mean"]["rank"] == "better"
    missing = summary([scored(1.0), scored(None, fold=1)])
    assert missing["scores"]["rmse"]["n"] == 1
    assert missing["against"]["mean"] is None
    assert summary([]) is None


def test_without_test_rows_the_validation_rows_are_scored():
    found = summary([scored(1.0, metrics={"test": None, "validation": {"rmse": 2.0}, "baselines": {"mean": None}})])
    assert found["part"] == "validation"
    assert found["scores"]["rmse"]["mean"] == 2.0
    assert found["against"] == {}


def test_several_targets_are_compared_by_a_score_without_units():
    assert main_score({"rmse": 1.0, "targets": {"a": {}, "b": {}}}) == "r2"
    assert main_score({"rmse": 1.0, "targets": {"a": {}}}) == "rmse"
