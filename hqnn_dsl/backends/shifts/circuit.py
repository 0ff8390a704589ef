"""A circuit of ours as a Qiskit circuit with a Parameter for every occurrence, and the linear map from slots to them.

The map is read off the circuit that is really run: each angle in it, unrolled and perhaps transpiled, is linear in the
Parameters of the slots. So whatever the transpiler merged or split, values go forward and slopes go back through the
gates that are left, and a slot that fell out of the circuit has gradient zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression
from scipy.sparse import csr_array

from hqnn_dsl.backends.shifts.plan import Plan
from hqnn_dsl.backends.shifts.rules import RULES, TWO_TERM, Rule
from hqnn_dsl.backends.shifts.unroll import unroll
from hqnn_dsl.diagnostics.codes.environment import CannotTranspile
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.convert import as_sum, observables, sums
from hqnn_dsl.transpile.equivalence import assert_equivalent
from hqnn_dsl.transpile.gates import qiskit_rows
from hqnn_dsl.transpile.passes import Transpiled, transpile, transpile_for

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from hqnn_dsl.backends.shifts.plan import Floats
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.transpile.target import Target


@dataclass(frozen=True, eq=False)
class ShiftableCircuit:
    """A Qiskit circuit and how its angles follow from the slots of `source`.

    Angle k, of `parameters[k]`, is `constants[k]` plus row k of `by_sample[K, E]` times the angles per sample plus
    row k of `by_shared[K, W]` times the shared ones; both are sparse. `rules[k]` is exact for it. `transpiled` says
    where the logical qubits are.
    """

    source: Circuit
    transpiled: Transpiled
    parameters: tuple[Parameter, ...]
    constants: Floats
    by_sample: Any
    by_shared: Any
    rules: tuple[Rule, ...]

    @property
    def circuit(self) -> QuantumCircuit:
        """The circuit that is run; nothing in it is measured."""
        return self.transpiled.circuit

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The qubit of `circuit` on which each logical qubit ends."""
        layout = self.transpiled.layout
        return tuple(range(self.source.num_qubits) if layout is None else layout.final_index_layout())

    def observables(self) -> list[SparsePauliOp]:
        """Returns one operator for each output, in output order, on the qubits of `circuit`."""
        return self.transpiled.observables(observables(self.source))

    def angles(self, per_sample: Floats, shared: Floats) -> Floats:
        """Returns the angles of all occurrences, `[B, K]`, for `per_sample[B, E]` and `shared[W]`."""
        common = self.constants + self.by_shared @ shared
        return np.asarray((self.by_sample @ per_sample.T).T + common)

    def directions(self, by_sample: Floats, by_shared: Floats) -> Floats:
        """Returns how far all occurrences move, `[B, K]`, if slots move by `by_sample[B, E]` and `by_shared[B, W]`."""
        return np.asarray((self.by_sample @ by_sample.T + self.by_shared @ by_shared.T).T)

    def plan(self, *, by_sample: bool, by_shared: bool) -> Plan:
        """Returns the shifts for gradients by the angles per sample, by the shared ones, or by both."""
        wanted = np.zeros(len(self.parameters), dtype=bool)
        if by_sample:
            wanted |= np.diff(self.by_sample.indptr) > 0
        if by_shared:
            wanted |= np.diff(self.by_shared.indptr) > 0
        return Plan.of({int(k): self.rules[k] for k in np.flatnonzero(wanted)}, len(self.parameters))

    def pull_back(self, slopes: Floats) -> tuple[Floats, Floats]:
        """Gradients `[B, E]` by the angles per sample and `[W]` by the shared ones, from `slopes[B, K]`."""
        return np.asarray((self.by_sample.T @ slopes.T).T), np.asarray(self.by_shared.T @ slopes.sum(axis=0))


