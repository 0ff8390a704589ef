"""`data`, `train`, `transpile` and `backend`: settings to the records of a `Spec`.

Each setting has one row, which describes its values. Defaults are those of the records in `spec`, or of the catalog
entry named here; nothing states them twice. Docs and `--resolved` read the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import SCALES
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes import unbuilt, warnings
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.evaluate import whole
from hqnn_dsl.semantics.options import bind, entry_of, value_of
from hqnn_dsl.semantics.spec import BudgetSpec, Choice, DataSpec, Features, Scale, Split, TrainSpec, TranspileSpec
from hqnn_dsl.semantics.values import Scope, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span

_Read = Callable[[nodes.Setting, Scope], Any]
COUPLINGS = ("linear", "ring", "grid", "full")


def default_of(record: type, name: str) -> Any:
    """The default that a record states for a field."""
    return getattr(record, name)


@dataclass(frozen=True)
class Row:
    """One setting of a section: its name, the values that it takes in words, and the function that reads it."""

    name: str
    doc: str
    read: _Read
    option: Option | None = None
    table: Mapping[str, Entry] | None = None


def _sole(setting: nodes.Setting) -> nodes.Argument:
    """The one value of a setting, without a name."""
    for place, value in enumerate(setting.values):
        if place > 0 or value.name is not None:
            count, hint = "one value", ""
            if value.name is not None and setting.name.name in {"device", "backend"}:
                hint = f"write `{setting.name.name} {value.name.name}`; CUDA_VISIBLE_DEVICES says which GPU is used"
            elif value.name is not None and setting.name.name in foreign_phrases.ENTRIES:
                given = ", ".join(item.span.text for item in setting.values if item.name is not None)
                hint = f"write `{setting.name.name} {foreign_phrases.ENTRIES[setting.name.name][0]}({given})`"
            raise Refusal(codes.TooManyArguments(span=value.span, owner=setting.name.name, count=count, hint=hint))
    return setting.values[0]


def _plain(record: type, kind: str, name: str, doc: str, **bounds: Any) -> Row:
    """A setting of one value, with the record's default."""
    option = Option(name=name, type=kind, doc=doc, default=default_of(record, name), **bounds)  # type: ignore[arg-type]

    def read(setting: nodes.Setting, scope: Scope) -> Any:
        return value_of(option, _sole(setting).value, scope)

    return Row(name, doc, read, option=option)


def _from_table(name: str, table: dict[str, Entry], doc: str) -> Row:
    """A setting that names an entry of a catalog: `optimizer adamw(lr: 0.01)`."""

    def read(setting: nodes.Setting, scope: Scope) -> Choice:
        node = _sole(setting).value
        entry, arguments = entry_of(table, name, node)
        return bind(entry, arguments, scope, node.span)

    return Row(name, doc, read, table=table)


# -------------------------------------------------------------------- data


def _column(node: nodes.Expression, what: str) -> str:
    match node:
        case nodes.Name(_, name):
            return name
        case nodes.String(_, value):
            return value
    raise Refusal(
        codes.WrongType(
            span=node.span, what=f"`{what}`", expected="names of columns", found="an expression",
            hint=value_advice.for_column(what, node),
        )
    )  # fmt: skip


def _columns(setting: nodes.Setting) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in setting.values:
        if value.name is not None:
            raise Refusal(
                codes.TooManyArguments(span=value.span, owner=setting.name.name, count="columns without names")
            )
        column = _column(value.value, setting.name.name)
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
        return Features(excluded=tuple(_column(node, "except") for node in first.excluded))
    return Features(names=_columns(setting))


_FOLDS = frozenset(("kfold", "k_fold", "folds", "cv", "n_splits", "n_folds", "cross_validation"))
_PART = {"minimum": 0.0, "below": 1.0}


