"""Standard streams that can be relied on: a command ends in its own way, whatever they lead to.

Characters that a stream's encoding does not have are written readably. Messages that standard error cannot take are
dropped, so that no training is lost for its progress bar. Standard output never drops anything: a closed one refuses
the text, and the command reports it.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import Any, TextIO, cast

from hqnn_dsl.diagnostics.terminal import READABLE

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF, errno.EIO})
"""Error numbers of a stream or a disk that is full, closed or broken."""


class NobodyReads(Exception):
    """The reader of standard output has ended: there is nobody left to tell."""


class Patient:
    """A text stream that drops text that its file does not accept. All other methods are the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write as far as possible. Returns the number of characters given."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except ValueError:
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def prepare() -> None:
    """Make the standard streams of this process ready; a closed one is opened on the null device.

    Otherwise the next file that is opened would be standard output to every library that prints.
    """
    _hold(0, os.O_RDONLY)
    _hold(1, os.O_RDONLY)  # cannot be written to, so a result is not lost in silence
    _hold(2, os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "wb", closefd=False), encoding="utf-8", line_buffering=True)
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "wb", closefd=False), encoding="utf-8", line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=READABLE)
    if not isinstance(sys.stderr, Patient):
        sys.stderr = cast("TextIO", Patient(sys.stderr))


def _hold(number: int, mode: int) -> None:
    """Open the null device as file `number` if that is closed; those below it are open."""
    try:
        os.fstat(number)
    except OSError:
        with contextlib.suppress(OSError):
            opened = os.open(os.devnull, mode)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)


def is_lost(error: OSError) -> bool:
    """Returns whether an error is that of a stream that is full, closed or broken, and not of a named file."""
    return error.filename is None and error.errno in _FULL


def reason_of(error: OSError | ValueError) -> str:
    """Returns the reason why a stream accepts nothing, in words."""
    if isinstance(error, ValueError) or error.errno == errno.EBADF:
        return "it is closed"
    return str(error.strerror or error).lower()


def abandon_output() -> None:
    """Let standard output lead nowhere, so that nothing fails again when Python leaves."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
