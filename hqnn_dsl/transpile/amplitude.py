"""An amplitude input as gates: a tree of rotations whose angles are parameters, one a pair of branches.

A rotation shares the weight of a block of amplitudes between its halves; the last ones carry the signs. Each level of
the tree is a rotation under all patterns of the qubits above, written with CX gates (Möttönen et al., arXiv
quant-ph/0407010). Formulas are for other programs; `tree_angles` has the same as numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.circuit.ir import AmplitudeInput

MAX_PREPARED_QUBITS = 8
"""Widest amplitude input that is written as gates: their angles are sums of 128 parameters then."""


def prepare(built: QuantumCircuit, qubits: Sequence[int], angles: Sequence[Any]) -> None:
    """Append the preparation; `angles` are those of the tree, level by level from the last qubit."""
    for level in range(len(qubits)):
        target, controls = qubits[-1 - level], qubits[len(qubits) - level :]
        own = angles[(1 << level) - 1 : (2 << level) - 1]
        for step in range(1 << level):
            code = step ^ step >> 1
            signed = [-a if (pattern & code).bit_count() & 1 else a for pattern, a in enumerate(own)]
            built.ry(_sum(signed) / len(own), target)
            if level:
                changed = code ^ (step + 1) % (1 << level) ^ ((step + 1) % (1 << level)) >> 1
                built.cx(controls[changed.bit_length() - 1], target)


def _sum(values: Sequence[Any]) -> Any:
    """The sum, halves first, so that it nests little."""
    half = len(values) // 2
    return values[0] if len(values) == 1 else _sum(values[:half]) + _sum(values[half:])


def tree_angles(amplitudes: Sequence[float]) -> list[float]:
    """The angles of the tree for a vector of any length but 0; one of zeros gives zeros."""
    return [2 * math.atan2(high, low) for low, high in _halves(amplitudes, lambda part: math.hypot(*part))]


def tree_formulas(names: Sequence[str]) -> list[str]:
    """The same as formulas in the names of the amplitudes."""

    def length(part: Sequence[str]) -> str:
        return f"sqrt({' + '.join(f'{name} ** 2' for name in part)})"

    return [f"2.0 * atan2({high}, {low})" for low, high in _halves(names, length)]


def _halves(values: Sequence[Any], length: Callable[[Sequence[Any]], Any]) -> list[tuple[Any, Any]]:
    """For every node of the tree, the lengths of its two halves; of single amplitudes themselves, signs included."""
    found = []
    size = len(values)
    while size > 1:
        half = size // 2
        for start in range(0, len(values), size):
            parts = values[start : start + half], values[start + half : start + size]
            low, high = (part[0] if half == 1 else length(part) for part in parts)
            found.append((low, high))
        size = half
    return found


def components(amplitude: AmplitudeInput) -> range:
    """Which inputs the amplitudes are."""
    return range(amplitude.start, amplitude.start + amplitude.size)
