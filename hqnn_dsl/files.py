"""Writing files: every file appears whole or not at all, and nowhere unasked. Reading small ones: without ever waiting.

At the foot of the package: any room may use it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shlex
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import CannotWrite
from hqnn_dsl.diagnostics.codes.outputs import OutputExists, OutputIsInput, OutputNoFile
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
"""What a path can be that is no plain file, as a sentence names it."""


def kind_of(mode: int) -> str:
    """`a folder`, `a pipe`, `a device` … for the mode of a path; empty for a plain file."""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "")


def reason_of(error: OSError) -> str:
    """An error of the system as the end of a sentence."""
    return str(error.strerror or error).lower()


def is_same(path: Path, other: Path) -> bool:
    """Whether both are one place, by whatever spelling, link or second name; or `path` lies in the folder `other`."""
    with suppress(OSError, ValueError):
        if path.samefile(other):
            return True
    with suppress(OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        place, taken = (each.parent.resolve() / each.name for each in (path, other))
        return place == taken or (other.is_dir() and other.resolve() in place.parents)
    return False


@contextmanager
def replacing(path: Path, *, new: bool = False, durable: bool = False) -> Iterator[Path]:
    """An empty file beside `path` to write to; it takes the place of `path` when the block ends without an error.

    It has the permissions of the file that it replaces from the start, and its owner if the system allows that. With
    `new`, a file that has come to `path` in the meantime is left alone: raises `FileExistsError`. With
    `durable`, it is on the disk when the block has ended, and the old one is until then, also if power is lost: some
    milliseconds.
    """
    beside = path.with_name(f".{path.stem[:100]}-{os.getpid()}{path.suffix[:50]}")
    if os.path.lexists(beside):
        beside = beside.with_name(f".{secrets.token_hex(8)}{path.suffix[:50]}")
    try:
        mode = _create(beside, like=path)
        yield beside
        if mode is not None:
            beside.chmod(mode)
        if durable:
            _synced(beside, os.O_RDWR)
        if new:
            _settle_new(beside, path)
        else:
            beside.replace(path)
        if durable:
            with suppress(OSError):  # a system that opens no folders
                _synced(path.parent, os.O_RDONLY)
    finally:
        beside.unlink(missing_ok=True)


def _synced(path: Path, flags: int) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    opened = os.open(path, flags)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _create(beside: Path, like: Path) -> int | None:
    """Make the file, private and its owner's as the file `like` before anything is in it; the mode of that one."""
    try:
        old = like.lstat()
    except OSError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        old = None
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if old is None else 0o600))
    if old is None:
        return None
    for owner in ((-1, old.st_gid), (old.st_uid, -1)):
        with suppress(OSError, AttributeError):  # AttributeError: a system without owners
            os.chown(beside, *owner)
    return stat.S_IMODE(old.st_mode)


def _settle_new(beside: Path, path: Path) -> None:
    """Give the file its name, unless something has that name by now."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        beside.replace(path)


def check_output(
    path: Path,
    *,
    inputs: Iterable[tuple[Path, str]] = (),
    force: bool = False,
    name: str = "predictions.csv",
    printed: str | None = "",
) -> None:
    """Refuse a path that an output may not be written to, before any work is done; nothing is written.

    `inputs` are files and folders that the command reads, each with its name in a sentence (`the table that is read`).
    Advice calls the file `name` in a folder; `printed` is the value of `--out` for standard output, empty if that is
    written to without the option, None if it is never written to. `-` is no file.
    With `force` a plain file that is none of them may be replaced. Raises `Refusal`: E0550 if it exists, E0551 if it
    is an input, E0552 if it is no plain file, E0603 if its folder does not take it.
    """
    if str(path) == "-":
        hint = f"name a file, such as `--out {name}`" if printed is None else "leave `--out` out, for standard output"
        raise Refusal(OutputNoFile(path="-", kind="standard output", hint=hint))
    for other, what in inputs:
        if is_same(path, other):
            raise Refusal(OutputIsInput(path=str(path), what=what))
    try:
        kind = kind_of(path.lstat().st_mode)
    except FileNotFoundError:
        _check_folder(path)
        return
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "no path has a null character in it"
        raise Refusal(CannotWrite(path=str(path), reason=reason)) from None
    if kind:
        raise Refusal(OutputNoFile(path=str(path), kind=_named(path, kind), hint=_instead(path, kind, name, printed)))
    if not force:
        raise Refusal(OutputExists(path=str(path)))
    _check_folder(path)


def _named(path: Path, kind: str) -> str:
    return f"a link to `{path.readlink()}`" if kind == "a link" else kind


def _instead(path: Path, kind: str, name: str, printed: str | None) -> str:
    """What to type in place of an `--out` that is no plain file."""
    if kind == "a folder":
        return f"name a file in it, such as `--out {shlex.quote(str(path / name))}`"
    if kind == "a link" and path.is_file() and not path.is_relative_to("/dev"):
        return f"give the file itself: `--out {shlex.quote(str(path.resolve()))}`"
    if printed is None:
        return f"name a file, such as `--out {name}`"
    target = shlex.quote(str(path))
    if printed:
        return f"write `--out {printed}`, for standard output, or `--out {printed} > {target}`"
    return f"leave `--out` out, for standard output, or write `> {target}` in its place"


def _check_folder(path: Path) -> None:
    """Refuse (E0603) a path whose folder is not there or cannot be written to."""
    folder = path.parent
    if not folder.exists():
        reason = f"there is no folder `{folder}`"
    elif not folder.is_dir():
        reason = f"`{folder}` is no folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = f"the folder `{folder}` may not be written to"
    else:
        return
    raise Refusal(CannotWrite(path=str(path), reason=reason))


@contextmanager
def writing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """`replacing` for an output that `check_output` took. Raises `Refusal` E0550 or E0603 if it cannot be written."""
    try:
        with replacing(path, new=not force) as beside:
            yield beside
    except FileExistsError:
        raise Refusal(OutputExists(path=str(path))) from None
    except OSError as error:
        raise Refusal(CannotWrite(path=str(path), reason=reason_of(error))) from error


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
    kind = kind_of(found.st_mode)
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
