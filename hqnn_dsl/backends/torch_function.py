"""Outputs as torch functions whose gradients are plain numbers: how executables but the reference are differentiated.

An executable computes outputs, and gradients for an upstream gradient, outside of torch. `differentiable` makes of both
a function whose further derivatives are those of the reference, `differentiable_once` one that refuses them.

A backward pass that returns numbers must see to derivatives of its gradients itself. Torch's `once_differentiable` does
so only if the incoming gradient requires a gradient; under a loss that is linear in the outputs that one is a constant,
and torch would take the gradients for constants too. So, if a graph is recorded, a backward pass here returns the
gradient of the same outputs by torch operations, or numbers that refuse to be differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import forward_ad

from hqnn_dsl.backends import offered
from hqnn_dsl.diagnostics.codes.simulators import ManyGradientsAtOnce
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

    Given = Sequence[Tensor | None]
    Gradients = Sequence[Tensor | None]
    Numbers = Callable[[Tensor, Sequence[bool]], Gradients]
    """`(upstream[B, M], asked) -> gradients` of the arguments, None for those that are not asked for."""
    Run = Callable[..., tuple[Tensor, Numbers]]
    """`(*given) -> (outputs[B, M], numbers)`: a call, and how its gradients are found afterwards, once or more."""


def differentiable(run: Run, by_torch: Callable[..., Tensor], *given: Tensor | None) -> Tensor:
    """Returns the outputs of `run(*given)`. First derivatives are its numbers, further ones those of `by_torch`.

    `by_torch(*given)` gives the same outputs by torch operations. If it raises `Refusal`, so do second derivatives.
    """
    outputs: Tensor = _Differentiable.apply(run, by_torch, *given)  # type: ignore[no-untyped-call]
    return outputs


def differentiable_once(run: Run, backend: str, beyond: Diagnostic, *given: Tensor | None) -> Tensor:
    """Returns the outputs of `run(*given)`. First derivatives are its numbers; a second one raises `beyond`.

    `backend` is the name that a user knows it by. Many upstream gradients at once are refused too (E0781).
    """
    outputs: Tensor = _DifferentiableOnce.apply(run, backend, beyond, *given)  # type: ignore[no-untyped-call]
    return outputs


class _Differentiable(torch.autograd.Function):
    """Outputs of a run and its gradients as numbers, or as a graph by torch operations."""

    @staticmethod
    def forward(ctx: Any, run: Run, by_torch: Callable[..., Tensor], *given: Tensor | None) -> Tensor:
        ctx.save_for_backward(*given)
        ctx.by_torch = by_torch
        outputs, ctx.numbers = run(*given)
        return outputs

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        asked = ctx.needs_input_grad[2:]
        given = ctx.saved_tensors  # torch refuses here what was changed in place since
        if numbers_suffice(upstream[0]):
            return (None, None, *ctx.numbers(upstream[0], asked))
        return (None, None, *graph_or_numbers(ctx.by_torch, Step(given, asked, upstream[0], ctx.numbers)))


class _DifferentiableOnce(torch.autograd.Function):
    """Outputs of a run and its gradients as numbers, which refuse to be differentiated."""

    @staticmethod
    def forward(ctx: Any, run: Run, backend: str, beyond: Diagnostic, *given: Tensor | None) -> Tensor:
        ctx.save_for_backward(*given)
        ctx.backend, ctx.beyond = backend, beyond
        outputs, ctx.numbers = run(*given)
        return outputs

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        if is_batched(upstream[0]):
            raise Refusal(ManyGradientsAtOnce(backend=ctx.backend))
        step = Step(ctx.saved_tensors, ctx.needs_input_grad[3:], upstream[0], ctx.numbers)
        return (None, None, None, *step.last(Refusal(ctx.beyond)))


@dataclass(frozen=True, eq=False)
class Step:
    """One step back, for which numbers do not suffice: the gradients of `given` that are asked for under `upstream`."""

    given: Given
    asked: Sequence[bool]
    upstream: Tensor
    numbers: Numbers

    def last(self, refusal: Refusal) -> list[Tensor | None]:
        """Returns the gradients as numbers; to differentiate one by anything that it depends on raises `refusal`."""
        with torch.no_grad():
            found = list(self.numbers(self.upstream, self.asked))
        if not torch.is_grad_enabled():
            return found
        tensors = [tensor for tensor in (*self.given, self.upstream) if tensor is not None]
        return [None if gradient is None else _Last.apply(gradient, refusal, *tensors) for gradient in found]  # type: ignore[no-untyped-call]


def graph_or_numbers(by_torch: Callable[..., Tensor], step: Step) -> Gradients:
    """The graph of the gradients, or numbers if the graph is refused: then so are second derivatives."""
    try:
        return graph_of(by_torch, step.given, step.asked, step.upstream)
    except Refusal as refusal:
        if is_batched(step.upstream):
            raise
        return step.last(refusal)


class _Last(torch.autograd.Function):
    """A gradient that depends on tensors in ways that torch cannot follow: it refuses to be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, refusal: Refusal, *_depends_on: Tensor) -> Tensor:
        ctx.refusal = refusal
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ARG004 - torch's signature
        raise ctx.refusal


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
    """Returns `run(per_sample, shared, state)`, with NaN in rows that have an angle that is no finite number.

    For simulators that refuse such angles, or that leave out gates, and with them a NaN that should be seen.
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
    outputs: Callable[..., Tensor], given: Given, asked: Sequence[bool], upstream: Tensor
) -> list[Tensor | None]:
    """Returns the gradients that are asked for, as functions of all that they depend on, if a graph is recorded.

    `outputs(*given)` is made of torch operations. It gets aliases: one of `given` may depend on another, as if a layer
    is applied to its own outputs, and each gradient must be the one by its own argument alone.
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