def _split(setting: nodes.Setting, scope: Scope) -> Split:
    """Parts as fractions, or as row counts if they are whole numbers."""
    values: dict[str, Any] = {}
    collector = Collector()
    for argument in collector.until_full(setting.values):
        with collector.gathering():
            _split_part(argument, values, scope)
    collector.raise_errors()
    split = Split(**values)
    _refuse_idle_seed(setting, split)
    fractions = [part for part in (split.validation, split.test) if isinstance(part, float)]
    if sum(fractions) >= 1:
        value = f"{sum(fractions):g}"
        raise Refusal(codes.OutOfBounds(span=setting.span, what="`split`", bound="below 1 in all", value=value))
    return split


def _rows_beside_shares(section: nodes.Settings | None, split: Split) -> Iterator[Diagnostic]:
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


def _refuse_idle_seed(setting: nodes.Setting, split: Split) -> None:
    """Refuse a seed of a split that draws no rows."""
    given = next((value for value in setting.values if value.name is not None and value.name.name == "seed"), None)
    if given is not None and split.seed is not None and not split.validation and not split.test:
        reason = "`validation` and `test` are 0, so no row is drawn"
        raise Refusal(codes.NoEffect(span=given.span, what="split seed", reason=reason, hint="leave it out"))


def _split_part(argument: nodes.Argument, values: dict[str, Any], scope: Scope) -> None:
    names = tuple(item.name for item in fields(Split) if item.name != "by")
    if argument.name is None:
        hint = "write `split validation: 0.15, test: 0.15, seed: 7`"
        raise Refusal(codes.TooManyArguments(span=argument.span, owner="split", count="named parts", hint=hint))
    name = argument.name.name
    if name not in names:
        hint = suggest_or_list(name, names)
        if name in _FOLDS:
            hint = (
                "there are no folds: write `split validation: 0.2, seed: 1`, and train once for each of several seeds"
            )
        raise Refusal(codes.UnknownArgument(span=argument.name.span, owner="split", name=name, hint=hint))
    if name in values:
        raise Refusal(codes.GivenTwice(span=argument.span, name=name))
    if name == "seed":
        option = Option(name="seed", type="int", doc="", default=None, minimum=0)
        values[name] = value_of(option, argument.value, scope)
        return
    value = value_of(Option(name=name, type="float", doc="", minimum=0.0), argument.value, scope)
    if isinstance(argument.value, nodes.Number) and isinstance(argument.value.value, int):
        values[name] = argument.value.value
    elif float(value).is_integer() and value >= 1:
        values[name] = whole(argument.value, scope, name)
    else:
        values[name] = value_of(Option(name=name, type="float", doc="", **_PART), argument.value, scope)  # type: ignore[arg-type]


_FITTED = {name: SCALES[name] for name in ("standard", "none")}
_SCALE = Entry(
    name="scale",
    doc="How columns are scaled; statistics come from training rows only.",
    options=tuple(
        Option(name=name, type="entry", table=_FITTED, default=SCALES[default_of(Scale, name).name].selected(), doc=doc)
        for name, doc in (
            ("features", "How numbers are scaled."),
            ("target", "The same for the target; scores are in the target's own units all the same."),
        )
    ),
)


def _scale(setting: nodes.Setting, scope: Scope) -> Scale:
    chosen = bind(_SCALE, setting.values, scope, setting.span).options
    return Scale(**{name: Choice(name=one.name, options=dict(one.options)) for name, one in chosen.items()})


def _task(setting: nodes.Setting, scope: Scope) -> str:
    choices = ("regression", "classification")
    value = value_of(Option(name="task", type="choice", choices=choices, doc=""), _sole(setting).value, scope)
    if value == "classification":
        raise Refusal(unbuilt.NotBuilt(span=setting.span, what="classification is"))
    return str(value)


DATA: tuple[Row, ...] = (
    Row("target", "One or several columns to predict; without it the table's last column.", _target),
    Row("features", "Columns to predict from: a list, `*`, or `* except a, b`.", _features),
    Row("split", "`validation`, `test`: fractions, or row counts where they are whole numbers; `seed`.", _split),
    Row("scale", "`features`, `target`: `standard` or `none`.", _scale),
    Row("task", "`regression`, as long as classification is not built.", _task),
)

