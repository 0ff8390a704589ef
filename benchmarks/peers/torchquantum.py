"""torchquantum's device with its functional gates and torch's backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torchquantum as tq
import torchquantum.functional as tqf

from benchmarks.steps import FunctionStep
from benchmarks.workloads import Workload, angle_of

if TYPE_CHECKING:
    import torch

    from benchmarks.steps import Prepared

TURNS = {"ry": tqf.ry, "rz": tqf.rz, "p": tqf.phaseshift}


def prepare(workload: Workload, precision: str) -> Prepared:
    measure = tq.MeasureAll(tq.PauliZ)

    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        device = tq.QuantumDevice(n_wires=workload.num_qubits, bsz=workload.batch)
        columns, numbers = inputs.unbind(-1), weights.unbind(0)
        for gate in workload.gates:
            if gate.name == "h":
                tqf.hadamard(device, wires=gate.qubits[0])
            elif gate.name == "cx":
                tqf.cnot(device, wires=list(gate.qubits))
            else:
                angle = angle_of(gate, columns, numbers)
                TURNS[gate.name](device, wires=gate.qubits[0], params=angle.reshape(-1, 1))
        return measure(device)

    return FunctionStep(outputs, workload, precision)
