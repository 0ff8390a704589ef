"""Making the page of a run: reading its folder, its sections, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.report.page import page
from hqnn_dsl.report.sections import sections_of

if TYPE_CHECKING:
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.report.reading import RunFiles


def report_html(run: RunFiles, data: Table | None = None) -> str:
    """Returns the page of a run; `data` is a table to ask the network about. Raises `Refusal` as `sections_of` does."""
    targets = run.targets
    named = ", ".join(targets) if len(targets) <= 6 else count(len(targets), "target")
    features = count(len(run.preparation.features.names), "feature")
    task = "classes" if run.classes is not None else "numbers"
    subtitle = f"The run {run.path.resolve().name} predicts {named} ({task}) from {features}."
    return page(f"{run.program.spec.name}: report of a run", subtitle, sections_of(run, data))
