"""Contenders over several data sets: Wilcoxon's signed-rank test, Friedman's with Nemenyi's, the data of a diagram.

Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, 1 (2006). Each data set is one
observation: the mean score over its units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.science.extra import needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.science.statistics.units import Score

MOST_EXACT = 50
"""Up to so many data sets the p-value of Wilcoxon's test is exact if no gains are equal."""

MOST_SIGNS = 13
"""Up to so many data sets it is exact also then: all signs of the gains are gone through."""


def gain_between(own: float, other: float, score: Score) -> float:
    """Returns how much better a score is, in a measure that is the same for all data sets.

    Of errors, which have the units of their targets, it is the difference over the larger of both, from -1 to 1; of
    other scores the difference. Equal scores have the gain 0.
    """
    difference = score.sign * (own - other)
    if math.isclose(own, other, rel_tol=1e-12):
        return 0.0
    return difference / max(abs(own), abs(other)) if score.is_share else difference


@dataclass(frozen=True, kw_only=True)
class Wilcoxon:
    """Wilcoxon's signed-rank test of gains over data sets, two-sided.

    `smallest` is the smallest p-value that so many data sets can have: with five or fewer it is above 0.05, and nothing
    can be claimed. `p` is 1 if all gains are 0.
    """

    statistic: float
    p: float
    data_sets: int
    smallest: float


def wilcoxon(gains: Sequence[float]) -> Wilcoxon:
    """Returns the test. The ranks of gains of 0 count half for each side, as Demšar has it.

    Raises `ValueError` for no gains.
    """
    number = len(gains)
    if not number:
        raise ValueError("no gains")
    smallest = 2.0 ** (1 - number) if number > 1 else 1.0
    if not any(gains):
        return Wilcoxon(statistic=number * (number + 1) / 4, p=1.0, data_sets=number, smallest=smallest)
    from scipy import stats

    method: Any
    has_ties = len({abs(gain) for gain in gains}) < number or not all(gains)
    method = "exact" if number <= MOST_EXACT and not has_ties else "auto"
    if has_ties and number <= MOST_SIGNS:
        method = stats.PermutationMethod(n_resamples=2**MOST_SIGNS)  # all signs: no other distribution is at hand
    found = stats.wilcoxon(np.asarray(gains, dtype=np.float64), zero_method="zsplit", method=method)
    return Wilcoxon(statistic=float(found.statistic), p=float(found.pvalue), data_sets=number, smallest=smallest)


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Mean ranks of contenders over data sets (1 is the best), and which of them can be told apart.

    `chi2` and `p` are Friedman's. `critical` is the critical difference of Nemenyi at `level`: two contenders whose
    mean ranks differ by less are not told apart. `pairs` are Nemenyi's p-values. `groups` are the sets of contenders
    that a critical-difference diagram joins by a bar: the largest sets, next to each other by rank, none of which
    differs significantly from another.
    """

    names: tuple[str, ...]
    """Best first."""
    ranks: tuple[float, ...]
    data_sets: int
    chi2: float
    p: float
    critical: float
    level: float
    pairs: Mapping[tuple[str, str], float]
    groups: tuple[tuple[str, ...], ...]


def ranks(scores: Mapping[str, Sequence[float]], score: Score, level: float = 0.05) -> Ranks:
    """Returns ranks and tests of three or more contenders, each with one score a data set. Equal scores share ranks.

    A score that is not finite is the worst. Raises `ValueError` for fewer than three contenders or two data sets, and
    `Refusal` E0680 without scikit-posthocs.
    """
    names = tuple(scores)
    table = np.array([[float(value) for value in scores[name]] for name in names]).T
    if len(names) < 3 or len(table) < 2:
        raise ValueError("ranks need three contenders and two data sets")
    from scipy import stats

    losses = np.where(np.isfinite(table), -score.sign * table, np.inf)
    each = stats.rankdata(losses, axis=1)
    mean_ranks = each.mean(axis=0)
    chi2, p = _friedman(each)
    order = sorted(range(len(names)), key=lambda index: (mean_ranks[index], names[index]))
    pairs = _nemenyi(each, names)
    sorted_names = tuple(names[index] for index in order)
    return Ranks(
        names=sorted_names,
        ranks=tuple(float(mean_ranks[index]) for index in order),
        data_sets=len(table),
        chi2=chi2,
        p=p,
        critical=critical_difference(len(names), len(table), level),
        level=level,
        pairs=pairs,
        groups=_groups(sorted_names, pairs, level),
    )


def critical_difference(contenders: int, data_sets: int, level: float = 0.05) -> float:
    """Returns Nemenyi's critical difference: q √(k (k + 1) / 6 N), q the studentized range over √2 (Demšar 2006)."""
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - level, contenders, np.inf)) / math.sqrt(2)
    return q * math.sqrt(contenders * (contenders + 1) / (6 * data_sets))


def _friedman(each: NDArray[np.float64]) -> tuple[float, float]:
    """Returns Friedman's statistic and p-value of ranks `[D, K]`; 0 and 1 if all contenders are equal everywhere."""
    if np.all(each == each[:, :1]):
        return 0.0, 1.0
    from scipy import stats

    found = stats.friedmanchisquare(*each.T)
    return float(found.statistic), float(found.pvalue)


def _nemenyi(each: NDArray[np.float64], names: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Returns Nemenyi's p-value of each pair of contenders."""
    needs("scikit_posthocs")
    import scikit_posthocs

    found = scikit_posthocs.posthoc_nemenyi_friedman(each).to_numpy()
    return {(one, two): float(found[i, j]) for i, one in enumerate(names) for j, two in enumerate(names) if i != j}


def _groups(
    names: tuple[str, ...], pairs: Mapping[tuple[str, str], float], level: float
) -> tuple[tuple[str, ...], ...]:
    """Returns the longest runs of contenders, by rank, whose ends are not told apart."""
    found: list[tuple[int, int]] = []
    for begin in range(len(names)):
        end = max((e for e in range(begin + 1, len(names)) if pairs[names[begin], names[e]] >= level), default=begin)
        if end > begin and not any(end <= last for _, last in found):
            found.append((begin, end))
    return tuple(names[begin : end + 1] for begin, end in found)
