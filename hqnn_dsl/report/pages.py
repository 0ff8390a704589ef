"""Pages that are asked for, of a run or of several: where they go, what they may replace, and with which table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.reports import ReportOptions
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.files import check_output, writing
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.training.files import REPORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.report.reading import RunFiles

BESIDE = Path("runs-compared.html")
"""The page of several runs, if no other file is named."""


@dataclass(frozen=True, eq=False)
class Page:
    """A page to be made of the run in a folder: `place` is its file, which is replaced if `replaces`."""

    files: RunFiles = field(repr=False)
    place: Path
    replaces: bool

    @staticmethod
    def of(run: Path, out: Path | None, *, tables: Iterable[Path] = (), force: bool = False) -> Page:
        """Reads a run and checks the page's file: `report.html` in the run, which is always replaced, or `out`.

        `tables` are files that are read and must not be replaced. Raises `Refusal`: E0532 or E0533 for the run's files,
        E0550 to E0552 and E0603 for the page's.
        """
        own = run / REPORT
        place, replaces = (own, True) if out is None else (out, force)
        files = read_run(run)
        inputs = [(path, what) for path, what in files.kept if path != own]
        inputs += [(path, "the table that is read") for path in tables]
        check_output(place, inputs=inputs, force=replaces, name=REPORT, printed=None)
        return Page(files, place, replaces)

    def write(self, table: Table | None = None) -> None:
        """Write the page, with what the network says of a table, if there is one.

        Raises `Refusal` if the run cannot be opened, for columns and cells of the table, and if the page cannot be
        written.
        """
        from hqnn_dsl.report.write import write_page

        answers = None
        if table is not None:
            from hqnn_dsl.report.asking import ask_run

            answers = ask_run(self.files.path, table)
        write_page(self.place, self.files, answers, force=self.replaces)


def write_beside(runs: Sequence[Path], out: Path | None, *, has_table: bool, force: bool) -> Path:
    """Write the page of several runs, `runs-compared.html` here if `out` is None. Returns its path; see `read_runs`.

    Raises `Refusal`: E0653 for a table; E0532, E0533, E0654 and E0655 for the runs; E0550 to E0552 and E0603 for the
    page's file.
    """
    from hqnn_dsl.report.side_by_side import read_runs

    if has_table:
        why, hint = "one network is asked about a table", "leave `table` out, or write a page of each run"
        raise Refusal(ReportOptions(option="table", beside=f"{len(runs)} runs", why=why, hint=hint))
    return write_side_by_side(read_runs(runs), out, force=force)


def write_side_by_side(found: Sequence[RunFiles], out: Path | None, *, force: bool) -> Path:
    """Write the page of several runs that are read, to `out` or `runs-compared.html` here. Returns its path.

    Raises `Refusal`: E0550 to E0552 and E0603 for the page's file.
    """
    from hqnn_dsl.report.side_by_side import side_by_side_html

    place = BESIDE if out is None else out
    inputs = [each for run in found for each in run.kept]
    check_output(place, inputs=inputs, force=force, name=REPORT, printed=None)
    text = side_by_side_html(found)
    with writing(place, force=force) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    return place
