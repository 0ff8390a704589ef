"""`hqnn report`: the page of a run, of several side by side, a model card, or every figure and table as files.

Comparisons and analyses are those of `report_science`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.output import show, tell, write
from hqnn_dsl.cli.reading import read_data
from hqnn_dsl.cli.report_options import refuse_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.report.parts import Section
    from hqnn_dsl.report.reading import RunFiles


def report(  # noqa: PLR0913 - options of a command
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="WHAT...",
            help="A run of `hqnn train`, or several; a comparison of `hqnn compare`, or several; or a file of "
            "`hqnn analyze --out`.",
            show_default=False,
        ),
    ],
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="A table with the targets, for the response to each column, its importance, and errors over it; with "
            "--card the table of the training, for the ranges of its columns.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: report.html in the run or comparison by default, README.md in a run with --card, "
            "runs-compared.html or comparisons.html here for several, and the HTML file beside an analysis.",
        ),
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write a model card instead, as Markdown that model hubs read.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="Write every figure as PNG, SVG and PDF and every table as CSV and LaTeX into a folder instead.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it exists, or files of an export that were edited.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write a page about a run, a comparison or an analysis, in one HTML file: the verdict first, then everything else.

    Several runs are put side by side on one page: scores, curves, and what differs between specs, data and versions;
    several comparisons are compared over their data sets.
    A page needs no network and no other file. With `--data` it also shows how the network answers each column.
    `hqnn train` writes the page of its run too, with the table of the training.
    """
    from hqnn_dsl.science.pages.kinds import kind_of

    kinds = [kind_of(path) for path in runs]
    if set(kinds) != {"run"}:
        from hqnn_dsl.cli.report_science import report_others

        asked = {"--card": card, "--data": data is not None}
        report_others(runs, kinds, asked, out, export, force=force, open_page=open_page)
        return
    is_own = len(runs) == 1 and out is None and export is None and not card
    _check(runs, data, out, export, card=card, open_page=open_page, force=force and is_own)
    from hqnn_dsl.report.side_by_side import read_runs

    if len(runs) > 1:
        tell(f"comparing {len(runs)} runs …")
    found = read_runs(runs)
    if card:
        _card(found[0], data, out, force=force)
    elif export is not None:
        _export(found, data, export, force=force)
    else:
        page = _page(found, data, out, force=force)
        if open_page:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())


def _check(  # noqa: PLR0913 - options of a command
    runs: list[Path],
    data: Path | None,
    out: Path | None,
    export: Path | None,
    *,
    card: bool,
    open_page: bool,
    force: bool,
) -> None:
    """Refuse (E0653) an option that would change nothing beside the others, and several runs where one is meant."""
    several = f"{len(runs)} runs"
    is_file = card or export is not None
    rules = (
        (card and export is not None, "--card", "`--export`", "one call writes a card or a folder", "call it twice"),
        (len(runs) > 1 and card, "--card", several, "a card is of one run", "call it once for each run"),
        (
            len(runs) > 1 and data is not None,
            "--data",
            several,
            "one network is asked about a table",
            "leave `--data` out, or write a page of each run",
        ),
        (
            export is not None and out is not None,
            "--out",
            "`--export`",
            "an export is written into its own folder",
            "leave `--out` out",
        ),
        (
            open_page and is_file,
            "--open",
            "`--card`" if card else "`--export`",
            "only a page is opened",
            "leave `--open` out",
        ),
        (force, "--force", "a run's own page", "that is replaced anyway", "leave `--force` out"),
    )
    refuse_options(rules)


def _inputs(found: list[RunFiles], data: Path | None, own: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """What no output may replace: the tables, and the files of the runs but those of this command."""
    for run in found:
        free = [run.path / name for name in own]
        yield from ((path, what) for path, what in run.kept if path not in free)
    if data is not None:
        yield data, "the table that is read"


def _page(found: list[RunFiles], data: Path | None, out: Path | None, *, force: bool) -> Path:
    from hqnn_dsl.report.pages import Page, write_side_by_side

    if len(found) == 1:
        run = found[0]
        page = Page.of(run.path, out, tables=[] if data is None else [data], force=force)
        page.write(None if data is None else _table(run, data))
        place = page.place
    else:
        place = write_side_by_side(found, out, force=force)
    write(f"report: {place}")
    return place


def _card(run: RunFiles, data: Path | None, out: Path | None, *, force: bool) -> None:
    from hqnn_dsl.files import check_output, writing
    from hqnn_dsl.report.card import card_of, check_replaceable
    from hqnn_dsl.training.files import CARD

    path = run.path / CARD if out is None else out
    check_output(path, inputs=_inputs([run], data, ()), force=True, name=CARD, printed=None)
    if not force:
        check_replaceable(path)
    text = card_of(run, None if data is None else _table(run, data))
    with writing(path, force=True) as beside:
        beside.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    write(f"card: {path}")


def _export(found: list[RunFiles], data: Path | None, folder: Path, *, force: bool) -> None:
    from hqnn_dsl.diagnostics.quantities import count
    from hqnn_dsl.report.export import CONTENTS, check_export, exported, write_export

    check_export(folder, force=force)
    sections = _sections(found, data)
    figures = [block for section in sections for block in section.blocks if block.kind == "figure"]
    tell(f"drawing {count(len(figures), 'figure')} into {folder} …")

    def circuit(form: str) -> bytes:
        drawn: bytes = found[0].program.logical_export.page.file(form)
        return drawn

    written = write_export(folder, exported(sections, circuit), force=force)
    write(f"export: {count(len(written), 'file')} in {folder}, listed in {folder / CONTENTS}")


def _sections(found: list[RunFiles], data: Path | None) -> list[Section]:
    """The sections of the page that is exported. Raises `Refusal`."""
    if len(found) > 1:
        from hqnn_dsl.report.side_by_side import side_by_side_sections

        return side_by_side_sections(found)
    from hqnn_dsl.report.asking import ask_run
    from hqnn_dsl.report.sections import sections_of

    run = found[0]
    return sections_of(run, None if data is None else ask_run(run.path, _table(run, data)))


def _table(files: RunFiles, data: Path) -> Table:
    """The table to ask the network about. Raises `Refusal`."""
    from hqnn_dsl.data.preparation import notes_of
    from hqnn_dsl.diagnostics.placed import AdvisedForRun

    with AdvisedForRun():
        found = read_data(data, files.program.spec.data.read, purpose=files.preparation.purpose(scores=True))
    show((*found.notes, *notes_of(files.preparation, found)))
    return found
