"""How much memory the states of a call on dense tensors take, counted for a check and for every call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.precision import COMPLEX_BYTES

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit


WORKING_STATES = 3
"""States that exist at once while one gate is applied: before, after, and one rearranged."""


def needed(circuit: Circuit, rows: int, precision: str, *, gradients: bool) -> int:
    """Bytes of the states of so many rows at once: those at work and, for gradients, those that wait."""
    states = WORKING_STATES + (kept_states(circuit) if gradients else 0)
    return rows * states * COMPLEX_BYTES[precision] << circuit.num_qubits


def kept_states(circuit: Circuit) -> int:
    """States that wait for the gradient: one a gate, two a `pauli_rot`, one a product that is no product of Z."""
    rotations = sum(operation.gate == "pauli_rot" for operation in circuit.operations)
    products = {factors for observable in circuit.sums for factors in observable.products()}
    mixing = sum(any(letter != "z" for _, letter in factors) for factors in products)
    return len(circuit.operations) + rotations + mixing
