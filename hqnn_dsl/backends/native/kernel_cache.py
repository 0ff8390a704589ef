"""Where compiled kernels are kept between processes: Numba's folders, and one more if none of those can be written.

Numba keeps what it compiles in `NUMBA_CACHE_DIR`, beside the source, or in the user's folder for caches. Without a home
that can be written all of these fail, and then a folder of this user's own among the temporary files is used. A kept
kernel is loaded and run, so the folder must be ours, no link, and closed to everybody else.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
from numba.core import config

from hqnn_dsl.diagnostics.codes.command import KernelsNotKept
from hqnn_dsl.diagnostics.notices import Caller, notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = "hqnn-kernels"
"""The name of the folder among the temporary files, before the user's number."""

_not_kept: set[str] = set()
"""Why kernels are not kept, once that is said."""


def kept(function: Callable[..., Any], **options: Any) -> Any:
    """The function, compiled for each kind of arguments and kept on disk if a folder can be written.

    `options` are further ones of Numba's decorator.
    """
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:
        pass
    try:
        return _kept_in(_own_folder(), function, options)
    except (OSError, RuntimeError) as error:
        lost(error)
        return numba.njit(nogil=True, **options)(function)


def lost(error: Exception, at: Caller | None = None) -> None:
    """Say, once a process, that kernels are compiled at every start, and why."""
    if not _not_kept:
        reason = str(getattr(error, "strerror", None) or error).lower()
        _not_kept.add(reason)
        notice(KernelsNotKept(reason=reason), with_help=True, at=at)


def is_kept() -> bool:
    """Whether a compiled kernel is there when the next process begins, as far as is known."""
    return not _not_kept


def _kept_in(folder: Path, function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """Numba asks for its folder when a function is decorated, and never again."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    finally:
        config.CACHE_DIR = before


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _own_folder() -> Path:
    """The folder among the temporary files, made if it is missing.

    Raises `OSError` if it cannot be made or written, or is not this user's alone.
    """
    parent = _temporary()
    if parent == Path.cwd():  # Python's last resort, and no place of ours
        raise OSError("there is no folder for temporary files")
    number = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = parent / f"{FOLDER}-{number}"
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(f"{folder} is no folder")
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        raise OSError(f"{folder} is open to other users")
    with tempfile.TemporaryFile(dir=folder):
        return folder
