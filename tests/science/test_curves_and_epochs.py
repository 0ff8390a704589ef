"""Claims about rows and epochs: what is planted is claimed, and nothing else is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hqnn_dsl.science.statistics.epochs import epochs_sentence, epochs_to, epochs_to_target
from hqnn_dsl.science.statistics.learning_curves import curves_sentence, learning_curves, mean_curve
from hqnn_dsl.science.statistics.units import Score, folds_layout

LAYOUT, ROWS = folds_layout(5, 2, 250), (25, 50, 100, 200)
RMSE = Score.of("rmse")


def curve(factor: float, seed: int, noise: float = 0.02) -> list[list[float]]:
    """Errors that fall as one over the root of the rows, `factor` times as many of which are needed."""
    draws = np.random.default_rng(seed)
    return [(math.sqrt(factor / n) * (1 + noise * draws.normal(size=10))).tolist() for n in ROWS]


def test_what_needs_half_the_rows_is_said_to_need_fewer():
    found = learning_curves(("own", curve(0.5, 0)), ("other", curve(1.0, 1)), ROWS, LAYOUT, RMSE)
    assert found.finding == "needs fewer rows"
    assert found.enough == pytest.approx(100, rel=0.05)
    assert "with about " in curves_sentence(found)
    assert "as good as other with 200" in curves_sentence(found)
    back = learning_curves(("own", curve(1.0, 1)), ("other", curve(0.5, 0)), ROWS, LAYOUT, RMSE)
    assert (back.finding, back.enough) == ("needs more rows", None)


def test_the_area_and_its_test_by_hand():
    own, other = curve(0.9, 2, 0.3), curve(1.0, 3, 0.3)
    found = learning_curves(("own", own), ("other", other), ROWS, LAYOUT, RMSE)
    d = np.array(own) - np.array(other)
    areas = np.trapezoid(d, np.log(ROWS), axis=0) / np.log(8)
    error = areas.std(ddof=1) * math.sqrt(1 / 10 + LAYOUT.overlap)
    assert found.area.mean == pytest.approx(areas.mean())
    assert found.area.p == pytest.approx(2 * stats.t.sf(abs(areas.mean()) / error, 9))
    assert [at.rows for at in found.at] == list(ROWS)


def test_equal_curves_claim_nothing_and_the_family_counts():
    found = learning_curves(("own", curve(1.0, 4)), ("other", curve(1.0, 5)), ROWS, LAYOUT, RMSE)
    assert found.finding == "no evidence of a difference"
    assert curves_sentence(found).startswith("learning curves: no evidence that it needs fewer or more rows than other")
    own, other = curve(0.93, 0), curve(1.0, 1)
    alone = learning_curves(("own", own), ("other", other), ROWS, LAYOUT, RMSE)
    many = learning_curves(("own", own), ("other", other), ROWS, LAYOUT, RMSE, family=10**9)
    assert (alone.finding, many.finding) == ("needs fewer rows", "no evidence of a difference")


def test_curves_that_cross_claim_nothing():
    """Far better with few rows, plainly worse with all of them: the area alone would be in favour."""
    own = [[value - 0.4 for value in rows] for rows in curve(4.0, 0)[:3]] + [[v + 0.1 for v in curve(4.0, 0)[3]]]
    found = learning_curves(("own", own), ("other", curve(4.0, 1)), ROWS, LAYOUT, RMSE)
    assert found.area.p < 0.05
    assert found.finding == "no evidence of a difference"


def test_a_missing_score_or_one_number_of_rows():
    own = curve(0.5, 0)
    own[1][3] = None
    found = learning_curves(("own", own), ("other", curve(1.0, 1)), ROWS, LAYOUT, RMSE)
    assert (found.finding, found.area, found.enough) == ("untested", None, None)
    assert "a score is missing at 50 rows" in curves_sentence(found)
    assert mean_curve(own)[1] is None
    with pytest.raises(ValueError, match="two ascending"):
        learning_curves(("own", own[:1]), ("other", own[:1]), ROWS[:1], LAYOUT, RMSE)


def test_the_first_epoch_that_reaches_a_target():
    assert epochs_to([3.0, None, 1.0, 0.5], 1.0) == 3
    assert epochs_to([3.0, 2.0], 1.0) is None


def test_fewer_epochs_are_found_and_those_that_never_reach_count_with_the_budget():
    draws = np.random.default_rng(0)
    fast = [int(value) for value in draws.integers(10, 20, 10)]
    slow = [*(int(value) for value in draws.integers(60, 70, 8)), None, None]
    found = epochs_to_target(("own", fast), ("other", slow), 100, LAYOUT)
    assert (found.finding, found.reached) == ("faster", (10, 8))
    assert found.means[1] == pytest.approx(np.mean([100 if v is None else v for v in slow]))
    assert epochs_sentence(found).startswith("epochs to target: fewer than other")
    assert epochs_to_target(("own", slow), ("other", fast), 100, LAYOUT).finding == "slower"


def test_epochs_that_say_nothing():
    never = epochs_to_target(("own", [None] * 10), ("other", [None] * 10), 100, LAYOUT)
    assert never.finding == "untested"
    assert "neither it nor other reaches the target within 100 epochs" in epochs_sentence(never)
    same = epochs_to_target(("own", [5] * 10), ("other", [5] * 10), 100, LAYOUT)
    assert same.finding == "no evidence of a difference"
    constant = epochs_to_target(("own", [5] * 10), ("other", [7] * 10), 100, LAYOUT)
    assert (constant.finding, "no spread" in epochs_sentence(constant)) == ("untested", True)
    with pytest.raises(ValueError, match="budget"):
        epochs_to_target(("own", [101] * 10), ("other", [5] * 10), 100, LAYOUT)
