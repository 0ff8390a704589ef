"""Power: beside R's numbers for the plain t test, and beside simulated experiments with correlated folds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hqnn_dsl.science.statistics.corrected_t import corrected_t
from hqnn_dsl.science.statistics.power import detectable, needed, power_of
from hqnn_dsl.science.statistics.units import Layout, Unit, folds_layout


def test_without_overlap_it_is_the_power_of_r():
    """R: `power.t.test(n = 20, delta = 0.5, sd = 1, type = "paired")` has power 0.5645044 (strict = TRUE)."""
    assert power_of(0.5, 1.0, 20, 0.0) == pytest.approx(0.5645044, abs=2e-7)


def test_the_number_of_units_is_that_of_r():
    """R: `pwr.t.test(d = 0.5, power = 0.8, type = "paired")` needs n = 33.36713."""
    assert power_of(0.5, 1.0, 33, 0.0) < 0.8 < power_of(0.5, 1.0, 34, 0.0)
    seeds = Layout(units=tuple(Unit(repeat=seed, fold=None, tested=20, learned=80) for seed in range(10)))
    assert needed(0.5, 1.0, seeds).repeats == 34


def experiments(number: int, layout: Layout, difference: float, seed: int) -> list[list[float]]:
    """Differences over units with the correlation that the correction takes them to have."""
    share = np.mean([unit.tested / (unit.tested + unit.learned) for unit in layout.units])
    draws = np.random.default_rng(seed)
    common = draws.normal(size=(number, 1)) * math.sqrt(share)
    own = draws.normal(size=(number, len(layout.units))) * math.sqrt(1 - share)
    return (difference + common + own).tolist()


def test_planted_differences_are_found_as_often_as_is_said():
    layout = folds_layout(5, 2, 100)
    spread = math.sqrt(1 - 0.2)  # of units within an experiment
    size = detectable(spread, 10, layout.overlap)
    assert power_of(size, spread, 10, layout.overlap) == pytest.approx(0.8, abs=1e-6)
    seen = [corrected_t(one, layout.overlap).p <= 0.05 for one in experiments(2000, layout, size, 4)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.03)
    false = [corrected_t(one, layout.overlap).p <= 0.05 for one in experiments(2000, layout, 0.0, 5)]
    assert np.mean(false) == pytest.approx(0.05, abs=0.017)


def test_what_is_needed_does_what_it_says():
    layout = folds_layout(5, 2, 100)
    found = needed(1.6, 1.0, layout)
    more = folds_layout(5, found.repeats, 100)
    fewer = folds_layout(5, found.repeats - 1, 100)
    assert power_of(1.6, 1.0, len(more.units), more.overlap) >= 0.8
    assert power_of(1.6, 1.0, len(fewer.units), fewer.overlap) < 0.8
    shrunk = 1.0 * math.sqrt(100 / found.rows)  # the deviation with so many rows
    assert detectable(shrunk, 10, layout.overlap) <= 1.6


def test_no_number_of_repetitions_sees_every_difference():
    """With all of them the standard error is still s √(test rows / rows learned from)."""
    found = needed(0.5, 1.0, folds_layout(5, 2, 100))
    assert found.repeats is None
    assert found.power < 0.2
    assert found.rows > 100


def test_nothing_is_said_where_nothing_can_be_told():
    layout = folds_layout(5, 1, 100)
    assert needed(0.0, 1.0, layout) is None
    assert needed(0.1, 0.0, layout) is None
    assert detectable(1.0, 1, 0.1) is None
    assert power_of(1.0, 1.0, 1, 0.1) == 0.0
    assert detectable(0.0, 5, 0.1) == 0.0
    assert power_of(1e6, 1.0, 5, 0.1) == pytest.approx(1.0)
