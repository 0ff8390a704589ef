"""Warnings about a model without mistakes: declarations without effect, and encoders without bounds.

A weight or an input in no angle is found at once; one that is in an angle and has no effect is found by a proof on the
circuit as Pauli rotations, if that takes next to no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import InputRef, WeightRef, distinct_leaves
from hqnn_dsl.circuit.ir import width_of
from hqnn_dsl.diagnostics.codes import warnings
from hqnn_dsl.diagnostics.codes.bounds import TargetBeyondOutputs
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics import last_layers, layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit, WeightTensor
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.collector import Collector
    from hqnn_dsl.semantics.elaborate import Elaborated

MOST_LISTED = 6
"""How many weights, inputs or outputs a warning names."""


def warn(
    encoder: list[layers.Line], circuit: Circuit, elaborated: Elaborated, head: Span, collector: Collector
) -> None:
    """Warn of a circuit and an encoder that are probably not meant; `head` is the first line of the circuit."""
    inputs, weights = _used(circuit)
    for tensor in circuit.weights:
        used_of = sum(index in weights for index in range(tensor.offset, tensor.offset + tensor.size))
        unused = tensor.size - used_of
        if unused:
            some = f"{unused} of the {tensor.size}" if used_of else "all" if unused > 1 else "the only"
            verb = "stands" if unused == 1 else "stand"
            noun = "weight" if tensor.size == 1 else "weights"
            what = f"{some} {noun} of `{tensor.path}` {verb}"
            collector.add(warnings.UnusedWeight(span=elaborated.tensor_spans[tensor.path], what=what))
    if circuit.amplitude is None and elaborated.reader is not None and len(inputs) < circuit.num_inputs:
        unread = circuit.num_inputs - len(inputs)
        width = count(circuit.num_inputs, "input")
        span = elaborated.reader.span
        verb = "is" if unread == 1 else "are"
        what = f"{count(unread, 'component')} of the circuit's inputs {verb}"
        collector.add(warnings.UnusedInput(span=span, what=what, width=width))
    if encoder and inputs and not layers.ends_bounded(encoder):
        collector.add(warnings.UnboundedEncoder(span=encoder[-1].span))
    if not collector.has_errors:
        _warn_of_idle(circuit, elaborated, head, collector)


def _used(circuit: Circuit) -> tuple[set[int], set[int]]:
    """The inputs and the weights that stand in angles."""
    used = set(distinct_leaves(circuit.slots))
    inputs = {leaf.index for leaf in used if isinstance(leaf, InputRef)}
    return inputs, {leaf.index for leaf in used if isinstance(leaf, WeightRef)}


def not_judged(circuit: Circuit) -> tuple[str, ...]:
    """The codes of warnings that are not looked for here, in a circuit of this size or by this room."""
    from hqnn_dsl.circuit.pauli.effects import is_quick

    proved = (warnings.DeadWeight, warnings.DeadInput, warnings.ConstantOutput)
    later = (warnings.TrainingTooLarge, TargetBeyondOutputs, warnings.DeadWeight)
    # there is no DeadWeight for the last layers of library blocks
    return tuple(row.code for row in (later if is_quick(circuit) else (*proved, *later)))


def _warn_of_idle(circuit: Circuit, elaborated: Elaborated, head: Span, collector: Collector) -> None:
    """Weights and inputs that reach no output, and outputs that are constant."""
    from hqnn_dsl.circuit.pauli.effects import effects, is_quick

    if not is_quick(circuit) or not (circuit.num_inputs or circuit.weights):
        return  # a circuit with nothing to vary is constant, as it says
    found = effects(circuit)
    spans = elaborated.measured_spans or (head,) * len(circuit.measurements)
    _constant_outputs(found.constants, circuit, spans, collector)
    if len(found.constants) == circuit.num_outputs:
        return  # everything is idle, for the reason just given
    dead = set(found.dead_weights)
    for tensor in circuit.weights:
        indices = [place for place in range(tensor.size) if tensor.offset + place in dead]
        is_library = bool(indices) and last_layers.is_of_library(tensor, elaborated.used)
        if is_library and last_layers.is_its_nature(circuit, tensor, len(indices)):
            continue
        if indices:
            noun = "weight" if tensor.size == 1 else "weights"
            what = f"{_some(len(indices), tensor.size)} {noun} of `{tensor.path}`"
            which = _listed([_entry(tensor, place) for place in indices])
            span, them = elaborated.tensor_spans[tensor.path], _them(indices)
            hint = last_layers.avoiding(circuit) if is_library else ""
            collector.add(warnings.DeadWeight(span=span, what=what, which=which, them=them, hint=hint))
    if found.dead_inputs and elaborated.reader is not None:
        noun = "component" if circuit.num_inputs == 1 else "components"
        what = f"{_some(len(found.dead_inputs), circuit.num_inputs)} {noun} of the circuit's inputs"
        which = _listed([f"x[{index}]" for index in found.dead_inputs])
        them = _them(found.dead_inputs)
        collector.add(warnings.DeadInput(span=elaborated.reader.span, what=what, which=which, them=them))


def _constant_outputs(
    constants: Mapping[int, float | None], circuit: Circuit, spans: tuple[Span, ...], collector: Collector
) -> None:
    """A warning for each place of the spec that asks for constant outputs."""
    places: dict[Span, list[int]] = {}
    first = 0
    for measurement, span in zip(circuit.measurements, spans, strict=True):
        after = first + width_of(measurement)
        places.setdefault(span, []).extend(output for output in range(first, after) if output in constants)
        first = after
    for span, outputs in places.items():
        if outputs:
            values = {constants[output] for output in outputs}
            value = f"always {_number(values.pop())}" if len(values) == 1 and None not in values else "always the same"
            one = len(outputs) == 1
            named = f"{'output' if one else 'outputs'} {_listed(list(map(str, outputs)))}"
            what = f"{named} {'is' if one else 'are'} {value}"
            collector.add(warnings.ConstantOutput(span=span, what=what, value=value))


def _number(value: float | None) -> str:
    return f"{value or 0.0:.6g}"


def _some(number: int, size: int) -> str:
    return "the only" if size == 1 else f"all {size}" if number == size else f"{number} of the {size}"


def _them(items: Sequence[int]) -> str:
    return "it" if len(items) == 1 else "them"


def _entry(tensor: WeightTensor, place: int) -> str:
    """`w[0, 2]`: an entry as the block writes it."""
    indices: list[str] = []
    for length in reversed(tensor.shape):
        indices.append(str(place % length))
        place //= length
    indices.reverse()
    name = tensor.path.rpartition(".")[2]
    return f"{name}[{', '.join(indices)}]" if indices else name


def _listed(names: list[str]) -> str:
    return ", ".join(names if len(names) <= MOST_LISTED else [*names[: MOST_LISTED - 1], "…", names[-1]])
