"""Mistakes that only follow from other mistakes, and are not reported beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes import meaning, shapes, unbuilt
from hqnn_dsl.diagnostics.diagnostic import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

_CAUSED_BY_LOST_TEXT = (
    meaning.UnknownName, meaning.UnknownBlock, meaning.NothingToDo, meaning.MissingArgument, meaning.UnknownPath,
    shapes.InputWidth, shapes.OutputWidth, shapes.AutoWidth, shapes.WrongSlice,
)  # fmt: skip
"""Mistakes that are not reported of a file that could not be parsed in full: the missing text may be in the rest."""

_READ_AS_MEANT = frozenset(("E0105", "E0131", "E0132", "E0133"))
"""Mistakes of grammar after which the parser knows what was meant: no text is lost by them."""


def raise_errors(items: tuple[Diagnostic, ...]) -> None:
    """Raise one `Refusal` if an error is among the items: with all of them except those that follow from others."""
    if any(isinstance(item, unbuilt.NotBuilt) for item in items):
        items = tuple(item for item in items if not _follows_unbuilt(item))
    findings = Findings()
    for item in _independent(items):
        findings.add(item)
    findings.raise_errors()


def _follows_unbuilt(item: Diagnostic) -> bool:
    """Whether a mistake only follows from a part that is not built: a width, or nothing to do."""
    return isinstance(item, (shapes.OutputWidth, shapes.InputWidth, meaning.NothingToDo))


def _independent(items: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The items that do not follow from mistakes of grammar: from text that was lost, or at the same position."""
    syntax = [item for item in items if item.span and _is_syntax(item)]
    lost = {_line(item) for item in syntax if item.code not in _READ_AS_MEANT}
    read_as_meant = {_start(item) for item in syntax if item.code in _READ_AS_MEANT}
    for item in items:
        if _is_syntax(item):
            yield item
        elif item.span and _start(item) in read_as_meant:
            continue
        elif not lost or (item.is_error and _line(item) not in lost and not isinstance(item, _CAUSED_BY_LOST_TEXT)):
            yield item


def _is_syntax(item: Diagnostic) -> bool:
    return item.code.startswith("E01")


def _start(item: Diagnostic) -> tuple[int, int] | None:
    """The source and the offset at which an item begins."""
    return (id(item.span.source), item.span.start) if item.span is not None else None


def _line(item: Diagnostic) -> tuple[int, int] | None:
    """The source and the line of an item."""
    span = item.span
    return (id(span.source), span.source.position(span.start)[0]) if span is not None else None
