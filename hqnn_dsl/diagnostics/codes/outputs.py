"""Files that a command is asked to write and that exist, are read, or are no plain files (E0550 to E0552)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class OutputExists(Diagnostic):
    """The file for the output exists already; it is replaced only with `--force`, which keeps its permissions.

    wrong   hqnn predict runs/yacht-1 new.csv --out answers.csv             # a second time
    right   hqnn predict runs/yacht-1 new.csv --out answers-2.csv
    right   hqnn predict runs/yacht-1 new.csv --out answers.csv --force
    """

    code: ClassVar[str] = "E0550"
    message: ClassVar[str] = "`{path}` exists already"
    advice: ClassVar[str] = "choose another `--out`, or replace the file with `--force`"
    exit_code: ClassVar[int] = 2
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutputIsInput(Diagnostic):
    """The file for the output is one that the command reads: the table, or a file of the run. `--force` does not help.

    Another spelling of the path, a link or a second name (hard link) of the same file is the same file.

        wrong   hqnn predict runs/yacht-1 new.csv --out new.csv
        wrong   hqnn predict runs/yacht-1 new.csv --out runs/yacht-1/metrics.json
        right   hqnn predict runs/yacht-1 new.csv --out answers.csv
    """

    code: ClassVar[str] = "E0551"
    message: ClassVar[str] = "`{path}` is {what}: it would be lost"
    advice: ClassVar[str] = "choose another `--out`"
    exit_code: ClassVar[int] = 2
    path: str
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutputNoFile(Diagnostic):
    """The path for the output is a folder, a link, a device, a pipe or a socket, or `-`. Only plain files are written.

    Without `--out` predictions go to standard output, which the shell sends anywhere. Pages and cards are always files.

        wrong   hqnn predict runs/yacht-1 new.csv --out /dev/stdout
        wrong   hqnn report runs/yacht-1 --out -
        right   hqnn predict runs/yacht-1 new.csv
        right   hqnn predict runs/yacht-1 new.csv > link.csv
    """

    code: ClassVar[str] = "E0552"
    message: ClassVar[str] = "`{path}` is {kind}, no plain file"
    advice: ClassVar[str] = "choose another `--out`"
    exit_code: ClassVar[int] = 2
    path: str
    kind: str
