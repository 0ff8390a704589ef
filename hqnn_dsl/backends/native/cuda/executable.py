"""A circuit as a differentiable torch function on CUDA tensors: outputs and gradients never leave the device."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends.native.cuda.launch import Arguments, Device, Gradients, Part
from hqnn_dsl.backends.native.cuda.tables import SAMPLE_KIND, SHARED_KIND, STATE_KIND, tables_of
from hqnn_dsl.backends.torch_function import by_reference, differentiable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliPlan


class CudaExecutable:
    """A plan run by the CUDA kernels on the device of its arguments; `state` rows have length 1 and are not zero.

    `precision` is `single` or `double`. Tables are uploaded once a device. Raises `Refusal` if states would take
    more than their share of the device's memory.
    """

    def __init__(self, circuit: Circuit, plan: PauliPlan, precision: str) -> None:
        self.circuit = circuit
        self.precision = precision
        self.real = torch.float64 if precision == "double" else torch.float32
        zeros = (0.0,) * len(plan.offsets)
        self.tables = [tables_of(part, circuit, zeros if k else plan.offsets) for k, part in enumerate(plan.parts)]
        self._by_reference = by_reference(circuit, self.real, precision)
        self._parts: dict[torch.device, list[Part]] = {}

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]`, `shared[W]` and amplitudes `state[B, 2^k]` or None."""
        device = per_sample.device
        per_sample, shared = per_sample.to(self.real), shared.to(device, self.real)
        state = None if state is None else state.to(device, self.real)
        if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (per_sample, shared, state)):
            return differentiable(self._run, self._by_reference, per_sample, shared, state)
        return Call(self, Arguments(per_sample, shared, state)).forward(keep=False)

    def parts(self, device: torch.device) -> list[Part]:
        """The programs on a device."""
        if device not in self._parts:
            place = Device(device)
            self._parts[device] = [Part(t, place, self.real, self.circuit.num_qubits) for t in self.tables]
        return self._parts[device]

    def _run(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> tuple[Tensor, Numbers]:
        """Outputs from angles, with states kept for the gradients."""
        state = None if state is None else state.detach()
        call = Call(self, Arguments(per_sample.detach(), shared.detach(), state))
        return call.forward(keep=True), partial(_numbers, call)


class Call:
    """One call: its arguments, and after `forward` the states kept for the gradient."""

    def __init__(self, executable: CudaExecutable, given: Arguments) -> None:
        self.parts = executable.parts(given.samples.device)
        self.given = given
        self.outputs = executable.circuit.num_outputs
        self.kept: list[Tensor | None] = [None] * len(self.parts)

    def forward(self, *, keep: bool) -> Tensor:
        """Outputs `[B, M]`; with `keep` final states are kept if they are not too large."""
        given = self.given
        out = given.samples.new_empty(given.batch, self.outputs)
        if given.batch == 0:
            return out
        for number, part in enumerate(self.parts):
            kept = keep and part.keeps(given.batch, len(self.parts))
            self.kept[number] = part.forward(given, out, keep=kept, add=number > 0)
        # An angle that is no finite number makes its row NaN, even in a rotation that the plan has dropped.
        return out.add_((given.samples * 0).sum(1, keepdim=True) + (given.shared * 0).sum())

    def backward(self, upstream: Tensor, asked: int) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of angles per sample `[B, E]`, shared ones `[W]` and amplitudes; undefined if not asked for.

        Kept states are used up: a second call makes them again.
        """
        given = self.given
        kept, self.kept = self.kept, [None] * len(self.parts)
        found = Gradients(
            asked,
            torch.empty_like(given.samples),
            torch.empty(given.batch, len(given.shared), dtype=torch.float64, device=given.samples.device),
            given.samples.new_empty(given.batch, 0) if given.state is None else torch.empty_like(given.state),
        )
        if given.batch:
            for number, part in enumerate(self.parts):
                part.backward(given, kept[number], upstream, found, add=number > 0)
        return found.samples, found.shared.sum(0).to(found.samples.dtype), found.state


def _numbers(call: Call, upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:
    """The gradients of a call's angles and amplitudes, by one sweep back."""
    kinds = zip(asked, (SAMPLE_KIND, SHARED_KIND, STATE_KIND), strict=True)
    found = call.backward(upstream.contiguous(), sum(kind for want, kind in kinds if want))
    return [gradient if want else None for gradient, want in zip(found, asked, strict=True)]