TRAIN: tuple[Row, ...] = (
    _plain(TrainSpec, "int", "epochs", "Passes over the training rows, at most.", minimum=1),
    _plain(TrainSpec, "int", "batch", "Rows a step.", minimum=1),
    _from_table("loss", LOSSES, "What training makes small, in scaled units."),
    _from_table("optimizer", OPTIMIZERS, "How weights follow the gradient."),
    _from_table("scheduler", SCHEDULERS, "How the learning rate changes."),
    _from_table("stop", STOPS, "When training ends before its epochs do."),
    _plain(TrainSpec, "float", "clip", "The largest norm of the gradient; `none`: no bound.", above=0),
    _plain(TrainSpec, "choice", "device", "Where the classical half runs.", choices=("auto", "cpu", "cuda")),
    _plain(
        TrainSpec, "choice", "precision", "Of the classical half; `mixed` is AMP.",
        choices=("single", "double", "mixed"),
    ),
    _plain(TrainSpec, "int", "seed", "The root of every random stream.", minimum=0),
)  # fmt: skip
TRAIN_DEFAULTS = {"loss": "mse", "optimizer": "adamw", "scheduler": "reduce_on_plateau", "stop": "early"}
"""The catalog entries that a model without these settings uses."""


# --------------------------------------------------------------- transpile


def _basis(setting: nodes.Setting, scope: Scope) -> tuple[str, ...]:
    option = Option(
        name="basis",
        type="strings",
        doc="",
        choices=(*(row.qiskit for row in GATES.values() if row.qiskit), "id", "ecr"),
    )
    words = value_of(option, _sole(setting).value, scope)
    if not words:
        raise Refusal(codes.OutOfBounds(span=setting.span, what="`basis`", bound="at least one gate", value="none"))
    return tuple(words)


def _coupling(setting: nodes.Setting, scope: Scope) -> Any:
    """A pattern by name, or pairs of qubits: `[[0, 1], [1, 2]]`."""
    node = _sole(setting).value
    if not isinstance(node, nodes.ListLiteral):
        return value_of(Option(name="coupling", type="choice", choices=COUPLINGS, doc=""), node, scope)
    pairs = []
    for item in node.items:
        if not isinstance(item, nodes.ListLiteral) or len(item.items) != 2:
            raise Refusal(
                codes.WrongType(
                    span=item.span, what="`coupling`", expected="pairs of qubits", found="something else",
                    hint="write `coupling [[0, 1], [1, 2]]`",
                )
            )  # fmt: skip
        first, second = (whole(qubit, scope, "a qubit") for qubit in item.items)
        if first == second or min(first, second) < 0:
            bound = "of two different qubits"
            raise Refusal(codes.OutOfBounds(span=item.span, what="a pair", bound=bound, value=item.span.text))
        pairs.append((first, second))
    return tuple(pairs)


TRANSPILE: tuple[Row, ...] = (
    _plain(TranspileSpec, "string", "target", "A fake device by name, as in `fake_torino`."),
    Row("basis", "Gates that the device has.", _basis),
    Row("coupling", "`linear`, `ring`, `grid`, `full`, or pairs of qubits that two-qubit gates act on.", _coupling),
    _plain(TranspileSpec, "int", "optimization", "Qiskit's optimization level.", minimum=0, maximum=3),
    _plain(TranspileSpec, "int", "seed", "Of the transpiler; without it a stream of the training seed.", minimum=0),
)

BUDGET: tuple[Row, ...] = (
    _plain(BudgetSpec, "int", "circuits", "Circuits: rows of angles times bases, shifts included.", minimum=1),
    _plain(BudgetSpec, "int", "shots", "Shots of all circuits together.", minimum=1),
    _plain(BudgetSpec, "float", "seconds", "Quantum seconds, as the device reports them; estimated before.", above=0),
)

SECTIONS: dict[str, tuple[Row, ...]] = {"data": DATA, "train": TRAIN, "transpile": TRANSPILE, "budget": BUDGET}
LAYER_TABLE = LAYERS


