"""Angles that are parameters, put into gates that the basis has before Qiskit's translator sees them.

The translator writes a gate in the basis exactly, global phase included. If that phase has parameters, and constants
beside them, every such gate doubles the time: 12 qubits of a ZZ map never end. Nothing measures the global phase, so
these gates are written here as others that differ from them by that phase only, and leave no phase behind. Which gates
these are, and about which axes they turn, is read from the gate table by Qiskit's names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import ParameterExpression

from hqnn_dsl.circuit.gates import GATES, PLAIN
from hqnn_dsl.transpile.gates import qiskit_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qiskit import QuantumCircuit
    from qiskit.circuit import Gate

    from hqnn_dsl.circuit.gates import Gate as Row

BRINGS = {"xz": "h", "yz": "sx", "zx": "h", "zy": "sxdg", "xy": "s", "yx": "sdg"}
"""The gate V with V† b V = a, for the Pauli a and then b: a turn about a is V, a turn about b, and V†."""


def carried(circuit: QuantumCircuit, offered: Sequence[str]) -> QuantumCircuit:
    """Returns the circuit with parameters in gates of `offered`, up to its global phase.

    If `offered` has `rz`, only gates whose own global phase moves with an angle (`p`, `cp`, `u`) leave phases with
    parameters, and only they are rewritten. If it has no gate that could carry an angle of one qubit, the circuit is
    returned as it is.
    """
    rows = [row for row in GATES.values() if row.num_angles and ("rz" not in offered or _phase_moves(row))]
    doomed = {row.qiskit or row.name for row in rows} - set(offered)
    if not doomed or not set(offered) & {*_axes(), "u"}:
        return circuit
    plain = circuit.copy_empty_like()
    for instruction in circuit.data:
        gate, qubits = instruction.operation, instruction.qubits
        is_doomed = gate.name in doomed or ("rz" not in offered and gate.name == "PauliEvolution")
        if not is_doomed or not _has_parameters(gate):
            plain.append(instruction)
            continue
        for name, angles, places in _written(gate, offered):
            getattr(plain, name)(*angles, *(qubits[place] for place in places))
    return plain


_Step = tuple[str, tuple[Any, ...], tuple[int, ...]]
"""A gate by its method of `QuantumCircuit`, its angles, and which of the gate's qubits it is on."""


def _phase_moves(row: Row) -> bool:
    """Whether the determinant of a gate depends on its angles."""
    still, moved = (row.matrix(PLAIN, *(size * (k + 1) for k in range(row.num_angles))) for size in (0.1, 0.8))
    return not bool(np.isclose(np.linalg.det(np.array(still)), np.linalg.det(np.array(moved))))


def _axes() -> dict[str, str]:
    """Returns Qiskit's gates that turn one qubit by their angle, and the axis."""
    return {name: row.pauli.lower() for name, row in qiskit_rows().items() if len(row.pauli) == 1}


def _has_parameters(gate: Gate) -> bool:
    """Qiskit's own `is_parameterized` answers no for all controlled gates."""
    return any(isinstance(angle, ParameterExpression) for angle in gate.params)


def _written(gate: Gate, offered: Sequence[str]) -> Iterator[_Step]:
    """Returns the gate in gates of one qubit that `offered` has and gates without parameters."""
    row = qiskit_rows().get(gate.name)
    if row is not None and row.num_qubits == 1:
        for rotation in row.rotations:
            yield from _turn(rotation.pauli.lower(), rotation.angle(gate.params), offered)
    else:
        whole = gate.definition
        for instruction in whole.data:
            inner, places = instruction.operation, tuple(whole.find_bit(q).index for q in instruction.qubits)
            if not _has_parameters(inner) or inner.name in offered:
                yield inner.name, tuple(inner.params), places
                continue
            for name, angles, within in _written(inner, offered):
                yield name, angles, tuple(places[place] for place in within)


def _turn(axis: str, angle: Any, offered: Sequence[str]) -> Iterator[_Step]:
    """Returns a turn about an axis by the first gate of `offered` that can carry it; `u` turns about every axis."""
    by_u = {"x": (angle, -math.pi / 2, math.pi / 2), "y": (angle, 0.0, 0.0), "z": (0.0, 0.0, angle)}
    axes = _axes()
    own = [name for name, about in axes.items() if about == axis and name in offered]
    if own:
        yield own[0], (angle,), (0,)
        return
    if "u" in offered:
        yield "u", by_u[axis], (0,)
        return
    other = min((name for name in axes if name in offered), key=lambda name: axes[name] != "z")
    bringing = BRINGS[axis + axes[other]]
    back = {"h": "h", "sx": "sxdg", "sxdg": "sx", "s": "sdg", "sdg": "s"}[bringing]
    yield bringing, (), (0,)
    yield other, (angle,), (0,)
    yield back, (), (0,)
