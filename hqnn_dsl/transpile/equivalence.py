"""A transpiled circuit is believed only after it was compared with the one it was made from.

Both are simulated at random inputs and weights and every laid-out observable must have the same expectation value. Idle
qubits are dropped first, so four used qubits of a device with 133 cost as much as four.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.exceptions import CircuitError
from qiskit.quantum_info import SparsePauliOp, Statevector

from hqnn_dsl.diagnostics.codes.environment import CannotCheck
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.gates import written_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.transpile.passes import Transpiled

TOLERANCE = 1e-9
"""Largest difference of two expectation values that are called equal, per unit of the observable's coefficients."""

MAX_CHECKED_QUBITS = 24
"""Widest circuit, idle qubits dropped, that is simulated for the comparison: 256 MiB a state."""

RANGES = ((0.05, 0.95), (-0.95, 0.95), (1.0, 3.0), (-3.0, 3.0))
"""Where inputs and weights are drawn from, one range after the other until every angle is finite (`log`, `acos`)."""


class NotEquivalent(Exception):
    """A transpiled circuit has other expectation values than its original: a bug, never the user's mistake."""


def assert_equivalent(  # noqa: PLR0913 - two circuits, what is read of both, and where
    circuit: QuantumCircuit,
    transpiled: Transpiled,
    logical: Sequence[SparsePauliOp],
    *,
    outcomes: Sequence[Sequence[int]] = (),
    seed: int = 0,
    points: int = 2,
) -> None:
    """Compare at `points` random assignments of the circuit's parameters; `logical` are the operators on `circuit`.

    `outcomes` are qubits of `circuit`, together, whose 2^k outcomes must have the same probabilities. Raises
    `NotEquivalent` where a value differs, and `Refusal` where the circuits cannot be compared.
    """
    compact, operators, moved_outcomes = laid_out(transpiled, logical, outcomes)
    widest = max(circuit.num_qubits, compact.num_qubits)
    if widest > MAX_CHECKED_QUBITS:
        raise Refusal(CannotCheck(reason=f"{widest} qubits are more than the {MAX_CHECKED_QUBITS} that are simulated"))
    circuit = written_out(circuit)
    rng = np.random.default_rng(seed)
    for _ in range(points if circuit.num_parameters else 1):
        for states in _states(circuit, compact, rng):
            _compare(states, (logical, operators), (outcomes, moved_outcomes))


def _compare(
    states: tuple[Statevector, Statevector, float],
    operators: tuple[Sequence[SparsePauliOp], Sequence[SparsePauliOp]],
    outcomes: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]],
) -> None:
    """Raise `NotEquivalent` where a value differs; of each pair the first belongs to the circuit before."""
    before, after, rounded = states
    for number, (original, moved) in enumerate(zip(*operators, strict=True)):
        expected = before.expectation_value(original).real
        found = after.expectation_value(moved).real
        scale = max(1.0, float(np.abs(original.coeffs).sum()))
        if not abs(expected - found) <= (TOLERANCE + rounded) * scale:
            raise NotEquivalent(f"output {number} is {found} after transpiling and {expected} before")
    for qubits, places in zip(*outcomes, strict=True):
        difference = np.abs(before.probabilities(list(qubits)) - after.probabilities(list(places))).max()
        if not difference <= TOLERANCE + rounded:
            raise NotEquivalent(f"probabilities of qubits {qubits} differ by {difference} after transpiling")


def laid_out(
    transpiled: Transpiled, logical: Sequence[SparsePauliOp], outcomes: Sequence[Sequence[int]]
) -> tuple[QuantumCircuit, list[SparsePauliOp], list[list[int]]]:
    """The transpiled circuit without idle qubits, and on its qubits operators and outcomes of the logical circuit's."""
    operators = transpiled.observables(logical)
    layout = transpiled.layout
    places = range(transpiled.circuit.num_qubits) if layout is None else layout.final_index_layout()
    moved = [[places[qubit] for qubit in qubits] for qubits in outcomes]
    read = [qubit for qubits in moved for qubit in qubits]
    kept = used_qubits(transpiled.circuit, operators, read)
    compact, operators = without_idle_qubits(transpiled.circuit, operators, read)
    return compact, operators, [[kept.index(qubit) for qubit in qubits] for qubits in moved]


