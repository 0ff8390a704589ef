"""What `hqnn report` writes about comparisons and analyses: the page, its sections, its place, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.reports import NotTogether, RunTwice
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.files import is_same
from hqnn_dsl.report.page import page
from hqnn_dsl.science.pages.kinds import NAMES
from hqnn_dsl.training.files import REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.report.parts import Section
    from hqnn_dsl.science.pages.kinds import Kind


@dataclass(frozen=True, eq=False)
class Reported:
    """A page to be written. `inputs` are files that no output may replace, each with its name in a sentence.

    `place` is its file if no other is named, None for one in the folder that the command is called in; `is_own` says
    that this file is always the page's own.
    """

    title: str
    subtitle: str
    sections: Sequence[Section] = field(repr=False)
    inputs: Sequence[tuple[Path, str]] = field(repr=False)
    place: Path | None
    is_own: bool = False

    def html(self) -> str:
        """Returns the page, as HTML that loads nothing."""
        return page(self.title, self.subtitle, self.sections)


def reported(paths: Sequence[Path], kinds: Sequence[Kind]) -> Reported:
    """Returns the page of what is given. Raises `Refusal`: E0654, E0689, E0532, E0533, E0688."""
    _check(paths, kinds)
    if kinds[0] == "analysis":
        return _analysis(paths[0])
    return _comparison(paths[0]) if len(paths) == 1 else _several(paths)


def _check(paths: Sequence[Path], kinds: Sequence[Kind]) -> None:
    """Refuse what has no page together."""
    wrong: list[NotTogether | RunTwice] = []
    for place, (path, kind) in enumerate(zip(paths, kinds, strict=True)):
        same = next((first for first in paths[:place] if is_same(path, first) and is_same(first, path)), None)
        if same is not None:
            wrong.append(RunTwice(path=str(path), first=str(same)))
        elif kind != kinds[0]:
            why = f"it is {NAMES[kind]}, and that is {NAMES[kinds[0]]}"
            wrong.append(NotTogether(path=str(path), first=str(paths[0]), why=why, hint=_ONE_CALL))
        elif place and kind == "analysis":
            why = "a page is of one analysis"
            wrong.append(NotTogether(path=str(path), first=str(paths[0]), why=why, hint=_ONE_CALL))
    if wrong:
        raise Refusal(*wrong)


_ONE_CALL = "call `hqnn report` once for each"


def _comparison(path: Path) -> Reported:
    from hqnn_dsl.science.pages.comparison_page import comparison_heading, comparison_sections
    from hqnn_dsl.science.pages.reading import own_files, read_comparison_files

    files = read_comparison_files(path)
    sections = comparison_sections(files)
    return Reported(*comparison_heading(files), sections, own_files(path), path / REPORT, is_own=True)


def _analysis(path: Path) -> Reported:
    from hqnn_dsl.science.pages.analysis_page import analysis_heading, read_analysis

    found = read_analysis(path)
    inputs = [(path, "the analysis that is read")]
    return Reported(*analysis_heading(path, found.document), found.sections, inputs, path.with_suffix(".html"))


def _several(paths: Sequence[Path]) -> Reported:
    from hqnn_dsl.science.pages.over_data_sets import over_heading, over_sections, read_several
    from hqnn_dsl.science.pages.reading import own_files

    found = read_several(paths)
    inputs = [pair for path in paths for pair in own_files(path)]
    return Reported(*over_heading(found), over_sections(found), inputs, None)
