"""Mistakes of newcomers, one a file: exactly one report, the advice expected, and what it advises works when typed.

The first line of a file is a comment: the code, and in backquotes what is to be typed; `##` alone where no code is
expected. What stands in the first backquotes after `write` is put in place of what the report marks, or of the
line it stands on, and the mistake is then gone: the spec is accepted, or something else is said of it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.hqnn"))
HEAD = re.compile(r"# (?P<code>[EW]\d{4}) (?P<line>\d+): (?P<advice>.*)")
TYPED = re.compile(r"(?:write|did you mean|here it is called) `([^`]*)`")


def found(text: str) -> tuple[Diagnostic, ...]:
    try:
        checked = pipeline.check(Source("mistake.hqnn", text))
    except Refusal as refusal:
        return refusal.diagnostics
    return checked.warnings if isinstance(checked, Checked) else checked


def said(item: Diagnostic) -> tuple[str, int, str]:
    assert item.span is not None
    return item.code, item.span.source.position(item.span.start)[0], item.help or item.headline


@pytest.mark.parametrize("name", FILES)
def test_one_report_with_this_advice(name):
    text = (HERE / name).read_text(encoding="utf-8")
    head = HEAD.match(text)
    assert head is not None
    assert [said(item) for item in found(text)] == [(head["code"], int(head["line"]), head["advice"])]


def candidates(text: str, item: Diagnostic, typed: str) -> list[str]:
    """The text with what is typed in place of the marked text, of its whole line, or of the rest of its line."""
    span = item.span
    assert span is not None
    line = span.source.position(span.start)[0]
    begin = span.source.line_starts[line - 1]
    content = span.source.line(line).split("#")[0].rstrip()
    begin, end = begin + len(content) - len(content.lstrip()), begin + len(content)
    word = re.compile(r"\S+\s*=?\s*").match(text, span.start)
    before = text[begin : span.start]
    last = max(before.rfind("("), before.rfind(","), before.rfind(" ")) + 1
    starts = {span.start, begin, begin + last, *(begin + match.start() for match in re.finditer(r"\w+", before))}
    ends = {span.end, end, *(span.end + match.end() for match in re.finditer(r"[\w.)\]]+", text[span.end : end]))}
    assert word is not None or span.start == span.end
    noted = [note.span for note in item.notes if note.span is not None]
    inserted = [
        text[: span.start] + f"{typed} " + text[span.start :],
        text[: span.end] + f" {typed}" + text[span.end :],
    ]
    inserted += [text[: other.start] + typed + text[other.end :] for other in noted]
    inserted += [text[: span.start] + typed + text[other.end :] for other in noted if other.start > span.end]
    if typed == "{":
        opened = inserted[1]
        inserted += [f"{opened[:place]}\n}}{opened[place:]}" for place, sign in enumerate(opened) if sign == "\n"]
    return inserted + [text[:start] + typed + text[stop:] for start in starts for stop in ends if start <= stop]


@pytest.mark.parametrize("name", FILES)
def test_what_is_advised_can_be_typed(name):
    text = (HERE / name).read_text(encoding="utf-8")
    (item,) = found(text)
    match = TYPED.search(item.help)
    if match is None:
        return
    assert any(
        all(other.code != item.code or other.headline != item.headline for other in found(changed))
        and all(other.code[:3] != "E01" or other.code == "E0145" for other in found(changed))
        for changed in candidates(text, item, match[1].replace("{ … }", "{ }").replace("…", "1"))
    )


def test_there_are_so_many():
    assert len(FILES) >= 120
