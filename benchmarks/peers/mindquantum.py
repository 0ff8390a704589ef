"""MindQuantum's `get_expectation_with_grad`: every <Z_i> of a batch and its whole Jacobian, by the adjoint method.

The angle of a pair of inputs is no multiple of a parameter, so each pair has a parameter of its own, whose value and
derivative NumPy finds.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from mindquantum.core.circuit import Circuit
from mindquantum.core.gates import RY, RZ, H, PhaseShift, X
from mindquantum.core.operators import Hamiltonian, QubitOperator
from mindquantum.dtype import complex64, complex128
from mindquantum.simulator import Simulator

from benchmarks.steps import REAL
from benchmarks.workloads import Input, Pair, Weight, numbers_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Angle, Gate, Workload

TURNS = {"ry": RY, "rz": RZ, "p": PhaseShift}
STATE = {"single": complex64, "double": complex128}


def parameter_of(angle: Angle | None) -> dict[str, float]:
    """The name of the parameter of an angle, with its factor."""
    match angle:
        case Input(index, factor):
            return {f"x{index}": factor}
        case Pair(first, second):
            return {f"x{first}_{second}": 1.0}
        case Weight(index):
            return {f"w{index}": 1.0}
        case None:
            raise ValueError("a gate without an angle has no parameter")


def added(circuit: Circuit, gate: Gate) -> Circuit:
    """The circuit with one more gate."""
    if gate.name == "h":
        return circuit + H.on(gate.qubits[0])
    if gate.name == "cx":
        return circuit + X.on(gate.qubits[1], gate.qubits[0])
    return circuit + TURNS[gate.name](parameter_of(gate.angle)).on(gate.qubits[0])


def circuit_of(workload: Workload) -> Circuit:
    """The gates up to the first weight as MindQuantum's encoder, the others as its ansatz."""
    gates = workload.gates
    first = next(place for place, gate in enumerate(gates) if isinstance(gate.angle, Weight))
    encoder, ansatz = Circuit(), Circuit()
    for gate in gates[:first]:
        encoder = added(encoder, gate)
    for gate in gates[first:]:
        ansatz = added(ansatz, gate)
    return encoder.as_encoder() + ansatz.as_ansatz()


class JacobianStep:
    """A step: the angles of pairs, MindQuantum's values and Jacobian, and its products with the gradient from above."""

    def __init__(self, workload: Workload, precision: str) -> None:
        width, state = workload.num_qubits, STATE[precision]
        circuit = circuit_of(workload)
        if list(circuit.ansatz_params_name) != [f"w{index}" for index in range(workload.num_weights)]:
            raise AssertionError("the weights are in another order")
        names = list(circuit.encoder_params_name)
        self._singles = [place for place, name in enumerate(names) if "_" not in name]
        self._pairs = [place for place, name in enumerate(names) if "_" in name]
        self._inputs = [int(names[place][1:]) for place in self._singles]
        ends = np.array([[int(end) for end in names[place][1:].split("_")] for place in self._pairs], dtype=int)
        self._first, self._second = ends.reshape(-1, 2).T
        self._numbers, self._real = numbers_of(workload), REAL[precision]
        self._angles = np.empty((workload.batch, len(names)))
        self._operation = Simulator("mqvector", width, dtype=state).get_expectation_with_grad(
            [Hamiltonian(QubitOperator(f"Z{q}"), state) for q in range(width)],
            circuit,
            parallel_worker=len(os.sched_getaffinity(0)),
        )
        self._found: tuple[Any, Any, Any] | None = None

    def step(self) -> None:
        rows, upstream = self._numbers.inputs, self._numbers.upstream
        first, second = math.pi - rows[:, self._first], math.pi - rows[:, self._second]
        self._angles[:, self._singles] = rows[:, self._inputs]
        self._angles[:, self._pairs] = 2 * first * second
        values, by_angles, by_weights = self._operation(self._angles, self._numbers.weights)
        above = upstream[:, None, :]
        to_angles = (above @ by_angles.real)[:, 0]
        inputs = np.zeros_like(rows)
        inputs[:, self._inputs] = to_angles[:, self._singles]
        np.add.at(inputs.T, self._first, (-2 * second * to_angles[:, self._pairs]).T)
        np.add.at(inputs.T, self._second, (-2 * first * to_angles[:, self._pairs]).T)
        weights = (above @ by_weights.real).sum(axis=(0, 1))
        self._found = values.real, inputs, weights

    def results(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert self._found is not None
        outputs, inputs, weights = (np.asarray(array, dtype=self._real) for array in self._found)
        return outputs, inputs, weights


def prepare(workload: Workload, precision: str) -> Prepared:
    return JacobianStep(workload, precision)
