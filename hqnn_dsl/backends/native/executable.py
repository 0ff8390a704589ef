"""A circuit as a differentiable function run by the kernels: the executable of the backend `native`.

A call chooses the layout by the number of rows, lays out the arrays, and hands ranges of tiles to threads. With
gradients wanted, the final states are kept for the one sweep back, unless they are large: then they are made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.backends.dense.executable import DenseExecutable
from hqnn_dsl.backends.dense.state import normalised
from hqnn_dsl.backends.limits import MAX_STATE_BYTES
from hqnn_dsl.backends.native import entries
from hqnn_dsl.backends.native.pool import over_tiles, shares
from hqnn_dsl.backends.native.tables import LANE_BITS, Array, Tables, tables_of
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.report.codes.environment import StateTooLarge, ZeroAmplitudes
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit

KEPT_BYTES = 1 << 29
"""Final states up to this size in all are kept for the gradient; larger ones are made again."""
CACHE_BYTES = 1 << 19
"""A core's own cache: a tile whose two states are larger goes slowly."""


class NativeExecutable:
    """A circuit run by compiled kernels on the CPU; see `backends.Executable`.

    `precision` is `single` or `double`. Tensors on other devices are copied there and back. A second derivative is that
    of the reference backend. `without` names rewrites of the plan to leave out. Raises `Refusal` where the states would
    take more than `MAX_STATE_BYTES`, and for an amplitude input with a row of zeros.
    """

    def __init__(self, circuit: Circuit, precision: str, without: Collection[str] = ()) -> None:
        self.circuit = circuit
        self.precision = precision
        self.without = tuple(without)
        self.real = torch.float64 if precision == "double" else torch.float32
        self.dtype = "float64" if precision == "double" else "float32"
        self.plan = plan(circuit, self.without)
        self.offsets = np.array(self.plan.offsets, dtype=self.dtype)
        self._tables: dict[tuple[int, bool], Tables] = {}
        self._wanted: dict[tuple[int, bool, bool, bool], tuple[Array, int]] = {}
        self._metadata: dict[str, object] = {"method": "pauli rotations", "precision": precision, "device": "cpu"}

    def __reduce__(self) -> tuple[type[NativeExecutable], tuple[Circuit, str, tuple[str, ...]]]:
        return NativeExecutable, (self.circuit, self.precision, self.without)

    @property
    def metadata(self) -> Mapping[str, object]:
        """`method`, `precision`, `device`, and after a call the `layout` and the number of `threads`."""
        return self._metadata

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]`, `shared[W]` and amplitudes `state[B, 2^k]` or None."""
        device = per_sample.device
        per_sample, shared = per_sample.to("cpu", self.real), shared.to("cpu", self.real)
        if state is not None:
            state = state.to("cpu", self.real)
            _refuse_zeros(state)
            state = normalised(state)
        differentiated = torch.is_grad_enabled() and (
            per_sample.requires_grad or shared.requires_grad or (state is not None and state.requires_grad)
        )
        if differentiated:
            found: Tensor = _Sweep.apply(self, per_sample, shared, state)  # type: ignore[no-untyped-call]
        else:
            found = torch.from_numpy(Call(self, per_sample, shared, state).forward(keep=False))
        return found if device.type == "cpu" else found.to(device)

    def tables(self, number: int, *, by_amplitude: bool) -> Tables:
        """The arrays of part `number` of the plan."""
        key = (number, by_amplitude)
        if key not in self._tables:
            part = self.plan.parts[number]
            self._tables[key] = tables_of(part, self.circuit, self.dtype, by_amplitude=by_amplitude)
        return self._tables[key]

    def wanted(self, number: int, tables: Tables, *, samples: bool, shared: bool) -> tuple[Array, int]:
        """Which rotations of a part have a gradient to give, and the first that has."""
        key = (number, tables.lane is not None, samples, shared)
        if key not in self._wanted:
            wanted = tables.wanted(samples=samples, shared=shared)
            first = int(np.argmax(wanted)) if wanted.any() else len(wanted)
            self._wanted[key] = wanted, first
        return self._wanted[key]

    def by_amplitude(self, number: int, batch: int) -> bool:
        """The layout of a part for that many rows: the cheaper by count, where a state fills registers at all."""
        part = self.plan.parts[number]
        lane_bits = LANE_BITS[self.dtype]
        if part.num_qubits <= lane_bits:
            return False
        state = (4 if self.precision == "single" else 8) * (1 if part.real else 2) << part.num_qubits
        lanes = 1 << lane_bits
        slow = 2 if 2 * lanes * state > CACHE_BYTES else 1
        return BY_AMPLITUDE_COST * batch < slow * lanes * -(-batch // lanes)

    def differentiable(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """The same outputs by the reference backend, for derivatives of derivatives."""
        return DenseExecutable(self.circuit, self.precision)(per_sample, shared, state)


BY_AMPLITUDE_COST = 1.3
"""How much more a sample costs where neighbouring amplitudes share a register: lanes are swapped."""


class Call:
    """One call of an executable: its arguments as arrays, and the states kept for the gradient, a part each."""

    def __init__(self, executable: NativeExecutable, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> None:
        self.executable = executable
        self.batch = per_sample.shape[0]
        self.samples = per_sample.detach().contiguous().numpy()
        self.shared = shared.detach().contiguous().numpy()
        empty = np.empty((0, 0), dtype=executable.dtype)
        self.state = empty if state is None else state.detach().contiguous().numpy()
        self.kept: list[Array] | None = None
        self._layout = [executable.by_amplitude(k, self.batch) for k in range(len(executable.plan.parts))]

    def _tables(self, number: int) -> Tables:
        return self.executable.tables(number, by_amplitude=self._layout[number])

    def _tiles(self, tables: Tables) -> tuple[int, int]:
        """How many tiles there are, and the numbers in the state of one."""
        lanes = 1 << LANE_BITS[self.executable.dtype]
        tiles = self.batch if tables.lane is not None else -(-self.batch // lanes)
        return tiles, tables.rows * lanes * tables.numbers_a_row

    def _count(self, tables: Tables, tiles: int, states: int, size: int, kept: int) -> int:
        """Threads to use; refuses before allocating where their states and those kept are too large."""
        count = shares(tiles, tables.work * self.batch * (1 if states == 1 else 3), torch.get_num_threads())
        bytes_a_number = self.executable.offsets.itemsize
        while count > 1 and (count * states * size + kept) * bytes_a_number > MAX_STATE_BYTES:
            count -= 1
        needed = (count * states * size + kept) * bytes_a_number
        if needed > MAX_STATE_BYTES:
            width = self.executable.circuit.num_qubits
            rows = self.batch if kept else 1
            raise Refusal(
                StateTooLarge(num_qubits=width, rows=rows, needed_bytes=needed, limit_bytes=MAX_STATE_BYTES)
            )
        return count

    def forward(self, *, keep: bool) -> Array:
        """Outputs `[B, M]`; with `keep` the final states are kept where they are not too large."""
        executable = self.executable
        out = np.empty((self.batch, len(executable.offsets)), dtype=executable.dtype)
        out[:] = executable.offsets
        sizes = [self._tiles(self._tables(k)) for k in range(len(self._layout))]
        total = sum(tiles * size for tiles, size in sizes)
        keep = keep and total * executable.offsets.itemsize <= KEPT_BYTES
        kept = []
        for number, (tiles, size) in enumerate(sizes):
            tables = self._tables(number)
            count = self._count(tables, tiles, 0 if keep else 1, size, tiles * size if keep else 0)
            states = np.empty(tiles * size if keep else 0, dtype=executable.dtype)
            arguments = (
                *tables.arguments,
                *(self.samples, self.shared, self.state, states, keep, out),
            )
            with entries.announced(_kind("values", executable.dtype, tables)):
                over_tiles(lambda a, b, given=arguments: entries.forward(a, b, *given), tiles, count)  # type: ignore[misc]
            kept.append(states)
        if keep:
            self.kept = kept
        return out

    def backward(self, upstream: Array, *, samples: bool, shared: bool, state: bool) -> tuple[Array, Array, Array]:
        """Gradients of angles per sample, shared angles and amplitudes; zeros or empty where not asked for."""
        executable = self.executable
        kept, self.kept = self.kept, None
        grads = np.zeros(self.samples.shape if samples else (0, 0), dtype=executable.dtype)
        own = np.zeros(self.shared.shape, dtype=np.float64)
        state_grads = np.zeros(self.state.shape if state else (0, 0), dtype=executable.dtype)
        for number in range(len(self._layout)):
            tables = self._tables(number)
            tiles, size = self._tiles(tables)
            wanted, first = executable.wanted(number, tables, samples=samples, shared=shared)
            stop = 0 if state else first
            count = self._count(tables, tiles, 1 if kept else 2, size, tiles * size if kept else 0)
            partial = np.zeros((tiles, len(own)), dtype=np.float64)
            states = np.empty(0, dtype=executable.dtype) if kept is None else kept[number]
            arguments = (
                *tables.arguments,
                *(self.samples, self.shared, self.state, states, kept is not None, upstream, wanted, stop),
                *(grads, partial, state_grads),
            )
            with entries.announced(_kind("gradients", executable.dtype, tables)):
                over_tiles(lambda a, b, given=arguments: entries.backward(a, b, *given), tiles, count)  # type: ignore[misc]
            own += partial.sum(axis=0)
        return grads, own.astype(executable.dtype), state_grads


def _kind(what: str, dtype: str, tables: Tables) -> tuple[object, ...]:
    """What a kernel is compiled for."""
    return (
        what,
        dtype,
        "real" if tables.dual is None else "complex",
        "by sample" if tables.lane is None else "by amplitude",
    )


class _Sweep(torch.autograd.Function):
    """Outputs with the gradients of one sweep back; asked for a graph of the gradient, the reference's."""

    @staticmethod
    def forward(
        ctx: Any, executable: NativeExecutable, per_sample: Tensor, shared: Tensor, state: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(per_sample, shared, state)
        ctx.call = Call(executable, per_sample, shared, state)
        return torch.from_numpy(ctx.call.forward(keep=True))

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        _, samples, shared, state = ctx.needs_input_grad
        if torch.is_grad_enabled():
            return (None, *_through_reference(ctx, upstream[0]))
        call: Call = ctx.call
        given = upstream[0].to(call.executable.real).contiguous().numpy()
        found = call.backward(given, samples=samples, shared=shared, state=state)
        asked = (samples, shared, state)
        return (None, *(torch.from_numpy(g) if want else None for g, want in zip(found, asked, strict=True)))


def _through_reference(ctx: Any, upstream: Tensor) -> list[Tensor | None]:
    """The gradients as functions of everything they depend on."""
    given, asked = ctx.saved_tensors, ctx.needs_input_grad[1:]
    outputs = ctx.call.executable.differentiable(*given)
    wanted = [tensor for tensor, want in zip(given, asked, strict=True) if want]
    found = iter(torch.autograd.grad(outputs, wanted, upstream, create_graph=True, materialize_grads=True))
    return [next(found) if want else None for want in asked]


def _refuse_zeros(state: Tensor) -> None:
    empty = (state.detach() == 0).all(dim=-1)
    if bool(empty.any()):
        raise Refusal(ZeroAmplitudes(row=int(empty.nonzero()[0, 0])))
