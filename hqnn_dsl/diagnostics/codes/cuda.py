"""What this machine lacks for the CUDA kernels of `native` and for the backend `custatevec` (exit code 3)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NoGpu(Diagnostic):
    """Something that runs on an NVIDIA GPU only was asked for, and torch has none here.

    Either torch was installed without CUDA, or no device is in this machine or visible to this process, or the driver
    is missing or older than torch's CUDA.

        wrong   backend native(device: cuda)      # on a machine without an NVIDIA GPU
        wrong   backend custatevec                # likewise
        right   backend native                    # runs on the device of the tensors
    """

    code: ClassVar[str] = "E0730"
    message: ClassVar[str] = "{wanted} needs an NVIDIA GPU, and {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "write `backend native`, which needs none; if there is one, check that `nvidia-smi` lists it, that "
        "CUDA_VISIBLE_DEVICES does not hide it, and that `torch.version.cuda` is not None"
    )
    exit_code: ClassVar[int] = 3

    wanted: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class CudaKernelsMissing(Diagnostic):
    """`native(device: cuda)` compiles its kernels with numba-cuda, which is not installed here.

    It is an optional part in two forms, one for each version of CUDA: `cuda` for CUDA 13, which torch 2.11 and
    later is built for, and `cuda12` for CUDA 12.

        wrong   backend native(device: cuda)      # without numba-cuda
        right   pip install 'hqnn-dsl[cuda]'
        right   backend native                    # takes the CPU if it has to
    """

    code: ClassVar[str] = "E0731"
    message: ClassVar[str] = "the CUDA kernels of `native` need numba-cuda, which is not installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3

    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class CudaKernelsBroken(Diagnostic):
    """numba-cuda is installed and torch has a GPU, but a kernel of one line does not run.

    Mostly numba-cuda was installed without CUDA's compiler, or for another version of CUDA than the driver's.

        wrong   pip install numba-cuda                                # without its extra `cu12` or `cu13`
        right   pip install --force-reinstall 'hqnn-dsl[cuda]'        # for CUDA 13
        right   pip install --force-reinstall 'hqnn-dsl[cuda12]'      # for CUDA 12
    """

    code: ClassVar[str] = "E0732"
    message: ClassVar[str] = "numba-cuda is installed but cannot run a kernel: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "run `pip install --force-reinstall 'hqnn-dsl[{extra}]'`; `nvidia-smi` names the driver's CUDA"
    )
    exit_code: ClassVar[int] = 3

    reason: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class KernelsOnCpu(Diagnostic):
    """`backend native` was given tensors on a GPU, and runs on the CPU all the same. It is a note, not an error.

    Its CUDA kernels cannot run here, so tensors are copied to the CPU and back in every step: right numbers, slowly.

        wrong   backend native                   # if a run on the CPU must not happen
        right   backend native(device: cuda)
        right   backend native(device: cpu)      # if the CPU is meant
    """

    code: ClassVar[str] = "E0733"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "`backend native` runs on the CPU though its tensors are on a GPU: {reason}; {mend}"
    exit_code: ClassVar[int] = 0

    reason: str
    mend: str


@lazy_dataclass(frozen=True, kw_only=True)
class CuStateVecMissing(Diagnostic):
    """`backend custatevec` needs cuQuantum's Python package, which is not installed here or cannot be loaded.

    There is one for each version of CUDA. That for CUDA 13 cannot be installed beside GPU Aer, which brings the
    libraries for CUDA 12 under the same names.

        wrong   backend custatevec                        # without cuquantum-python
        right   pip install 'hqnn-dsl[custatevec13]'      # beside a torch for CUDA 13
        right   pip install 'hqnn-dsl[custatevec]'        # beside a torch for CUDA 12
    """

    code: ClassVar[str] = "E0734"
    message: ClassVar[str] = "`backend custatevec` needs cuquantum-python, which cannot be loaded: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3

    reason: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class CuStateVecFailed(Diagnostic):
    """cuStateVec is installed, and a call of it ended with an error of its own.

    Where even a handle cannot be made, the library does not fit the driver. Later errors are about memory, or a bug.

        wrong   pip install 'hqnn-dsl[custatevec13]'      # with a driver for CUDA 12
        right   pip install 'hqnn-dsl[custatevec]'        # for the CUDA that `nvidia-smi` names
    """

    code: ClassVar[str] = "E0735"
    message: ClassVar[str] = "cuStateVec cannot {what}: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "compare the CUDA that `nvidia-smi` names with the package (cu12 or cu13), and check the GPU's free memory"
    )
    exit_code: ClassVar[int] = 3

    what: str
    reason: str
