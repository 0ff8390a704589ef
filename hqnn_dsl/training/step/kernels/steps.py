"""Many steps in one call: rows gathered, layers, circuit, loss, and back; gradients clipped, weights moved.

A run of steps stops in front of the first update that would be made from a loss or a gradient that is not finite.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.native.kernels.atomics import atomic_load
from hqnn_dsl.backends.native.kernels.registers import kernel, lanes
from hqnn_dsl.backends.native.kernels.tile_queue import watch
from hqnn_dsl.backends.native.kernels.views import matrix, part
from hqnn_dsl.training.step.kernels.arrays import (
    BACK,
    BAD_GRADIENT,
    BAD_LOSS,
    BATCH,
    CIRCUIT,
    CIRCUIT_BACK,
    CIRCUIT_TRAINED,
    CIRCUIT_VALUES,
    CLASSICAL,
    CLIP,
    COLUMN,
    DECODED,
    ENCODED,
    ENTRY,
    FAILED,
    FAILED_ROW,
    FINE,
    FRONT,
    FRONT_TRAINED,
    LAYERS,
    LAYERS_BACK,
    LEVELS_TRAINED,
    LOSS,
    LOSS_KIND,
    NO_STATE,
    OPTIMIZER,
    OPTIMIZER_KIND,
    OUTPUTS,
    OVER,
    PART,
    PREDICTED,
    STEPS,
    TABLE,
    TARGETS,
    TRAINED,
    WIDTH,
)
from hqnn_dsl.training.step.kernels.circuit import run_part
from hqnn_dsl.training.step.kernels.dropout import STEP
from hqnn_dsl.training.step.kernels.elementwise import scaled
from hqnn_dsl.training.step.kernels.pointers import call_float, call_int

if TYPE_CHECKING:
    from collections.abc import Callable


@kernel
def padded(count: int, values: Any) -> int:
    """The numbers that a feature takes for so many rows: a multiple of two registers."""
    pair = 2 * lanes(values)
    return (count + pair - 1) // pair * pair


@kernel
def _gather(network: Any, weights: Any, features: Any, order: Any, begin: int, count: int, stride: int, x: Any) -> None:
    """The inputs of a batch, its last row once more in each row of the padding."""
    gather = network.gather
    for i in range(len(gather)):
        column, table, to = gather[i, COLUMN], gather[i, TABLE], i * stride
        for b in range(count):
            given = features[order[begin + b], column]
            if table < 0:
                x[to + b] = given
            else:
                x[to + b] = weights[table + int(given) * gather[i, WIDTH] + gather[i, ENTRY]]
        for b in range(count, stride):
            x[to + b] = x[to + count - 1]


@kernel
def _levels_back(
    network: Any, grads: Any, features: Any, order: Any, begin: int, count: int, stride: int, dx: Any
) -> None:
    """Gradients of the vectors of levels; `grads` of all of them are zeros before. Level 0 has none."""
    gather = network.gather
    for i in range(len(gather)):
        if 0 <= gather[i, TABLE] < network.sizes[LEVELS_TRAINED]:
            for b in range(count):
                level = int(features[order[begin + b], gather[i, COLUMN]])
                if level > 0:
                    grads[gather[i, TABLE] + level * gather[i, WIDTH] + gather[i, ENTRY]] += dx[i * stride + b]


@kernel
def _forward(
    network: Any,
    circuit: Any,
    room: Any,
    weights: Any,
    draws: Any,
    size: int,
    count: int,
    stride: int,
    queue: Any,
    notes: Any,
) -> int:
    """From the inputs to the outputs. Returns the first row without a state, else -1."""
    sizes, addresses, values = network.sizes, network.addresses, room.values
    front, end, tables = sizes[FRONT], len(network.tape), (network.tape, network.constants)
    if front:
        call_int(addresses[LAYERS], (*tables, 0, front, stride, weights, values, draws))
    if sizes[CIRCUIT]:
        x = part(values, sizes[ENCODED] * stride, 0)
        y = part(values, sizes[DECODED] * stride, 0)
        given = (addresses, circuit, room, weights, size, count, stride, x, y, queue, notes)
        empty = call_int(addresses[CIRCUIT_VALUES], given)
        if empty >= 0:
            return empty
    if front < end:
        call_int(addresses[LAYERS], (*tables, front, end, stride, weights, values, draws))
    return -1


@kernel
def _backward(
    network: Any, circuit: Any, room: Any, weights: Any, size: int, count: int, stride: int, queue: Any, notes: Any
) -> None:
    """From the slopes of the outputs to the gradients of all trained weights, but those of levels."""
    sizes, addresses = network.sizes, network.addresses
    front, end, tables = sizes[FRONT], len(network.tape), (network.tape, network.constants)
    given = (stride, weights.values, weights.grads, room.values, room.slopes)
    if front < end:
        call_int(addresses[LAYERS_BACK], (*tables, front, end, *given))
    if sizes[CIRCUIT_TRAINED] or (sizes[CIRCUIT] and sizes[FRONT_TRAINED]):
        dx = part(room.slopes, sizes[ENCODED] * stride, 0)
        dy = part(room.slopes, sizes[DECODED] * stride, 0)
        begin = (addresses, circuit, room, weights.grads, size, count, stride, dx, dy)
        call_int(addresses[CIRCUIT_BACK], (*begin, sizes[FRONT_TRAINED], queue, notes))
    if front:
        call_int(addresses[LAYERS_BACK], (*tables, 0, front, *given))


@kernel
def _loss(network: Any, rows: Any, room: Any, order: Any, begin: int, count: int, stride: int) -> float:
    """The mean loss of a batch, and the slopes of the outputs."""
    sizes = network.sizes
    width, outputs = sizes[TARGETS], sizes[OUTPUTS]
    for b in range(count):
        row = order[begin + b]
        for t in range(width):
            room.targets[t * stride + b] = rows.targets[row, t]
        if len(rows.weights):
            room.row_weights[b] = rows.weights[row]
    predicted = matrix(room.values, sizes[PREDICTED] * stride, outputs, stride)
    slopes = matrix(room.slopes, sizes[PREDICTED] * stride, outputs, stride)
    targets = matrix(room.targets, 0, width, stride)
    given = (sizes[LOSS_KIND], network.loss_options, predicted, targets, part(room.row_weights, 0, stride))
    total = call_float(network.addresses[LOSS], (*given, count, slopes))
    one = room.values.dtype.type(1)
    scaled(room.slopes, sizes[PREDICTED] * stride, outputs * stride, one / room.values.dtype.type(count))
    return total / count


@kernel
def _update(network: Any, weights: Any, clip: float, rates: Any, decay: float, notes: Any) -> int:
    """Clip the gradients and move the weights. Returns 0, without moving them, if a gradient is not finite."""
    sizes, addresses = network.sizes, network.addresses
    trained, classical = sizes[TRAINED], sizes[CLASSICAL]
    summed = classical, weights.sums, weights.totals
    norm = call_float(addresses[CLIP], (part(weights.grads, 0, trained), clip, *summed))
    if not math.isfinite(norm):
        return 0
    notes[STEPS] += 1
    chosen = (sizes[OPTIMIZER_KIND], network.optimizer_options, notes[STEPS])
    begin = (*chosen, weights.values, weights.grads, weights.moments, weights.scalars)
    if classical:
        call_int(addresses[OPTIMIZER], (*begin, 0, classical, rates[0], decay))
    if classical < trained:
        call_int(addresses[OPTIMIZER], (*begin, classical, trained, rates[1], 0.0))
    return 1


def steps_for(key: int) -> Callable[..., int]:
    """The entry point for training; see `compiled` for `key`."""

    def steps(
        network: Any,
        circuit: Any,
        room: Any,
        weights: Any,
        rows: Any,
        order: Any,
        bounds: Any,
        kinds: Any,
        draws: Any,
        first: int,
        last: int,
        clip: float,
        rates: Any,
        decay: float,
        losses: Any,
        queue: Any,
        notes: Any,
    ) -> int:
        """Steps `first` to `last` of an epoch. Returns how many were done; `losses` are those of all that began."""
        if key == 0:
            return 0
        sizes = network.sizes
        notes[FAILED] = FINE
        for step in range(first, last):
            begin, count = bounds[step, 0], bounds[step, 1] - bounds[step, 0]
            stride, size = padded(count, room.values), kinds[step]
            draws[STEP] = step
            _gather(network, weights.values, rows.features, order, begin, count, stride, room.values)
            empty = _forward(network, circuit, room, weights.values, draws, size, count, stride, queue, notes)
            if empty >= 0:
                notes[FAILED], notes[FAILED_ROW] = NO_STATE, order[begin + empty]
                return step - first
            loss = room.values.dtype.type(_loss(network, rows, room, order, begin, count, stride))
            losses[step - first] = loss
            if not math.isfinite(loss):
                notes[FAILED] = BAD_LOSS
                return step - first
            if sizes[LEVELS_TRAINED]:
                weights.grads[: sizes[LEVELS_TRAINED]] = 0
            _backward(network, circuit, room, weights, size, count, stride, queue, notes)
            if sizes[LEVELS_TRAINED]:
                _levels_back(network, weights.grads, rows.features, order, begin, count, stride, room.slopes)
            if not _update(network, weights, clip, rates, decay, notes):
                notes[FAILED] = BAD_GRADIENT
                return step - first
        return last - first

    return steps


def outputs_for(key: int) -> Callable[..., int]:
    """The entry point for values; see `compiled` for `key`."""

    def outputs(
        network: Any,
        circuit: Any,
        room: Any,
        weights: Any,
        features: Any,
        order: Any,
        bounds: Any,
        kinds: Any,
        draws: Any,
        out: Any,
        queue: Any,
        notes: Any,
    ) -> int:
        """Fill `out[N, O]` for all rows. Returns the first row without a state, else -1."""
        if key == 0:
            return 0
        sizes = network.sizes
        draws[STEP] = -1
        for block in range(len(bounds)):
            begin, count = bounds[block, 0], bounds[block, 1] - bounds[block, 0]
            stride = padded(count, room.values)
            _gather(network, weights, features, order, begin, count, stride, room.values)
            empty = _forward(network, circuit, room, weights, draws, kinds[block], count, stride, queue, notes)
            if empty >= 0:
                return begin + empty
            for o in range(sizes[OUTPUTS]):
                for b in range(count):
                    out[begin + b, o] = room.values[(sizes[PREDICTED] + o) * stride + b]
        return -1

    return outputs


def help_for(key: int) -> Callable[..., int]:
    """The entry point of threads that help; see `compiled` for `key`."""

    def helping(circuit: Any, room: Any, known: int, queue: Any, notes: Any, worker: int) -> int:
        """Help with jobs while they come, for a bounded time without one. Returns the last one's number."""
        if key == 0:
            return 0
        while not atomic_load(notes, OVER):
            job = watch(queue, known, worker)
            if job == known:
                return known
            known = job
            run_part(circuit, room, notes[PART], notes[BACK], notes[BATCH], queue, job, worker)
        return known

    return helping
