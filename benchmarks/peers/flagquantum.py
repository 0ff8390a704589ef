"""FlagQuantum's batched circuit with torch's backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flagquantum as fq
import torch

from benchmarks.steps import FunctionStep
from benchmarks.workloads import Workload, angle_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared

STATE = {"single": torch.complex64, "double": torch.complex128}


def prepare(workload: Workload, precision: str) -> Prepared:
    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        circuit = fq.Circuit(workload.num_qubits, bsz=workload.batch, dtype=STATE[precision])
        columns, numbers = inputs.unbind(-1), weights.unbind(0)
        for gate in workload.gates:
            angle = {} if gate.angle is None else {"theta": angle_of(gate, columns, numbers)}
            getattr(circuit, gate.name)(*gate.qubits, **angle)
        return circuit.expectation_z(range(workload.num_qubits))

    return FunctionStep(outputs, workload, precision)
