"""Which files a spec may bring in, and how they are read: those of its own folder and below, others if allowed.

A spec may come from somebody else, and what a compiler prints may end in a public log. So a `use` that leaves the
spec's folder, also through a link, is refused before anything is looked at, and of a file that is none of this
language nothing is shown.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.files import read_small

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.syntax import nodes

_BEGINS = re.compile(r"(?:\s|;|#[^\n]*)*hqnn[ \t]+[0-9]")
_MOST_NAMES = 1_000
"""Names of a folder that a misspelt one is held against."""

if TYPE_CHECKING:
    AllowPath = str | Path | Iterable[str | Path]
    """Folders beside a spec's own from which it may read: one, or several."""


def folder_of(source: Source) -> Path:
    """The folder that the `use` lines of a source start from."""
    return Path(source.folder) if source.folder is not None else Path(source.name).parent


@dataclass(frozen=True)
class Reach:
    """The folders from which files may be brought in, links resolved: a spec's own, and those that were allowed."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, source: Source, allow_path: AllowPath = ()) -> Reach:
        """The reach of a spec. Raises `Refusal` if an allowed folder is not a folder."""
        allowed = [allow_path] if isinstance(allow_path, (str, Path)) else allow_path
        return cls((_resolved(folder_of(source)), *(_folder(Path(path)) for path in allowed)))

    def covers(self, place: Path) -> bool:
        """Whether a file may be read; `place` has its links resolved."""
        return any(place.is_relative_to(folder) for folder in self.folders)

    def place_of(self, use: nodes.Use, folder: Path) -> Path:
        """The path of the file that a `use` names, links resolved. Raises `Refusal` if it may not be read."""
        return self.place(use.path.value, folder, use.path.span)

    def place(self, written: str, folder: Path, span: Span | None = None) -> Path:
        """The path of a file as written, relative to `folder`, links resolved. Raises `Refusal` if it may not be read.

        What is refused does not depend on what is there, so that nothing is told of files elsewhere.
        """
        if len(written) > limits.MAX_PATH:
            reason = f"its name has more than {limits.MAX_PATH} characters"
            raise Refusal(codes.UnreadableFile(span=span, path=written, reason=reason))
        try:
            place = _resolved(folder / written)
        except ValueError as error:
            raise Refusal(unreadable(written, span, folder, error)) from error
        if not self.covers(place):
            from shlex import quote

            asked = (folder / written).parent
            hint = f"move it below the spec's folder, or allow its folder: `--allow-path {quote(str(asked))}`"
            if self.covers(Path(os.path.normpath(_resolved(folder) / written))):
                hint = "it is reached through a link: allow the folder that this leads to, `--allow-path DIR`"
            raise Refusal(codes.OutOfReach(span=span, path=written, hint=hint))
        return place


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))  # `Path.resolve` would tell a circle of links from a missing file


def _folder(path: Path) -> Path:
    try:
        if path.is_dir():
            return _resolved(path)
    except (OSError, ValueError):
        pass
    from hqnn_dsl.diagnostics.codes.command import BadOption

    raise Refusal(BadOption(option="--allow-path", expected="a folder", value=str(path)))


def read_file(path: Path, *, follow: bool = True) -> str:
    """A file's text. Raises `OSError`, `UnicodeDecodeError`, or `ValueError` if it is too large to be read."""
    data = read_small(path, limits.MAX_SOURCE_BYTES, follow=follow)
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_used(use: nodes.Use, place: Path, shown: Path) -> Source:
    """The file at `place` that a `use` names, called `shown`. Raises `Refusal` if it cannot be read or is no spec."""
    try:
        text = read_file(place, follow=False)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refusal(unreadable(use.path.value, use.path.span, place, error)) from error
    if not _BEGINS.match(text):
        raise Refusal(codes.NoSpec(span=use.path.span, path=use.path.value))
    return Source(str(shown), text)


def read_spec(path: Path) -> Source:
    """The spec file as a source. Raises `Refusal` if it cannot be read.

    Of a file that is reached through a link out of its folder, and is none of this language, nothing is shown.
    """
    try:
        text = read_file(path)
        strays = not _resolved(path).is_relative_to(_resolved(path.parent))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refusal(unreadable(str(path), None, path, error)) from error
    if strays and not _BEGINS.match(text):
        raise Refusal(codes.NoSpec(path=str(path)))
    return Source(str(path), text)


def unreadable(shown: str, span: Span | None, path: Path, error: Exception) -> Diagnostic:
    """The mistake for a file that cannot be read; `shown` is its name as written."""
    hint = ""
    if isinstance(error, UnicodeDecodeError):
        reason = "it is not UTF-8 text"
    elif isinstance(error, FileNotFoundError):
        reason = "there is no such file"
        with suppress(OSError):
            hint = did_you_mean(nearest(path.name, (item.name for item in islice(path.parent.iterdir(), _MOST_NAMES))))
    elif isinstance(error, IsADirectoryError):
        reason = "it is a folder"
    else:
        reason = str(getattr(error, "strerror", None) or error).lower()
        if "null byte" in reason or "null character" in reason:
            reason = "no file has a null character in its name"
    return codes.UnreadableFile(span=span, path=shown, reason=reason, hint=hint)
