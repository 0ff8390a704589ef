"""The measures that are proved and not sampled: the dynamical Lie algebra, and facts about classical simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.science.analysis.findings import Figure, Finding
from hqnn_dsl.science.lie_algebra import trained_algebra
from hqnn_dsl.science.simulability import simulability as facts_of

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit


def algebra(circuit: Circuit) -> Finding:
    """The dimension of the dynamical Lie algebra, beside that of all of su(2^n)."""
    found = trained_algebra(circuit)
    whole = 4**circuit.num_qubits - 1
    inside = found.holds_observables
    figures = [
        Figure(
            "dimension",
            _number(found.dimension),
            "dimension of the dynamical Lie algebra, with its centre",
            reason=found.reason,
        ),
        Figure("su(2^n)", float(whole), "dimension of all of su(2^n), 4^n - 1"),
        Figure("generators", float(found.generators), "different generators that it is made from"),
    ]
    if inside is not None:
        figures.append(
            Figure("observables inside", float(inside), "1 if all Pauli products that are read lie in it, else 0")
        )
    return Finding("algebra", tuple(figures))


def simulability(circuit: Circuit) -> Finding:
    """The facts of `science.simulability`."""
    found = facts_of(circuit)
    return Finding(
        "simulability",
        (
            Figure("qubits", float(found.num_qubits), "qubits of the circuit"),
            Figure(
                "widest light cone",
                float(found.widest_cone),
                "qubits that the gates reaching one output act on, at most",
            ),
            Figure(
                "rotations left",
                float(found.rotations_left),
                "Pauli rotations left when Clifford gates are gone and equal ones joined",
            ),
            Figure("varying", float(found.varying), "of these, those that inputs or weights turn"),
            Figure(
                "algebra of all rotations",
                _number(found.algebra.dimension),
                "dimension of the Lie algebra of all rotations' strings",
                reason=found.algebra.reason,
            ),
            Figure(
                "state bytes", float(found.state_bytes), "bytes of the state of all qubits, complex in double precision"
            ),
            Figure(
                "largest state bytes",
                float(found.largest_state_bytes),
                "bytes of the largest state that the native engine needs, in double precision",
            ),
        ),
        {"cone_qubits": list(found.cone_qubits)},
    )


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)
