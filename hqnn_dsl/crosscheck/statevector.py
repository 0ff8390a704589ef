"""Values by Qiskit's `Statevector`: of the logical circuit, and of the transpiled one with laid-out observables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from qiskit.quantum_info import Statevector
from torch import Tensor

from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.diagnostics.codes.environment import CannotCheck
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.convert import assignment, sums
from hqnn_dsl.transpile.equivalence import MAX_CHECKED_QUBITS, laid_out
from hqnn_dsl.transpile.gates import written_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from hqnn_dsl.crosscheck.points import Point
    from hqnn_dsl.pipeline import Program


def logical_values(program: Program, points: Sequence[Point]) -> list[Tensor]:
    """Returns outputs `[B, M]` of the logical circuit at every point, float64. Raises `Refusal` if Qiskit cannot."""
    circuit = written_out(program.circuit)
    return _values(program, (circuit, sums(program.logical), program.logical.outcomes), points)


def transpiled_values(program: Program, points: Sequence[Point]) -> list[Tensor]:
    """The same of the transpiled circuit, idle qubits dropped."""
    logical = program.logical
    return _values(program, laid_out(program.unchecked_transpilation, sums(logical), logical.outcomes), points)


def _values(
    program: Program,
    read: tuple[QuantumCircuit, Sequence[SparsePauliOp], Sequence[Sequence[int]]],
    points: Sequence[Point],
) -> list[Tensor]:
    """Outputs of a circuit with the operators and the qubits of outcomes that are read of it."""
    circuit, operators, outcomes = read
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
            expected = iter([float(state.expectation_value(operator).real) for operator in operators])
            chances = iter([state.probabilities(list(qubits)).tolist() for qubits in outcomes])
            rows.append(
                [
                    value
                    for measured in program.logical.measurements
                    for value in ([next(expected)] if isinstance(measured, Observable) else next(chances))
                ]
            )
        found.append(torch.tensor(rows, dtype=torch.float64))
    return found
