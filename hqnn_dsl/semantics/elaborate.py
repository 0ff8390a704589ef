"""A circuit's braces to a `Circuit`: blocks expanded, loops run, every angle in a slot of its own.

`Elaborator` carries out the statements of the circuit and of the blocks placed in it. It goes on after a mistake, so
one run reports all independent ones; mistakes inside a block are reported with the place where the block stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.circuit.angles import Angle, InputRef, WeightRef
from hqnn_dsl.circuit.block_spans import Segment
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Measurement, Operation, WeightTensor, verify, width_of
from hqnn_dsl.diagnostics.codes import meaning, shapes, unbuilt, warnings
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics import placing, value_advice
from hqnn_dsl.semantics.arguments import bind_arguments
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.definitions import BUILT_IN_BLOCKS, Definition, FileScope, refuse_shadowing
from hqnn_dsl.semantics.evaluate import angle_of, evaluate, range_of, truth, whole
from hqnn_dsl.semantics.frames import Frame, Reader, Stop, bound, definition_of, refuse_misuse
from hqnn_dsl.semantics.measure import measurements
from hqnn_dsl.semantics.options import bind, entry_of
from hqnn_dsl.semantics.values import Meter, Poison, Scope, Silent, Tensor, Value, describe
from hqnn_dsl.semantics.weight_paths import apply_freezes, apply_initials
from hqnn_dsl.semantics.without_entanglers import without_entanglers
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.collector import Collector, Gathering


_PLACING = 3
"""How many statements' work it is to place a block, beside carrying out its own."""
_LETTERS = 64
"""Letters of a path that are written in about the time of a statement."""


@dataclass
class Elaborated:
    """What became of a circuit's braces. `circuit` is None where there were mistakes."""

    circuit: Circuit | None
    reader: Reader | None
    used: tuple[Definition, ...]
    tensor_spans: dict[str, Span] = field(default_factory=dict)
    """Where every weight tensor is declared, or its outermost block placed."""
    measured_spans: tuple[Span, ...] = ()
    """Where every measurement is asked for; empty where nothing is measured, which means `measure z`."""


