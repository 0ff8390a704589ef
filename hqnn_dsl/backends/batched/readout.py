"""What is read of a state: every distinct Pauli term once, and the way from their values to the outputs.

Qubits here are logical ones. The identity is never read; it is an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from hqnn_dsl.circuit.ir import Circuit, Probabilities, width_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import PauliLetter

    Floats = NDArray[np.float64]

Factors = tuple[tuple[int, "PauliLetter"], ...]
"""A product of Paulis on distinct qubits, by qubit."""


@dataclass(frozen=True)
class Entry:
    """Output `column` holds `coefficient` times the value of term number `term`."""

    term: int
    column: int
    coefficient: float


@dataclass(frozen=True, eq=False)
class Readout:
    """T distinct terms, and outputs `[R, M]` as `values[R, T] @ matrix + offsets`.

    `sums` are the entries of the outputs that are sums of Paulis; `outcomes` are (first column, qubits) of the
    probabilities, which one measurement of all their qubits gives together.
    """

    terms: tuple[Factors, ...]
    matrix: Any
    offsets: Floats
    sums: tuple[Entry, ...]
    outcomes: tuple[tuple[int, tuple[int, ...]], ...]

    @property
    def num_outputs(self) -> int:
        return len(self.offsets)

    def outputs(self, values: Floats) -> Floats:
        """Outputs `[R, M]` for the terms' values `[R, T]`."""
        return np.asarray(values @ self.matrix + self.offsets)


def readout_of(circuit: Circuit) -> Readout:
    """What the circuit's measurements read."""
    numbers: dict[Factors, int] = {}
    entries: list[Entry] = []
    offsets = np.zeros(circuit.num_outputs)
    for column, observable in enumerate(circuit.observables):
        merged: dict[int, float] = {}
        for term in observable.terms:
            if not term.factors:
                offsets[column] += term.coefficient
                continue
            number = numbers.setdefault(tuple(sorted(term.factors)), len(numbers))
            merged[number] = merged.get(number, 0.0) + term.coefficient
        entries += [Entry(number, column, coefficient) for number, coefficient in merged.items()]
    outcomes, first = [], 0
    for measured in circuit.measurements:
        if isinstance(measured, Probabilities):
            outcomes.append((first, measured.qubits))
        first += width_of(measured)
    together = {first + k for first, qubits in outcomes for k in range(1 << len(qubits))}
    shape = (len(numbers), circuit.num_outputs)
    places = ([entry.term for entry in entries], [entry.column for entry in entries])
    return Readout(
        tuple(numbers),
        csr_array((np.array([entry.coefficient for entry in entries], dtype=np.float64), places), shape=shape),
        offsets,
        tuple(entry for entry in entries if entry.column not in together),
        tuple(outcomes),
    )
