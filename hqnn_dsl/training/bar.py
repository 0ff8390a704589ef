"""How far a training is, on one line of a terminal, or on whole lines now and then where nobody watches one.

A line is made of parts and takes as many of them as fit: no number is ever cut, and no line is wider than the terminal.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from hqnn_dsl.diagnostics.terminal import cells, width_of, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import TextIO

    from hqnn_dsl.training.loop import Epoch

    Progress = bool | TextIO
    """True for standard error, False for nowhere, or the stream that lines are written to."""

REDRAWN, SAID = 0.1, 10.0
"""Seconds between two states of the line in a terminal, and between two lines elsewhere."""

BETWEEN = "  "
LEAST_BAR, MOST_BAR = 10, 30
"""Cells of the bar itself; with less room for it there is none."""


class Bar:
    """A context around a training: `update` after every step, `show` after every epoch."""

    def __init__(self, epochs: int, steps: int, *, done: int, progress: Progress = True) -> None:
        self._stream = sys.stderr if progress is True else progress or None
        self._epochs, self._steps = epochs, steps
        self._all: float = epochs * steps
        self._done: float = done
        self._done_before: float = done
        self._began = time.perf_counter()
        self._paced_from: tuple[float, float] | None = None
        self._drawn_at: float | None = None
        self._epoch: Epoch | None = None
        self._width = 0
        self._is_said = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._in_terminal():
            if self._drawn_at is not None:
                self._draw()
                self._write("\n")
        elif not self._is_said:
            self._say()

    def update(self, steps: int = 1) -> None:
        """So many steps are done."""
        self._done += steps
        if self._paced_from is None:
            self._paced_from = (time.perf_counter(), self._done)
        if self._in_terminal() and self._is_due(REDRAWN):
            self._draw()

    def show(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._epoch, self._is_said = epoch, False
        if self._stream is not None and not self._in_terminal() and self._is_due(SAID):
            self._say()

    def _is_due(self, seconds: float) -> bool:
        return self._drawn_at is None or time.perf_counter() - self._drawn_at >= seconds

    def _in_terminal(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def _say(self) -> None:
        if self._epoch is not None:
            self._drawn_at, self._is_said = time.perf_counter(), True
            place = self._place(self._epoch.number)
            self._write(f"{place}: {', '.join([*self._figures(), *self._times()])}\n")

    def _draw(self) -> None:
        self._drawn_at = time.perf_counter()
        parts = [self._place(), *self._figures(), *self._times()]
        width = (width_of(self._stream) or 80) - 1  # in the last column a terminal may begin a new line
        text = self._with_bar(fitting(parts, width), width)
        self._write(f"\r{text}{' ' * max(0, min(self._width, width) - cells(text))}\r{text}")
        self._width = cells(text)

    def _with_bar(self, text: str, width: int) -> str:
        room = min(width - cells(text) - len(BETWEEN) - 2, MOST_BAR)
        if room < LEAST_BAR:
            return text
        full = int(room * self._done // max(self._all, 1))
        return f"{text}{BETWEEN}[{'#' * full}{'.' * (room - full)}]"

    def _place(self, number: int | None = None) -> str:
        """Which epoch it is: of that number, or the running one."""
        running = min(int(self._done // max(self._steps, 1)) + 1, self._epochs)
        return f"epoch {running if number is None else number}/{self._epochs}"

    def _figures(self) -> list[str]:
        """The last whole epoch's losses, in scaled units."""
        if self._epoch is None:
            return []
        validated = self._epoch.validation_loss
        found = [] if validated is None else [f"validation {validated:.4g}"]
        return [*found, f"loss {self._epoch.train_loss:.4g}", f"lr {self._epoch.lr:.3g}"]

    def _times(self) -> list[str]:
        """How long it has taken, and how long it still may, without the first step: it may compile kernels."""
        now = time.perf_counter()
        since, before = self._paced_from or (self._began, self._done_before)
        steps = self._done - before
        left = (self._all - self._done) * (now - since) / steps if steps else 0.0
        return [clock(now - self._began), *([f"at most {clock(left)} left"] if left else [])]

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()


def fitting(parts: Sequence[str], width: int) -> str:
    """As many of the parts, from the first on, as stand beside each other in so many cells."""
    text = ""
    for part in parts:
        longer = f"{text}{BETWEEN}{part}" if text else part
        if cells(longer) > width:
            break
        text = longer
    return text


def clock(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def said_if_long(text: str, progress: Progress, seconds: float = 2.0) -> Iterator[None]:
    """A line about what the block does, written if it takes longer than so many seconds."""
    stream = sys.stderr if progress is True else progress or None

    def say() -> None:
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.write(f"{wrapped(text, width_of(stream))}\n")
                stream.flush()

    timer = threading.Timer(seconds, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
