"""A circuit's braces to a `Circuit`: blocks expanded, loops run, every angle in a slot of its own.

`Elaborator` carries out the statements of the circuit and of the blocks placed in it. It goes on after a mistake, so
one run reports all independent ones; those inside a block are reported with the text that places the block.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from hqnn_dsl import limits
from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.circuit.angles import InputRef
from hqnn_dsl.circuit.ir import AmplitudeInput, WeightTensor
from hqnn_dsl.diagnostics.codes import meaning, shapes, unbuilt, warnings
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics import placing, value_advice
from hqnn_dsl.semantics.arguments import bind_arguments
from hqnn_dsl.semantics.circuit_builder import CircuitBuilder
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.definitions import BUILT_IN_BLOCKS, Definition, FileScope, refuse_shadowing
from hqnn_dsl.semantics.evaluate import angle_of, evaluate, range_of, truth, whole
from hqnn_dsl.semantics.frames import Frame, Progress, Stop, definition_of, refuse_misuse, stop_beyond
from hqnn_dsl.semantics.measure import measurements
from hqnn_dsl.semantics.options import bind, entry_of
from hqnn_dsl.semantics.values import Meter, Poison, Scope, Silent, Tensor, Value, describe
from hqnn_dsl.semantics.weight_paths import apply_freezes, apply_initials
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.circuit_builder import Reader
    from hqnn_dsl.semantics.collector import Collector, Gathering


_PLACING = 3
"""How many statements' work it is to place a block, beside carrying out its own."""
_LETTERS = 64
"""Letters of a path that are written in about the time of a statement."""


class Elaborated(NamedTuple):
    """The result of expanding a circuit. `circuit` is None if there were mistakes."""

    circuit: Circuit | None
    reader: Reader | None
    used: tuple[Definition, ...]
    tensor_spans: Mapping[str, Span]
    """Where each weight tensor is declared, or its outermost block placed."""
    measured_spans: tuple[Span, ...]
    """The text that asks for each measurement; empty without a `measure` line, which means `measure z`."""


