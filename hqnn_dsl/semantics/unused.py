"""Text that has no effect, which shows once the whole model is known.

A value that is read is never refused because it changes nothing: `dropout(0)` and `* 1` are accepted. Text that nothing
reads is refused, except defaults, so that a resolved spec, which writes them all, is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.objectives import OPTIMIZERS, SCHEDULERS
from hqnn_dsl.diagnostics.codes import meaning, warnings
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.options import places_in
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.walk import has_option, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.definitions import FileScope
    from hqnn_dsl.semantics.layers import Line
    from hqnn_dsl.semantics.model_parts import Parts
    from hqnn_dsl.semantics.spec import TrainSpec


def refuse_idle_training(
    train: TrainSpec,
    section: nodes.Settings | None,
    layers: tuple[Sequence[Line], Sequence[Line]],
    circuit: Circuit,
) -> None:
    """Refuse settings of `train` that this network has no use for. `layers` are those of encoder and decoder."""
    refuse_all(_idle_training(train, section, layers, circuit))


def _idle_training(
    train: TrainSpec,
    section: nodes.Settings | None,
    layers: tuple[Sequence[Line], Sequence[Line]],
    circuit: Circuit,
) -> Iterator[Diagnostic]:
    spans = dict(_places(section))
    is_classical = any(line.has_weights for part in layers for line in part)
    is_quantum = any(tensor.size and not tensor.frozen for tensor in circuit.weights)
    chosen, trains = train.optimizer, {"is_classical": is_classical, "is_quantum": is_quantum}
    for name, reason in _idle_options(chosen.name, chosen.options, **trains):
        span = spans.get(f"optimizer.{name}", spans.get("optimizer"))
        yield meaning.NoEffect(span=span, what=name, reason=reason, hint="leave it out")
    if train.precision == "mixed" and not _has_half(*layers):
        reason = "only dense layers in front of the decoder's last weights are computed in half precision"
        hint = "leave it out"
        yield meaning.NoEffect(span=spans.get("precision"), what="precision mixed", reason=reason, hint=hint)
    yield from _lowest_above_rates(train, spans, **trains)


def _idle_options(
    optimizer: str, options: Mapping[str, Any], *, is_classical: bool, is_quantum: bool
) -> Iterator[tuple[str, str]]:
    """The options that no weight of this network is trained by, and why."""
    defaults = OPTIMIZERS[optimizer].defaults()
    if options.get("quantum_lr") is not None and not is_quantum:
        yield "quantum_lr", "no weight of the circuit trains"
    if is_classical:
        return
    if options.get("weight_decay") not in {None, 0.0, defaults.get("weight_decay")}:
        yield "weight_decay", "it is for classical weights, and this network has none"
    if options.get("quantum_lr") is not None and options.get("lr") != defaults.get("lr"):
        yield "lr", "`quantum_lr` is given, and this network has no classical weights"


def _has_half(encoder: Sequence[Line], decoder: Sequence[Line]) -> bool:
    """Whether a line is computed in half precision under `precision mixed`, as `network.hybrid` does it."""
    weighted = [place for place, line in enumerate(decoder) if line.has_weights]
    halves = [*encoder, *decoder[: weighted[-1] if weighted else 0]]
    return any(line.entry.is_trained for line in halves)


def _lowest_above_rates(
    train: TrainSpec, spans: Mapping[str, Span], *, is_classical: bool, is_quantum: bool
) -> Iterator[Diagnostic]:
    """A mistake if the scheduler's lowest learning rate is above a rate that it lowers."""
    lowest = train.scheduler.options.get("min_lr")
    lr, quantum_lr = train.optimizer.options["lr"], train.optimizer.options.get("quantum_lr")
    quantum = lr if quantum_lr is None else quantum_lr
    rates = [*([lr] if is_classical else []), *([quantum] if is_quantum else [])]
    if lowest is None or not rates or lowest <= min(rates):
        return
    span = spans.get("scheduler.min_lr", spans.get("scheduler"))
    bound = f"at most {min(rates):g}, the smallest learning rate"
    yield meaning.OutOfBounds(span=span, what="`min_lr`", bound=bound, value=f"{lowest:g}")


