"""The report of `hqnn doctor`: versions, devices, the state of each backend, limits, and known problems of packages.

Packages of this stack overwrite each other's files, or bring libraries for another CUDA, and nothing fails before a run
does, if at all. Each problem is found from package records and files on disk, and comes with the command that fixes it.
A known problem is a function from `Facts` to a `Problem`. `PROBLEMS` are wrong as they are; `NOTES` are right, and good
to know.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from hqnn_dsl import __version__, limits
from hqnn_dsl.backends import memory as backend_limits
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.aer.installation import AerState, aer_state
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.packages import installed_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

AER_GPU_NEEDS = (
    "cuquantum-cu12", "custatevec-cu12", "cutensornet-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12",
    "nvidia-cusolver-cu12", "nvidia-cusparse-cu12", "nvidia-nvjitlink-cu12",
)  # fmt: skip
"""Packages whose libraries the GPU build of Aer links."""

SAME_FILES = ("custatevec", "cutensornet")
"""Libraries whose packages for CUDA 12 and 13 own the same file."""


@dataclass(frozen=True)
class Problem:
    """A sentence about something wrong with this environment, or good to know of it, and the command that fixes it."""

    sentence: str
    fix: str

    def as_data(self) -> dict[str, str]:
        """Returns the problem under the names that `hqnn doctor --json` has for its parts."""
        return {"what": self.sentence, "mend": self.fix}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Installed versions by normalised name, and the machine's devices. `torch_cuda` is None for a CPU build."""

    versions: Mapping[str, str]
    aer: AerState
    python: tuple[int, int]
    torch_cuda: str | None = None
    has_gpu: bool = False

    def has(self, name: str) -> bool:
        """Whether a package is installed."""
        return name in self.versions

    @property
    def has_gpu_aer(self) -> bool:
        """Whether Aer on disk is the GPU build."""
        return self.aer.owner is not None and self.aer.owner.startswith("qiskit-aer-gpu")

    @property
    def torch_major(self) -> int | None:
        """The CUDA version that torch brings: 12, 13."""
        return None if self.torch_cuda is None else int(self.torch_cuda.split(".")[0])


def facts(path: Sequence[str] | None = None) -> Facts:
    """Returns the facts of this environment, or of the packages recorded in the folders of `path`."""
    found = metadata.distributions() if path is None else metadata.distributions(path=list(path))
    versions = {re.sub(r"[-_.]+", "-", item.name).lower(): item.version for item in found if item.name}
    cuda, has_gpu = _cuda()
    return Facts(versions=versions, aer=aer_state(path), python=sys.version_info[:2], torch_cuda=cuda, has_gpu=has_gpu)


def _cuda() -> tuple[str | None, bool]:
    try:
        import torch
    except ImportError:
        return None, False
    return torch.version.cuda, torch.cuda.is_available()


def two_aers(found: Facts) -> Problem | None:
    """Two packages that own the module `qiskit_aer`."""
    if not found.aer.is_conflict:
        return None
    names = found.aer.packages
    sentence = (
        f"{' and '.join(names)} are both installed and overwrite each other; on disk is {found.aer.owner or 'neither'}"
    )
    return Problem(sentence, f"pip uninstall -y {' '.join(names)} && pip install 'hqnn-dsl[aer]' (or [gpu])")


def damaged_aer(found: Facts) -> Problem | None:
    """A package of Aer whose compiled part is not on disk, since the other package was uninstalled."""
    if found.aer.is_conflict or not found.aer.packages or found.aer.owner is not None:
        return None
    name = found.aer.packages[0]
    return Problem(
        f"{name} is damaged: its compiled part is not on disk", f"pip install --force-reinstall --no-deps {name}"
    )


def gpu_aer_without_libraries(found: Facts) -> Problem | None:
    """The GPU build of Aer, which links CUDA 12's libraries, without their packages."""
    missing = [name for name in AER_GPU_NEEDS if not found.has(name)]
    if not found.has_gpu_aer or found.aer.owner == "qiskit-aer-gpu-cu11" or not missing:
        return None
    return Problem(
        f"qiskit-aer-gpu needs libraries of CUDA 12 that are not installed: {', '.join(missing)}",
        f"pip install {' '.join(_bounded(name) for name in missing)}",
    )


