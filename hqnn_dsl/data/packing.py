"""Compressed tables: which packing bytes are in, by their first few, and a stream of what is inside.

Nothing is unpacked that is not asked for: a reader takes a bounded piece at a time, so a small file that grows without
end is stopped by its reader's limits.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.data.formats import foreign_archive
from hqnn_dsl.diagnostics.codes.reading import NotUnpacked, PackageForTable
from hqnn_dsl.diagnostics.codes.tables import TableNotUtf8
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.sentences import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from _typeshed import WriteableBuffer


@dataclass(frozen=True)
class Packing:
    """A way to compress a file. `command` is the shell's, which writes the contents to standard output."""

    name: str
    magic: bytes
    command: str
    unpacked: Callable[[str, BinaryIO], BinaryIO]
    """The contents of a packed stream; the text is the table's name in a sentence."""


def packing_of(head: bytes) -> Packing | None:
    """The packing that a file's first bytes show; None if it is not packed, or an archive of another program."""
    return next((packing for packing in PACKINGS if head.startswith(packing.magic)), None)


def reason(error: Exception) -> str:
    """Why unpacking failed, in a few words."""
    if isinstance(error, EOFError):
        return "it ends too early"
    text = str(error).strip().rstrip(".")
    return f"{text[:1].lower()}{text[1:]}" if text else "it is damaged"


def _gzip(_name: str, packed: BinaryIO) -> BinaryIO:
    import gzip

    return gzip.GzipFile(fileobj=packed, mode="rb")  # type: ignore[return-value]


def _bzip2(_name: str, packed: BinaryIO) -> BinaryIO:
    import bz2

    return bz2.BZ2File(packed)  # type: ignore[return-value]


def _xz(_name: str, packed: BinaryIO) -> BinaryIO:
    import lzma

    return lzma.LZMAFile(packed)  # type: ignore[return-value]


def _zip(name: str, packed: BinaryIO) -> BinaryIO:
    import zipfile

    archive = zipfile.ZipFile(packed)
    known = foreign_archive(archive.namelist())
    if known is not None:
        raise Refusal(TableNotUtf8(table=name, what=f"{known[0]}, not text", hint=known[1]))
    members = [entry.filename for entry in archive.infolist() if _is_table(entry)]
    if len(members) != 1:
        listed = f", {names(members, 'and', most=5)}" if members else ""
        found = f"has {count(len(members), 'file')}{listed}"
        hint = "unpack it and give the file that is meant" if members else ""
        raise Refusal(NotUnpacked(table=name, packing="zip", reason=f"the archive {found}, not one", hint=hint))
    return archive.open(members[0])  # type: ignore[return-value]


def _is_table(entry: Any) -> bool:
    """Whether a member of an archive is none of the files that systems add for themselves."""
    path = entry.filename
    return not (entry.is_dir() or path.startswith("__MACOSX/") or path.rpartition("/")[2].startswith("."))


def _zstd(name: str, packed: BinaryIO) -> BinaryIO:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            found = __import__(module, fromlist=["ZstdFile"])
        except ImportError:
            continue
        return found.ZstdFile(packed)  # type: ignore[no-any-return]
    try:
        import zstandard
    except ImportError:
        raise Refusal(PackageForTable(what=f"`{name}`", package="zstandard", extra="zstd")) from None
    return io.BufferedReader(_Zstandard(packed, zstandard.ZstdDecompressor()))


class _Zstandard(io.RawIOBase):
    """What zstandard's own stream does not do: an end that comes too early is an error."""

    _PIECE = 1 << 10
    """Bytes that are unpacked in one go; they may become 32 MiB."""

    def __init__(self, packed: BinaryIO, decompressor: Any) -> None:
        super().__init__()
        self._packed, self._decompressor = packed, decompressor
        self._frame: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        wanted = memoryview(buffer).cast("B")
        while not self._ready:
            piece = self._packed.read(self._PIECE)
            if not piece:
                if self._frame is not None:
                    raise EOFError
                return 0
            self._ready = memoryview(self._unpacked(piece))
        size = min(len(wanted), len(self._ready))
        wanted[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpacked(self, piece: bytes) -> bytes:
        found = []
        while piece:
            if self._frame is None:
                self._frame = self._decompressor.decompressobj()
            found.append(self._frame.decompress(piece))
            if not self._frame.eof:
                break
            piece, self._frame = self._frame.unused_data, None
        return b"".join(found)


def damages() -> tuple[type[Exception], ...]:
    """The exceptions by which the modules of all packings say that a file is damaged."""
    import lzma
    import zipfile

    found: list[type[Exception]] = [EOFError, OSError, ValueError, RuntimeError, NotImplementedError]
    found += [zlib.error, lzma.LZMAError, zipfile.BadZipFile]
    for module, name in (
        ("compression.zstd", "ZstdError"),
        ("backports.zstd", "ZstdError"),
        ("zstandard", "ZstdError"),
    ):
        try:
            found.append(getattr(__import__(module, fromlist=[name]), name))
        except ImportError:
            continue
    return tuple(found)


PACKINGS = (
    Packing("gzip", b"\x1f\x8b", "gzip -dc", _gzip),
    Packing("bzip2", b"BZh", "bzip2 -dc", _bzip2),
    Packing("xz", b"\xfd7zXZ\x00", "xz -dc", _xz),
    Packing("zip", b"PK\x03\x04", "unzip -p", _zip),
    Packing("zip", b"PK\x05\x06", "unzip -p", _zip),  # an archive of no files
    Packing("zstd", b"\x28\xb5\x2f\xfd", "zstd -dc", _zstd),
)
