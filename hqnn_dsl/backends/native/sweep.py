"""A program over a range of tiles: forward to the outputs, and back from their gradients in one sweep.

A tile is a register's width of samples (`lane` None) or one sample (`lane` 0: registers hold neighbouring amplitudes).
All tables are those of `tables`; what a tile writes belongs to it alone, so tiles may run on any thread.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hqnn_dsl.backends.native.read import (
    both_signs,
    diagonal_adjoint,
    diagonal_values,
    marginal_adjoint,
    marginal_values,
    mixing_adjoint,
    mixing_value,
)
from hqnn_dsl.backends.native.rotate import (
    back_complex,
    back_imaginary,
    back_real,
    turn_complex,
    turn_imaginary,
    turn_real,
)
from hqnn_dsl.backends.native.trigonometry import LARGEST, sine_and_cosine
from hqnn_dsl.backends.native.vectors import kernel, lane_sum, lanes, load, splat, store, zero

X, Z, BY, LANE_Z, FLIP, BASE, IMAGINARY, KIND, ROWS, LINKS, LINKS_END = range(11)
"""Columns of a rotation; the first seven are those of a term too."""
BY_SAMPLE = 2
"""The kind of a rotation that an input reaches; 1 is shared, 0 constant."""


@kernel
def half_angle(j: int, b: int, constants: Any, ops: Any, links: Any, factors: Any, samples: Any, shared: Any) -> float:
    """Half the angle of rotation j for sample b."""
    angle = constants[j]
    for k in range(ops[j, LINKS], ops[j, LINKS_END]):
        if links[k, 0] == 1:
            angle += factors[k] * samples[b, links[k, 1]]
        else:
            angle += factors[k] * shared[links[k, 1]]
    return angle / 2


@kernel
def finish_turn(turns: Any, at: int, largest: float) -> None:
    """Replace the half angles at `turns[at:]` by their cosines, with the sines behind."""
    n = lanes(turns)
    if largest <= LARGEST:
        sine, cosine = sine_and_cosine(load(turns, at))
        store(turns, at, cosine)
        store(turns, at + n, sine)
        return
    for k in range(n):
        angle = turns[at + k]
        turns[at + k] = math.cos(angle)
        turns[at + n + k] = math.sin(angle)


@kernel
def fill_shared(constants: Any, ops: Any, links: Any, factors: Any, samples: Any, shared: Any, turns: Any) -> None:
    """Cosine and sine of all half angles that no input reaches, in all lanes; `turns` has both by rotation."""
    n = lanes(turns)
    for j in range(len(ops)):
        if ops[j, KIND] != BY_SAMPLE:
            at = 2 * j * n
            turns[at] = half_angle(j, 0, constants, ops, links, factors, samples, shared)
            store(turns, at, splat(turns, turns[at]))
            finish_turn(turns, at, abs(turns[at]))


@kernel
def fill_samples(
    b: int,
    width: int,
    lane: Any,
    constants: Any,
    ops: Any,
    links: Any,
    factors: Any,
    samples: Any,
    shared: Any,
    turns: Any,
) -> None:
    """Cosine and sine of the half angles that differ by sample, for a tile; unused lanes turn by zero."""
    n = lanes(turns)
    for j in range(len(ops)):
        if ops[j, KIND] == BY_SAMPLE:
            at = 2 * j * n
            largest = 0.0
            store(turns, at, zero(turns))
            for k in range(width):
                angle = half_angle(j, b + k, constants, ops, links, factors, samples, shared)
                largest = max(largest, abs(angle))
                turns[at + k] = angle
            if lane is not None:
                store(turns, at, splat(turns, turns[at]))
            finish_turn(turns, at, largest)


@kernel
def start_state(psi: Any, b: int, width: int, dual: Any, lane: Any, places: Any, state: Any) -> None:
    """|0…0>, or the amplitudes given, in a state of zeros."""
    n = lanes(psi)
    psi[:] = 0
    stride = n if dual is None else 2 * n
    if len(places) == 0:
        psi[: n if lane is None else 1] = 1
        return
    for k in range(len(places)):
        place = places[k]
        if lane is None:
            for i in range(width):
                psi[place * stride + i] = state[b + i, k]
        else:
            psi[(place // n) * stride + place % n] = state[b, k]


@kernel
def lane_of(lane: Any, op: Any) -> Any:
    """How an operation swaps lanes: None where lanes are samples."""
    if lane is None:
        return None
    return op[BY]


@kernel
def turn(psi: Any, rows: int, dual: Any, lane: Any, op: Any, c: Any, factors: Any) -> None:
    """Rotate a state, by the factors made for this rotation."""
    by = lane_of(lane, op)
    if dual is None:
        turn_real(psi, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors)
    elif op[IMAGINARY]:
        turn_imaginary(psi, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors)
    else:
        turn_complex(psi, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors)


@kernel
def back(psi: Any, lam: Any, rows: int, dual: Any, lane: Any, op: Any, c: Any, factors: Any, signs: Any) -> Any:
    """Rotate state and adjoint, and give the gradient by lane."""
    by = lane_of(lane, op)
    if dual is None:
        return back_real(psi, lam, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors, signs)
    if op[IMAGINARY]:
        return back_imaginary(psi, lam, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors, signs)
    return back_complex(psi, lam, rows, op[X], op[Z], op[FLIP], op[BASE], by, c, factors, signs)


@kernel
def rotate_all(psi: Any, dual: Any, lane: Any, ops: Any, patterns: Any, turns: Any, factors: Any) -> None:
    """All rotations, one after the other."""
    n = lanes(psi)
    for j in range(len(ops)):
        op = ops[j]
        sine = load(turns, (2 * j + 1) * n)
        if lane is not None:
            sine = sine * load(patterns, op[LANE_Z] * n)
        both_signs(factors, 0, sine)
        turn(psi, op[ROWS], dual, lane, op, load(turns, 2 * j * n), factors)


@kernel
def forward(
    first: int,
    last: int,
    dual: Any,
    lane: Any,
    rows: int,
    diagonal: int,
    ops: Any,
    constants: Any,
    links: Any,
    weights_of: Any,
    terms: Any,
    uses: Any,
    coefficients: Any,
    marginals: Any,
    bits: Any,
    patterns: Any,
    places: Any,
    samples: Any,
    shared: Any,
    state: Any,
    kept: Any,
    keep: bool,
    out: Any,
) -> None:
    """Add the outputs of tiles `first` to `last` to `out[B, M]`; with `keep`, leave their states in `kept`."""
    n = lanes(kept)
    size = rows * n if dual is None else 2 * rows * n
    own = np.empty(0 if keep else size, kept.dtype)
    turns = np.empty(2 * len(ops) * n, kept.dtype)
    factors = np.empty(2 * n, kept.dtype)
    values = np.empty(len(terms) * n, kept.dtype)
    most = 0
    for m in range(len(marginals)):
        most = max(most, marginals[m, 2] - marginals[m, 1])
    sums = np.empty(n * ((1 << most) + 1), kept.dtype)
    fill_shared(constants, ops, links, weights_of, samples, shared, turns)
    tile_width = n if lane is None else 1
    for tile in range(first, last):
        b = tile * tile_width
        width = min(tile_width, len(out) - b)
        psi = kept[tile * size : (tile + 1) * size] if keep else own
        fill_samples(b, width, lane, constants, ops, links, weights_of, samples, shared, turns)
        start_state(psi, b, width, dual, lane, places, state)
        rotate_all(psi, dual, lane, ops, patterns, turns, factors)
        read_terms(psi, rows, dual, lane, diagonal, terms, patterns, factors, values)
        for k in range(len(uses)):
            for i in range(width):
                out[b + i, uses[k, 1]] += coefficients[k] * values[uses[k, 0] * n + i]
        for m in range(len(marginals)):
            begin, end = marginals[m, 1], marginals[m, 2]
            marginal_values(psi, rows, dual, lane, bits, begin, end, sums)
            for which in range(1 << (end - begin)):
                for i in range(width):
                    out[b + i, marginals[m, 0] + which] += sums[which * n + i]


@kernel
def read_terms(
    psi: Any, rows: int, dual: Any, lane: Any, diagonal: int, terms: Any, patterns: Any, factors: Any, values: Any
) -> None:
    """<P> of all terms, a register each: by lane, or the sum in lane 0 by amplitude."""
    n = lanes(psi)
    both_signs(factors, 0, load(patterns, 0))
    for t in range(0, diagonal, 4):
        diagonal_values(psi, rows, dual, terms, t, factors, values)
    for t in range(diagonal, len(terms)):
        op = terms[t]
        both_signs(factors, 0, load(patterns, op[LANE_Z] * n))
        found = mixing_value(
            psi, rows, dual, op[X], op[Z], op[FLIP], op[BASE], lane_of(lane, op), op[IMAGINARY], factors
        )
        store(values, t * n, found)
    if lane is None:
        return
    for t in range(len(terms)):
        found = load(values, t * n)
        if t < diagonal:
            found = found * load(patterns, terms[t, LANE_Z] * n)
        values[t * n] = lane_sum(found)


@kernel
def adjoint_start(
    psi: Any,
    lam: Any,
    b: int,
    width: int,
    rows: int,
    dual: Any,
    lane: Any,
    diagonal: int,
    terms: Any,
    uses: Any,
    coefficients: Any,
    marginals: Any,
    bits: Any,
    patterns: Any,
    weights: Any,
    sums: Any,
    upstream: Any,
) -> None:
    """λ = Σ g·Oψ over all that is read, for one tile; `weights` has two registers a term."""
    n = lanes(psi)
    lam[:] = 0
    weights[:] = 0
    for k in range(len(uses)):
        for i in range(width):
            weights[2 * uses[k, 0] * n + i] += coefficients[k] * upstream[b + i, uses[k, 1]]
    for t in range(len(terms)):
        at = 2 * t * n
        if lane is not None:
            store(weights, at, splat(weights, weights[at]) * load(patterns, terms[t, LANE_Z] * n))
        both_signs(weights, at, load(weights, at))
    for t in range(0, diagonal, 4):
        diagonal_adjoint(psi, lam, rows, dual, terms, t, weights)
    for t in range(diagonal, len(terms)):
        op = terms[t]
        by = lane_of(lane, op)
        mixing_adjoint(
            psi, lam, rows, dual, op[X], op[Z], op[BASE], by, op[IMAGINARY], weights[2 * t * n : 2 * (t + 1) * n]
        )
    for m in range(len(marginals)):
        begin, end = marginals[m, 1], marginals[m, 2]
        sums[:] = 0
        for which in range(1 << (end - begin)):
            for i in range(width):
                sums[which * n + i] = upstream[b + i, marginals[m, 0] + which]
        marginal_adjoint(psi, lam, rows, dual, lane, bits, begin, end, sums)


@kernel
def spread(
    j: int, b: int, width: int, tile: int, found: Any, ops: Any, links: Any, weights_of: Any, grads: Any, partial: Any
) -> None:
    """Add rotation j's gradient, by lane in `found`, to the slots that feed it."""
    for k in range(ops[j, LINKS], ops[j, LINKS_END]):
        column = links[k, 1]
        if links[k, 0] == 1:
            for i in range(width):
                grads[b + i, column] += weights_of[k] * found[i]
        else:
            total = 0.0
            for i in range(width):
                total += found[i]
            partial[tile, column] += weights_of[k] * total


