"""A program on one device: where its states lie, how many blocks and threads work, memory counted, kernels launched.

Everything is launched on torch's current stream of the tensors' device and nothing waits for it; scratch memory comes
from torch's allocator, which knows the stream. Tensors on the CPU stand for those of a device in Numba's simulator.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from numba import cuda, float32, float64
from numba.core.errors import NumbaPerformanceWarning

from hqnn_dsl.backends.memory import MAX_STATE_BYTES
from hqnn_dsl.backends.native.cuda import kernels
from hqnn_dsl.backends.native.cuda.tables import Program, Tables
from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

SHARED_BYTES = 48 * 1024
"""Shared memory of a block that every CUDA device gives without asking."""
FEWEST_THREADS, MOST_THREADS, GLOBAL_THREADS = 32, 256, 256
"""Threads of a block: a fourth of the rows, within these bounds; the last if states lie in global memory.

A block has 65,536 registers and a thread at most 255 of them, so 256 threads always start. The sweep back takes up to
140 (compiled for compute capability 9.0), so 512 would not.
"""
BLOCKS_A_PROCESSOR = 16
"""Blocks at a time for each multiprocessor; with more samples, a block takes several."""
GLOBAL_BLOCKS_A_PROCESSOR = 2
"""The same if states lie in global memory, which each block needs a buffer of."""
MEMORY_SHARE = 0.8
"""The share of a device's memory that the states of a call may take."""
KEPT_SHARE = 0.25
"""The share of that which final states kept for the gradient may take; else they are made again."""


@dataclass(frozen=True)
class Layout:
    """How one kernel runs a program: states in shared memory or not, threads a block, bytes of shared memory."""

    in_shared: bool
    threads: int
    shared_bytes: int


