"""Diagnostics as text for a terminal and as data for an editor.

As text, every part is made harmless (`terminal.printable`) and marks stand under the cells that their text takes; as
data, texts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.terminal import cells, printable
from hqnn_dsl.limits import MAX_FOUND_ERRORS, MAX_SHOWN, MAX_SHOWN_LINE, MAX_SHOWN_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Source, Span

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


@dataclass(frozen=True)
class _Mark:
    """A span to underline on its first line: `^` for the subject, `-` for an explanation."""

    span: Span
    sign: str
    text: str


def as_text(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One diagnostic as several lines, without a line end after the last."""
    bold, blue, reset = (_BOLD, _BLUE, _RESET) if colour else ("", "", "")
    severity = f"{diagnostic.severity}[{diagnostic.code}]"
    if colour:
        severity = f"{_COLOURS[diagnostic.severity]}{severity}{_RESET}"
    rows = [f"{severity}{bold}: {_said(diagnostic.headline)}{reset}"]
    marks = []
    if diagnostic.span is not None:
        marks.append(_Mark(diagnostic.span, "^", _said(diagnostic.caption)))
    marks.extend(_Mark(note.span, "-", _said(note.text)) for note in diagnostic.notes if note.span is not None)
    files: dict[int, list[_Mark]] = {}
    for mark in marks:
        files.setdefault(id(mark.span.source), []).append(mark)
    width = max((len(str(_line(mark))) for mark in marks), default=1)
    for place, group in enumerate(files.values()):
        rows.extend(_excerpt(group, width, "-->" if place == 0 else ":::", blue, reset))
    pad = " " * width
    rows.extend(f"{pad} {blue}={reset} note: {_said(note.text)}" for note in diagnostic.notes if note.span is None)
    if diagnostic.help:
        rows.append(f"{pad} {blue}={reset} help: {_said(diagnostic.help)}")
    return "\n".join(rows)


def report(diagnostics: Iterable[Diagnostic], *, colour: bool = False, most: int = MAX_SHOWN) -> str:
    """Several diagnostics, a blank line between, and their number; of more than `most` those that tell most."""
    items = list(diagnostics)
    shown = most_telling(items, most)
    counted = summary(items)
    if len(shown) < len(items):
        counted += f"; {len(items) - len(shown)} of them are not shown"
    return "\n\n".join([*(as_text(item, colour=colour) for item in shown), *filter(None, [counted])])


def _cut(text: str) -> str:
    """Returns a sentence of a readable length; a quotation in it may be as long as a file."""
    return text if len(text) <= MAX_SHOWN_TEXT else f"{text[:MAX_SHOWN_TEXT]}…"


def _line(mark: _Mark) -> int:
    return mark.span.source.position(mark.span.start)[0]


def _excerpt(marks: list[_Mark], width: int, arrow: str, blue: str, reset: str) -> list[str]:
    """The marked lines of one source, each with its marks under it."""
    source: Source = marks[0].span.source
    line, column = source.position(marks[0].span.start)
    pad = " " * width
    rows = [f"{pad}{blue}{arrow}{reset} {printable(source.name)}:{line}:{column}", f"{pad} {blue}|{reset}"]
    for number in sorted({_line(mark) for mark in marks}):
        waiting = [mark for mark in marks if _line(mark) == number]
        while waiting:
            window = _Window.around(waiting[0], source.line(number))
            rows.append(f"{blue}{number:>{width}} |{reset} {window.text}".rstrip())
            here = [mark for mark in waiting if window.shows(mark)]
            rows.extend(f"{pad} {blue}|{reset} {window.underline(mark)}".rstrip() for mark in here)
            waiting = [mark for mark in waiting if not window.shows(mark)]
    return rows


@dataclass(frozen=True)
class _Window:
    """The part `start:end` of a source line that is shown, with `…` for the rest."""

    line: str
    start: int
    end: int

    @classmethod
    def around(cls, mark: _Mark, line: str) -> _Window:
        """The whole line, or of a long one the part around the beginning of a mark."""
        if len(line) <= MAX_SHOWN_LINE:
            return cls(line, 0, len(line))
        start = max(0, min(_column(mark) - MAX_SHOWN_LINE // 4, len(line) - MAX_SHOWN_LINE))
        return cls(line, start, start + MAX_SHOWN_LINE)

    @property
    def text(self) -> str:
        shown = printable(self.line[self.start : self.end])
        return f"{'…' if self.start else ''}{shown}{'…' if self.end < len(self.line) else ''}"

    def shows(self, mark: _Mark) -> bool:
        return self.start <= _column(mark) <= self.end

    def underline(self, mark: _Mark) -> str:
        """Blanks and signs, as many as the cells of the terminal that the text before and under the mark takes."""
        place, stop = _column(mark), min(_column(mark) + mark.span.end - mark.span.start, self.end)
        before, under = printable(self.line[self.start : place]), printable(self.line[place:stop])
        blanks = " " * (cells(before) + (self.start > 0))
        return blanks + mark.sign * max(1, cells(under)) + (f" {mark.text}" if mark.text else "")


def _column(mark: _Mark) -> int:
    """How many characters stand before a mark in its line."""
    return mark.span.source.position(mark.span.start)[1] - 1


def _said(text: str) -> str:
    """A text of a message for a terminal: harmless, and not endless."""
    return printable(_cut(text))


def as_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain data; lines and columns count from 1, `end` is exclusive."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": _cut(diagnostic.headline),
        "label": _cut(diagnostic.caption),
        "help": _cut(diagnostic.help),
        "place": _place(diagnostic.span),
        "notes": [{"text": _cut(note.text), "place": _place(note.span)} for note in diagnostic.notes],
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


def most_telling(diagnostics: Iterable[Diagnostic], most: int = MAX_FOUND_ERRORS) -> list[Diagnostic]:
    """At most `most` of the diagnostics in their order; if there are more, errors before the others."""
    items = list(diagnostics)
    if len(items) <= most:
        return items
    places = sorted(range(len(items)), key=lambda place: not items[place].is_error)[:most]
    return [items[place] for place in sorted(places)]


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, empty if there are neither."""
    items = list(diagnostics)
    parts = []
    for severity in ("error", "warning"):
        number = sum(item.severity == severity for item in items)
        if number:
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    return ", ".join(parts)
