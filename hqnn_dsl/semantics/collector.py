"""The one way to report a mistake in this folder: checkers raise, a collector gathers, and the check goes on.

A function that checks one thing returns its value or raises: `Refusal` with its mistakes, `Silent` if they were
reported before. Code that can go on without that value calls it inside `Collector.gathering`. Warnings stop nothing, so
they do not raise: they are given to `Collector.add`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings, Refusal
from hqnn_dsl.semantics.values import Silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hqnn_dsl.semantics.frames import Frame

_Item = TypeVar("_Item")


class Collector:
    """The mistakes and warnings of one check, at most `limits.MAX_FOUND_ERRORS` errors, each once."""

    def __init__(self) -> None:
        self._findings = Findings()
        self._reported: set[tuple[str, int, int, int]] = set()
        self.num_failures = 0
        """How many attempts have failed, those included whose mistake was reported before."""

    @property
    def items(self) -> tuple[Diagnostic, ...]:
        """All of them, ordered by place."""
        return self._findings.items

    @property
    def has_errors(self) -> bool:
        return self._findings.has_errors

    @property
    def is_full(self) -> bool:
        """Whether so many errors were found that no more are kept."""
        return self._findings.is_full

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic."""
        self.num_failures += diagnostic.is_error
        if not (diagnostic.is_error and self.is_full):
            self._findings.add(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several diagnostics."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def until_full(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The items one after the other, as long as further errors are kept."""
        for item in items:
            if self.is_full:
                return
            yield item

    def gathering(self, frame: Frame | None = None) -> Gathering:
        """A context that ends at the first `Refusal` or `Silent` raised inside it; what follows the context goes on.

        If a `frame` is given, its mistakes are reported with the chain of blocks around it, and only once for each
        place of the text, which may be carried out many times.
        """
        return Gathering(self, frame)

    def keep(self, error: Refusal | Silent, frame: Frame | None) -> None:
        """Keep the diagnostics of an exception that was raised in `frame`."""
        self.num_failures += 1
        for diagnostic in error.diagnostics if isinstance(error, Refusal) else ():
            if frame is None:
                self.add(diagnostic)
                continue
            span = diagnostic.span
            key = (diagnostic.code, id(span.source) if span else 0, span.start if span else 0, span.end if span else 0)
            if key not in self._reported:
                self._reported.add(key)
                self.add(frame.told(diagnostic))

    def raise_errors(self) -> None:
        """Raise one `Refusal` with everything found if an error is among it, `Silent` if all errors are known."""
        self._findings.raise_errors()
        if self.num_failures:
            raise Silent


class Gathering:
    """A context of a `Collector`, which may be entered again once it is left.

    `error` is the exception that ended the last use, None if it went through.
    """

    __slots__ = ("_before", "_collector", "_frame", "error")

    def __init__(self, collector: Collector, frame: Frame | None) -> None:
        self._collector = collector
        self._frame = frame
        self._before = collector.num_failures
        self.error: Refusal | Silent | None = None

    @property
    def failed(self) -> bool:
        """Whether anything has failed since it was entered, also what was gathered further inside."""
        return self._collector.num_failures > self._before

    def __enter__(self) -> Self:
        self._before = self._collector.num_failures
        self.error = None
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, (Refusal, Silent)):
            return False
        self.error = error.with_traceback(None)  # a traceback would hold this object and be held by it
        self._collector.keep(error, self._frame)
        return True


def refuse_all(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise one `Refusal` with all of these, nothing if there are none."""
    found = tuple(diagnostics)
    if found:
        raise Refusal(*found)