def layout_of(tables: Tables, itemsize: int, states: int) -> Layout:
    """The layout of a kernel that works on that many states at once: 1 forward, 2 back."""
    threads = min(MOST_THREADS, max(FEWEST_THREADS, tables.shape.size // 4))
    needed = (states * tables.numbers + kernels.GROUP * threads) * itemsize
    if needed <= SHARED_BYTES:
        return Layout(in_shared=True, threads=threads, shared_bytes=needed)
    return Layout(in_shared=False, threads=GLOBAL_THREADS, shared_bytes=kernels.GROUP * GLOBAL_THREADS * itemsize)


@cache
def kernels_of(dtype: torch.dtype, *, real: bool, in_shared: bool) -> tuple[Any, Any]:
    """The jitted kernels (forward, backward) for a dtype and a layout, kept on disk if Numba can."""
    # A few samples make a small grid; that it is small is known.
    warnings.filterwarnings("ignore", message="Grid size", category=NumbaPerformanceWarning)
    made = kernels.make(float64 if dtype == torch.float64 else float32, int(not real), int(in_shared))
    found = []
    for kernel in made:
        try:
            found.append(cuda.jit(cache=True)(kernel))
        except RuntimeError:  # no folder for the cache can be written
            found.append(cuda.jit(kernel))
    return found[0], found[1]


class Device:
    """One device: its tables, its processors, its memory."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            properties = torch.cuda.get_device_properties(device)
            self.processors = int(properties.multi_processor_count)
            self.limit = int(MEMORY_SHARE * properties.total_memory)
        else:
            self.processors, self.limit = 1, MAX_STATE_BYTES

    def upload(self, program: Program) -> tuple[Program, list[Tensor]]:
        """The arrays on this device, and the tensors that own their memory."""
        owners = [torch.from_numpy(array).to(self.device) for array in program]
        return Program(*map(handed, owners)), owners

    @contextlib.contextmanager
    def current(self) -> Iterator[Any]:
        """Numba and torch on this device; gives torch's current stream as one of Numba's."""
        if self.device.type != "cuda":
            yield 0
            return
        with torch.cuda.device(self.device):
            cuda.select_device(self.device.index or 0)
            stream = torch.cuda.current_stream(self.device).cuda_stream
            yield cuda.external_stream(stream) if stream else 0


def handed(tensor: Tensor) -> Any:
    """A contiguous tensor as an array of Numba's on the same memory; one that is empty as an array of one number."""
    tensor = tensor.detach()
    if tensor.numel() == 0:
        tensor = tensor.new_zeros([1] * tensor.ndim)
    tensor = tensor.contiguous()
    return cuda.as_cuda_array(tensor) if tensor.is_cuda else tensor.numpy()


@dataclass(frozen=True)
class Arguments:
    """Angles per sample `[B, E]`, shared angles `[W]`, amplitudes `[B, P]` or None: on one device, of one dtype."""

    samples: Tensor
    shared: Tensor
    state: Tensor | None

    @property
    def batch(self) -> int:
        return len(self.samples)

    def handed(self) -> tuple[Any, Any, Any]:
        state = self.samples.new_zeros(1, 1) if self.state is None else self.state
        return handed(self.samples), handed(self.shared), handed(state)


@dataclass(frozen=True)
class Gradients:
    """Where gradients go: `samples[B, E]`, `shared[B, W]` (a row a sample), `state[B, P]`; `asked` has their kinds."""

    asked: int
    samples: Tensor
    shared: Tensor
    state: Tensor


class Part:
    """One program of a plan on one device."""

    def __init__(self, tables: Tables, device: Device, dtype: torch.dtype, num_qubits: int) -> None:
        self.tables = tables
        self.on = device
        self.dtype = dtype
        self.num_qubits = num_qubits
        self.program, self._owners = device.upload(tables.program)
        self.layouts = layout_of(tables, dtype.itemsize, 1), layout_of(tables, dtype.itemsize, 2)

    @property
    def state_bytes(self) -> int:
        return self.tables.numbers * self.dtype.itemsize

    def keeps(self, batch: int, parts: int) -> bool:
        """Whether final states of that many samples are kept, beside those of as many other parts."""
        return batch * self.state_bytes * parts <= KEPT_SHARE * self.on.limit

    def forward(self, given: Arguments, out: Tensor, *, keep: bool, add: bool) -> Tensor | None:
        """Outputs to `out[B, M]`, added if `add`; the final states if `keep`."""
        layout = self.layouts[0]
        blocks = self._blocks(given.batch, layout, 0 if keep else 1, kept=given.batch if keep else 0)
        rows = given.batch if keep else 0 if layout.in_shared else blocks
        states = self._states(rows)
        trig, sums = self._scratch(blocks)
        arguments = (*given.handed(), trig, sums, handed(states), int(keep), int(add), handed(out))
        self._launch(0, blocks, (given.batch, self.tables.shape, self.program, *arguments))
        return states if keep else None

    def backward(self, given: Arguments, kept: Tensor | None, upstream: Tensor, found: Gradients, *, add: bool) -> None:
        """Gradients for `upstream[B, M]` to `found`, added if `add`; `kept` are the states of `forward`, used up."""
        layout, keep = self.layouts[1], kept is not None
        blocks = self._blocks(given.batch, layout, 1 if keep else 2, kept=0 if kept is None else len(kept))
        states = kept if kept is not None else self._states(0 if layout.in_shared else blocks)
        adjoints = self._states(0 if layout.in_shared else blocks)
        trig, sums = self._scratch(blocks)
        samples, shared, start = given.handed()
        arguments = (
            *(given.batch, self.tables.shape, self.program, samples, shared, start, trig, sums),
            *(handed(states), int(keep), int(add), handed(adjoints), handed(upstream)),
            *(found.asked, self.tables.stop(found.asked)),
            *map(handed, (found.samples, found.shared, found.state)),
        )
        self._launch(1, blocks, arguments)

    def _launch(self, which: int, blocks: int, arguments: tuple[Any, ...]) -> None:
        layout = self.layouts[which]
        kernel = kernels_of(self.dtype, real=self.tables.real, in_shared=layout.in_shared)[which]
        with self.on.current() as stream:
            kernel[blocks, layout.threads, stream, layout.shared_bytes](*arguments)

    def _blocks(self, batch: int, layout: Layout, working: int, *, kept: int) -> int:
        """Blocks at once, each with `working` states if these lie in global memory. Refuses those that do not fit."""
        most = self.on.processors * (BLOCKS_A_PROCESSOR if layout.in_shared else GLOBAL_BLOCKS_A_PROCESSOR)
        blocks = min(batch, most)
        own = 0 if layout.in_shared else working
        room = self.on.limit - kept * self.state_bytes
        if own:
            blocks = min(blocks, max(1, room // (own * self.state_bytes)))
        needed = (kept + blocks * own) * self.state_bytes
        if needed > self.on.limit:
            rows = max(kept, blocks)
            raise Refusal(
                StateTooLarge(num_qubits=self.num_qubits, rows=rows, needed_bytes=needed, limit_bytes=self.on.limit)
            )
        return blocks

    def _states(self, rows: int) -> Tensor:
        """Memory for that many states; a device that has less than it should refuses."""
        try:
            return torch.empty(rows, self.tables.numbers, dtype=self.dtype, device=self.on.device)
        except torch.OutOfMemoryError as error:
            free, _ = torch.cuda.mem_get_info(self.on.device)
            needed = rows * self.state_bytes
            raise Refusal(
                StateTooLarge(num_qubits=self.num_qubits, rows=rows, needed_bytes=needed, limit_bytes=free)
            ) from error

    def _scratch(self, blocks: int) -> tuple[Any, Any]:
        """Cosines and sines, and sums, a row a block."""
        shape, device = self.tables.shape, self.on.device
        trig = torch.empty(blocks, max(1, 2 * shape.rotations), dtype=self.dtype, device=device)
        sums = torch.empty(blocks, max(1, shape.rotations + shape.readings), dtype=torch.float64, device=device)
        return handed(trig), handed(sums)
