"""The circuit within a step: angles, its parts by the engine's own kernels, outputs; and back to inputs and weights.

Features have the rows of a batch innermost, the engine's arrays have a row of the batch in each of theirs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.registers import kernel
from hqnn_dsl.backends.native.kernels.tile_queue import DONE, NEXT, wait
from hqnn_dsl.backends.native.kernels.views import matrix, part
from hqnn_dsl.training.step.kernels.arrays import (
    AMPLITUDE,
    AMPLITUDES,
    ANGLES,
    ANGLES_BACK,
    BACK,
    BACKWARD,
    BATCH,
    BY_AMPLITUDE,
    CIRCUIT_PART,
    COMPLEX,
    DIAGONAL,
    FIRST_TILE,
    FLOATS,
    FLOATS_END,
    FORWARD,
    INPUTS,
    JOB,
    KEEP,
    KEPT,
    KEPT_END,
    PART,
    PARTS,
    PATTERNS,
    PATTERNS_END,
    READINGS,
    ROOM,
    ROWS,
    SAMPLES,
    SHARED,
    SHARED_NODES,
    STATE_BACK,
    STOP,
    THREADS,
    THREADS_BACK,
    TILES,
    WANTED,
    WANTED_END,
    WHOLE,
    WHOLE_END,
)
from hqnn_dsl.training.step.kernels.pointers import call_bool, call_int, call_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = 1 << 30
"""Jobs are numbered below this, and then anew."""


@kernel
def run_part(circuit: Any, room: Any, which: int, back: int, batch: int, queue: Any, job: int, worker: int) -> int:
    """Run one part of the plan on a batch, or help with it: forward to `outputs`, or back from `upstream`."""
    row, sizes = circuit.parts[which], circuit.sizes
    workers, tiles = row[THREADS_BACK] if back else row[THREADS], row[TILES]
    rows, diagonal, store = row[ROWS], row[DIAGONAL], row[ROOM]
    whole = part(circuit.whole, row[WHOLE], row[WHOLE_END] - row[WHOLE])
    floats = part(circuit.floats, row[FLOATS], row[FLOATS_END] - row[FLOATS])
    patterns = part(circuit.patterns, row[PATTERNS], row[PATTERNS_END] - row[PATTERNS])
    samples = matrix(room.samples, 0, batch, sizes[SAMPLES])
    shared = part(room.shared, 0, sizes[SHARED])
    state = matrix(room.state, 0, batch if sizes[AMPLITUDES] else 0, sizes[AMPLITUDES])
    kept, keep = part(room.kept, row[KEPT], row[KEPT_END] - row[KEPT]), row[KEEP] != 0
    if not back:
        out = matrix(room.outputs, 0, batch, sizes[READINGS])
        begin, end = (queue, job, worker, workers, tiles), (rows, diagonal, store, whole, floats, patterns)
        given = (samples, shared, state, kept, keep, out)
        return _by_form(row[FORWARD], row[COMPLEX], row[BY_AMPLITUDE], begin, end + given)
    upstream = matrix(room.upstream, 0, batch, sizes[READINGS])
    wanted = part(circuit.wanted, row[WANTED], row[WANTED_END] - row[WANTED])
    grads = matrix(room.sample_grads, 0, batch, sizes[SAMPLES])
    partials = matrix(room.partials, row[FIRST_TILE] * sizes[SHARED], tiles, sizes[SHARED])
    state_grads = matrix(room.state_grads, 0, batch if sizes[STATE_BACK] else 0, sizes[AMPLITUDES])
    begin, end = (queue, job, worker, workers, tiles), (rows, diagonal, store, whole, floats, patterns)
    given_back = (samples, shared, state, kept, keep, upstream, wanted, row[STOP], grads, partials, state_grads)
    return _by_form(row[BACKWARD], row[COMPLEX], row[BY_AMPLITUDE], begin, end + given_back)


@kernel
def _by_form(address: int, is_complex: int, by_amplitude: int, begin: Any, end: Any) -> int:
    """Call a kernel of the engine by the types that its form has: `dual` and `lane` are None or a number."""
    if is_complex:
        if by_amplitude:
            return call_int(address, (*begin, 1, 0, *end))
        return call_int(address, (*begin, 1, None, *end))
    if by_amplitude:
        return call_int(address, (*begin, None, 0, *end))
    return call_int(address, (*begin, None, None, *end))


@kernel
def _run_parts(
    addresses: Any, circuit: Any, room: Any, size: int, back: int, batch: int, queue: Any, notes: Any
) -> None:
    """Run all parts of the plan, with the helpers of those that have threads to share them."""
    count = circuit.sizes[PARTS]
    for which in range(size * count, (size + 1) * count):
        row = circuit.parts[which]
        if (row[THREADS_BACK] if back else row[THREADS]) > 1:
            notes[JOB] = notes[JOB] % JOBS + 1
            notes[PART], notes[BACK], notes[BATCH] = which, back, batch
            done = call_int(addresses[CIRCUIT_PART], (circuit, room, which, back, batch, queue, notes[JOB], 0))
            while not done:
                done = wait(queue, row[TILES])
        else:
            queue[NEXT], queue[DONE] = 0, 0
            call_int(addresses[CIRCUIT_PART], (circuit, room, which, back, batch, queue, 0, 0))


@kernel
def _fill_state(inputs: Any, first: int, count: int, room: Any) -> int:
    """The amplitudes of each row divided by their length, which is kept. Returns the first row of zeros, else -1."""
    for b in range(len(inputs)):
        largest = abs(inputs[b, first])
        for k in range(1, count):
            size = abs(inputs[b, first + k])
            if not size <= largest:
                largest = size
        if largest == 0:
            return b
        total = 0.0
        for k in range(count):
            total += float(inputs[b, first + k] / largest) ** 2
        length = largest * math.sqrt(total)
        room.lengths[b] = length
        for k in range(count):
            room.state[b * count + k] = inputs[b, first + k] / length
    return -1


@kernel
def _state_back(input_grads: Any, first: int, count: int, room: Any) -> None:
    """Add the gradients of the inputs that are amplitudes: those of the state but for what lies along it."""
    for b in range(len(input_grads)):
        along = 0.0
        for k in range(count):
            along += room.state_grads[b * count + k] * room.state[b * count + k]
        for k in range(count):
            across = room.state_grads[b * count + k] - along * room.state[b * count + k]
            input_grads[b, first + k] += across / room.lengths[b]


@kernel
def _mark_broken(samples: Any, shared: Any, outputs: int, found: Any) -> None:
    """NaN in the rows in which an angle is no finite number, whether or not it reaches an output."""
    broken = False
    for w in range(len(shared)):
        broken |= not math.isfinite(shared[w])
    for b in range(len(samples)):
        row_broken = broken
        for e in range(samples.shape[1]):
            row_broken |= not math.isfinite(samples[b, e])
        if row_broken:
            for m in range(outputs):
                found[b * outputs + m] = np.nan


def part_for(key: int) -> Callable[..., int]:
    """The entry point of `run_part`; see `compiled` for `key`."""

    def circuit_part(
        circuit: Any, room: Any, which: int, back: int, batch: int, queue: Any, job: int, worker: int
    ) -> int:
        return run_part(circuit, room, which, back, batch, queue, job, worker) if key else 0

    return circuit_part


def forward_for(key: int) -> Callable[..., int]:
    """The entry point for a circuit's outputs; see `compiled` for `key`."""

    def circuit_values(
        addresses: Any,
        circuit: Any,
        room: Any,
        weights: Any,
        size: int,
        batch: int,
        stride: int,
        x: Any,
        y: Any,
        queue: Any,
        notes: Any,
    ) -> int:
        """Outputs `y[M]` for the features `x[I]`, both of `stride`. Returns the first row without a state, else -1."""
        if key == 0:
            return 0
        sizes = circuit.sizes
        num_inputs, outputs = sizes[INPUTS], sizes[READINGS]
        for k in range(len(circuit.index)):
            room.weights[k] = weights[circuit.index[k]]
        for i in range(num_inputs):
            for b in range(batch):
                room.inputs[b * num_inputs + i] = x[i * stride + b]
        inputs = matrix(room.inputs, 0, batch, num_inputs)
        samples = matrix(room.samples, 0, batch, sizes[SAMPLES])
        shared = part(room.shared, 0, sizes[SHARED])
        own = part(room.weights, 0, len(circuit.index))
        given = circuit.tape, circuit.numbers, sizes[SHARED_NODES], inputs, own, circuit.one
        fine = call_bool(addresses[ANGLES], (*given, samples, shared))
        if sizes[AMPLITUDES]:
            empty = _fill_state(inputs, sizes[AMPLITUDE], sizes[AMPLITUDES], room)
            if empty >= 0:
                return empty
        for b in range(batch):
            for m in range(outputs):
                room.outputs[b * outputs + m] = circuit.offsets[m]
        _run_parts(addresses, circuit, room, size, 0, batch, queue, notes)
        if not fine:
            _mark_broken(samples, shared, outputs, room.outputs)
        for m in range(outputs):
            for b in range(batch):
                y[m * stride + b] = room.outputs[b * outputs + m]
            for b in range(batch, stride):
                y[m * stride + b] = y[m * stride + batch - 1]
        return -1

    return circuit_values


