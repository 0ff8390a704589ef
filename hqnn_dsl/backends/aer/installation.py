"""Which Aer is installed here, and whether it really computes on a GPU.

What Aer says of itself is not enough: builds for the CPU accept `device="GPU"`, and builds for the GPU list it where
there is none. So the packages on disk are looked at, a circuit of one qubit is run, and the run's own report is read.
"""

from __future__ import annotations

import importlib.metadata
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.environment import (
    AerIsCpuBuild,
    AerLibraryMissing,
    AerMissing,
    NoCudaDevice,
    NotOnGpu,
    TwoAers,
)
from hqnn_dsl.diagnostics.sentences import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

PACKAGES = ("qiskit-aer", "qiskit-aer-gpu", "qiskit-aer-gpu-cu11")
"""Packages that install the module `qiskit_aer`."""


@dataclass(frozen=True)
class AerState:
    """The Aer packages installed, and whose compiled code is on disk: None if it is nobody's, which is broken."""

    packages: tuple[str, ...]
    owner: str | None

    @property
    def is_conflict(self) -> bool:
        """Whether several packages own the same files."""
        return len(self.packages) > 1


def aer_state(path: Sequence[str] | None = None) -> AerState:
    """What the package records and the files on disk say, in the folders of `path` where given; imports no Aer."""
    packages, owner = [], None
    where = sys.path if path is None else list(path)
    for name in PACKAGES:
        distribution = next(iter(importlib.metadata.distributions(name=name, path=where)), None)
        if distribution is None:
            continue
        packages.append(name)
        for file in distribution.files or []:
            if not (file.name.startswith("controller_wrappers") and file.suffix in {".so", ".pyd"}):
                continue
            found = Path(str(distribution.locate_file(file)))
            if found.exists() and file.size == found.stat().st_size:
                owner = name
    return AerState(tuple(packages), owner)


def run_one_qubit(options: Mapping[str, Any]) -> dict[str, Any]:
    """Aer's own report of a one-qubit run under simulator options: `device`, `method`, `cuStateVec_enable`, ….

    Raises what Aer raises: `ImportError` if it is missing or cannot be loaded, `RuntimeError` if it cannot run.
    """
    from qiskit import QuantumCircuit
    from qiskit_aer import AerSimulator

    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.save_statevector()
    result = AerSimulator(method="statevector", **options).run(circuit, shots=1).result()
    if not result.success:
        raise RuntimeError(str(result.status))
    return dict(result.results[0].metadata)


def cpu_objection() -> Diagnostic | None:
    """Why Aer cannot run on the CPU here, None if it can."""
    try:
        run_one_qubit({})
    except (ImportError, RuntimeError) as error:
        return _explain(error, extra="aer")
    return None


def gpu_objection(*, custatevec: bool) -> Diagnostic | None:
    """Why Aer cannot run on the GPU here, with cuStateVec if asked for; None if its own report says it did."""
    options = {"device": "GPU", "cuStateVec_enable": custatevec}
    try:
        report = run_one_qubit(options)
    except (ImportError, RuntimeError) as error:
        return _explain(error, extra="gpu")
    if report.get("device") != "GPU":
        return NotOnGpu(wanted="`device: gpu`", found=f"device {report.get('device')}")
    if custatevec and not report.get("cuStateVec_enable"):
        return NotOnGpu(wanted="`custatevec: true`", found="that cuStateVec was not used")
    return None


def _explain(error: ImportError | RuntimeError, extra: str) -> Diagnostic:
    """Aer's exception as the reason and the command that repairs it."""
    state = aer_state()
    if not state.packages and isinstance(error, ModuleNotFoundError):
        return AerMissing(extra=extra)
    if state.is_conflict:
        listed = names(state.packages, "and")
        owner = f"`{state.owner}`" if state.owner else "neither"
        return TwoAers(packages=listed, owner=owner, names=" ".join(state.packages), extra=extra)
    if isinstance(error, ImportError):
        return AerLibraryMissing(reason=str(error), extra=extra)
    if "No CUDA device" in str(error):
        return NoCudaDevice()
    if "not supported on this system" in str(error):
        return AerIsCpuBuild()
    return AerLibraryMissing(reason=str(error), extra=extra)
