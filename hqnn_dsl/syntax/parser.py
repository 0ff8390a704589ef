"""The parser: an LALR(1) automaton driven over the tokens, which goes on after a mistake.

`parse` never raises and never hangs, whatever the text: it returns the tree of all that could be read, and the mistakes
found, ordered by place. The automaton is in `tables.json`; what nodes are made is in `tree.py`, and what is said and
done at a mistake in `recovery.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.limits import MAX_SHOWN_MISTAKES, MAX_SOURCE_BYTES
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.automaton import Automaton
from hqnn_dsl.syntax.lexer import tokenize
from hqnn_dsl.syntax.tables import load

if TYPE_CHECKING:
    from collections.abc import Callable


def parse(source: Source) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
    """Returns the tree of a text and every mistake in it, ordered by place; without mistakes all of it was read.

    A statement that could not be read is left out of the tree. Of very many mistakes only the first are shown.
    """
    size = len(source.text) if source.text.isascii() else len(source.text.encode("utf-8", "replace"))
    if size > MAX_SOURCE_BYTES:
        from hqnn_dsl.diagnostics.codes.letters import TooLong

        return _nothing(source), (TooLong(span=Span(source, 0, 0), size=size, limit=MAX_SOURCE_BYTES),)
    tables = load()
    tokens = tokenize(source, tables)
    if tokens.halted:
        return _nothing(source), _shown(source, tokens.reports)
    automaton = Automaton(source, tokens, tables, "file", _recovery)
    tree = automaton.run()
    reports = [*tokens.reports, *automaton.reports, *automaton.builder.reports]
    if reports:
        from hqnn_dsl.syntax.shapes import foreign_file

        other = foreign_file(source)
        if other is not None:
            return _nothing(source), (other,)
    return tree if isinstance(tree, nodes.File) else _nothing(source), _shown(source, reports)


def parse_value(source: Source) -> tuple[nodes.Argument, ...] | None:
    """Returns the values after a setting's name: `100`, `a, "b"`, `adamw(lr: 0.1)`; None if the text is none."""
    if len(source.text) > MAX_SOURCE_BYTES:
        return None
    tables = load()
    tokens = tokenize(source, tables)
    if tokens.reports or tokens.comments:
        return None
    automaton = Automaton(source, tokens, tables, "value_line")
    tree = automaton.run()
    return None if automaton.builder.reports or not isinstance(tree, tuple) else tree


def _recovery(run: Automaton) -> Callable[[int], int | None]:
    """Returns the recovery from mistakes of a run; loaded at the first of them."""
    from hqnn_dsl.syntax.recovery import Recovery

    return Recovery(run).resume


def _nothing(source: Source) -> nodes.File:
    """Returns the tree of a text that is not read."""
    return nodes.File(Span(source, 0, len(source.text)), source, None, ())


def _shown(source: Source, reports: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Returns the reports by place, at most as many as are shown."""
    findings = Findings()
    for report in reports:
        findings.add(report)
    items = findings.items
    if len(items) <= MAX_SHOWN_MISTAKES:
        return items
    from hqnn_dsl.diagnostics.codes.letters import MoreMistakes

    shown = items[:MAX_SHOWN_MISTAKES]
    return (*shown, MoreMistakes(span=Span(source, len(source.text), len(source.text)), count=len(items) - len(shown)))
