"""An executable under torch's transforms: `torch.func`, forward-mode derivatives, and many gradients in one pass.

Under a transform tensors are wrappers without data of their own, which a simulator cannot read. Two functions stand
around the executable here, its outputs and its gradients as numbers, each with a rule for batches (`torch.vmap`): rows
are run together, shared angles that differ one after the other. Derivatives of the gradients are the reference's, and
so is everything in forward mode.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils._python_dispatch import _disable_current_modes

from hqnn_dsl.backends import EstimatingExecutable, TorchExecutable
from hqnn_dsl.backends.torch_function import by_reference, is_forward
from hqnn_dsl.diagnostics.codes.simulators import OnlyFirstDerivatives
from hqnn_dsl.diagnostics.codes.transforms import ForwardMode
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from hqnn_dsl.backends import Executable

    Given = tuple[Tensor, Tensor, Tensor | None]
    Axes = tuple[int | None, ...]


def is_transformed() -> bool:
    """Whether a transform of `torch.func` is at work, or a level of forward-mode derivatives is open."""
    return torch._C._are_functorch_transforms_active() or is_forward()  # noqa: SLF001 - torch has no public name for it


@contextmanager
def constants() -> Iterator[None]:
    """Tensors made in here are plain ones and may be kept, whatever `torch.func`, tracing or inference mode is at work.

    Otherwise a transform wraps them; kept beyond its end they give errors or wrong derivatives.
    """
    with torch._C._DisableFuncTorch(), _disable_current_modes(), torch.inference_mode(mode=False):  # noqa: SLF001
        yield


def unwrapped(tensor: Tensor) -> Tensor:
    """Returns the tensor inside the wrappers of torch's transforms, with its batches as further axes, in any place."""
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):  # noqa: SLF001 - torch has no public name for it
        tensor = torch._C._functorch.get_unwrapped(tensor)  # noqa: SLF001
    return tensor


