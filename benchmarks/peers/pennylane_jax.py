"""PennyLane's `default.qubit` under `jax.jit`, with parameter broadcasting over the batch.

`jax.vmap` in place of broadcasting, and <Z_i> from `probs` or `state`, take as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import pennylane as qml

from benchmarks.peers.pennylane_gates import apply
from benchmarks.steps import JaxStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.steps import Prepared
    from benchmarks.workloads import Workload


def layer_of(workload: Workload) -> Callable[[Any, Any], Any]:
    """The function of inputs `[B, I]` and weights `[P]` to outputs `[B, M]`."""

    @qml.qnode(qml.device("default.qubit", wires=workload.num_qubits), interface="jax", diff_method="backprop")
    def node(inputs: Any, weights: Any) -> Any:
        return apply(workload, inputs.T, weights)

    return lambda inputs, weights: jnp.stack(node(inputs, weights), axis=-1)


def prepare(workload: Workload, precision: str) -> Prepared:
    return JaxStep(layer_of(workload), workload, precision)
