"""`allow CODE "reason"`: which warnings a file silences, and which of its `allow` lines silence nothing."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.report.codes import every_code
from hqnn_dsl.report.codes.meaning import UnknownChoice
from hqnn_dsl.report.codes.warnings import UselessAllow
from hqnn_dsl.report.source import Span
from hqnn_dsl.semantics.values import suggestion
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hqnn_dsl.report.diagnostic import Diagnostic


def silenced(
    tree: nodes.File, items: tuple[Diagnostic, ...], not_judged: Collection[str] = ()
) -> tuple[Diagnostic, ...]:
    """The diagnostics that remain, with a warning for every `allow` that silences none.

    Where there are errors, warnings were not all looked for, and nothing is said of an `allow`; nor is it of the codes
    `not_judged`.
    """
    is_whole = not any(item.is_error for item in items)
    found = [
        (allow, brace)
        for statement in tree.statements
        if isinstance(statement, nodes.Model)
        for allow, brace in _allows(statement, statement.span)
    ]
    if not found:
        return items
    kept = list(items)
    extra: list[Diagnostic] = []
    known = [code for code, row in every_code().items() if row.severity != "error"]
    for allow, brace in found:
        code = allow.code.name
        if code not in known:
            hint = suggestion(code, known) or "only warnings can be allowed, their codes begin with W"
            extra.append(UnknownChoice(span=allow.code.span, what="`allow`", value=code, hint=hint))
            continue
        silent = [item for item in items if item.code == code and _within(item.span, brace)]
        if not silent and is_whole and code not in not_judged:
            extra.append(UselessAllow(span=allow.span, allowed=code))
        kept = [item for item in kept if item not in silent]
    return tuple(sorted([*kept, *extra], key=lambda item: item.span.start if item.span is not None else 1 << 60))


def _within(span: Span | None, brace: Span) -> bool:
    return span is not None and span.source is brace.source and brace.start <= span.start and span.end <= brace.end


def _allows(node: object, brace: Span) -> Iterator[tuple[nodes.Allow, Span]]:
    """Every `allow` under a node, with the text of the braces around it."""
    if isinstance(node, nodes.Allow):
        yield node, brace
    elif isinstance(node, tuple):
        for item in node:
            yield from _allows(item, brace)
    elif is_dataclass(node) and not isinstance(node, Span):
        inner = getattr(node, "span", brace)
        for item in fields(node):
            yield from _allows(getattr(node, item.name), inner)