def shiftable_circuit(circuit: Circuit, target: Target | None = None) -> ShiftableCircuit:
    """Returns the circuit unrolled, or transpiled for `target` and compared with the circuit it was made from.

    Raises `Refusal`: an amplitude input, what `transpile` cannot do, and a target whose gates have no shift rule.
    """
    unrolled, slots = unroll(circuit)
    if target is None:
        return with_own_parameters(circuit, Transpiled(unrolled, None), slots)
    return _compared(circuit, unrolled, transpile(unrolled, target), slots, target.seed)


def shiftable_on(circuit: Circuit, device: Any, optimization: int, seed: int) -> ShiftableCircuit:
    """Returns the circuit for a device, any `BackendV2` of Qiskit's, compared with the one that it was made from.

    Raises `Refusal` as `shiftable_circuit` does.
    """
    unrolled, slots = unroll(circuit)
    return _compared(circuit, unrolled, transpile_for(unrolled, device, optimization, seed), slots, seed)


def _compared(
    circuit: Circuit, unrolled: QuantumCircuit, transpiled: Transpiled, slots: dict[int, Parameter], seed: int
) -> ShiftableCircuit:
    transpiled.circuit.global_phase = 0  # it may hold Parameters, and no expectation value sees it
    assert_equivalent(unrolled, transpiled, sums(circuit), outcomes=circuit.outcomes, seed=seed)
    return with_own_parameters(circuit, transpiled, slots)


def with_own_parameters(circuit: Circuit, transpiled: Transpiled, slots: dict[int, Parameter]) -> ShiftableCircuit:
    """Returns the transpiled circuit with a Parameter for each of its angles, which are linear in those of `slots`."""
    built = transpiled.circuit.copy_empty_like()
    parameters: list[Parameter] = []
    constants: list[float] = []
    entries: list[tuple[int, str, float]] = []
    rules: list[Rule] = []
    for instruction in transpiled.circuit.data:
        operation = instruction.operation
        if any(isinstance(angle, ParameterExpression) for angle in operation.params):
            operation = operation.to_mutable()
            for place, angle in enumerate(operation.params):
                if not isinstance(angle, ParameterExpression):
                    continue
                factors, constant = as_sum(angle)
                entries += [(len(parameters), name, factor) for name, factor in factors.items()]
                rules.append(_rule(operation.name, place))
                constants.append(constant)
                parameters.append(Parameter(f"angle[{len(parameters)}]"))
                operation.params[place] = parameters[-1]
        built.append(operation, instruction.qubits, instruction.clbits)
    shape = len(parameters)
    return ShiftableCircuit(
        circuit,
        Transpiled(built, transpiled.layout),
        tuple(parameters),
        np.array(constants),
        _matrix(entries, [slots[slot] for slot in circuit.sample_slots], shape),
        _matrix(entries, [slots[slot] for slot in circuit.shared_slots], shape),
        tuple(rules),
    )


def _rule(gate: str, place: int) -> Rule:
    """Returns the rule for one angle of a gate of Qiskit's. `u1 u2 u3`, of old devices, are gates of no row."""
    if gate in {"u1", "u2", "u3"}:
        return TWO_TERM
    row = qiskit_rows().get(gate)
    if row is None or row.frequencies[place] not in RULES:
        raise Refusal(CannotTranspile(target=f"`{gate}`", reason="no shift rule is known for an angle of that gate"))
    return RULES[row.frequencies[place]]


def _matrix(entries: list[tuple[int, str, float]], columns: list[Parameter], height: int) -> Any:
    """Returns the factors, (row, name of a Parameter, factor) each, as a sparse matrix `[K, len(columns)]`."""
    column_of = {parameter.name: column for column, parameter in enumerate(columns)}
    known = [(row, column_of[name], factor) for row, name, factor in entries if name in column_of]
    rows, cols, factors = zip(*known, strict=True) if known else ((), (), ())
    return csr_array((np.array(factors, dtype=np.float64), (rows, cols)), shape=(height, len(columns)))
