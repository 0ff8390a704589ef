"""Notices: sentences that are worth knowing, and neither a result nor an error.

The library writes nothing to standard error by itself. It hands every notice to one receiver: Python's `warnings`, with
the category `HQNNWarning` and the line of the caller, unless another one is given. The commands print notices.
"""

from __future__ import annotations

import sys
import threading
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

    Receiver = Callable[["HQNNWarning"], object]
    """Takes a notice; its answer is ignored."""

PASSED_OVER = {"hqnn", "hqnn_dsl", "torch", "functools", "contextlib"}
"""Packages whose frames are not the caller: our own, and those that call us on a user's behalf."""


class HQNNWarning(UserWarning):
    """A notice of HQNN, such as which backend `auto` has picked. As text it is its sentence.

    `diagnostic` is the finding behind it with its `code`, or None.
    """

    def __init__(self, sentence: str, mark: str = "", diagnostic: Diagnostic | None = None) -> None:
        super().__init__(sentence)
        self.mark = mark
        self.diagnostic = diagnostic

    @property
    def line(self) -> str:
        """The line that a command prints: `note: …`, `warning[W0445]: …`, or the sentence alone."""
        return f"{self.mark}: {self}" if self.mark else str(self)


HQNNWarning.__module__ = "hqnn"  # the name that a warning shows, and by which it is filtered


@dataclass(frozen=True)
class Caller:
    """The line that called the package, as `warnings` wants it."""

    filename: str
    line: int
    module: str | None
    registry: dict[Any, Any] = field(repr=False)


def caller() -> Caller:
    """Returns the innermost line on the stack of this thread that is not the package's own.

    In a thread that the package has started it is the line that `notices_point_at` gives.
    """
    if (at := _at.get()) is not None:
        return at
    frame = sys._getframe(1)  # noqa: SLF001 - `inspect.currentframe` is the same, and loads `inspect`
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in PASSED_OVER:
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    return Caller(frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__"), registry)


def notice(about: Diagnostic | str, *, marked: bool = True, with_help: bool = False, at: Caller | None = None) -> None:
    """Hand a notice to the receiver: a diagnostic, or a sentence that has no code.

    A line in front of a diagnostic's sentence names its severity if it is `marked`; `with_help` adds its advice, which
    a warning always has. `at` is the line it points at if it is sent from another thread than the caller's.
    """
    if isinstance(about, str):
        _send(HQNNWarning(about), at)
        return
    is_warning = about.severity == "warning"
    mark = f"warning[{about.code}]" if is_warning else "note"
    sentence = f"{about.headline}; {about.help}" if is_warning or with_help else about.headline
    _send(HQNNWarning(sentence, mark if marked else "", about), at)


def _send(warning: HQNNWarning, at: Caller | None) -> None:
    with _sending:
        if any(warning.line in said for said in _said):
            return
        for said in _said:
            said.add(warning.line)
        if _receiver is not None:
            _receiver(warning)
            return
        at = at or caller()
        warnings.warn_explicit(warning, HQNNWarning, at.filename, at.line, at.module, at.registry)


_sending = threading.RLock()
"""Held by the thread that sends a notice: a receiver is called by one thread at a time."""
_at: ContextVar[Caller | None] = ContextVar("at", default=None)
_receiver: Receiver | None = None
_said: list[set[str]] = []
"""The lines sent since each of the blocks began in which a notice is sent once."""


def send_notices_to(receiver: Receiver | None) -> Receiver | None:
    """Send notices to a function, or with None to Python's `warnings`. Returns what was there before."""
    global _receiver
    before, _receiver = _receiver, receiver
    return before


@contextmanager
def each_notice_once() -> Iterator[None]:
    """Send every notice in the block once, however often it is given, by whatever threads."""
    own: set[str] = set()
    with _sending:
        _said.append(own)
    try:
        yield
    finally:
        with _sending:
            _said[:] = [said for said in _said if said is not own]


@contextmanager
def notices_point_at(at: Caller) -> Iterator[None]:
    """Let notices that are sent in the block point at a line, for threads whose stack does not begin at the caller."""
    before = _at.set(at)
    try:
        yield
    finally:
        _at.reset(before)


@contextmanager
def warnings_ignored(category: type[Warning] = Warning) -> Iterator[None]:
    """Leave out warnings of other packages in the block. Other threads send no notices meanwhile.

    The filters of `warnings` are the same for all threads: these blocks follow one another, so that each gives back the
    filters of the caller, and no notice falls to the filter of another thread.
    """
    with _sending, warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield


@contextmanager
def notices_sent_to(receiver: Receiver) -> Iterator[None]:
    """Send notices to a function in the block, and to whatever was there before after it."""
    before = send_notices_to(receiver)
    try:
        yield
    finally:
        send_notices_to(before)
