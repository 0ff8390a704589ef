"""Contenders over several data sets: beside R, beside Demšar's paper, and beside baycomp."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hqnn_dsl.science.statistics.bayes import bayes_signed_rank
from hqnn_dsl.science.statistics.data_sets import critical_difference, gain_between, ranks, wilcoxon
from hqnn_dsl.science.statistics.several import compare_over, several_sentence
from hqnn_dsl.science.statistics.units import Score

FIRST = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
SECOND = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
"""The depression scores of R's example of `wilcox.test` (Hollander and Wolfe 1973, 29)."""

AREAS = {
    "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.0, 0.940, 0.619, 0.972, 0.957],
    "C4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.0, 0.962, 0.666, 0.981, 0.978],
    "C4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.0, 0.965, 0.614, 0.975, 0.946],
    "C4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.0, 0.962, 0.669, 0.975, 0.970],
}
"""Areas under the curve of four contenders on 14 data sets, with ties."""


def test_wilcoxon_is_that_of_r():
    """R: V = 40, one-sided p = 0.01953."""
    found = wilcoxon([a - b for a, b in zip(FIRST, SECOND, strict=True)])
    assert (found.statistic, found.p) == (5.0, pytest.approx(2 * 0.01953125, rel=1e-9))
    assert found.smallest == 2**-8


def test_few_data_sets_can_claim_nothing():
    found = wilcoxon([0.1, 0.2, 0.3, 0.4, 0.5])
    assert found.p == found.smallest == pytest.approx(0.0625)
    assert wilcoxon([0.0, 0.0, 0.0]).p == 1.0
    with pytest.raises(ValueError, match="no gains"):
        wilcoxon([])


def test_ties_count_half_for_each_side():
    """With ranks 1.5, 1.5, 3.5, 3.5, 5, 6, 7, 8: by all 64 signs of the gains that are not 0, and half of the zeros."""
    gains = [0.0, 0.0, 0.1, -0.1, 0.3, 0.4, 0.5, 0.6]
    ranks_of = (3.5, 3.5, 5, 6, 7, 8)
    sums = [1.5 + sum(r for r, s in zip(ranks_of, signs, strict=True) if s) for signs in product([0, 1], repeat=6)]
    own = 1.5 + 3.5 + 5 + 6 + 7 + 8
    assert wilcoxon(gains).p == pytest.approx(2 * np.mean([total >= own for total in sums]))
    many = np.tile(gains, 3).tolist()
    assert wilcoxon(many).p == pytest.approx(stats.wilcoxon(many, zero_method="zsplit").pvalue)


def test_friedman_is_that_of_r():
    """R's example of `friedman.test`, the rounding times: chi-squared = 11.143, p-value = 0.003805."""
    text = """5.40 5.50 5.55 5.85 5.70 5.75 5.20 5.60 5.50 5.55 5.50 5.40 5.90 5.85 5.70 5.45 5.55 5.60 5.40 5.40 5.35
    5.45 5.50 5.35 5.25 5.15 5.00 5.85 5.80 5.70 5.25 5.20 5.10 5.65 5.55 5.45 5.60 5.35 5.45 5.05 5.00 4.95 5.50 5.50
    5.40 5.45 5.55 5.50 5.55 5.55 5.35 5.45 5.50 5.55 5.50 5.45 5.25 5.65 5.60 5.40 5.70 5.65 5.55 6.30 6.30 6.25"""
    times = np.array(text.split(), dtype=float).reshape(22, 3)
    found = ranks({name: times[:, i].tolist() for i, name in enumerate("abc")}, Score.of("rmse"))
    assert (found.chi2, found.p) == (pytest.approx(11.143, abs=5e-4), pytest.approx(0.003805, abs=5e-7))


def test_the_critical_difference_is_that_of_demsar_and_ranks_those_of_pandas():
    """Demšar (JMLR 7, 2006), 3.2.4: of four contenders on 14 data sets the differences are 1.25, and 1.12 at 0.10."""
    found = ranks(AREAS, Score.of("roc_auc"))
    by_hand = pd.DataFrame(AREAS).rank(axis=1, ascending=False).mean()
    assert dict(zip(found.names, found.ranks, strict=True)) == pytest.approx(by_hand.to_dict())
    assert found.critical == pytest.approx(1.25, abs=5e-3)
    assert critical_difference(4, 14, 0.10) == pytest.approx(1.12, abs=5e-3)
    assert found.names[0] == "C4.5+m+cf"


def test_the_bars_of_a_diagram_join_what_is_not_told_apart():
    """At 0.05 all four are one group; at 0.10 the best two differ from the worst."""
    assert ranks(AREAS, Score.of("roc_auc")).groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)
    wide = ranks(AREAS, Score.of("roc_auc"), level=0.10)
    assert wide.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


def test_nemenyi_agrees_with_the_critical_difference():
    found = ranks(AREAS, Score.of("roc_auc"), level=0.10)
    at = dict(zip(found.names, found.ranks, strict=True))
    for (one, two), p in found.pairs.items():
        assert (abs(at[one] - at[two]) > found.critical) == (p < 0.10)


