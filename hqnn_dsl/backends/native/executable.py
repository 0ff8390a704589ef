"""A circuit as a differentiable function run by the kernels: the executable of the backend `native`.

It is called with angles, like every executable, or with inputs and weights: then the slot table runs on the engine's
own tape, since at a few qubits torch's small operations cost more than the circuit. Second derivatives are the
reference's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.backends.amplitude_input import unit_rows
from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.call import Call, Schedules, joined
from hqnn_dsl.backends.native.layouts import Layouts
from hqnn_dsl.backends.native.slot_tape import tape_of
from hqnn_dsl.backends.torch_function import Step, by_reference, differentiable, graph_or_numbers, numbers_suffice
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.diagnostics.codes.cuda import KernelsOnCpu
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from torch import Tensor

    from hqnn_dsl.backends.native.cuda.executable import CudaExecutable
    from hqnn_dsl.backends.native.tables import Array
    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit

    SlotValues = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class NativeExecutable:
    """A circuit run by compiled kernels; see `backends.Executable` and `backends.LayerExecutable`.

    `precision` is `single` or `double`. With `device` `auto`, tensors on CUDA are run there if its kernels can run;
    `cpu` and `cuda` copy tensors to that device and outputs back. `without` names rewrites of the plan to leave out.
    Raises `Refusal` if the states would take more than the memory limit, and for an amplitude input with a row of
    zeros.
    """

    def __init__(self, circuit: Circuit, precision: str, without: Collection[str] = (), device: str = "auto") -> None:
        self.circuit = circuit
        self.precision = precision
        self.without = tuple(without)
        self.device = device
        self.real = torch.float64 if precision == "double" else torch.float32
        self.plan = plan(circuit, self.without)
        self.layouts = Layouts(circuit, self.plan, "float64" if precision == "double" else "float32")
        self.schedules = Schedules(self.layouts)
        self.tape = tape_of(circuit if precision == "double" else circuit.rounded_late())
        self._by_reference = by_reference(circuit, self.real, precision)
        self.one = self.layouts.offsets.dtype.type(1)
        self._cuda: CudaExecutable | None = None
        self._cuda_refused = False
        self._metadata: dict[str, object] = {"method": "pauli rotations", "precision": precision, "device": "cpu"}

    def __reduce__(self) -> tuple[type[NativeExecutable], tuple[Circuit, str, tuple[str, ...], str]]:
        return NativeExecutable, (self.circuit, self.precision, self.without, self.device)

    @property
    def metadata(self) -> Mapping[str, object]:
        """`method`, `precision` and the `device` that it runs on."""
        return self._metadata

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]`, `shared[W]` and amplitudes `state[B, 2^k]` or None."""
        if (cuda := self._cuda_of(per_sample)) is not None:
            return self._on_cuda(cuda, per_sample, shared, state)
        device = per_sample.device
        per_sample, shared = per_sample.to("cpu", self.real), shared.to("cpu", self.real)
        if state is not None:
            state = unit_rows(state.to("cpu", self.real))
        if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (per_sample, shared, state)):
            found = differentiable(self._run, self._by_reference, per_sample, shared, state)
        else:
            call = Call(self.schedules, _array(per_sample), _array(shared), None if state is None else _array(state))
            found = torch.from_numpy(_outputs(call, keep=False))
        return found if device.type == "cpu" else found.to(device)

    def layer(self, inputs: Tensor, weights: tuple[Tensor, ...], slot_values: SlotValues) -> Tensor:
        """Outputs `[B, M]` for `inputs[B, I]` and the tensors of all weights, in the order of the circuit.

        `slot_values(inputs, all weights flattened)` is the same slot table in torch: amplitudes and second derivatives
        go through it.
        """
        if self._cuda_of(inputs) is not None:
            return self._layer_on_cuda(inputs, weights, slot_values)
        device = None if inputs.is_cpu else inputs.device
        inputs = self._own(inputs)
        weights = tuple(map(self._own, weights))
        if self.circuit.amplitude is not None:
            start = self.circuit.amplitude.start
            state = inputs[:, start : start + self.circuit.amplitude.size]
            found = self(*slot_values(inputs, _joined(weights, inputs)), state)
        elif torch.is_grad_enabled() and (inputs.requires_grad or any(w.requires_grad for w in weights)):
            found = _Layer.apply(self, slot_values, inputs, *weights)  # type: ignore[no-untyped-call]
        else:
            found = torch.from_numpy(_TapedCall(self, inputs, weights).forward(keep=False))
        return found if device is None else found.to(device)

    def _cuda_of(self, given: Tensor) -> CudaExecutable | None:
        """Returns the plan on CUDA if the option or the tensor asks for it and it can run; says once that it cannot."""
        if self.device == "cpu" or self._cuda_refused or (self.device == "auto" and not given.is_cuda):
            return None
        if self._cuda is None:
            from hqnn_dsl.backends.native.cuda.device import kernels_objection

            lacking = kernels_objection()
            if lacking is not None and self.device == "cuda":
                raise Refusal(lacking)
            if lacking is not None:
                self._cuda_refused = True
                notice(KernelsOnCpu(reason=lacking.headline, mend=lacking.help))
                return None
            from hqnn_dsl.backends.native.cuda.executable import CudaExecutable

            self._cuda = CudaExecutable(self.circuit, self.plan, self.precision)
        return self._cuda

    def _on_cuda(self, cuda: CudaExecutable, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """The same as a call, on the GPU; amplitudes are looked at there, which waits for them."""
        from hqnn_dsl.backends.native.cuda.device import CUDA

        device = per_sample.device
        per_sample = per_sample if per_sample.is_cuda else per_sample.to(CUDA)
        self._metadata["device"] = str(per_sample.device)
        if state is not None:
            state = unit_rows(state.to(per_sample.device, self.real))
        return cuda(per_sample, shared, state).to(device)

    def _layer_on_cuda(self, inputs: Tensor, weights: tuple[Tensor, ...], slot_values: SlotValues) -> Tensor:
        """The same as a layer, with the slot table in torch, on the GPU too."""
        from hqnn_dsl.backends.native.cuda.device import CUDA

        device = inputs.device
        inputs = inputs.to(device if inputs.is_cuda else CUDA, self.real)
        own = tuple(tensor.to(inputs.device, self.real) for tensor in weights)
        state, amplitude = None, self.circuit.amplitude
        if amplitude is not None:
            state = inputs[:, amplitude.start : amplitude.start + amplitude.size]
        return self(*slot_values(inputs, _joined(own, inputs)), state).to(device)

    def _own(self, tensor: Tensor) -> Tensor:
        """The tensor on the CPU in the engine's precision: itself if it is that."""
        return tensor if tensor.dtype is self.real and tensor.is_cpu else tensor.to("cpu", self.real)

    def _run(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> tuple[Tensor, Numbers]:
        """Outputs from angles, with states kept for the gradients."""
        call = Call(self.schedules, _array(per_sample), _array(shared), None if state is None else _array(state))
        return torch.from_numpy(_outputs(call, keep=True)), partial(_angle_numbers, call)

    def layer_by_reference(self, slot_values: SlotValues, inputs: Tensor, *weights: Tensor) -> Tensor:
        """A layer's outputs by torch operations."""
        return self._by_reference(*slot_values(inputs, _joined(weights, inputs)), None)


def _array(tensor: Tensor) -> Array:
    if not tensor.is_contiguous():
        tensor = tensor.contiguous()
    found: Array = tensor.detach().numpy() if tensor.requires_grad else tensor.numpy()
    return found


def _broken(samples: Array, shared: Array) -> Array:
    """`[B]`: the rows with an angle that is no finite number."""
    return np.asarray(~np.isfinite(samples).all(axis=1) | ~np.isfinite(shared).all())


def _outputs(call: Call, *, keep: bool) -> Array:
    """Outputs `[B, M]`; NaN in rows in which an angle is no finite number."""
    out: Array = call.forward(keep=keep)
    out[_broken(call.samples, call.shared)] = np.nan
    return out


def _joined(weights: tuple[Tensor, ...], like: Tensor) -> Tensor:
    """All weights flattened, `[P]`."""
    return torch.cat([w.reshape(-1) for w in weights]) if weights else like.new_zeros(0)


class _TapedCall:
    """Angles from inputs and weights by the tape, and the call with them."""

    def __init__(self, executable: NativeExecutable, inputs: Tensor, weights: tuple[Tensor, ...]) -> None:
        tape, layouts = executable.tape, executable.layouts
        dtype = layouts.dtype
        self.inputs = _array(inputs)
        if len(weights) == 1:
            self.weights = _array(weights[0]).reshape(-1)
        else:
            self.weights = np.concatenate([np.empty(0, dtype), *(_array(w).reshape(-1) for w in weights)])
        samples = np.empty((len(self.inputs), len(tape.sample_nodes)), dtype)
        shared = np.empty(len(tape.shared_nodes), dtype)
        self._given = (*tape.arguments, self.inputs, self.weights, executable.one)
        finite = compiled.call(layouts.angles_kind, compiled.angles, *self._given, samples, shared)
        self.call = Call(executable.schedules, samples, shared, None)
        self._broken = None if finite else _broken(samples, shared)

    def forward(self, *, keep: bool) -> Array:
        """Outputs `[B, M]`; NaN in rows in which an angle is no finite number, whether or not it reaches an output."""
        out = self.call.forward(keep=keep)
        if self._broken is not None:
            out[self._broken] = np.nan
        return out

    def backward(self, upstream: Array, *, inputs: bool, weights: bool) -> tuple[Array, Array]:
        """Gradients of `inputs[B, I]` (empty if not asked for) and of all weights flattened."""
        call, layouts = self.call, self.call.layouts
        width = len(call.shared)
        if self._broken is not None:
            upstream = np.where(self._broken[:, None], np.array(np.nan, upstream.dtype), upstream)
        grads, own, _ = call.backward(
            upstream, samples=call.samples.shape[1] > 0, shared=weights and width > 0, state=False
        )
        input_grads = np.zeros(self.inputs.shape, layouts.dtype) if inputs else layouts.nothing
        weight_grads = np.empty(len(self.weights), layouts.dtype)
        found = joined(own, width), input_grads, weight_grads
        compiled.call(layouts.slopes_kind, compiled.angles_back, *self._given, grads, *found)
        return input_grads, weight_grads


def _angle_numbers(call: Call, upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:
    """The gradients of a call's angles and amplitudes, by one sweep back."""
    samples, shared, state = asked
    grads, own, state_grads = call.backward(_array(upstream), samples=samples, shared=shared, state=state)
    total = joined(own, len(call.shared)).sum(axis=0).astype(call.layouts.dtype)
    found = grads, total, state_grads
    return [torch.from_numpy(g) if want else None for g, want in zip(found, asked, strict=True)]


class _Layer(torch.autograd.Function):
    """A layer's outputs from inputs and weights: `torch_function.differentiable` without its calls of other functions.

    These take two microseconds of a step of a hundred.
    """

    @staticmethod
    def forward(
        ctx: Any, executable: NativeExecutable, slot_values: SlotValues, inputs: Tensor, *weights: Tensor
    ) -> Tensor:
        ctx.save_for_backward(inputs, *weights)
        ctx.executable, ctx.slot_values = executable, slot_values
        ctx.call = _TapedCall(executable, inputs, weights)
        return torch.from_numpy(ctx.call.forward(keep=True))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        asked = ctx.needs_input_grad[2:]
        given = ctx.saved_tensors  # torch refuses here what was changed in place since
        if numbers_suffice(upstream[0]):
            return (None, None, *_layer_numbers(ctx.call, given[1:], upstream[0], asked))
        by_torch = partial(ctx.executable.layer_by_reference, ctx.slot_values)
        numbers = partial(_layer_numbers, ctx.call, given[1:])
        return (None, None, *graph_or_numbers(by_torch, Step(given, asked, upstream[0], numbers)))


def _layer_numbers(
    call: _TapedCall, weights: tuple[Tensor, ...], upstream: Tensor, asked: Sequence[bool]
) -> list[Tensor | None]:
    """The gradients of a layer's inputs and weights, by one sweep back."""
    input_grads, flat = call.backward(_array(upstream), inputs=asked[0], weights=any(asked[1:]))
    first = torch.from_numpy(input_grads) if asked[0] else None
    if len(asked) == 2:
        return [first, torch.from_numpy(flat.reshape(weights[0].shape)) if asked[1] else None]
    found: list[Tensor | None] = [first]
    offset = 0
    for tensor, want in zip(weights, asked[1:], strict=True):
        own = flat[offset : offset + tensor.numel()].reshape(tensor.shape)
        found.append(torch.from_numpy(own) if want else None)
        offset += tensor.numel()
    return found
