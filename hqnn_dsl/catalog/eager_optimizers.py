"""Torch's optimizers without the import of torch's compiler, which takes as long as a small training.

Torch wraps some methods of `Optimizer` so that `torch.compile` leaves them out, and the wrappers import `torch._dynamo`
when they are first called, by the constructor already. Nothing compiles the optimizers of a training, so they have the
wrapped methods themselves. Torch's own classes are not changed, and a method that is not wrapped is left as it is.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.optim import Optimizer

NOT_COMPILED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""The methods that `torch.compile` leaves out."""


@cache
def eager(base: type[Optimizer]) -> type[Optimizer]:
    """Returns a subclass of an optimizer of torch with the same name, results and state, for use without compilation.

    Its steps have no gradients of their own: the option `differentiable` has no effect.
    """
    from torch import no_grad

    methods: dict[str, Any] = {name: inspect.unwrap(getattr(base, name)) for name in NOT_COMPILED}
    methods["step"] = no_grad()(inspect.unwrap(base.step))
    return type(base.__name__, (base,), {"__doc__": base.__doc__, "__module__": __name__, **methods})
