"""TensorCircuit-NG with its JAX backend: `jax.vmap` over the batch, under `jax.jit`.

Every <Z_i> comes from the state's probabilities: `expectation_ps` in its place takes 1.5 times as long at 4
qubits, 4 times at 8, and 15 times at 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import tensorcircuit as tc

from benchmarks.steps import REAL, JaxStep
from benchmarks.workloads import Workload, angle_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.steps import Prepared

TURNS = {"ry": "ry", "rz": "rz", "p": "phase"}
STATE = {"single": "complex64", "double": "complex128"}
ONE_PRODUCT = 12
"""Up to so many qubits one matrix product is the fastest way to all <Z_i>; beyond, its matrix is large, and two are."""


def signs(num_qubits: int, real: str) -> np.ndarray:
    """The value of Z of every qubit in every basis state, `[2^n, n]`; qubit 0 is the highest bit."""
    states = np.arange(1 << num_qubits)[:, None] >> np.arange(num_qubits)[::-1]
    return (1 - 2 * (states & 1)).astype(real)


def all_z(probabilities: Any, num_qubits: int, real: str) -> Any:
    """Every <Z_i> of probabilities `[2^n]`.

    With two products each is for one half of the qubits, and the other half is summed out before.
    """
    if num_qubits <= ONE_PRODUCT:
        return probabilities @ signs(num_qubits, real)
    high, low = num_qubits // 2, num_qubits - num_qubits // 2
    both = probabilities.reshape(1 << high, 1 << low)
    return jnp.concatenate([both.sum(1) @ signs(high, real), both.sum(0) @ signs(low, real)])


def layer_of(workload: Workload, precision: str) -> Callable[[Any, Any], Any]:
    """The function of inputs `[B, I]` and weights `[P]` to outputs `[B, M]`."""
    tc.set_backend("jax")
    tc.set_dtype(STATE[precision])

    def row(inputs: Any, weights: Any) -> Any:
        circuit = tc.Circuit(workload.num_qubits)
        for gate in workload.gates:
            angle = {} if gate.angle is None else {"theta": angle_of(gate, inputs, weights)}
            getattr(circuit, TURNS.get(gate.name, gate.name))(*gate.qubits, **angle)
        state = circuit.state()
        return all_z(state.real**2 + state.imag**2, workload.num_qubits, REAL[precision])

    return jax.vmap(row, in_axes=(0, None))


def prepare(workload: Workload, precision: str) -> Prepared:
    return JaxStep(layer_of(workload, precision), workload, precision)