def _bounded(name: str) -> str:
    return "'cuquantum-cu12<24.11'" if name == "cuquantum-cu12" else name


def two_cudas_in_one_file(found: Facts) -> Problem | None:
    """Packages for CUDA 12 and 13 that own the same library file: the last one installed wins."""
    both = [name for name in SAME_FILES if found.has(f"{name}-cu12") and found.has(f"{name}-cu13")]
    if not both:
        return None
    pairs = ", ".join(f"{name}-cu12 and {name}-cu13" for name in both)
    wrong = [name for name in sorted(found.versions) if name.startswith(("cu", "nvmath")) and name.endswith("-cu13")]
    return Problem(
        f"{pairs} own the same files, and the last one installed wins",
        f"pip uninstall -y {' '.join(wrong)} {' '.join(f'{name}-cu12' for name in both)}"
        " && pip install 'hqnn-dsl[gpu]'; for CUDA 13 use an environment of its own",
    )


def chooser(found: Facts) -> Problem | None:
    """`cuquantum-python` without a suffix, which picks CUDA 13 if it sees no other."""
    if not found.has("cuquantum-python") or not (found.has_gpu_aer and found.has("cuquantum-python-cu13")):
        return None
    return Problem(
        "cuquantum-python without a suffix has picked CUDA 13, and qiskit-aer-gpu needs CUDA 12",
        "pip uninstall -y cuquantum-python cuquantum-python-cu13 && pip install 'cuquantum-python-cu12>=24.8,<24.11'",
    )


def newer_cuquantum(found: Facts) -> Problem | None:
    """A cuquantum-python for CUDA 12 that is newer than the libraries that Aer pins."""
    version = found.versions.get("cuquantum-python-cu12", "")
    if not found.has_gpu_aer or not version or _release(version) < (24, 11):
        return None
    return Problem(
        f"cuquantum-python-cu12 {version} is too new for qiskit-aer-gpu, which needs cuquantum-cu12 before 24.11",
        "pip install 'cuquantum-python-cu12>=24.8,<24.11' 'cuquantum-cu12<24.11'",
    )


def numba_of_another_cuda(found: Facts) -> Problem | None:
    """numba-cuda with bindings for another CUDA than torch's: two CUDAs in one process."""
    bindings = found.versions.get("cuda-bindings")
    if not found.has("numba-cuda") or found.torch_major is None or bindings is None:
        return None
    if _release(bindings)[0] == found.torch_major:
        return None
    return Problem(
        f"numba-cuda has bindings for CUDA {_release(bindings)[0]}, torch is built for CUDA {found.torch_cuda}",
        f"pip install --force-reinstall 'numba-cuda[cu{found.torch_major}]'",
    )


def numba_without_bindings(found: Facts) -> Problem | None:
    """numba-cuda without bindings: it raises nothing before it is used."""
    if not found.has("numba-cuda") or found.has("cuda-bindings"):
        return None
    return Problem(
        "numba-cuda is installed without the bindings of any CUDA",
        f"pip install 'numba-cuda[cu{found.torch_major or 13}]'",
    )


def cpu_aer_beside_a_gpu(found: Facts) -> Problem | None:
    """A GPU, and the CPU build of Aer: it accepts `device="GPU"` and fails when it runs."""
    if not found.has_gpu or found.aer.owner != "qiskit-aer":
        return None
    return Problem(
        "there is a GPU, and qiskit-aer is the build for CPUs: `backend aer(device: gpu)` will be refused",
        "pip uninstall -y qiskit-aer && pip install 'hqnn-dsl[gpu]'",
    )


