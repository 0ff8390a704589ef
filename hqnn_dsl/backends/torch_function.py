"""Gradients that torch can differentiate again, for backends whose own gradients are plain numbers.

A backward pass that answers numbers must see to derivatives of its answer itself. Torch's `once_differentiable` does so
only if the incoming gradient requires a gradient; under a loss that is linear in the outputs that one is a constant,
and torch would take the answer for one too. So, where a graph is recorded, a backend answers here with the gradient of
the same outputs by torch operations, or with numbers that refuse to be differentiated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import forward_ad

from hqnn_dsl.backends import offered
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit

    Gradients = Sequence[Tensor | None]


def numbers_suffice(upstream: Tensor) -> bool:
    """Whether a backward pass may answer numbers: no graph, one upstream gradient and not many, no forward mode."""
    if torch.is_grad_enabled() or is_batched(upstream):
        return False
    return not is_forward()


def is_forward() -> bool:
    """Whether derivatives in forward mode are being taken: `jvp`, `jacfwd`, `hessian`, or a dual level."""
    return forward_ad._current_level >= 0  # noqa: SLF001 - torch has no public name for it


def is_batched(upstream: Tensor) -> bool:
    """Whether many upstream gradients came as one, as `torch.vmap` and `vectorize=True` send them: it has no data."""
    return not torch._C._has_storage(upstream)  # noqa: SLF001 - torch has no public name for it


def where_finite(run: Callable[..., Tensor], per_sample: Tensor, shared: Tensor, state: Tensor | None = None) -> Tensor:
    """`run(per_sample, shared, state)`, where rows with an angle that is no finite number become NaN.

    For what runs circuits that refuse such angles, or that leave out gates, and with them what should not be a number.
    """
    given = (per_sample, shared) if state is None else (per_sample, shared, state)
    good = per_sample.detach().isfinite().all(dim=1) & shared.detach().isfinite().all()
    if bool(good.all()):
        return run(*given)
    zeroed = [torch.where(tensor.isfinite(), tensor, 0) for tensor in (per_sample, shared)]
    return run(*zeroed, *given[2:]) * torch.where(good, 1.0, torch.nan).to(per_sample).unsqueeze(1)


def by_reference(circuit: Circuit, real: torch.dtype, precision: str = "double") -> Callable[..., Tensor]:
    """Returns a function of the same outputs in torch operations, by the backend `reference`, as the dtype `real`.

    It takes `(per_sample[B, E], shared[W], state[B, 2^k] or None)` and raises `Refusal` as that backend does.
    """

    def run(per_sample: Tensor, shared: Tensor, state: Tensor | None = None) -> Tensor:
        return offered()["reference"].load(circuit, {"precision": precision}, 0)(per_sample, shared, state).to(real)

    return run


def graph_of(
    outputs: Callable[..., Tensor], given: Sequence[Tensor | None], asked: Sequence[bool], upstream: Tensor
) -> list[Tensor | None]:
    """The gradients of what is asked for, as functions of everything they depend on, if a graph is recorded.

    `outputs(*given)` are made by torch operations. They are made of aliases: one of `given` may depend on another, as
    where a layer is applied to its own outputs, and each gradient must be that by its own place alone.
    """
    recording = torch.is_grad_enabled()
    with torch.enable_grad():
        aliases = [None if tensor is None else tensor.view_as(tensor) for tensor in given]
        wanted = [alias for alias, want in zip(aliases, asked, strict=True) if want and alias is not None]
        made = outputs(*aliases)
        if not made.requires_grad:  # no angle reaches an output
            return [
                torch.zeros_like(tensor) if want and tensor is not None else None
                for tensor, want in zip(given, asked, strict=True)
            ]
        found = iter(torch.autograd.grad(made, wanted, upstream, create_graph=recording, materialize_grads=True))
    return [next(found) if want else None for want in asked]


def last(gradients: Gradients, depends_on: Sequence[Tensor | None], refusal: Refusal) -> list[Tensor | None]:
    """The same gradients; to differentiate one by anything that it depends on raises `refusal`."""
    if not torch.is_grad_enabled():
        return list(gradients)
    tensors = [tensor for tensor in depends_on if tensor is not None]
    return [None if gradient is None else _Last.apply(gradient, refusal, *tensors) for gradient in gradients]  # type: ignore[no-untyped-call]


def again(
    outputs: Callable[..., Tensor],
    given: Sequence[Tensor | None],
    asked: Sequence[bool],
    upstream: Tensor,
    numbers: Callable[[], Gradients],
) -> list[Tensor | None]:
    """The graph of the gradients, or `numbers()` if the graph is refused: then so are second derivatives."""
    try:
        return graph_of(outputs, given, asked, upstream)
    except Refusal as refusal:
        if is_batched(upstream):
            raise
        with torch.no_grad():
            found = numbers()
        return last(found, (*given, upstream), refusal)


class _Last(torch.autograd.Function):
    """A gradient that depends on tensors in ways that torch cannot follow: it refuses to be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, refusal: Refusal, *_depends_on: Tensor) -> Tensor:
        ctx.refusal = refusal
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ARG004 - torch's signature
        raise ctx.refusal
