"""Every figure and table of a page as files in one folder, with a list of them.

The list has a hash of each file: the folder is replaced only if all in it was written here, and not edited since.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from hqnn_dsl.diagnostics.codes.command import CannotWrite, FolderInUse
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.files import reason_of
from hqnn_dsl.folders import HoldsOthers, check_replaceable, fresh_folder
from hqnn_dsl.report.drawing import FORMS, pictures
from hqnn_dsl.report.parts import Figure, Picture, Table
from hqnn_dsl.report.table_files import csv_of, latex_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.report.parts import Section

ELSEWHERE = "name another folder with `--export`, one that you may write to and that has room"

CONTENTS = "contents.csv"
"""The list of the files."""

HEADER = ("file", "section", "title", "description", "sha256")


class Written(NamedTuple):
    """A file of an export: its section and title on the page, and what it shows."""

    name: str
    section: str
    title: str
    description: str
    data: bytes


def exported(sections: Sequence[Section], circuit: Callable[[str], bytes] | None = None) -> Iterator[Written]:
    """Yields the files of sections: figures as PNG, SVG and PDF, tables as CSV and LaTeX.

    Names of files are those of figures, and `table-<section>-<number>`: no text of a table is in them. `circuit` draws
    the picture of the circuit in another form than the page has it.
    """
    for section in sections:
        tables = 0
        for block in section.blocks:
            match block:
                case Figure():
                    yield from _of_figure(section, block)
                case Table():
                    tables += 1
                    yield from _of_table(section, f"table-{section.name}-{tables}", block)
                case Picture():
                    yield from _of_picture(section, block, circuit)


def _of_figure(section: Section, figure: Figure) -> Iterator[Written]:
    if not re.fullmatch("[a-z0-9-]+", figure.name):
        raise ValueError(f"the name of the figure {figure.name!r} is no name of a file")
    for form, data in pictures(figure).items():
        yield Written(f"{figure.name}.{form}", section.title, figure.title, figure.alt, data)
    if figure.table is not None:
        yield from _of_table(section, figure.name, figure.table)


def _of_table(section: Section, name: str, table: Table) -> Iterator[Written]:
    about = section.title, table.title, table.note
    yield Written(f"{name}.csv", *about, csv_of(table).encode("utf-8", "replace"))
    yield Written(f"{name}.tex", *about, latex_of(table, f"tab:{name}").encode("utf-8", "replace"))


def _of_picture(section: Section, block: Picture, circuit: Callable[[str], bytes] | None) -> Iterator[Written]:
    yield Written(f"{section.name}.svg", section.title, block.title, block.alt, block.svg)
    for form in FORMS if circuit is not None else ():
        if form != "svg":
            assert circuit is not None
            yield Written(f"{section.name}.{form}", section.title, block.title, block.alt, circuit(form))
    text = f"{block.text}\n".encode("utf-8", "replace")
    yield Written(f"{section.name}.txt", section.title, block.title, block.alt, text)


def check_export(folder: Path, *, force: bool) -> None:
    """Refuse a folder that an export may not be written to, before any work is done.

    Raises `Refusal`: E0602 if it holds files that no export wrote, or that were edited and `force` is not given, E0603.
    """
    with _refusals(folder, force=force):
        check_replaceable(folder, _is_ours(folder, force=force))


def write_export(folder: Path, files: Iterator[Written], *, force: bool) -> list[Path]:
    """Write an export: all of its files or none, with their list. Returns their paths. Raises as `check_export`."""
    rows = []
    with _refusals(folder, force=force), fresh_folder(folder, _is_ours(folder, force=force)) as fresh:
        for one in files:
            (fresh / one.name).write_bytes(one.data)
            rows.append((one.name, one.section, one.title, one.description, hashlib.sha256(one.data).hexdigest()))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
        (fresh / CONTENTS).write_bytes(text.getvalue().encode("utf-8", "replace"))
    return [folder / row[0] for row in rows]


def _is_ours(folder: Path, *, force: bool) -> Callable[[Path], bool]:
    """Whether a file was written by the export that is there now, and not edited since, unless `force` is given."""
    listed = _listed(folder)

    def is_ours(path: Path) -> bool:
        if listed is None or path.name == CONTENTS:
            return listed is not None
        if path.name not in listed:
            return False
        return force or hashlib.sha256(path.read_bytes()).hexdigest() == listed[path.name]

    return is_ours


def _listed(folder: Path) -> Mapping[str, str] | None:
    """The hashes of the files of an export by their names; None if the folder has no list of them."""
    try:
        lines = list(csv.reader(io.StringIO((folder / CONTENTS).read_text(encoding="utf-8"))))
    except (OSError, ValueError, csv.Error):
        return None
    if not lines or tuple(lines[0]) != HEADER:
        return None
    return {line[0]: line[-1] for line in lines[1:] if len(line) == len(HEADER)}


@contextmanager
def _refusals(folder: Path, *, force: bool) -> Iterator[None]:
    """What writing a folder may raise, as refusals."""
    try:
        yield
    except HoldsOthers:
        hint = "choose another folder for `--export`"
        hint += "" if force else "; if files of an export were edited in it, `--force` replaces these"
        raise Refusal(FolderInUse(path=str(folder), hint=hint)) from None
    except OSError as error:
        raise Refusal(CannotWrite(path=str(folder), reason=reason_of(error), hint=ELSEWHERE)) from error
    except (ValueError, RuntimeError) as error:
        if "null" not in str(error) and not isinstance(error, RuntimeError):
            raise
        raise Refusal(CannotWrite(path=str(folder), reason=str(error).lower(), hint=ELSEWHERE)) from error
