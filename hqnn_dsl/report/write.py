"""Making the page of a run: reading its folder, its sections, HTML, the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.files import writing
from hqnn_dsl.report.page import page
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.report.sections import sections_of
from hqnn_dsl.training.files import REPORT, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.report.answers import Answers
    from hqnn_dsl.report.reading import RunFiles


def report_html(run: RunFiles, answers: Answers | None = None) -> str:
    """Returns the page of a run; `answers` is what its network says of a table, None without one."""
    targets = run.targets
    named = ", ".join(targets) if len(targets) <= 6 else count(len(targets), "target")
    features = count(len(run.preparation.features.names), "feature")
    task = "classes" if run.classes is not None else "numbers"
    subtitle = f"The run {run.path.resolve().name} predicts {named} ({task}) from {features}."
    return page(f"{run.program.spec.name}: report of a run", subtitle, sections_of(run, answers))


def write_in_run(run: Path, answers: Answers | None = None) -> None:
    """Write the page of a run into its folder.

    Raises `Refusal`: E0533 for a damaged file of the run, E0531 if the page cannot be written.
    """
    write_text(run / REPORT, report_html(read_run(run), answers))


def write_page(page: Path, run: RunFiles, answers: Answers | None = None, *, force: bool = False) -> None:
    """Write the page of a run to a file; one that is there is replaced with `force`. Raises `Refusal` if it cannot."""
    text = report_html(run, answers)
    with writing(page, force=force) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
