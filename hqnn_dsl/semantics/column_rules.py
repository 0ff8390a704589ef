"""`columns { price: log; date: [days, month] }`: the rule of each column, in stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import CATEGORIES, COLUMN_RULES, DATES
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.data_settings import WrongRules
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.options import bind, entry_of
from hqnn_dsl.semantics.spec import Choice, ColumnRule
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Scope

_WORDS = {"kind": "what its cells are", "missing": "missing cells", "code": "codes", "scale": "scaling"}
_ALL: dict[str, tuple[str, Entry]] = {}
for _stage, _tables in COLUMN_RULES.items():
    for _table in _tables:
        for _name, _entry in _table.items():
            _ALL.setdefault(_name, (_stage, _entry))
RULES: dict[str, Entry] = {name: entry for name, (_, entry) in _ALL.items()}
"""Everything that may stand as a rule of a column, by name."""


def columns_setting(setting: nodes.Setting, scope: Scope) -> tuple[ColumnRule, ...]:
    """The rules of all columns. Raises one `Refusal` with every mistake, or `Silent`."""
    if not setting.values:
        hint = "write `columns { price: log }`, or leave it out"
        raise Refusal(codes.NoEffect(span=setting.name.span, what="columns", reason="it names no column", hint=hint))
    rules: list[ColumnRule] = []
    first: dict[str, Span] = {}
    collector = Collector()
    for argument in collector.until_full(setting.values):
        with collector.gathering():
            if argument.name is None:
                hint = "write `columns { price: log }`, a column and its rule"
                count = "names of columns with their rules"
                raise Refusal(codes.TooManyArguments(span=argument.span, owner="columns", count=count, hint=hint))
            name = argument.name.name
            if name in first:
                note = Note("first given here", first[name])
                raise Refusal(codes.GivenTwice(span=argument.span, name=name, notes=(note,)))
            first[name] = argument.span
            rules.append(_rule(name, argument.value, scope))
    collector.raise_errors()
    return tuple(rules)


def _rule(column: str, node: nodes.Expression, scope: Scope) -> ColumnRule:
    """The rule of one column: an entry, or a list of entries."""
    items = node.items if isinstance(node, nodes.ListLiteral) else (node,)
    if not items:
        hint = f"write `{column}: log`, or leave it out"
        raise Refusal(codes.NoEffect(span=node.span, what=column, reason="its list of rules is empty", hint=hint))
    stages: dict[str, list[tuple[Choice, Span]]] = {}
    collector = Collector()
    for item in collector.until_full(items):
        with collector.gathering():
            entry, arguments = entry_of(RULES, f"columns {column}", item)
            choice = bind(entry, arguments, scope, item.span)
            stages.setdefault(_ALL[entry.name][0], []).append((choice, item.span))
    collector.raise_errors()
    for problem, span in _contradictions(stages):
        raise Refusal(WrongRules(span=span, column=column, problem=problem))
    return ColumnRule(column=column, code=tuple(choice for choice, _ in stages.pop("code", [])), **_sole(stages))


def _sole(stages: dict[str, list[tuple[Choice, Span]]]) -> dict[str, Any]:
    return {stage: choices[0][0] for stage, choices in stages.items()}


def _contradictions(stages: dict[str, list[tuple[Choice, Span]]]) -> Iterator[tuple[str, Span]]:
    """What is wrong between rules of one column, with the span of the rule to be left out."""
    for stage, choices in stages.items():
        names = [choice.name for choice, _ in choices]
        are_dates = stage == "code" and all(name in DATES for name in names) and len(set(names)) == len(names)
        if len(choices) > 1 and not are_dates:
            both = sentences.names(dict.fromkeys(names), "and")
            problem = f"{both} {'stands twice' if len(set(names)) == 1 else f'are rules of {_WORDS[stage]}'}"
            yield problem, choices[1][1]
    kind = next((choice.name for choice, _ in stages.get("kind", [])), "")
    code = [choice.name for choice, _ in stages.get("code", [])]
    scale = next(((choice.name, span) for choice, span in stages.get("scale", [])), None)
    is_date, is_category = any(name in DATES for name in code), any(name in CATEGORIES for name in code)
    if (kind == "number" and code) or (kind == "category" and is_date) or (kind == "date" and is_category):
        yield f"`{code[0]}` is no rule of a {kind}", stages["code"][0][1]
    if scale is None:
        return
    if code and not {"ordinal", "days"} & set(code):
        yield f"inputs of `{code[0]}` are not scaled", scale[1]
    elif kind == "category" and "ordinal" not in code:
        yield "a category is not scaled", scale[1]