def gpu_aer_without_a_gpu(found: Facts) -> Problem | None:
    """The GPU build of Aer on a machine without a GPU: it lists one all the same."""
    if not found.has_gpu_aer or found.has_gpu:
        return None
    return Problem(
        "qiskit-aer-gpu finds no GPU here, though its available_devices() lists one; on the CPU it works",
        "run `nvidia-smi`; without a GPU: pip uninstall -y qiskit-aer-gpu && pip install 'hqnn-dsl[aer]'",
    )


def torch_of_another_cuda(found: Facts) -> Problem | None:
    """Torch brings CUDA 13 from 2.11 on, Aer's GPU build CUDA 12: both in one process."""
    if not found.has_gpu_aer or found.torch_major in {None, 12}:
        return None
    return Problem(
        f"torch brings CUDA {found.torch_cuda} and qiskit-aer-gpu CUDA 12 into one process; no GPU has run both",
        "if one of them fails: pip install 'torch<2.11', which brings CUDA 12",
    )


def no_numba_cuda(found: Facts) -> Problem | None:
    """A GPU that torch can use, and no numba-cuda for the native kernels."""
    if not found.has_gpu or found.has("numba-cuda") or found.torch_major is None:
        return None
    return Problem(
        "there is a GPU, and numba-cuda is not installed: native kernels run on the CPU",
        f"pip install 'numba-cuda[cu{found.torch_major}]'",
    )


def no_cuquantum_for_this_python(found: Facts) -> Problem | None:
    """cuquantum-python 24.8, the last beside Aer's libraries, has no build for Python 3.13 and later."""
    if not found.has_gpu_aer or found.python < (3, 13):
        return None
    version = ".".join(str(part) for part in found.python)
    return Problem(
        f"cuquantum-python-cu12 24.8, the one that fits qiskit-aer-gpu, has no build for Python {version}",
        "use Python 3.11 or 3.12 if it is wanted beside qiskit-aer-gpu",
    )


PROBLEMS: tuple[Callable[[Facts], Problem | None], ...] = (
    two_aers, damaged_aer, gpu_aer_without_libraries, two_cudas_in_one_file, chooser, newer_cuquantum,
    numba_of_another_cuda, numba_without_bindings,
)  # fmt: skip
"""Problems that break something as it stands."""

NOTES: tuple[Callable[[Facts], Problem | None], ...] = (
    cpu_aer_beside_a_gpu, gpu_aer_without_a_gpu, torch_of_another_cuda, no_numba_cuda, no_cuquantum_for_this_python,
)  # fmt: skip
"""Problems that break something only if another device or package is wanted."""


def detected(known: Sequence[Callable[[Facts], Problem | None]], found: Facts) -> tuple[Problem, ...]:
    """Returns those of the known problems that the facts show."""
    return tuple(problem for detect in known if (problem := detect(found)) is not None)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


@dataclass(frozen=True)
class Examination:
    """The report of `hqnn doctor`."""

    versions: Mapping[str, str]
    devices: Mapping[str, str]
    backends: Mapping[str, str]
    limits: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Returns the report as one JSON document."""
        problems = {
            "problems": [item.as_data() for item in self.problems],
            "notes": [item.as_data() for item in self.notes],
        }
        return asdict(self) | problems

    def as_text(self) -> str:
        """Returns the report as lines for a terminal."""
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
            listed = [f"  {printable(problem.sentence)}\n    fix: {printable(problem.fix)}" for problem in found]
            if listed:
                parts.append("\n".join([title, *listed]))
        if not self.problems:
            parts.append("no problems found")
        return "\n\n".join(parts)


def examine() -> Examination:
    """Returns the report on this environment. Never raises if something is missing or broken in it."""
    found = facts()
    return Examination(
        versions=_versions(),
        devices=_devices(),
        backends={name: backend.probe() for name, backend in offered().items()},
        limits=_limits(),
        problems=detected(PROBLEMS, found),
        notes=detected(NOTES, found),
    )


def _versions() -> dict[str, str]:
    found = {name: version or "not installed" for name, version in installed_versions().items()}
    return {"hqnn": __version__, "python": platform.python_version()} | found


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
