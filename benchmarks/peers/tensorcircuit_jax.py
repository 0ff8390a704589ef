"""TensorCircuit-NG with its JAX backend: `jax.vmap` over the batch, under `jax.jit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import tensorcircuit as tc

from benchmarks.steps import JaxStep
from benchmarks.workloads import Workload, angle_of

if TYPE_CHECKING:
    from benchmarks.steps import Prepared

TURNS = {"ry": "ry", "rz": "rz", "p": "phase"}
STATE = {"single": "complex64", "double": "complex128"}


def prepare(workload: Workload, precision: str) -> Prepared:
    tc.set_backend("jax")
    tc.set_dtype(STATE[precision])

    def row(inputs: Any, weights: Any) -> Any:
        circuit = tc.Circuit(workload.num_qubits)
        for gate in workload.gates:
            angle = {} if gate.angle is None else {"theta": angle_of(gate, inputs, weights)}
            getattr(circuit, TURNS.get(gate.name, gate.name))(*gate.qubits, **angle)
        # With `reuse` the state is contracted once for all expectation values.
        return jnp.stack([circuit.expectation_ps(z=[q], reuse=True).real for q in range(workload.num_qubits)])

    return JaxStep(jax.vmap(row, in_axes=(0, None)), workload, precision)
