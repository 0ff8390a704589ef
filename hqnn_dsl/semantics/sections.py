"""`train`, `transpile`, `budget` and `backend`: settings to the records of a `Spec`, and all sections by name.

Each setting has one row, which describes its values. Defaults are those of the records in `spec`, or of the catalog
entry named here; nothing states them twice. `data` has a module of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import INTERVALS
from hqnn_dsl.catalog.entry import Option
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.data_section import DATA
from hqnn_dsl.semantics.evaluate import whole
from hqnn_dsl.semantics.options import bind, entry_of, value_of
from hqnn_dsl.semantics.settings import Row, Section, from_table, plain, read_section, sole
from hqnn_dsl.semantics.spec import BudgetSpec, Choice, TrainSpec, TranspileSpec
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.values import Scope

COUPLINGS = ("linear", "ring", "grid", "full")

# ------------------------------------------------------------------- train

_WEIGHT = Option(name="class_weights", type="float", doc="The weight of a class.", above=0)


def _class_weights(setting: nodes.Setting, scope: Scope) -> Any:
    """`balanced`, or `Adelie: 1, "Gentoo 2": 2.5`."""
    named = [value for value in setting.values if value.name is not None]
    if not named:
        node = sole(setting).value
        option = Option(name="class_weights", type="choice", choices=("balanced",), default=None, doc="")
        if not isinstance(node, (nodes.Name, nodes.String)):
            hint = "write `class_weights balanced`, or the weight of each class: `class_weights yes: 2, no: 1`"
            expected = "`balanced` or classes with their weights"
            raise Refusal(
                codes.WrongType(
                    span=node.span, what="`class_weights`", expected=expected, found="another value", hint=hint
                )
            )
        return value_of(option, node, scope)
    weights: dict[str, float] = {}
    collector = Collector()
    for value in collector.until_full(setting.values):
        with collector.gathering():
            if value.name is None:
                count = "classes with their weights"
                hint = f"write `{value.span.text}: 1`"
                raise Refusal(codes.TooManyArguments(span=value.span, owner="class_weights", count=count, hint=hint))
            if value.name.name in weights:
                raise Refusal(codes.GivenTwice(span=value.span, name=value.name.name))
            weights[value.name.name] = value_of(_WEIGHT, value.value, scope)
    collector.raise_errors()
    return tuple(weights.items())


TRAIN: tuple[Row, ...] = (
    plain(TrainSpec, "int", "epochs", "Passes over the training rows, at most.", minimum=1),
    plain(TrainSpec, "int", "batch", "Rows a step.", minimum=1),
    from_table("loss", LOSSES, "What training makes small, in scaled units.", "auto"),
    from_table("optimizer", OPTIMIZERS, "How weights follow the gradient.", "adamw"),
    from_table("scheduler", SCHEDULERS, "How the learning rate changes.", "reduce_on_plateau"),
    from_table("stop", STOPS, "When training ends before its epochs do.", "early"),
    plain(TrainSpec, "float", "clip", "The largest norm of the gradient; `none`: no bound.", above=0),
    plain(TrainSpec, "choice", "device", "Where the classical half runs.", choices=("auto", "cpu", "cuda")),
    plain(
        TrainSpec, "choice", "precision", "Of the classical half; `mixed` is AMP; `auto`: mixed on CUDA, else single.",
        choices=("auto", "single", "double", "mixed"),
    ),
    plain(
        TrainSpec, "choice", "step", "What runs a training step; `auto`: compiled code, or torch where that cannot.",
        choices=("auto", "compiled", "torch"),
    ),
    plain(TrainSpec, "int", "seed", "The root of every random stream.", minimum=0),
    Row(
        "class_weights", "The weights of classes in the loss: `balanced`, or `yes: 2, no: 1`; without it all are 1.",
        _class_weights, has_own_names=True,
    ),
    from_table("intervals", INTERVALS, "Intervals of predictions.", "none"),
)  # fmt: skip


# --------------------------------------------------------------- transpile


def _basis(setting: nodes.Setting, scope: Scope) -> tuple[str, ...]:
    option = Option(
        name="basis",
        type="strings",
        doc="",
        choices=(*(row.qiskit for row in GATES.values() if row.qiskit), "id", "ecr"),
    )
    words = value_of(option, sole(setting).value, scope)
    if not words:
        raise Refusal(codes.OutOfBounds(span=setting.span, what="`basis`", bound="at least one gate", value="none"))
    return tuple(words)


def _coupling(setting: nodes.Setting, scope: Scope) -> Any:
    """A pattern by name, or pairs of qubits: `[[0, 1], [1, 2]]`."""
    node = sole(setting).value
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
    plain(TranspileSpec, "string", "target", "A fake device by name, as in `fake_torino`."),
    Row("basis", "Gates that the device has.", _basis),
    Row("coupling", "`linear`, `ring`, `grid`, `full`, or pairs of qubits that two-qubit gates act on.", _coupling),
    plain(TranspileSpec, "int", "optimization", "Qiskit's optimization level.", minimum=0, maximum=3),
    plain(TranspileSpec, "int", "seed", "Of the transpiler; without it a stream of the training seed.", minimum=0),
)

BUDGET: tuple[Row, ...] = (
    plain(BudgetSpec, "int", "circuits", "Circuits: rows of angles times bases, shifts included.", minimum=1),
    plain(BudgetSpec, "int", "shots", "Shots of all circuits together.", minimum=1),
    plain(BudgetSpec, "float", "seconds", "Quantum seconds, as the device reports them; estimated before.", above=0),
)

SECTIONS: dict[str, tuple[Row, ...]] = {"data": DATA, "train": TRAIN, "transpile": TRANSPILE, "budget": BUDGET}


def train_of(section: nodes.Settings | None, scope: Scope, collector: Collector) -> tuple[TrainSpec, Section]:
    """`train { … }`, and what was read of it."""
    found = read_section(section, TRAIN, scope, collector)
    defaults = {row.name: row.table[row.default] for row in TRAIN if row.table is not None}
    choices = {name: Choice(name=entry.name, options=entry.defaults()) for name, entry in defaults.items()}
    return TrainSpec(**{**choices, **found.values}), found


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
    node = sole(setting).value
    entry, arguments = entry_of(dict(offered), "backend", node)
    return bind(entry, arguments, scope, node.span)
