"""`sweep { width in [2, 4]; optimizer.lr in log(1e-4, 1e-1) }`: which settings a sweep varies, and over what.

A sweep changes nothing of what a spec means: a training takes the spec's own values. Paths are those of `--set`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.codes.sweeps import BadSweepValues, NoSweepValues
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.literals import setting as setting_text
from hqnn_dsl.semantics.evaluate import evaluate, number, range_of
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse_value
from hqnn_dsl.syntax.printer import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.diagnostics.source import Source, Span
    from hqnn_dsl.semantics.collector import Collector
    from hqnn_dsl.semantics.values import Scope

Plain = bool | int | float | str
"""A value of a setting: a number, a truth value, or the text of anything else."""

Full = Callable[[nodes.Path], str]
"""Gives the whole path of what a path means; raises `Refusal` if it means no one thing."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One swept setting, by its whole path.

    `list` and `range` have their `values`, `log` and `uniform` their bounds, both included. `spans` are the places of
    the values, or of the bounds.
    """

    path: str
    kind: Literal["list", "range", "log", "uniform"]
    values: tuple[Plain, ...] = ()
    low: float = 0.0
    high: float = 0.0
    span: Span
    spans: tuple[Span, ...] = ()

    @property
    def is_finite(self) -> bool:
        """Whether it has so many values and no more."""
        return self.kind in {"list", "range"}

    @property
    def ends(self) -> tuple[tuple[Plain, Span], ...]:
        """The values that are checked with the spec, and their places: all of a list, the two ends of others."""
        if self.kind == "list":
            return tuple(zip(self.values, self.spans, strict=True))
        found = (self.values[0], self.values[-1]) if self.kind == "range" else (self.low, self.high)
        return tuple(dict.fromkeys(zip(found, self.spans, strict=True)))

    @property
    def text(self) -> str:
        """What stands after `in`: a list of its values, a range, or its bounds."""
        if self.kind == "range":
            step = int(self.values[1]) - int(self.values[0]) if len(self.values) > 1 else 1
            stop = int(self.values[-1]) + (1 if step > 0 else -1)
            return f"{self.values[0]}..{stop}" + ("" if step == 1 else f" step {step}")
        if self.kind == "list":
            return f"[{', '.join(map(setting_text, self.values))}]"
        return f"{self.kind}({self.low!r}, {self.high!r})"


def sweep_in(model: nodes.Model) -> nodes.Sweep | None:
    """The sweep of a model, None if it has none."""
    return next((part for part in model.parts if isinstance(part, nodes.Sweep)), None)


def without_sweep(tree: nodes.File) -> nodes.File:
    """The file with models that have no sweep: what one training of it is."""
    return replace(
        tree,
        statements=tuple(
            replace(item, parts=tuple(part for part in item.parts if not isinstance(part, nodes.Sweep)))
            if isinstance(item, nodes.Model)
            else item
            for item in tree.statements
        ),
    )


def with_axes(tree: nodes.File, over: Mapping[str, Source]) -> nodes.File:
    """The file with further axes from options, by their paths; they win over those of its sweep.

    Raises `Refusal` E0247 for a text that is no value.
    """
    axes = tuple(_axis_node(path, source) for path, source in over.items())

    def added(model: nodes.Model) -> nodes.Model:
        own = sweep_in(model)
        if own is None:
            return replace(model, parts=(*model.parts, nodes.Sweep(axes[0].span, axes)))
        changed = replace(own, axes=(*own.axes, *axes))
        return replace(model, parts=tuple(changed if part is own else part for part in model.parts))

    items = tuple(added(item) if axes and isinstance(item, nodes.Model) else item for item in tree.statements)
    return replace(tree, statements=items)


def _axis_node(path: str, source: Source) -> nodes.SweepAxis:
    from hqnn_dsl.diagnostics.source import Span

    span = Span(source, 0, len(source.text))
    values = parse_value(source)
    if values is None or len(values) != 1 or values[0].name is not None:
        raise Refusal(NoSweepValues(span=span, path=path, found=f"`{source.text}`"))
    return nodes.SweepAxis(span, nodes.Path(span, path), values[0].value)


def axes_of(sweep: nodes.Sweep | None, scope: Scope, full: Full, collector: Collector) -> tuple[Axis, ...]:
    """The axes of a sweep, in their order; every mistake in them is in the collector."""
    if sweep is None:
        return ()
    found: dict[str, Axis] = {}
    with collector.gathering():
        if not sweep.axes:
            hint = "write `sweep { optimizer.lr in log(1e-3, 1e-1) }`, or leave it out"
            raise Refusal(meaning.NothingToDo(span=sweep.span, what="this `sweep` varies nothing", hint=hint))
    for node in sweep.axes:
        with collector.gathering():
            path = full(node.path)
            first = found.get(path)
            is_option = node.span.source.is_option
            if first is not None and (first.span.source.is_option or not is_option):
                note = Note("the first one", first.span)
                hint = f"both mean `{path}`; write one of them"
                raise Refusal(meaning.GivenTwice(span=node.path.span, name=node.path.text, notes=(note,), hint=hint))
            found[path] = axis_of(node, path, scope)
    return tuple(found.values())


def axis_of(node: nodes.SweepAxis, path: str, scope: Scope) -> Axis:
    """One axis. Raises `Refusal`: E0247 if there are no values, E0248 if they are empty or one is there twice."""
    match node.values:
        case nodes.ListLiteral(span, items):
            values = tuple(_plain(item, scope) for item in items)
            _check_values(path, span, values, tuple(item.span for item in items))
            return Axis(path=path, kind="list", values=values, span=span, spans=tuple(item.span for item in items))
        case nodes.Range(span, start, stop):
            whole = tuple(range_of(node.values, scope))
            _check_values(path, span, whole, ())
            return Axis(path=path, kind="range", values=whole, span=span, spans=(start.span, stop.span))
        case nodes.Call(span, nodes.Name(_, "log" | "uniform" as kind), arguments):
            if len(arguments) == 2 and all(argument.name is None for argument in arguments):
                return _between(path, span, kind, arguments, scope)
    raise Refusal(NoSweepValues(span=node.values.span, path=path, found=f"`{text_of(node.values)}`"))


def _between(path: str, span: Span, kind: str, arguments: tuple[nodes.Argument, ...], scope: Scope) -> Axis:
    low, high = (float(number(argument.value, scope, f"a bound of `{kind}`")) for argument in arguments)
    if not low < high or not math.isfinite(high - low):
        problem, hint = f"have bounds with nothing between them, {low:g} and {high:g}", "write the smaller bound first"
        raise Refusal(BadSweepValues(span=span, path=path, problem=problem, hint=hint))
    if kind == "log" and low <= 0:
        problem = f"begin at {low:g}, which has no logarithm"
        hint = f"write a bound above 0, or `uniform({low:g}, {high:g})`"
        raise Refusal(BadSweepValues(span=arguments[0].span, path=path, problem=problem, hint=hint))
    spans = tuple(argument.span for argument in arguments)
    return Axis(path=path, kind="log" if kind == "log" else "uniform", low=low, high=high, span=span, spans=spans)


def _check_values(path: str, span: Span, values: tuple[Plain, ...], spans: tuple[Span, ...]) -> None:
    if not values:
        hint = "write two values or more, such as `[2, 4]`; a range `2..4` is 2 and 3"
        raise Refusal(BadSweepValues(span=span, path=path, problem="are none", hint=hint))
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        text = setting_text(value)
        if text in first:
            note = Note("the first one", spans[first[text]])
            problem = f"hold `{text}` twice"
            raise Refusal(
                BadSweepValues(
                    span=spans[place], path=path, problem=problem, notes=(note,), hint="leave one of them out"
                )
            )
        first[text] = place


def _plain(node: nodes.Expression, scope: Scope) -> Plain:
    """A value of a list: numbers and truth values are worked out, all else is its text."""
    is_worked_out = isinstance(node, nodes.Number | nodes.Boolean | nodes.Unary | nodes.Binary | nodes.Index)
    if isinstance(node, nodes.Name) and scope.find(node.name) is not None:
        is_worked_out = True
    if is_worked_out:
        value = evaluate(node, scope)
        if isinstance(value, bool | int | float):
            return value
    return text_of(node)


def changes_to(axes: tuple[Axis, ...], setting: Mapping[str, Plain]) -> dict[str, str]:
    """A setting as `--set` changes: `optimizer` comes before `optimizer.lr`, which it would undo."""
    order = sorted((axis.path for axis in axes if axis.path in setting), key=lambda path: path.count("."))
    return {path: setting_text(setting[path]) for path in order}
