"""A whole training step - loss, gradients, AdamW - of one network by everyone: a row each in `CONTESTANTS`.

A module has `use(threads)`, which is called first, and `PREPARE`: for each contestant whose row names the module, the
function of the network that makes its `Trainer`. It runs in a worker process, in the environment that the row names.
"""

from __future__ import annotations

from benchmarks.peers import OWN, Peer

TORCH, NUMBA, JAX = ("torch",), ("numba", "torch"), ("jax", "optax")

CONTESTANTS = (
    Peer("compiled", "hqnn, compiled step", "hqnn_compiled", OWN, NUMBA, ours=True),
    Peer("loop", "hqnn, torch loop", "hqnn_loop", OWN, NUMBA, ours=True),
    Peer("tc-scan", "TensorCircuit-NG, JAX, an epoch under lax.scan", "jax_network", "jax", ("tensorcircuit-ng", *JAX)),
    Peer("tc-step", "TensorCircuit-NG, JAX, jit a step", "jax_network", "jax", ("tensorcircuit-ng", *JAX)),
    Peer("pennylane-scan", "PennyLane, JAX, an epoch under lax.scan", "jax_network", "jax", ("PennyLane", *JAX)),
    Peer("pennylane-step", "PennyLane, JAX, jit a step", "jax_network", "jax", ("PennyLane", *JAX)),
    Peer("pennylane-torch", "PennyLane with torch", "pennylane_loop", OWN, ("PennyLane", *TORCH)),
)
BY_NAME = {contestant.name: contestant for contestant in CONTESTANTS}
THREADS = (1, 2)
"""Everyone is run with each number of threads, and the one that suits it better counts."""
