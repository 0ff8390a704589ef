"""How much memory the states of a call on cuStateVec take, counted for a check and for every call."""

from __future__ import annotations

from hqnn_dsl.catalog.precision import COMPLEX_BYTES

FORWARD_STATES, BACKWARD_STATES = 1, 3
"""States at work at once: ψ; and ψ, λ and one for Pψ."""


def needed(widest: int, precision: str, *, gradients: bool) -> int:
    """Bytes of the states at work at once, for a plan whose largest part has so many qubits."""
    states = BACKWARD_STATES if gradients else FORWARD_STATES
    return states * COMPLEX_BYTES[precision] << max(1, widest)