@kernel
def backward(
    first: int,
    last: int,
    dual: Any,
    lane: Any,
    rows: int,
    diagonal: int,
    ops: Any,
    constants: Any,
    links: Any,
    weights_of: Any,
    terms: Any,
    uses: Any,
    coefficients: Any,
    marginals: Any,
    bits: Any,
    patterns: Any,
    places: Any,
    samples: Any,
    shared: Any,
    state: Any,
    kept: Any,
    keep: bool,
    upstream: Any,
    wanted: Any,
    stop: int,
    grads: Any,
    partial: Any,
    state_grads: Any,
) -> None:
    """Gradients of tiles `first` to `last` for `upstream[B, M]`.

    Adds to `grads[B, E]` and `partial[tiles, W]` for the rotations that are `wanted`, goes back as far as rotation
    `stop`, and writes `state_grads[B, 2^k]` where it has rows. The states in `kept` are used up.
    """
    n = lanes(kept)
    size = rows * n if dual is None else 2 * rows * n
    own = np.empty(0 if keep else size, kept.dtype)
    lam = np.empty(size, kept.dtype)
    turns = np.empty(2 * len(ops) * n, kept.dtype)
    factors, signs, found = np.empty(2 * n, kept.dtype), np.empty(2 * n, kept.dtype), np.empty(n, kept.dtype)
    weights = np.empty(2 * len(terms) * n, kept.dtype)
    most = 0
    for m in range(len(marginals)):
        most = max(most, marginals[m, 2] - marginals[m, 1])
    sums = np.empty(n * ((1 << most) + 1), kept.dtype)
    fill_shared(constants, ops, links, weights_of, samples, shared, turns)
    tile_width = n if lane is None else 1
    for tile in range(first, last):
        b = tile * tile_width
        width = min(tile_width, len(upstream) - b)
        psi = kept[tile * size : (tile + 1) * size] if keep else own
        fill_samples(b, width, lane, constants, ops, links, weights_of, samples, shared, turns)
        if not keep:
            start_state(psi, b, width, dual, lane, places, state)
            rotate_all(psi, dual, lane, ops, patterns, turns, factors)
        adjoint_start(
            psi,
            lam,
            b,
            width,
            rows,
            dual,
            lane,
            diagonal,
            terms,
            uses,
            coefficients,
            marginals,
            bits,
            patterns,
            weights,
            sums,
            upstream,
        )
        for j in range(len(ops) - 1, stop - 1, -1):
            op = ops[j]
            pattern = load(patterns, op[LANE_Z] * n)
            c = load(turns, 2 * j * n)
            both_signs(factors, 0, (zero(psi) - load(turns, (2 * j + 1) * n)) * pattern)
            if wanted[j]:
                both_signs(signs, 0, pattern)
                total = back(psi, lam, op[ROWS], dual, lane, op, c, factors, signs)
                if lane is None:
                    store(found, 0, total)
                else:
                    found[0] = lane_sum(total)
                spread(j, b, width, tile, found, ops, links, weights_of, grads, partial)
            else:
                turn(psi, op[ROWS], dual, lane, op, c, factors)
                turn(lam, op[ROWS], dual, lane, op, c, factors)
        if len(state_grads):
            read_start(lam, b, width, dual, lane, places, state_grads)


@kernel
def read_start(lam: Any, b: int, width: int, dual: Any, lane: Any, places: Any, state_grads: Any) -> None:
    """The gradient by the amplitudes at the start: twice the real part of the adjoint there."""
    n = lanes(lam)
    stride = n if dual is None else 2 * n
    for k in range(len(places)):
        place = places[k]
        if lane is None:
            for i in range(width):
                state_grads[b + i, k] = 2 * lam[place * stride + i]
        else:
            state_grads[b, k] = 2 * lam[(place // n) * stride + place % n]
