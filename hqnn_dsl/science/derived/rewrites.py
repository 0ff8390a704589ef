"""The rewrites: from the tree of a resolved spec to that of each control, with a sentence about what was done.

A rewrite raises `Absent` with the reason if the spec has no such control. What stands in the place of a circuit is
added behind the encoder, so that the lines of the decoder keep their numbers and with them their starting weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import pipeline
from hqnn_dsl.catalog.layers import LAYERS, LayerEntry
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.science.derived import trees
from hqnn_dsl.science.derived.controls import Absent
from hqnn_dsl.science.derived.counts import circuit_weights
from hqnn_dsl.science.derived.frequencies import MOST_PHASES, phases_of
from hqnn_dsl.semantics.weight_paths import Paths
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.syntax.walk import names_in, statements_in

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.program import Program
    from hqnn_dsl.semantics.spec import Layer, Spec


@dataclass(frozen=True)
class Rewritten:
    """The tree of a control, and what is said of it."""

    tree: nodes.File
    note: str = ""


@dataclass(frozen=True)
class Given:
    """What rewrites begin from: a program, and the tree of its resolved text."""

    program: Program
    tree: nodes.File

    @property
    def spec(self) -> Spec:
        return self.program.spec

    @property
    def circuit(self) -> Circuit:
        return self.program.logical

    def checked(self, text: str) -> Program:
        """The program of a text that stands where the given spec stands. Raises `Refusal`."""
        source = self.program.source
        folder = str(Path(source.name).parent) if source.folder is None else source.folder
        return pipeline.program(Source("derived spec", text, folder=folder))

    @property
    def body(self) -> tuple[nodes.Statement, ...]:
        return trees.circuit_in(self.tree).body


def as_written(given: Given) -> Rewritten:
    """The resolved spec itself."""
    return Rewritten(given.tree, "the spec itself, with every default written out")


def frozen(given: Given) -> Rewritten:
    """The circuit's weights stay at their start."""
    trained = circuit_weights(given.circuit)
    if not trained:
        raise Absent("the circuit has no trained weights")
    if not _layers_train(given.spec):
        raise Absent("without the circuit's weights nothing is left to train")
    tree = trees.with_body(given.tree, _frozen(given.body))
    note = f"{count(trained, 'weight')} of the circuit {_stays(trained)} at the random start; only layers are trained"
    return Rewritten(trees.without_quantum_rate(tree), note)


def _stays(number: int) -> str:
    return "stays" if number == 1 else "stay"


def _frozen(body: tuple[nodes.Statement, ...]) -> tuple[nodes.Statement, ...]:
    kept = trees.kept_in(body, lambda item: not isinstance(item, nodes.Freeze))
    return (*kept, trees.statement_of("freeze weights"))


def without_entanglers(given: Given) -> Rewritten:
    """All gates on two or more qubits are gone."""
    if any(isinstance(item, nodes.Without) for item, _ in statements_in(trees.circuit_in(given.tree))):
        raise Absent("the spec itself is without entanglers")
    dropped = sum(operation.num_qubits > 1 for operation in given.circuit.operations)
    if not dropped:
        raise Absent("the circuit has no entanglers")
    note = f"{count(dropped, 'gate')} on two or more qubits are gone, with their angles"
    if dropped == 1:
        note = "one gate on two or more qubits is gone, with its angles"
    if given.circuit.amplitude is not None:
        note += "; the amplitudes that the circuit starts from may be entangled"
    return Rewritten(trees.with_body(given.tree, (*given.body, trees.statement_of("without entanglers"))), note)


