"""What is said of torch's transforms of a layer: `torch.func` and forward-mode derivatives."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.report.diagnostic import Diagnostic
from hqnn_dsl.report.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ForwardMode(Diagnostic):
    """A derivative in forward mode was asked for, from a backend that estimates gradients, which go backwards.

    `torch.func.jvp`, `jacfwd`, `hessian` and `linearize`, and `torch.autograd.forward_ad`, carry a direction forward
    through the circuit. Shots, noise and SPSA give gradients backwards only. Exact backends have both.

        wrong   torch.func.jacfwd(layer)(x)      # through `backend aer(shots: 1000)`
        right   torch.func.jacrev(layer)(x)
        right   backend native
    """

    code: ClassVar[str] = "E0790"
    message: ClassVar[str] = "`backend {backend}` has no derivatives in forward mode because of {reason}"
    label: ClassVar[str] = "differentiated in forward mode"
    advice: ClassVar[str] = "write `torch.func.jacrev` for `jacfwd` and `vjp` for `jvp`, or use `backend native`"

    backend: str
    reason: str
