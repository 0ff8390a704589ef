"""Writing folders: all files of one appear together or none does.

The files are written into a fresh folder beside, which then changes places with the old one. What an ended process left
beside is removed by the next one that writes to the same folder.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AT_FDCWD, _EXCHANGE = -100, 2


class HoldsOthers(Exception):
    """A folder holds what its writer has not made, so it is not replaced."""


@contextmanager
def fresh_folder(folder: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """An empty folder beside `folder`; it takes that one's place when the block ends without an error.

    A link to a folder stays a link, and the folder keeps its permissions. Folders above are made. Raises `HoldsOthers`
    if the folder holds anything of which `is_ours(path)` is false, and `OSError` if it cannot be written; on any error
    everything is as it was.
    """
    target = _resolved(folder)
    check_replaceable(target, is_ours)
    made = _make_above(target)
    try:
        with _alone(target):
            _sweep(target)
        beside = _beside(target)
        beside.mkdir()
        try:
            yield beside
            with _alone(target):
                _settle(beside, target, is_ours)
            made = []
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    finally:
        for path in made:
            with suppress(OSError):
                path.rmdir()


def check_replaceable(folder: Path, is_ours: Callable[[Path], bool]) -> None:
    """Raise what `fresh_folder` would raise for this folder as it is now; nothing is written."""
    target = _resolved(folder)
    with _alone(target):
        if target.exists():
            _check(target, is_ours)
            return
    above = next(path for path in target.parents if path.exists())
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{above} is a file, not a folder", str(target))
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"the folder {above} may not be written to", str(target))


def _resolved(folder: Path) -> Path:
    """Returns the path with its links followed. Raises `OSError` (ELOOP) if they lead in a circle.

    Python 3.13 returns such a path as it is, earlier versions raise `RuntimeError`.
    """
    circle = OSError(errno.ELOOP, "links lead in a circle", str(folder))
    try:
        target = folder.resolve()
    except RuntimeError:
        raise circle from None
    if any(path.is_symlink() for path in (target, *target.parents)):
        raise circle
    return target


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """No other process is in such a block for a folder in the same place, where the system can see to that."""
    try:
        import fcntl

        place = os.open(target.parent, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _check(target: Path, is_ours: Callable[[Path], bool]) -> None:
    """Raise where a folder that is there may not be replaced."""
    if not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(target))
    _refuse_others(target, is_ours)
    if not os.access(target, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "the folder may not be written to", str(target))


def _refuse_others(folder: Path, is_ours: Callable[[Path], bool]) -> None:
    for path in folder.iterdir():
        is_plain = path.is_file() and not path.is_symlink()
        if not (is_plain and is_ours(path)) and not _FRESH.fullmatch(path.name):
            raise HoldsOthers(folder)


_FRESH = re.compile(r"\..*-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.hqnn", re.DOTALL)
"""Names of fresh folders: the machine's and the process's number, and chance."""


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _beside(target: Path) -> Path:
    """A name for the fresh folder: in the folder itself where that one cannot change places with another."""
    name = f".{target.name[:100]}-{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.hqnn"
    return target / name if _stays(target) else target.with_name(name)


def _stays(target: Path) -> bool:
    """Whether a folder has to stay where it is: somebody works in it, it is a mount, or its parent is not writable."""
    if not target.exists():
        return False
    return target == Path.cwd() or os.path.ismount(target) or not os.access(target.parent, os.W_OK | os.X_OK)


def _make_above(target: Path) -> list[Path]:
    """Make the folders above; those that were not there, the lowest first."""
    missing = [path for path in target.parents if not path.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _sweep(target: Path) -> None:
    """Remove what processes of this machine that ended in the middle left beside the folder or in it."""
    for place in (target.parent, target):
        with suppress(OSError):
            for path in place.iterdir():
                match = _FRESH.fullmatch(path.name)
                of_it = match and path.name.startswith(f".{target.name[:100]}-{match[1]}-")
                if match and of_it and match[1] == _machine() and not _lives(int(match[2])):
                    shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    if sys.platform == "win32":  # where the same call would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _settle(beside: Path, target: Path, is_ours: Callable[[Path], bool]) -> None:
    """Put the fresh folder in the place of the old one, if there is one."""
    if not target.exists():
        beside.rename(target)
        return
    _check(target, is_ours)
    if beside.parent == target:
        _move_in(beside, target)
        return
    with suppress(OSError):
        old = target.stat()
        beside.chmod(stat.S_IMODE(old.st_mode))
        os.chown(beside, old.st_uid, old.st_gid)
    if not _exchange_at_once(beside, target):
        _exchange_in_turn(beside, target)
    try:
        _refuse_others(beside, is_ours)  # what came into the old one in that moment
    except HoldsOthers:
        if not _exchange_at_once(beside, target):
            _exchange_in_turn(beside, target)
        raise HoldsOthers(target) from None


def _move_in(beside: Path, target: Path) -> None:
    """Move the files into a folder that stays, and remove those that are there and not among them."""
    names = {path.name for path in beside.iterdir()}
    for old in target.iterdir():
        if old.name not in names and not _FRESH.fullmatch(old.name):
            old.unlink()
    for path in beside.iterdir():
        path.replace(target / path.name)


def _exchange_in_turn(beside: Path, target: Path) -> None:
    """Exchange two folders one after the other; an error leaves both where they were."""
    aside = beside.with_name(f"{beside.name[: -len('00000000.hqnn')]}{secrets.token_hex(4)}.hqnn")
    target.rename(aside)
    try:
        beside.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    aside.rename(beside)


def _exchange_at_once(beside: Path, target: Path) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(beside), _AT_FDCWD, os.fsencode(target), _EXCHANGE)
    return done == 0
