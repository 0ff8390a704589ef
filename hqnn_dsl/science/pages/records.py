"""What `comparison.json` has as plain data, with types: its statistics, its seal, and the facts of its simulation.

Fields that a page does not show may be there too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import ConfigDict, Field

from hqnn_dsl.documents import Count, Name, Positive, Record, validated

if TYPE_CHECKING:
    from pydantic import JsonValue

Pair = Annotated[list[Count], Field(min_length=2, max_length=2)]
Numbers = Annotated[list[float], Field(min_length=2, max_length=2)]


class Shown(Record):
    """A part of a document of which a page shows these fields."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class Mean(Shown):
    """The mean of a score over units, with its standard deviation."""

    mean: float | None
    deviation: float | None
    n: Count


class EffectRecord(Shown):
    """Sizes of a difference."""

    d: float | None
    g: float | None
    relative: float | None


class IntervalRecord(Shown):
    """A bootstrap interval."""

    low: float
    high: float
    level: float
    method: Name


class PosteriorRecord(Shown):
    """Probabilities of being better, equivalent, and worse."""

    better: float
    equivalent: float
    worse: float
    half_region: float


class NeededRecord(Shown):
    """What it takes to see a difference of a stated size."""

    difference: float
    power: float | None
    detectable: float | None
    repeats: Positive | None
    rows: Positive | None
    target: float
    level: float


class Difference(Shown):
    """The model as written beside another contender."""

    other: Name
    finding: Name
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None
    family: Count
    better_in: Pair
    effect: EffectRecord | None
    bootstrap: IntervalRecord | None
    bayes: PosteriorRecord | None
    half_region: float
    needed: NeededRecord | None
    sentence: str


class Epochs(Shown):
    """The epochs to a target, of the model as written and of another contender."""

    other: Name
    finding: Name
    means: Numbers
    reached: Pair
    p: float | None
    sentence: str


class Curve(Shown):
    """What is claimed of the learning curves of the model and of another contender."""

    other: Name
    finding: Name
    rows: list[Positive]
    sentence: str


class Statistics(Shown):
    """The statistics at one number of rows, None for all."""

    rows: Positive | None
    score: Name
    units: Positive
    over: Name
    overlap: float
    means: dict[str, Mean]
    scores: dict[str, list[float | None]]
    all_scores: dict[str, dict[str, float | None]]
    comparisons: list[Difference]
    verdict: str
    headline: list[str]
    epochs: list[Epochs]
    curves: list[Curve] = Field(default_factory=list)


class SealRecord(Shown):
    """The seal that a comparison is the experiment of."""

    path: str
    sha256: str
    sealed: str
    hypotheses: list[str]


class AlgebraRecord(Shown):
    """The Lie algebra of all rotations."""

    dimension: Count | None
    reason: str
    generators: Count
    holds_observables: bool | None


class Simulated(Shown):
    """The facts about the classical simulation of the model's circuit."""

    statement: Name
    widest_cone: Count
    num_qubits: Count
    gates: Count
    rotations: Count
    rotations_left: Count
    varying: Count
    algebra: AlgebraRecord
    state_bytes: Count
    largest_state_bytes: Count


class Cost(Shown):
    """What a comparison has cost."""

    wall_seconds: float
    trials: Count
    trial_seconds: dict[str, float]


class Environment(Shown):
    """What ran a comparison."""

    hqnn: str
    python: str
    platform: str
    cpus: Count | None
    packages: dict[str, str]


T = TypeVar("T", bound=Shown)


def shown_part(model: type[T], data: JsonValue) -> T | None:
    """Returns a part of a document, None if it is null or empty. Raises `Wrong` with the field that cannot be right."""
    return validated(model, data) if data else None
