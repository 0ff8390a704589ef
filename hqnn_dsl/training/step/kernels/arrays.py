"""The arrays of a network's steps, in groups, and the columns of those of whole numbers.

Numba compiles a call for the groups as they are: their order here is that of the arguments.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Network(NamedTuple):
    """What a network is, whatever its weights: `sizes` by the indices below, and its tables.

    `tape[L, TAPE_WIDTH]` and `constants[L, 2]` are the layers, `gather[F, 5]` says where each input comes from;
    `loss_options[4]` and `optimizer_options[8]` are those of their kernels.
    """

    addresses: Any
    sizes: Any
    tape: Any
    constants: Any
    gather: Any
    loss_options: Any
    optimizer_options: Any


LAYERS, LAYERS_BACK, CIRCUIT_VALUES, CIRCUIT_BACK, CIRCUIT_PART, ANGLES, ANGLES_BACK, LOSS, OPTIMIZER, CLIP = range(10)
"""Indices of `addresses`: of the kernels that steps call, but for the engine's own for the parts of a circuit."""
TARGETS, OUTPUTS, PREDICTED, FRONT, ENCODED, DECODED, CIRCUIT, CIRCUIT_TRAINED, FRONT_TRAINED = range(9)
CLASSICAL, TRAINED, LOSS_KIND, OPTIMIZER_KIND, LEVELS_TRAINED = range(9, 14)
"""Indices of `sizes`: widths of targets and outputs, the first feature of the outputs; the number of layers in front of
the circuit, the first features of what it reads and of what it gives; whether there is one, whether it has weights to
train, whether anything in front of it has; where in the flat vector classical weights end and where all trained ones
do; kinds of loss and optimizer; whether vectors of levels are trained."""
NUM_SIZES = 14

COLUMN, TABLE, WIDTH, ENTRY = range(4)
"""Columns of `gather`: the column of the table; if it holds levels, where their vectors begin in the flat vector (else
-1), how long one is, and which of its numbers it is."""


class Circuit(NamedTuple):
    """The circuit's tables. `index[P]` is where each of its weights lies in the flat vector.

    `parts[S * K, PART_WIDTH]` has a row for each of the K parts of its plan and each of the S sizes of a batch;
    `whole`, `floats`, `patterns` and `wanted` are the tables of all of them, one after the other. `tiles[S]` counts
    those of all parts.
    """

    sizes: Any
    one: Any
    tape: Any
    numbers: Any
    offsets: Any
    index: Any
    parts: Any
    tiles: Any
    whole: Any
    floats: Any
    patterns: Any
    wanted: Any


INPUTS, SAMPLES, SHARED, READINGS, SHARED_NODES, AMPLITUDE, AMPLITUDES, STATE_BACK, PARTS = range(9)
"""Indices of a circuit's `sizes`: of inputs, angles per sample, shared angles, outputs, shared nodes of the slot tape;
the first input that is an amplitude, their number, which may be 0, and whether they have gradients; and of the parts of
its plan."""
NUM_CIRCUIT_SIZES = 9

FORWARD, BACKWARD, COMPLEX, BY_AMPLITUDE, TILES, THREADS, THREADS_BACK, ROWS, DIAGONAL, ROOM, KEEP = range(11)
KEPT, KEPT_END, WHOLE, WHOLE_END, FLOATS, FLOATS_END, PATTERNS, PATTERNS_END, WANTED, WANTED_END = range(11, 21)
STOP, FIRST_TILE = range(21, 23)
"""Columns of `parts`: addresses of the kernels, the layout, tiles and the threads that share them, numbers for the
kernels, whether states are kept, where they and the tables begin and end, the first rotation with a gradient, and how
many tiles the parts before have."""
PART_WIDTH = 23


class Room(NamedTuple):
    """What steps write: `values` and `slopes` of all features, the circuit's numbers, and what a batch is made of."""

    values: Any
    slopes: Any
    targets: Any
    row_weights: Any
    inputs: Any
    samples: Any
    shared: Any
    state: Any
    lengths: Any
    outputs: Any
    upstream: Any
    input_grads: Any
    sample_grads: Any
    state_grads: Any
    weights: Any
    weight_grads: Any
    kept: Any
    partials: Any


class Weights(NamedTuple):
    """The flat vector of all weights, and what lies beside it: gradients, moments, numbers of the optimizer.

    `sums[P]` and `totals[3]` are of the gradients of an epoch, see `gradient_norms`.
    """

    values: Any
    grads: Any
    moments: Any
    scalars: Any
    sums: Any
    totals: Any


NUM_TOTALS = 3
"""Of `totals`: squares of the gradients of classical and of quantum weights, and steps."""


class Rows(NamedTuple):
    """The rows to train on: `features[N, F]`, `targets[N, T]`, `weights[N]`, which is empty if all are 1."""

    features: Any
    targets: Any
    weights: Any


STEPS, JOB, OVER, PART, BACK, BATCH, FAILED, FAILED_ROW = range(8)
"""Indices of the numbers that a run of steps keeps: steps of the optimizer so far; the number of the job that threads
share, whether there are no more, its part, whether it goes back, and its rows; why the run stopped, at which row."""
NUM_NOTES = 8
FINE, BAD_LOSS, BAD_GRADIENT, NO_STATE = range(4)
"""Why a run of steps stopped: it didn't, the loss or a gradient is not finite, a row of amplitudes is all zeros."""
