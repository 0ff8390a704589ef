"""Whether a contender needs fewer rows than another: learning curves as a tested claim.

Each unit has a curve: the score by the number of rows to learn from. The claim is tested on the area between the curves
over the logarithm of the rows, once for each unit, and at each number of rows with Holm over these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.science.statistics.corrected_t import CorrectedT, corrected_t
from hqnn_dsl.science.statistics.holm import holm
from hqnn_dsl.science.statistics.units import Paired, Score, mean, paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.science.statistics.units import Layout

LEVEL = 0.05

CurveFinding = Literal["needs fewer rows", "needs more rows", "no evidence of a difference", "untested"]


@dataclass(frozen=True, kw_only=True)
class AtRows:
    """The comparison at one number of rows; `adjusted` is adjusted by Holm for all numbers of rows."""

    rows: int
    paired: Paired
    test: CorrectedT | None
    adjusted: float | None


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Two learning curves compared.

    `area` is the test of the mean difference of scores, own minus other, averaged over the logarithm of the rows.
    `enough` is the number of rows with which the own mean score reaches that of the other with all of them, read off
    the mean curve between its points; None if it does not reach it. It has no error of its own.
    """

    own: str
    other: str
    score: Score
    finding: CurveFinding
    at: tuple[AtRows, ...]
    area: CorrectedT | None
    enough: float | None
    level: float = LEVEL

    @property
    def all_rows(self) -> int:
        """The largest number of rows."""
        return self.at[-1].rows


def learning_curves(  # noqa: PLR0913 - the parts of a question
    own: tuple[str, Sequence[Sequence[float | None]]],
    other: tuple[str, Sequence[Sequence[float | None]]],
    rows: Sequence[int],
    layout: Layout,
    score: Score,
    *,
    family: int = 1,
    level: float = LEVEL,
) -> Curves:
    """Returns the comparison of two contenders' curves, each a name and, for each of `rows`, a score a unit.

    `rows` are ascending. `family` is how many contenders the claim is made against: the p-value of the area is
    multiplied by it. `needs fewer rows` is claimed if the area is significantly in favour, and no number of rows is
    significantly against; `needs more rows` likewise. A missing score makes it `untested`. Raises `ValueError` for
    fewer than two numbers of rows, or if they do not ascend.
    """
    if len(rows) < 2 or any(a >= b for a, b in pairwise(rows)) or rows[0] < 1:
        raise ValueError("a curve needs two ascending numbers of rows")
    pairs = [paired(a, b, layout) for a, b in zip(own[1], other[1], strict=True)]
    tests = [corrected_t(pair.differences, layout.overlap, 1 - level) if _is_whole(pair) else None for pair in pairs]
    adjusted = holm({str(n): None if test is None else test.p for n, test in zip(rows, tests, strict=True)})
    at = tuple(
        AtRows(rows=n, paired=pair, test=test, adjusted=adjusted[str(n)])
        for n, pair, test in zip(rows, pairs, tests, strict=True)
    )
    is_whole = all(_is_whole(pair) for pair in pairs)
    area = corrected_t(_areas(pairs, rows), layout.overlap, 1 - level) if is_whole else None
    return Curves(
        own=own[0],
        other=other[0],
        score=score,
        finding=_finding(at, area, score, family, level),
        at=at,
        area=area,
        enough=_enough(pairs, rows, score) if is_whole else None,
        level=level,
    )


def _is_whole(pair: Paired) -> bool:
    return pair.is_complete and bool(pair.differences)


def _areas(pairs: Sequence[Paired], rows: Sequence[int]) -> list[float]:
    """Returns, for each unit, the mean difference over the logarithm of the rows, by the rule of trapezoids."""
    logs = [math.log(n) for n in rows]
    return [
        math.fsum(
            (pairs[i].differences[unit] + pairs[i + 1].differences[unit]) / 2 * (logs[i + 1] - logs[i])
            for i in range(len(rows) - 1)
        )
        / (logs[-1] - logs[0])
        for unit in range(len(pairs[0].differences))
    ]


def _finding(at: Sequence[AtRows], area: CorrectedT | None, score: Score, family: int, level: float) -> CurveFinding:
    if area is None or area.p is None:
        return "untested"
    if min(1.0, area.p * family) > level:
        return "no evidence of a difference"
    gain = score.sign * area.mean
    against = [
        one for one in at if one.test is not None and one.adjusted is not None and one.adjusted <= level
        and score.sign * one.test.mean * gain < 0
    ]  # fmt: skip
    if against:
        return "no evidence of a difference"
    return "needs fewer rows" if gain > 0 else "needs more rows"


def _enough(pairs: Sequence[Paired], rows: Sequence[int], score: Score) -> float | None:
    """Returns where the own mean curve first reaches the other's mean with all rows."""
    target = pairs[-1].other_mean
    means = [pair.own_mean for pair in pairs]
    if target is None or any(value is None for value in means):
        return None
    gains = [score.sign * (value - target) for value in means if value is not None]
    if gains[0] >= 0:
        return float(rows[0])
    for i in range(1, len(rows)):
        if gains[i] >= 0:
            share = -gains[i - 1] / (gains[i] - gains[i - 1])
            return math.exp(math.log(rows[i - 1]) + share * math.log(rows[i] / rows[i - 1]))
    return None


def curves_sentence(curves: Curves) -> str:
    """Returns the claim that the curves allow, with its numbers."""
    one, other = curves, curves.other
    if one.area is None or one.area.p is None:
        lacking = [str(at.rows) for at in one.at if not _is_whole(at.paired)]
        why = f"a score is missing at {listed(lacking, 'and')} rows" if lacking else "there is no spread to judge by"
        return f"learning curves: not comparable with {other}: {why}"
    p = "p < 0.001" if one.area.p < 0.001 else f"p = {number(one.area.p, 2)}"
    over = f"{one.at[0].rows} to {one.all_rows} rows"
    mean_difference = f"mean difference of {one.score.title} over {over} {one.area.mean:+.3g}, {p}"
    if one.finding == "no evidence of a difference":
        return f"learning curves: no evidence that it needs fewer or more rows than {other} ({mean_difference})"
    reached = ""
    if one.finding == "needs fewer rows" and one.enough is not None:
        reached = f"; with about {round(one.enough)} rows it is as good as {other} with {one.all_rows}"
    return f"learning curves: it {one.finding} than {other} ({mean_difference}){reached}"


def mean_curve(scores: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Returns the mean score at each number of rows, None where one is missing."""
    return [None if any(v is None for v in unit) else mean([v for v in unit if v is not None]) for unit in scores]
