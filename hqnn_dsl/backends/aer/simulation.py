"""Rows of angles to Aer, numbers back: one run for many rows, and a look at what Aer says it did.

`Machine` is a circuit on the qubits that Aer simulates, with its noise, and the one place where Aer is called. `Terms`
reads exact values of Pauli terms from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit_aer import AerError, AerSimulator

from hqnn_dsl.backends.aer.noise import Noise, noise_of, single
from hqnn_dsl.backends.shifts.circuit import ShiftableCircuit, shiftable_circuit
from hqnn_dsl.catalog.precision import COMPLEX_BYTES
from hqnn_dsl.diagnostics.codes.simulators import AerFailed
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.equivalence import without_idle_qubits
from hqnn_dsl.transpile.target import Target

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from hqnn_dsl.backends.aer.settings import Settings
    from hqnn_dsl.backends.shifts.readout import Floats, Readout
    from hqnn_dsl.circuit.ir import Circuit, Factors

MAX_ROWS = 4096
"""Rows in one run of Aer: each has a report of its own, some kilobytes of Python objects."""

MAX_RESULTS = 1 << 18
"""Numbers read in one run, rows times terms and outcomes."""

MAX_RUN_BYTES = 1 << 30
"""Memory for the states of one run's rows, of which Aer holds many at a time on a GPU."""


