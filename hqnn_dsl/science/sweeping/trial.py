"""One trial: the spec with a setting, trained as `hqnn train` does, and its score of the validation rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl import pipeline
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.diagnostics.codes.sweeps import OtherRows
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.comparison.hybrid import HybridFit, Interrupted
from hqnn_dsl.science.comparison.rows import made_small
from hqnn_dsl.semantics.sweep import changes_to
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.run import fit_only, set_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.sweeping.grid import Setting
    from hqnn_dsl.semantics.spec import Choice
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.outlook import Outlook
    from hqnn_dsl.training.run import Setup


@dataclass(frozen=True, eq=False)
class Trials:
    """What all trials of a sweep have in common: the spec, the table, the score that chooses."""

    program: Program
    table: Table = field(repr=False)
    select: str
    own: Setup = field(repr=False)
    """The spec with its own values, ready for the first step."""
    recorded: Choice | None = None
    """What `backend auto` means, for as many qubits as the spec has by itself."""

    def program_of(self, setting: Setting) -> Program:
        """Returns the spec with a setting. Raises `Refusal` if it is wrong with it."""
        found = pipeline.one_of_sweep(self.program, changes_to(self.program.checked.sweep, setting))
        found.refuse_training()
        is_as_wide = found.spec.num_qubits == self.program.spec.num_qubits
        return replace(found, recorded=self.recorded) if is_as_wide else found

    def fit(
        self,
        setting: Setting,
        on_begin: Callable[[Outlook], None] | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> HybridFit:
        """Returns the spec trained with a setting. Raises `Refusal` if it is refused, `Interrupted`."""
        setup = set_up(self.program_of(setting), self.table, None, split_rows)
        self._refuse_other_rows(setup)
        fitted = fit_only(setup, Watch(progress=False, on_begin=on_begin, on_epoch=on_epoch))
        if fitted.ended_by:
            raise Interrupted
        return HybridFit(setup, fitted)

    def _refuse_other_rows(self, setup: Setup) -> None:
        """Refuse (E0696) a trial that would be scored on other rows or targets than the others."""
        own, found = self.own.prepared.preparation, setup.prepared.preparation
        for part in ("validation", "test"):
            if not np.array_equal(getattr(own.parts, part), getattr(found.parts, part)):
                raise Refusal(OtherRows(what=f"the {part} rows"))
        if (own.task, own.target.names) != (found.task, found.target.names):
            raise Refusal(OtherRows(what="the targets"))

    def value(self, fit: HybridFit) -> float | None:
        """The score of the validation rows, to be made small; None if it is no finite number."""
        found = made_small(self.select, fit.score("validation") or {})
        return found if found is not None and math.isfinite(found) else None
