"""A parsed file to a checked model: names, types, widths and defaults settled, the circuit expanded.

`check` is the only maker of a `Spec`. It reads the sections, expands the circuit, and fits the widths from table to
target; every independent mistake is found in one run. Widths flow in both directions (`dense(auto)` takes what the
circuit reads, `circuit on auto qubits` what the encoder ends with), so the sections are read first and fitted last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes import meaning, shapes, unbuilt
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics import layers as lines
from hqnn_dsl.semantics import sections
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.definitions import Definition, FileScope, check_blocks, collect
from hqnn_dsl.semantics.elaborate import Elaborated, Elaborator
from hqnn_dsl.semantics.evaluate import whole
from hqnn_dsl.semantics.model_parts import is_circuit_alone, model_of, parts_of
from hqnn_dsl.semantics.options import entry_of, places_in
from hqnn_dsl.semantics.spec import Spec
from hqnn_dsl.semantics.suppressions import silenced
from hqnn_dsl.semantics.unused import refuse_idle_training, warn_of_training, warn_of_unread
from hqnn_dsl.semantics.values import Member, Poison, Silent
from hqnn_dsl.semantics.warnings import not_judged, warn
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.spec import Layer
    from hqnn_dsl.semantics.used_files import Reach


@dataclass(frozen=True, eq=False)
class Checked:
    """A model that is right as far as can be told without its table.

    `tree` is the file with the `--set` options applied, `file` its names, `used` the blocks that the circuit places.
    `places` has the spans that messages of later stages point at, by path (`train.batch`, `backend`). `warnings` are
    about legal text that is probably not meant. `untrainable` are the errors that refuse a training if the model is
    only a circuit.
    """

    spec: Spec
    circuit: Circuit
    tree: nodes.File
    file: FileScope
    used: tuple[Definition, ...]
    places: Mapping[str, Span]
    warnings: tuple[Diagnostic, ...] = ()
    untrainable: tuple[Diagnostic, ...] = ()


def check(
    tree: nodes.File,
    mistakes: tuple[Diagnostic, ...],
    offered: Mapping[str, Entry],
    default_backend: str,
    reach: Reach | None = None,
) -> Checked | tuple[Diagnostic, ...]:
    """The checked model of a parsed file, or, for a file of blocks and constants only, the warnings about it.

    `mistakes` are the parser's; `offered` are the backends with their options; `reach` says which files may be brought
    in, without it those of the source's folder. Raises `Refusal` with every error.
    """
    collector = Collector()
    for mistake in mistakes:
        collector.add(mistake)
    file = collect(tree, collector, reach)
    check_blocks(file, collector)
    model = model_of(tree, collector)
    if model is None:
        _raise_errors(collector.items)
        return collector.items
    checked = _Model(tree, model, file, offered, default_backend, collector).check()
    kept = silenced(tree, collector.items, () if checked is None else not_judged(checked.circuit))
    _raise_errors(kept)
    assert checked is not None
    return replace(checked, warnings=kept)


_CAUSED_BY_LOST_TEXT = (
    meaning.UnknownName, meaning.UnknownBlock, meaning.NothingToDo, meaning.MissingArgument, meaning.UnknownPath,
    shapes.InputWidth, shapes.OutputWidth, shapes.AutoWidth, shapes.WrongSlice,
)  # fmt: skip
"""What is not said of a file that could not be read in full: what is missing may stand in the text that was lost."""


_MENDED = frozenset(("E0105", "E0131", "E0132", "E0133"))
"""Mistakes of grammar that are read as what was meant: nothing of the text is lost by them."""


def _follows_unbuilt(item: Diagnostic) -> bool:
    """Whether a finding only follows from a part that is not built: a width, or a loss of classification."""
    if isinstance(item, meaning.UnknownChoice):
        return item.what == "`loss`"
    return isinstance(item, (shapes.OutputWidth, shapes.InputWidth, meaning.NothingToDo))


def _raise_errors(items: tuple[Diagnostic, ...]) -> None:
    """Raise one `Refusal` with all of these if an error is among them; one mistake is reported once."""
    if any(isinstance(item, unbuilt.NotBuilt) for item in items):
        items = tuple(item for item in items if not _follows_unbuilt(item))
    lost = {
        (id(item.span.source), _line(item.span))
        for item in items
        if item.code.startswith("E01") and item.span and item.code not in _MENDED
    }
    kept = Collector()
    mended = {(id(item.span.source), item.span.start) for item in items if item.code in _MENDED and item.span}
    for item in items:
        if item.span and not item.code.startswith("E01") and (id(item.span.source), item.span.start) in mended:
            continue
        is_syntax = item.code.startswith("E01")
        follows = item.span is not None and (id(item.span.source), _line(item.span)) in lost
        if is_syntax or not lost or (item.is_error and not follows and not isinstance(item, _CAUSED_BY_LOST_TEXT)):
            kept.add(item)
    kept.raise_errors()


def _line(span: Span) -> int:
    return span.source.position(span.start)[0]


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
        self.fitting = self.collector
        """What does not fit between the table, the circuit and the targets; of a circuit alone kept apart."""
        self.untrainable: tuple[Diagnostic, ...] = ()
        """What only a training of this model is refused with, once it is checked."""

    # ---------------------------------------------------------------- check

    def check(self) -> Checked | None:
        """The checked model, its warnings still in the collector; None if something is wrong, which is there too."""
        parts, collector = self.parts, self.collector
        data, data_spans = sections.data_of(parts.data, self.scope, collector)
        train = sections.train_of(parts.train, self.scope, collector)
        transpile = sections.transpile_of(parts.transpile, self.scope, collector)
        backend = sections.backend_of(parts.backend, self.offered, self.default_backend, self.scope, collector)
        budget = sections.budget_of(parts.budget, self.scope, collector)
        encoder = lines.read_lines(parts.encoder, self.scope, collector)
        decoder = lines.read_lines(parts.decoder, self.scope, collector)
        if parts.circuit is None:
            if not any(isinstance(part, nodes.ForeignCircuit | nodes.Parts) for part in self.model.parts):
                what = f"the model `{self.model.name.name}` has no circuit"
                hint = "write `circuit on 4 qubits { feature_map angle(); ansatz real_amplitudes() }`"
                collector.add(meaning.NothingToDo(span=self.model.head, what=what, hint=hint))
            return None
        num_qubits = self._num_qubits(parts.circuit, encoder)
        if num_qubits is None:
            return None
        elaborated = Elaborator(collector, num_qubits).run(parts.circuit.body, self.file)
        circuit = elaborated.circuit
        self._distinct(elaborated.used)
        if circuit is None or encoder is None or decoder is None:
            return None
        features = None if data.features.names is None else len(data.features.names)
        alone = is_circuit_alone(parts)
        self.fitting = Collector() if alone else collector
        front = self._front(encoder, features, data_spans.get("features"), circuit, elaborated)
        back = self._back(decoder, len(data.target or ("",)), data_spans.get("target"), circuit)
        targets = len(data.target) if data.target is not None else 1
        if alone and self.fitting.has_errors:
            self.untrainable, front, back, targets = self.fitting.items, (), (), circuit.num_outputs
            warn_of_training(parts.train, collector)
        refuse_idle_training(train, parts.train, (encoder, decoder), circuit, collector)
        warn(encoder, circuit, elaborated, parts.circuit.head, collector)
        if collector.has_errors or front is None or back is None:
            return None
        asked = set(self.scope.asked)
        spec = Spec(
            name=self.model.name.name,
            doc=self.model.doc,
            constants=self._constants(),
            data=data,
            encoder=front,
            in_width=front[0].in_width if front else circuit.num_inputs,
            num_qubits=num_qubits,
            num_inputs=circuit.num_inputs,
            num_outputs=circuit.num_outputs,
            decoder=back,
            out_width=targets,
            train=train,
            transpile=transpile,
            backend=backend,
            budget=budget,
        )
        places = self._places(data_spans)
        warn_of_unread(self.tree, self.file, asked, collector)
        return Checked(spec, circuit, self.tree, self.file, elaborated.used, places, (), self.untrainable)

    def _distinct(self, used: tuple[Definition, ...]) -> None:
        """Refuse two blocks of one name in one circuit, which the resolved spec could not tell apart."""
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
            self.collector.add(meaning.DefinedTwice(span=shown.block.name.span, what=what, notes=(note,), hint=hint))

    def _constants(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for name in self.file.constants:
            binding = self.scope.find(name)
            value = binding.value if binding is not None else Poison()
            if not isinstance(value, Poison):
                found[name] = value.name if isinstance(value, Member) else value
        return found

    def _places(self, data_spans: dict[str, Span]) -> Mapping[str, Span]:
        parts = self.parts
        assert parts.circuit is not None
        places = {f"data.{name}": span for name, span in data_spans.items()}
        places["model"] = self.model.head
        places["circuit"] = parts.circuit.head
        places["backend"] = parts.backend.span if parts.backend is not None else parts.circuit.head
        if parts.backend is not None:
            entry, _ = entry_of(dict(self.offered), "backend", parts.backend.values[0].value)
            places |= {f"backend.{path}": span for path, span in places_in(entry, parts.backend.values[0].value)}
        if parts.budget is not None:
            places["budget"] = parts.budget.keyword.span
        for section in (parts.train, parts.transpile):
            for setting in section.settings if section is not None else ():
                assert section is not None
                places[f"{section.keyword.name}.{setting.name.name}"] = setting.span
        return places

    def _num_qubits(self, circuit: nodes.Circuit, encoder: list[lines.Line] | None) -> int | None:
        """The circuit's width: a number, or with `auto` what the encoder ends with."""
        node = circuit.width
        if isinstance(node, nodes.Name) and node.name == "auto":
            if encoder is None:
                return None
            width = lines.end_width(encoder)
            if not isinstance(width, int):
                reason = "the encoder ends with `auto` too" if width == "auto" else "no line of the encoder sets one"
                where = lines.end_span(encoder)
                notes = (Note("this takes what the circuit reads", where),) if where is not None else ()
                hint = "write `circuit on 4 qubits`, or give the encoder's last `dense` a width"
                self.collector.add(
                    shapes.AutoWidth(span=node.span, what="the circuit", reason=reason, notes=notes, hint=hint)
                )
                return None
        else:
            try:
                width = whole(node, self.scope, "the number of qubits")
            except Refusal as refusal:
                self.collector.add(refusal.diagnostics[0])
                return None
            except Silent:
                return None
        if not 1 <= width <= limits.MAX_QUBITS:
            bound = f"1 to {limits.MAX_QUBITS}"
            what = "the number of qubits"
            self.collector.add(shapes.NoWidth(span=node.span, what=what, bound=bound, value=str(width)))
            return None
        return width

    # ------------------------------------------------------------- fitting

    def _front(
        self,
        encoder: list[lines.Line],
        features: int | None,
        features_span: Span | None,
        circuit: Circuit,
        elaborated: Elaborated,
    ) -> tuple[Layer, ...] | None:
        """The encoder's layers, fitted between the features and the circuit's inputs."""
        needed = circuit.num_inputs
        if needed == 0:
            hint = "add a feature map: `feature_map angle()`"
            head = self.parts.circuit.head if self.parts.circuit is not None else None
            what = "the circuit reads no inputs, so its outputs cannot depend on the data"
            self.fitting.add(meaning.NothingToDo(span=head, what=what, hint=hint))
            return None
        in_width = features
        if lines.end_width(encoder) is None:
            in_width = needed if features is None else features
        before = self.fitting.num_failures
        layers, ends = lines.resolved(encoder, in_width, needed, self.fitting)
        if self.fitting.num_failures > before:
            return None
        if ends == needed:
            return layers
        reader = elaborated.reader
        assert reader is not None
        set_at = lines.end_span(encoder)
        note = Note("the encoder ends here", set_at) if set_at else Note("the features", features_span)
        giver = "the encoder ends with" if set_at else "`features` names"
        self.fitting.add(
            shapes.InputWidth(
                span=reader.span,
                reader=f"{reader.name} reads",
                wanted=count(needed, "input"),
                giver=giver,
                given=str(ends),
                notes=(note,),
                hint=self._width_hint(needed, ends, encoder, circuit),
            )
        )
        return None

    @staticmethod
    def _width_hint(needed: int, ends: int | None, encoder: list[lines.Line], circuit: Circuit) -> str:
        several = f", or `circuit on {ends} qubits`" if needed == circuit.num_qubits else ""
        if lines.end_width(encoder) is None:
            return f"add an encoder that ends with `dense({needed})`{several}"
        return f"write `dense({needed})`{several}"

    def _back(
        self, decoder: list[lines.Line], targets: int, target_span: Span | None, circuit: Circuit
    ) -> tuple[Layer, ...] | None:
        """The decoder's layers, fitted between the circuit's outputs and the targets."""
        before = self.fitting.num_failures
        layers, ends = lines.resolved(decoder, circuit.num_outputs, targets, self.fitting)
        if self.fitting.num_failures > before:
            return None
        if ends == targets:
            return layers
        set_at = lines.end_span(decoder)
        head = self.parts.circuit.head if self.parts.circuit is not None else None
        note = Note(f"{count(targets, 'target')} named here", target_span)
        if target_span is None:
            note = Note("without `data { target … }` there is one target, the table's last column")
        self.fitting.add(
            shapes.OutputWidth(
                span=set_at or head,
                giver="the decoder ends with" if set_at else "the circuit, without a decoder, gives",
                given=count(ends or 0, "output"),
                wanted=count(targets, "target"),
                notes=(note,),
                hint=f"write `dense({targets})`" if set_at else f"add `decoder {{ dense({targets}) }}`",
            )
        )
        return None
