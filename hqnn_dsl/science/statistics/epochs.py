"""After how many epochs trainings reach a target, compared over units.

A training that never reaches it counts with its last epoch: the mean is that of the epochs until the target or the end,
a restricted mean, as in the analysis of survival times (Royston and Parmar, BMC Med. Res. Methodol. 13, 152, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.science.statistics.corrected_t import CorrectedT, corrected_t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.science.statistics.units import Layout

LEVEL = 0.05

EpochFinding = Literal["faster", "slower", "no evidence of a difference", "untested"]


def epochs_to(losses: Sequence[float | None], target: float) -> int | None:
    """Returns the first epoch, from 1, whose loss is at most the target; None if none is."""
    return next((epoch for epoch, loss in enumerate(losses, 1) if loss is not None and loss <= target), None)


@dataclass(frozen=True, kw_only=True)
class EpochsToTarget:
    """Epochs until the target of two contenders. `reached` is in how many units each of both reached it.

    `test` is that of the differences of restricted epochs, own minus other: negative if it is faster.
    """

    own: str
    other: str
    budget: int
    reached: tuple[int, int]
    means: tuple[float, float]
    test: CorrectedT
    finding: EpochFinding


def epochs_to_target(
    own: tuple[str, Sequence[int | None]],
    other: tuple[str, Sequence[int | None]],
    budget: int,
    layout: Layout,
    level: float = LEVEL,
) -> EpochsToTarget:
    """Returns the comparison of the epochs that two contenders took, None for a unit that did not reach the target.

    `budget` is the number of epochs that all had. It is `untested` if neither ever reaches the target, and for one
    unit. Raises `ValueError` for another number of epochs than units, or for epochs beyond the budget.
    """
    pairs = [[budget if epoch is None else epoch for epoch in epochs] for _, epochs in (own, other)]
    if any(len(epochs) != len(layout.units) for epochs in pairs) or any(e > budget for p in pairs for e in p):
        raise ValueError("epochs do not fit the units or the budget")
    test = corrected_t([float(a - b) for a, b in zip(*pairs, strict=True)], layout.overlap, 1 - level)
    reached = tuple(sum(epoch is not None for epoch in epochs) for _, epochs in (own, other))
    return EpochsToTarget(
        own=own[0],
        other=other[0],
        budget=budget,
        reached=(reached[0], reached[1]),
        means=(sum(pairs[0]) / len(pairs[0]), sum(pairs[1]) / len(pairs[1])),
        test=test,
        finding=_finding(test, level, is_reached=any(reached)),
    )


def _finding(test: CorrectedT, level: float, *, is_reached: bool) -> EpochFinding:
    if not is_reached or test.p is None:
        return "untested"
    if test.p > level:
        return "no evidence of a difference"
    return "faster" if test.mean < 0 else "slower"


def epochs_sentence(found: EpochsToTarget) -> str:
    """Returns the finding in words. An epoch of one contender may take longer than one of the other."""
    units = found.test.units
    if not any(found.reached):
        return f"epochs to target: neither it nor {found.other} reaches the target within {found.budget} epochs"
    means = f"{number(found.means[0], 3)} and {number(found.means[1], 3)} epochs on average, at most {found.budget}"
    counts = f"reached in {found.reached[0]} and {found.reached[1]} of {units}"
    facts = f"{means}; {counts}"
    if found.test.p is None:
        return f"epochs to target: not comparable with {found.other}, there is no spread to judge by ({facts})"
    p = "p < 0.001" if found.test.p < 0.001 else f"p = {number(found.test.p, 2)}"
    rank = {"faster": "fewer than", "slower": "more than"}.get(found.finding, "no evidence of a difference from")
    return f"epochs to target: {rank} {found.other} ({facts}; {p})"
