"""Angles that are parameters, put into gates that the basis has before Qiskit's translator sees them.

The translator writes a gate in the basis exactly, global phase included. Where that phase has parameters, and constants
beside them, it takes twice as long for every such gate: 12 qubits of a ZZ map never end. Nothing measures the global
phase, so these gates are written here as others that differ from them by that phase only, and leave no phase behind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ParameterExpression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qiskit import QuantumCircuit
    from qiskit.circuit import Gate

AXES = {"rx": "x", "ry": "y", "rz": "z", "p": "z"}
"""Gates that turn one qubit by their angle, and the axis."""

BRINGS = {"xz": "h", "yz": "sx", "zx": "h", "zy": "sxdg", "xy": "s", "yx": "sdg"}
"""The gate V with V† b V = a, for the Pauli a and then b: a turn about a is V, a turn about b, and V†."""


def carried(circuit: QuantumCircuit, offered: Sequence[str]) -> QuantumCircuit:
    """The circuit with parameters in gates of `offered`, up to its global phase.

    Where `offered` has `rz`, only `p`, `cp` and `u` leave phases with parameters, and only they are rewritten. Where it
    has no gate that could carry an angle of one qubit, the circuit is returned as it is.
    """
    doomed = {"p", "cp", "u"} if "rz" in offered else {*AXES, "cp", "u", *_TWO_QUBITS}
    doomed -= set(offered)
    if not doomed or not set(offered) & {*AXES, "u"}:
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


_TWO_QUBITS = ("crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx")

_Step = tuple[str, tuple[Any, ...], tuple[int, ...]]
"""A gate by its method of `QuantumCircuit`, its angles, and which of the gate's qubits it is on."""


def _has_parameters(gate: Gate) -> bool:
    """Qiskit's own `is_parameterized` answers no for all controlled gates."""
    return any(isinstance(angle, ParameterExpression) for angle in gate.params)


def _written(gate: Gate, offered: Sequence[str]) -> Iterator[_Step]:
    """The gate in gates of one qubit that `offered` has and gates without parameters."""
    if gate.name in AXES:
        yield from _turn(AXES[gate.name], gate.params[0], offered)
    elif gate.name == "u":
        theta, phi, lam = gate.params
        yield from _turn("z", lam, offered)
        yield from _turn("y", theta, offered)
        yield from _turn("z", phi, offered)
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
    """A turn about an axis by the first gate of `offered` that can carry it."""
    by_u = {"x": (angle, -math.pi / 2, math.pi / 2), "y": (angle, 0.0, 0.0), "z": (0.0, 0.0, angle)}
    own = [name for name, about in AXES.items() if about == axis and name in offered]
    if own:
        yield own[0], (angle,), (0,)
        return
    if "u" in offered:
        yield "u", by_u[axis], (0,)
        return
    other = next(name for name in ("rz", "p", "rx", "ry") if name in offered)
    bringing = BRINGS[axis + AXES[other]]
    back = {"h": "h", "sx": "sxdg", "sxdg": "sx", "s": "sdg", "sdg": "s"}[bringing]
    yield bringing, (), (0,)
    yield other, (angle,), (0,)
    yield back, (), (0,)
