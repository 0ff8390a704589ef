"""A checked spec in short: the counts of its circuit, and the widths from table to target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.spec import Layer

MAX_NAMES = 6
"""Of more columns only the number is shown."""


def circuit_counts(circuit: Circuit) -> str:
    """`4 qubits, 29 gates, 16 weights, 4 inputs, 4 outputs`; `none` for a model without a circuit."""
    if circuit.is_absent:
        return "none"
    numbers = {
        "qubit": circuit.num_qubits,
        "gate": len(circuit.operations),
        "weight": circuit.num_weights,
        "input": circuit.num_inputs,
        "output": circuit.num_outputs,
    }
    shuffled = ", inputs shuffled over rows" if circuit.shuffles else ""
    return ", ".join(count(number, noun) for noun, number in numbers.items()) + shuffled


def widths(checked: Checked) -> Iterator[tuple[str, str]]:
    """The stages from features to targets, each with its width.

    The width is empty if only the table knows it, or if the stage lists its columns.
    """
    spec, circuit = checked.spec, checked.circuit
    if checked.untrainable:
        yield "inputs", str(circuit.num_inputs)
        yield "circuit", str(circuit.num_outputs)
        return
    width, names, target = spec.in_width, spec.data.features.names, spec.data.target
    yield "features *" if names is None else _columns("feature", names), "" if width is None else str(width)
    if circuit.is_absent:
        yield from _layers((*spec.encoder, *spec.decoder), width, spec.out_width)
    else:
        yield from _layers(spec.encoder, width, circuit.num_inputs)
        yield "circuit", str(circuit.num_outputs)
        yield from _layers(spec.decoder, circuit.num_outputs, spec.out_width)
    yield _columns("target", target) if target else "the table's last column", ""


def _layers(layers: Sequence[Layer], width: int | None, follows: int | None) -> Iterator[tuple[str, str]]:
    for place, layer in enumerate(layers):
        given = layer.out_width if layer.out_width is not None else follows if place == len(layers) - 1 else width
        width = given
        yield layer.layer.name, "" if width is None else str(width)


def _columns(noun: str, names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MAX_NAMES else count(len(names), noun)
