"""One contender against all others on one table: every statistic, adjusted for their number, and the finding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.science.statistics.bayes import Posterior, bayes_t
from hqnn_dsl.science.statistics.corrected_t import CorrectedT, corrected_t
from hqnn_dsl.science.statistics.effects import Effect, effect
from hqnn_dsl.science.statistics.holm import holm
from hqnn_dsl.science.statistics.intervals import Interval, bootstrap
from hqnn_dsl.science.statistics.power import Needed, needed
from hqnn_dsl.science.statistics.units import Paired, Score, paired

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.science.statistics.units import Layout

LEVEL = 0.05
"""The share of false claims that is allowed, over all comparisons together."""

Finding = Literal["better", "worse", "practically equivalent", "no evidence of a difference", "untested"]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One contender beside another by one score.

    `adjusted` is the p-value adjusted by Holm for the `family` of comparisons. `half_region` is half of the region of
    practical equivalence, in the score's units. `needed` is what it takes to see a difference of
    the stated size.
    The statistics are None where the scores do not define them; `finding` is `untested` if a score is missing, for a
    single unit, and if all units have one difference that is not 0.
    """

    own: str
    other: str
    score: Score
    paired: Paired
    finding: Finding
    level: float
    family: int
    half_region: float
    test: CorrectedT | None = None
    adjusted: float | None = None
    effect: Effect | None = None
    posterior: Posterior | None = None
    needed: Needed | None = None
    seed: int = 0
    """That of the bootstrap."""

    @cached_property
    def interval(self) -> Interval | None:
        """Returns the bootstrap interval of the mean difference, made when it is first asked for."""
        if self.test is None:
            return None
        return bootstrap(self.paired.differences, seed=self.seed, level=1 - self.level)

    @property
    def gain(self) -> float | None:
        """Returns by how much the own score is better on average; negative if it is worse."""
        return None if self.paired.mean is None else self.score.sign * self.paired.mean


def compare(  # noqa: PLR0913 - the parts of a question
    own: str,
    scores: Mapping[str, Sequence[float | None]],
    layout: Layout,
    score: Score,
    *,
    seed: int,
    level: float = LEVEL,
    others: Sequence[str] | None = None,
) -> tuple[Comparison, ...]:
    """Returns the comparison of the contender `own` with each of the others, in their order.

    `scores` has, for each contender, one score a unit of the layout, None where a training has failed. Holm adjusts
    for the number of others. `seed` is that of the bootstrap. Raises `ValueError` for another number of scores.
    """
    names = [name for name in scores if name != own] if others is None else list(others)
    pairs = {name: paired(scores[own], scores[name], layout) for name in names}
    tests = {name: _tested(pair, 1 - level) for name, pair in pairs.items()}
    adjusted = holm({name: None if test is None else test.p for name, test in tests.items()})
    return tuple(
        _comparison(own, name, score, pairs[name], tests[name], adjusted[name], len(names), level, seed)
        for name in names
    )


def _tested(pair: Paired, level: float) -> CorrectedT | None:
    if not pair.is_complete or not pair.differences:
        return None
    return corrected_t(pair.differences, pair.layout.overlap, level)


def _comparison(  # noqa: PLR0913, PLR0917 - what was found before
    own: str,
    other: str,
    score: Score,
    pair: Paired,
    test: CorrectedT | None,
    adjusted: float | None,
    family: int,
    level: float,
    seed: int,
) -> Comparison:
    half = 0.0 if pair.other_mean is None else score.half_region(pair.other_mean)
    size = 0.0 if pair.other_mean is None else score.stated_size(pair.other_mean)
    gains = [score.sign * difference for difference in pair.differences]
    posterior = None if test is None else bayes_t(gains, pair.layout.overlap, half)
    spread = None if test is None else test.deviation
    return Comparison(
        own=own,
        other=other,
        score=score,
        paired=pair,
        finding=_finding(score, test, adjusted, posterior, level),
        level=level,
        family=family,
        half_region=half,
        test=test,
        adjusted=adjusted,
        effect=effect(pair) if pair.differences else None,
        posterior=posterior,
        needed=None if not spread else needed(size, spread, pair.layout, level / family),
        seed=seed,
    )


def _finding(
    score: Score, test: CorrectedT | None, adjusted: float | None, posterior: Posterior | None, level: float
) -> Finding:
    """Returns the strongest claim that is allowed.

    A difference is claimed if the adjusted p-value is at most the level, and practical equivalence if the posterior
    has all but the level in the region. If both hold, the difference is one that does not matter: equivalent.
    """
    if test is None or test.p is None or adjusted is None:
        return "untested"
    if posterior is not None and posterior.equivalent >= 1 - level:
        return "practically equivalent"
    if adjusted <= level:
        return "better" if score.sign * test.mean > 0 else "worse"
    return "no evidence of a difference"
