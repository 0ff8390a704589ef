"""A contender that is a classical model, on the inputs that the network of the spec gets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.science.classical import fold
from hqnn_dsl.science.comparison.rows import seed_of
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.many_scores import plain_scores
from hqnn_dsl.training.row_weights import with_class_weights
from hqnn_dsl.training.units import seeded, splitter_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.data.preparation import Prepared
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.classical.contender import Contender as Model
    from hqnn_dsl.science.classical.contender import Fitted
    from hqnn_dsl.science.comparison.contender import About
    from hqnn_dsl.science.tuning.space import Setting, Space
    from hqnn_dsl.training.many_plan import One, Plan


@dataclass(eq=False)
class Units:
    """The table prepared for each unit, everything fitted on its training rows: made once, by whoever asks first."""

    program: Program
    table: Table = field(repr=False)
    plan: Plan
    _made: dict[int, Prepared] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def prepared(self, one: One) -> Prepared:
        """Returns the rows of a unit."""
        with self._lock:
            if one.number not in self._made:
                program = seeded(self.program, seed_of(one))
                splitter = splitter_of(self.program, self.plan, one)
                found = prepare(program.spec, self.table, splitter=splitter, reach=program.checked.reach)
                self._made[one.number] = with_class_weights(found, program.spec.train)
            return self._made[one.number]


@dataclass(frozen=True, eq=False)
class ClassicalFit:
    """A classical model that was fitted on a unit."""

    prepared: Prepared = field(repr=False)
    fitted: Fitted

    weights: None = None
    epochs: int = 0
    best_epoch: int = 0
    losses: tuple[float | None, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return self.fitted.notes

    def score(self, part: str) -> Mapping[str, float | None] | None:
        """Returns the single scores of a part, in the targets' units; None if it has no rows."""
        found = fold.scores(self.prepared, self.fitted, part)
        return None if found is None else plain_scores(found)


@dataclass(frozen=True, eq=False)
class Classical:
    """A classical model as a contender."""

    name: str
    about: About
    model: Model
    units: Units = field(repr=False)

    def space(self, one: One) -> Space:
        """The settings that are tuned on a unit."""
        return self.model.space(fold.learned_of(self.units.prepared(one)))

    def fit(self, setting: Setting, one: One) -> ClassicalFit:
        """Returns the model fitted with a setting on the training rows of a unit."""
        prepared = self.units.prepared(one)
        seed = stream(seed_of(one), f"classical/{self.name}")
        return ClassicalFit(prepared, self.model.fit(setting, seed, fold.learned_of(prepared)))
