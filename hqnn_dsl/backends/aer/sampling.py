"""Outputs as a measurement with finitely many shots would give them, drawn from exact expectation values.

A Pauli product has the outcomes +1 and -1, and +1 with probability (1 + <P>) / 2: the mean of `shots` outcomes is a
binomial draw. Each term of each output is drawn on its own, as if measured with `shots` shots of its own; probabilities
are the frequencies of one measurement of all their qubits. So every row, every shift, every call has its own noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from hqnn_dsl.backends.shifts.readout import Floats, Readout


def sampled_outputs(readout: Readout, values: Floats, shots: int, rng: np.random.Generator) -> Floats:
    """Outputs `[R, M]` with the noise of `shots` shots, for the terms' exact values `[R, T]`."""
    found = np.tile(readout.offsets, (len(values), 1))
    if readout.sums:
        terms = np.array([entry.term for entry in readout.sums])
        up = np.clip((1 + values[:, terms]) / 2, 0, 1)
        means = 2 * rng.binomial(shots, up) / shots - 1
        found += means @ _gather(readout)
    exact = readout.outputs(values) if readout.outcomes else found
    for first, qubits in readout.outcomes:
        columns = slice(first, first + (1 << len(qubits)))
        chances = np.clip(exact[:, columns], 0, None)
        chances /= chances.sum(axis=1, keepdims=True)
        found[:, columns] = rng.multinomial(shots, chances) / shots
    return found


def _gather(readout: Readout) -> Any:
    """How drawn means `[R, number of sums]` make outputs, sparse `[number of sums, M]`."""
    columns = [entry.column for entry in readout.sums]
    coefficients = np.array([entry.coefficient for entry in readout.sums])
    return csr_array((coefficients, (range(len(columns)), columns)), shape=(len(columns), readout.num_outputs))