def feature_map_only(given: Given) -> Rewritten:
    """Ansätze are gone, and gates of the circuit itself whose angles read weights and no inputs."""
    if not circuit_weights(given.circuit) and not _has_ansatz(given.tree):
        raise Absent("the circuit has neither an ansatz nor trained weights")
    if not _layers_train(given.spec):
        raise Absent("without the circuit's weights nothing is left to train")
    weights, inputs = _names(given.body, nodes.Weight), _names(given.body, nodes.Input)

    def keep(item: nodes.Statement) -> bool:
        if isinstance(item, nodes.BlockUse):
            return item.kind != "ansatz"
        if isinstance(item, nodes.Gate) and isinstance(item.call, nodes.Call):
            read = set(names_in(item.call.arguments))
            return not read & weights or bool(read & inputs)
        return not isinstance(item, nodes.Freeze)

    body = trees.without_unread(trees.kept_in(given.body, keep))
    bare = trees.kept_in(body, lambda item: not isinstance(item, nodes.Initial))
    circuit = given.checked(text_of(trees.without_quantum_rate(trees.with_body(given.tree, bare)))).logical
    paths = Paths(list(circuit.weights))
    body = trees.kept_in(body, lambda item: not isinstance(item, nodes.Initial) or _means(paths, item.path))
    note = "ansätze and gates of weights alone are gone"
    if circuit.num_weights:
        body = (*body, trees.statement_of("freeze weights"))
        note += (
            f"; {count(circuit.num_weights, 'weight')} of the feature maps {_stays(circuit.num_weights)} at the start"
        )
    return Rewritten(trees.without_quantum_rate(trees.with_body(given.tree, body)), note)


def _has_ansatz(tree: nodes.File) -> bool:
    found = (item for item, _ in statements_in(trees.circuit_in(tree)))
    return any(isinstance(item, nodes.BlockUse) and item.kind == "ansatz" for item in found)


def _names(body: tuple[nodes.Statement, ...], kind: type) -> set[str]:
    """The names of tensors of a kind, and of constants that are made of them."""
    found: set[str] = set()
    items = [item for outer in body for item in (outer, *(inner for inner, _ in statements_in(outer)))]
    for item in items:
        if isinstance(item, kind) and isinstance(item, nodes.Weight | nodes.Input):
            found.add(item.name.name)
    while True:
        lets = {item.name.name for item in items if isinstance(item, nodes.Let) and set(names_in(item.value)) & found}
        if lets <= found:
            return found
        found |= lets


def _means(paths: Paths, path: nodes.Path) -> bool:
    """Whether a path leads to weights."""
    try:
        paths.meant(path)
    except Refusal:
        return False
    return True


def no_circuit(given: Given) -> Rewritten:
    """Encoder and decoder alone."""
    tree = trees.without_circuit(given.tree)
    spec = given.spec
    if any(_sets_width(layer) for layer in spec.decoder):
        note = f"the decoder reads the {count(spec.num_inputs, 'value')} that the circuit read"
        return Rewritten(_with_decoder(trees.without_quantum_rate(tree)), note)
    tree = trees.appended(tree, "encoder", "dense(auto)")
    note = "a dense layer without an activation was added, since no layer behind the circuit sets the number of outputs"
    return Rewritten(_with_decoder(trees.without_quantum_rate(tree)), note)


def shuffled(given: Given) -> Rewritten:
    """The circuit answers each row for the inputs of another one."""
    if given.circuit.shuffles:
        raise Absent("the spec itself shuffles the circuit's inputs")
    if not given.circuit.num_inputs:
        raise Absent("the circuit reads no inputs")
    note = (
        "each row is answered for the inputs of another row, so nothing can be learned of a row from its own features"
    )
    return Rewritten(trees.with_body(given.tree, (*given.body, trees.statement_of("shuffle inputs"))), note)


def width_twin(given: Given) -> Rewritten:
    """A dense layer with the circuit's inputs and outputs, and tanh."""
    circuit = given.circuit
    lines = (f"dense({circuit.num_outputs})", _bounded(circuit))
    own = circuit.num_outputs * (circuit.num_inputs + 1)
    note = f"{count(own, 'weight')} in the place of the circuit's {circuit_weights(circuit)}"
    return Rewritten(_in_place(given, *lines), note)