def read_section(
    section: nodes.Settings | None, rows: tuple[Row, ...], scope: Scope, collector: Collector
) -> tuple[dict[str, Any], dict[str, Span]]:
    """The values of the right settings of a section, and the spans of all that it knows, by name."""
    values: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    if section is None:
        return values, spans
    by_name = {row.name: row for row in rows}
    for setting in collector.until_full(section.settings):
        name = setting.name.name
        with collector.gathering():
            if name not in by_name:
                hint = value_advice.for_setting(name, setting, section) or suggest_or_list(name, list(by_name))
                owner = section.keyword.name
                raise Refusal(codes.UnknownSetting(span=setting.name.span, section=owner, name=name, hint=hint))
            if name in spans:
                note = Note("first given here", spans[name])
                raise Refusal(codes.GivenTwice(span=setting.span, name=name, notes=(note,)))
            spans[name] = setting.span
            values[name] = by_name[name].read(setting, scope)
    return values, spans


def data_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> tuple[DataSpec, dict[str, Span]]:
    """`data { … }`."""
    values, spans = read_section(section, DATA, scope, collector)
    values.pop("task", None)
    data = DataSpec(**values)
    collector.extend(_rows_beside_shares(section, data.split))
    with collector.gathering():
        refuse_all(_targets_among_features(data, spans))
    return data, spans


def _targets_among_features(data: DataSpec, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    """A mistake for every target that is named as a feature, or excluded from them although it never is one."""
    targets = set(data.target or ())
    for column in sorted(targets & set(data.features.excluded)):
        reason = f"`{column}` is the target, which is never a feature"
        yield codes.NoEffect(span=spans["features"], what=f"except {column}", reason=reason)
    for column in sorted(targets & set(data.features.names or ())):
        note = Note("the target", spans["target"])
        yield codes.GivenTwice(span=spans["features"], name=column, notes=(note,))


def train_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> TrainSpec:
    """`train { … }`."""
    values, _ = read_section(section, TRAIN, scope, collector)
    tables = {row.name: row.table for row in TRAIN if row.table is not None}
    for name, table in tables.items():
        entry = table[TRAIN_DEFAULTS[name]]
        if name not in values:
            values[name] = Choice(name=entry.name, options=entry.defaults())
    return TrainSpec(**values)


def transpile_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> TranspileSpec:
    """`transpile { … }`."""
    values, spans = read_section(section, TRANSPILE, scope, collector)
    transpile = TranspileSpec(**values)
    with collector.gathering():
        refuse_all(_idle_in_transpile(transpile, spans))
    return transpile


def _idle_in_transpile(transpile: TranspileSpec, spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    """A mistake for every setting that the others make useless."""
    if transpile.target is not None:
        for name in ("basis", "coupling"):
            if name in spans:
                reason = "the device that `target` names has its own"
                yield codes.NoEffect(span=spans[name], what=name, reason=reason)
    elif transpile.seed is not None and transpile.coupling in {None, "full"}:
        reason = "every pair of qubits is joined, so no layout is drawn"
        yield codes.NoEffect(span=spans["seed"], what="transpile seed", reason=reason, hint="leave it out")


def budget_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> BudgetSpec | None:
    """`budget { … }`, None if there is none; one without a bound is refused."""
    if section is None:
        return None
    values, spans = read_section(section, BUDGET, scope, collector)
    with collector.gathering():
        if all(value is None for value in values.values()) and not collector.has_errors:
            hint = "write `budget { circuits: 20000 }`, or leave it out"
            span = next(iter(spans.values()), section.keyword.span)
            raise Refusal(codes.NoEffect(span=span, what="budget", reason="it has no bound", hint=hint))
    return BudgetSpec(**values)


def backend_of(setting: nodes.Setting, offered: Mapping[str, Entry], scope: Scope) -> Choice:
    """`backend …`. Raises `Refusal` or `Silent`."""
    node = _sole(setting).value
    entry, arguments = entry_of(dict(offered), "backend", node)
    return bind(entry, arguments, scope, node.span)
