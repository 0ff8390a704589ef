"""Diagnostics as text for a terminal and as data for an editor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.report.diagnostic import Diagnostic
    from hqnn_dsl.report.source import Source, Span

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


@dataclass(frozen=True)
class _Mark:
    """A span to underline on its first line: `^` for the subject, `-` for what explains it."""

    span: Span
    sign: str
    text: str


def as_text(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One diagnostic as several lines, without a line end after the last."""
    bold, blue, reset = (_BOLD, _BLUE, _RESET) if colour else ("", "", "")
    severity = f"{diagnostic.severity}[{diagnostic.code}]"
    if colour:
        severity = f"{_COLOURS[diagnostic.severity]}{severity}{_RESET}"
    rows = [f"{severity}{bold}: {diagnostic.headline}{reset}"]
    marks = []
    if diagnostic.span is not None:
        marks.append(_Mark(diagnostic.span, "^", diagnostic.caption))
    marks.extend(_Mark(note.span, "-", note.text) for note in diagnostic.notes if note.span is not None)
    files: dict[int, list[_Mark]] = {}
    for mark in marks:
        files.setdefault(id(mark.span.source), []).append(mark)
    width = max((len(str(_line(mark))) for mark in marks), default=1)
    for place, group in enumerate(files.values()):
        rows.extend(_excerpt(group, width, "-->" if place == 0 else ":::", blue, reset))
    pad = " " * width
    rows.extend(f"{pad} {blue}={reset} note: {note.text}" for note in diagnostic.notes if note.span is None)
    if diagnostic.help:
        rows.append(f"{pad} {blue}={reset} help: {diagnostic.help}")
    return "\n".join(rows)


def _line(mark: _Mark) -> int:
    return mark.span.source.position(mark.span.start)[0]


def _excerpt(marks: list[_Mark], width: int, arrow: str, blue: str, reset: str) -> list[str]:
    """The marked lines of one source, each with its marks under it."""
    source: Source = marks[0].span.source
    line, column = source.position(marks[0].span.start)
    pad = " " * width
    rows = [f"{pad}{blue}{arrow}{reset} {source.name}:{line}:{column}", f"{pad} {blue}|{reset}"]
    for number in sorted({_line(mark) for mark in marks}):
        text = source.line(number)
        rows.append(f"{blue}{number:>{width}} |{reset} {_printable(text)}".rstrip())
        here = (mark for mark in marks if _line(mark) == number)
        rows.extend(f"{pad} {blue}|{reset} {_underline(mark, text)}".rstrip() for mark in here)
    return rows


def _printable(text: str) -> str:
    """A source line for a terminal: tabs as one blank, control characters as a dot."""
    return "".join(" " if char == "\t" else char if char.isprintable() else "·" for char in text)


def _underline(mark: _Mark, text: str) -> str:
    _, column = mark.span.source.position(mark.span.start)
    length = max(1, min(mark.span.end - mark.span.start, len(text) - column + 1))
    return " " * (column - 1) + mark.sign * length + (f" {mark.text}" if mark.text else "")


def as_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain data; lines and columns count from 1, `end` is exclusive."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.headline,
        "label": diagnostic.caption,
        "help": diagnostic.help,
        "place": _place(diagnostic.span),
        "notes": [{"text": note.text, "place": _place(note.span)} for note in diagnostic.notes],
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "start": {"line": line, "column": column, "offset": span.start},
        "end": {"line": end_line, "column": end_column, "offset": span.end},
    }


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, empty where there are neither."""
    items = list(diagnostics)
    parts = []
    for severity in ("error", "warning"):
        number = sum(item.severity == severity for item in items)
        if number:
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(parts)
