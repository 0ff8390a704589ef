"""Split conformal intervals have the rank that makes them valid, and cover as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from hqnn_dsl.training.conformal import Radii, fit_radii, rank, rows_needed
from hqnn_dsl.training.metrics import scores
from hqnn_dsl.training.predicted import Values

LEVELS = (0.5, 0.55, 0.8, 0.9, 0.95, 0.99, 0.999)


@pytest.mark.parametrize(
    ("rows", "level", "place"),
    [(9, 0.9, 9), (10, 0.9, 10), (19, 0.55, 11), (99, 0.99, 99), (19, 0.9, 18), (199, 0.9, 180)],
)
def test_the_rank_is_that_of_a_finite_sample(rows, level, place):
    assert rank(rows, level) == place


@pytest.mark.parametrize("level", LEVELS)
def test_the_rows_needed_are_the_fewest_that_have_the_rank(level):
    needed = rows_needed(level)
    assert rank(needed, level) <= needed
    assert needed == 1 or rank(needed - 1, level) > needed - 1


def test_the_radius_is_an_error_of_a_row():
    true = np.array([[0.0, 0.0]] * 10)
    predicted = np.stack([np.arange(1.0, 11.0), -np.arange(10.0, 101.0, 10.0)], axis=1)
    found = fit_radii(true, predicted, None, level=0.8)
    assert found == Radii(0.8, 10, normalised=False, radii=(9.0, 90.0))
    low, high = found.around(np.array([[1.0, 2.0]]), None)
    assert low.tolist() == [[-8.0, -88.0]]
    assert high.tolist() == [[10.0, 92.0]]


def test_normalised_radii_count_deviations():
    true, predicted = np.zeros((9, 1)), np.arange(1.0, 10.0)[:, None]
    deviations = np.array([[10.0]] + [[1.0]] * 8)
    found = fit_radii(true, predicted, deviations, level=0.9)
    assert found == Radii(0.9, 9, normalised=True, radii=(9.0,))
    low, high = found.around(np.array([[5.0]]), np.array([[2.0]]))
    assert (low.item(), high.item()) == (-13.0, 23.0)


@pytest.mark.parametrize("normalised", [False, True], ids=["plain", "normalised"])
@pytest.mark.parametrize(("rows", "level"), [(9, 0.9), (25, 0.8), (60, 0.9), (200, 0.95)])
def test_intervals_cover_as_often_as_they_say(rows, level, normalised):
    """Over tables and new rows, the share inside is that of the rank; the bounds fail once in a million tries."""
    draw = np.random.default_rng(rows)
    tables, inside = 4000, 0
    for _ in range(tables):
        spread = draw.gamma(2.0, size=(rows + 1, 1))
        errors = draw.standard_t(3, size=(rows + 1, 1)) * spread
        deviations = spread if normalised else None
        found = fit_radii(errors[:-1], np.zeros((rows, 1)), None if deviations is None else deviations[:-1], level)
        low, high = found.around(np.zeros((1, 1)), None if deviations is None else deviations[-1:])
        inside += int(low.item() <= errors[-1].item() <= high.item())
    share = rank(rows, level) / (rows + 1)
    assert level <= share < level + 1 / (rows + 1)
    least, most = binom.ppf([5e-7, 1 - 5e-7], tables, share)
    assert least <= inside <= most


@pytest.mark.parametrize("offset", [0.0, 1e6, -3.3])
@pytest.mark.parametrize("normalised", [False, True])
def test_the_coverage_of_the_rows_behind_the_radius_is_their_rank(offset, normalised):
    """The row whose error is the radius counts, however its ends are rounded."""
    random = np.random.default_rng(3)
    for _ in range(300):
        predicted = offset + random.normal(size=(9, 1))
        true = predicted + random.normal(size=(9, 1))
        deviations = random.uniform(0.1, 3.0, size=(9, 1)) if normalised else None
        ends = fit_radii(true, predicted, deviations, 0.5).around(predicted, deviations)
        found = scores(true, Values(predicted, deviations, *ends), ["y"])
        assert found["coverage"] == rank(9, 0.5) / 9
