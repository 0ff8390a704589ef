"""Reading the table of a command, with a line that tells how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.written import Purpose
    from hqnn_dsl.semantics.spec import Read, Spec


def read_data(data: Path, read: Read, as_written: Sequence[str] = (), purpose: Purpose | None = None) -> Table:
    """Read the table at a path, `-` for standard input, as the spec's `read` says; some columns also as written.

    Raises `Refusal`.
    """
    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.data.written import ANY
    from hqnn_dsl.training.reading_bar import ReadingBar

    with ReadingBar(shown(data)) as bar:
        return read_table(data, read, progress=bar, as_written=as_written, purpose=purpose or ANY)


def read_for(spec: Spec, data: Path) -> Table:
    """Read the table at a path for a spec. Raises `Refusal`."""
    from hqnn_dsl.data.columns import needed_by
    from hqnn_dsl.data.written import Purpose

    return read_data(data, spec.data.read, purpose=Purpose(needed_by(spec.data)))


def shown(data: Path) -> str:
    """The name of a table in a message of a command."""
    return "standard input" if str(data) == "-" else str(data)
