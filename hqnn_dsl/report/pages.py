"""The page of a run that is asked for: where it goes, what it may replace, and with which table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.files import check_output
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.training.files import REPORT, own_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.report.reading import RunFiles


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
        inputs = [(path, what) for path, what in own_files(run) if path != own]
        inputs += [(path, "the table that is read") for path in tables]
        check_output(place, inputs=inputs, force=replaces, name=REPORT)
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
