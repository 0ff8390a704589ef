"""Who is measured: a row each in `PEERS`, and a module each that builds a circuit by its own library's methods.

A module has `prepare(workload, precision) -> Prepared`. It runs in a worker process, in the environment that its row
names, because the libraries' requirements exclude each other.
"""

from __future__ import annotations

from dataclasses import dataclass

OWN = "own"
"""The environment that `make` itself works in."""


@dataclass(frozen=True)
class Peer:
    """One contestant. `module` is its file here, `environment` a row of `ENVIRONMENTS` or `OWN`."""

    name: str
    title: str
    module: str
    environment: str
    packages: tuple[str, ...]
    precision: str = "single"
    ours: bool = False
    workloads: tuple[str, ...] = ()
    """Where not empty, the only workloads that it takes part in."""
    widest: int = 30
    """The most qubits that it is asked for: beyond, it would need more memory or minutes than there are."""
    once: bool = False
    """Whether its first step is its only one: it takes minutes."""


PEERS = (
    Peer("native", "native, float32", "native", OWN, ("numba", "torch"), ours=True),
    Peer("native64", "native, float64", "native", OWN, ("numba", "torch"), precision="double", ours=True),
    Peer("reference", "reference, float32", "reference", OWN, ("torch",), ours=True, widest=16),
    Peer(
        "qnn",
        "EstimatorQNN + TorchConnector",
        "qnn",
        OWN,
        ("qiskit", "qiskit-machine-learning", "torch"),
        workloads=("ra:4x64", "zz:4x64"),
        once=True,
    ),
    Peer("pennylane", "PennyLane default.qubit, torch backprop", "pennylane_torch", OWN, ("PennyLane", "torch")),
    Peer("lightning", "PennyLane lightning.qubit, adjoint", "lightning", OWN, ("pennylane-lightning", "torch")),
    Peer("pennylane-jit", "PennyLane default.qubit, jax.jit", "pennylane_jax", "jax", ("PennyLane", "jax")),
    Peer("tc-jit", "TensorCircuit-NG, jax.jit and vmap", "tensorcircuit_jax", "jax", ("tensorcircuit-ng", "jax")),
    Peer("mindquantum", "MindQuantum, get_expectation_with_grad", "mindquantum", "mindquantum", ("mindquantum",)),
    Peer("flagquantum", "FlagQuantum", "flagquantum", "flagquantum", ("flagquantum", "torch")),
    Peer("torchquantum", "torchquantum (fork -ng)", "torchquantum", "torchquantum", ("torchquantum-ng", "torch")),
)

GPU_PEERS = (
    Peer("native-cuda", "native on the GPU, float32", "native_cuda", OWN, ("numba-cuda", "torch"), ours=True),
    Peer("custatevec", "custatevec, float32", "custatevec", OWN, ("torch",), ours=True),
    Peer("aer-gpu", "Aer on the GPU, batched", "aer_gpu", OWN, ("qiskit-aer-gpu", "torch"), widest=16),
    Peer(
        "pennylane-cuda", "PennyLane default.qubit on the GPU", "pennylane_cuda", OWN, ("PennyLane", "torch"), widest=20
    ),
    Peer(
        "lightning-gpu", "PennyLane lightning.gpu, adjoint", "lightning_gpu", OWN, ("PennyLane-Lightning-GPU", "torch")
    ),
)
"""Those of `make bench-gpu`, which measures `native` on the CPU beside them."""

ALL_PEERS = (*PEERS, *GPU_PEERS)
BY_NAME = {peer.name: peer for peer in ALL_PEERS}


@dataclass(frozen=True)
class Environment:
    """A virtual environment of peers: what is installed first, from the project's constraints, and what after it."""

    first: tuple[str, ...]
    then: tuple[str, ...]


ENVIRONMENTS = {
    "jax": Environment(
        (), ("jax==0.10.2", "jaxlib==0.10.2", "optax==0.2.8", "pennylane==0.45.1", "tensorcircuit-ng==1.10.0")
    ),
    "mindquantum": Environment((), ("mindquantum==0.12.0", "numpy==2.4.6")),
    "flagquantum": Environment(("torch",), ("flagquantum==0.3.1", "numpy==2.4.6")),
    # The release torchquantum 0.1.8 needs a Qiskit below 1.0, and that a NumPy below 1.24, which its other requirements
    # of today refuse; this is its maintained fork. It imports torchvision, whose torch must be of the same build.
    "torchquantum": Environment(
        (), ("torch==2.14.1", "torchvision==0.29.1", "torchquantum-ng==0.2.0", "setuptools<81")
    ),
}
