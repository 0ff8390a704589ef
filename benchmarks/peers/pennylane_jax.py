"""PennyLane's `default.qubit` under `jax.jit`, with parameter broadcasting over the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import pennylane as qml

from benchmarks.peers.pennylane_gates import apply
from benchmarks.steps import JaxStep

if TYPE_CHECKING:
    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def prepare(workload: Workload, precision: str) -> Prepared:
    @qml.qnode(qml.device("default.qubit", wires=workload.num_qubits), interface="jax", diff_method="backprop")
    def node(inputs: Any, weights: Any) -> Any:
        return apply(workload, inputs.T, weights)

    return JaxStep(lambda inputs, weights: jnp.stack(node(inputs, weights), axis=-1), workload, precision)
