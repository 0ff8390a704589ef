"""A program over the tiles that it takes: forward to the outputs, and back from their gradients in one sweep.

A tile is a register's width of samples (`lane` None) or one sample (`lane` 0: registers hold neighbouring amplitudes).
All tables are those of `tables`. A tile writes to memory of its own, so tiles may run on any thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.apply import (
    BEGIN,
    END,
    GROUP_WIDTH,
    back_group,
    block_size,
    lane_of,
    rotate_all,
    run_size,
    scale,
    store_phases,
)
from hqnn_dsl.backends.native.kernels.packed import column, numbers, table, view
from hqnn_dsl.backends.native.kernels.readout import (
    MOST_BITS,
    both_signs,
    diagonal_adjoint,
    diagonal_values,
    marginal_adjoint,
    marginal_values,
    mixing_adjoint,
    mixing_value,
    outcome_size,
)
from hqnn_dsl.backends.native.kernels.registers import filled, kernel, lane_sum, lanes, load, splat, store
from hqnn_dsl.backends.native.kernels.rotation_angles import (
    BASE,
    FIRST,
    FLIP,
    IMAGINARY,
    LANE_Z,
    LAST,
    LINKS,
    LINKS_END,
    OP_WIDTH,
    PASS_WIDTH,
    TERM_WIDTH,
    X,
    Z,
    fill_samples,
    fill_shared,
)
from hqnn_dsl.backends.native.kernels.tile_queue import finish, join, leave, take_tile
from hqnn_dsl.backends.native.kernels.views import hold, part

if TYPE_CHECKING:
    from collections.abc import Callable


@view
def rotations_of(whole: Any, floats: Any) -> Any:
    """Of the arrays that `Tables.arguments` packs those of rotations and their angles."""
    return table(whole, 0, OP_WIDTH), numbers(whole, 10, floats), table(whole, 1, 2), numbers(whole, 11, floats)


@view
def readings_of(whole: Any, floats: Any) -> Any:
    """Those of terms and marginals."""
    terms, uses, coefficients = table(whole, 2, TERM_WIDTH), table(whole, 3, 2), numbers(whole, 12, floats)
    return terms, uses, coefficients, table(whole, 4, 3), table(whole, 5, 3)


@view
def passes_of(whole: Any) -> Any:
    """Those of passes, and where amplitudes of the input and rows lie."""
    return table(whole, 6, PASS_WIDTH), table(whole, 7, GROUP_WIDTH), column(whole, 8), column(whole, 9)


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


def forward_for(key: int) -> Callable[..., int]:
    """The entry point for values; see `compiled` for `key` and for the value that it returns."""

    def forward(
        queue: Any,
        job: int,
        worker: int,
        workers: int,
        tiles: int,
        dual: Any,
        lane: Any,
        rows: int,
        diagonal: int,
        room: int,
        whole: Any,
        floats: Any,
        patterns: Any,
        samples: Any,
        shared: Any,
        state: Any,
        kept: Any,
        keep: bool,
        out: Any,
    ) -> int:
        """Add outputs to `out[B, M]` for the tiles that it takes; with `keep`, leave states in `kept`."""
        if key:
            join(queue, job, worker, workers)
        ops, constants, links, weights_of = rotations_of(whole, floats)
        terms, uses, coefficients, marginals, bits = readings_of(whole, floats)
        passes, groups, places, offsets = passes_of(whole)
        n = lanes(kept)
        size = rows * n if dual is None else 2 * rows * n
        own_size, work_size = 0 if keep else size, run_size(passes, n)
        blocks_size, sums_size = block_size(groups, dual, n), outcome_size(marginals, n)
        single = min(rows, 1 << MOST_BITS)
        registers = (2 * len(ops) + 2 + single + len(terms)) * n
        memory = np.empty(own_size + work_size + blocks_size + sums_size + registers + room, kept.dtype)
        own, end = part(memory, 0, own_size), own_size
        trig, end = part(memory, end, 2 * len(ops) * n), end + 2 * len(ops) * n
        factors, end = part(memory, end, 2 * n), end + 2 * n
        work, end = part(memory, end, work_size), end + work_size
        blocks, end = part(memory, end, blocks_size), end + blocks_size
        block, end = part(memory, end, single * n), end + single * n
        values, end = part(memory, end, len(terms) * n), end + len(terms) * n
        sums, end = part(memory, end, sums_size), end + sums_size
        stored = part(memory, end, room)
        fill_shared(constants, ops, links, weights_of, shared, trig)
        store_phases(dual, lane, ops, patterns, passes, trig, work, stored)
        tile_width = n if lane is None else 1
        while True:
            tile = take_tile(queue, job, tiles)
            if tile < 0:
                break
            b = tile * tile_width
            width = min(tile_width, len(out) - b)
            psi = part(kept, tile * size, size) if keep else own
            fill_samples(b, width, lane, constants, ops, links, weights_of, samples, shared, trig)
            start_state(psi, b, width, dual, lane, places, state)
            rotate_all(psi, blocks, dual, lane, ops, patterns, passes, groups, offsets, trig, work, stored)
            read_terms(psi, rows, dual, lane, diagonal, terms, patterns, factors, values, block)
            for k in range(len(uses)):
                for i in range(width):
                    out[b + i, uses[k, 1]] += coefficients[k] * values[uses[k, 0] * n + i]
            for m in range(len(marginals)):
                begin, end = marginals[m, 1], marginals[m, 2]
                marginal_values(psi, rows, dual, lane, bits, begin, end, sums)
                for which in range(1 << (end - begin)):
                    for i in range(width):
                        out[b + i, marginals[m, 0] + which] += sums[which * n + i]
            finish(queue)
        hold(memory)
        return leave(queue, job, worker, tiles)

    return forward


@kernel
def read_terms(
    psi: Any,
    rows: int,
    dual: Any,
    lane: Any,
    diagonal: int,
    terms: Any,
    patterns: Any,
    factors: Any,
    values: Any,
    block: Any,
) -> None:
    """<P> of all terms, a register each: by lane, or the sum in lane 0 by amplitude."""
    n = lanes(psi)
    if diagonal:
        diagonal_values(psi, rows, dual, terms, diagonal, values, block)
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
    block: Any,
    upstream: Any,
) -> None:
    """λ = Σ g·Oψ over all that is read, for one tile; `weights` has two registers a term."""
    n = lanes(psi)
    weights[:] = 0
    for k in range(len(uses)):
        for i in range(width):
            weights[2 * uses[k, 0] * n + i] += coefficients[k] * upstream[b + i, uses[k, 1]]
    for t in range(len(terms)):
        at = 2 * t * n
        if lane is not None:
            store(weights, at, splat(weights, weights[at]) * load(patterns, terms[t, LANE_Z] * n))
        both_signs(weights, at, load(weights, at))
    if diagonal:
        diagonal_adjoint(psi, lam, rows, dual, terms, diagonal, weights, block)
    else:
        lam[:] = 0
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
    """Add rotation j's gradient, by lane in `found`, to the slots that feed it; lanes that are no sample have 0."""
    total = lane_sum(load(found, 0))
    for k in range(ops[j, LINKS], ops[j, LINKS_END]):
        column = links[k, 1]
        if links[k, 0] == 1:
            factor = weights_of[k]
            for i in range(width):
                grads[b + i, column] += factor * found[i]
        else:
            partial[tile, column] += weights_of[k] * total


