"""Aer's noise models for what a spec calls noise, and how readout changes an expectation value.

Channels follow every gate of the circuit that is run, by its name. Readout is no channel on the state: a bit is read
wrong with some probability, so the observed value of a Pauli P on a qubit is a + b·<P>. A product of Paulis becomes the
product of those, which is again a sum of Pauli products and is read exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error, thermal_relaxation_error

from hqnn_dsl.transpile.device_part import DevicePart
from hqnn_dsl.transpile.passes import fake_devices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit import QuantumCircuit

    from hqnn_dsl.catalog.entry import Selection

Line = tuple[float, float]
"""(a, b): the observed value of a Pauli is a + b·<P>."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Aer's model, and by qubit of the circuit how its readout is off; a qubit that is read right is left out."""

    model: NoiseModel
    readout: Mapping[int, Line]

    def observed(self, letters: str, qubits: Sequence[int]) -> SparsePauliOp:
        """The operator whose exact value is what a noisy readout of a Pauli product shows; letter k is qubit k's."""
        return observed(letters, [self.readout.get(qubit, (0.0, 1.0)) for qubit in qubits])

    def seen(self, chances: NDArray[np.float64], qubits: Sequence[int]) -> NDArray[np.float64]:
        """Probabilities `[2^k]` of the outcomes of `qubits` as a noisy readout shows them; bit j is that of qubit j."""
        found = chances.reshape((2,) * len(qubits))
        for bit, qubit in enumerate(qubits):
            a, b = self.readout.get(qubit, (0.0, 1.0))
            shown = np.array([[1 + a + b, 1 + a - b], [1 - a - b, 1 - a + b]]) / 2
            axis = len(qubits) - 1 - bit
            found = np.moveaxis(np.tensordot(shown, found, axes=(1, axis)), 0, axis)
        return found.reshape(-1)


def observed(letters: str, lines: Sequence[Line]) -> SparsePauliOp:
    """The product of a + b·P over the qubits, on as many qubits; letter and line k are those of qubit k."""
    choices = [[(letter, b)] + ([("I", a)] if a else []) for letter, (a, b) in zip(letters, lines, strict=True)]
    terms = []
    for chosen in product(*choices):
        label = "".join(letter for letter, _ in reversed(chosen))
        terms.append((label, float(np.prod([weight for _, weight in chosen]))))
    return SparsePauliOp.from_list(terms)


def noise_of(noise: Selection, circuit: QuantumCircuit, kept: Sequence[int]) -> Noise:
    """The noise of a circuit whose qubit k is qubit `kept[k]` of the device that `noise` may name."""
    if noise.name == "from":
        model = NoiseModel.from_backend(DevicePart(fake_devices()[noise["device"]](), kept))
        return Noise(model, _lines(model))
    model = NoiseModel()
    one, two = _names(circuit, 1), _names(circuit, 2)
    if noise.name == "depolarizing":
        errors = depolarizing_error(noise["p1"], 1), depolarizing_error(noise["p2"], 2)
    else:
        times = noise["t1_us"] * 1e3, noise["t2_us"] * 1e3
        alone, both = (thermal_relaxation_error(*times, noise[name]) for name in ("gate1_ns", "gate2_ns"))
        errors = alone, both.tensor(both)
    for error, names in zip(errors, (one, two), strict=True):
        if names and not error.ideal():
            model.add_all_qubit_quantum_error(error, names)
    flip = noise["readout"]
    if flip:
        model.add_all_qubit_readout_error(ReadoutError([[1 - flip, flip], [flip, 1 - flip]]))
    return Noise(model, dict.fromkeys(range(circuit.num_qubits), (0.0, 1 - 2 * flip)) if flip else {})


def _names(circuit: QuantumCircuit, num_qubits: int) -> list[str]:
    """The gates on so many qubits that the circuit has."""
    return sorted({item.operation.name for item in circuit.data if len(item.qubits) == num_qubits})


def _lines(model: NoiseModel) -> dict[int, Line]:
    """Readout by qubit: from the chances to read 1 for 0 and 0 for 1."""
    found = {}
    for (qubit,), error in model._local_readout_errors.items():  # noqa: SLF001 - Aer has no public way to ask
        (_, up), (down, _) = error.probabilities
        found[qubit] = (float(down - up), float(1 - up - down))
    return found


def single(letters: str) -> Pauli:
    """A Pauli product on as many qubits, letter k on qubit k."""
    return Pauli(letters[::-1])
