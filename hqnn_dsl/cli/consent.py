"""The question before something is run on a device that costs."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING

from hqnn_dsl.cli.output import table, tell, tell_lines

if TYPE_CHECKING:
    from hqnn_dsl.training.budget import Agree, Bill


TURN = 0.2
"""Seconds after which a wait for an answer looks for a Ctrl-C."""


def asker(*, yes: bool) -> Agree:
    """Returns a function that shows the costs on standard error and asks; with `yes` it only shows them.

    If standard input is no terminal, the answer is no.
    """

    def ask(bill: Bill) -> bool:
        from hqnn_dsl.training.budget import HEADER

        tell(f"on {bill.device}:")
        tell_lines(table(HEADER, bill.rows()))
        if yes:
            return True
        if sys.stdin is None or not sys.stdin.isatty():
            return False
        sys.stderr.write("run this, at your cost? [y/N] ")
        sys.stderr.flush()
        return _answer().strip().lower() in {"y", "yes"}

    return ask


def _answer() -> str:
    """Returns a line from the terminal. Waits in short turns: a Ctrl-C just before a read would not end the read."""
    while os.name == "posix" and not select.select([sys.stdin], [], [], TURN)[0]:
        pass
    return sys.stdin.readline()
