"""`hqnn report` of comparisons and analyses: which page, where it goes, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.cli.output import tell, write
from hqnn_dsl.cli.report_options import refuse_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.report.parts import Section
    from hqnn_dsl.science.pages.kinds import Kind
    from hqnn_dsl.science.pages.pages import Reported

SEVERAL = Path("comparisons.html")
"""The page of several comparisons, if no other file is named."""


def report_others(  # noqa: PLR0913 - options of a command
    paths: Sequence[Path],
    kinds: Sequence[Kind],
    asked: Mapping[str, bool],
    out: Path | None,
    export: Path | None,
    *,
    force: bool,
    open_page: bool,
) -> None:
    """Write the page, or the files, of a comparison, of several, or of an analysis; `asked` are options of runs alone.

    Raises `Refusal`: E0653 for options that change nothing, E0689 for what has no common page, E0532, E0533 and E0688
    for what cannot be read, and as an output is refused.
    """
    _check(kinds, asked, out, export, open_page=open_page)
    from hqnn_dsl.science.pages.pages import reported

    if len(paths) > 1:
        tell(f"comparing over {len(paths)} data sets …")
    found = reported(paths, kinds)
    if export is not None:
        _export(found.sections, export, force=force)
        return
    place = out or found.place or SEVERAL
    _write(found, place, force=force or (out is None and found.is_own))
    if open_page:
        import webbrowser

        webbrowser.open(place.resolve().as_uri())


def _check(
    kinds: Sequence[Kind], asked: Mapping[str, bool], out: Path | None, export: Path | None, *, open_page: bool
) -> None:
    from hqnn_dsl.science.pages.kinds import NAMES

    beside = NAMES[next(kind for kind in kinds if kind != "run")]
    why = {"--card": "a card is of a run", "--data": "there is no network to ask about a table"}
    refuse_options(
        (
            *((is_given, option, beside, why[option], f"leave `{option}` out") for option, is_given in asked.items()),
            (
                export is not None and out is not None,
                "--out",
                "`--export`",
                "an export is written into its own folder",
                "leave `--out` out",
            ),
            (export is not None and open_page, "--open", "`--export`", "only a page is opened", "leave `--open` out"),
        )
    )


def _write(found: Reported, place: Path, *, force: bool) -> None:
    from hqnn_dsl.files import check_output, writing

    check_output(place, inputs=found.inputs, force=force, name="report.html")
    text = found.html()
    with writing(place, force=force) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    write(f"report: {place}")


def _export(sections: Sequence[Section], folder: Path, *, force: bool) -> None:
    from hqnn_dsl.diagnostics.quantities import count
    from hqnn_dsl.report.export import CONTENTS, check_export, exported, write_export

    check_export(folder, force=force)
    figures = [block for section in sections for block in section.blocks if block.kind == "figure"]
    tell(f"drawing {count(len(figures), 'figure')} into {folder} …")
    written = write_export(folder, exported(sections), force=force)
    write(f"export: {count(len(written), 'file')} in {folder}, listed in {folder / CONTENTS}")
