"""Outputs from angles as a torch function, for executables that only evaluate circuits, whose numbers are NumPy arrays.

Second derivatives are the reference's if the executable is exact, and refused otherwise: shots, noise and estimates
have none that the reference knows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

import torch

from hqnn_dsl.backends.torch_function import by_reference, differentiable, differentiable_once, where_finite
from hqnn_dsl.diagnostics.codes.simulators import OnlyFirstDerivatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hqnn_dsl.backends.shifts.plan import Floats
    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit


class Evaluating(Protocol):
    """An executable that computes outputs `[B, M]` and gradients `[B, E]`, `[W]` in float64 for angles in float64.

    `inexact` and `named` are those of `backends.EstimatingExecutable`.
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
    """Returns outputs `[B, M]` in the executable's precision, differentiable by `per_sample[B, E]` and `shared[W]`."""
    run = partial(_run, executable)

    def function(per_sample: Tensor, shared: Tensor) -> Tensor:
        if executable.inexact:
            beyond = OnlyFirstDerivatives(backend=executable.named, reason=executable.inexact)
            return differentiable_once(run, executable.named, beyond, per_sample, shared)
        return differentiable(run, by_reference(executable.circuit, executable.real), per_sample, shared)

    return where_finite(function, per_sample.to(executable.real), shared.to(executable.real))


def _run(executable: Evaluating, per_sample: Tensor, shared: Tensor) -> tuple[Tensor, Numbers]:
    """The executable's outputs, and its gradients, from tensors on any device and back."""
    angles, device = (_array(per_sample), _array(shared)), per_sample.device

    def numbers(upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:
        found = executable.gradients(*angles, _array(upstream), by_sample=asked[0], by_shared=asked[1])
        tensors = [torch.as_tensor(gradient).to(device, executable.real) for gradient in found]
        return [tensor if want else None for tensor, want in zip(tensors, asked, strict=True)]

    values = executable.outputs(*angles)
    return torch.as_tensor(values, dtype=executable.real, device=device), numbers


def _array(tensor: Tensor) -> Floats:
    """A tensor's numbers in float64 on the CPU."""
    return cast("Floats", tensor.detach().to("cpu", torch.float64).numpy())
