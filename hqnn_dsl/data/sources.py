"""Where the bytes of a table come from: a file, packed or not, or standard input. They can be read more than once."""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.data.packing import damages, packing_of, reason
from hqnn_dsl.diagnostics.codes.reading import NotUnpacked, TableChanged, TableTooLarge
from hqnn_dsl.diagnostics.codes.tables import TableMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import size as size_of
from hqnn_dsl.files import open_regular, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from hqnn_dsl.data.packing import Packing

    Progress = Callable[[int, int | None], object]

BLOCK = 1 << 22
"""How many bytes are read in one go."""

HEAD = 4096
"""How many bytes at the beginning show the form of a file."""

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Place:
    """How sentences name a table, and the commands that read it. `path` is None for standard input."""

    name: str
    path: Path | None = None
    unpack: str = ""
    """The command that unpacks it, empty if it is not packed."""

    @property
    def suffix(self) -> str:
        """The ending of its name, that of its packing aside: `.tsv`."""
        name = Path(self.name)
        return (name if not self.unpack or name.suffix.lower() in {".tsv", ".tab"} else name.with_suffix("")).suffix

    def into(self, command: str) -> str:
        """A command that does `command` to the table's text and writes another file."""
        if self.path is None:
            return command
        given = shlex.quote(str(self.path))
        stem = self.path.name.removesuffix(self.path.suffix).removesuffix(".csv")
        target = shlex.quote(f"{stem}-plain.csv")
        return f"{self.unpack} {given} | {command} > {target}" if self.unpack else f"{command} {given} > {target}"


class Source:
    """The bytes of a table. `blocks` gives those of its contents, unpacked, as often as it is called."""

    def __init__(self, place: Place, stream: BinaryIO, size: int | None, progress: Progress | None = None) -> None:
        self._stream, self._size, self._progress = stream, size, progress
        self._stamp = self._stamped()
        self.packing = self._packing()
        self.place = Place(place.name, place.path, self.packing.command) if self.packing else place

    def _packing(self) -> Packing | None:
        return packing_of(self.head())

    def head(self) -> bytes:
        """The first bytes, as they are."""
        self._stream.seek(0)
        found = self._stream.read(HEAD) or b""
        self._stream.seek(0)
        return found

    @property
    def stream(self) -> BinaryIO:
        """The bytes as they are, for a reader that goes to and fro in them."""
        self._stream.seek(0)
        return self._stream

    def blocks(self) -> Iterator[bytes]:
        """Pieces of the contents, from the beginning. Raises `Refusal` E0562, E0553, E0566 or E0501."""
        if self._stamped() != self._stamp:
            raise Refusal(TableChanged(table=self.place.name))
        self._stream.seek(0)
        if self.packing is None:
            yield from self._read(self._stream)
            return
        try:
            yield from self._bounded(self.packing.unpacked(self.place.name, self._stream))
        except damages() as error:
            raise self._damaged(reason(error)) from None

    def close(self) -> None:
        self._stream.close()

    def _read(self, stream: BinaryIO) -> Iterator[bytes]:
        while True:
            try:
                block = stream.read(BLOCK)
            except OSError as error:
                if self.packing is not None:
                    raise
                raise Refusal(TableMissing(path=self.place.name, reason=reason_of(error))) from None
            self._report()
            if not block:
                return
            yield block

    def _bounded(self, stream: BinaryIO) -> Iterator[bytes]:
        found = 0
        for block in self._read(stream):
            found += len(block)
            packed = max(self._stream.tell(), 1)
            if found > max(limits.UNPACKED_FREELY, limits.MAX_UNPACKED_TIMES * packed):
                raise self._damaged(f"{size_of(packed)} become more than {size_of(found)}")
            yield block

    def _damaged(self, why: str) -> Refusal:
        assert self.packing is not None
        return Refusal(NotUnpacked(table=self.place.name, packing=self.packing.name, reason=why))

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self._stream.tell(), self._size)

    def _stamped(self) -> tuple[int, int] | None:
        """The size and the time of the last change of a file."""
        if self._size is None:
            return None
        found = os.fstat(self._stream.fileno())
        return found.st_size, found.st_mtime_ns


def open_source(path: Path, written: str, progress: Progress | None = None) -> Source:
    """The table at a path, `-` for standard input. Raises `Refusal`: E0501 if there is none, E0553 if it is too large.

    `progress` is called with the bytes that have been read and those that there are, None if that is not known.
    """
    if str(path) == STANDARD_INPUT:
        return Source(Place("standard input"), io.BufferedReader(_Kept(_standard_input())), None, progress)
    try:
        size = path.stat().st_size
        if size > memory():
            raise Refusal(TableTooLarge(table=path.name, size=size_of(size)))
        return Source(Place(path.name, path), open_regular(path), size, progress)
    except (OSError, ValueError) as error:
        raise Refusal(_unreadable(written, error)) from None


def memory() -> int:
    """The machine's memory in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return 1 << 62


def _standard_input() -> BinaryIO:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise Refusal(TableMissing(path=STANDARD_INPUT, reason="standard input is closed"))
    return stream  # type: ignore[no-any-return]


class _Kept(io.RawIOBase):
    """A stream that is read once, as one that can be read again: it is kept in a file as far as it was read."""

    def __init__(self, stream: BinaryIO) -> None:
        from tempfile import TemporaryFile

        super().__init__()
        self._stream, self._kept = stream, TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._at = self._length = 0
        self._is_whole = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            while not self._is_whole:
                self._take(BLOCK)
        self._at = max(0, offset + (0, self._at, self._length)[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        wanted = memoryview(buffer).cast("B")
        if self._at >= self._length and not self._is_whole:
            self._take(len(wanted))
        self._kept.seek(self._at)
        found = self._kept.readinto(wanted)
        self._at += found
        return found

    def close(self) -> None:
        self._kept.close()
        super().close()

    def _take(self, most: int) -> None:
        block = self._stream.read(most)
        self._is_whole = not block
        self._kept.seek(self._length)
        self._kept.write(block)
        self._length += len(block)
        if self._length > memory():
            raise Refusal(TableTooLarge(table="standard input", size=f"more than {size_of(memory())}"))


def _unreadable(written: str, error: OSError | ValueError) -> TableMissing:
    """Why a file cannot be opened, and what to do about it where the usual advice does not say it."""
    match error:
        case FileNotFoundError() if written.startswith(("http://", "https://", "ftp://")):
            return TableMissing(
                path=written, reason="there is no such file", hint="download it first and give the file"
            )
        case FileNotFoundError():
            return TableMissing(path=written, reason="there is no such file")
        case IsADirectoryError():
            return TableMissing(path=written, reason="it is a folder")
        case OSError(errno=errno.EINVAL):
            hint = "write the table to a file first and give that, or give `-` and pipe it into standard input"
            return TableMissing(path=written, reason=reason_of(error), hint=hint)
        case OSError():
            return TableMissing(path=written, reason=reason_of(error))
    return TableMissing(path=written, reason="no path has a null character in it")