def without_idle_qubits(
    circuit: QuantumCircuit, operators: Sequence[SparsePauliOp], also: Sequence[int] = ()
) -> tuple[QuantumCircuit, list[SparsePauliOp]]:
    """The circuit and the operators on the qubits that a gate or an operator touches or `also` names, in order."""
    kept = used_qubits(circuit, operators, also)
    place = {qubit: k for k, qubit in enumerate(kept)}
    compact = QuantumCircuit(len(kept), global_phase=circuit.global_phase)
    for instruction in circuit.data:
        if instruction.operation.name != "barrier":
            qubits = [place[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
            compact.append(instruction.operation, qubits)
    return compact, [_narrowed(operator, kept) for operator in operators]


def used_qubits(circuit: QuantumCircuit, operators: Sequence[SparsePauliOp], also: Sequence[int] = ()) -> list[int]:
    """The qubits that a gate or an operator touches or `also` names, ascending; qubit 0 if there is none."""
    used = {circuit.find_bit(qubit).index for instruction in circuit.data for qubit in instruction.qubits}
    for operator in operators:
        touched = (operator.paulis.x | operator.paulis.z).any(axis=0)
        used.update(int(qubit) for qubit in np.flatnonzero(touched))
    used.update(also)
    return sorted(used) or [0]


def _narrowed(operator: SparsePauliOp, kept: list[int]) -> SparsePauliOp:
    paulis = operator.paulis
    return SparsePauliOp(type(paulis).from_symplectic(paulis.z[:, kept], paulis.x[:, kept]), operator.coeffs)


_ROUNDING = 16 * float(np.finfo(float).eps)
"""What rounding does to an angle of one, with what passes add to it."""


def _rounding(circuit: QuantumCircuit) -> float:
    """How far the angles of a circuit may be off in all, by their own roundings."""
    angles = (abs(float(angle)) for found in circuit.data for angle in found.operation.params if _is_real(angle))
    return _ROUNDING * sum(angles)


def _is_real(angle: object) -> bool:
    return isinstance(angle, int | float) or (isinstance(angle, ParameterExpression) and not angle.parameters)


def _states(
    circuit: QuantumCircuit, compact: QuantumCircuit, rng: np.random.Generator
) -> list[tuple[Statevector, Statevector, float]]:
    """The states of both at one random assignment for which all angles are finite, and what rounding does to them.

    An angle of 1e12 is known to 1e-4 only, and passes add and subtract angles in another order. Where that hides a
    mistake, both are compared once more with parameters so small that the largest angle is of the size of one.
    """
    for low, high in RANGES * 5:
        values = {parameter: float(rng.uniform(low, high)) for parameter in circuit.parameters}
        found = _bound(circuit, compact, values)
        if found is None:
            continue
        *_, rounded = found
        small = None
        if rounded > TOLERANCE:
            shrink = _ROUNDING / rounded
            small = _bound(circuit, compact, {parameter: value * shrink for parameter, value in values.items()})
        return [found] if small is None else [found, small]
    raise Refusal(CannotCheck(reason="no inputs and weights were found for which every angle is a finite number"))


def _bound(
    circuit: QuantumCircuit, compact: QuantumCircuit, values: dict[Parameter, float]
) -> tuple[Statevector, Statevector, float] | None:
    """The states with numbers in their parameters; None where an angle has no finite value."""
    remaining = {parameter: values[parameter] for parameter in compact.parameters}
    try:
        bound = circuit.assign_parameters(values), compact.assign_parameters(remaining)
    except (RuntimeError, CircuitError, ZeroDivisionError):  # Qiskit's words for acos 2, log of -1, and 1/0
        return None
    return Statevector(bound[0]), Statevector(bound[1]), sum(map(_rounding, bound))
