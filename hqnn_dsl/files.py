"""Writing files: every file appears whole or not at all. Reading small ones: without ever waiting.

At the foot of the package: any room may use it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes the place of `path` when the block ends without an error."""
    beside = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


_NO_FILES = (
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """A regular file, opened for reading; with `follow` false, not through a link in the last place.

    Returns at once, whatever the path names: what is no regular file is not opened, and what takes the place of one in
    between is not waited for. Raises `OSError`.
    """
    _refuse_no_file(path.stat(follow_symlinks=follow), path)
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY", *(() if follow else ("O_NOFOLLOW",))):
        flags |= getattr(os, name, 0)
    stream = os.fdopen(os.open(path, flags), "rb")
    try:
        _refuse_no_file(os.fstat(stream.fileno()), path)
    except OSError:
        stream.close()
        raise
    return stream


def read_small(path: Path, most: int, *, follow: bool = True) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises `OSError`, and `ValueError` where it is larger."""
    with open_regular(path, follow=follow) as stream:
        data = stream.read(most + 1) or b""  # none where it would have to wait, as some of /proc do
    if len(data) > most:
        raise ValueError(f"it has more than {most} bytes")
    return data


def _refuse_no_file(found: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    for is_so, reason in _NO_FILES:
        if is_so(found.st_mode):
            raise OSError(errno.EINVAL, reason, str(path))
