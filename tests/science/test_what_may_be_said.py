"""What the statistics of a table allow to say: each finding where it is right, and each degenerate case its answer."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import stats

from hqnn_dsl.science.statistics.comparison import compare
from hqnn_dsl.science.statistics.units import Layout, Score, Unit, folds_layout
from hqnn_dsl.science.statistics.verdict import sentence, verdict

LAYOUT = folds_layout(5, 2, 308)
RMSE, ACCURACY = Score.of("rmse"), Score.of("balanced_accuracy")
NOISE = np.random.default_rng(8).normal(size=10)


def table(**shifts: float) -> dict[str, list[float]]:
    """Scores of `own`, around 1, and of others that are higher by their shift, with small noise of their own."""
    found = {"own": (1 + 0.05 * NOISE).tolist()}
    for index, (name, shift) in enumerate(shifts.items()):
        own_noise = np.random.default_rng(index).normal(size=10)
        found[name] = (1 + shift + 0.05 * NOISE + 0.02 * own_noise).tolist()
    return found


def one(own: list[float | None], other: list[float | None], score: Score = RMSE, layout: Layout = LAYOUT):
    (found,) = compare("own", {"own": own, "other": other}, layout, score, seed=0)
    return found


def test_errors_that_are_lower_are_better_and_shares_that_are_lower_are_worse():
    scores = table(other=0.2)
    assert one(scores["own"], scores["other"], RMSE).finding == "better"
    assert one(scores["own"], scores["other"], ACCURACY).finding == "worse"
    assert one(scores["other"], scores["own"], RMSE).finding == "worse"
    assert one(scores["own"], scores["other"], RMSE).gain == pytest.approx(
        -one(scores["own"], scores["other"], ACCURACY).gain
    )


def test_a_finding_is_that_of_the_corrected_test_after_holm_by_hand():
    scores = table(a=0.2, b=0.03, c=0.0)
    found = compare("own", scores, LAYOUT, RMSE, seed=0)
    raw = []
    for name in "abc":
        d = np.array(scores["own"]) - np.array(scores[name])
        error = math.sqrt(d.var(ddof=1) * (1 / 10 + LAYOUT.overlap))
        raw.append(2 * stats.t.sf(abs(d.mean()) / error, 9))
    order = np.argsort(raw)
    stepped = np.maximum.accumulate([min(1.0, (3 - k) * raw[i]) for k, i in enumerate(order)])
    wanted = {int(i): p for i, p in zip(order, stepped, strict=True)}
    assert [one.adjusted for one in found] == pytest.approx([wanted[i] for i in range(3)])
    assert [one.family for one in found] == [3, 3, 3]
    assert found[0].finding == "better"


def test_a_sentence_has_the_numbers_of_its_comparison():
    scores = table(other=0.2)
    found = one(scores["own"], scores["other"])
    text = sentence(found, {"other": "ridge regression"})
    assert text.startswith("better than ridge regression: RMSE lower by ")
    assert f"{abs(found.paired.mean):.3g}" in text
    assert f"{found.test.low:.3g}".replace("-", "−") in text
    assert "better in 10 of 10 folds" in text
    assert "after Holm" not in text


def test_a_difference_that_does_not_matter_is_equivalence_even_if_it_is_significant():
    noise = 1e-4 * np.random.default_rng(1).normal(size=10)
    found = one((1 + noise).tolist(), [1.001] * 10)
    assert found.adjusted < 0.001
    assert found.finding == "practically equivalent"
    assert found.posterior.equivalent > 0.95
    assert "the difference is less than 0.01 with probability" in sentence(found)


def test_no_evidence_says_what_would_be_needed():
    scores = table(other=0.004)
    found = one(scores["own"], scores["other"])
    assert found.finding == "no evidence of a difference"
    text = sentence(found)
    assert "with 80 % power this design sees a difference of" in text
    assert text.endswith("(10 %) would probably have been seen")
    assert found.needed.difference == pytest.approx(0.1 * found.paired.other_mean)
    assert found.half_region == pytest.approx(0.01 * found.paired.other_mean)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0.025, r"; one of \S+ \(2\.5 %\) would need \d+ repetitions or about \d+ rows$"),
        (0.01, r"; one of \S+ \(1 %\) would need about \d+ rows \(not even 1000 repetitions of these rows would do\)$"),
        (1e-4, r"; neither 1000 repetitions nor 100 times the rows would show one of \S+ \(0\.01 %\)$"),
        (0.0, "; no size of a difference is stated that it should see$"),
    ],
)
def test_what_is_needed_follows_the_stated_size(size, said):
    scores = table(other=0.004)
    found = one(scores["own"], scores["other"], Score.of("rmse", size=size))
    assert re.search(said, sentence(found)), sentence(found)


def test_the_power_is_that_of_the_first_step_of_holm():
    scores = table(a=0.0, b=0.0, c=0.0, d=0.0)
    assert [one.needed.level for one in compare("own", scores, LAYOUT, RMSE, seed=0)] == [0.05 / 4] * 4


def test_scores_that_are_the_same_everywhere_are_equivalent():
    found = one([0.5] * 10, [0.2 + 0.3] * 10, ACCURACY)
    assert (found.finding, found.adjusted) == ("practically equivalent", 1.0)
    assert sentence(found) == "practically equivalent to other: the same balanced accuracy in every one of 10 folds"
    rounded = one([0.1 + 0.2] * 10, [0.3] * 10)
    assert rounded.finding == "practically equivalent"


def test_differences_that_are_all_the_same_are_not_judged():
    found = one([1.0] * 10, [1.5] * 10)
    assert (found.finding, found.test.p) == ("untested", None)
    assert "all 10 folds have the same difference (RMSE lower by 0.5 (33 %))" in sentence(found)


def test_one_fold_is_not_judged():
    layout = Layout(units=(Unit(tested=60, learned=248),))
    found = one([1.0], [2.0], layout=layout)
    assert found.finding == "untested"
    assert sentence(found) == (
        "not comparable with other: one fold has no spread to judge by (RMSE lower by 1 (50 %)); use more folds"
    )


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_failed_fold_is_named_and_nothing_is_claimed(missing):
    scores = table(other=0.5, third=0.2)
    scores["other"][3] = missing
    found = {one.other: one for one in compare("own", scores, LAYOUT, RMSE, seed=0)}
    assert found["other"].finding == "untested"
    assert sentence(found["other"]) == "not comparable with other: other has no finite RMSE in 1 of 10 folds"
    assert found["third"].finding == "better"
    assert found["third"].adjusted == pytest.approx(2 * found["third"].test.p)


def test_an_own_failure_is_the_own_ones():
    scores = table(other=0.5)
    scores["own"][0] = scores["own"][9] = None
    (found,) = compare("own", scores, LAYOUT, RMSE, seed=0)
    assert sentence(found, {"own": "the hybrid network"}).endswith(
        "the hybrid network has no finite RMSE in 2 of 10 folds"
    )


def test_all_folds_failed():
    (found,) = compare("own", {"own": [None] * 10, "other": [1.0] * 10}, LAYOUT, RMSE, seed=0)
    assert (found.finding, found.gain, found.effect) == ("untested", None, None)
    assert "own has no finite RMSE in 10 of 10 folds" in sentence(found)


def test_seeds_on_the_same_rows_say_so():
    layout = Layout(units=tuple(Unit(repeat=seed, fold=None, tested=60, learned=248) for seed in range(10)))
    scores = table(other=0.5)
    found = one(scores["own"], scores["other"], layout=layout)
    assert found.test.overlap == 0.0
    assert sentence(found).endswith("better in 10 of 10 seeds; seeds on the same rows say nothing of other rows")


def test_the_verdict_names_every_contender_once():
    scores = table(a=0.3, b=-0.3, c=0.004, d=0.25)
    scores["e"] = scores["own"]
    scores["f"] = [None] * 10
    text = verdict(compare("own", scores, LAYOUT, RMSE, seed=0), {"own": "the network"})
    assert text == (
        "the network is by RMSE better than a and d; practically equivalent to e; "
        "there is no evidence of a difference from c; worse than b; not comparable with f"
    )
    assert verdict([]) == "there is nothing to compare with"


def test_a_comparison_is_the_same_for_the_same_seed():
    scores = table(a=0.1, b=0.0)
    one, two = (compare("own", scores, LAYOUT, RMSE, seed=3) for _ in range(2))
    assert one == two
    assert one[0].interval == two[0].interval
    assert one[0].interval.low < one[0].paired.mean < one[0].interval.high
