"""What the course of a training shows: a plateau, a dead quantum half, steps that are mostly noise. Plain Python.

An epoch's numbers are those of `history.csv`: for each half of the network `R`, the root mean square of the norms of
its steps' gradients, and `M`, the norm of their mean (see `gradient_norms`). `L` is the loss on the training rows,
`L_1` that of the first epoch, `n` the steps of an epoch. These are rules on numbers, no proofs: what they find lasts
for a tenth of all epochs, ten at least, and is named only if the training shows it plainly.

**Dead quantum half.** `R` of the quantum weights is below `1e-4 |L_1|` and below a thousandth of the classical one. The
loss then changes by less than a part in ten thousand of its start, to first order, if all angles together move by one
radian along the gradient. Or `R` is below four units of rounding of `|L_1|`: what is left of it is rounding. A network
without classical weights has only the second rule, from its first epochs on: a minimum looks the same later.

**Plateau** (McClean et al., Nature Communications 9, 4812, 2018, of barren ones). `R` of the quantum weights, of a
network without any that of the classical ones, is at most a hundredth of its largest value so far and of `|L_1|`, the
loss falls by less than 1 %, and the rate is a thousandth of its largest value at least. A minimum has all this too. So
either it begins in the first epochs, before half of the loss is gone, or the loss falls by a tenth after it, at a rate
that is no lower: then it was none. The end of a training is not called a plateau.

**Noise-dominated steps** (by the noise scale of McCandlish et al., arXiv:1812.06162, 2018). `n M^2 / R^2` is 1 for
gradients that are independent noise, and `n` if all steps agree. With a signal `S` and noise `N` in a step's gradient
it is below 2 if `S^2 < N^2 / (n - 2)`: even in the mean over a whole epoch there is more noise than signal. Near a
minimum, too, most of a batch's gradient is noise, and it does no harm. So it is named only if the mean over five
epochs is below 2, the loss falls by less than 3 % and is above half of `L_1`, `R` is above a quarter of its mean over
the first five epochs, and the rate is a tenth of its largest value at least. With fewer than four steps an epoch it
cannot be told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.diagnostics.codes.courses import DeadQuantumHalf, NoisySteps, OnPlateau
from hqnn_dsl.diagnostics.quantities import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

Kind = Literal["plateau", "dead", "noise"]
Half = Literal["classical", "quantum"]

ROUNDING = {"double": 2.0**-53, "single": 2.0**-24, "mixed": 2.0**-24}
"""The unit roundoff of the circuit's numbers by precision of the steps."""

FEWEST_STEPS = 4
"""Steps of an epoch that noise can be told from."""

MOST_NAMED = 4
"""Stretches of epochs that a sentence names."""

_NORMS = ("classical_grad", "quantum_grad", "classical_mean_grad", "quantum_mean_grad")
_COLUMNS = ("train_loss", "end_loss", "lr", "quantum_lr", *_NORMS)

FEWEST_EPOCHS = 10
_SMOOTHED = 5
"""The epochs that a mean is over."""


@dataclass(frozen=True)
class Stage:
    """An epoch as it is judged: its loss on the training rows, its rate, and norms by half, None if not known."""

    loss: float
    rate: float
    classical: float | None
    quantum: float | None
    classical_mean: float | None = None
    quantum_mean: float | None = None

    def norm(self, half: Half) -> float | None:
        """Returns the root mean square of the norms of a half's gradients."""
        return self.quantum if half == "quantum" else self.classical

    def mean(self, half: Half) -> float | None:
        """Returns the norm of the mean of a half's gradients."""
        return self.quantum_mean if half == "quantum" else self.classical_mean


