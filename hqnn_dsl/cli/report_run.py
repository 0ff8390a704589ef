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
            help="A table with the targets, for the response to each column, its importance, and errors over it.",
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
    `hqnn train` writes it too, with the table of the training.
    """
    from hqnn_dsl.report.pages import Page

    page = Page.of(run, out, tables=[] if data is None else [data], force=force)
    page.write(None if data is None else _table(page.files, data))
    write(f"report: {page.place}")
    if open_page:
        import webbrowser

        webbrowser.open(page.place.resolve().as_uri())


def _table(files: RunFiles, data: Path) -> Table:
    """The table to ask the network about. Raises `Refusal`."""
    from hqnn_dsl.data.preparation import notes_of
    from hqnn_dsl.diagnostics.placed import AdvisedForRun

    with AdvisedForRun():
        found = read_data(data, files.program.spec.data.read, purpose=files.preparation.purpose(scores=True))
    show((*found.notes, *notes_of(files.preparation, found)))
    return found
