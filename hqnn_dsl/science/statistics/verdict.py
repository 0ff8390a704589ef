"""The sentences that the statistics of a comparison allow, and no stronger ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.science.statistics.power import MOST_REPEATS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.science.statistics.comparison import Comparison, Finding

MOST_TIMES = 100
"""How many times the rows of the table are told at most: further the rule for them is not followed."""

_ORDER: tuple[Finding, ...] = (
    "better", "practically equivalent", "no evidence of a difference", "worse", "untested",
)  # fmt: skip

_BEFORE: dict[Finding, str] = {
    "better": "better than",
    "worse": "worse than",
    "practically equivalent": "practically equivalent to",
    "no evidence of a difference": "no evidence of a difference from",
    "untested": "not comparable with",
}


def verdict(comparisons: Sequence[Comparison], titles: Mapping[str, str] | None = None) -> str:
    """Returns one sentence over all comparisons of a contender: which it is better than, which worse, and so on.

    `titles` are the names of contenders in a sentence.
    """
    if not comparisons:
        return "there is nothing to compare with"
    named = titles or {}
    found: dict[Finding, list[str]] = {}
    for one in comparisons:
        found.setdefault(one.finding, []).append(named.get(one.other, one.other))
    parts = [f"{_BEFORE[finding]} {listed(found[finding], 'and')}" for finding in _ORDER if finding in found]
    first = comparisons[0]
    return f"{named.get(first.own, first.own)} is by {first.score.title} {_joined(parts)}"


def _joined(parts: Sequence[str]) -> str:
    return "; ".join(f"there is {part}" if part.startswith("no ") else part for part in parts)


def sentence(comparison: Comparison, titles: Mapping[str, str] | None = None) -> str:
    """Returns the finding of one comparison with its numbers, and for no evidence with what would be needed."""
    one, named = comparison, titles or {}
    other = named.get(one.other, one.other)
    if one.finding == "untested":
        return f"not comparable with {other}: {_why_untested(one, named)}"
    if one.test is not None and one.test.deviation == 0:
        return f"practically equivalent to {other}: the same {one.score.title} in every one of {_units(one)}"
    facts = f"{_BEFORE[one.finding]} {other}: {_difference(one)}, {_interval(one)}, {_tested(one)}, {_wins(one)}"
    if one.finding == "practically equivalent":
        return f"{facts}; {_equivalent(one)}"
    if one.finding == "no evidence of a difference":
        return f"{facts}; {needed_words(one)}"
    return f"{facts}{_seeds_only(one)}"


def _why_untested(one: Comparison, titles: Mapping[str, str]) -> str:
    pair, parts = one.paired, []
    for name, missing in ((one.own, pair.own_missing), (one.other, pair.other_missing)):
        if missing:
            units = len(pair.layout.units)
            parts.append(
                f"{titles.get(name, name)} has no finite {one.score.title} in {len(missing)} of {_of(one, units)}"
            )
    if parts:
        return " and ".join(parts)
    if len(pair.layout.units) == 1:
        unit = pair.layout.over.removesuffix("s")
        return f"one {unit} has no spread to judge by ({_difference(one)}); use more {pair.layout.over}"
    return f"all {_units(one)} have the same difference ({_difference(one)}), so there is no spread to judge by"


def _of(one: Comparison, units: int) -> str:
    return one.paired.layout.words if units > 1 else f"1 {one.paired.layout.over.removesuffix('s')}"


def _units(one: Comparison) -> str:
    return one.paired.layout.words


def _difference(one: Comparison) -> str:
    """`RMSE lower by 0.12 (9.1 %)`."""
    mean = one.paired.mean or 0.0
    if mean == 0:
        return f"the same mean {one.score.title}"
    relative = None if one.effect is None or not one.score.is_share else one.effect.relative
    share = "" if relative is None else f" ({number(100 * abs(relative), 2)} %)"
    return f"{one.score.title} {'higher' if mean > 0 else 'lower'} by {number(abs(mean), 3)}{share}"


def _interval(one: Comparison) -> str:
    assert one.test is not None
    assert one.test.low is not None
    assert one.test.high is not None
    low, high = (f"{number(value, 3)}" for value in (one.test.low, one.test.high))
    return f"{100 * one.test.level:g} % interval {_signed(low)} to {_signed(high)}"


def _signed(text: str) -> str:
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def _tested(one: Comparison) -> str:
    assert one.adjusted is not None
    p = "p < 0.001" if one.adjusted < 0.001 else f"p = {number(one.adjusted, 2)}"
    return p if one.family == 1 else f"{p} after Holm for {one.family} comparisons"


def _wins(one: Comparison) -> str:
    better, same = one.paired.better_in(one.score)
    equal = f" and equal in {same}" if same else ""
    return f"better in {better}{equal} of {_units(one)}"


def _equivalent(one: Comparison) -> str:
    assert one.posterior is not None
    share = f"{100 * one.posterior.equivalent:.3g} %"
    return f"the difference is less than {number(one.half_region, 2)} with probability {share}"


def _seeds_only(one: Comparison) -> str:
    return "" if one.paired.layout.over == "folds" else "; seeds on the same rows say nothing of other rows"


def needed_words(one: Comparison) -> str:
    """Returns which difference this design sees, and what would be needed to see one of the stated size."""
    found, mean = one.needed, one.paired.other_mean
    if found is None or mean is None:
        return "no size of a difference is stated that it should see"
    least, size = (_sized(one, value, mean) for value in (found.detectable, found.difference))
    seen = f"with 80 % power this design sees a difference of {least}"
    if found.difference >= found.detectable:
        return f"{seen}, so one of {size} would probably have been seen"
    unit = "repetition" if one.paired.layout.over == "folds" else "seed"
    ways = [count(found.repeats, unit)] if found.repeats is not None else []
    if found.rows <= MOST_TIMES * one.paired.layout.rows:
        ways.append(f"about {found.rows} rows")
    if not ways:
        return f"{seen}; neither {MOST_REPEATS} {unit}s nor {MOST_TIMES} times the rows would show one of {size}"
    none = "" if found.repeats is not None else f" (not even {MOST_REPEATS} {unit}s of these rows would do)"
    return f"{seen}; one of {size} would need {listed(ways, 'or')}{none}"


def _sized(one: Comparison, value: float, mean: float) -> str:
    """`0.12 (10 %)`: a difference, of an error with its share of the other's."""
    share = f" ({number(100 * value / abs(mean), 2)} %)" if one.score.is_share and mean else ""
    return f"{number(value, 2)}{share}"