def _places(section: nodes.Settings | None) -> Iterator[tuple[str, Span]]:
    """The spans of a section's settings, and of the options of their entries, by path: `optimizer`, `optimizer.lr`."""
    tables = {"optimizer": OPTIMIZERS, "scheduler": SCHEDULERS}
    for setting in section.settings if section is not None else ():
        name = setting.name.name
        yield name, setting.span
        value = setting.values[0].value
        if name in tables and isinstance(value, nodes.Call) and value.function.name in tables[name]:
            for path, span in places_in(tables[name][value.function.name], value):
                yield f"{name}.{path}", span


def refuse_circuit_settings(parts: Parts) -> None:
    """Refuse the sections that speak of a circuit, in a model that has none."""
    given = (parts.backend, parts.transpile, parts.budget)
    reason = "this model has no circuit"
    refuse_all(
        meaning.NoEffect(span=_head_of(part), what=_word_of(part), reason=reason, hint="leave it out")
        for part in given
        if part is not None
    )


def _head_of(part: nodes.Setting | nodes.Settings) -> Span:
    return part.span if isinstance(part, nodes.Setting) else part.keyword.span


def _word_of(part: nodes.Setting | nodes.Settings) -> str:
    return "backend" if isinstance(part, nodes.Setting) else part.keyword.name


CIRCUIT_READS = ("batch", "device", "precision", "seed")
"""The settings of `train` that a circuit alone is asked for too: its starting weights, and how it is timed."""


def only_for_training(section: nodes.Settings | None) -> Iterator[Diagnostic]:
    """A warning for each setting of `train` that has no effect on a model that is only a circuit."""
    for setting in section.settings if section is not None else ():
        if setting.name.name not in CIRCUIT_READS:
            yield warnings.OnlyACircuit(span=setting.span, what=setting.name.name)


# ---------------------------------------------------------- names that nothing reads


def refuse_idle_options(tree: nodes.File, asked: set[str]) -> None:
    """Refuse constants that an option sets and that nothing reads: an option is expected to have an effect.

    `asked` are the names of the constants that the model's parts have read.
    """
    optional = [let for let in _lets(tree) if let.value.span.source.is_option]
    if not optional:
        return
    read, named = _closed(asked, _behind(tree)), _named(tree)
    idle = [let for let in optional if let.name.name not in read]
    reasons = {True: "what reads it is not carried out here", False: "nothing in this model reads it"}
    refuse_all(
        meaning.NoEffect(span=let.value.span, what=let.name.name, reason=reasons[let.name.name in named])
        for let in idle
    )


def unread_names(tree: nodes.File, file: FileScope) -> Iterator[Diagnostic]:
    """A warning for each constant and each argument of this file's blocks whose name stands nowhere else.

    There is no warning for constants if an option has replaced text, which may have read them.
    """
    named = _named(tree)
    for let in [] if has_option(tree) else _lets(tree):
        if let.name.name not in named:
            yield warnings.UnreadName(span=let.name.span, what=f"the constant `{let.name.name}`")
    for definition in file.own.values():
        inside = set(names_in(definition.block))
        for parameter in definition.block.parameters:
            if parameter.name.name not in inside:
                what = f"the argument `{parameter.name.name}` of `{definition.name}`"
                yield warnings.UnreadName(span=parameter.name.span, what=what)


def _lets(tree: nodes.File) -> list[nodes.Let]:
    return [statement for statement in tree.statements if isinstance(statement, nodes.Let)]


def _behind(tree: nodes.File) -> dict[str, set[str]]:
    """The names in the value of each constant."""
    return {let.name.name: set(names_in(let.value)) for let in _lets(tree)}


def _named(tree: nodes.File) -> set[str]:
    """The names that stand in blocks and models, and those in the values of these constants."""
    others = (statement for statement in tree.statements if not isinstance(statement, nodes.Let))
    return _closed({name for statement in others for name in names_in(statement)}, _behind(tree))


def _closed(names: set[str], behind: Mapping[str, set[str]]) -> set[str]:
    """The names with those that their values are made of."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(behind.get(name, ()))
    return found
