"""Whether the CUDA kernels can run here, found out by running one."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.diagnostics.codes.cuda import CudaKernelsBroken, CudaKernelsMissing, NoGpu

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

CUDA = "cuda"
"""The device that `native(device: cuda)` moves tensors to: torch's current one."""


def gpu_objection(wanted: str) -> Diagnostic | None:
    """Why torch has no CUDA device for the use that is `wanted`; None if it has."""
    if torch.cuda.is_available():
        return None
    reason = "this torch was installed without CUDA" if torch.version.cuda is None else "torch finds no CUDA device"
    return NoGpu(wanted=wanted, reason=reason)


@cache
def kernels_objection() -> Diagnostic | None:
    """Why the kernels cannot run here, with what to type; None if one was seen to run."""
    lacking = gpu_objection("`native(device: cuda)`")
    if lacking is not None:
        return lacking
    if importlib.util.find_spec("numba_cuda") is None:
        return CudaKernelsMissing(extra=extra())
    try:
        seen = one_number()
    except Exception as error:  # noqa: BLE001 - drivers, compilers and linkers fail in ways of their own
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return CudaKernelsBroken(reason=lines[0], extra=extra())
    return None if seen == 1 else CudaKernelsBroken(reason="a kernel ran and wrote nothing", extra=extra())


def extra() -> str:
    """The extra of the project that fits torch's CUDA."""
    return "cuda12" if (torch.version.cuda or "").startswith("12.") else "cuda"


def one_number() -> int:
    """Returns the number that a kernel writes on the GPU: 1. Raises Numba's errors of compiling and launching."""
    from numba import cuda

    def write(numbers: object) -> None:
        numbers[0] = 1  # type: ignore[index]

    found = torch.zeros(1, dtype=torch.int32, device=CUDA)
    cuda.jit(write)[1, 1](cuda.as_cuda_array(found))
    cuda.synchronize()
    return int(found[0])
