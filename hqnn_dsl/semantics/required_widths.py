"""The numbers of features and targets that a network insists on; apart from the network, as this needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry

if TYPE_CHECKING:
    from hqnn_dsl.semantics.spec import Layer, Spec


def required_widths(spec: Spec) -> tuple[int | None, int | None]:
    """The numbers of inputs and of outputs that the network insists on; None if it takes any number."""
    if not spec.has_circuit:
        return _of_layers(spec)
    features = spec.in_width
    if features is None and not any(_sets_width(layer) for layer in spec.encoder):
        features = spec.num_inputs
    if spec.data.task == "regression" and spec.out_width is not None:
        return features, spec.out_width
    setting = [layer for layer in spec.decoder if _sets_width(layer)]
    return features, setting[-1].out_width if setting else spec.num_outputs


def _of_layers(spec: Spec) -> tuple[int | None, int | None]:
    """The same for a model without a circuit."""
    setting = [layer for layer in (*spec.encoder, *spec.decoder) if _sets_width(layer)]
    wanted = spec.out_width if spec.data.task == "regression" else None
    if not setting:
        both = spec.in_width or wanted
        return both, both
    return spec.in_width, wanted or setting[-1].out_width


def _sets_width(layer: Layer) -> bool:
    entry = LAYERS[layer.layer.name]
    return isinstance(entry, LayerEntry) and entry.sets_width
