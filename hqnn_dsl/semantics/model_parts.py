"""The model of a file and its parts by kind. Refused are parts that stand twice or wrongly, and those not built yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes import meaning, unbuilt
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.diagnostics.source import Span
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.options import entry_of, places_in
from hqnn_dsl.semantics.values import Poison
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.semantics.collector import Collector
    from hqnn_dsl.semantics.values import Scope


@dataclass
class Parts:
    """The parts of a model by kind."""

    data: nodes.Settings | None = None
    train: nodes.Settings | None = None
    transpile: nodes.Settings | None = None
    budget: nodes.Settings | None = None
    encoder: nodes.Layers | None = None
    decoder: nodes.Layers | None = None
    circuit: nodes.Circuit | None = None
    backend: nodes.Setting | None = None
    sweep: nodes.Sweep | None = None


def model_of(tree: nodes.File, collector: Collector) -> nodes.Model | None:
    """The first model of a file, None if it has none."""
    models = [statement for statement in tree.statements if isinstance(statement, nodes.Model)]
    with collector.gathering():
        notes = (Note("the first one", models[0].head),) if models else ()
        refuse_all(meaning.DefinedTwice(span=other.head, what="`model`", notes=notes) for other in models[1:])
    return models[0] if models else None


def without_budget(tree: nodes.File) -> nodes.File:
    """The file with models that have no budget, which bounds a training and changes nothing that it trains."""

    def is_budget(part: nodes.Part) -> bool:
        return isinstance(part, nodes.Settings) and part.keyword.name == "budget"

    return replace(
        tree,
        statements=tuple(
            replace(item, parts=tuple(part for part in item.parts if not is_budget(part)))
            if isinstance(item, nodes.Model)
            else item
            for item in tree.statements
        ),
    )


def parts_of(model: nodes.Model, scope: Scope, collector: Collector) -> Parts:
    """The parts of a model, without those that stand twice or are not built."""
    parts = Parts()
    for part in model.parts:
        with collector.gathering():
            _sort_in(part, parts, scope)
    return parts


def _sort_in(part: nodes.Part, parts: Parts, scope: Scope) -> None:
    """Add one part to the others. Raises `Refusal` if it may not stand there."""
    match part:
        case nodes.Settings(_, nodes.Name(_, "data" | "train" | "transpile" | "budget" as word)):
            _take(parts, word, part)
        case nodes.Layers(_, nodes.Name(_, "encoder" | "decoder" as word)):
            _take(parts, word, part)
        case nodes.Circuit():
            _take_circuit(parts, part)
        case nodes.Setting():
            _take(parts, "backend", part)
        case nodes.Sweep():
            _take(parts, "sweep", part)
        case nodes.Allow():
            pass
        case nodes.Let():
            hint = "write it above the model"
            scope.bind(part.name.name, Poison(), part.name.span)
            raise Refusal(meaning.WrongPlace(span=part.span, what="let", place="in a model", hint=hint))
        case _:
            raise Refusal(unbuilt.NotBuilt(span=_head(part), what=f"{_unbuilt_name(part)}"))


def is_circuit_alone(parts: Parts) -> bool:
    """Whether a model is only a circuit: neither `data`, `encoder` nor `decoder`. It need not fit any targets."""
    return parts.data is None and parts.encoder is None and parts.decoder is None


def spans_of(
    model: nodes.Model, parts: Parts, data_spans: Mapping[str, Span], offered: Mapping[str, Entry]
) -> dict[str, Span]:
    """The spans that messages of later stages point at, by path: `circuit`, `train.batch`, `backend.noise.t2_us`."""
    spans = {f"data.{name}": span for name, span in data_spans.items()}
    head = model.head if parts.circuit is None else parts.circuit.head
    spans |= {"model": model.head, "circuit": head, "backend": head}
    if parts.backend is not None:
        node = parts.backend.values[0].value
        entry, _ = entry_of(dict(offered), "backend", node)
        spans["backend"] = parts.backend.span
        spans |= {f"backend.{path}": span for path, span in places_in(entry, node)}
    if parts.budget is not None:
        spans["budget"] = parts.budget.keyword.span
    for section in (parts.train, parts.transpile):
        for setting in section.settings if section is not None else ():
            assert section is not None
            path = f"{section.keyword.name}.{setting.name.name}"
            spans[path] = setting.span
            spans |= {f"{path}.{item.name.name}": item.span for item in setting.values if item.name is not None}
    return spans


def _take(parts: Parts, word: str, part: nodes.Settings | nodes.Layers | nodes.Setting | nodes.Sweep) -> None:
    first = getattr(parts, word)
    if first is not None:
        note = Note("the first one", _head(first))
        raise Refusal(meaning.DefinedTwice(span=_head(part), what=f"`{word}`", notes=(note,)))
    setattr(parts, word, part)


def _take_circuit(parts: Parts, part: nodes.Circuit) -> None:
    if parts.circuit is not None:
        note = Note("the first one", parts.circuit.head)
        what = "a model with several circuits is"
        raise Refusal(unbuilt.NotBuilt(span=part.head, what=what, notes=(note,)))
    parts.circuit = part


def _head(part: nodes.Part) -> Span:
    """The text that stands for a part in a message: its first line, without the brace."""
    match part:
        case nodes.Settings(_, keyword) | nodes.Layers(_, keyword) | nodes.Parts(_, keyword):
            return keyword.span
        case nodes.Circuit():
            return part.head
        case nodes.ForeignCircuit(_, _, path):
            return path.span
        case nodes.Sweep(span):
            return Span(span.source, span.start, span.start + len("sweep"))
    return part.span


def _unbuilt_name(part: nodes.Part) -> str:
    match part:
        case nodes.ForeignCircuit():
            return "a circuit made elsewhere is"
        case nodes.Settings(_, keyword) | nodes.Layers(_, keyword) | nodes.Parts(_, keyword):
            return f"`{keyword.name}` is"
    return "this is"
