"""The packages on whose version a number may depend: one list, for every record of an environment.

A run's `environment.json`, `hqnn doctor`, the trials that `backend auto` remembers and the benchmarks read it. It has
the packages that compute, or compile code that does, not those that parse, draw or check. Versions
come from the records of installed packages; nothing is imported.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = (
    # tables, linear algebra, the classical half
    "torch", "numpy", "scipy", "pandas",
    # Qiskit, the package that routes its circuits, EstimatorQNN and its foundation, simulators, devices
    "qiskit", "rustworkx", "qiskit-machine-learning", "scikit-learn", "qiskit-aer", "qiskit-aer-gpu",
    "qiskit-aer-gpu-cu11", "qiskit-ibm-runtime",
    # compiled kernels
    "numba", "llvmlite", "numba-cuda", "cuda-bindings",
    # NVIDIA's state vectors, of this package's own backend and of Aer
    "cuquantum-python-cu12", "cuquantum-python-cu13", "custatevec-cu12", "custatevec-cu13",
    # PennyLane, and the simulators that it brings
    "pennylane", "pennylane-lightning", "pennylane-lightning-gpu", "pennylane-lightning-kokkos",
)  # fmt: skip
"""Names as package indexes have them, lower case, with hyphens."""


@cache
def installed_versions() -> Mapping[str, str | None]:
    """Returns the version of every package of the list, None if it is not installed.

    They are read once in a process: a package that is replaced meanwhile is not imported anew either.
    """
    return MappingProxyType({name: _version(name) for name in PACKAGES})


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
