"""A parsed file to a checked model: names, types, widths and defaults settled, the circuit expanded.

`check` is the only maker of a `Spec`. It reads the sections, expands the circuit, and fits encoder and decoder to it;
every independent mistake is found in one run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hqnn_dsl.circuit.ir import NO_CIRCUIT
from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.codes.warnings import NoCircuitHere
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.semantics import fitting, sections, task
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.data_section import data_of
from hqnn_dsl.semantics.definitions import Definition, FileScope, check_blocks, collect
from hqnn_dsl.semantics.elaborate import Elaborator
from hqnn_dsl.semantics.layers import read_lines
from hqnn_dsl.semantics.model_parts import is_circuit_alone, model_of, parts_of, spans_of
from hqnn_dsl.semantics.spec import BudgetSpec, Choice, DataSpec, Spec, TrainSpec, TranspileSpec
from hqnn_dsl.semantics.suppressions import silenced
from hqnn_dsl.semantics.unused import (
    only_for_training,
    refuse_circuit_settings,
    refuse_idle_options,
    refuse_idle_training,
    unread_names,
)
from hqnn_dsl.semantics.values import Member, Poison, Silent
from hqnn_dsl.semantics.warnings import not_judged, warn
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.layers import Line
    from hqnn_dsl.semantics.spec import Layer
    from hqnn_dsl.semantics.sweep import Axis
    from hqnn_dsl.semantics.used_files import Reach


@dataclass(frozen=True, eq=False)
class Checked:
    """A model in which no mistake was found that shows without its table.

    `tree` is the file with the `--set` options applied, `file` its names, `used` the blocks that the circuit places.
    `spans` has the spans that messages of later stages point at, by path (`train.batch`, `backend`). `warnings` are
    about legal text that is probably not meant. `untrainable` are the errors that refuse a training if the model is
    only a circuit. `reach` says which files the data section may name. `sweep` are the settings that a sweep varies.
    """

    spec: Spec
    circuit: Circuit
    tree: nodes.File
    file: FileScope
    used: tuple[Definition, ...]
    spans: Mapping[str, Span]
    warnings: tuple[Diagnostic, ...] = ()
    untrainable: tuple[Diagnostic, ...] = ()
    reach: Reach | None = None
    sweep: tuple[Axis, ...] = ()


def check(
    tree: nodes.File,
    mistakes: tuple[Diagnostic, ...],
    offered: Mapping[str, Entry],
    default_backend: str,
    reach: Reach | None = None,
) -> Checked | tuple[Diagnostic, ...]:
    """The checked model of a parsed file, or, for a file of blocks and constants only, the warnings about it.

    `mistakes` are the parser's; `offered` are the backends with their options; `reach` says which files `use` may
    name, without it those of the source's folder. Raises `Refusal` with every error.
    """
    collector = Collector()
    collector.extend(mistakes)
    file = collect(tree, collector, reach)
    check_blocks(file, collector)
    model = model_of(tree, collector)
    if model is None:
        _refuse_errors(collector.items)
        return collector.items
    checked: Checked | None = None
    with collector.gathering():
        checked = _Model(tree, model, file, offered, default_backend, collector).check()
    warnings = silenced(tree, collector.items, () if checked is None else not_judged(checked.circuit))
    _refuse_errors(warnings)
    assert checked is not None
    return replace(checked, warnings=warnings, reach=reach)


def _axes(node: nodes.Sweep | None, model: _Model) -> tuple[Axis, ...]:
    """The axes of a model's sweep; mistakes are in its collector."""
    if node is None:
        return ()
    from hqnn_dsl.semantics.override import full_path
    from hqnn_dsl.semantics.sweep import axes_of

    def full(path: nodes.Path) -> str:
        return full_path(model.tree, path, model.file, model.offered, model.default_backend)

    return axes_of(node, model.scope, full, model.collector)


def _refuse_errors(items: tuple[Diagnostic, ...]) -> None:
    """Raise one `Refusal` if an error is among the items, without the mistakes that only follow from others."""
    if any(item.is_error for item in items):
        from hqnn_dsl.semantics.consequences import raise_errors

        raise_errors(items)


class _Settings(NamedTuple):
    """The sections of a model that hold settings, with defaults for what is missing or wrong."""

    data: DataSpec
    data_spans: Mapping[str, Span]
    ends: fitting.Ends
    train: TrainSpec
    transpile: TranspileSpec
    backend: Choice
    budget: BudgetSpec | None


