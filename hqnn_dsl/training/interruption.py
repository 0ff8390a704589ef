"""Ctrl-C and a request to end as a question that training asks after every step, instead of an exception in one."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask to end: Ctrl-C, a batch system or `kill`, a terminal that closes."""

_answer: ContextVar[Callable[[], int] | None] = ContextVar("answer", default=None)


@contextmanager
def answered_by(answer: Callable[[], int]) -> Iterator[None]:
    """In the block the question is answered by that function, in whatever thread it is asked; no handlers are set."""
    before = _answer.set(answer)
    try:
        yield
    finally:
        _answer.reset(before)


@contextmanager
def interruptible() -> Iterator[Callable[[], int]]:
    """Gives a function that returns the number of the signal that asks to end, 0 if none has come.

    A second signal of the same kind acts as it did before. SIGHUP and SIGTERM that the process was told to ignore
    (`nohup`) stay ignored; SIGINT is heard also by a job in the background, if somebody sends it. Outside the main
    thread, where Python allows no signal handlers, the answer is always 0, but for one of many trainings: whoever runs
    them answers, see `answered_by`.
    """
    if (answer := _answer.get()) is not None:
        yield answer
        return
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    came: list[int] = []
    usual: dict[int, Any] = {}

    def note(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, usual[number])  # first, so that a second one is none of ours once this one is known
        came.append(number)

    for number in ENDINGS:
        before = signal.getsignal(number)
        if number == signal.SIGINT:
            before = signal.default_int_handler if before is None else before
        elif before is None or before is signal.SIG_IGN:
            continue
        usual[number] = before
        signal.signal(number, note)
    try:
        yield lambda: came[0] if came else 0
    finally:
        for number, before in usual.items():
            signal.signal(number, before)


def pass_on(number: int) -> None:
    """Let a signal that ended the training act as it would have: a script of several trainings ends there too.

    Ctrl-C ends the training alone, as `RunResult.interrupted` says. One of many trainings leaves it to the caller of
    all, who passes the signal on when they have ended.
    """
    if _answer.get() is None and number not in {0, signal.SIGINT}:
        signal.raise_signal(number)
