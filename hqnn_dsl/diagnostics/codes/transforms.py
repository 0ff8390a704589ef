"""What is said of torch's transforms of a layer: `torch.func` and forward-mode derivatives."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


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


@lazy_dataclass(frozen=True, kw_only=True)
class NoNumbers(Diagnostic):
    """A layer was called that is on torch's device `meta`, or was given a tensor that is.

    Tensors on `meta` have a shape and no numbers, so no circuit can be run with them.

        wrong   layer.to("meta")(x)
        right   layer.to_empty(device="cpu")
                layer.load_state_dict(…)      # or layer.reset_parameters()
                layer(x)
    """

    code: ClassVar[str] = "E0791"
    message: ClassVar[str] = "a circuit cannot be run on the device `meta`, where tensors have no numbers"
    label: ClassVar[str] = "run here"
    advice: ClassVar[str] = (
        'write `layer.to_empty(device="cpu")` and then `layer.reset_parameters()`, with `x` on the same device'
    )
