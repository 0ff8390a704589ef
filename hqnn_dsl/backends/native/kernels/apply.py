"""The passes of a program: each a rotation, two at once, or a run of phases, on a state or back with its adjoint.

Passes come in groups. A group runs on the whole state, or on one block of it after the other (`circuit.pauli.groups`),
each copied to memory of its own, rotated by all passes of the group, and copied back.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.diagonal_runs import BLOCK_BITS, back_run, rotate_run, store_run
from hqnn_dsl.backends.native.kernels.readout import both_signs
from hqnn_dsl.backends.native.kernels.registers import any_below, filled, fma, kernel, lanes, load, parity, store, zero
from hqnn_dsl.backends.native.kernels.rotate import (
    back_lanes,
    back_pairs,
    back_two,
    rotate_lanes,
    rotate_pairs,
    rotate_two,
)
from hqnn_dsl.backends.native.kernels.rotation_angles import (
    AT,
    BASE,
    BITS,
    BY,
    FIRST,
    FLIP,
    FORM,
    LANE_Z,
    LAST,
    PLACE_Z,
    ROWS,
    X,
    Z,
)

ONE, TWO, RUN = range(3)
"""Forms: a rotation alone, two at once, a run of phases."""
BEGIN, END, BLOCK, RUN_BITS, MOVES, FREE = range(6)
GROUP_WIDTH = 6
"""Columns of a group: its passes, the bits of a block's rows (-1: the whole state), those of a run of rows, where its
moves begin in the `offsets`, and the bits that the first rows of blocks differ by."""
SMALLEST_SCALE = 2.0**-50
"""Cosines are left out until their product is so small: gradients, which have it twice, stay finite in float32."""


@kernel
def lane_of(lane: Any, op: Any) -> Any:
    """Returns how an operation swaps lanes: None if lanes are samples."""
    if lane is None:
        return None
    return op[BY]


@kernel
def rotate_one(psi: Any, lane: Any, op: Any, table: Any, offsets: Any, t: Any, signed: Any) -> None:
    """Rotate a state by one rotation; `signed` is room for two registers."""
    if lane is None:
        rotate_pairs(psi, op, table, offsets, None, t)
    elif op[FLIP] == op[BASE]:
        both_signs(signed, 0, t)
        rotate_lanes(psi, op[ROWS], op[X], op[Z], op[BASE], op[BY], signed)
    elif op[BY]:
        rotate_pairs(psi, op, table, offsets, op[BY], t)
    else:
        rotate_pairs(psi, op, table, offsets, None, t)


@kernel
def back(psi: Any, lam: Any, lane: Any, op: Any, table: Any, offsets: Any, t: Any, signed: Any) -> Any:
    """Rotate state and adjoint back, and give the gradient by lane but for the signs of the lanes."""
    if lane is None:
        return back_pairs(psi, lam, op, table, offsets, None, t)
    if op[FLIP] == op[BASE]:
        both_signs(signed, 0, t)
        return back_lanes(psi, lam, op[ROWS], op[X], op[Z], op[BASE], op[BY], signed)
    if op[BY]:
        return back_pairs(psi, lam, op, table, offsets, op[BY], t)
    return back_pairs(psi, lam, op, table, offsets, None, t)


@kernel
def signed_trig(j: int, place: int, lane: Any, ops: Any, patterns: Any, trig: Any) -> Any:
    """Sine or tangent of rotation j with the signs of the lanes and of the block that begins at row `place`."""
    n = lanes(trig)
    t = load(trig, (2 * j + 1) * n)
    if parity(ops[j, PLACE_Z] & place):
        t = zero(trig) - t
    if lane is None:
        return t
    return t * load(patterns, ops[j, LANE_Z] * n)


@kernel
def sign_run(first: int, last: int, place: int, lane: Any, ops: Any, patterns: Any, trig: Any, work: Any) -> None:
    """The part of a run's `work` that is there before it runs."""
    n = lanes(trig)
    for j in range(first, last):
        both_signs(work, 2 * (j - first) * n, signed_trig(j, place, lane, ops, patterns, trig))
    store(work, 2 * (last - first) * n, filled(trig, 1.0))


