"""Outputs from angles as a torch function, for executables that only evaluate: gradients are theirs, as numbers.

Second derivatives are the reference's if the executable is exact, and refused otherwise: shots, noise and estimates
have none that the reference knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import torch

from hqnn_dsl.backends.reference.executable import DenseExecutable
from hqnn_dsl.backends.torch_function import again, is_batched, last, numbers_suffice, where_finite
from hqnn_dsl.diagnostics.codes.simulators import ManyGradientsAtOnce, OnlyFirstDerivatives
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from torch import Tensor

    from hqnn_dsl.backends.shifts.plan import Floats
    from hqnn_dsl.circuit.ir import Circuit


class Evaluating(Protocol):
    """What is differentiated: outputs `[B, M]` and gradients `[B, E]`, `[W]` in float64 for angles in float64.

    `inexact` says why second derivatives cannot be the reference's, empty where they can; `named` is what a user calls
    the backend.
    """

    @property
    def circuit(self) -> Circuit: ...

    @property
    def real(self) -> torch.dtype: ...

    @property
    def named(self) -> str: ...

    @property
    def inexact(self) -> str: ...

    def outputs(self, per_sample: Floats, shared: Floats) -> Floats: ...

    def gradients(
        self, per_sample: Floats, shared: Floats, upstream: Floats, *, by_sample: bool, by_shared: bool
    ) -> tuple[Floats, Floats]: ...


def evaluated(executable: Evaluating, per_sample: Tensor, shared: Tensor) -> Tensor:
    """Outputs `[B, M]` in the executable's precision, differentiable by `per_sample[B, E]` and `shared[W]`."""

    def run(per_sample: Tensor, shared: Tensor) -> Tensor:
        return cast("Tensor", _Evaluated.apply(per_sample, shared, executable))  # type: ignore[no-untyped-call]

    return where_finite(run, per_sample.to(executable.real), shared.to(executable.real))


def exactly(executable: Evaluating, per_sample: Tensor, shared: Tensor) -> Tensor:
    """The same outputs by the reference, in torch operations."""
    found = DenseExecutable(executable.circuit, "double")(per_sample.double(), shared.double(), None)
    return found.to(executable.real)


class _Evaluated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, per_sample: Tensor, shared: Tensor, executable: Evaluating) -> Tensor:
        ctx.save_for_backward(per_sample, shared)
        ctx.executable = executable
        values = executable.outputs(_array(per_sample), _array(shared))
        return torch.as_tensor(values, dtype=executable.real, device=per_sample.device)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        given, asked, executable, (arriving,) = ctx.saved_tensors, ctx.needs_input_grad[:2], ctx.executable, upstream

        def numbers() -> list[Tensor | None]:
            found = executable.gradients(*map(_array, (*given, arriving)), by_sample=asked[0], by_shared=asked[1])
            tensors = [torch.as_tensor(gradient).to(given[0]) for gradient in found]
            return [tensor if want else None for tensor, want in zip(tensors, asked, strict=True)]

        if numbers_suffice(arriving):
            return (*numbers(), None)
        if not executable.inexact:

            def outputs(*angles: Tensor) -> Tensor:
                return exactly(executable, *angles)

            return (*again(outputs, given, asked, arriving, numbers), None)
        if is_batched(arriving):
            raise Refusal(ManyGradientsAtOnce(backend=executable.named))
        refusal = Refusal(OnlyFirstDerivatives(backend=executable.named, reason=executable.inexact))
        return (*last(numbers(), (*given, arriving), refusal), None)


def _array(tensor: Tensor) -> Floats:
    """A tensor's numbers in float64, off its device."""
    return cast("Floats", tensor.detach().to("cpu", torch.float64).numpy())
