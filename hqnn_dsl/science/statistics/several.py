"""One contender against all others over several data sets: tests, findings and their sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.science.statistics.bayes import Posterior, bayes_signed_rank
from hqnn_dsl.science.statistics.data_sets import Wilcoxon, gain_between, wilcoxon
from hqnn_dsl.science.statistics.holm import holm
from hqnn_dsl.science.statistics.intervals import Interval, hierarchical
from hqnn_dsl.science.statistics.units import is_finite, mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.science.statistics.comparison import Finding
    from hqnn_dsl.science.statistics.units import Score

LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Several:
    """One contender beside another over data sets.

    `gains` has one number a data set, by how much the own mean score is better (`gain_between`); `missing` are data
    sets in which a unit has no score. `interval` is the hierarchical bootstrap interval of the mean gain. The
    statistics are None if a data set is missing.
    """

    own: str
    other: str
    score: Score
    gains: Mapping[str, float]
    missing: tuple[str, ...]
    finding: Finding
    level: float
    family: int
    test: Wilcoxon | None = None
    adjusted: float | None = None
    posterior: Posterior | None = None
    interval: Interval | None = None


def compare_over(
    own: str,
    scores: Mapping[str, Mapping[str, Sequence[float | None]]],
    score: Score,
    *,
    seed: int,
    level: float = LEVEL,
) -> tuple[Several, ...]:
    """Returns the comparison of the contender `own` with each other one, in their order, over the same data sets.

    `scores` has, for each contender and data set, one score a unit, the same units for all contenders. Holm adjusts the
    p-values of Wilcoxon's test for the number of others. Raises `ValueError` if the data sets or units differ.
    """
    names = [name for name in scores if name != own]
    for name in names:
        if [(key, len(value)) for key, value in scores[name].items()] != [(k, len(v)) for k, v in scores[own].items()]:
            raise ValueError(f"`{name}` has other data sets or units than `{own}`")
    gains, tests = {}, {}
    for name in names:
        each = {key: _gains(scores[own][key], scores[name][key], score) for key in scores[own]}
        gains[name] = each
        whole = [mean_gain for mean_gain, _ in each.values() if mean_gain is not None]
        tests[name] = wilcoxon(whole) if whole and len(whole) == len(each) else None
    adjusted = holm({name: None if test is None else test.p for name, test in tests.items()})
    return tuple(
        _several(own, name, score, gains[name], tests[name], adjusted[name], len(names), level, seed) for name in names
    )


def _gains(
    own: Sequence[float | None], other: Sequence[float | None], score: Score
) -> tuple[float | None, list[float]]:
    """Returns the gain of the mean scores of a data set, and those of its units; None and nothing if one is missing."""
    pairs = [(a, b) for a, b in zip(own, other, strict=True) if a is not None and b is not None]
    means = mean([a for a, _ in pairs]), mean([b for _, b in pairs])
    if len(pairs) < len(own) or not all(is_finite(a) and is_finite(b) for a, b in pairs) or None in means:
        return None, []
    assert means[0] is not None
    assert means[1] is not None
    return gain_between(means[0], means[1], score), [gain_between(a, b, score) for a, b in pairs]


def _several(  # noqa: PLR0913, PLR0917 - what was found before
    own: str,
    other: str,
    score: Score,
    gains: Mapping[str, tuple[float | None, list[float]]],
    test: Wilcoxon | None,
    adjusted: float | None,
    family: int,
    level: float,
    seed: int,
) -> Several:
    means = {key: value for key, (value, _) in gains.items() if value is not None}
    values = list(means.values())
    posterior = None if test is None else bayes_signed_rank(values, score.region, seed=seed)
    return Several(
        own=own,
        other=other,
        score=score,
        gains=means,
        missing=tuple(key for key in gains if key not in means),
        finding=_finding(adjusted, posterior, level),
        level=level,
        family=family,
        test=test,
        adjusted=adjusted,
        posterior=posterior,
        interval=None if test is None else hierarchical([units for _, units in gains.values()], seed=seed),
    )


def _finding(adjusted: float | None, posterior: Posterior | None, level: float) -> Finding:
    """Returns the strongest claim that is allowed, as for one data set."""
    if adjusted is None or posterior is None:
        return "untested"
    if posterior.equivalent >= 1 - level:
        return "practically equivalent"
    if adjusted <= level:
        return "better" if posterior.better > posterior.worse else "worse"
    return "no evidence of a difference"


def several_sentence(found: Several, titles: Mapping[str, str] | None = None) -> str:
    """Returns the finding over data sets in words."""
    other = (titles or {}).get(found.other, found.other)
    if found.test is None or found.adjusted is None or found.posterior is None:
        lacking = f"a score is missing in {', '.join(found.missing)}" if found.missing else "there is no data set"
        return f"not comparable with {other} over data sets: {lacking}"
    data_sets = count(found.test.data_sets, "data set")
    wins = sum(gain > 0 for gain in found.gains.values())
    ties = sum(gain == 0 for gain in found.gains.values())
    equal = f" and equal in {ties}" if ties else ""
    p = "p < 0.001" if found.adjusted < 0.001 else f"p = {number(found.adjusted, 2)}"
    holm_words = "" if found.family == 1 else f" after Holm for {found.family} comparisons"
    shares = [
        f"{100 * share:.3g} %" for share in (found.posterior.better, found.posterior.equivalent, found.posterior.worse)
    ]
    facts = (
        f"better in {wins}{equal} of {data_sets}, {p}{holm_words}; "
        f"better, equivalent or worse with probability {shares[0]}, {shares[1]}, {shares[2]}"
    )
    before = {
        "better": f"better than {other}",
        "worse": f"worse than {other}",
        "practically equivalent": f"practically equivalent to {other}",
    }.get(found.finding, f"no evidence of a difference from {other}")
    few = ""
    if found.finding == "no evidence of a difference" and found.test.smallest * found.family > found.level:
        few = f"; {data_sets} cannot show one by this test, whatever the scores"
    return f"{before} over data sets: {facts}{few}"
