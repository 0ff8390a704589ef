"""Which processes work on a sweep: each holds a lock of the system on a file of its own, and it ends with the process.

The same locks, of files on a shared folder, let one process at a time claim a trial. A system or a file system without
such locks cannot tell whether another process still works; a sweep there is one of a single process.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from hqnn_dsl.science.sweeping.files import LOCK, WORKERS
from hqnn_dsl.training.files import writable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLAIMING = threading.Lock()
"""Locks of the system are of a process on some file systems: threads wait for each other by themselves."""


class Worker:
    """This process at a sweep: a context in which others see that it works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._file = -1

    def __enter__(self) -> Self:
        with writable(self.folder):
            (self.folder / WORKERS).mkdir(exist_ok=True)
            self._file = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o644)
        _lock(self._file, wait=False)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._path(self.name).unlink()
        os.close(self._file)

    def _path(self, name: str) -> Path:
        return self.folder / WORKERS / name

    def is_at_work(self, name: str) -> bool:
        """Whether the process of that name still works; False where that cannot be seen."""
        if name == self.name:
            return True
        try:
            file = os.open(self._path(name), os.O_RDWR)
        except OSError:
            return False
        try:
            found = _lock(file, wait=False)
        finally:
            os.close(file)
        if found:
            with suppress(OSError):
                self._path(name).unlink()
        return not found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """In the block, no other process and no other thread claims a trial or writes the record."""
        with _CLAIMING:
            with writable(self.folder):
                file = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
            try:
                _lock(file, wait=True)
                yield
            finally:
                os.close(file)


def _lock(file: int, *, wait: bool) -> bool:
    """Lock an open file, until it is closed. Returns False if another process has it; True if there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