class Elaborator:
    """Expands one circuit; `run` is its one entry."""

    def __init__(self, collector: Collector, num_qubits: int) -> None:
        self.collector = collector
        self.num_qubits = num_qubits
        self.operations: list[Operation] = []
        self.blocks: list[Segment] = []
        self.slots: list[Angle] = []
        self.tensors: list[WeightTensor] = []
        self.tensor_spans: dict[str, Span] = {}
        self.num_weights = 0
        self.measured: list[Measurement] = []
        self.measure_span: Span | None = None
        self.measured_spans: list[Span] = []
        self.amplitude: AmplitudeInput | None = None
        self.reader: Reader | None = None
        self.num_inputs = 0
        self.used: dict[int, Definition] = {}
        self.initials: list[tuple[nodes.Initial, tuple[str, tuple[float, ...]]]] = []
        self.freezes: list[nodes.Freeze] = []
        self.without: nodes.Without | None = None
        self.options: dict[int, tuple[nodes.Argument, bool]] = {}
        """Arguments of blocks that come from an option, and whether a placement has read them."""
        self.meter = Meter()
        self.depth = 0
        self.refused: Counter[int] = Counter()
        self.num_outputs = 0
        self.whole = collector.gathering()
        """The whole expansion: it `failed` once an error is found anywhere in it."""

    def run(self, body: tuple[nodes.Statement, ...], file: FileScope) -> Elaborated:
        """Carry out the circuit's statements and put the pieces together."""
        scope = Scope(file.scope, self.meter)
        scope.bind("qubits", self.num_qubits, None)
        frame = Frame(file, scope, tuple(range(self.num_qubits)))
        with self.whole:
            self._body(body, frame)
        tensors = self.tensors
        if not self.whole.failed:
            with self.collector.gathering():
                refuse_all(self._idle_options())
            tensors = apply_initials(self.initials, tensors, self.collector)
            tensors = apply_freezes(self.freezes, tensors, self.collector)
        used = tuple(self.used.values())
        if self.whole.failed:
            return Elaborated(None, self.reader, used)
        return Elaborated(
            self._assemble(tuple(tensors)), self.reader, used, self.tensor_spans, tuple(self.measured_spans)
        )

    def _assemble(self, tensors: tuple[WeightTensor, ...]) -> Circuit:
        operations, slots, blocks = tuple(self.operations), tuple(self.slots), tuple(self.blocks)
        if self.without is not None:
            total = len(operations)
            operations, slots, blocks = without_entanglers(operations, slots, blocks)
            dropped = total - len(operations)
            self.collector.add(warnings.EntanglersDropped(span=self.without.span, count=dropped, total=total))
        measured = tuple(self.measured) or tuple(placing.z_of_every(self.num_qubits))
        circuit = Circuit(
            num_qubits=self.num_qubits,
            operations=operations,
            slots=slots,
            measurements=measured,
            num_inputs=self.num_inputs,
            weights=tensors,
            amplitude=self.amplitude,
            blocks=blocks,
        )
        return verify(circuit)

    # ----------------------------------------------------------- statements

    def _body(self, body: tuple[nodes.Statement, ...], frame: Frame) -> None:
        """Carry out statements, one level deeper than those around them."""
        if not body:
            return
        self.depth += 1
        attempt = self.collector.gathering(frame)
        if self.depth > limits.MAX_STATEMENT_DEPTH:
            with attempt:
                bound("the depth of statements", self.depth, limits.MAX_STATEMENT_DEPTH, body[0].span)
            self._stop_after(attempt)
        for statement in body:
            if self.refused.get(id(statement), 0) >= limits.MAX_REFUSALS:
                self._pass_over(statement, frame)
                continue
            with attempt:
                self._statement(statement, frame)
            if attempt.error is not None:
                self._stop_after(attempt)
                self.refused[id(statement)] += 1
        self.depth -= 1

    def _stop_after(self, attempt: Gathering) -> None:
        """Raise `Stop` if a failed attempt is the last: a limit was passed, or no more errors are kept."""
        if isinstance(attempt.error, Stop):
            raise Stop
        if isinstance(attempt.error, Refusal) and (self.meter.is_exhausted or self.collector.is_full):
            raise Stop

    def _pass_over(self, statement: nodes.Statement, frame: Frame) -> None:
        """Leave out a statement whose mistake is reported; what it would define is used in silence."""
        self.meter.spent += 1
        if isinstance(statement, (nodes.Let, nodes.Input, nodes.Weight)) and not frame.scope.has(statement.name.name):
            frame.scope.bind(statement.name.name, Poison(), statement.name.span)

    def _statement(self, statement: nodes.Statement, frame: Frame) -> None:
        self.meter.charge(1, statement.span)
        match statement:
            case nodes.Gate():
                self._gate(statement, frame)
            case nodes.Let():
                self._let(statement, frame)
            case nodes.For():
                self._for(statement, frame)
            case nodes.If():
                chosen = truth(statement.condition, frame.scope, "a condition")
                self._body(statement.then if chosen else statement.otherwise, frame)
            case nodes.Repeat():
                self._repeat(statement, frame)
            case nodes.BlockUse():
                self._place(statement, frame)
            case nodes.Input():
                self._input(statement, frame)
            case nodes.Weight():
                self._weight(statement, frame)
            case _:
                self._circuit_only(statement, frame)

    def _circuit_only(self, statement: nodes.Statement, frame: Frame) -> None:
        if frame.kind != "circuit":
            what = statement.span.text.split(maxsplit=1)[0]
            hint = "it belongs in the circuit that places the block"
            raise Refusal(meaning.WrongPlace(span=statement.span, what=what, place="in a block", hint=hint))
        match statement:
            case nodes.Measure():
                self._measure(statement, frame)
            case nodes.Initial():
                self.initials.append((statement, self._initial(statement.how, frame)))
            case nodes.Freeze():
                self.freezes.append(statement)
            case nodes.Without(span, what_node):
                if what_node.name != "entanglers":
                    hint = "write `without entanglers`"
                    raise Refusal(
                        meaning.UnknownChoice(span=what_node.span, what="`without`", value=what_node.name, hint=hint)
                    )
                if self.without is not None:
                    note = Note("first said here", self.without.span)
                    raise Refusal(meaning.GivenTwice(span=span, name="without entanglers", notes=(note,)))
                self.without = statement
            case nodes.Shuffle(span):
                raise Refusal(unbuilt.NotBuilt(span=span, what="`shuffle inputs` is"))
            case nodes.Allow():
                pass  # `check` reads those

    def _let(self, let: nodes.Let, frame: Frame) -> None:
        refuse_shadowing(let.name, frame.scope)
        try:
            value = evaluate(let.value, frame.scope)
        except (Refusal, Silent):
            frame.scope.bind(let.name.name, Poison(), let.name.span)
            raise
        frame.scope.bind(let.name.name, value, let.name.span)

    def _for(self, loop: nodes.For, frame: Frame) -> None:
        values: tuple[Value, ...] | range
        if isinstance(loop.values, nodes.Range):
            values = range_of(loop.values, frame.scope)
        else:
            found = evaluate(loop.values, frame.scope)
            if not isinstance(found, tuple):
                expected = "a range such as `0..qubits`, or a list"
                hint = value_advice.for_loop(loop.values) if isinstance(found, int) else ""
                words = meaning.WrongType(
                    span=loop.values.span, what="`for`", expected=expected, found=describe(found), hint=hint
                )
                raise Refusal(words)
            values = found
        refuse_shadowing(loop.variable, frame.scope)
        turn = Scope(frame.scope)
        inner = frame.inside(turn)
        for value in values:
            self.meter.charge(1, loop.span)
            turn.clear()
            turn.bind(loop.variable.name, value, loop.variable.span)
            self._body(loop.body, inner)

    def _repeat(self, loop: nodes.Repeat, frame: Frame) -> None:
        count = whole(loop.count, frame.scope, "how often to repeat")
        if not 0 <= count <= limits.MAX_LOOP:
            bound = f"0 to {limits.MAX_LOOP}"
            raise Refusal(meaning.OutOfBounds(span=loop.count.span, what="`repeat`", bound=bound, value=str(count)))
        path = frame.unique("repeat")
        for turn in range(count):
            self.meter.charge(1, loop.span)
            # every turn reads the same inputs from the start, and has weights of its own
            place = f"{path}.{turn}."
            inner = replace(frame, scope=Scope(frame.scope), path=place, counts=Counter(), reads=[0, 0])
            self._body(loop.body, inner)
            frame.reads[1] = max(frame.reads[1], inner.reads[1])

    # --------------------------------------------------- inputs and weights

    def _shape(self, shape: tuple[nodes.Expression, ...], frame: Frame) -> tuple[int, ...]:
        lengths = []
        for node in shape:
            length = whole(node, frame.scope, "a length")
            if not 0 <= length <= limits.MAX_WEIGHTS:
                raise Refusal(shapes.NoWidth(span=node.span, what="a length", bound="0 or more", value=str(length)))
            lengths.append(length)
        return tuple(lengths)

    @staticmethod
    def _size(what: str, shape: tuple[int, ...], limit: int, span: Span) -> int:
        """How many numbers a shape has; what is over its limit is not multiplied out."""
        size = 0 if 0 in shape else 1
        for length in shape if size else ():
            size *= length
            bound(what, size, limit, span)
        return size

    def _input(self, node: nodes.Input, frame: Frame) -> None:
        refuse_shadowing(node.name, frame.scope)
        frame.scope.bind(node.name.name, Poison(), node.name.span)
        if frame.kind == "ansatz":
            raise Refusal(meaning.InputInAnsatz(span=node.span))
        shape = self._shape(node.shape, frame)
        size = self._size("the number of inputs", shape, limits.MAX_INPUTS, node.span)
        start = frame.reads[0]
        frame.reads[0] += size
        frame.reads[1] = max(frame.reads[1], frame.reads[0])
        bound("the number of inputs", start + size, limits.MAX_INPUTS, node.span)
        self.meter.charge(size, node.span)
        components = self._components(start, size, node.span, frame)
        entries = tuple(InputRef(component) for component in components)
        frame.scope.bind(node.name.name, Tensor("input", node.name.name, shape, entries), node.name.span)

    def _components(self, start: int, size: int, span: Span, frame: Frame) -> tuple[int, ...]:
        """The components that `size` inputs from `start` of this frame's view are; notes who reads most."""
        if frame.view is None:
            components = tuple(range(start, start + size))
        elif start + size > len(frame.view):
            raise Refusal(self._slice_mismatch(frame, span, start + size))
        else:
            components = frame.view[start : start + size]
        needed = max(components, default=-1) + 1
        if needed > self.num_inputs:
            self.num_inputs = needed
            name, where = placing.reader_of(frame.chain, span)
            self.reader = Reader(name, needed, where)
        return components

    @staticmethod
    def _slice_mismatch(frame: Frame, span: Span, wanted: int) -> Diagnostic:
        given = count(len(frame.view or ()), "input")
        where = frame.chain[-1][1] if frame.chain else span
        return shapes.WrongSlice(span=where, name=frame.name, wanted=count(wanted, "input"), given=given)

    def _weight(self, node: nodes.Weight, frame: Frame) -> None:
        refuse_shadowing(node.name, frame.scope)
        frame.scope.bind(node.name.name, Poison(), node.name.span)
        shape = self._shape(node.shape, frame)
        size = self._size("the number of weights", shape, limits.MAX_WEIGHTS, node.span)
        tensor = WeightTensor(frame.unique(node.name.name), shape, self.num_weights)
        if node.initial is not None:
            tensor = replace(tensor, initial=self._initial(node.initial, frame))
        bound("the number of weights", self.num_weights + size, limits.MAX_WEIGHTS, node.span)
        self.meter.charge(len(frame.path) // _LETTERS, node.span)
        self.tensors.append(tensor)
        self.tensor_spans[tensor.path] = frame.chain[0][1] if frame.chain else node.span
        entries = tuple(WeightRef(tensor.offset + place) for place in range(size))
        self.num_weights += size
        frame.scope.bind(node.name.name, Tensor("weight", node.name.name, shape, entries), node.name.span)

    def _initial(self, how: nodes.Expression, frame: Frame) -> tuple[str, tuple[float, ...]]:
        if isinstance(how, nodes.Call) and how.function.name == "from":
            raise Refusal(unbuilt.NotBuilt(span=how.span, what="a warm start from another run is"))
        entry, arguments = entry_of(INITIALS, "initial", how)
        choice = bind(entry, arguments, frame.scope, how.span)
        return choice.name, tuple(float(value) for value in choice.options.values())

    # ---------------------------------------------------------------- gates

    def _slot(self, angle: Angle) -> int:
        self.slots.append(angle)
        return len(self.slots) - 1

    def _gate(self, node: nodes.Gate, frame: Frame) -> None:
        self.meter.operators += len(node.targets)
        if self.measure_span is not None:
            note = Note("measured here", self.measure_span)
            raise Refusal(shapes.GateAfterMeasure(span=node.span, notes=(note,)))
        bound("the number of gates", len(self.operations) + 1, limits.MAX_OPERATIONS, node.span)
        call = placing.gate_call(node, frame.scope)
        qubits = placing.targets(node, frame.qubits, frame.scope)
        if call.name == "pauli_rot":
            letters = placing.letters(call, len(qubits), node)
            angle = angle_of(call.angles[0], frame.scope)
            self.operations.append(Operation("pauli_rot", qubits, (self._slot(angle),), letters))
            return
        placing.fits(call, qubits, node)
        angles = [angle_of(angle, frame.scope) for angle in call.angles]
        self.operations.append(Operation(call.name, qubits, tuple(self._slot(angle) for angle in angles)))

    def _measure(self, node: nodes.Measure, frame: Frame) -> None:
        self.measure_span = node.span
        attempt = self.collector.gathering(frame)
        for output in node.outputs:
            with attempt:
                self._output(output, frame)
            self._stop_after(attempt)

    def _output(self, node: nodes.Expression, frame: Frame) -> None:
        self.meter.charge(1, node.span)
        found = measurements(node, self.num_qubits, frame.scope)
        self.num_outputs += sum(width_of(measurement) for measurement in found)
        span = self.measure_span or node.span
        bound("the number of outputs", self.num_outputs, limits.MAX_OUTPUTS, span)
        self.measured.extend(found)
        self.measured_spans += [node.span] * len(found)

    # --------------------------------------------------------------- blocks

    def _place(self, use: nodes.BlockUse, frame: Frame) -> None:
        if self.measure_span is not None:
            note = Note("measured here", self.measure_span)
            raise Refusal(shapes.GateAfterMeasure(span=use.span, notes=(note,)))
        name = use.call if isinstance(use.call, nodes.Name) else use.call.function
        if use.kind == "feature_map" and frame.kind == "ansatz":
            raise Refusal(meaning.InputInAnsatz(span=use.span))
        self.meter.charge(_PLACING + len(frame.path) // _LETTERS, use.span)
        qubits, view = placing.placement(use, frame.qubits, frame.view, frame.kind, frame.scope)
        if name.name in BUILT_IN_BLOCKS:
            self._built_in(name, use, replace(frame, qubits=qubits, view=view))
            return
        definition = self._definition(name, use, frame)
        inner = Frame(
            file=definition.file,
            scope=Scope(definition.file.scope, self.meter),
            qubits=qubits,
            kind=use.kind,
            name=name.name,
            view=view,
            path=f"{frame.unique(name.name)}.",
            chain=(*frame.chain, (definition, use.span)),
        )
        inner.scope.bind("qubits", len(qubits), None)
        bind_arguments(use, definition, frame, inner, self.collector)
        first = len(self.operations)
        self._body(definition.block.body, inner)
        if frame.kind == "circuit":
            self.blocks.append(Segment(use.kind, name.name, first, len(self.operations)))
        self._note_options(use, inner)
        is_own = inner.view is not None and view is not frame.view
        if is_own and inner.reads[1] < len(inner.view or ()) and not self.whole.failed:
            raise Refusal(self._slice_mismatch(inner, use.span, inner.reads[1]))
        if view is frame.view:
            frame.reads[1] = max(frame.reads[1], inner.reads[1])

    def _note_options(self, use: nodes.BlockUse, inner: Frame) -> None:
        for argument in use.call.arguments if isinstance(use.call, nodes.Call) else ():
            if argument.name is not None and argument.span.source.is_option:
                _, before = self.options.get(id(argument), (argument, False))
                self.options[id(argument)] = argument, before or argument.name.name in inner.scope.asked

    def _idle_options(self) -> Iterator[Diagnostic]:
        """A mistake for every argument that an option sets and that no placement reads."""
        for argument, is_read in self.options.values():
            if not is_read and argument.name is not None:
                reason = "the block does not read it here"
                yield meaning.NoEffect(span=argument.span, what=argument.name.name, reason=reason)

    def _definition(self, name: nodes.Name, use: nodes.BlockUse, frame: Frame) -> Definition:
        definition = definition_of(name, use, frame)
        bound("the depth of blocks", len(frame.chain) + 1, limits.MAX_BLOCK_DEPTH, use.span)
        self.used.setdefault(id(definition.block), definition)
        return definition

    def _built_in(self, name: nodes.Name, use: nodes.BlockUse, frame: Frame) -> None:
        refuse_misuse(name, use)
        if self.operations or self.amplitude is not None:
            raise Refusal(shapes.AmplitudeNotFirst(span=use.span))
        size = 1 << len(frame.qubits)
        bound("the number of inputs", size, limits.MAX_INPUTS, use.span)
        if frame.view is not None and len(frame.view) != size:
            inner = replace(frame, name="amplitude")
            raise Refusal(replace(self._slice_mismatch(inner, use.span, size), span=use.span))
        self.meter.charge(size, use.span)
        components = self._components(0, size, use.span, frame)
        self.reader = Reader("`amplitude`", self.reader.count, use.span) if self.reader else None
        if components != tuple(range(components[0], components[0] + size)):
            raise Refusal(shapes.WrongPlacement(span=use.span, problem="`amplitude` reads inputs without gaps"))
        self.amplitude = AmplitudeInput(frame.qubits, components[0])