class _Network(NamedTuple):
    """Encoder and decoder with all their widths, and the errors that refuse a training of a model without them."""

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    out_width: int | None
    untrainable: tuple[Diagnostic, ...] = ()


@dataclass(eq=False)
class _Model:
    """Checks one model; `check` is its one entry."""

    tree: nodes.File
    model: nodes.Model
    file: FileScope
    offered: Mapping[str, Entry]
    default_backend: str
    collector: Collector

    def __post_init__(self) -> None:
        self.scope = self.file.scope
        self.parts = parts_of(self.model, self.scope, self.collector)
        self.axes: tuple[Axis, ...] = ()

    def check(self) -> Checked:
        """The checked model; its warnings are in the collector. Raises `Refusal` or `Silent` if anything is wrong."""
        collector = self.collector
        settings = self._settings()
        self.axes = _axes(self.parts.sweep, self)
        encoder = read_lines(self.parts.encoder, self.scope, collector)
        decoder = read_lines(self.parts.decoder, self.scope, collector)
        node = self._circuit()
        if node is None:
            return self._without_circuit(encoder, decoder, settings)
        num_qubits = fitting.qubits_of(node, encoder, self.scope)
        elaborated = Elaborator(collector, num_qubits).run(node.body, self.file)
        with collector.gathering():
            refuse_all(_namesakes(elaborated.used))
        circuit = elaborated.circuit
        if circuit is None or encoder is None or decoder is None:
            raise Silent
        middle = fitting.Middle(circuit, elaborated.reader, node.head)
        network = self._network(encoder, decoder, settings, middle)
        with collector.gathering():
            refuse_idle_training(settings.train, self.parts.train, (encoder, decoder), circuit)
        warn(encoder, circuit, elaborated, node.head, collector)
        if collector.has_errors:
            raise Silent
        spec = self._spec(settings, network, circuit)
        spans = spans_of(self.model, self.parts, settings.data_spans, self.offered)
        return Checked(
            spec,
            circuit,
            self.tree,
            self.file,
            elaborated.used,
            spans,
            untrainable=network.untrainable,
            sweep=self.axes,
        )

    def _settings(self) -> _Settings:
        parts, scope, collector = self.parts, self.scope, self.collector
        data, in_data = data_of(parts.data, scope, collector)
        train, in_train = sections.train_of(parts.train, scope, collector)
        found = task.settled(data, train, in_data, in_train)
        with collector.gathering():
            refuse_all(task.contradictions(found, data, train, in_data, in_train))
        data = replace(data, task=found.task)
        outputs = task.loss_entry(train).outputs
        num_targets = 1 if data.target is None else len(data.target)
        ends = fitting.Ends(num_targets, outputs, found.task, not found.is_open, train.loss.name)
        transpile = sections.transpile_of(parts.transpile, scope, collector)
        backend = Choice(name=self.default_backend, options=self.offered[self.default_backend].defaults())
        if parts.backend is not None:
            with collector.gathering():
                backend = sections.backend_of(parts.backend, self.offered, scope)
        budget = sections.budget_of(parts.budget, scope, collector)
        return _Settings(data, in_data.spans, ends, train, transpile, backend, budget)

    def _without_circuit(self, encoder: list[Line] | None, decoder: list[Line] | None, settings: _Settings) -> Checked:
        """The checked model if it has layers and no circuit. Raises `Silent` if anything is wrong."""
        collector, layers = self.collector, (encoder or [], decoder or [])
        assert self.parts.decoder is not None
        collector.add(NoCircuitHere(span=self.model.head))
        with collector.gathering():
            refuse_circuit_settings(self.parts)
        if encoder is None or decoder is None:
            raise Silent
        network = _Network((), (), None)
        with collector.gathering():
            num_features = _features_of(settings.data, settings.data_spans)
            spans = settings.data_spans
            front, back = fitting.layers_alone(*layers, num_features, settings.ends, spans.get("target"), self._head)
            outputs = None if settings.ends.task == "classification" else settings.ends.targets * settings.ends.outputs
            network = _Network(front, back, outputs)
        with collector.gathering():
            refuse_idle_training(settings.train, self.parts.train, layers, NO_CIRCUIT)
        if collector.has_errors:
            raise Silent
        spec = self._spec(settings, network, NO_CIRCUIT)
        places = spans_of(self.model, self.parts, settings.data_spans, self.offered)
        return Checked(spec, NO_CIRCUIT, self.tree, self.file, (), places, sweep=self.axes)

    @property
    def _head(self) -> Span:
        """The text that stands for the end of a model without a circuit."""
        assert self.parts.decoder is not None
        return self.parts.decoder.keyword.span

    def _circuit(self) -> nodes.Circuit | None:
        """The circuit as written; None if the model is a decoder, with or without an encoder.

        Raises `Refusal` if there is neither, `Silent` if that was reported.
        """
        if self.parts.circuit is not None:
            return self.parts.circuit
        if any(isinstance(part, nodes.ForeignCircuit | nodes.Parts) for part in self.model.parts):
            raise Silent
        if self.parts.decoder is not None:
            if any(item.is_error and item.code.startswith("E01") for item in self.collector.items):
                raise Silent  # the circuit may be what could not be read
            return None
        what = f"the model `{self.model.name.name}` has no circuit"
        hint = "write `circuit on 4 qubits { feature_map angle(); ansatz real_amplitudes() }`"
        raise Refusal(meaning.NothingToDo(span=self.model.head, what=what, hint=hint))

    def _network(
        self, encoder: list[Line], decoder: list[Line], settings: _Settings, middle: fitting.Middle
    ) -> _Network:
        """The layers around the circuit; a model that is only a circuit need not fit any features or targets."""
        spans, ends = settings.data_spans, settings.ends
        is_alone = is_circuit_alone(self.parts)
        collector = Collector() if is_alone else self.collector
        front: tuple[Layer, ...] = ()
        back: tuple[Layer, ...] = ()
        with collector.gathering():
            num_features = _features_of(settings.data, spans)
            front = fitting.encoder_layers(encoder, num_features, spans.get("features"), middle)
        with collector.gathering():
            back = fitting.decoder_layers(decoder, ends, spans.get("target"), middle)
        if is_alone and collector.has_errors:
            self.collector.extend(only_for_training(self.parts.train))
            return _Network((), (), middle.circuit.num_outputs, collector.items)
        outputs = None if ends.task == "classification" else ends.targets * ends.outputs
        return _Network(front, back, outputs)

    def _spec(self, settings: _Settings, network: _Network, circuit: Circuit) -> Spec:
        """The spec of a model in which no mistake was found; names that nothing reads are reported."""
        asked = set(self.scope.asked)
        spec = Spec(
            name=self.model.name.name,
            doc=self.model.doc,
            constants=self._constants(),
            data=settings.data,
            encoder=network.encoder,
            in_width=_in_width(network, circuit),
            num_qubits=circuit.num_qubits,
            num_inputs=circuit.num_inputs,
            num_outputs=circuit.num_outputs,
            decoder=network.decoder,
            out_width=network.out_width,
            train=settings.train,
            transpile=settings.transpile,
            backend=settings.backend,
            budget=settings.budget,
        )
        with self.collector.gathering():
            refuse_idle_options(self.tree, asked)
        self.collector.extend(unread_names(self.tree, self.file))
        return spec

    def _constants(self) -> dict[str, Any]:
        constants: dict[str, Any] = {}
        for name in self.file.constants:
            binding = self.scope.find(name)
            value = binding.value if binding is not None else Poison()
            if not isinstance(value, Poison):
                constants[name] = value.name if isinstance(value, Member) else value
        return constants


