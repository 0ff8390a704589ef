"""`hqnn init`: a first spec for a table, with a reason for every line."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from hqnn_dsl.cli.options import Data, Json
from hqnn_dsl.cli.output import show, speak_json, tell, write_exact, write_json, write_lines


def init(  # noqa: PLR0913 - options of a command
    data: Data,
    *,
    target: Annotated[
        list[str],
        typer.Option(
            "--target", "-t", metavar="COL", help="The column to predict. Repeatable for numbers.", show_default=False
        ),
    ] = [],  # noqa: B006 - typer's way to say "repeatable"
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="TASK", help="`regression` or `classification`, if the guess is wrong."),
    ] = None,
    read: Annotated[
        str | None,
        typer.Option(
            "--read", metavar="OPTIONS", help='How the file is written, if the guess is wrong: `decimal: ","`.'
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The spec to write; `<name of the table>.hqnn` by default, `-` prints it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Write a first spec for a table: it checks clean and trains as it stands, with the reason for each guess.

    Without --target the last column is predicted, or, if that cannot be one, the first.
    """
    from hqnn_dsl.files import check_output, writing

    if as_json:
        speak_json()
    _check_task(task)
    from hqnn_dsl.cli.column_tables import column_table
    from hqnn_dsl.cli.reading import read_data
    from hqnn_dsl.diagnostics.placed import AdvisedForInit
    from hqnn_dsl.semantics.spec import Read
    from hqnn_dsl.spec_draft import draft_of, model_name, read_of

    name = f"{model_name(data.name)}.hqnn"
    path = Path(name) if out is None else out
    is_printed = str(path) == "-"
    if not is_printed:
        check_output(path, inputs=[(data, "the table that is read")], force=force, name=name, printed="-")
    options = Read() if read is None else read_of(read, "--read")
    with AdvisedForInit():
        draft = draft_of(data, tuple(target), task, read=options, reader=read_data)
    if not as_json:
        show(draft.prepared.notes)
    if as_json:
        write_json({"spec": None if is_printed else str(path), **draft.data})
    elif is_printed:
        write_exact(draft.text.rstrip("\n"))
    if is_printed:
        return
    with writing(path, force=force) as beside:
        beside.write_text(draft.text, encoding="utf-8")
    if not as_json:
        write_lines(column_table(draft.prepared.report))
    tell(f"wrote {path}")
    for purpose, command in (("to check", "check"), ("to train", "train")):
        tell(f"{purpose}: {shlex.join(['hqnn', command, str(path), str(data)])}", " \\")


def _check_task(task: str | None) -> None:
    from hqnn_dsl.diagnostics.codes.command import BadOption
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    if task not in {None, "regression", "classification"}:
        raise Refusal(BadOption(option="--task", expected="regression or classification", value=str(task)))
