"""Which qubits a layer of entanglers joins: the patterns `linear`, `circular`, … as lists of groups.

The patterns and their order are those of Qiskit's circuit library (`qiskit.circuit.library.n_local`), so that weights
of parametrised entanglers come in Qiskit's order; a test holds every one against Qiskit's own circuits.
"""

from __future__ import annotations

from itertools import combinations

PATTERNS = ("linear", "reverse_linear", "circular", "full", "pairwise", "sca")


def groups(pattern: str, num_qubits: int, size: int, layer: int) -> list[tuple[int, ...]]:
    """The groups of `size` qubits among `num_qubits` that `pattern` joins in layer `layer` (only `sca` depends on it).

    Empty if the group is larger than the circuit. Raises `ValueError` for an unknown pattern, and for `pairwise`
    with groups that are not pairs.
    """
    if pattern not in PATTERNS:
        raise ValueError(f"there is no pattern {pattern}")
    if pattern == "pairwise" and size > 2:
        raise ValueError("pairwise joins two qubits at a time")
    if size > num_qubits:
        return []
    if size == 1:
        return [(qubit,) for qubit in range(num_qubits)]
    if pattern == "full":
        return list(combinations(range(num_qubits), size))
    linear = [tuple(range(first, first + size)) for first in range(num_qubits - size + 1)]
    match pattern:
        case "linear":
            return linear
        case "reverse_linear":
            return linear[::-1]
        case "pairwise":
            return linear[::2] + linear[1::2]
    circular = linear
    if num_qubits > size:
        starts = range(num_qubits - size + 1, num_qubits)
        circular = [tuple((start + step) % num_qubits for step in range(size)) for start in starts] + linear
    return circular if pattern == "circular" else _shifted(circular, layer)


def _shifted(circular: list[tuple[int, ...]], layer: int) -> list[tuple[int, ...]]:
    """Sim et al. 2019, circuits 13 and 14: the ring starts one place earlier each layer, every second one turned."""
    offset = layer % len(circular)
    rotated = circular[-offset:] + circular[:-offset] if offset else circular
    return [group[::-1] for group in rotated] if layer % 2 else rotated
