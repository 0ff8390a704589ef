"""How much memory a backpropagation through PennyLane's `default.qubit` takes, counted for a check and every call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.catalog.precision import COMPLEX_BYTES

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit

WORKING_STATES = 3
"""States that exist at once while a gate is applied."""


def backprop_bytes(circuit: Circuit, rows: int) -> int:
    """Bytes of a step on so many rows with `diff: backprop`: states at work, and one a gate that waits."""
    return rows * (len(circuit.operations) + WORKING_STATES) * COMPLEX_BYTES["double"] << circuit.num_qubits
