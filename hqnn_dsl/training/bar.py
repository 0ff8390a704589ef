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
from hqnn_dsl.training.time_left import TimeLeft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import TextIO

    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.time_left import Expected

    Progress = bool | TextIO
    """True for standard error, False for nowhere, or the stream that lines are written to."""

REDRAWN, SAID = 0.1, 10.0
"""Seconds between two states of the line in a terminal, and between two lines elsewhere."""

BETWEEN = "  "
SURE, SURE_OF_STEPS, SURE_SHARE = 0.2, 2.0, 0.1
"""The pace is known after so many seconds of steps, and at most so many: a share of what they say is left.

If no epoch has ended again by then, it is told by steps alone.
"""
WORTH_TELLING = 1.0
"""Seconds that a training must still take for its pace to be told."""

LEAST_BAR, MOST_BAR = 10, 30
"""Cells of the bar itself; with less room for it there is none."""


class Bar:
    """A context around a training: `update` after every step, `show` after every epoch.

    `done` are the steps that were done before, `judged` the rows whose loss ends an epoch, as a share of the training
    rows. `is_bound` says that a stop may end the training before its last epoch. `on_pace` is called once, as soon as
    the pace is known, if the training still takes a while.
    """

    def __init__(  # noqa: PLR0913 - what a bar is told
        self,
        epochs: int,
        steps: int,
        *,
        done: int,
        progress: Progress = True,
        judged: float = 0.0,
        is_bound: bool = True,
        on_pace: Callable[[Expected], None] | None = None,
    ) -> None:
        self._stream = sys.stderr if progress is True else progress or None
        self._epochs, self._steps = epochs, steps
        self._all: float = epochs * steps
        self._done: float = done
        self._began = now()
        self._time_left = TimeLeft(epochs, steps, done=done, judged=judged, now=now)
        self._is_bound, self._on_pace = is_bound, on_pace
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
        self._time_left.stepped(steps)
        self._tell_pace()
        if self._in_terminal() and self._is_due(REDRAWN):
            self._draw()

    def show(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._epoch, self._is_said = epoch, False
        self._time_left.ended()
        self._tell_pace()
        if self._stream is not None and not self._in_terminal() and self._is_due(SAID):
            self._say()

    def _tell_pace(self) -> None:
        """Tell `on_pace`, once, above the line in a terminal."""
        if self._on_pace is None or (found := self._expected()) is None or found.left < WORTH_TELLING:
            return
        told, self._on_pace = self._on_pace, None
        if self._in_terminal() and self._drawn_at is not None:
            self._write(f"\r{' ' * self._width}\r")
            self._width = 0
        told(found)

    def _expected(self) -> Expected | None:
        """What is to be told; None if it is not known well enough yet."""
        known = self._time_left
        if known.measured < SURE or (left := known.left) is None:
            return None
        sure = sure_after(left) if known.is_epoch_known else SURE_OF_STEPS
        return None if known.measured < sure else known.expected(is_bound=self._is_bound)

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
        """How long it has taken since this process began it, and how long it still takes."""
        left, is_bound = self._left()
        words = "at most" if is_bound else "about"
        return [clock(now() - self._began), *([f"{words} {clock(left)} left"] if left else [])]

    def _left(self) -> tuple[float | None, bool]:
        """The seconds that are left, None if they are not known, and whether it may be fewer."""
        return self._time_left.left, self._is_bound

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()


def now() -> float:
    """Returns the seconds of a clock that never goes back."""
    return time.perf_counter()


def sure_after(left: float) -> float:
    """Returns how many seconds must have been measured for the seconds that are left to be told."""
    return max(SURE, min(SURE_OF_STEPS, SURE_SHARE * left))


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
