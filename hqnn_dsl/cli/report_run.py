"""`hqnn report`: the page of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.options import RunFolder
from hqnn_dsl.cli.output import show, write
from hqnn_dsl.cli.reading import read_data

if TYPE_CHECKING:
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.report.reading import RunFiles


def report(
    run: RunFolder,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="A table with the targets, for the response to each column and permutation importance.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML file to write; report.html in the run by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out if it exists.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write a page about a run: scores, predictions, curves, circuit, spec, data and environment, in one HTML file.

    The page needs no network and no other file. With `--data` it also shows how the network answers each column.
    """
    from hqnn_dsl.files import check_output, writing
    from hqnn_dsl.report.reading import read_run
    from hqnn_dsl.training.files import REPORT, own_files

    page = run / REPORT if out is None else out
    files = read_run(run)
    inputs = [(path, what) for path, what in own_files(run) if path != run / REPORT]
    inputs += [] if data is None else [(data, "the table that is read")]
    check_output(page, inputs=inputs, force=force or out is None, name=REPORT)
    from hqnn_dsl.report.write import report_html

    text = report_html(files, None if data is None else _table(files, data))
    with writing(page, force=force or out is None) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    write(f"report: {page}")
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())


def _table(files: RunFiles, data: Path) -> Table:
    """The table to ask the network about. Raises `Refusal`."""
    from hqnn_dsl.data.preparation import notes_of
    from hqnn_dsl.diagnostics.placed import AdvisedForRun

    with AdvisedForRun():
        found = read_data(data, files.program.spec.data.read, purpose=files.preparation.purpose(scores=True))
    show((*found.notes, *notes_of(files.preparation, found)))
    return found
