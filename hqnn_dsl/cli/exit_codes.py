"""The exit codes of `hqnn`, with their meanings; the page of the command line lists them."""

from __future__ import annotations

from typing import Final

EXIT_BUG: Final = 70

EXIT_CODES: Final = {
    0: "The command has done its work.",
    1: "The spec or the data is wrong.",
    2: "The command line is wrong.",
    3: "This environment cannot do it: a package, a device, memory or disk space is missing.",
    EXIT_BUG: "A bug of hqnn, not of the spec: please report it. `verify` and `bench` also end so if results disagree.",
    129: "Ended by SIGHUP: the terminal was closed.",
    130: "Ended by Ctrl-C (SIGINT); of a training, or of many, the results until then are written.",
    143: "Ended by SIGTERM.",
}
