"""A circuit on a device: transpiled, its terms laid out, and the device ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit.quantum_info import Pauli

from hqnn_dsl.backends.primitive.device import LocalDevice
from hqnn_dsl.backends.primitive.service import ServiceDevice, connect
from hqnn_dsl.backends.shifts.circuit import shiftable_circuit, shiftable_on
from hqnn_dsl.backends.shifts.readout import ByTerms, readout_of
from hqnn_dsl.transpile.equivalence import without_idle_qubits
from hqnn_dsl.transpile.passes import fake_device

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.backends.primitive.device import Device
    from hqnn_dsl.backends.shifts.circuit import ShiftableCircuit
    from hqnn_dsl.catalog.entry import Selection
    from hqnn_dsl.circuit.ir import Circuit

EXACT = "statevector"
"""The name of Qiskit's exact estimator."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of `backend primitive`, `shots` decided: None if values are exact."""

    name: str
    shots: int | None
    gradient: Selection
    precision: str
    optimization: int
    mode: str
    resilience: int | None
    account: str | None


@dataclass(frozen=True, eq=False)
class Placed:
    """What runs: `circuit` on the qubits of `device`, the `terms` of `readout` on the same qubits, in its order."""

    shiftable: ShiftableCircuit
    circuit: QuantumCircuit
    readout: ByTerms
    terms: tuple[Pauli, ...]
    device: Device


def place(circuit: Circuit, settings: Settings, seed: int) -> Placed:
    """The circuit on the device that the settings name. Raises `Refusal` if that cannot be done."""
    if settings.name == EXACT:
        return placed(circuit, shiftable_circuit(circuit), LocalDevice(EXACT))
    if settings.name.startswith("fake_"):
        return on_part(circuit, fake_device(settings.name, circuit.num_qubits), settings.optimization, seed)
    service, backend = connect(settings.name, settings.account)
    device = ServiceDevice(service, backend, settings.mode, settings.resilience)
    return placed(circuit, shiftable_on(circuit, backend, settings.optimization, seed), device)


def placed(circuit: Circuit, shiftable: ShiftableCircuit, device: Device) -> Placed:
    """All of a transpiled circuit on a device."""
    return _placed(circuit, shiftable, shiftable.circuit, shiftable.places, device)


def on_part(circuit: Circuit, backend: Any, optimization: int, seed: int) -> Placed:
    """The circuit transpiled for a whole fake device and run on the qubits of it that are used."""
    from hqnn_dsl.transpile.device_part import DevicePart

    shiftable = shiftable_on(circuit, backend, optimization, seed)
    whole = shiftable.circuit
    used = {whole.find_bit(qubit).index for item in whole.data for qubit in item.qubits} | set(shiftable.places)
    kept = sorted(used)
    compact, _ = without_idle_qubits(whole, [], also=shiftable.places)
    places = [kept.index(place) for place in shiftable.places]
    return _placed(circuit, shiftable, compact, places, LocalDevice(backend.name, DevicePart(backend, kept)))


def _placed(
    circuit: Circuit, shiftable: ShiftableCircuit, runs: QuantumCircuit, places: Sequence[int], device: Device
) -> Placed:
    """The terms laid out: letter by letter to where the logical qubits are at the end."""
    readout = ByTerms(readout_of(circuit))
    terms = []
    for factors in readout.terms:
        letters = ["I"] * runs.num_qubits
        for qubit, letter in factors:
            letters[places[qubit]] = letter.upper()
        terms.append(Pauli("".join(reversed(letters))))
    return Placed(shiftable, runs, readout, tuple(terms), device)