def parameter_twin(given: Given) -> Rewritten:
    """The perceptron with as near as possible as many weights as the circuit trains."""
    circuit, wanted = given.circuit, circuit_weights(given.circuit)
    if not wanted:
        raise Absent("the circuit has no trained weights to match")
    own, lines = nearest_perceptron(circuit.num_inputs, circuit.num_outputs, wanted)
    note = f"{count(own, 'weight')} in the place of the circuit's {wanted}, a difference of {own - wanted:+d}"
    return Rewritten(_in_place(given, *lines, _bounded(circuit)), note)


def nearest_perceptron(inputs: int, outputs: int, wanted: int) -> tuple[int, tuple[str, ...]]:
    """The number of weights and the lines of the perceptron with about `wanted` weights, its last activation left out.

    One hidden layer of tanh, with biases, without those of the hidden layer, or without any, or no hidden layer; of
    equally near ones the first of this list. It has at least one hidden unit and, if it has none, all outputs.
    """
    found: list[tuple[int, tuple[str, ...]]] = []
    for hidden_bias, bias in ((True, True), (False, True), (False, False)):
        each = inputs + hidden_bias + outputs
        nearest = max(1, round((wanted - bias * outputs) / each))
        for hidden in {nearest, nearest + 1, max(1, nearest - 1)}:
            lines = (f"dense({hidden}{_no(hidden_bias)})", "tanh", f"dense({outputs}{_no(bias)})")
            found.append((hidden * each + bias * outputs, lines))
    found += [(outputs * (inputs + bias), (f"dense({outputs}{_no(bias)})",)) for bias in (True, False)]
    return min(found, key=lambda one: abs(one[0] - wanted))


def _no(bias: bool) -> str:  # noqa: FBT001 - the option of a layer
    return "" if bias else ", bias: false"


def surrogate(given: Given) -> Rewritten:
    """Cosines and sines of the circuit's phases, and a dense layer with its outputs."""
    circuit = given.circuit
    found = phases_of(circuit, given.spec.train.seed, MOST_PHASES)
    texts = ", ".join(f'"{text}"' for text in found.texts)
    lines = (f"fourier({texts}, inputs: {circuit.num_inputs})", f"dense({circuit.num_outputs})")
    which = f"all {len(found.texts)}" if not found.are_sampled else f"{len(found.texts)}"
    total = "" if not found.are_sampled else f" of {found.total or 'very many'}, drawn at random"
    note = f"cosines and sines of {which} phases{total}, and a linear layer"
    if found.weights_fixed:
        note += "; weights scale inputs, so the frequencies are those of the starting weights"
    return Rewritten(_in_place(given, *lines), note)


def _in_place(given: Given, *lines: str) -> nodes.File:
    """The tree with lines in the place of the circuit."""
    tree = trees.appended(trees.without_circuit(given.tree), "encoder", *lines)
    return _with_decoder(trees.without_quantum_rate(tree))


def _with_decoder(tree: nodes.File) -> nodes.File:
    """The tree with a decoder, which a model without a circuit has to have."""
    return tree if trees.layers_in(tree, "decoder") else trees.with_layers(tree, trees.lines_of("decoder", "identity"))


def _bounded(circuit: Circuit) -> str:
    """The last line of a twin: between the bounds of the circuit's outputs, the widest of them for all."""
    reaches = [
        sum(abs(value) for value in measured.products().values()) if isinstance(measured, Observable) else 1.0
        for measured in circuit.measurements
    ]
    widest = max([*reaches, 0.0]) or 1.0
    return "tanh" if widest == 1 else f"tanh * {widest!r}"


def _layers_train(spec: Spec) -> bool:
    """Whether encoder or decoder have weights; so do columns with trained vectors."""
    data = spec.data
    rules = [data.categories, *(code for rule in data.columns for code in rule.code)]
    return any(map(_has_weights, (*spec.encoder, *spec.decoder))) or any(rule.name == "embedding" for rule in rules)


def _has_weights(layer: Layer) -> bool:
    entry = LAYERS[layer.layer.name]
    return isinstance(entry, LayerEntry) and (entry.is_trained or bool(layer.layer.options.get("affine")))


def _sets_width(layer: Layer) -> bool:
    entry = LAYERS[layer.layer.name]
    return isinstance(entry, LayerEntry) and entry.sets_width
