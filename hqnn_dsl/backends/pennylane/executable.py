"""A circuit run by a PennyLane device, as a torch function.

With `diff: backprop` the device's own operations are torch's, and so are derivatives of any order. Otherwise a function
of ours stands around the device: forward, values without any derivatives; backward, the upstream gradient weighs all
observables of a row into one, which PennyLane differentiates. A device that takes batches gets all rows in one tape by
parameter broadcasting, any other one tape a row. Angles are double throughout: `precision` is that of the device's
state and of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from threading import RLock
from typing import TYPE_CHECKING, Any

import pennylane as qml
import torch
from pennylane import numpy
from pennylane.tape import QuantumScript

from hqnn_dsl.backends.amplitude_input import unit_rows
from hqnn_dsl.backends.memory import CHUNK_BYTES, MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.pennylane.devices import KNOWN, DeviceRow
from hqnn_dsl.backends.pennylane.gates import measured, operations, weighted
from hqnn_dsl.backends.pennylane.memory import backprop_bytes
from hqnn_dsl.backends.shifts.readout import ByTerms, readout_of
from hqnn_dsl.backends.torch_function import differentiable_once
from hqnn_dsl.catalog.precision import COMPLEX_BYTES
from hqnn_dsl.circuit.ir import width_of
from hqnn_dsl.diagnostics.codes.pennylane import NoSecondDerivatives
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from hqnn_dsl.backends.torch_function import Numbers
    from hqnn_dsl.circuit.ir import Circuit

PENNYLANE_DIFFS = {"backprop": "backprop", "adjoint": "adjoint", "parameter_shift": "parameter-shift"}
"""PennyLane's name for each way to differentiate."""
TAPES_AT_ONCE = 64
"""Tapes that exist at once: PennyLane takes some hundred kilobytes for each."""
ONE_AT_A_TIME = RLock()
"""Held while PennyLane works: a lightning device has one state, and autograd one trace for the whole process."""
UNKNOWN = DeviceRow(diffs=("parameter_shift",))
"""What is taken for granted of a device that is not in the table."""


@dataclass(frozen=True)
class QmlOptions:
    """A device by PennyLane's name, one of `DIFFS`, and `single` or `double`."""

    device: str
    diff: str
    precision: str

    @property
    def row(self) -> DeviceRow:
        """What is known of the device."""
        return KNOWN.get(self.device, UNKNOWN)


def make_device(options: QmlOptions, num_qubits: int) -> Any:
    """The PennyLane device, on wires 0 … n - 1."""
    told: dict[str, Any] = {}
    if options.row.has_single:
        import numpy as np

        told["c_dtype"] = np.complex64 if options.precision == "single" else np.complex128
    return qml.device(options.device, wires=num_qubits, **told)