def stages_of(epochs: Iterable[Any]) -> list[Stage]:
    """Returns the epochs of a history as they are judged: rows with its columns as attributes, or an `Epoch` each.

    What is missing or no number is not known. The loss is `end_loss` if every epoch has one, else `train_loss`.
    """
    rows = [{name: _known(getattr(one, name, None)) for name in _COLUMNS} for one in epochs]
    loss = "end_loss" if all(row["end_loss"] is not None for row in rows) else "train_loss"
    return [
        Stage(
            math.nan if (found := row[loss]) is None else found,
            max(row["lr"] or 0.0, row["quantum_lr"] or 0.0),
            *(row[name] for name in _NORMS),
        )
        for row in rows
    ]


def _known(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


@dataclass(frozen=True)
class Finding:
    """Epochs `first` to `last`, counted from 1, that show something of a half; `norm` is the largest `R` in them."""

    kind: Kind
    half: Half
    first: int
    last: int
    norm: float


def warnings_of(findings: Sequence[Finding]) -> list[Diagnostic]:
    """Returns a warning for each kind of finding: W0473 a plateau, W0474 a dead quantum half, W0475 noise."""
    found: list[Diagnostic] = []
    kinds: tuple[tuple[Kind, type[OnPlateau | DeadQuantumHalf | NoisySteps]], ...] = (
        ("plateau", OnPlateau),
        ("dead", DeadQuantumHalf),
        ("noise", NoisySteps),
    )
    for kind, make in kinds:
        own = [one for one in findings if one.kind == kind]
        if own:
            norm = number(max(one.norm for one in own))
            found.append(make(epochs=in_words(spans_of(own)), norm=norm, halves=_halves(own)))
    return found


def spans_of(findings: Iterable[Finding]) -> list[tuple[int, int]]:
    """Returns the epochs of findings as stretches that do not touch, in their order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted((one.first, one.last) for one in findings):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def in_words(spans: Sequence[tuple[int, int]]) -> str:
    """Returns stretches of epochs in words, the first ones of many."""
    named = [f"{first} to {last}" for first, last in spans[:MOST_NAMED]]
    return f"epochs {', '.join(named)}{', …' if len(spans) > MOST_NAMED else ''}"


def _halves(findings: Sequence[Finding]) -> str:
    return " and ".join(half for half in ("quantum", "classical") if any(one.half == half for one in findings))


def findings_of(stages: Sequence[Stage], steps: int, precision: str) -> list[Finding]:
    """Returns what a training shows, in the order of kinds and epochs; nothing if its norms are not known.

    `steps` are those of an epoch, `precision` is `double`, `single` or `mixed`.
    """
    known = [stage for stage in stages if math.isfinite(stage.loss) and not (stage.classical is stage.quantum is None)]
    if len(known) != len(stages) or len(stages) < FEWEST_EPOCHS:
        return []
    course = _Course(stages, steps, 4 * ROUNDING[precision])
    return [*course.plateaus(), *course.dead(), *course.noise()]


class _Course:
    """All epochs of a training, by their positions from 0, and the rules on them."""

    def __init__(self, stages: Sequence[Stage], steps: int, rounding: float) -> None:
        self.stages, self.steps, self.rounding = stages, steps, rounding
        self.long = max(FEWEST_EPOCHS, math.ceil(len(stages) / 10))
        self.early = max(5, len(stages) // 20)
        """A stretch that begins before this position is there from the start."""
        self.start = abs(stages[0].loss)
        self.lowest = list(_running(min, [stage.loss for stage in stages]))
        self.highest_rate = max(stage.rate for stage in stages)
        halves: tuple[Half, ...] = ("quantum", "classical")
        self.halves = [half for half in halves if any(stage.norm(half) is not None for stage in stages)]

    def dead(self) -> Iterator[Finding]:
        if "quantum" not in self.halves:
            return
        for first, end in _stretches(len(self.stages), self._is_dead):
            if end - first >= self.long and (len(self.halves) > 1 or first < self.early):
                yield self._finding("dead", "quantum", first, end)

    def plateaus(self) -> Iterator[Finding]:
        half = self.halves[0]
        largest = list(_running(max, [stage.norm(half) or 0.0 for stage in self.stages]))

        def is_small(at: int) -> bool:
            norm, stage = self.stages[at].norm(half), self.stages[at]
            if norm is None or stage.rate < 1e-3 * self.highest_rate or (len(self.halves) > 1 and self._is_dead(at)):
                return False
            return norm <= 1e-2 * max(self.start, largest[at])

        for first, end in self._flat(is_small, 0.01):
            begins = first < self.early and abs(self.lowest[first]) >= self.start / 2
            if begins or self._falls_after(end):
                yield self._finding("plateau", half, first, end)

    def noise(self) -> Iterator[Finding]:
        if self.steps < FEWEST_STEPS:
            return
        for half in self.halves:
            ratios = _means([self._ratio(stage, half) for stage in self.stages])
            norms = [stage.norm(half) or 0.0 for stage in self.stages]
            at_start = sum(norms[:_SMOOTHED]) / _SMOOTHED

            def is_noise(at: int, ratios: list[float] = ratios, half: Half = half, least: float = at_start / 4) -> bool:
                stage = self.stages[at]
                is_shown = stage.rate >= self.highest_rate / 10 and stage.loss >= self.start / 2
                is_dead = half == "quantum" and self._is_dead(at)
                return is_shown and not is_dead and ratios[at] < 2 and (stage.norm(half) or 0.0) >= least

            for first, end in self._flat(is_noise, 0.03):
                yield self._finding("noise", half, first, end)

    def _is_dead(self, at: int) -> bool:
        quantum, classical = self.stages[at].quantum, self.stages[at].classical
        floor = self.rounding * self.start
        if quantum is None:
            return False
        if classical is None:
            return quantum <= floor
        return (quantum <= floor < classical) or quantum <= min(1e-4 * self.start, 1e-3 * classical)

    def _ratio(self, stage: Stage, half: Half) -> float:
        norm, mean = stage.norm(half), stage.mean(half)
        return math.inf if not norm or mean is None else self.steps * (mean / norm) ** 2

    def _flat(self, holds: Callable[[int], bool], most: float) -> Iterator[tuple[int, int]]:
        """Yields long stretches where something holds and the lowest loss so far falls by less than a share."""
        for begin, end in _stretches(len(self.stages), holds):
            first = last = begin
            while first < end:
                last = max(first, last)
                while last + 1 < end and self._fall(first, last + 1) < most:
                    last += 1
                if last + 1 - first >= self.long:
                    yield first, last + 1
                    first = last + 1
                else:
                    first += 1

    def _fall(self, first: int, last: int) -> float:
        """The fall of the lowest loss so far, of what it was; of the first loss if losses may be negative."""
        before, after = self.lowest[first], self.lowest[last]
        unit = before if self.lowest[-1] > 0 else self.start
        return math.inf if before > after and unit == 0 else (before - after) / (unit or 1.0)

    def _falls_after(self, end: int) -> bool:
        """Whether the loss falls by a tenth after a stretch, before the rate is lower than at its end."""
        rate = self.stages[end - 1].rate
        for at in range(end, len(self.stages)):
            if self.stages[at].rate < 0.9 * rate:
                return False
            if self._fall(end - 1, at) >= 0.1:
                return True
        return False

    def _finding(self, kind: Kind, half: Half, first: int, end: int) -> Finding:
        return Finding(kind, half, first + 1, end, max(s.norm(half) or 0.0 for s in self.stages[first:end]))


def _running(best: Callable[[float, float], float], values: Sequence[float]) -> Iterator[float]:
    found = values[0]
    for value in values:
        found = best(found, value)
        yield found


def _means(values: Sequence[float]) -> list[float]:
    """The mean of each value and those around it."""
    around = _SMOOTHED // 2
    windows = (values[max(0, at - around) : at + around + 1] for at in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def _stretches(count: int, holds: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """Yields the longest stretches of positions at which something holds, as half-open ranges."""
    found = [holds(at) for at in range(count)]
    edges = [at for at, (one, other) in enumerate(pairwise([False, *found, False])) if one != other]
    yield from zip(edges[::2], edges[1::2], strict=True)
