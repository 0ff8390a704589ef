"""Where tensors live: the one answer to `train { device … }`, for everything that trains, compares, times or tries.

Backends run where their inputs are, unless an option of their own says otherwise. torch is imported by the function, so
that a checked spec does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.codes.runs import NoCuda
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    import torch


def torch_device(asked: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """Returns the device for tensors: `auto` is CUDA if there is one, else the CPU.

    Raises `Refusal` E0543 (exit code 3) if `cuda` is asked for and PyTorch finds none.
    """
    import torch

    has_cuda = asked != "cpu" and torch.cuda.is_available()
    if asked == "cuda" and not has_cuda:
        reason = "was installed without CUDA" if torch.version.cuda is None else "finds no CUDA device"
        raise Refusal(NoCuda(reason=reason))
    return torch.device("cuda" if has_cuda else "cpu")
