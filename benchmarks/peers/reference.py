"""The backend `reference`: dense, plain torch. In double precision it says what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import oracle
from benchmarks.peers.ours import layer_step
from benchmarks.workloads import Numbers, numbers_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload

AMPLITUDES_AT_A_TIME = 1 << 17
"""Amplitudes of the states that are differentiated at once: backpropagation keeps them after every gate."""

REFERENCE_QUBITS = 16
"""Wider states are judged by `benchmarks.oracle`."""


def prepare(workload: Workload, precision: str) -> Prepared:
    return layer_step(workload, numbers_of(workload), "reference", precision)


def truth(workload: Workload) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs `[B, M]`, gradients of inputs `[B, I]` and weights `[P]`, in double precision, some rows at a time."""
    if workload.num_qubits > REFERENCE_QUBITS:
        return oracle.truth(workload)
    numbers = numbers_of(workload)
    rows = max(1, AMPLITUDES_AT_A_TIME >> workload.num_qubits)
    outputs, inputs, weights = [], [], np.zeros(workload.num_weights)
    for first in range(0, workload.batch, rows):
        some = slice(first, first + rows)
        step = layer_step(
            workload, Numbers(numbers.inputs[some], numbers.weights, numbers.upstream[some]), "reference", "double"
        )
        step.step()
        found = step.results()
        outputs.append(found[0])
        inputs.append(found[1])
        weights += found[2]
    return np.concatenate(outputs), np.concatenate(inputs), weights