class QmlExecutable:
    """A circuit on a PennyLane device; see `backends.Executable`.

    Differentiable as often as wanted with `diff: backprop`, otherwise once: a second derivative raises `Refusal`.
    PennyLane computes on the CPU, or where its device does; tensors on another device are brought there and back.
    """

    def __init__(self, circuit: Circuit, options: QmlOptions) -> None:
        self.circuit = circuit
        self.options = options
        self.real = torch.float64 if options.precision == "double" else torch.float32
        self.device = make_device(options, circuit.num_qubits)
        self._measurements = [measured(measurement) for measurement in circuit.measurements]

    def __reduce__(self) -> tuple[type[QmlExecutable], tuple[Circuit, QmlOptions]]:
        return QmlExecutable, (self.circuit, self.options)

    @property
    def named(self) -> str:
        """What a user calls it."""
        return "pennylane"

    @property
    def inexact(self) -> str:
        """Why its derivatives of derivatives cannot be the reference's; empty if they can."""
        return "" if self.options.device in KNOWN else "its device, which may estimate"

    @cached_property
    def _words(self) -> _Words:
        """Only asked for where PennyLane differentiates one weighted observable; `backprop` needs none."""
        return _Words(self.circuit)

    @property
    def metadata(self) -> Mapping[str, object]:
        """The `device`, `diff`, `precision`, and `pennylane`: its version."""
        chosen = self.options
        return {
            "device": chosen.device,
            "diff": chosen.diff,
            "precision": chosen.precision,
            "pennylane": str(qml.version()),
        }

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]` and `shared[W]`, and amplitudes `state[B, 2^k]` or None."""
        rows, home = per_sample.shape[0], per_sample.device
        sample, common = per_sample.to("cpu", torch.float64), shared.to("cpu", torch.float64)
        # A slot that only turns the phase is in no gate: it, and an empty batch, still get a gradient of zero.
        nothing = sample[:, :0].sum(1, keepdim=True) + common[:0].sum()
        if state is not None:
            state = unit_rows(state.to("cpu", torch.float64))
            nothing = nothing + state[:, :0].sum(1, keepdim=True)
        alone = state is None and not self.circuit.sample_slots  # every row is the same: one is run
        if rows == 0:
            found = nothing.expand(0, self.circuit.num_outputs)
        else:
            found = self._differentiable(sample[:1] if alone else sample, common, state) + nothing
        return found.to(home, self.real)

    def _differentiable(self, sample: Tensor, common: Tensor, state: Tensor | None) -> Tensor:
        given = [tensor for tensor in (sample, common, state) if tensor is not None]
        wanted = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
        if not wanted:
            return self.values(sample, common, state)
        if self.options.diff == "backprop":
            self._refuse_large(sample.shape[0])
            return self._run(sample, common, state, "backprop")
        beyond = NoSecondDerivatives(diff=self.options.diff)
        return differentiable_once(self._by_device, "pennylane", beyond, sample, common)

    def _by_device(self, sample: Tensor, common: Tensor) -> tuple[Tensor, Numbers]:
        """Values by the device, and gradients that PennyLane finds without torch looking into the simulation."""
        sample, common = sample.detach(), common.detach()
        return self.values(sample, common, None), partial(self.gradients, sample, common)

    def values(self, sample: Tensor, common: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` without derivatives."""
        bytes_a_row = COMPLEX_BYTES["double"] << self.options.row.exponent * self.circuit.num_qubits
        rows = max(1, CHUNK_BYTES // bytes_a_row)
        if not self.options.row.takes_batches:
            rows = min(rows, TAPES_AT_ONCE)
        parts = []
        with torch.no_grad():
            for start in range(0, sample.shape[0], rows):
                part = slice(start, start + rows)
                parts.append(self._run(sample[part], common, None if state is None else state[part], None))
        return torch.cat(parts)

    def gradients(
        self, sample: Tensor, common: Tensor, upstream: Tensor, wanted: Sequence[bool]
    ) -> list[Tensor | None]:
        """The gradients by `sample` and `common`, where wanted, of the outputs weighed by `upstream[B, M]`.

        Through PennyLane's autograd interface: its torch interface takes the plain floats of some devices (lightning's)
        for float32, and rounds gradients to that.
        """
        weights = self._words.coefficients(upstream)
        by_sample, by_common = torch.zeros_like(sample), torch.zeros_like(common)
        for start in range(0, len(weights), TAPES_AT_ONCE):
            rows = [row for row in range(start, min(start + TAPES_AT_ONCE, len(weights))) if any(weights[row])]
            if not rows:
                continue
            found = self._weighed([sample[rows].numpy(), common.numpy()], [weights[row] for row in rows], wanted)
            for place, gradient in found.items():
                if place == 0:
                    by_sample[rows] = gradient
                else:
                    by_common += gradient
        return [gradient if need else None for gradient, need in zip((by_sample, by_common), wanted, strict=True)]

    def _weighed(self, given: list[Any], weights: list[list[float]], wanted: Sequence[bool]) -> dict[int, Tensor]:
        """The gradients of the wanted ones of `given`, angles by row and common ones, with a weight for each word."""
        places = [place for place, need in enumerate(wanted) if need]

        def total(*varied: Any) -> Any:
            angles = list(given)
            for place, values in zip(places, varied, strict=True):
                angles[place] = values
            tapes = [
                self._script(angles[0][row], angles[1], None, self._words.weighted(of_row))
                for row, of_row in enumerate(weights)
            ]
            # Angles that no gate of a tape has still belong to the sum: autograd warns where nothing does.
            unused = sum(0.0 * qml.math.sum(values) for values in varied)
            return qml.math.sum(qml.math.stack(self._execute(tapes, self.options.diff, "autograd"))) + unused

        varied = [numpy.array(given[place], requires_grad=True) for place in places]
        with ONE_AT_A_TIME:
            found = qml.grad(total, argnums=list(range(len(places))))(*varied)
        return {place: torch.from_numpy(gradient.copy()) for place, gradient in zip(places, found, strict=True)}

    def _run(self, sample: Tensor, common: Tensor, state: Tensor | None, diff: str | None) -> Tensor:
        """Outputs `[B, M]` for prepared tensors: in one tape where the device takes batches, otherwise in one a row."""
        interface = "numpy" if diff is None else "torch"
        # All of one kind: PennyLane's U3 does not multiply an array by a tensor.
        angles, shared, start = (_of_kind(interface, tensor) for tensor in (sample, common, state))
        rows = sample.shape[0]
        if self.options.row.takes_batches:
            (results,) = self._execute([self._script(angles.T, shared, start, self._measurements)], diff, interface)
            return self._columns(results, rows)
        tapes = [
            self._script(angles[row], shared, None if start is None else start[row], self._measurements)
            for row in range(rows)
        ]
        return torch.cat([self._columns(results, 1) for results in self._execute(tapes, diff, interface)])

    def _script(self, sample: Any, common: Any, state: Any, measurements: list[Any]) -> QuantumScript:
        """A tape for angles `sample[E]`, or `[E, B]` for a batch, and `common[W]`, and `state[2^k]` or `[B, 2^k]`."""
        circuit = self.circuit
        angles: list[Any] = [0.0] * len(circuit.slots)
        for slot, value in circuit.constant_slots.items():
            angles[slot] = torch.tensor(value, dtype=torch.float64) if isinstance(common, torch.Tensor) else value
        for slots, values in ((circuit.sample_slots, sample), (circuit.shared_slots, common)):
            for place, slot in enumerate(slots):
                angles[slot] = values[place]
        return QuantumScript(operations(circuit, angles, state), measurements)

    def _execute(self, tapes: list[QuantumScript], diff: str | None, interface: str) -> tuple[Any, ...]:
        method = None if diff is None else PENNYLANE_DIFFS[diff]
        with ONE_AT_A_TIME:
            return tuple(qml.execute(tapes, self.device, diff_method=method, interface=interface, cache=False))

    def _columns(self, results: Any, rows: int) -> Tensor:
        """What a tape answers, as `[rows, M]`."""
        listed = results if isinstance(results, tuple | list) else (results,)
        pieces = []
        for measurement, result in zip(self.circuit.measurements, listed, strict=True):
            values = torch.as_tensor(result, dtype=torch.float64).reshape(-1, width_of(measurement))
            pieces.append(values.expand(rows, -1))
        return torch.cat(pieces, dim=1)

    def _refuse_large(self, rows: int) -> None:
        """Refuse before allocating: what waits for the gradient is a state for every gate and row."""
        circuit = self.circuit
        refusal = too_large(
            *(circuit, rows, "double"), lambda count, _: backprop_bytes(circuit, count), MAX_STATE_BYTES, training=True
        )
        if refusal is not None:
            raise Refusal(refusal)


def _of_kind(interface: str, tensor: Tensor | None) -> Any:
    return tensor.numpy() if interface == "numpy" and tensor is not None else tensor


class _Words:
    """The distinct Pauli products of all outputs but the identity, and how much each weighs under an upstream."""

    def __init__(self, circuit: Circuit) -> None:
        readout = ByTerms(readout_of(circuit))
        self.words = readout.terms
        self._readout = readout

    def weighted(self, weights: list[float]) -> list[Any]:
        """One measurement: the expectation value of the words with these coefficients, leaving out zeros."""
        chosen = [(weight, word) for weight, word in zip(weights, self.words, strict=True) if weight != 0]
        return [qml.expval(weighted([weight for weight, _ in chosen], [word for _, word in chosen]))]

    def coefficients(self, upstream: Tensor) -> list[list[float]]:
        """For each row of `upstream[B, M]`, the coefficients of all words in the observable that it weighs."""
        weights: list[list[float]] = self._readout.weights(upstream.to("cpu", torch.float64).numpy()).tolist()
        return weights