@dataclass(eq=False)
class Machine:
    """A shiftable circuit on the qubits that are simulated: `places[q]` is where logical qubit q is.

    `report` is Aer's metadata of the last run.
    """

    shiftable: ShiftableCircuit
    circuit: QuantumCircuit
    places: tuple[int, ...]
    noise: Noise | None
    settings: Settings
    report: dict[str, Any] = field(default_factory=dict)

    def rows_at_a_time(self, num_values: int) -> int:
        """How many rows one run takes, if each answers with so many numbers."""
        squared = 2 if self.settings.method == "density_matrix" else 1
        state = COMPLEX_BYTES[self.settings.precision] << (squared * min(self.circuit.num_qubits, 30))
        by_memory = MAX_ROWS if self.settings.method == "matrix_product_state" else MAX_RUN_BYTES // state
        return max(1, min(MAX_ROWS, MAX_RESULTS // max(1, num_values), by_memory))

    def located(self, factors: Factors) -> tuple[str, list[int]]:
        """A term's letters, and its qubits in `circuit`."""
        return "".join(letter for _, letter in factors).upper(), [self.places[qubit] for qubit, _ in factors]

    def run(self, circuit: QuantumCircuit, rows: Floats, shots: int, seed: int, **options: Any) -> list[Any]:
        """Aer's result for each of `rows[R, K]`, in order. Raises `Refusal` if Aer fails or ran elsewhere."""
        told = self.settings.simulator_options() | options
        if self.noise is not None:
            told["noise_model"] = self.noise.model
        parameters = self.shiftable.parameters
        given: dict[str, Any] = {"shots": shots, "seed_simulator": seed}
        if parameters:
            given["parameter_binds"] = [{one: rows[:, k] for k, one in enumerate(parameters)}]
        try:
            circuits = circuit if parameters else [circuit] * len(rows)
            result = AerSimulator(**told).run(circuits, **given).result()
        except (RuntimeError, AerError) as error:
            raise Refusal(AerFailed(reason=_sentence(str(error)))) from error
        if not result.success:
            reasons = [str(one.status) for one in result.results if not one.success]
            raise Refusal(AerFailed(reason=_sentence(reasons[0] if reasons else str(result.status))))
        self.report = dict(result.results[0].metadata)
        objection = self.settings.objection(self.report, len(rows))
        if objection is not None:
            raise Refusal(objection)
        assert len(result.results) == len(rows), "Aer answers every row of angles"
        return list(result.results)


def _sentence(text: str) -> str:
    """The first line of Aer's own words, without what frames it."""
    return next((line for line in re.sub(r"^ERROR:|\[.*?\]|['\"]", "", text).strip().splitlines() if line), "no reason")


def machine_of(circuit: Circuit, settings: Settings, seed: int) -> Machine:
    """The circuit for Aer: as it is, or on the qubits of the device whose noise it gets. Raises `Refusal`."""
    noise = settings.noise
    if noise is None or noise.name != "from":
        shiftable = shiftable_circuit(circuit)
        model = None if noise is None else noise_of(noise, shiftable.circuit, range(circuit.num_qubits))
        return Machine(shiftable, shiftable.circuit, shiftable.places, model, settings)
    shiftable = shiftable_circuit(circuit, Target(device=noise["device"], seed=seed))
    whole = shiftable.circuit
    used = {whole.find_bit(qubit).index for item in whole.data for qubit in item.qubits} | set(shiftable.places)
    kept = sorted(used)
    compact, _ = without_idle_qubits(whole, [], also=shiftable.places)
    places = tuple(kept.index(place) for place in shiftable.places)
    return Machine(shiftable, compact, places, noise_of(noise, compact, kept), settings)


class Terms:
    """Exact values of the terms and the probabilities that a readout reads, noise and readout errors included."""

    def __init__(self, machine: Machine, readout: Readout) -> None:
        self.machine = machine
        self._width = readout.num_values
        self._outcomes = [[machine.places[qubit] for qubit in qubits] for _, qubits in readout.outcomes]
        self._names = [f"t{k}" for k in range(len(readout.terms))]
        self._circuit = machine.circuit.copy()
        for name, factors in zip(self._names, readout.terms, strict=True):
            letters, qubits = machine.located(factors)
            read = single(letters) if machine.noise is None else machine.noise.observed(letters, qubits)
            self._circuit.save_expectation_value(read, qubits, label=name)
        for number, qubits in enumerate(self._outcomes):
            self._circuit.save_probabilities(qubits, label=f"p{number}")

    @property
    def rows_at_a_time(self) -> int:
        return self.machine.rows_at_a_time(self._width)

    def __call__(self, rows: Floats) -> Floats:
        """`[R, V]` for angles `rows[R, K]`, of any number of rows; see `Readout`."""
        found = np.zeros((len(rows), self._width))
        alone = not self.machine.shiftable.parameters  # then all rows are the same
        for start in range(0, len(rows) if self._width else 0, self.rows_at_a_time):
            part = rows[start : start + self.rows_at_a_time]
            results = self.machine.run(self._circuit, part[:1] if alone else part, 1, 0)
            for row, result in enumerate(results):
                found[start + row] = self._read(result.data)
            if alone:
                found[:] = found[0]
                break
        return found

    def _read(self, data: Any) -> Floats:
        """One row's values from Aer's answer."""
        values: list[Any] = [[getattr(data, name) for name in self._names]]
        for number, qubits in enumerate(self._outcomes):
            chances = np.asarray(getattr(data, f"p{number}"), dtype=np.float64)
            values.append(chances if self.machine.noise is None else self.machine.noise.seen(chances, qubits))
        return np.concatenate(values)

    def bond(self, row: Floats) -> tuple[int, float]:
        """The largest bond dimension that one row's state reached, and the sum of what truncating it dropped.

        Dropped are squares of Schmidt coefficients. Aer writes both into one log of the process that it never empties,
        so only this asks for it: the row is run twice, and what the second run added is its own.
        """
        before, after = (self._logged_steps(row) for _ in range(2))
        own = after[len(before) :]
        bonds = [int(number) for bonds, _ in own for number in bonds.split()]
        return max(bonds, default=1), sum(float(dropped) for _, dropped in own if dropped)

    def _logged_steps(self, row: Floats) -> list[tuple[str, str]]:
        """By step of Aer's log so far, after running `row`: all bond dimensions, and what was dropped, if anything."""
        self.machine.run(self._circuit, row[None, :], 1, 0, mps_log_data=True)
        return _STEP.findall(str(self.machine.report.pop("MPS_log_data", "")))


_STEP = re.compile(r"I\d+:[^=]*BD=\[([\d ]*)\],(?:\s*discarded_value=([-+.\deE]+))?")
"""One step in Aer's log: `I7:cx on qubits 0,1, BD=[2 2],  discarded_value=1e-05,`."""
