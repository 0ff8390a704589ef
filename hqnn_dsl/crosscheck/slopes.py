"""Gradients from values alone: central finite differences of fourth order, in double precision.

All points around one are a single batch: the weights are made inputs of a circuit that is otherwise the same, so that
every row has its own. It shares no derivative with what it checks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hqnn_dsl.circuit.angles import Angle, Apply, InputRef, WeightRef
from hqnn_dsl.circuit.ir import verify
from hqnn_dsl.crosscheck.points import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.crosscheck.points import Point
    from hqnn_dsl.network.quantum import QuantumLayer

STEP = 3e-4
SHIFTS = (-2.0, -1.0, 1.0, 2.0)
COEFFICIENTS = (1 / 12, -2 / 3, 2 / 3, -1 / 12)

WORK = 2e9
"""About how many amplitudes gates may turn at one point; beyond, only some of the gradients are checked."""


def unshared(circuit: Circuit) -> Circuit:
    """The circuit with its weights as inputs behind the inputs: one row of it is `[I + P]` numbers."""
    inputs = circuit.num_inputs + circuit.num_weights
    slots = tuple(_without_weights(angle, circuit.num_inputs) for angle in circuit.slots)
    return verify(replace(circuit, slots=slots, num_inputs=inputs, weights=(), input_names=()))


def _without_weights(angle: Angle, start: int) -> Angle:
    if isinstance(angle, WeightRef):
        return InputRef(start + angle.index)
    if isinstance(angle, Apply):
        return Apply(angle.function, tuple(_without_weights(argument, start) for argument in angle.arguments))
    return angle


def checked_gradients(circuit: Circuit, seed: int) -> list[int]:
    """Which of a point's gradients, flattened `[B * I + P]`, are checked: all, or a random choice of wide circuits."""
    count = ROWS * circuit.num_inputs + circuit.num_weights
    row = max(1, len(circuit.operations)) << circuit.num_qubits
    affordable = max(4, int(WORK / (row * ROWS * len(SHIFTS))))
    if count <= affordable:
        return list(range(count))
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return sorted(order[:affordable].tolist())


def slopes(layer: QuantumLayer, point: Point, wanted: Sequence[int], device: str) -> Tensor:
    """The gradients numbered `wanted`, `[len(wanted)]`, of a point's weighed outputs; `layer` is of `unshared`."""
    rows, width = point.inputs.shape
    base = torch.cat([point.inputs, point.weights.expand(rows, -1)], dim=1)
    batch = base.repeat(len(wanted), len(SHIFTS), 1, 1).reshape(len(wanted), len(SHIFTS), rows, base.shape[1])
    for place, number in enumerate(wanted):
        row, column = divmod(number, width) if number < rows * width else (slice(None), number - (rows - 1) * width)
        for k, shift in enumerate(SHIFTS):
            batch[place, k, row, column] += shift * STEP
    with torch.no_grad():
        outputs: Tensor = layer(batch.to(device)).to("cpu", torch.float64)
    weighed = (outputs * point.upstream).sum(dim=(2, 3))
    return weighed @ torch.tensor(COEFFICIENTS, dtype=torch.float64) / STEP
