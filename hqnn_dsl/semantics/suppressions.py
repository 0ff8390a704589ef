"""`allow CODE "reason"`: which warnings a file silences, and which of its `allow` lines silence nothing."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.diagnostics.codes.meaning import UnknownChoice
from hqnn_dsl.diagnostics.codes.warnings import UselessAllow
from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.walk import statements_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span


def silenced(
    tree: nodes.File, items: tuple[Diagnostic, ...], not_judged: Collection[str] = ()
) -> tuple[Diagnostic, ...]:
    """The diagnostics that remain, with a warning for every `allow` that silences none.

    With errors not all warnings were looked for, so no `allow` is called useless; nor is one of the codes `not_judged`.
    """
    is_whole = not any(item.is_error for item in items)
    found = [
        (allow, brace)
        for statement in tree.statements
        if isinstance(statement, nodes.Model)
        for allow, brace in _allows(statement)
    ]
    if not found:
        return items
    known = {code for code, row in every_code().items() if row.severity != "error"}
    within = _Within(items)
    extra: list[Diagnostic] = []
    for allow, brace in found:
        code = allow.code.name
        if code not in known:
            hint = did_you_mean(nearest(code, known)) if len(extra) < limits.MAX_FOUND_ERRORS else ""
            hint = hint or "only warnings can be allowed, their codes begin with W"
            extra.append(UnknownChoice(span=allow.code.span, what="`allow`", value=code, hint=hint))
            continue
        here = within.of(code, brace)
        if not here and is_whole and code not in not_judged:
            extra.append(UselessAllow(span=allow.span, allowed=code))
    kept = [item for place, item in enumerate(items) if place not in within.found]
    return tuple(sorted([*kept, *extra], key=lambda item: item.span.start if item.span is not None else 1 << 60))


def allowed_codes(tree: nodes.File) -> frozenset[str]:
    """The codes that models of a file allow anywhere: for warnings that are found later and have no place."""
    models = (statement for statement in tree.statements if isinstance(statement, nodes.Model))
    return frozenset(allow.code.name for model in models for allow, _ in _allows(model))


class _Within:
    """Which diagnostics of a code stand inside braces, each pair of both looked up once."""

    def __init__(self, items: tuple[Diagnostic, ...]) -> None:
        self._by_code: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
        self._known: dict[tuple[str, int, int, int], bool] = {}
        self.found: set[int] = set()
        for place, item in enumerate(items):
            if item.span is not None:
                key = (item.code, id(item.span.source))
                self._by_code.setdefault(key, []).append((item.span.start, item.span.end, place))
        for spans in self._by_code.values():
            spans.sort()

    def of(self, code: str, brace: Span) -> bool:
        """Whether there are diagnostics of a code between two braces; they are `found` then."""
        key = (code, id(brace.source), brace.start, brace.end)
        if key not in self._known:
            spans = self._by_code.get(key[:2], [])
            first, last = (bisect_left(spans, (end,)) for end in (brace.start, brace.end + 1))
            here = [place for _, end, place in spans[first:last] if end <= brace.end]
            self.found.update(here)
            self._known[key] = bool(here)
        return self._known[key]


def _allows(model: nodes.Model) -> Iterator[tuple[nodes.Allow, Span]]:
    """Every `allow` of a model, with the text of the braces around it."""
    for statement, around in statements_in(model):
        if isinstance(statement, nodes.Allow):
            yield statement, around.span
