"""A contender that is a spec: the model as written, or one of its controls. It is trained as `hqnn train` does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.literals import setting as setting_text
from hqnn_dsl.science.comparison.rows import seed_of
from hqnn_dsl.training.evaluate import Scored, judge, predict_rows
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.many_scores import plain_scores
from hqnn_dsl.training.run import fit_only, set_up
from hqnn_dsl.training.threads import suited_threads
from hqnn_dsl.training.units import seeded, splitter_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.comparison.contender import About
    from hqnn_dsl.science.tuning.space import Setting, Space
    from hqnn_dsl.semantics.spec import Choice
    from hqnn_dsl.training.loop import Fitted
    from hqnn_dsl.training.many_plan import One, Plan
    from hqnn_dsl.training.run import Setup


class Interrupted(Exception):
    """A training was ended by a signal before its end."""


@dataclass(frozen=True, eq=False)
class HybridFit:
    """A spec that was trained on a unit."""

    setup: Setup = field(repr=False)
    fitted: Fitted

    @property
    def weights(self) -> int:
        """The numbers that the training changes."""
        return sum(weight.numel() for weight in self.setup.training.weights)

    @property
    def epochs(self) -> int:
        return len(self.fitted.history)

    @property
    def best_epoch(self) -> int:
        return self.fitted.best_epoch

    @property
    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def losses(self) -> tuple[float | None, ...]:
        return tuple(epoch.validation_loss for epoch in self.fitted.history)

    def score(self, part: str) -> Mapping[str, float | None] | None:
        """Returns the single scores of a part, in the targets' units; None if it has no rows.

        Only the rows of that part are predicted.
        """
        prepared = self.setup.prepared
        preparation, net = prepared.preparation, self.setup.training.net
        rows = dict(preparation.parts.items())[part]
        if not len(rows):
            return None
        row_name = None if prepared.lines is None else prepared.lines.of
        with suited_threads(net, self.setup.spec.train.batch):
            predicted = predict_rows(net, preparation, prepared.inputs, rows, row_name)
        return plain_scores(judge(Scored(preparation, prepared.targets, predicted, prepared.weights)[rows]))


@dataclass(frozen=True, eq=False)
class Hybrid:
    """A spec as a contender; settings of its space are changes as of `--set`."""

    name: str
    about: About
    tuned: Space
    text: str = field(repr=False)
    table: Table = field(repr=False)
    plan: Plan
    folder: str
    """The folder that the spec's `use` lines start from."""
    recorded: Choice | None = None
    """The backend that `backend auto` means."""

    def space(self, one: One) -> Space:  # noqa: ARG002 - the same on every unit
        """The settings that are tuned."""
        return self.tuned

    def _program(self, setting: Setting) -> Program:
        changes = {path: setting_text(value) for path, value in setting.items()}
        source = Source(f"{self.name}.hqnn", self.text, folder=self.folder)
        return replace(pipeline.program(source, changes), recorded=self.recorded)

    def fit(self, setting: Setting, one: One) -> HybridFit:
        """Returns the spec trained with a setting on a unit. Raises `Refusal` if it is refused, `Interrupted`."""
        program = self._program({path: value for path, value in setting.items() if value != self._default(path)})
        program.refuse_training()
        setup = set_up(seeded(program, seed_of(one)), self.table, None, splitter_of(program, self.plan, one))
        fitted = fit_only(setup, Watch(progress=False))
        if fitted.ended_by:
            raise Interrupted
        return HybridFit(setup, fitted)

    def _default(self, path: str) -> object:
        return self.tuned.dimensions[path].default
