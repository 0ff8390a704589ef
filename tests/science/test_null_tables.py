"""False claims: of tables of scores in which no contender is better, few have a claim; planted differences are found.

The claims are those of the whole comparison, after Holm, at the level of 5 %.
"""

from __future__ import annotations

import gc
import math
from itertools import pairwise

import numpy as np
import pytest

from hqnn_dsl.science.statistics.comparison import compare
from hqnn_dsl.science.statistics.units import Score, folds_layout

FOLDS, REPEATS = 5, 2
CLAIMS = {"better", "worse"}


@pytest.fixture(autouse=True)
def _no_collections(monkeypatch):
    """Statsmodels collects garbage in each adjustment of p-values, which takes most of the time of these tests."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


def gaussian(draws: np.random.Generator, contenders: int, shift: float = 0.0) -> tuple[dict[str, list[float]], int]:
    """Scores whose folds have an effect for all, and each contender one for the table and one a fold.

    The correlation of a contender's folds is test rows over all rows, 1/5. `shift` is added to the first contender.
    """
    units = FOLDS * REPEATS
    common = draws.normal(size=units)
    table = {}
    for index in range(contenders):
        own = math.sqrt(0.2) * draws.normal() + math.sqrt(0.8) * draws.normal(size=units)
        table[f"c{index}"] = (10 + common + 0.1 * (own + (shift if index == 0 else 0.0))).tolist()
    return table, 100


def cross_validated(draws: np.random.Generator, contenders: int, seen: int = 0) -> tuple[dict[str, list[float]], int]:
    """RMSE of least squares in a repeated cross-validation of a new table, the same folds for all contenders.

    Each contender sees three columns of its own, which say equally much of the target: before the table is drawn, none
    is better. With `seen`, the first contender sees so many columns of others beside its own, and is better.
    """
    rows, each = 100, 3
    inputs = draws.normal(size=(rows, each * contenders))
    target = inputs.sum(axis=1) + draws.normal(size=rows)
    columns = {f"c{i}": list(range(each * i, each * (i + 1))) for i in range(contenders)}
    columns["c0"] += range(each, each + seen)
    table: dict[str, list[float]] = {name: [] for name in columns}
    for _ in range(REPEATS):
        edges = np.linspace(0, rows, FOLDS + 1).astype(int)
        order = draws.permutation(rows)
        for begin, end in pairwise(edges):
            tested, learned = order[begin:end], np.concatenate([order[:begin], order[end:]])
            for name, own in columns.items():
                slopes = np.linalg.lstsq(inputs[np.ix_(learned, own)], target[learned])[0]
                errors = target[tested] - inputs[np.ix_(tested, own)] @ slopes
                table[name].append(float(np.sqrt(np.mean(errors**2))))
    return table, rows


def share_of_claims(make, number: int, contenders: int, seed: int, **options) -> float:
    """Returns the share of tables in which `c0` is said to be better or worse than any other."""
    draws, claimed = np.random.default_rng(seed), 0
    for _ in range(number):
        table, rows = make(draws, contenders, **options)
        found = compare("c0", table, folds_layout(FOLDS, REPEATS, rows), Score.of("rmse", region=0.0), seed=0)
        claimed += any(one.finding in CLAIMS for one in found)
    return claimed / number


@pytest.mark.parametrize("make", [gaussian, cross_validated])
def test_few_of_sixty_null_tables_have_a_claim(make):
    """Of 60 tables with false claims in 5 %, more than 8 have one with probability 0.002."""
    assert share_of_claims(make, 60, 3, seed=1) <= 8 / 60


@pytest.mark.slow
@pytest.mark.parametrize("contenders", [2, 9])
@pytest.mark.parametrize("make", [gaussian, cross_validated])
def test_at_most_seven_per_cent_of_500_null_tables_have_a_claim(make, contenders):
    assert share_of_claims(make, 500, contenders, seed=2) <= 0.07


def test_without_the_correction_the_claims_would_be_too_many():
    """The same tables by the plain paired t test: what is tested above could fail."""
    draws, claimed = np.random.default_rng(2), 0
    from scipy import stats

    for _ in range(300):
        table, _ = cross_validated(draws, 2)
        claimed += stats.ttest_rel(table["c0"], table["c1"]).pvalue <= 0.05
    assert claimed / 300 > 0.10


@pytest.mark.parametrize(("make", "options"), [(gaussian, {"shift": -6.0}), (cross_validated, {"seen": 6})])
def test_planted_differences_are_found(make, options):
    assert share_of_claims(make, 20, 3, seed=3, **options) >= 0.9
