"""The algorithm on cuStateVec, row by row: rotations forward, and one adjoint sweep back for all gradients.

On the way back state ψ and adjoint λ are one state of one qubit more, |0>ψ + |1>λ, so that one call turns both. Its
expectation value of Y on that qubit and P on the others is -2·Im<λ|P|ψ>, and Im<λ|P|ψ> is the gradient by the angle of
exp(-i·angle/2·P): so the library that reads expectation values also gives gradients.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.backends.amplitude_input import unit_rows
from hqnn_dsl.backends.custatevec.library import Library, find_module
from hqnn_dsl.backends.custatevec.memory import needed
from hqnn_dsl.backends.custatevec.reading import add_weighed, chances, reading_of
from hqnn_dsl.backends.memory import too_large
from hqnn_dsl.backends.torch_function import by_reference, differentiable, where_finite
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from hqnn_dsl.backends.custatevec.reading import Reading
    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliProgram

Array = np.ndarray[Any, Any]

MEMORY_SHARE = 0.8
"""Of a device's memory, what states may take."""


class StateVecExecutable:
    """A circuit run by cuStateVec on a GPU; see `backends.Executable`.

    `precision` is `single` or `double`. Tensors of the CPU are copied to the GPU, outputs back. `module` is that of the
    library's calls, None for the one installed. Raises `Refusal` if states would take too much of the device's
    memory, for an amplitude input with a row of zeros, and for the library's errors.
    """

    def __init__(self, circuit: Circuit, precision: str, module: Any = None, device: str = "cuda") -> None:
        self.circuit = circuit
        self.precision = precision
        self.real = torch.float64 if precision == "double" else torch.float32
        self.plan = plan(circuit)
        self.device = device
        self._module = module
        self._by_reference = by_reference(circuit, self.real, precision)
        self._libraries: dict[torch.device, Library] = {}
        self._metadata: dict[str, object] = {"method": "cuStateVec pauli rotations", "precision": precision}

    def __reduce__(self) -> tuple[type[StateVecExecutable], tuple[Circuit, str]]:
        return StateVecExecutable, (self.circuit, self.precision)

    @property
    def metadata(self) -> Mapping[str, object]:
        """`method`, `precision`, and after a call the `device` that it ran on and `custatevec` with its version."""
        return self._metadata

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]`, `shared[W]` and amplitudes `state[B, 2^k]` or None."""
        if state is not None:
            state = unit_rows(state.to(self.real))
        return where_finite(self._run, per_sample.to(self.real), shared.to(self.real), state)

    def _run(self, per_sample: Tensor, shared: Tensor, state: Tensor | None = None) -> Tensor:
        return differentiable(self._called, self._by_reference, per_sample, shared, state)

    def _called(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> tuple[Tensor, Numbers]:
        call = Call(self, per_sample, shared, state)
        return torch.from_numpy(call.forward()).to(per_sample.device, self.real), partial(_numbers, call)

    def library(self, device: torch.device) -> Library:
        """The library on a device, started and checked when it is first needed."""
        if device not in self._libraries:
            with _on(device):
                library = Library(self._module or find_module(), device)
                library.follow()
                library.check()
            self._metadata |= {"device": str(device), "custatevec": library.module.get_version()}
            self._libraries[device] = library
        return self._libraries[device]

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What each part reads."""
        return tuple(reading_of(part) for part in self.plan.parts)


@dataclass(frozen=True)
class Found:
    """Gradients on the host, by angles per sample `[B, E]`, shared angles `[W]` and amplitudes `[B, P]`.

    `asked` says which of the three are wanted; the others stay zero.
    """

    asked: tuple[bool, bool, bool]
    samples: Array
    shared: Array
    state: Array


class Call:
    """One call: its angles on the host, its amplitudes, and where it runs."""

    def __init__(self, executable: StateVecExecutable, samples: Tensor, shared: Tensor, state: Tensor | None) -> None:
        circuit = executable.circuit
        self.executable = executable
        self.home = samples.device
        """Where arguments come from and gradients go."""
        self.device = samples.device if samples.is_cuda else _place(executable.device)
        self.samples = samples.detach().to("cpu", torch.float64).numpy()
        self.shared = shared.detach().to("cpu", torch.float64).numpy()
        self.state = None if state is None else state.detach().to(self.device)
        self.dtype = executable.real.to_complex()
        self.places = {slot: (True, k) for k, slot in enumerate(circuit.sample_slots)}
        self.places |= {slot: (False, k) for k, slot in enumerate(circuit.shared_slots)}

    def forward(self) -> Array:
        """Outputs `[B, M]`."""
        parts, library = self.executable.plan.parts, self._ready(gradients=False)
        out = np.tile(np.array(self.executable.plan.offsets), (len(self.samples), 1))
        with _on(self.device), library.lock:
            library.follow()
            for part, reading in zip(parts, self.executable.readings, strict=True):
                bits = max(1, part.num_qubits)
                psi = self._memory(1 << bits)
                for row in range(len(self.samples)):
                    self._run(library, part, row, psi)
                    values = library.expectations(psi, bits, reading.strings)
                    for place, output, factor in reading.uses:
                        out[row, output] += factor * values[place]
                    for output, factor in reading.constants:
                        out[row, output] += factor
                    for marginal in reading.marginals:
                        own = chances(psi, marginal).cpu().numpy()
                        out[row, marginal.first : marginal.first + marginal.size] += own
        return out

    def backward(self, upstream: Array, asked: tuple[bool, bool, bool]) -> Found:
        """Gradients for `upstream[B, M]`."""
        library = self._ready(gradients=True)
        amplitudes = 0 if self.state is None else self.state.shape[1]
        found = Found(
            asked, np.zeros_like(self.samples), np.zeros_like(self.shared), np.zeros((len(self.samples), amplitudes))
        )
        with _on(self.device), library.lock:
            library.follow()
            for part, reading in zip(self.executable.plan.parts, self.executable.readings, strict=True):
                both, turned = self._memory(2 << max(1, part.num_qubits)), self._memory(1 << max(1, part.num_qubits))
                for row in range(len(self.samples)):
                    self._run(library, part, row, both.chunk(2)[0])
                    self._start_adjoint(library, reading, upstream[row], both, turned)
                    self._sweep(library, part, row, both, found)
        return found

    def _start_adjoint(self, library: Library, reading: Reading, upstream: Array, both: Tensor, turned: Tensor) -> None:
        """λ = Σ g·Pψ; turning ψ by -π about P makes it i·Pψ.

        What a constant term adds is left out: ψ keeps its length, and normalised amplitudes do too.
        """
        psi, lam = both.chunk(2)
        weights = np.zeros(len(reading.strings))
        for place, output, factor in reading.uses:
            weights[place] += factor * upstream[output]
        lam.zero_()
        bits = psi.numel().bit_length() - 1
        for string, weight in zip(reading.strings, weights, strict=True):
            if weight:
                turned.copy_(psi)
                library.rotate(turned, bits, string, -np.pi)
                lam.add_(turned, alpha=complex(0, -weight))
        for marginal in reading.marginals:
            own = upstream[marginal.first : marginal.first + marginal.size]
            add_weighed(psi, marginal, torch.from_numpy(np.ascontiguousarray(own)), lam)

    def _sweep(self, library: Library, part: PauliProgram, row: int, both: Tensor, found: Found) -> None:
        """Un-apply rotations from both states as far as something is asked for; add gradients to the slots."""
        asked = found.asked
        bits = both.numel().bit_length() - 1
        top = 1 << (bits - 1)
        wanted = [
            any(asked[0] if self.places[slot][0] else asked[1] for slot, _ in rotation.angle.slots)
            for rotation in part.rotations
        ]
        stop = 0 if asked[2] else wanted.index(True) if any(wanted) else len(wanted)
        for number in range(len(wanted) - 1, stop - 1, -1):
            rotation = part.rotations[number]
            if rotation.x == rotation.z == 0:
                continue  # a phase
            if wanted[number]:
                (value,) = library.expectations(both, bits, [(rotation.x | top, rotation.z | top)])
                self._spread(rotation.angle.slots, row, -0.5 * value, found)
            if number > stop or asked[2]:
                library.rotate(both, bits, (rotation.x, rotation.z), -self._angle(rotation.angle, row))
        if asked[2] and part.start is not None:
            lam = both.chunk(2)[1]
            found.state[row] += 2 * lam[self._entries(part)].real.to("cpu", torch.float64).numpy()

    def _spread(self, slots: Sequence[tuple[int, float]], row: int, slope: float, found: Found) -> None:
        for slot, factor in slots:
            by_sample, column = self.places[slot]
            if by_sample:
                found.samples[row, column] += factor * slope
            else:
                found.shared[column] += factor * slope

    def _run(self, library: Library, part: PauliProgram, row: int, psi: Tensor) -> None:
        """The final state of a row, in `psi`."""
        psi.zero_()
        if part.start is None:
            psi[0] = 1
        else:
            assert self.state is not None
            psi[self._entries(part)] = self.state[row].to(self.dtype)
        bits = psi.numel().bit_length() - 1
        for rotation in part.rotations:
            if rotation.x or rotation.z:
                library.rotate(psi, bits, (rotation.x, rotation.z), self._angle(rotation.angle, row))

    def _entries(self, part: PauliProgram) -> Tensor:
        """Where the amplitudes of the input lie."""
        assert part.start is not None
        places = [sum(((j >> k) & 1) << q for k, q in enumerate(part.start.qubits)) for j in range(part.start.size)]
        return torch.tensor(places, device=self.device)

    def _angle(self, angle: Any, row: int) -> float:
        total = angle.constant
        for slot, factor in angle.slots:
            by_sample, column = self.places[slot]
            total += factor * float(self.samples[row, column] if by_sample else self.shared[column])
        return float(total)

    def _memory(self, numbers: int) -> Tensor:
        return torch.empty(numbers, dtype=self.dtype, device=self.device)

    def _ready(self, *, gradients: bool) -> Library:
        """The library, after the memory of the states was counted. Raises `Refusal` if it is too much."""
        executable = self.executable
        widest = max((part.num_qubits for part in executable.plan.parts), default=0)
        refusal = too_large(
            *(executable.circuit, 1, executable.precision),
            lambda _, precision: needed(widest, precision, gradients=gradients),
            limit_of(self.device),
            training=gradients,
        )
        if refusal is not None:
            raise Refusal(refusal)
        return executable.library(self.device)


def _numbers(call: Call, upstream: Tensor, asked: Sequence[bool]) -> list[Tensor | None]:
    """The gradients of a call's angles and amplitudes, by one sweep back."""
    samples, shared, state = asked
    found = call.backward(upstream.to("cpu", torch.float64).numpy(), (samples, shared, state))
    arrays = (found.samples, found.shared, found.state)
    return [
        torch.from_numpy(array).to(call.home, call.executable.real) if want else None
        for array, want in zip(arrays, asked, strict=True)
    ]


def _place(name: str) -> torch.device:
    """A device with its number."""
    return torch.device(name, torch.cuda.current_device()) if name == "cuda" else torch.device(name)


def _on(device: torch.device) -> Any:
    """That device as torch's current one."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def limit_of(device: torch.device) -> int:
    """Bytes that states may take on a device."""
    from hqnn_dsl.backends.memory import MAX_STATE_BYTES

    if device.type != "cuda":
        return MAX_STATE_BYTES
    return int(MEMORY_SHARE * torch.cuda.get_device_properties(device).total_memory)
