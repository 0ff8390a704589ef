"""`hqnn explain` and `hqnn doctor`."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from hqnn_dsl.cli.options import Json
from hqnn_dsl.cli.output import write, write_json, write_lines
from hqnn_dsl.report.diagnostic import Diagnostic


def page_of(code: type[Diagnostic]) -> str:
    """A code's page: its docstring without the indentation that the class has, its examples deeper than its text."""
    text = re.sub(r"(?m)^    ", "", code.__doc__ or "").strip()
    return "\n\n".join(_deeper(part) for part in text.split("\n\n"))


def _deeper(part: str) -> str:
    """An example, `wrong   …` and `right   …`, that stands no deeper than the text, set four deeper."""
    return re.sub(r"(?m)^", "    ", part) if part.startswith(("wrong   ", "right   ")) else part


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="A code such as E0312; all codes if left out.")] = "",
) -> None:
    """Say what a code means, with an example of wrong and right."""
    from difflib import get_close_matches

    from hqnn_dsl.report.codes import every_code
    from hqnn_dsl.report.codes.command import UnknownCode
    from hqnn_dsl.report.diagnostic import Refusal

    codes = every_code()
    if not code:
        for known, row in codes.items():
            write(f"{known}  {page_of(row).splitlines()[0]}")
        return
    asked = code.strip().upper()
    if asked not in codes:
        from hqnn_dsl.semantics.typing_advice import what_is

        if said := what_is(code.strip()):
            write(said)
            return
        near = get_close_matches(asked, list(codes), n=1, cutoff=0.5)
        raise Refusal(UnknownCode(asked=code, hint=f"did you mean `{near[0]}`?" if near else ""))
    write_lines(f"{asked} ({codes[asked].severity})\n\n{page_of(codes[asked])}")


def doctor(*, as_json: Json = False) -> None:
    """Say what this environment can do, what is wrong with it, and what to type.

    Versions, devices, what each backend can do here, the limits of the language, and known traps such as both Aer
    wheels installed at once. Leaves with exit code 3 where something is wrong.
    """
    from hqnn_dsl.cli.examination import examine

    found = examine()
    if as_json:
        write_json(found.as_data())
    else:
        write_lines(found.as_text())
    if found.problems:
        raise typer.Exit(3)


def unknown_command(asked: str, known: list[str], before: str) -> Diagnostic:
    """What is said of a command that there is none of; `before` is what is typed before a command."""
    from difflib import get_close_matches

    from hqnn_dsl.report.codes.arguments import UnknownCommand

    near = get_close_matches(asked, known, n=1, cutoff=0.5)
    return UnknownCommand(asked=asked, hint=f"did you mean `{before} {near[0]}`?" if near else "")


def help(
    ctx: typer.Context,
    command: Annotated[str, typer.Argument(metavar="[COMMAND]", help="A command; all commands if left out.")] = "",
) -> None:
    """Say how a command is used, as `hqnn COMMAND --help` does."""
    from hqnn_dsl.report.diagnostic import Refusal

    root = ctx.find_root()
    group: Any = root.command
    found = group if not command else group.get_command(root, command)
    if found is None:
        raise Refusal(unknown_command(command, group.list_commands(root), "hqnn help"))
    inside = root if not command else typer.Context(found, info_name=command, parent=root)
    text = found.get_help(inside)
    if text:
        write_lines(text)
