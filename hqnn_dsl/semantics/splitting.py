"""`split …` in `data`: the parts of the rows, and how rows come into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import SPLITS
from hqnn_dsl.catalog.entry import Choice, Option
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes import warnings
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.evaluate import whole
from hqnn_dsl.semantics.options import bind, entry_of, value_of
from hqnn_dsl.semantics.spec import Split
from hqnn_dsl.semantics.values import Scope, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

PARTS = ("validation", "test", "seed", "by")
_WAYS = {
    **dict.fromkeys(("stratify", "stratified", "stratify_by"), "by: stratified"),
    **dict.fromkeys(("group", "groups", "grouped", "group_by"), "by: group({})"),
    **dict.fromkeys(("time", "date", "temporal", "time_column"), "by: time({})"),
    **dict.fromkeys(("column", "part", "fold_column"), "by: column({})"),
    **dict.fromkeys(("rows", "file", "indices"), "by: rows({})"),
    **dict.fromkeys(("random", "shuffle", "random_split"), "by: random"),
}
"""Ways to split as an argument of `split`, and how they are written."""
IDLE = {
    "column": dict.fromkeys(("validation", "test", "seed"), "the column says which part each row is in"),
    "time": {"seed": "the order in time decides, so no row is drawn"},
    "rows": {"test": "the file lists the test rows"},
}
"""The parts of `split` that a way to split has no use for, and why."""
_PART = {"minimum": 0.0, "below": 1.0}


def split_setting(setting: nodes.Setting, scope: Scope) -> Split:
    """Parts as fractions, or as row counts if they are whole numbers. Raises `Refusal` or `Silent`."""
    values: dict[str, Any] = {}
    collector = Collector()
    for argument in collector.until_full(setting.values):
        with collector.gathering():
            _part(argument, values, scope)
    collector.raise_errors()
    split = Split(**values)
    refuse_all(_idle(setting, split))
    fractions = [part for part in (split.validation, split.test) if isinstance(part, float)]
    if sum(fractions) >= 1:
        value = f"{sum(fractions):g}"
        raise Refusal(codes.OutOfBounds(span=setting.span, what="`split`", bound="below 1 in all", value=value))
    return split


def rows_beside_shares(section: nodes.Settings | None, split: Split) -> Iterator[Diagnostic]:
    """A warning for each number of rows beside a fraction: it may be meant in per cent."""
    parts = {"validation": split.validation, "test": split.test}
    shares = [part for part in parts.values() if isinstance(part, float) and part]
    settings = section.settings if section is not None else ()
    setting = next((item for item in settings if item.name.name == "split"), None)
    for argument in setting.values if setting is not None else ():
        name = argument.name.name if argument.name is not None else ""
        rows = parts.get(name)
        if shares and isinstance(rows, int) and 0 < rows < 100:
            share = f"{rows / 100:g}"
            yield warnings.RowsBesideShare(span=argument.span, name=name, rows=rows, share=share)


def _idle(setting: nodes.Setting, split: Split) -> Iterator[Diagnostic]:
    """A mistake for each part that is given and changes nothing."""
    given = {value.name.name: value.span for value in setting.values if value.name is not None}
    idle = IDLE.get(split.by.name, {}) if split.by is not None else {}
    for name, reason in idle.items():
        if name in given and not (name == "seed" and split.seed is None):
            yield codes.NoEffect(span=given[name], what=f"split {name}", reason=reason, hint="leave it out")
    if "seed" in idle or "seed" not in given or split.seed is None or split.validation:
        return
    if not split.test or (split.by is not None and split.by.name == "rows"):
        reason = "`validation` and `test` are 0, so no row is drawn"
        yield codes.NoEffect(span=given["seed"], what="split seed", reason=reason, hint="leave it out")


def _part(argument: nodes.Argument, values: dict[str, Any], scope: Scope) -> None:
    if argument.name is None:
        hint = _unnamed_hint(argument.value) or "write `split validation: 0.15, test: 0.15, seed: 7`"
        raise Refusal(codes.TooManyArguments(span=argument.span, owner="split", count="named parts", hint=hint))
    name = argument.name.name
    if name not in PARTS:
        hint = _way_hint(name, argument) or suggest_or_list(name, PARTS)
        if value_advice.is_folds(name):
            hint = value_advice.for_folds(argument.value)
        raise Refusal(codes.UnknownArgument(span=argument.name.span, owner="split", name=name, hint=hint))
    if name in values:
        raise Refusal(codes.GivenTwice(span=argument.span, name=name))
    if name == "seed":
        option = Option(name="seed", type="int", doc="", default=None, minimum=0)
        values[name] = value_of(option, argument.value, scope)
    elif name == "by":
        values[name] = _by(argument.value, scope)
    else:
        values[name] = _share(name, argument.value, scope)


def _by(node: nodes.Expression, scope: Scope) -> Choice:
    entry, arguments = entry_of(SPLITS, "split by", node)
    return bind(entry, arguments, scope, node.span)


def _share(name: str, node: nodes.Expression, scope: Scope) -> float | int:
    value = value_of(Option(name=name, type="float", doc="", minimum=0.0), node, scope)
    if isinstance(node, nodes.Number) and isinstance(node.value, int):
        return node.value
    if float(value).is_integer() and value >= 1:
        return whole(node, scope, name)
    share: float = value_of(Option(name=name, type="float", doc="", **_PART), node, scope)  # type: ignore[arg-type]
    return share


def _unnamed_hint(node: nodes.Expression) -> str:
    """For `split stratified` and `split group(site)`."""
    word = node.name if isinstance(node, nodes.Name) else node.function.name if isinstance(node, nodes.Call) else ""
    if word in SPLITS:
        return f"write `by: {node.span.text}`"
    way = _WAYS.get(word, "")
    return f"write `{way}`" if way and "{}" not in way else ""


def _way_hint(name: str, argument: nodes.Argument) -> str:
    """For `split stratify: true` and `split group: site`."""
    way = _WAYS.get(name, "")
    return f"write `{way.format(argument.value.span.text)}`" if way else ""
