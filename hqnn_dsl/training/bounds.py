"""Targets that no weights can reach: what a network puts out has bounds, and the table has targets beyond them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.circuit.ir import Observable, width_of
from hqnn_dsl.diagnostics.codes.bounds import TargetBeyondOutputs
from hqnn_dsl.diagnostics.quantities import count

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit, Measurement
    from hqnn_dsl.data.preprocess import Prepared
    from hqnn_dsl.semantics.spec import Layer, Spec

    Bounds = tuple[float, float]

EVERYTHING: Bounds = (-math.inf, math.inf)
_ROUNDING = 1e-6

_ENDS: dict[str, Bounds] = {"tanh": (-1, 1), "softsign": (-1, 1), "sin": (-1, 1), "sigmoid": (0, 1), "softmax": (0, 1)}
_LEAST = {"relu": 0.0, "softplus": 0.0, "silu": -0.28, "gelu": -0.17, "selu": -1.76}


def output_bounds(circuit: Circuit, decoder: tuple[Layer, ...]) -> list[Bounds]:
    """Between which two numbers each output of a network lies, whatever its weights are; perhaps infinite.

    Empty for a network without a circuit, whose features have no bounds that are known here.
    """
    bounds = [found for measured in circuit.measurements for found in _of_measured(measured)]
    for layer in decoder:
        bounds = [_through(layer, one) for one in bounds]
    return bounds


def _of_measured(measured: Measurement) -> list[Bounds]:
    if not isinstance(measured, Observable):
        return [(0.0, 1.0)] * width_of(measured)
    products = measured.products()
    middle = products.pop((), 0.0)
    reach = sum(abs(coefficient) for coefficient in products.values())
    return [(middle - reach, middle + reach)]


def _through(layer: Layer, bounds: Bounds) -> Bounds:
    """The bounds behind a line of the decoder; never narrower than they are."""
    name, (low, high) = layer.layer.name, bounds
    if name == "identity":
        pass
    elif name in _ENDS:
        low, high = _ENDS[name]
    elif name in _LEAST:
        low, high = _LEAST[name], math.inf
    elif name == "elu":
        low, high = -float(layer.layer.options["alpha"]), math.inf
    elif name != "dropout":  # all others have weights, or statistics, or no bounds
        low, high = EVERYTHING
    for operation, constant in layer.operations:
        low, high = _operated(operation, constant, (low, high))
    return low, high


def _operated(operation: str, constant: float, bounds: Bounds) -> Bounds:
    if operation in {"add", "sub"}:
        shift = constant if operation == "add" else -constant
        return bounds[0] + shift, bounds[1] + shift
    if operation in {"mul", "div"} and constant and math.isfinite(constant):
        ends = [end * constant if operation == "mul" else end / constant for end in bounds]
        return min(ends), max(ends)
    return EVERYTHING


def beyond_outputs(spec: Spec, circuit: Circuit, prepared: Prepared) -> tuple[TargetBeyondOutputs, ...]:
    """A warning for each target with rows to train on whose values the network cannot come to."""
    target = prepared.preparation.target
    rows = prepared.targets[prepared.preparation.parts.train]
    bounds = output_bounds(circuit, spec.decoder)
    if target.classes is not None or len(bounds) != len(target.names) or not len(rows):
        return ()
    scaled = target.apply(rows)
    ends = target.invert(np.asarray(bounds, dtype=np.float64).T)
    found = []
    for place, (name, (low, high)) in enumerate(zip(target.names, bounds, strict=True)):
        far = int(np.sum((scaled[:, place] < low - _ROUNDING) | (scaled[:, place] > high + _ROUNDING)))
        if far:
            found.append(
                TargetBeyondOutputs(
                    target=name,
                    low=f"{ends[0, place]:.6g}",
                    high=f"{ends[1, place]:.6g}",
                    far=count(far, "row"),
                    rows=len(rows),
                    least=f"{rows[:, place].min():.6g}",
                    most=f"{rows[:, place].max():.6g}",
                )
            )
    return tuple(found)
