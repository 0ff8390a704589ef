"""Shots as random runs: for noise on circuits whose density matrix does not fit.

Every term is measured in a circuit of its own, each shot with random errors drawn by Aer. Turning a qubit so that X or
Y can be measured as Z is free of noise, as it is where values are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit import ClassicalRegister
from qiskit.circuit.library import UnitaryGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.backends.aer.simulation import Machine
    from hqnn_dsl.backends.shifts.readout import Floats, Readout

_HALF = np.sqrt(0.5)
_TO_Z = {
    "X": np.array([[_HALF, _HALF], [_HALF, -_HALF]]),
    "Y": np.array([[_HALF, -1j * _HALF], [_HALF, 1j * _HALF]]),
}
"""What turns the eigenstates of a Pauli into those of Z: +1 into |0>."""


class Trajectories:
    """Outputs with the noise of gates, readout and shots, from measured bits."""

    def __init__(self, machine: Machine, readout: Readout) -> None:
        self.machine = machine
        self.readout = readout
        self._terms = {entry.term: self._measuring(*machine.located(readout.terms[entry.term]))
                       for entry in readout.sums}  # fmt: skip
        self._outcomes = [self._measuring("Z" * len(qubits), [machine.places[qubit] for qubit in qubits])
                          for _, qubits in readout.outcomes]  # fmt: skip

    @property
    def rows_at_a_time(self) -> int:
        return self.machine.rows_at_a_time(1)

    def __call__(self, rows: Floats, shots: int, rng: np.random.Generator) -> Floats:
        """Outputs `[R, M]` for angles `rows[R, K]`; each term of each output has its own shots."""
        found = np.tile(self.readout.offsets, (len(rows), 1))
        for start in range(0, len(rows), self.rows_at_a_time):
            part = slice(start, start + self.rows_at_a_time)
            for entry in self.readout.sums:
                counts = self._counts(self._terms[entry.term], rows[part], shots, rng)
                signs = np.array([(-1) ** bits.bit_count() for bits in range(counts.shape[1])])
                found[part, entry.column] += entry.coefficient * (counts @ signs) / shots
            for (first, qubits), circuit in zip(self.readout.outcomes, self._outcomes, strict=True):
                counts = self._counts(circuit, rows[part], shots, rng)
                found[part, first : first + (1 << len(qubits))] = counts / shots
        return found

    def _counts(self, circuit: QuantumCircuit, rows: Floats, shots: int, rng: np.random.Generator) -> Floats:
        """How often each outcome came, `[R, 2^k]`."""
        found = np.zeros((len(rows), 1 << circuit.num_clbits))
        results = self.machine.run(circuit, rows, shots, int(rng.integers(1 << 31)))
        for row, result in enumerate(results):
            for bits, count in result.data.counts.items():
                found[row, int(bits, 16)] = count
        return found

    def _measuring(self, letters: str, qubits: Sequence[int]) -> QuantumCircuit:
        """The circuit with these qubits measured: bit j is that of `qubits[j]`."""
        built = self.machine.circuit.copy()
        built.add_register(ClassicalRegister(len(qubits)))
        for bit, (letter, qubit) in enumerate(zip(letters, qubits, strict=True)):
            if letter in _TO_Z:
                built.append(UnitaryGate(_TO_Z[letter], label=f"measure_{letter.lower()}"), [qubit])
            built.measure(qubit, bit)
        return built