def backward_for(key: int) -> Callable[..., int]:
    """The entry point for the gradients of a circuit; see `compiled` for `key`. It returns 0."""

    def circuit_back(
        addresses: Any,
        circuit: Any,
        room: Any,
        grads: Any,
        size: int,
        batch: int,
        stride: int,
        dx: Any,
        dy: Any,
        has_front: int,
        queue: Any,
        notes: Any,
    ) -> int:
        """Gradients of the circuit's weights, and those of its inputs to `dx` if anything in front of it is trained."""
        if key == 0:
            return 0
        sizes = circuit.sizes
        num_inputs, outputs, amplitudes = sizes[INPUTS], sizes[READINGS], sizes[AMPLITUDES]
        for m in range(outputs):
            for b in range(batch):
                room.upstream[b * outputs + m] = dy[m * stride + b]
        room.sample_grads[: batch * sizes[SAMPLES]] = 0
        room.partials[: circuit.tiles[size] * sizes[SHARED]] = 0
        _run_parts(addresses, circuit, room, size, 1, batch, queue, notes)
        given_rows = batch if has_front else 0
        room.input_grads[: given_rows * num_inputs] = 0
        inputs = matrix(room.inputs, 0, batch, num_inputs)
        own = part(room.weights, 0, len(circuit.index))
        weight_grads = part(room.weight_grads, 0, len(circuit.index))
        sample_grads = matrix(room.sample_grads, 0, batch, sizes[SAMPLES])
        partials = matrix(room.partials, 0, circuit.tiles[size], sizes[SHARED])
        input_grads = matrix(room.input_grads, 0, given_rows, num_inputs)
        given = circuit.tape, circuit.numbers, sizes[SHARED_NODES], inputs, own, circuit.one
        call_nothing(addresses[ANGLES_BACK], (*given, sample_grads, partials, input_grads, weight_grads))
        for k in range(len(circuit.index)):
            grads[circuit.index[k]] = weight_grads[k]
        if not has_front:
            return 0
        if amplitudes:
            _state_back(input_grads, sizes[AMPLITUDE], amplitudes, room)
        for i in range(num_inputs):
            for b in range(batch):
                dx[i * stride + b] = input_grads[b, i]
            for b in range(batch, stride):
                dx[i * stride + b] = 0
        return 0

    return circuit_back
