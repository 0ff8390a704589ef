"""The text of a table in UTF-8, block by block, whatever encoding its bytes are in.

Told, or known from a byte order mark or from the zero bytes of UTF-16. Otherwise it is UTF-8, unless its first letters
beyond ASCII are none in UTF-8: then each byte is one letter, as Windows and Latin-1 have it. A text that has both is
damaged, and refused.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from hqnn_dsl.data.form import ENCODINGS
from hqnn_dsl.data.formats import not_utf8_advice, wide_encoding
from hqnn_dsl.diagnostics.codes.reading import ReadContradicts, ReadOption
from hqnn_dsl.diagnostics.codes.tables import TableNotUtf8
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.sources import Place

_MARK = b"\xef\xbb\xbf"
_LONGEST = 3
"""Bytes of a letter in UTF-8 that may be missing at the end of a block."""

_NOT_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
_BETWEEN = bytes(range(0x80, 0xA0))
"""Bytes that Windows has letters for and Latin-1 has not."""

_ONE_BYTE = ("iso8859", "cp125")
"""Beginnings of the names of encodings in which every text of UTF-8 has some meaning, a wrong one."""


class Decoder:
    """Turns the bytes of a table into UTF-8. `encoding` is what was found so far, `utf-8` while all is ASCII."""

    def __init__(self, place: Place, head: bytes, told: str | None) -> None:
        self._place, self._told = place, told
        self._lines = 1
        self._has_letters = self._has_between = False
        self._rest = b""
        found = wide_encoding(head)
        self.encoding = _known(told, head, found, place) if told is not None else found or "utf-8"
        self._may_fall_back = told is None and not found and not head.startswith(_MARK)
        self._wide = self._incremental() if self.encoding not in {"utf-8", "latin-1", "cp1252"} else None

    def blocks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The text in UTF-8, without a byte order mark. Raises `Refusal` E0503 with the line of a byte that is none."""
        is_first = True
        for block in blocks:
            text = self._decoded(block, is_last=False)
            if is_first and text:
                text, is_first = text.removeprefix(_MARK), False
            self._lines += block.count(b"\n") if self._wide is None else text.count(b"\n")
            if text:
                yield text
        text = self._decoded(b"", is_last=True)
        if text:
            yield text.removeprefix(_MARK) if is_first else text

    @property
    def settled(self) -> str:
        """The encoding, once all of it is read; where Windows and Latin-1 are the same, Latin-1."""
        return (
            "latin-1" if self.encoding == "cp1252" and self._told is None and not self._has_between else self.encoding
        )

    def _incremental(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.encoding)()

    def _decoded(self, block: bytes, *, is_last: bool) -> bytes:
        if self._wide is not None:
            try:
                return self._wide.decode(block, final=is_last).encode()
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(self.encoding, "ignore")
                raise self._not_in(error.reason, before.count("\n")) from None
            except UnicodeError as error:
                raise self._not_in(str(error)) from None
        if self.encoding == "utf-8":
            return self._utf8(block, is_last=is_last)
        return self._one_byte(block)

    def _utf8(self, block: bytes, *, is_last: bool) -> bytes:
        data = self._rest + block
        self._rest = b""
        if data.isascii():
            return data
        try:
            data.decode()
        except UnicodeDecodeError as error:
            if not is_last and error.reason == "unexpected end of data" and error.start >= len(data) - _LONGEST:
                data, self._rest = data[: error.start], data[error.start :]
                self._has_letters |= not data.isascii()
                return data
            if not self._may_fall_back or self._has_letters or _has_letters(data):
                raise self._not_utf8(data, error.start, len(data) - len(block)) from None
            self.encoding = "cp1252"
            return self._one_byte(data)
        self._has_letters = True
        return data

    def _one_byte(self, block: bytes) -> bytes:
        if block.isascii():
            return block
        if self._told is None:
            if any(byte in block for byte in _NOT_IN_1252):
                raise self._not_utf8(block, min(block.find(b) % (len(block) + 1) for b in _NOT_IN_1252), 0)
            if _has_letters(block):
                raise self._not_utf8(block, _first_wrong(block), 0)
        self._has_between = self._has_between or bool(block.translate(None, _OTHERS))
        try:
            return block.decode(self.encoding).encode()
        except UnicodeDecodeError as error:
            raise self._not_in(f"byte 0x{block[error.start]:02x}", block.count(b"\n", 0, error.start)) from None

    def _not_utf8(self, data: bytes, at: int, before: int) -> Refusal:
        """What is said of a byte; the first `before` bytes belong to the block before, in the same line."""
        line = self._lines + data.count(b"\n", before, at)
        if self._told is not None:
            found = f"it has byte 0x{data[at]:02x} in line {line}, which is no text in UTF-8"
            return Refusal(_contradicts(self._place, self._told, found, "latin-1"))
        hint = not_utf8_advice(data)
        what = f"has byte 0x{data[at]:02x} in line {line}, which is no text in UTF-8"
        return Refusal(TableNotUtf8(table=self._place.name, what=what, hint=hint))

    def _not_in(self, why: str, lines: int = 0) -> Refusal:
        """What is said of bytes that are none of the encoding that is told, or marked."""
        where = f"from line {self._lines + lines} on ({why})"
        if self._told is None:
            name = ENCODINGS.get(self.encoding, self.encoding)
            return Refusal(TableNotUtf8(table=self._place.name, what=f"is no valid text in {name} {where}"))
        return Refusal(_contradicts(self._place, self._told, f"it is no text in that {where}"))


