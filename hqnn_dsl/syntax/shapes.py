"""Files that are written in another language as a whole: YAML, JSON, Python, OpenQASM. One report, not one a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hqnn_dsl.diagnostics.codes.syntax import ForeignFile
from hqnn_dsl.diagnostics.source import Span

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Source

_QUIET: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_HEAD: Final = re.compile(r"(?m)^[ \t]*[A-Za-z_][^\n{}\[\]]*:[ \t]*$")
_ITEM: Final = re.compile(r"(?m)^[ \t]*-[ \t]+\S")
_PAIR: Final = re.compile(r"(?m)^[ \t]*[A-Za-z_]\w*:[ \t]+\S")
_SECTION: Final = re.compile(r"(?m)^[ \t]*\[[A-Za-z_][\w.]*\][ \t]*$")
_PYTHON: Final = re.compile(r"(?m)^(?:import \w|from [\w.]+ import|def \w+\(|class \w+[(:]|@\w+)")
_QASM: Final = re.compile(r"(?m)^[ \t]*(?:OPENQASM\b|include[ \t]+\")")
_JSON: Final = re.compile(r"\s*(?:hqnn[ \t]+[0-9.]+\s+)?[{\[]\s*[\"{\[}]")


def foreign_file(source: Source) -> ForeignFile | None:
    """Returns the one report for a text of another language, None for a text of this one."""
    text = _QUIET.sub(lambda found: " " * len(found[0]), source.text)
    if match := _JSON.match(re.sub(r"(?m)^[ \t]*#[^\n]*", lambda found: " " * len(found[0]), source.text)):
        return _report(source, match.end() - 1, "JSON")
    for pattern, language in ((_QASM, "OpenQASM"), (_PYTHON, "Python")):
        searched = source.text if pattern is _QASM else text
        match = pattern.search(searched)
        if match and (language != "Python" or "import" in match[0] or len(pattern.findall(searched)) > 1):
            return _report(source, match.start(), language)
    if "{" in text:
        return None
    heads = [match.start() for match in _HEAD.finditer(text)]
    if (match := _SECTION.search(text)) and not heads:
        return _report(source, match.start(), "TOML")
    if len(heads) < 2:
        return None
    is_yaml = _ITEM.search(text) or len(_PAIR.findall(text)) > 1
    return _report(source, heads[0], "YAML" if is_yaml else "indented blocks, as in Python")


def _report(source: Source, start: int, language: str) -> ForeignFile:
    line, _ = source.position(start)
    shown = source.line(line)
    begin = source.line_starts[line - 1] + len(shown) - len(shown.lstrip())
    return ForeignFile(span=Span(source, begin, begin + max(1, len(shown.strip()))), language=language)
