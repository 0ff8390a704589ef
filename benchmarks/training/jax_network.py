"""The network in JAX, around a circuit by TensorCircuit-NG or PennyLane, with optax's AdamW: by steps, or by epochs.

All weights are one vector, and so are the moments: a step under `jax.jit` is called with fewer arrays, and a scanned
one takes as long as with an array a layer. Batches stay on the device in both forms; losses are read once an epoch.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from benchmarks.training.networks import BETAS, CIRCUIT_PLACE, DECAY, EPS, RATE, STEPS, rows_of, start_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.training.trainer import Trainer
    from benchmarks.workloads import Workload

    Layer = Callable[[Any, Any], Any]
    """Values `[B, M]` of angles `[B, I]` and weights `[P]`."""
    State = Any
    """The weights, and the optimizer's state."""


def use(threads: int) -> None:
    """Let XLA start that many threads: as many as there are cores that the process may use when it starts them."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:threads])
    jax.block_until_ready(jax.jit(jnp.dot)(jnp.ones((256, 256)), jnp.ones((256, 256))))
    for task in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def adamw(decayed: np.ndarray) -> optax.GradientTransformation:
    """AdamW on one vector; the decay is for the weights where `decayed` is 1."""
    return optax.chain(
        optax.scale_by_adam(b1=BETAS[0], b2=BETAS[1], eps=EPS),
        optax.stateless(lambda updates, weights: updates + DECAY * decayed * weights),
        optax.scale_by_learning_rate(RATE),
    )


class JaxTraining:
    """What both forms share: rows, weights, and the function of a step."""

    def __init__(self, network: Workload, layer: Layer) -> None:
        rows, start = rows_of(network), start_of(network).all
        vector, unravel = ravel_pytree([jnp.asarray(array, jnp.float32) for array in start])
        parts = [np.full(array.size, place != CIRCUIT_PLACE, np.float32) for place, array in enumerate(start)]
        optimizer = adamw(np.concatenate(parts))

        def loss(weights: Any, features: Any, targets: Any) -> Any:
            hidden, hidden_bias, angles, angles_bias, circuit, output, output_bias = unravel(weights)
            encoded = jax.nn.silu(features @ hidden.T + hidden_bias)
            values = layer(jnp.tanh(encoded @ angles.T + angles_bias) * jnp.pi, circuit)
            return jnp.mean((values @ output.T + output_bias - targets) ** 2)

        def step(state: State, batch: tuple[Any, Any]) -> tuple[State, Any]:
            weights, moments = state
            value, gradient = jax.value_and_grad(loss)(weights, *batch)
            updates, moments = optimizer.update(gradient, moments, weights)
            return (optax.apply_updates(weights, updates), moments), value

        self.step = step
        self.shape = (STEPS, network.batch, -1)
        self.features, self.targets = (jnp.asarray(a, jnp.float32) for a in (rows.features, rows.targets))
        self.state: State = (vector, optimizer.init(vector))

    def batches(self, order: Any) -> tuple[Any, Any]:
        """Features `[S, B, F]` and targets `[S, B, 1]` in an order."""
        return self.features[order].reshape(self.shape), self.targets[order].reshape(self.shape)


class Scanned(JaxTraining):
    """An epoch is one call."""

    def __init__(self, network: Workload, layer: Layer) -> None:
        super().__init__(network, layer)

        @partial(jax.jit, donate_argnums=0)
        def scanned(state: State, order: Any) -> tuple[State, Any]:
            return jax.lax.scan(self.step, state, self.batches(order))

        self._epoch = scanned

    def epoch(self, order: np.ndarray) -> np.ndarray:
        self.state, losses = self._epoch(self.state, order)
        return np.asarray(losses)


class Stepwise(JaxTraining):
    """A step is one call, and so is the cutting of an epoch into batches."""

    def __init__(self, network: Workload, layer: Layer) -> None:
        super().__init__(network, layer)

        @jax.jit
        def cut(order: Any) -> list[tuple[Any, Any]]:
            return list(zip(*self.batches(order), strict=True))

        self._cut, self._step = cut, jax.jit(self.step, donate_argnums=0)

    def epoch(self, order: np.ndarray) -> np.ndarray:
        state, losses = self.state, []
        for batch in self._cut(order):
            state, loss = self._step(state, batch)
            losses.append(loss)
        self.state = state
        return np.array([float(loss) for loss in losses])


def tensorcircuit(network: Workload) -> Layer:
    """The circuit by TensorCircuit-NG."""
    from benchmarks.peers.tensorcircuit_jax import layer_of

    return layer_of(network, "single")


def pennylane(network: Workload) -> Layer:
    """The circuit by PennyLane."""
    from benchmarks.peers.pennylane_jax import layer_of

    return layer_of(network)


PREPARE: dict[str, Callable[[Workload], Trainer]] = {
    "tc-scan": lambda network: Scanned(network, tensorcircuit(network)),
    "tc-step": lambda network: Stepwise(network, tensorcircuit(network)),
    "pennylane-scan": lambda network: Scanned(network, pennylane(network)),
    "pennylane-step": lambda network: Stepwise(network, pennylane(network)),
}
