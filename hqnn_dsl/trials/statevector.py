"""Values by Qiskit's `Statevector`: of the logical circuit, and of the transpiled one with laid-out observables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from qiskit.quantum_info import Statevector
from torch import Tensor

from hqnn_dsl.report.codes.environment import CannotCheck
from hqnn_dsl.report.diagnostic import Refusal
from hqnn_dsl.transpile.convert import assignment
from hqnn_dsl.transpile.equivalence import MAX_CHECKED_QUBITS, without_idle_qubits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from hqnn_dsl.pipeline import Program
    from hqnn_dsl.trials.points import Point


def logical_values(program: Program, points: Sequence[Point]) -> list[Tensor]:
    """Outputs `[B, M]` of the logical circuit at every point, float64. Raises `Refusal` where Qiskit cannot."""
    circuit = program.circuit.decompose("PauliEvolution")  # whose matrix would be as large as the square of the state
    return _values(program, circuit, program.observables, points)


def transpiled_values(program: Program, points: Sequence[Point]) -> list[Tensor]:
    """The same of the transpiled circuit, idle qubits dropped."""
    transpiled = program.unchecked_transpilation
    circuit, operators = without_idle_qubits(transpiled.circuit, transpiled.observables(program.observables))
    return _values(program, circuit, operators, points)


def _values(
    program: Program, circuit: QuantumCircuit, operators: Sequence[SparsePauliOp], points: Sequence[Point]
) -> list[Tensor]:
    if circuit.num_qubits > MAX_CHECKED_QUBITS:
        raise Refusal(
            CannotCheck(reason=f"{circuit.num_qubits} qubits are more than the {MAX_CHECKED_QUBITS} that are simulated")
        )
    found = []
    for point in points:
        weights = tuple(point.weights.tolist())
        rows = []
        for row in point.inputs.tolist():
            values = assignment(program.logical, tuple(row), weights)
            state = Statevector(circuit.assign_parameters(values, strict=False))
            rows.append([float(state.expectation_value(operator).real) for operator in operators])
        found.append(torch.tensor(rows, dtype=torch.float64))
    return found
