"""One difference over folds: the corrected test, its effect sizes, intervals and posterior, beside other programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from hqnn_dsl.science.statistics.bayes import bayes_t
from hqnn_dsl.science.statistics.corrected_t import corrected_t
from hqnn_dsl.science.statistics.effects import effect, hedges
from hqnn_dsl.science.statistics.holm import holm
from hqnn_dsl.science.statistics.intervals import bootstrap, hierarchical
from hqnn_dsl.science.statistics.units import Layout, Score, Unit, deviation, folds_layout, paired
from hqnn_dsl.training.many_scores import compared

DIFFERENCES = [0.02, -0.01, 0.03, 0.015, 0.04, 0.0, 0.025, -0.005, 0.01, 0.03]


def test_without_overlap_it_is_the_paired_t_test_of_scipy():
    found, wanted = corrected_t(DIFFERENCES, 0.0), stats.ttest_1samp(DIFFERENCES, 0.0)
    interval = wanted.confidence_interval(0.95)
    assert (found.t, found.p) == pytest.approx((wanted.statistic, wanted.pvalue), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-12)


def test_the_correction_is_that_of_nadeau_and_bengio_by_hand():
    """Ten folds: one test row for every nine learned from, so the variance is s² (1/10 + 1/9)."""
    found = corrected_t(DIFFERENCES, 1 / 9)
    error = math.sqrt(np.var(DIFFERENCES, ddof=1) * (1 / 10 + 1 / 9))
    assert found.standard_error == pytest.approx(error, rel=1e-12)
    assert found.t == pytest.approx(0.0155 / error, rel=1e-12)
    assert found.p == pytest.approx(2 * stats.t.sf(0.0155 / error, 9), rel=1e-12)
    assert found.high == pytest.approx(0.0155 + stats.t.ppf(0.975, 9) * error, rel=1e-12)


def test_it_is_the_interval_that_many_trainings_show():
    own = [{"r2": value} for value in DIFFERENCES]
    shown = compared("r2", own, [{"r2": 0.0}] * 10, 0.25, units=10)
    found = corrected_t(DIFFERENCES, 0.25)
    assert (found.low, found.high) == pytest.approx((shown["low"], shown["high"]), rel=1e-12)


@pytest.mark.parametrize(
    ("differences", "p", "low"), [([0.3], None, None), ([0.0, 0.0, 0.0], 1.0, 0.0), ([0.1, 0.1, 0.1], None, None)]
)
def test_differences_without_spread_have_the_answer_that_is_left(differences, p, low):
    found = corrected_t(differences, 0.25)
    assert (found.p, found.low) == (p, low)
    assert found.mean == pytest.approx(differences[0])


def test_no_differences_are_an_error():
    with pytest.raises(ValueError, match="no differences"):
        corrected_t([], 0.1)


def test_equal_values_have_no_deviation_whatever_their_mean_is_rounded_to():
    assert deviation([0.1, 0.1, 0.1]) == 0.0
    assert deviation([0.1 + 1e-16, 0.3 - 0.2, 0.1]) == 0.0
    assert deviation([1.0, 1.0 + 1e-9]) > 0


def test_the_posterior_is_that_of_baycomp():
    """`CorrelatedTTest.probs(x, y, rope=0.01, runs=1)` and `runs=2` of baycomp 1.0.3 on these ten differences."""
    one, two = (bayes_t(DIFFERENCES, overlap, 0.01) for overlap in (1 / 9, 1 / 4))
    assert (one.better, one.equivalent, one.worse) == pytest.approx(
        (0.7557460431470608, 0.23998135193509762, 0.004272604917841538), abs=1e-12
    )
    assert (two.better, two.equivalent, two.worse) == pytest.approx(
        (0.7057206131664766, 0.27992239096023086, 0.01435699587329231), abs=1e-12
    )


def test_without_a_region_the_posterior_is_the_one_sided_p_value():
    found, test = bayes_t(DIFFERENCES, 0.25, 0.0), corrected_t(DIFFERENCES, 0.25)
    assert found.worse == pytest.approx(test.p / 2, rel=1e-12)
    assert found.equivalent == pytest.approx(0.0, abs=1e-12)


def test_gains_that_are_all_zero_are_equivalent_and_equal_ones_are_not_judged():
    assert bayes_t([0.0, 0.0], 0.25, 0.01).equivalent == 1.0
    assert bayes_t([0.2, 0.2], 0.25, 0.01) is None
    assert bayes_t([0.2], 0.25, 0.01) is None


def test_holm_is_that_of_r():
    """R: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` gives 0.03, 0.06, 0.06, 0.02."""
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_a_comparison_without_a_p_value_still_counts():
    assert holm({"a": 0.02, "b": None, "c": None}) == {"a": pytest.approx(0.06), "b": None, "c": None}
    assert holm({}) == {}


def test_effect_sizes_by_hand():
    layout = folds_layout(5, 2, 100)
    found = effect(paired([1 + d for d in DIFFERENCES], [1.0] * 10, layout))
    d = 0.0155 / np.std(DIFFERENCES, ddof=1)
    factor = special.gamma(4.5) / (math.sqrt(4.5) * special.gamma(4.0))
    assert (found.d, found.g, found.relative) == pytest.approx((d, d * factor, 0.0155), rel=1e-9)
    assert hedges(9) == pytest.approx(1 - 3 / (4 * 9 - 1), rel=1e-3)  # the usual approximation
    assert hedges(1) == 0.0


def test_effect_sizes_that_are_not_defined_are_none():
    layout = folds_layout(2, 1, 10)
    same = effect(paired([2.0, 2.0], [1.0, 1.0], layout))
    assert (same.d, same.g, same.relative) == (None, None, 1.0)
    nothing = effect(paired([0.0, 0.0], [0.0, 0.0], layout))
    assert (nothing.d, nothing.g, nothing.relative) == (0.0, 0.0, None)


def test_the_bootstrap_covers_the_mean_of_independent_differences():
    draws, inside = np.random.default_rng(3), 0
    for seed in range(60):
        found = bootstrap(draws.normal(0.3, 1.0, 30).tolist(), seed=seed)
        inside += found.low <= 0.3 <= found.high
    assert 50 <= inside <= 60


def test_a_bootstrap_has_a_seed_and_needs_five_units():
    assert bootstrap(DIFFERENCES, seed=1) == bootstrap(DIFFERENCES, seed=1) != bootstrap(DIFFERENCES, seed=2)
    assert bootstrap(DIFFERENCES[:4], seed=1) is None
    same = bootstrap([0.5] * 6, seed=1)
    assert (same.low, same.high) == (0.5, 0.5)


def test_the_hierarchical_bootstrap_counts_both_kinds_of_chance():
    """Group means 0, 1, …, 7 with units that are all alike: the spread is that of the mean of 8 draws of them."""
    between = [[float(group)] * 6 for group in range(8)]
    found = hierarchical(between, seed=0)
    error = np.std(np.arange(8.0)) / math.sqrt(8)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.08)
    wider = hierarchical([[group - 9.0, group + 9.0] for group in range(8)], seed=0)
    assert wider.high - wider.low > found.high - found.low
    assert hierarchical([[1.0]] * 4, seed=0) is None


def test_units_of_folds_and_seeds():
    layout = folds_layout(5, 2, 308)
    assert [unit.tested for unit in layout.units[:5]] == [62, 62, 62, 61, 61]
    assert (layout.repeats, layout.over, layout.rows, layout.words) == (2, "folds", 308, "10 folds")
    assert layout.overlap == pytest.approx((3 * 62 / 246 + 2 * 61 / 247) / 5, rel=1e-12)
    seeds = Layout(units=tuple(Unit(repeat=seed, fold=None, tested=60, learned=248) for seed in range(3)))
    assert (seeds.overlap, seeds.words, seeds.repeats) == (0.0, "3 seeds", 3)


def test_ties_are_exact_and_missing_scores_are_named():
    layout = folds_layout(5, 1, 50)
    found = paired([0.1 + 0.2, 1.0, None, math.nan, 2.0], [0.3, 0.5, 1.0, 1.0, math.inf], layout)
    assert found.differences == (0.0, 0.5)
    assert (found.own_missing, found.other_missing) == ((2, 3), (4,))
    assert found.better_in(Score.of("rmse")) == (0, 1)
    assert not found.is_complete
    with pytest.raises(ValueError, match="5 units"):
        paired([1.0], [1.0], layout)


def test_the_region_is_a_share_of_an_error_and_a_difference_of_a_share():
    assert Score.of("rmse").half_region(40.0) == pytest.approx(0.4)
    assert Score.of("balanced_accuracy").half_region(0.5) == 0.01
    assert Score.of("r2", region=0.05).half_region(0.9) == 0.05
    assert [Score.of(name).higher_is_better for name in ("rmse", "log_loss", "r2", "roc_auc")] == [
        False,
        False,
        True,
        True,
    ]