class Elaborator:
    """Expands one circuit; `run` is its one entry."""

    def __init__(self, collector: Collector, num_qubits: int) -> None:
        self.collector = collector
        self.circuit = CircuitBuilder(num_qubits)
        self.measure_span: Span | None = None
        """The first `measure` line that was met."""
        self.used: dict[int, Definition] = {}
        self.initials: list[tuple[nodes.Initial, tuple[str, tuple[float, ...]]]] = []
        self.freezes: list[nodes.Freeze] = []
        self.without: nodes.Without | None = None
        self.shuffle: nodes.Shuffle | None = None
        self.options: dict[int, tuple[nodes.Argument, bool]] = {}
        """Arguments of blocks that come from an option, and whether a placement has read them."""
        self.meter = Meter()
        self.depth = 0
        self.refused: Counter[int] = Counter()
        self.whole = collector.gathering()
        """The whole expansion: it `failed` once an error is found anywhere in it."""

    def run(self, body: tuple[nodes.Statement, ...], file: FileScope) -> Elaborated:
        """Carry out the circuit's statements and put the pieces together."""
        scope = Scope(file.scope, self.meter)
        num_qubits = self.circuit.num_qubits
        scope.bind("qubits", num_qubits, None)
        with self.whole:
            self._body(body, Frame(file, scope, tuple(range(num_qubits))))
        tensors = self.circuit.tensors
        if not self.whole.failed:
            with self.collector.gathering():
                refuse_all(self._idle_options())
            tensors = apply_initials(self.initials, tensors, self.collector)
            tensors = apply_freezes(self.freezes, tensors, self.collector)
        circuit = None if self.whole.failed else self._assembled(tensors)
        used, parts = tuple(self.used.values()), self.circuit
        return Elaborated(circuit, parts.reader, used, parts.tensor_spans, tuple(parts.measured_spans))

    def _assembled(self, tensors: list[WeightTensor]) -> Circuit:
        circuit = self.circuit.built(tensors, has_entanglers=self.without is None)
        if self.shuffle is not None:
            self.collector.add(_shuffled(circuit, self.shuffle))
            circuit = replace(circuit, shuffles=True)
        if self.without is not None:
            total = self.circuit.num_operations
            dropped = total - len(circuit.operations)
            self.collector.add(warnings.EntanglersDropped(span=self.without.span, count=dropped, total=total))
        return circuit

    # ----------------------------------------------------------- statements

    def _body(self, body: tuple[nodes.Statement, ...], frame: Frame) -> None:
        """Carry out statements, one level deeper than those around them."""
        if not body:
            return
        self.depth += 1
        attempt = self.collector.gathering(frame)
        if self.depth > limits.MAX_STATEMENT_DEPTH:
            with attempt:
                stop_beyond("the depth of statements", self.depth, limits.MAX_STATEMENT_DEPTH, body[0].span)
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
        """Leave out a statement whose mistake is reported; the uses of a name that it would define are silent."""
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
            case nodes.Without():
                self._without(statement)
            case nodes.Shuffle():
                self._shuffle(statement)
            case nodes.Allow():
                pass  # `check` reads those

    def _without(self, node: nodes.Without) -> None:
        part = node.what
        if part.name != "entanglers":
            hint = "write `without entanglers`"
            raise Refusal(meaning.UnknownChoice(span=part.span, what="`without`", value=part.name, hint=hint))
        if self.without is not None:
            note = Note("first said here", self.without.span)
            raise Refusal(meaning.GivenTwice(span=node.span, name="without entanglers", notes=(note,)))
        self.without = node

    def _shuffle(self, node: nodes.Shuffle) -> None:
        part = node.what
        if part.name != "inputs":
            hint = "write `shuffle inputs`"
            raise Refusal(meaning.UnknownChoice(span=part.span, what="`shuffle`", value=part.name, hint=hint))
        if self.shuffle is not None:
            note = Note("first said here", self.shuffle.span)
            raise Refusal(meaning.GivenTwice(span=node.span, name="shuffle inputs", notes=(note,)))
        self.shuffle = node

    def _let(self, let: nodes.Let, frame: Frame) -> None:
        refuse_shadowing(let.name, frame.scope)
        try:
            value = evaluate(let.value, frame.scope)
        except (Refusal, Silent):
            frame.scope.bind(let.name.name, Poison(), let.name.span)
            raise
        frame.scope.bind(let.name.name, value, let.name.span)

    def _for(self, loop: nodes.For, frame: Frame) -> None:
        values = _loop_values(loop.values, frame.scope)
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
            # every turn reads the same inputs from the first, and has weights of its own
            inner = replace(frame, scope=Scope(frame.scope), path=f"{path}.{turn}.", progress=Progress())
            self._body(loop.body, inner)
            frame.progress.num_inputs = max(frame.progress.num_inputs, inner.progress.num_inputs)

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
        """The number of entries of a shape. Raises `Stop` before a product over the limit is multiplied out."""
        size = 0 if 0 in shape else 1
        for length in shape if size else ():
            size *= length
            stop_beyond(what, size, limit, span)
        return size

    def _input(self, node: nodes.Input, frame: Frame) -> None:
        refuse_shadowing(node.name, frame.scope)
        frame.scope.bind(node.name.name, Poison(), node.name.span)
        if frame.kind == "ansatz":
            raise Refusal(meaning.InputInAnsatz(span=node.span))
        shape = self._shape(node.shape, frame)
        size = self._size("the number of inputs", shape, limits.MAX_INPUTS, node.span)
        start = frame.progress.read_inputs(size)
        stop_beyond("the number of inputs", start + size, limits.MAX_INPUTS, node.span)
        self.meter.charge(size, node.span)
        components = self._components(start, size, node.span, frame)
        entries = tuple(InputRef(component) for component in components)
        frame.scope.bind(node.name.name, Tensor("input", node.name.name, shape, entries), node.name.span)

    def _components(self, start: int, size: int, span: Span, frame: Frame) -> tuple[int, ...]:
        """The components of the circuit's input that `size` inputs from `start` of this frame's view are."""
        if frame.view is None:
            components = tuple(range(start, start + size))
        elif start + size > len(frame.view):
            raise Refusal(self._slice_mismatch(frame, span, start + size))
        else:
            components = frame.view[start : start + size]
        self.circuit.read_inputs(components, *placing.reader_of(frame.chain, span))
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
        num_weights = self.circuit.num_weights
        tensor = WeightTensor(frame.unique(node.name.name), shape, num_weights)
        if node.initial is not None:
            tensor = replace(tensor, initial=self._initial(node.initial, frame))
        stop_beyond("the number of weights", num_weights + size, limits.MAX_WEIGHTS, node.span)
        self.meter.charge(len(frame.path) // _LETTERS, node.span)
        entries = self.circuit.add_weights(tensor, frame.chain[0][1] if frame.chain else node.span)
        frame.scope.bind(node.name.name, Tensor("weight", node.name.name, shape, entries), node.name.span)

    def _initial(self, how: nodes.Expression, frame: Frame) -> tuple[str, tuple[float, ...]]:
        if isinstance(how, nodes.Call) and how.function.name == "from":
            raise Refusal(unbuilt.NotBuilt(span=how.span, what="a warm start from another run is"))
        entry, arguments = entry_of(INITIALS, "initial", how)
        choice = bind(entry, arguments, frame.scope, how.span)
        return choice.name, tuple(float(value) for value in choice.options.values())

    # ---------------------------------------------------------------- gates

    def _refuse_measured(self, span: Span) -> None:
        """Refuse gates and blocks after a measurement."""
        if self.measure_span is not None:
            note = Note("measured here", self.measure_span)
            raise Refusal(shapes.GateAfterMeasure(span=span, notes=(note,)))

    def _gate(self, node: nodes.Gate, frame: Frame) -> None:
        self.meter.operators += len(node.targets)
        self._refuse_measured(node.span)
        stop_beyond("the number of gates", self.circuit.num_operations + 1, limits.MAX_OPERATIONS, node.span)
        call = placing.gate_call(node, frame.scope)
        qubits = placing.targets(node, frame.qubits, frame.scope)
        if call.name == "pauli_rot":
            letters = placing.letters(call, len(qubits), node)
            self.circuit.add_gate(call.name, qubits, [angle_of(call.angles[0], frame.scope)], letters)
            return
        placing.fits(call, qubits, node)
        self.circuit.add_gate(call.name, qubits, [angle_of(angle, frame.scope) for angle in call.angles])

    def _measure(self, node: nodes.Measure, frame: Frame) -> None:
        self.measure_span = node.span
        attempt = self.collector.gathering(frame)
        for output in node.outputs:
            with attempt:
                self._output(output, frame)
            self._stop_after(attempt)

    def _output(self, node: nodes.Expression, frame: Frame) -> None:
        self.meter.charge(1, node.span)
        outputs = measurements(node, self.circuit.num_qubits, frame.scope)
        self.circuit.add_outputs(outputs, node.span, self.measure_span or node.span)

    # --------------------------------------------------------------- blocks

    def _place(self, use: nodes.BlockUse, frame: Frame) -> None:
        self._refuse_measured(use.span)
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
        first = self.circuit.num_operations
        self._body(definition.block.body, inner)
        if frame.kind == "circuit":
            self.circuit.add_block(use.kind, name.name, first)
        self._note_options(use, inner)
        num_inputs = inner.progress.num_inputs
        if view is frame.view:
            frame.progress.num_inputs = max(frame.progress.num_inputs, num_inputs)
        elif view is not None and num_inputs < len(view) and not self.whole.failed:
            raise Refusal(self._slice_mismatch(inner, use.span, num_inputs))

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
        stop_beyond("the depth of blocks", len(frame.chain) + 1, limits.MAX_BLOCK_DEPTH, use.span)
        self.used.setdefault(id(definition.block), definition)
        return definition

    def _built_in(self, name: nodes.Name, use: nodes.BlockUse, frame: Frame) -> None:
        refuse_misuse(name, use)
        if self.circuit.num_operations or self.circuit.amplitude is not None:
            raise Refusal(shapes.AmplitudeNotFirst(span=use.span))
        size = 1 << len(frame.qubits)
        stop_beyond("the number of inputs", size, limits.MAX_INPUTS, use.span)
        if frame.view is not None and len(frame.view) != size:
            inner = replace(frame, name="amplitude")
            raise Refusal(replace(self._slice_mismatch(inner, use.span, size), span=use.span))
        self.meter.charge(size, use.span)
        components = self._components(0, size, use.span, frame)
        if self.circuit.reader is not None:
            self.circuit.reader = self.circuit.reader._replace(name="`amplitude`", span=use.span)
        if components != tuple(range(components[0], components[0] + size)):
            raise Refusal(shapes.WrongPlacement(span=use.span, problem="`amplitude` reads inputs without gaps"))
        self.circuit.amplitude = AmplitudeInput(frame.qubits, components[0])


def _shuffled(circuit: Circuit, node: nodes.Shuffle) -> Diagnostic:
    """What is said of a circuit whose inputs are shuffled."""
    if circuit.num_inputs:
        return warnings.InputsShuffled(span=node.span)
    return meaning.NoEffect(span=node.span, what="shuffle inputs", reason="the circuit reads no inputs")


def _loop_values(node: nodes.Expression, scope: Scope) -> Sequence[Value]:
    """The values that a loop runs over: of a range or a list."""
    if isinstance(node, nodes.Range):
        return range_of(node, scope)
    values = evaluate(node, scope)
    if isinstance(values, tuple):
        return values
    expected = "a range such as `0..qubits`, or a list"
    hint = value_advice.for_loop(node) if isinstance(values, int) else ""
    raise Refusal(meaning.WrongType(span=node.span, what="`for`", expected=expected, found=describe(values), hint=hint))
