"""What is read of a state: every distinct Pauli term once, probabilities of outcomes, and the way to the outputs.

Qubits here are logical ones. The identity is never read; it is an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from hqnn_dsl.circuit.ir import Circuit, Observable, width_of, z_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import Factors

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """Output `column` holds `coefficient` times the value of term number `term`."""

    term: int
    column: int
    coefficient: float


@dataclass(frozen=True, eq=False)
class Readout:
    """What is read: the T distinct terms of outputs that are sums of Paulis, and the probabilities of outcomes.

    Outputs `[R, M]` follow from `values[R, V]`: the values of the terms, then the 2^k probabilities of each of
    `outcomes`, which are (first column, qubits). `sums` says what the terms add to; `offsets[M]` are constant.
    """

    terms: tuple[Factors, ...]
    matrix: Any
    offsets: Floats
    sums: tuple[Entry, ...]
    outcomes: tuple[tuple[int, tuple[int, ...]], ...]

    @property
    def num_outputs(self) -> int:
        return len(self.offsets)

    @property
    def num_values(self) -> int:
        """V: terms and probabilities together."""
        return len(self.terms) + sum(1 << len(qubits) for _, qubits in self.outcomes)

    def outputs(self, values: Floats) -> Floats:
        """Outputs `[R, M]` for `values[R, V]`."""
        place = len(self.terms)
        found = np.asarray(values[:, :place] @ self.matrix + self.offsets)
        for first, qubits in self.outcomes:
            size = 1 << len(qubits)
            found[:, first : first + size] = values[:, place : place + size]
            place += size
        return found


def readout_of(circuit: Circuit) -> Readout:
    """What the circuit's measurements read."""
    numbers: dict[Factors, int] = {}
    entries: list[Entry] = []
    outcomes: list[tuple[int, tuple[int, ...]]] = []
    offsets = np.zeros(circuit.num_outputs)
    column = 0
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            products = measured.products()
            offsets[column] = products.pop((), 0.0)
            for factors, coefficient in products.items():
                entries.append(Entry(numbers.setdefault(factors, len(numbers)), column, coefficient))
        else:
            outcomes.append((column, measured.qubits))
        column += width_of(measured)
    places = ([entry.term for entry in entries], [entry.column for entry in entries])
    coefficients = np.array([entry.coefficient for entry in entries], dtype=np.float64)
    matrix = csr_array((coefficients, places), shape=(len(numbers), circuit.num_outputs))
    return Readout(tuple(numbers), matrix, offsets, tuple(entries), tuple(outcomes))


class ByTerms:
    """The same where only Pauli terms can be read: probabilities become sums of products of Z.

    `terms` are those of the readout and then the products, each once.
    """

    def __init__(self, readout: Readout) -> None:
        self.readout = readout
        numbers = {factors: number for number, factors in enumerate(readout.terms)}
        self._places = [
            np.array([numbers.setdefault(factors, len(numbers)) for factors in z_products(qubits)[1:]], dtype=np.intp)
            for _, qubits in readout.outcomes
        ]
        self.terms = tuple(numbers)

    def outputs(self, values: Floats) -> Floats:
        """Outputs `[R, M]` for the values `[R, T]` of `terms`."""
        found = [values[:, : len(self.readout.terms)]]
        for places in self._places:
            products = np.concatenate([np.ones((len(values), 1)), values[:, places]], axis=1)
            found.append(hadamard(products) / products.shape[1])
        return self.readout.outputs(np.concatenate(found, axis=1))

    def weights(self, upstream: Floats) -> Floats:
        """For each row of `upstream[R, M]`, how much every term adds to upstream · outputs, `[R, T]`."""
        found = np.zeros((len(upstream), len(self.terms)))
        found[:, : len(self.readout.terms)] = (self.readout.matrix @ upstream.T).T
        for places, (first, qubits) in zip(self._places, self.readout.outcomes, strict=True):
            own = upstream[:, first : first + (1 << len(qubits))]
            found[:, places] += hadamard(own)[:, 1:] / own.shape[1]
        return found


def hadamard(rows: Floats) -> Floats:
    """Σ_m (-1)^|r AND m| `rows[:, m]` in column r, for rows of 2^k numbers; the sums of half as many, k times."""
    found = rows
    size = rows.shape[1]
    step = 1
    while step < size:
        pairs = found.reshape(len(rows), size // (2 * step), 2, step)
        low, high = pairs[:, :, 0], pairs[:, :, 1]
        found = np.stack([low + high, low - high], axis=2).reshape(len(rows), size)
        step *= 2
    return found
