"""`data { … }`: its settings, and those that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.columns import CATEGORIES, MISSING, SCALES
from hqnn_dsl.catalog.entry import Choice, Entry, Option
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.data_settings import WrongColumn
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.semantics import splitting, value_advice
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.column_rules import columns_setting
from hqnn_dsl.semantics.options import bind, column_of, value_of
from hqnn_dsl.semantics.reading import ENTRY as READ
from hqnn_dsl.semantics.reading import read_setting
from hqnn_dsl.semantics.settings import Row, Section, default_of, from_entry, from_table, read_section, sole
from hqnn_dsl.semantics.spec import DataSpec, Features, Scale
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Scope


def _columns(setting: nodes.Setting) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in setting.values:
        if value.name is not None:
            hint = value_advice.for_named_column(setting.name.name, value)
            count = "columns without names"
            raise Refusal(codes.TooManyArguments(span=value.span, owner=setting.name.name, count=count, hint=hint))
        column = column_of(value.value, setting.name.name)
        if column in found:
            raise Refusal(codes.GivenTwice(span=value.span, name=column))
        found[column] = None
    return tuple(found)


def _target(setting: nodes.Setting, _: Scope) -> tuple[str, ...]:
    return _columns(setting)


def _features(setting: nodes.Setting, _: Scope) -> Features:
    first = setting.values[0].value
    if isinstance(first, nodes.Star):
        if len(setting.values) > 1:
            hint = "write `features *`, `features * except a, b` or a list of columns"
            raise Refusal(
                codes.TooManyArguments(
                    span=setting.values[1].span, owner="features *", count="nothing beside it", hint=hint
                )
            )
        return Features(excluded=tuple(column_of(node, "except") for node in first.excluded))
    return Features(names=_columns(setting))


SCALE = Entry(
    name="scale",
    doc="How columns are scaled; statistics come from training rows only.",
    options=tuple(
        Option(name=name, type="entry", table=SCALES, default=SCALES[default_of(Scale, name).name].selected(), doc=doc)
        for name, doc in (
            ("features", "How numbers are scaled."),
            ("target", "The same for the target; scores are in the target's own units all the same."),
        )
    ),
)


def _scale(setting: nodes.Setting, scope: Scope) -> Scale:
    chosen = bind(SCALE, setting.values, scope, setting.span).options
    return Scale(**{name: Choice(name=one.name, options=dict(one.options)) for name, one in chosen.items()})


_TASK = Option(name="task", type="choice", choices=("regression", "classification"), doc="What the target has.")


def _task(setting: nodes.Setting, scope: Scope) -> str:
    task: str = value_of(_TASK, sole(setting).value, scope)
    return task


def _weights(setting: nodes.Setting, _: Scope) -> str:
    return column_of(sole(setting).value, "weights")


DATA: tuple[Row, ...] = (
    from_entry(READ, read_setting),
    Row("target", "One or several columns to predict; without it the table's last column.", _target),
    Row("task", "What the target has: numbers or classes. Without it the loss or the table decides.", _task, _TASK),
    Row("features", "Columns to predict from: a list, `*`, or `* except a, b`.", _features),
    from_table("categories", CATEGORIES, "What becomes of columns of text.", "one_hot"),
    from_table("missing", MISSING, "What becomes of missing cells of features.", "refuse"),
    from_entry(SCALE, _scale, "`features`, `target`: how numbers are scaled."),
    Row(
        "columns", "Rules of single columns: `columns { price: log; date: [days, month] }`.", columns_setting,
        has_own_names=True,
    ),
    Row("weights", "A column with the weight of each row, in the loss and in the scores.", _weights),
    Row(
        "split",
        "`validation`, `test`: fractions, or row counts if they are whole numbers; `seed`; `by`: how rows are drawn.",
        splitting.split_setting,
        parts=splitting.PARTS,
    ),
)  # fmt: skip


def data_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> tuple[DataSpec, Section]:
    """`data { … }`, and what was read of it."""
    found = read_section(section, DATA, scope, collector)
    data = DataSpec(**found.values)
    collector.extend(splitting.rows_beside_shares(section, data.split))
    with collector.gathering():
        refuse_all(_contradictions(data, found.spans))
    return data, found


def _contradictions(data: DataSpec, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    yield from _targets_among_features(data, spans)
    yield from _wrong_uses(data, spans)
    for rule in data.columns:
        reason = _why_idle(rule.column, data)
        if reason:
            span = spans[f"columns.{rule.column}"]
            yield codes.NoEffect(span=span, what=f"columns {rule.column}", reason=reason, hint="leave it out")


def _targets_among_features(data: DataSpec, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    """A mistake for every target that is named as a feature, or excluded from them although it never is one."""
    targets = set(data.target or ())
    for column in sorted(targets & set(data.features.excluded)):
        reason = f"`{column}` is the target, which is never a feature"
        yield codes.NoEffect(span=spans["features"], what=f"except {column}", reason=reason)
    for column in sorted(targets & set(data.features.names or ())):
        note = Note("the target", spans["target"])
        yield codes.GivenTwice(span=spans["features"], name=column, notes=(note,))


def _wrong_uses(data: DataSpec, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    """A mistake if a column that weighs rows, or says their parts, is a target or a feature."""
    by = data.split.by
    part = by.options["name"] if by is not None and by.name == "column" else None
    for what, path, column in (("weights", "weights", data.weights), ("split by: column", "split.by", part)):
        for where, columns in (("target", data.target), ("features", data.features.names)):
            if column is not None and column in (columns or ()):
                noun = "the target" if where == "target" else "a feature"
                note, reason = Note(f"{noun}, here", spans[where]), f"it is {noun}"
                hint = "it takes a column of its own" if where == "target" else f"leave `{column}` out of `features`"
                yield WrongColumn(span=spans[path], what=what, column=column, reason=reason, notes=(note,), hint=hint)


def _why_idle(column: str, data: DataSpec) -> str:
    """Why the rule of a column changes nothing, empty if it may change something."""
    if column in (data.target or ()):
        return f"`{column}` is the target, and rules are for features"
    if column == data.weights:
        return f"`{column}` has the weights of the rows, and rules are for features"
    if column in data.features.excluded:
        return f"`{column}` is left out by `except`"
    if data.features.names is not None and column not in data.features.names:
        return f"`{column}` is not among the features"
    return ""
