"""`read …` in `data`: the signs that a table is read with, checked against each other."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.diagnostics.codes.data_settings import WrongReading
from hqnn_dsl.diagnostics.codes.meaning import UnknownChoice
from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
from hqnn_dsl.literals import quoted
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.options import bind
from hqnn_dsl.semantics.spec import Read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Scope
    from hqnn_dsl.syntax import nodes

ENTRY = Entry(
    name="read",
    doc="How the text of a table is read, if a guess is wrong: `delimiter`, `decimal`, `thousands`, `encoding`, "
    "`comment`, and `missing` with further spellings of a missing cell.",
    options=(
        Option(name="delimiter", type="string", default=None, doc="Between two cells: one character."),
        Option(name="decimal", type="string", default=None, doc="In front of decimals: `.` or `,`."),
        Option(name="thousands", type="string", default=None, doc="Between groups of digits: one character."),
        Option(name="encoding", type="string", default=None, doc="Of the text, such as `utf-8`, `latin-1`."),
        Option(name="comment", type="string", default=None, doc="What a comment begins with: one character."),
        Option(
            name="missing", type="strings", default=(), each_number=True, doc="Further spellings of a missing cell."
        ),
    ),
)
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "ascii", "iso-8859-15", "mac-roman", "gb18030",
              "shift_jis", "euc-kr", "big5", "koi8-r", "cp1251")  # fmt: skip
"""Encodings that a misspelt one is held against."""
_TAB = "\\t"
"""A tab as a shell hands it on."""


def read_setting(setting: nodes.Setting, scope: Scope) -> Read:
    """`read delimiter: ";", decimal: ","`. Raises `Refusal` or `Silent`."""
    options = dict(bind(ENTRY, setting.values, scope, setting.span).options)
    if options["delimiter"] == _TAB:
        options["delimiter"] = "\t"
    read = Read(**{**options, "missing": tuple(options["missing"])})
    spans = {item.name.name: item.value.span for item in setting.values if item.name is not None}
    refuse_all(_mistakes(read, spans))
    return read


def _mistakes(read: Read, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    signs = {name: getattr(read, name) for name in ("delimiter", "decimal", "thousands", "comment")}
    problems = {name: _problem(name, sign) for name, sign in signs.items() if sign is not None}
    for name, problem in problems.items():
        if problem:
            yield WrongReading(span=spans[name], what=f"read {name}", problem=problem, hint=_hint(name, signs[name]))
    if not any(problems.values()):
        yield from _clashes(read, spans)
    if read.encoding is not None and not _is_encoding(read.encoding):
        hint = did_you_mean(nearest(read.encoding, _ENCODINGS)) or "write `utf-8` or `latin-1`"
        yield UnknownChoice(span=spans["encoding"], what="`encoding`", value=read.encoding, hint=hint)


def _problem(name: str, value: str) -> str:
    if len(value) != 1:
        return f"is one character, this has {len(value)}"
    if value in '"\n\r':
        return "cannot be a quote or a line end"
    if name == "decimal" and value not in ".,":
        return "is `.` or `,`"
    return "cannot be a letter or a digit" if value.isalnum() or (value in "+-" and name == "thousands") else ""


def _hint(name: str, value: str) -> str:
    if name == "decimal":
        return 'write `decimal: ","` or `decimal: "."`'
    known = {"tab": "\t", "\\s": " ", "\\s+": " ", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
    instead = known.get(value.casefold(), value[:1] if len(value) > 1 and not value[:1].isalnum() else "")
    return f"write `{name}: {quoted(instead)}`" if instead and instead != value else ""


def _clashes(read: Read, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    """A mistake for each pair of signs that a reader could not tell apart."""
    pairs = (
        ("decimal", "delimiter"), ("thousands", "decimal"), ("comment", "delimiter"), ("comment", "decimal"),
        ("comment", "thousands"),
    )  # fmt: skip
    told: set[str] = set()
    for name, other in pairs:
        value = getattr(read, name)
        if value is not None and value == getattr(read, other) and name not in told:
            told.add(name)
            problem = f"is the {other} too"
            hint = f'write `{other}: "{_other_than(value, other)}"`, or another sign'
            yield WrongReading(span=spans[name], what=f"read {name}", problem=problem, hint=hint)


def _other_than(value: str, name: str) -> str:
    return next(sign for sign in {"decimal": ".,", "thousands": ".,'"}.get(name, ";,") if sign != value)


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - no public name for it
    except (LookupError, ValueError):
        return False
