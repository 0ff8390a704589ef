"""Arguments and options of commands: reports of one in another's place, and of one that the command does not have."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class Swapped(Diagnostic):
    """Two arguments of a command stand in each other's places: a table before its spec, or before its run.

    wrong   hqnn train data.csv spec.hqnn
    right   hqnn train spec.hqnn data.csv
    """

    code = "E0640"
    exit_code = 2
    message = "{first} is {found}, and {second} is {other}: they stand in each other's places"
    first: str
    found: str
    second: str
    other: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongKind(Diagnostic):
    """An argument of a command is a file or folder of another kind than the command reads there.

    wrong   hqnn train spec.hqnn other.hqnn
    right   hqnn train spec.hqnn data.csv
    """

    code = "E0641"
    message = "{path} is {found}; `hqnn {command}` takes {wanted} here"
    path: str
    found: str
    command: str
    wanted: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownOption(Diagnostic):
    """A command has no option of that name. Settings of a spec are changed with `--set`.

    wrong   hqnn train spec.hqnn data.csv --epochs 5
    right   hqnn train spec.hqnn data.csv --set epochs=5
    """

    code = "E0642"
    exit_code = 2
    message = "`hqnn {command}` has no option `{option}`"
    advice = "`hqnn help {command}` lists its options"
    command: str
    option: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownCommand(Diagnostic):
    """There is no command of that name.

    wrong   hqnn help trian
    right   hqnn help train
    """

    code = "E0643"
    exit_code = 2
    message = "there is no command `{asked}`"
    advice = "`hqnn help` lists the commands"
    asked: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoFolder(Diagnostic):
    """`hqnn runs` is given something that is not a folder, or a folder that cannot be read.

    wrong   hqnn runs data.csv
    right   hqnn runs runs      # the folder with the runs of `hqnn train`
    """

    code = "E0644"
    exit_code = 2
    message = "cannot list the runs in {path}: {reason}"
    advice = "give the folder that has the runs: `hqnn runs DIR`"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongArguments(Diagnostic):
    """The command line lacks an argument, or has a value that its option does not take.

    It has this code in the JSON document of `--json`; without `--json` the same is said as text, with the usage.

        wrong   hqnn train spec.hqnn --json
        right   hqnn train spec.hqnn data.csv --json
    """

    code = "E0645"
    exit_code = 2
    message = "`hqnn {command}`: {problem}"
    advice = "`hqnn help {command}` lists its arguments and options"
    command: str
    problem: str
