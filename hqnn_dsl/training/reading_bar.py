"""How far the reading of a table is, for tables that take longer than a moment.

In a terminal it is one line, which is gone when the table is read. Elsewhere it is a whole line every few seconds.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Self

from hqnn_dsl.diagnostics.quantities import size
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of
from hqnn_dsl.training.bar import BETWEEN, LEAST_BAR, MOST_BAR, REDRAWN, SAID, clock, fitting

if TYPE_CHECKING:
    from types import TracebackType

    from hqnn_dsl.training.bar import Progress

BEGINS = 1.0
"""Seconds after which there is a line in a terminal."""


class ReadingBar:
    """A context around the reading of a table, which is called with the bytes that are read and those that there are.

    `progress` is True for standard error, False for nowhere, or the stream to write to.
    """

    def __init__(self, name: str, *, progress: Progress = True) -> None:
        self._name = printable(name)
        self._stream = sys.stderr if progress is True else progress or None
        self._began = time.perf_counter()
        self._drawn_at: float | None = None
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._width:
            self._write(f"\r{' ' * self._width}\r")

    def __call__(self, done: int, total: int | None) -> None:
        """So many bytes are read; `total` is None if nobody knows."""
        if self._stream is None:
            return
        now = time.perf_counter()
        is_terminal = self._stream.isatty()
        since = now - (self._began if self._drawn_at is None else self._drawn_at)
        waits = SAID if not is_terminal else BEGINS if self._drawn_at is None else REDRAWN
        if since >= waits:
            self._drawn_at = now
            self._draw(done, total) if is_terminal else self._write(f"{', '.join(self._parts(done, total))}\n")

    def _parts(self, done: int, total: int | None) -> list[str]:
        read = f"{size(done)} read" if total is None else f"{size(done)} of {size(total)} read"
        share = [] if not total else [f"{100 * min(done, total) // total}%"]
        return [f"reading {self._name}", *share, read, clock(time.perf_counter() - self._began)]

    def _draw(self, done: int, total: int | None) -> None:
        width = (width_of(self._stream) or 80) - 1
        text = fitting(self._parts(done, total), width)
        room = min(width - cells(text) - len(BETWEEN) - 2, MOST_BAR)
        if total and room >= LEAST_BAR:
            full = room * min(done, total) // total
            text = f"{text}{BETWEEN}[{'#' * full}{'.' * (room - full)}]"
        self._write(f"\r{text}{' ' * max(0, min(self._width, width) - cells(text))}\r{text}")
        self._width = cells(text)

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()
