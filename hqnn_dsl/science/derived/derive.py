"""The control group of a spec: what rewriting makes of it, checked, printed, and ready to be tuned.

Each control is a spec that runs on its own. Its text is printed from its tree, resolved once more, so that nothing
stands in it that nothing reads; then the constant `input_scale`, which is 1, is multiplied to the circuit's inputs.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from hqnn_dsl.catalog.objectives import OPTIMIZERS
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.recursion import room_to_recurse
from hqnn_dsl.science.derived import rewrites, trees
from hqnn_dsl.science.derived.controls import Absent, Derived, Tunable
from hqnn_dsl.science.derived.counts import circuit_weights, trained_weights
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.syntax.walk import names_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.program import Program

SCALE = "input_scale"
"""The constant that the circuit's inputs are multiplied with."""
SCALES = (0.1, 10.0)
"""Between which two numbers it is tuned."""
RATES = 10.0
"""Learning rates are tuned from that of the spec divided by this to that times this."""
_LINE = 100
"""Letters of a line of a header."""


class _Control(NamedTuple):
    name: str
    title: str
    said: str
    """What it is called in a sentence."""
    rewrite: Callable[[rewrites.Given], rewrites.Rewritten]
    reads_phases: bool = True
    """Whether angles are made of the circuit's inputs, which may then be scaled."""


CONTROLS = (
    _Control("as_written", "as written", "the model", rewrites.as_written),
    _Control("frozen", "frozen circuit", "the frozen circuit", rewrites.frozen),
    _Control("without_entanglers", "without entanglers", "the circuit without entanglers", rewrites.without_entanglers),
    _Control("feature_map_only", "feature map only", "the feature map alone", rewrites.feature_map_only),
    _Control("no_circuit", "no circuit", "the network without a circuit", rewrites.no_circuit, reads_phases=False),
    _Control("shuffled_inputs", "shuffled inputs", "the circuit with shuffled inputs", rewrites.shuffled),
    _Control(
        "width_twin", "width-preserving twin", "the width-preserving twin", rewrites.width_twin, reads_phases=False
    ),
    _Control(
        "parameter_twin",
        "parameter-matched twin",
        "the parameter-matched twin",
        rewrites.parameter_twin,
        reads_phases=False,
    ),
    _Control("surrogate", "same-spectrum surrogate", "the same-spectrum surrogate", rewrites.surrogate),
)
"""All controls, in the order in which they are told."""


def derive(program: Program, in_width: int | None = None, out_width: int | None = None) -> tuple[Derived, ...]:
    """The controls of a program, one of each kind: those that it does not have say why.

    `in_width` and `out_width` are the numbers of inputs and outputs of the network where only the table knows them;
    they change nothing but the count of weights. Raises `Refusal` (E0218, E0313, E0320) for a model that has no
    circuit, or that no table can train.
    """
    program.refuse_without_circuit()
    program.refuse_training()
    with room_to_recurse():
        given = rewrites.Given(program, trees.tree_of(program.resolved))
        found: list[Derived] = []
        bodies: dict[str, str] = {}
        for control in CONTROLS:
            made, body = _made(control, given, in_width, out_width)
            first = bodies.setdefault(body, control.name) if body else control.name
            found.append(made if first == control.name else replace(made, same_as=first))
        return tuple(found)


def _made(control: _Control, given: rewrites.Given, in_width: int | None, out_width: int | None) -> tuple[Derived, str]:
    """A control, and its text without the header, which is empty if it is absent."""
    try:
        rewritten = control.rewrite(given)
        plain = given.checked(text_of(rewritten.tree))
        tree, scale = trees.tree_of(plain.resolved), ""
        if control.reads_phases and given.circuit.sample_slots:
            tree, scale = _scaled(tree, len(given.spec.encoder))
        body = text_of(tree)
        program = given.checked(body)
    except Absent as reason:
        return Derived(control.name, control.title, control.said, "", None, "", absent_reason=str(reason)), ""
    except Refusal as refusal:
        reason_text = f"the rewritten spec is refused: {refusal.diagnostics[0].headline}"
        return Derived(control.name, control.title, control.said, "", None, "", absent_reason=reason_text), ""
    return (
        Derived(
            name=control.name,
            title=control.title,
            said=control.said,
            text=f"{_header(control, given, rewritten.note)}{body}",
            weights=trained_weights(program, in_width, out_width),
            note=rewritten.note,
            tunables=tuple(_tunables(program, scale)),
            circuit_weights=circuit_weights(program.logical),
            has_circuit=program.spec.has_circuit,
        ),
        body,
    )


def _header(control: _Control, given: rewrites.Given, note: str) -> str:
    """The comment on top: what the spec is, and from what and how it was made."""
    source = given.program.source.name.replace("\n", " ")
    said = f"The control `{control.title}` of the model `{given.spec.name}` in {source}, derived by hqnn: {note}."
    lines = textwrap.wrap(said, _LINE, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def _scaled(tree: nodes.File, encoder_lines: int) -> tuple[nodes.File, str]:
    """The tree with a constant that is multiplied to what the first lines of its encoder end with, and its name."""
    taken, name = set(names_in(tree, given=True)), SCALE
    while name in taken:
        name += "_"
    span = tree.span
    let = nodes.Let(span, nodes.Name(span, name), nodes.Number(span, 1.0))
    own = trees.layers_in(tree, "encoder")
    encoder = own if own is not None and encoder_lines else trees.lines_of("encoder", "identity")
    place = max(encoder_lines, 1) - 1
    line = nodes.Binary(span, "*", encoder.lines[place], nodes.Name(span, name))
    rest = own.lines if own is not None and not encoder_lines else encoder.lines[place + 1 :]
    tree = trees.with_layers(tree, replace(encoder, lines=(*encoder.lines[:place], line, *rest)))
    doc = "What the circuit's inputs are multiplied with."
    return replace(tree, statements=(replace(let, doc=doc), *tree.statements)), name


def _tunables(program: Program, scale: str) -> list[Tunable]:
    """What of a derived spec may be tuned."""
    found = [Tunable(scale, *SCALES, log=True, default=1.0)] if scale else []
    train = program.spec.train
    options, lowest = train.optimizer.options, train.scheduler.options.get("min_lr") or 0.0
    quantum, weights = circuit_weights(program.logical), trained_weights(program, 1, 1) or 0
    own = options.get("quantum_lr")
    if weights > quantum or own is None:
        rate = float(options["lr"])
        found.append(Tunable("optimizer.lr", max(rate / RATES, lowest), rate * RATES, log=True, default=rate))
    if quantum and OPTIMIZERS[train.optimizer.name].option("quantum_lr") is not None:
        rate = float(options["lr"] if own is None else own)
        found.append(Tunable("optimizer.quantum_lr", max(rate / RATES, lowest), rate * RATES, log=True, default=rate))
    return found