def backward_for(key: int) -> Callable[..., int]:
    """The entry point for gradients; see `compiled`."""

    def backward(
        queue: Any,
        job: int,
        worker: int,
        workers: int,
        tiles: int,
        dual: Any,
        lane: Any,
        rows: int,
        diagonal: int,
        room: int,
        whole: Any,
        floats: Any,
        patterns: Any,
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
    ) -> int:
        """Gradients of the tiles that it takes, for `upstream[B, M]`.

        Adds to `grads[B, E]` and `partial[tiles, W]` for the rotations that are `wanted`, goes back as far as rotation
        `stop`, and writes `state_grads[B, 2^k]` if it has rows. The states in `kept` are used up.
        """
        if key:
            join(queue, job, worker, workers)
        ops, constants, links, weights_of = rotations_of(whole, floats)
        terms, uses, coefficients, marginals, bits = readings_of(whole, floats)
        passes, groups, places, offsets = passes_of(whole)
        n = lanes(kept)
        size = rows * n if dual is None else 2 * rows * n
        own_size, work_size = 0 if keep else size, run_size(passes, n)
        blocks_size, sums_size = block_size(groups, dual, n), outcome_size(marginals, n)
        single = min(rows, 1 << MOST_BITS)
        registers = (3 * len(ops) + 1 + single + 2 * len(terms)) * n
        numbers_in_all = own_size + size + 2 * work_size + 2 * blocks_size + sums_size + registers + room
        memory = np.empty(numbers_in_all, kept.dtype)
        own, end = part(memory, 0, own_size), own_size
        lam, end = part(memory, end, size), end + size
        trig, end = part(memory, end, 2 * len(ops) * n), end + 2 * len(ops) * n
        found, end = part(memory, end, n), end + n
        work, end = part(memory, end, work_size), end + work_size
        blocks, end = (
            (part(memory, end, blocks_size), part(memory, end + blocks_size, blocks_size)),
            end + 2 * blocks_size,
        )
        reached, end = part(memory, end, len(ops) * n), end + len(ops) * n
        block, end = part(memory, end, single * n), end + single * n
        totals, end = part(memory, end, work_size), end + work_size
        weights, end = part(memory, end, 2 * len(terms) * n), end + 2 * len(terms) * n
        sums, end = part(memory, end, sums_size), end + sums_size
        stored = part(memory, end, room)
        fill_shared(constants, ops, links, weights_of, shared, trig)
        store_phases(dual, lane, ops, patterns, passes, trig, work, stored)
        tile_width = n if lane is None else 1
        while True:
            tile = take_tile(queue, job, tiles)
            if tile < 0:
                break
            b = tile * tile_width
            width = min(tile_width, len(upstream) - b)
            psi = part(kept, tile * size, size) if keep else own
            fill_samples(b, width, lane, constants, ops, links, weights_of, samples, shared, trig)
            if not keep:
                start_state(psi, b, width, dual, lane, places, state)
                rotate_all(psi, blocks[0], dual, lane, ops, patterns, passes, groups, offsets, trig, work, stored)
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
                block,
                upstream,
            )
            left_out = filled(psi, 1.0)
            for g in range(len(groups) - 1, -1, -1):
                if passes[groups[g, END] - 1, LAST] <= stop:
                    break
                left_out = back_group(
                    psi,
                    lam,
                    blocks,
                    g,
                    stop,
                    dual,
                    lane,
                    ops,
                    patterns,
                    passes,
                    groups,
                    offsets,
                    trig,
                    work,
                    stored,
                    totals,
                    reached,
                    left_out,
                )
                for j in range(passes[groups[g, BEGIN], FIRST], passes[groups[g, END] - 1, LAST]):
                    if wanted[j]:
                        if lane is None:
                            store(found, 0, load(reached, j * n))
                        else:
                            found[:] = 0
                            found[0] = lane_sum(load(reached, j * n) * load(patterns, ops[j, LANE_Z] * n))
                        spread(j, b, width, tile, found, ops, links, weights_of, grads, partial)
            if len(state_grads):
                scale(lam, left_out)
                read_start(lam, b, width, dual, lane, places, state_grads)
            finish(queue)
        hold(memory)
        return leave(queue, job, worker, tiles)

    return backward


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
