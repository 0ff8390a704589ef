"""Weights that training changes, counted from a checked spec without building its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.program import Program
    from hqnn_dsl.semantics.spec import Layer


def circuit_weights(circuit: Circuit) -> int:
    """The weights of a circuit that are not frozen."""
    return sum(tensor.size for tensor in circuit.weights if not tensor.frozen)


def trained_weights(program: Program, in_width: int | None = None, out_width: int | None = None) -> int | None:
    """The weights of layers and circuit that training changes; None if a width is needed and known to the table only.

    `in_width` is the number of values that the first layer reads, `out_width` that of outputs, where the spec leaves
    them open. Trained vectors of columns are not counted.
    """
    spec = program.spec
    first = spec.in_width or program.features or in_width
    last = spec.out_width or program.targets or out_width
    if spec.has_circuit:
        parts = [
            _weights_of(spec.encoder, first, spec.num_inputs),
            _weights_of(spec.decoder, spec.num_outputs, last),
        ]
    else:
        parts = [_weights_of((*spec.encoder, *spec.decoder), first, last)]
    known = [part for part in parts if part is not None]
    return None if len(known) < len(parts) else sum(known) + circuit_weights(program.logical)


def _weights_of(layers: Iterable[Layer], width: int | None, follows: int | None) -> int | None:
    """The weights of lines behind `width` values; an open width is that of the next stage. None if one is not known."""
    total = 0
    for layer in layers:
        entry, options = LAYERS[layer.layer.name], layer.layer.options
        assert isinstance(entry, LayerEntry)
        after = (layer.out_width or follows) if entry.sets_width else width
        if entry.is_trained:
            if width is None or after is None:
                return None
            total += after * (width + bool(options.get("bias")))
        elif options.get("affine"):
            if width is None:
                return None
            total += 2 * width
        width = after
    return total
