"""What a comparison asks of a contender: a search space, and a fit with one setting on the rows of one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.science.comparison.files import Kind
    from hqnn_dsl.science.tuning.space import Setting, Space
    from hqnn_dsl.training.many_plan import One

    Scores = Mapping[str, float | None]


class Fit(Protocol):
    """A contender that was fitted on the training rows of a unit."""

    @property
    def weights(self) -> int | None:
        """The numbers that the training changes; None if there is no such number."""

    @property
    def epochs(self) -> int:
        """How many epochs it took, 0 if there are none."""

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as asked, such as rows that were left out."""

    @property
    def losses(self) -> tuple[float | None, ...]:
        """The validation losses of the epochs."""

    def score(self, part: str) -> Scores | None:
        """Returns the single scores of a part, in the targets' units; None if it has no rows."""


class Contender(Protocol):
    """Whoever takes part: as written, a control derived from the spec, or a classical model."""

    @property
    def name(self) -> str:
        """The name, in files and options."""

    @property
    def about(self) -> About:
        """What is told of it."""

    def space(self, one: One) -> Space:
        """The settings that are tuned on a unit; the first trial is its defaults."""

    def fit(self, setting: Setting, one: One) -> Fit:
        """Returns the contender fitted on a unit. Raises `Refusal` if it cannot be."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What is told of a contender."""

    title: str
    kind: Kind
    doc: str = ""
    note: str = ""
    weights: int | None = None
    text: str | None = None
    """Its spec, if it has one."""


@dataclass(frozen=True, kw_only=True)
class Absent:
    """A contender that does not take part, with the reason; `same_as` is another one that it would be equal to."""

    name: str
    about: About
    reason: str
    same_as: str = ""