@kernel
def store_phases(dual: Any, lane: Any, ops: Any, patterns: Any, passes: Any, trig: Any, work: Any, stored: Any) -> None:
    """Work out the phases of all runs that no input reaches; `trig` has their angles already."""
    if dual is not None:
        for k in range(len(passes)):
            if passes[k, FORM] == RUN and passes[k, AT] >= 0:
                j, last = passes[k, FIRST], passes[k, LAST]
                sign_run(j, last, 0, lane, ops, patterns, trig, work)
                store_run(ops[j, ROWS] // 2, j, last, passes[k, BITS], lane, ops, trig, work, stored, passes[k, AT])


@kernel
def run_size(passes: Any, n: int) -> int:
    """Numbers of the work for the longest run: sines with both signs, phases, sums and totals."""
    longest = 0
    for k in range(len(passes)):
        longest = max(longest, passes[k, LAST] - passes[k, FIRST])
    return (3 * longest + 1 + (3 << BLOCK_BITS)) * n


@kernel
def cosine_of(k: int, passes: Any, trig: Any) -> Any:
    """Returns the cosines that a pass leaves out: the product of its rotations', 1 for a run of phases."""
    n = lanes(trig)
    if passes[k, FORM] == RUN:
        return filled(trig, 1.0)
    c = load(trig, 2 * passes[k, FIRST] * n)
    if passes[k, FORM] == TWO:
        c = c * load(trig, 2 * (passes[k, FIRST] + 1) * n)
    return c


@kernel
def scale(state: Any, by: Any) -> None:
    """Multiply all rows."""
    n = lanes(state)
    for at in range(0, len(state), n):
        store(state, at, by * load(state, at))


@kernel
def next_place(place: int, group: Any) -> int:
    """The first row of the next block of a group; 0 after the last."""
    if group[BLOCK] < 0:
        return 0
    return ((place | ~group[FREE]) + 1) & group[FREE]


@kernel
def take_out(state: Any, block: Any, place: int, dual: Any, group: Any, offsets: Any) -> None:
    """Copy the block of a group that begins at row `place`."""
    n = lanes(state)
    unit = n if dual is None else 2 * n
    size = unit << group[RUN_BITS]
    for h in range(1 << (group[BLOCK] - group[RUN_BITS])):
        at, to = (place ^ offsets[group[MOVES] + h]) * unit, h * size
        for i in range(0, size, n):
            store(block, to + i, load(state, at + i))


@kernel
def put_back(state: Any, block: Any, place: int, dual: Any, group: Any, offsets: Any) -> None:
    """Copy a block back to where it was taken from."""
    n = lanes(state)
    unit = n if dual is None else 2 * n
    size = unit << group[RUN_BITS]
    for h in range(1 << (group[BLOCK] - group[RUN_BITS])):
        at, to = (place ^ offsets[group[MOVES] + h]) * unit, h * size
        for i in range(0, size, n):
            store(state, at + i, load(block, to + i))


@kernel
def block_size(groups: Any, dual: Any, n: int) -> int:
    """Numbers in the largest block."""
    unit = n if dual is None else 2 * n
    most = 0
    for g in range(len(groups)):
        if groups[g, BLOCK] >= 0:
            most = max(most, unit << groups[g, BLOCK])
    return most


@kernel
def rotate_all(
    psi: Any,
    room: Any,
    dual: Any,
    lane: Any,
    ops: Any,
    patterns: Any,
    passes: Any,
    groups: Any,
    offsets: Any,
    trig: Any,
    work: Any,
    stored: Any,
) -> None:
    """All rotations, one pass after the other, a group at a time; `room` is for blocks."""
    left_out = filled(psi, 1.0)
    for g in range(len(groups)):
        group, place, before = groups[g], 0, left_out
        while True:
            state = psi
            if group[BLOCK] >= 0:
                state = room
                take_out(psi, state, place, dual, group, offsets)
            left_out = before
            for k in range(group[BEGIN], group[END]):
                c = cosine_of(k, passes, trig)
                if any_below(left_out * c, filled(psi, SMALLEST_SCALE)):
                    scale(state, left_out)
                    left_out = filled(psi, 1.0)
                left_out = left_out * c
                rotate(state, k, place, dual, lane, ops, patterns, passes, offsets, trig, work, stored)
            if group[BLOCK] >= 0:
                put_back(psi, state, place, dual, group, offsets)
            place = next_place(place, group)
            if place == 0:
                break
    scale(psi, left_out)


@kernel
def rotate(
    psi: Any,
    k: int,
    place: int,
    dual: Any,
    lane: Any,
    ops: Any,
    patterns: Any,
    passes: Any,
    offsets: Any,
    trig: Any,
    work: Any,
    stored: Any,
) -> None:
    """Pass k on a state, or on the block of one that begins at row `place`."""
    j = passes[k, FIRST]
    if passes[k, FORM] == RUN:
        if dual is not None:
            if passes[k, AT] < 0:
                sign_run(j, passes[k, LAST], place, lane, ops, patterns, trig, work)
            rotate_run(
                psi,
                ops[j, ROWS] // 2,
                j,
                passes[k, LAST],
                passes[k, BITS],
                lane,
                ops,
                trig,
                work,
                stored,
                passes[k, AT],
            )
    elif passes[k, FORM] == TWO:
        t = signed_trig(j, place, lane, ops, patterns, trig)
        t1 = signed_trig(j + 1, place, lane, ops, patterns, trig)
        rotate_two(psi, dual, ops[j], ops[j + 1], passes[k], offsets, t, t1)
    else:
        rotate_one(psi, lane, ops[j], passes[k], offsets, signed_trig(j, place, lane, ops, patterns, trig), work)


@kernel
def back_group(
    psi: Any,
    lam: Any,
    rooms: Any,
    g: int,
    stop: int,
    dual: Any,
    lane: Any,
    ops: Any,
    patterns: Any,
    passes: Any,
    groups: Any,
    offsets: Any,
    trig: Any,
    work: Any,
    stored: Any,
    totals: Any,
    sums: Any,
    left_out: Any,
) -> Any:
    """Undo group g, as far as rotation `stop`, on state and adjoint; give the cosines left out after it.

    `sums` gets Σ λ·Kψ of all its rotations, but for the signs of the lanes.
    """
    n = lanes(psi)
    group, place, before = groups[g], 0, left_out
    sums[passes[group[BEGIN], FIRST] * n : passes[group[END] - 1, LAST] * n] = 0
    while True:
        state, adjoint = psi, lam
        if group[BLOCK] >= 0:
            state, adjoint = rooms[0], rooms[1]
            take_out(psi, state, place, dual, group, offsets)
            take_out(lam, adjoint, place, dual, group, offsets)
        left_out = before
        for k in range(group[END] - 1, group[BEGIN] - 1, -1):
            if passes[k, LAST] <= stop:
                break
            c = cosine_of(k, passes, trig)
            if any_below(left_out * c, filled(psi, SMALLEST_SCALE)):
                scale(state, left_out)
                scale(adjoint, left_out)
                left_out = filled(psi, 1.0)
            back_pass(state, adjoint, k, place, dual, lane, ops, patterns, passes, offsets, trig, work, stored, totals)
            for j in range(passes[k, FIRST], passes[k, LAST]):
                found = load(totals, (j - passes[k, FIRST]) * n) * left_out
                if parity(ops[j, PLACE_Z] & place):
                    found = zero(psi) - found
                store(sums, j * n, fma(found, left_out, load(sums, j * n)))
            left_out = left_out * c
        if group[BLOCK] >= 0:
            put_back(psi, state, place, dual, group, offsets)
            put_back(lam, adjoint, place, dual, group, offsets)
        place = next_place(place, group)
        if place == 0:
            return left_out


@kernel
def back_pass(
    psi: Any,
    lam: Any,
    k: int,
    place: int,
    dual: Any,
    lane: Any,
    ops: Any,
    patterns: Any,
    passes: Any,
    offsets: Any,
    trig: Any,
    work: Any,
    stored: Any,
    totals: Any,
) -> None:
    """Undo pass k on state and adjoint, or on the blocks of them that begin at row `place`.

    `totals` gets Σ λ·Kψ of its rotations, but for the signs of the lanes and of the block.
    """
    n = lanes(psi)
    j = passes[k, FIRST]
    if passes[k, FORM] == RUN:
        if dual is not None:
            if passes[k, AT] < 0:
                sign_run(j, passes[k, LAST], place, lane, ops, patterns, trig, work)
            back_run(
                psi,
                lam,
                ops[j, ROWS] // 2,
                j,
                passes[k, LAST],
                passes[k, BITS],
                lane,
                ops,
                trig,
                work,
                stored,
                passes[k, AT],
                totals,
            )
        return
    t = signed_trig(j, place, lane, ops, patterns, trig)
    if passes[k, FORM] == TWO:
        t1 = signed_trig(j + 1, place, lane, ops, patterns, trig)
        found = back_two(psi, lam, dual, ops[j], ops[j + 1], passes[k], offsets, t, t1)
        store(totals, 0, found[0])
        store(totals, n, found[1])
    else:
        store(totals, 0, back(psi, lam, lane, ops[j], passes[k], offsets, t, work))
