"""What `hqnn doctor` finds: versions, devices, what each backend can do here, limits, known traps and their mend."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from hqnn_dsl import __version__
from hqnn_dsl.backends import limits as backend_limits
from hqnn_dsl.backends import offered
from hqnn_dsl.cli.traps import NOTES, PROBLEMS, Problem, caught, facts
from hqnn_dsl.report import limits
from hqnn_dsl.report.terminal import printable

PACKAGES = (
    "torch", "qiskit", "qiskit-machine-learning", "qiskit-aer", "qiskit-aer-gpu", "qiskit-ibm-runtime",
    "cuquantum-python-cu12", "cuquantum-python-cu13", "numba-cuda", "pennylane", "lark", "pydantic", "pandas",
    "scikit-learn", "typer", "numpy",
)  # fmt: skip


@dataclass(frozen=True)
class Examination:
    """All that `hqnn doctor` prints."""

    versions: dict[str, str]
    devices: dict[str, str]
    backends: dict[str, str]
    limits: dict[str, int]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

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
            parts.append(
                "\n".join([title, *(f"  {name:<{width}}  {printable(value)}" for name, value in rows.items())])
            )
        for title, found in (("notes", self.notes), ("problems", self.problems)):
            listed = [f"  {printable(problem.what)}\n    mend: {printable(problem.mend)}" for problem in found]
            if listed:
                parts.append("\n".join([title, *listed]))
        if not self.problems:
            parts.append("no problems found")
        return "\n\n".join(parts)


def examine() -> Examination:
    """Look at this environment. Never raises for what is missing or broken in it."""
    found = facts()
    return Examination(
        versions=_versions(),
        devices=_devices(),
        backends={name: backend.probe() for name, backend in offered().items()},
        limits=_limits(),
        problems=caught(PROBLEMS, found),
        notes=caught(NOTES, found),
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