_OTHERS = bytes(byte for byte in range(256) if byte not in _BETWEEN)


def _has_letters(data: bytes) -> bool:
    """Whether bytes have letters beyond ASCII that are whole in UTF-8."""
    return not data.decode("utf-8", "ignore").isascii()


def _first_wrong(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return next(place for place, byte in enumerate(data) if byte > 0x7F)


def _known(told: str, head: bytes, found: str, place: Place) -> str:
    """The name of an encoding that is told. Raises `Refusal`: E0561 if there is none such, E0560 if it cannot be."""
    try:
        "a".encode(told)
        name = codecs.lookup(told).name
    except (LookupError, UnicodeError, ValueError):
        wanted = "`utf-8`, `utf-16`, `latin-1`, `windows-1252` or another encoding that Python knows"
        option = f"encoding: {quoted(told)}"
        raise Refusal(ReadOption(option=option, reason="there is no such encoding", wanted=wanted)) from None
    looks_like = ENCODINGS.get(found, "")
    if head.startswith(_MARK) or (name.startswith(_ONE_BYTE) and not found and _is_utf8(head)):
        looks_like = "UTF-8"
    is_turned = bool(found) and name.startswith(("utf-16-", "utf-32-")) and name != found
    if looks_like and (is_turned or looks_like.casefold().split("-")[:2] != _plain_name(name)):
        raise Refusal(_contradicts(place, told, f"its bytes are those of {looks_like}", looks_like.casefold()))
    if found and name in {"utf-16", "utf-32"}:
        return found
    return {"iso8859-1": "latin-1", "utf-8-sig": "utf-8"}.get(name, name)


def _plain_name(name: str) -> list[str]:
    """`utf-16-le` as `["utf", "16"]`."""
    return name.casefold().replace("_", "-").split("-")[:2]


def _is_utf8(head: bytes) -> bool:
    """Whether bytes have letters beyond ASCII, all of them whole in UTF-8."""
    if head.isascii():
        return False
    for cut in range(_LONGEST + 1):
        try:
            return not head[: len(head) - cut].decode().isascii()
        except UnicodeDecodeError:
            continue
    return False


def _contradicts(place: Place, told: str, found: str, instead: str = "utf-8") -> ReadContradicts:
    option = f"encoding: {quoted(told)}"
    return ReadContradicts(option=option, table=place.name, found=found, name="encoding", instead=quoted(instead))