def transformed(executable: Executable, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
    """What `executable(per_sample, shared, state)` answers, under any transform of torch.

    Raises `Refusal`: in forward mode (E0790) and for second derivatives (E0780) of an executable that estimates.
    """
    if isinstance(executable, TorchExecutable):
        return executable(per_sample, shared, state)
    if is_forward():
        if reason := inexact(executable):
            raise Refusal(ForwardMode(backend=named(executable), reason=reason))
        return by_reference(executable.circuit, executable.real)(per_sample, shared, state)
    return cast("Tensor", _Outputs.apply(executable, per_sample, shared, state))  # type: ignore[no-untyped-call]


def gradients(
    executable: Executable, given: Given, asked: Sequence[bool], upstream: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of what is asked for under `upstream[B, M]`, which a transform may have wrapped."""
    if not any(asked):
        return (None,) * len(asked)
    found = iter(_Gradients.apply(executable, tuple(asked), upstream, *given))  # type: ignore[no-untyped-call]
    return tuple(next(found) if want else None for want in asked)


def inexact(executable: Executable) -> str:
    """Why derivatives of an executable cannot be the reference's; empty if they can."""
    return executable.inexact if isinstance(executable, EstimatingExecutable) else ""


def named(executable: Executable) -> str:
    """What a user calls the backend of an executable that says so."""
    return executable.named if isinstance(executable, EstimatingExecutable) else ""


class _Outputs(torch.autograd.Function):
    """Outputs `[B, M]` of an executable, as numbers."""

    @staticmethod
    def forward(executable: Executable, *given: Tensor | None) -> Tensor:
        per_sample, shared, state = given
        assert per_sample is not None
        assert shared is not None
        return executable(per_sample, shared, state)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004 - torch's signature
        ctx.executable, *given = inputs
        ctx.save_for_backward(*given)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *gradients(ctx.executable, ctx.saved_tensors, ctx.needs_input_grad[1:], upstream[0]))

    @staticmethod
    def vmap(info: Any, in_dims: Axes, executable: Executable, *given: Tensor | None) -> tuple[Tensor, int]:
        _, *axes = in_dims
        if axes[1] is not None:
            each = _each(given, axes, info.batch_size)
            return torch.stack([_Outputs.apply(executable, *one) for one in each]), 0  # type: ignore[no-untyped-call]
        found = _Outputs.apply(executable, *_folded(given, axes, info.batch_size))  # type: ignore[no-untyped-call]
        return _unfolded(found, info.batch_size), 0


class _Gradients(torch.autograd.Function):
    """Gradients of an executable by those of its arguments that are asked for, as numbers."""

    @staticmethod
    def forward(
        executable: Executable, asked: tuple[bool, ...], upstream: Tensor, *given: Tensor | None
    ) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            leaves = [
                None if tensor is None else tensor.detach().requires_grad_(want)
                for tensor, want in zip(given, asked, strict=True)
            ]
            made = executable(*cast("Given", tuple(leaves)))
        wanted = [leaf for leaf, want in zip(leaves, asked, strict=True) if want and leaf is not None]
        if not made.requires_grad:  # no angle reaches an output
            return tuple(torch.zeros_like(leaf) for leaf in wanted)
        return torch.autograd.grad(made, wanted, upstream.to(made), materialize_grads=True)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:  # noqa: ARG004
        ctx.executable, ctx.asked, *given = inputs
        ctx.save_for_backward(*given)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        if reason := inexact(ctx.executable):
            raise Refusal(OnlyFirstDerivatives(backend=named(ctx.executable), reason=reason))
        executable = ctx.executable
        asked, run = ctx.asked, by_reference(executable.circuit, executable.real)
        arriving, *given = ctx.saved_tensors
        tensors = [tensor for tensor in given if tensor is not None]
        wanted = [want for tensor, want in zip(given, asked, strict=True) if tensor is not None]

        def first(arriving: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
            pull = cast("Any", torch.func.vjp(run, *tensors)[1])
            return tuple(found for found, want in zip(pull(arriving), wanted, strict=True) if want)

        by_upstream, *others = cast("Any", torch.func.vjp(first, arriving, *tensors)[1])(upstream)
        found = iter(others)
        return (None, None, by_upstream, *(None if tensor is None else next(found) for tensor in given))

    @staticmethod
    def vmap(
        info: Any, in_dims: Axes, executable: Executable, asked: tuple[bool, ...], *given: Tensor | None
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        _, _, *axes = in_dims
        count = info.batch_size
        if asked[1] or axes[2] is not None:
            each = [_Gradients.apply(executable, asked, *one) for one in _each(given, axes, count)]  # type: ignore[no-untyped-call]
            found = tuple(torch.stack(column) for column in zip(*each, strict=True))
        else:
            folded = _Gradients.apply(executable, asked, *_folded(given, axes, count, shared=2))  # type: ignore[no-untyped-call]
            found = tuple(_unfolded(gradient, count) for gradient in folded)
        return found, (0,) * len(found)


def _each(given: Sequence[Tensor | None], axes: Sequence[int | None], count: int) -> list[tuple[Tensor | None, ...]]:
    """The arguments of every call of a batch of calls."""
    return [
        tuple(
            tensor if tensor is None or axis is None else tensor.select(axis, number)
            for tensor, axis in zip(given, axes, strict=True)
        )
        for number in range(count)
    ]


def _folded(
    given: Sequence[Tensor | None], axes: Sequence[int | None], count: int, shared: int = 1
) -> list[Tensor | None]:
    """The rows of all calls as rows of one; the argument at place `shared` has no rows and is that of all calls."""
    found: list[Tensor | None] = []
    for place, (tensor, axis) in enumerate(zip(given, axes, strict=True)):
        if tensor is None or place == shared:
            found.append(tensor)
            continue
        stacked = tensor.expand(count, *tensor.shape) if axis is None else tensor.movedim(axis, 0)
        found.append(stacked.reshape(count * stacked.shape[1], *stacked.shape[2:]))
    return found


def _unfolded(rows: Tensor, count: int) -> Tensor:
    return rows.reshape(count, rows.shape[0] // count, *rows.shape[1:])