def _in_width(network: _Network, circuit: Circuit) -> int | None:
    """The number of features that the first layer reads, or the circuit if there is none in front of it."""
    if network.encoder or circuit.is_absent:
        return (*network.encoder, *network.decoder)[0].in_width
    return circuit.num_inputs


def _features_of(data: DataSpec, spans: Mapping[str, Span]) -> int | None:
    """The number of inputs that the features are, None if only the table knows it.

    A named feature is one input, unless a setting says that a column may be several.
    """
    if data.features.names is None or {"categories", "columns"} & spans.keys() or data.missing.options.get("indicator"):
        return None
    return len(data.features.names)


def _namesakes(used: tuple[Definition, ...]) -> Iterator[Diagnostic]:
    """A mistake for two blocks of one name in one circuit, which the resolved spec could not tell apart."""
    first: dict[str, Definition] = {}
    for definition in used:
        other = first.setdefault(definition.name, definition)
        if other is definition:
            continue
        shown, noted = (other, definition) if definition.is_library else (definition, other)
        where = "in the library" if noted.is_library else "here"
        note = Note(f"another one stands {where}", None if noted.is_library else noted.block.name.span)
        hint = "the circuit places both of them; give one another name"
        what = f"the block `{definition.name}`"
        yield meaning.DefinedTwice(span=shown.block.name.span, what=what, notes=(note,), hint=hint)
