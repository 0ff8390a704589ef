"""Runs commands in this process, as a user types them."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output

if TYPE_CHECKING:
    from pathlib import Path


class Ended(NamedTuple):
    """How a command has ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def hqnn_command(monkeypatch, capfd):
    """Runs a command, in a folder and with bytes as standard input; gives its exit code and what it has written."""

    def run(*arguments: object, cwd: Path | None = None, given: bytes | None = None) -> Ended:
        monkeypatch.setattr(sys, "argv", ["hqnn", *map(str, arguments)])
        monkeypatch.setattr(output, "_as_json", False)
        if given is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        if cwd is not None:
            monkeypatch.chdir(cwd)
        capfd.readouterr()
        try:
            entry.main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        ended = Ended(code, *capfd.readouterr())
        assert "Traceback" not in ended.err
        assert code != entry.EXIT_BUG
        return ended

    return run
