"""The gates of a workload by PennyLane's own operations, for its three contestants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pennylane as qml

from benchmarks.workloads import Workload, angle_of

if TYPE_CHECKING:
    from collections.abc import Sequence

TURNS = {"ry": qml.RY, "rz": qml.RZ, "p": qml.PhaseShift}


def apply(workload: Workload, inputs: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
    """Queue all gates, and answer every <Z_i>."""
    for gate in workload.gates:
        if gate.name == "h":
            qml.Hadamard(gate.qubits[0])
        elif gate.name == "cx":
            qml.CNOT(gate.qubits)
        else:
            TURNS[gate.name](angle_of(gate, inputs, weights), gate.qubits[0])
    return [qml.expval(qml.PauliZ(q)) for q in range(workload.num_qubits)]
