"""`hqnn explain`, `hqnn doctor` and `hqnn help`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer

from hqnn_dsl.cli.options import Json
from hqnn_dsl.cli.output import write, write_json, write_lines
from hqnn_dsl.diagnostics.diagnostic import Diagnostic

SPEC_SCHEMA: Final = "spec-schema"
"""The name under which the JSON schema of a resolved spec is explained."""


def page_of(code: type[Diagnostic]) -> str:
    """Returns a code's page: its docstring without the indentation of the class, its examples deeper than its text."""
    text = re.sub(r"(?m)^    ", "", code.__doc__ or "").strip()
    return "\n\n".join(_deeper(part) for part in text.split("\n\n"))


def _deeper(part: str) -> str:
    """Returns an example, `wrong   …` and `right   …`, indented by four if it is no deeper than the text."""
    return re.sub(r"(?m)^", "    ", part) if part.startswith(("wrong   ", "right   ")) else part


def explain(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="[CODE|NAME|TOPIC]",
            help="A code (E0312), a gate, block, layer or setting (zz, dense, epochs), a name from another library "
            "(AngleEmbedding), a topic of codes (shapes), or `spec-schema`, the JSON schema of a resolved spec; all "
            "topics and codes if left out.",
        ),
    ] = "",
) -> None:
    """Explain a code, with a wrong and a right example, or a name of the language."""
    from hqnn_dsl.cli.catalog_pages import TOPICS, names, pages_of
    from hqnn_dsl.diagnostics.codes import every_code
    from hqnn_dsl.diagnostics.codes.command import UnknownCode
    from hqnn_dsl.diagnostics.diagnostic import Refusal
    from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
    from hqnn_dsl.semantics.value_advice import what_is

    codes, name = every_code(), asked.strip()
    if name == SPEC_SCHEMA:
        from hqnn_dsl.export.spec_document import json_schema

        write_json(json_schema())
        return
    if name.upper() in codes:
        code = name.upper()
        write_lines(f"{code} ({codes[code].severity})\n\n{page_of(codes[code])}")
        return
    pages = pages_of(name)
    if pages:
        write_lines("\n\n".join(pages))
        return
    if name in TOPICS or not name:
        for topic in [name] if name else TOPICS:
            start, about = TOPICS[topic]
            rows = [f"{code}  {page_of(row).splitlines()[0]}" for code, row in codes.items() if code.startswith(start)]
            write_lines("\n".join([f"{topic}: {about}", *(f"  {row}" for row in rows), ""]))
        return
    said = what_is(name)
    if said:
        write(said)
        return
    near = nearest(name.lower(), [*names(), *TOPICS, SPEC_SCHEMA, *(code.lower() for code in codes)])
    found = near.upper() if near.upper() in codes else near
    raise Refusal(UnknownCode(asked=asked, hint=did_you_mean(f"hqnn explain {found}") if near else ""))


def doctor(*, as_json: Json = False) -> None:
    """Report on this environment: versions, devices, backends, limits, and problems with their fixes.

    Known problems are such as both Aer wheels installed at once. The exit code is 3 if there is a problem.
    """
    from hqnn_dsl.cli.known_problems import examine

    found = examine()
    if as_json:
        write_json(found.as_data())
    else:
        write_lines(found.as_text())
    if found.problems:
        raise typer.Exit(3)


def unknown_command(asked: str, known: list[str], before: str) -> Diagnostic:
    """Returns the diagnostic of an unknown command; `before` are the words that stand before it."""
    from hqnn_dsl.diagnostics.codes.arguments import UnknownCommand
    from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest

    near = nearest(asked, known, cutoff=0.5)
    return UnknownCommand(asked=asked, hint=did_you_mean(f"{before} {near}") if near else "")


def help(  # noqa: A001 - the name of the command
    ctx: typer.Context,
    command: Annotated[str, typer.Argument(metavar="[COMMAND]", help="A command; all commands if left out.")] = "",
) -> None:
    """Show the usage of a command, as `hqnn COMMAND --help` does."""
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    root = ctx.find_root()
    group: Any = root.command
    found = group if not command else group.get_command(root, command)
    if found is None:
        raise Refusal(unknown_command(command, group.list_commands(root), "hqnn help"))
    inside = root if not command else typer.Context(found, info_name=command, parent=root)
    text = found.get_help(inside)
    if text:
        write_lines(text)
