"""Warnings about a model that is right: what is declared and has no effect, and encoders without bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import InputRef, WeightRef, leaves
from hqnn_dsl.report.codes import warnings
from hqnn_dsl.report.quantities import count
from hqnn_dsl.semantics import lines

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.report.diagnostic import Findings
    from hqnn_dsl.semantics.elaborate import Elaborated


def warn(encoder: list[lines.Line], circuit: Circuit, elaborated: Elaborated, findings: Findings) -> None:
    """What is legal in a circuit and its encoder and probably not meant."""
    used = [leaf for angle in circuit.slots for leaf in leaves(angle)]
    weights = {leaf.index for leaf in used if isinstance(leaf, WeightRef)}
    for tensor in circuit.weights:
        used_of = sum(index in weights for index in range(tensor.offset, tensor.offset + tensor.size))
        unused = tensor.size - used_of
        if unused:
            some = f"{unused} of the {tensor.size}" if used_of else "all" if unused > 1 else "the only"
            verb = "stands" if unused == 1 else "stand"
            noun = "weight" if tensor.size == 1 else "weights"
            what = f"{some} {noun} of `{tensor.path}` {verb}"
            findings.add(warnings.UnusedWeight(span=elaborated.tensor_spans[tensor.path], what=what))
    inputs = {leaf.index for leaf in used if isinstance(leaf, InputRef)}
    if circuit.amplitude is None and elaborated.reader is not None and len(inputs) < circuit.num_inputs:
        unread = circuit.num_inputs - len(inputs)
        width = count(circuit.num_inputs, "input")
        span = elaborated.reader.span
        verb = "is" if unread == 1 else "are"
        what = f"{count(unread, 'component')} of the circuit's inputs {verb}"
        findings.add(warnings.UnusedInput(span=span, what=what, width=width))
    if encoder and inputs and not lines.ends_bounded(encoder):
        findings.add(warnings.UnboundedEncoder(span=encoder[-1].span))
