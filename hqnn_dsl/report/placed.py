"""Places for findings of rooms that know no spec: who asked gives the place that they are about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl.report.diagnostic import Note, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.report.diagnostic import Diagnostic
    from hqnn_dsl.report.source import Span


@dataclass(frozen=True)
class Placed:
    """Adds a place to the diagnostics of a refusal that have none: of the options that they are about, where known."""

    span: Span
    options: Mapping[str, Span] = field(default_factory=dict)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal) and any(item.span is None for item in error.diagnostics):
            raise Refusal(*(item if item.span else self._place(item) for item in error.diagnostics)) from error

    def _place(self, item: Diagnostic) -> Diagnostic:
        first, *others = [self.options[path] for path in item.about if path in self.options] or [self.span]
        return replace(item, span=first, notes=(*item.notes, *(Note("the other one", span) for span in others)))
