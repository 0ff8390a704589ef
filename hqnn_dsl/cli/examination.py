"""What `hqnn doctor` finds: versions, devices, what each backend can do here, limits, known traps and their mend."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from hqnn_dsl import __version__
from hqnn_dsl.backends import limits as backend_limits
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.aer_build import aer_state
from hqnn_dsl.report import limits

PACKAGES = (
    "torch", "qiskit", "qiskit-machine-learning", "qiskit-aer", "qiskit-aer-gpu", "qiskit-ibm-runtime",
    "cuquantum-python-cu12", "cuquantum-python-cu13", "numba-cuda", "pennylane", "lark", "pydantic", "pandas",
    "scikit-learn", "typer", "numpy",
)  # fmt: skip
_CUDA_FAMILIES = ("custatevec-cu12", "custatevec-cu13")


@dataclass(frozen=True)
class Problem:
    """Something wrong with this environment, and what to type."""

    what: str
    mend: str


@dataclass(frozen=True)
class Examination:
    """All that `hqnn doctor` prints."""

    versions: dict[str, str]
    devices: dict[str, str]
    backends: dict[str, str]
    limits: dict[str, int]
    problems: list[Problem] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        parts = []
        for title, rows in (
            ("versions", self.versions),
            ("devices", self.devices),
            ("backends", self.backends),
            ("limits", {name: f"{value:,}" for name, value in self.limits.items()}),
        ):
            width = max(len(name) for name in rows)
            parts.append("\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in rows.items())]))
        if self.problems:
            listed = [f"  {problem.what}\n    mend: {problem.mend}" for problem in self.problems]
            parts.append("\n".join(["problems", *listed]))
        else:
            parts.append("no problems found")
        return "\n\n".join(parts)


def examine() -> Examination:
    """Look at this environment. Never raises for what is missing or broken in it."""
    return Examination(
        versions=_versions(),
        devices=_devices(),
        backends={name: backend.probe() for name, backend in offered().items()},
        limits=_limits(),
        problems=_problems(),
    )


def version_of(package: str) -> str | None:
    """The installed version of a package, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _versions() -> dict[str, str]:
    found = {"hqnn": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        found[package] = version_of(package) or "not installed"
    return found


def _devices() -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = {"system": f"{platform.system()} {platform.machine()}", "cpu": f"{cores} cores"}
    try:
        import torch
    except ImportError as error:
        return {**found, "cuda": f"unknown, torch cannot be imported: {error}"}
    found["cpu"] += f", torch uses {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())]
        found["cuda"] = ", ".join(names)
    else:
        built = torch.version.cuda
        found["cuda"] = "no device" if built else "no device (this torch is a CPU build)"
    return found


def _limits() -> dict[str, int]:
    rooms = (limits, backend_limits)
    return {name: value for room in rooms for name, value in vars(room).items() if name.startswith("MAX_")}


def _problems() -> list[Problem]:
    found = []
    state = aer_state()
    if state.is_conflict:
        found.append(
            Problem(
                f"{' and '.join(state.packages)} are both installed and overwrite each other; "
                f"on disk is {state.owner or 'neither'}",
                f"pip uninstall -y {' '.join(state.packages)} && pip install 'hqnn-dsl[aer]' (or [gpu])",
            )
        )
    elif state.packages and state.owner is None:
        package = state.packages[0]
        found.append(Problem(f"{package} is damaged", f"pip install --force-reinstall --no-deps {package}"))
    both = [name for name in _CUDA_FAMILIES if version_of(name)]
    if len(both) > 1:
        found.append(Problem(f"{' and '.join(both)} own the same files", "use one environment for each"))
    if sys.version_info >= (3, 13) and state.owner == "qiskit-aer-gpu":
        found.append(Problem("cuquantum-python for CUDA 12 has no build for this Python", "use Python 3.11 or 3.12"))
    return found
