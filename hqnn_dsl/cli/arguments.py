"""Checks the arguments and options of a command before it begins: nothing heavy is imported for a wrong path.

The kind that a path must have follows from its parameter's name: `spec`, `data`, `run`. The modules that read a file
check its contents.
"""

from __future__ import annotations

import inspect
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import click
from typer.core import TyperArgument, TyperCommand
from typer.models import ArgumentInfo

from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLES = frozenset({
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xls", ".parquet", ".pq", ".feather", ".arrow", ".json", ".npy", ".npz",
    ".gz", ".bz2", ".xz", ".zst", ".zip",
})  # fmt: skip
"""Endings of files that are tables, readable ones or not."""

FOREIGN = {"learning_rate": "optimizer.lr", "lr": "optimizer.lr", "batch_size": "batch", "random_state": "seed"}
"""Names of settings in other libraries, and the settings here."""

STANDARD_INPUT = "-"

WHOLE_SPEC = "spec.resolved.hqnn"


class Command(TyperCommand):
    """A command whose paths are checked before it begins, and whose unknown options get advice that can be typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            as_json = self._asks_for_json(given)
            if as_json:
                from hqnn_dsl.cli.output import speak_json

                speak_json()
            if isinstance(error, click.NoSuchOption):
                raise Refusal(_unknown(self, error.option_name, given)) from None
            if as_json:
                raise self._refused(error) from None
            raise

    def _asks_for_json(self, given: list[str]) -> bool:
        """Whether the words of a command line ask for JSON, as far as that is known when they cannot be read."""
        words = given[: given.index("--")] if "--" in given else given
        names = {name for row in self.params for name in row.opts}
        forms = (word for name, word in pairwise(words) if name == "--format")
        is_form = "--format" in names and ("--format=json" in words or "json" in forms)
        return is_form or ("--json" in names and "--json" in words)

    def _refused(self, error: click.UsageError) -> Refusal:
        """What click says of a command line, as a diagnostic."""
        from hqnn_dsl.diagnostics.codes.arguments import WrongArguments

        said = " ".join(error.format_message().split()).removesuffix(".")
        return Refusal(WrongArguments(command=self.name or "", problem=said[:1].lower() + said[1:]))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.describe()
        super().format_help(ctx, formatter)

    def describe(self) -> None:
        """Give arguments the help that they were declared with: click 8.5 takes it from those of typer 0.20."""
        hints = get_type_hints(inspect.unwrap(self.callback), include_extras=True) if self.callback else {}
        for parameter in self.params:
            for info in getattr(hints.get(parameter.name or ""), "__metadata__", ()):
                if isinstance(info, ArgumentInfo) and isinstance(parameter, TyperArgument):
                    parameter.help = parameter.help or info.help

    def invoke(self, ctx: click.Context) -> Any:
        from hqnn_dsl.cli.output import speak_json

        as_json = ctx.params.get("as_json") or ctx.params.get("form") == "json"
        if as_json:
            speak_json()
        check_paths(self.name or "", ctx.params)
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if as_json:
                raise self._refused(error) from None
            raise


def check_paths(command: str, params: Mapping[str, Any]) -> None:
    """Raises `Refusal` if a path of a command does not exist or is of another kind than it must be."""
    path = {name: Path(params[name]) for name in ("spec", "run", "data") if params.get(name) is not None}
    _swapped(command, path)
    if "run" in path:
        _run(command, path["run"])
    if "spec" in path:
        _spec(command, path["spec"])
    if "data" in path:
        _data(command, path["data"])


def _swapped(command: str, path: Mapping[str, Path]) -> None:
    from shlex import quote

    from hqnn_dsl.diagnostics.codes.arguments import Swapped

    data = path.get("data")
    kind = "run" if "run" in path else "spec"
    other = path.get(kind)
    if data is None or other is None or not _is_table(other):
        return
    is_other = _is_run(data) if kind == "run" else _is_spec(data)
    if is_other:
        hint = f"type `hqnn {command} {quote(str(data))} {quote(str(other))}`"
        found = Swapped(first=str(other), found="a table", second=str(data), other=f"a {kind}", hint=hint)
        raise Refusal(found)


def _run(command: str, path: Path) -> None:
    from shlex import quote

    from hqnn_dsl.diagnostics.codes.runs import NotARun

    if not _is_run(path):
        hint = f"it is a spec, train it first: `hqnn train {quote(str(path))} DATA`" if _is_spec(path) else ""
        if _is_file(path / "cv.json"):
            hint = "it has the scores of many trainings: train once for a network, `hqnn train SPEC DATA`"
        if _is_table(path):
            hint = f"it is a table, the run comes first: `hqnn {command} RUN {quote(str(path))}`"
        raise Refusal(NotARun(path=str(path), file=WHOLE_SPEC, hint=hint))


def _spec(command: str, path: Path) -> None:
    from shlex import quote

    if _is_table(path):
        hint = f"the spec comes first: `hqnn {command} SPEC`"
        raise _wrong(command, path, "a table", "a spec", hint)
    if _is_run(path):
        hint = f"the spec of the run: `hqnn {command} {quote(str(path / WHOLE_SPEC))}`"
        raise _wrong(command, path, "a run", "a spec", hint)
    from hqnn_dsl.semantics.used_files import read_spec

    read_spec(path)


def _data(command: str, path: Path) -> None:
    from hqnn_dsl.diagnostics.codes.tables import TableMissing

    if str(path) == STANDARD_INPUT:
        return
    if _is_spec(path):
        raise _wrong(command, path, "a spec", "a table", "")
    try:
        is_there = path.exists()
    except (OSError, ValueError):
        return
    if not is_there:
        raise Refusal(TableMissing(path=str(path), reason="there is no such file"))


def _wrong(command: str, path: Path, found: str, wanted: str, hint: str) -> Refusal:
    from hqnn_dsl.diagnostics.codes.arguments import WrongKind

    return Refusal(WrongKind(path=str(path), found=found, command=command, wanted=wanted, hint=hint))


def _is_spec(path: Path) -> bool:
    return path.suffix == ".hqnn"


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES


def _is_run(path: Path) -> bool:
    return _is_file(path / WHOLE_SPEC)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _unknown(command: click.Command, option: str, args: Sequence[str]) -> Diagnostic:
    """Returns the diagnostic of an option that a command does not have: the `--set` to type, or a similar option."""
    from hqnn_dsl.diagnostics.codes.arguments import UnknownOption
    from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest

    word = option.lstrip("-").replace("-", "_")
    known = [text for row in command.params for text in row.opts if text.startswith("--")]
    setting = _setting(word) if "--set" in known else ""
    if setting:
        hint = f"it is a setting of the spec: `--set {setting}={_value(option, args)}`"
    else:
        hint = did_you_mean(nearest(option, known))
    return UnknownOption(command=command.name or "", option=option, hint=hint)


def _setting(word: str) -> str:
    """Returns the path of the setting that a word means, empty if there is none."""
    from hqnn_dsl.semantics.sections import SECTIONS

    if word in FOREIGN:
        return FOREIGN[word]
    rows = [row for found in SECTIONS.values() for row in found]
    names = {row.name: row.name for row in rows} | {"backend": "backend"}
    parts = {part: f"{row.name}.{part}" for row in rows if row.name == "read" for part in row.parts}
    return names.get(word) or parts.get(word, "")


def _value(option: str, args: Sequence[str]) -> str:
    from shlex import quote

    for place, text in enumerate(args):
        name, sign, value = text.partition("=")
        if name == option:
            following = args[place + 1] if place + 1 < len(args) else ""
            found = value if sign else following
            return quote(found) if found and not found.startswith("--") else "VALUE"
    return "VALUE"