def test_a_score_that_is_missing_is_the_worst_and_equal_contenders_differ_in_nothing():
    found = ranks({"a": [1.0, math.nan], "b": [2.0, 2.0], "c": [3.0, 3.0]}, Score.of("rmse"))
    assert dict(zip(found.names, found.ranks, strict=True)) == {"b": 1.5, "a": 2.0, "c": 2.5}
    same = ranks({name: [1.0, 2.0, 3.0] for name in "abc"}, Score.of("rmse"))
    assert (same.chi2, same.p, same.groups) == (0.0, 1.0, (("a", "b", "c"),))
    with pytest.raises(ValueError, match="three contenders"):
        ranks({"a": [1.0, 2.0], "b": [1.0, 2.0]}, Score.of("rmse"))


def test_the_signed_rank_posterior_is_that_of_baycomp():
    """`SignedRankTest.probs(x, y, rope, nsamples=400000)` of baycomp 1.0.3, whose own draws differ by 0.001."""
    gains = [0.03, 0.001, -0.02, 0.05, 0.012, 0.0, 0.04, -0.004, 0.02, 0.033, 0.008, -0.015]
    narrow, wide = (bayes_signed_rank(gains, half, seed=1, samples=200_000) for half in (0.01, 0.02))
    assert (narrow.better, narrow.equivalent, narrow.worse) == pytest.approx((0.6847, 0.3145, 0.0008), abs=0.004)
    assert (wide.better, wide.equivalent, wide.worse) == pytest.approx((0.1128, 0.8872, 0.0), abs=0.004)
    without = bayes_signed_rank(gains, 0.0, seed=1, samples=200_000)
    assert without.better + without.worse == pytest.approx(1.0, abs=1e-9)
    assert without.better == pytest.approx(0.9731, abs=0.004)


def test_the_signed_rank_posterior_of_plain_cases():
    assert bayes_signed_rank([0.5] * 8, 0.01, seed=0).better > 0.99
    assert bayes_signed_rank([-0.5] * 8, 0.01, seed=0).worse > 0.99
    assert bayes_signed_rank([0.0] * 8, 0.01, seed=0).equivalent == 1.0


def test_gains_are_the_same_measure_on_all_data_sets():
    assert gain_between(2.0, 4.0, Score.of("rmse")) == 0.5
    assert gain_between(4.0, 2.0, Score.of("rmse")) == -0.5
    assert gain_between(2e6, 4e6, Score.of("rmse")) == 0.5
    assert gain_between(0.0, 0.0, Score.of("rmse")) == 0.0
    assert gain_between(0.9, 0.8, Score.of("accuracy")) == pytest.approx(0.1)


def over(shift: float, tables: int = 9, noise: float = 0.02) -> dict[str, dict[str, list[float]]]:
    """Errors of two contenders on tables of very different units, ten folds each; `other` is higher by a share."""
    draws, found = np.random.default_rng(2), {"own": {}, "other": {}}
    for index in range(tables):
        size = 10.0**index
        found["own"][f"t{index}"] = (size * (1 + noise * draws.normal(size=10))).tolist()
        found["other"][f"t{index}"] = (size * (1 + shift) * (1 + noise * draws.normal(size=10))).tolist()
    return found


@pytest.mark.parametrize(
    ("shift", "noise", "finding"),
    [
        (0.1, 0.02, "better"),
        (-0.1, 0.02, "worse"),
        (0.001, 0.002, "practically equivalent"),
        (0.0, 0.2, "no evidence of a difference"),
    ],
)
def test_over_data_sets_what_is_planted_is_said(shift, noise, finding):
    (found,) = compare_over("own", over(shift, noise=noise), Score.of("rmse"), seed=0)
    assert found.finding == finding
    assert several_sentence(found).startswith(f"{finding} ")
    assert found.interval.low <= np.mean(list(found.gains.values())) <= found.interval.high


def test_over_data_sets_holm_counts_and_scores_that_are_missing_are_named():
    scores = over(0.1)
    scores["third"] = {key: list(values) for key, values in scores["other"].items()}
    scores["third"]["t4"] = [*scores["third"]["t4"][:9], None]
    other, third = compare_over("own", scores, Score.of("rmse"), seed=0)
    assert other.adjusted == pytest.approx(2 * other.test.p)
    assert "after Holm for 2 comparisons" in several_sentence(other)
    assert (third.finding, third.missing) == ("untested", ("t4",))
    assert several_sentence(third, {"third": "boosting"}) == (
        "not comparable with boosting over data sets: a score is missing in t4"
    )
    with pytest.raises(ValueError, match="other data sets"):
        compare_over("own", {"own": {"a": [1.0]}, "other": {"b": [1.0]}}, Score.of("rmse"), seed=0)


def test_three_data_sets_can_show_nothing_and_that_is_said():
    (found,) = compare_over("own", over(0.5, tables=3), Score.of("rmse"), seed=0)
    assert found.finding == "no evidence of a difference"
    assert several_sentence(found).endswith("3 data sets cannot show one by this test, whatever the scores")
