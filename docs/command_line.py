"""Writes docs/command-line.md from the help of the commands.

    python docs/generate.py

A test holds the file fresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from hqnn_dsl.cli.examples import lines_of
from hqnn_dsl.cli.exit_codes import EXIT_CODES
from hqnn_dsl.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INTRODUCTION = """\
# The command line

Made by `python docs/generate.py` from the help of the commands; do not edit it by hand. `hqnn help COMMAND` prints the
same.

Results go to standard output, progress and messages to standard error. With `--json`, standard output has one JSON
document and nothing else, also if the command is refused. Options may stand before or after the arguments. Diagnostics
have codes: `hqnn explain CODE` says more."""


def page() -> str:
    """Returns the whole page."""
    root: Any = get_command(app)
    whole = typer.Context(root, info_name="hqnn")
    names = root.list_commands(whole)
    codes = [(f"`{code}`", meaning) for code, meaning in EXIT_CODES.items()]
    parts = [INTRODUCTION, _table("command", "use", rows=_summary(root, whole, names))]
    parts += ["## Exit codes", _table("code", "meaning", rows=codes)]
    parts += ["## Options of `hqnn` itself", _table("option", "meaning", rows=_records(root, whole, "option"))]
    for name in names:
        parts.extend(_command(root.get_command(whole, name), typer.Context(root.get_command(whole, name), whole, name)))
    return "\n\n".join(parts) + "\n"


def _summary(root: Any, whole: typer.Context, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        first = root.get_command(whole, name).help.split("\n\n")[0]
        yield f"[`{name}`](#hqnn-{name})", first


def _command(command: Any, context: typer.Context) -> Iterator[str]:
    yield f"## `hqnn {command.name}`"
    command.describe()
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    yield command.help
    for kind in ("argument", "option"):
        rows = list(_records(command, context, kind))
        if rows:
            yield _table(kind, "meaning", rows=rows)
    yield "\n".join(["```text", *lines_of(command.name), "```"])


def _records(command: Any, context: typer.Context, kind: str) -> Iterator[tuple[str, str]]:
    """The arguments or the options of a command, as its help lists them."""
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None and parameter.param_type_name == kind:
            name, text = record
            yield f"`{name}`", text.replace("\\[", "[")


def _table(*header: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)
