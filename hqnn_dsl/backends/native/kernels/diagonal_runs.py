"""Runs of diagonal rotations, all applied in one sweep over the state.

A run multiplies each amplitude by one phase, a product of which any two rows share most. Rows are taken in blocks: in a
block the phases grow bit by bit from one, a rotation whose highest bit in the block is k being multiplied into 2^k of
them. On the way back state and adjoint are multiplied by the same phase, so Im conj(λ)·ψ of a row is the same for all
rotations, and their gradients are sums of it with signs: a Walsh-Hadamard transform of the block.

The phases of a run whose angles no input reaches are the same for all tiles of a call: they are worked out once and
kept in `stored`, a number a row for its real and its imaginary part if lanes are samples, else a register.

Rows come in two, real and imaginary; a rotation multiplies by c ± is, `signed` having s and -s with the lanes' signs.
Within a run rotations are in the order of `block_bits`.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.registers import (
    fma,
    fnma,
    kernel,
    lanes,
    load,
    parity,
    routine,
    splat,
    store,
    zero,
)
from hqnn_dsl.backends.native.kernels.rotation_angles import Z

BLOCK_BITS = 6
"""The most bits of a block's rows: its phases are 4 KiB."""


@routine
def block_phases(first: int, last: int, bits: int, block: int, ops: Any, trig: Any, signed: Any, phases: Any) -> None:
    """The phases of the rows of a block, all of whose rows have the bits `block` above the lowest `bits`."""
    n = lanes(phases)
    low = (1 << bits) - 1
    re, im = zero(phases), zero(phases)
    store(phases, 0, load(signed, 2 * (last - first) * n))
    store(phases, n, im)
    j, size = first, 1
    while j < last and (ops[j, Z] >> 1) & low == 0:
        c, s = load(trig, 2 * j * n), load(signed, (2 * (j - first) + parity((ops[j, Z] >> 1) & block)) * n)
        re, im = load(phases, 0), load(phases, n)
        store(phases, 0, fnma(s, im, c * re))
        store(phases, n, fma(s, re, c * im))
        j += 1
    while size <= low:
        start = j
        while j < last and (ops[j, Z] >> 1) & low < 2 * size:
            j += 1
        for r in range(size):
            re, im = load(phases, 2 * r * n), load(phases, (2 * r + 1) * n)
            to = 2 * (r + size) * n
            if start == j:
                store(phases, to, re)
                store(phases, to + n, im)
                continue
            c, s = one_phase(start, start - first, r | block, ops, trig, signed)
            for k in range(start + 1, j):
                d, e = one_phase(k, k - first, r | block, ops, trig, signed)
                c, s = fnma(s, e, c * d), fma(s, d, c * e)
            store(phases, 2 * r * n, fnma(s, im, c * re))
            store(phases, (2 * r + 1) * n, fma(s, re, c * im))
            store(phases, to, fma(s, im, c * re))
            store(phases, to + n, fnma(s, re, c * im))
        size *= 2


@kernel
def one_phase(j: int, place: int, row: int, ops: Any, trig: Any, signed: Any) -> Any:
    """Cosine and signed sine by which rotation j trig a row."""
    n = lanes(trig)
    return load(trig, 2 * j * n), load(signed, (2 * place + parity((ops[j, Z] >> 1) & row)) * n)


@kernel
def stored_phase(stored: Any, at: int, row: int, lane: Any) -> Any:
    """The phase of a row, of those that are stored from `at` on."""
    n = lanes(stored)
    if lane is None:
        return splat(stored, stored[at + 2 * row]), splat(stored, stored[at + 2 * row + 1])
    return load(stored, at + 2 * row * n), load(stored, at + 2 * row * n + n)


@kernel
def store_run(
    rows: int, first: int, last: int, bits: int, lane: Any, ops: Any, trig: Any, work: Any, stored: Any, at: int
) -> None:
    """Work out the phases of a run for all rows, and store them from `at` on."""
    n = lanes(stored)
    signed = work[: (2 * (last - first) + 1) * n]
    phases = work[len(signed) : len(signed) + (2 * n << bits)]
    for block in range(0, rows, 1 << bits):
        block_phases(first, last, bits, block, ops, trig, signed, phases)
        for r in range(2 << bits):
            if lane is None:
                stored[at + 2 * block + r] = phases[r * n]
            else:
                store(stored, at + (2 * block + r) * n, load(phases, r * n))


@kernel
def rotate_row(psi: Any, at: int, c: Any, s: Any) -> None:
    """Multiply the amplitudes at `at` by c + is."""
    n = lanes(psi)
    a, ai = load(psi, at), load(psi, at + n)
    store(psi, at, fnma(s, ai, c * a))
    store(psi, at + n, fma(s, a, c * ai))


@kernel
def back_row(psi: Any, lam: Any, at: int, c: Any, s: Any) -> Any:
    """Multiply the amplitudes of state and adjoint at `at` by c - is, and give Im conj(λ)·ψ."""
    n = lanes(psi)
    a, ai, u, ui = load(psi, at), load(psi, at + n), load(lam, at), load(lam, at + n)
    store(psi, at, fma(s, ai, c * a))
    store(psi, at + n, fnma(s, a, c * ai))
    store(lam, at, fma(s, ui, c * u))
    store(lam, at + n, fnma(s, u, c * ui))
    return fnma(u, ai, ui * a)


@kernel
def rotate_run(
    psi: Any,
    rows: int,
    first: int,
    last: int,
    bits: int,
    lane: Any,
    ops: Any,
    trig: Any,
    work: Any,
    stored: Any,
    at_phases: int,
) -> None:
    """Rotate by the run `first` to `last`; `rows` are pairs of rows. See `run_work` for `work`.

    If `at_phases` is not negative the phases are stored there.
    """
    n = lanes(psi)
    signed = work[: (2 * (last - first) + 1) * n]
    phases = work[len(signed) : len(signed) + (2 * n << bits)]
    for block in range(0, rows, 1 << bits):
        if at_phases < 0:
            block_phases(first, last, bits, block, ops, trig, signed, phases)
            for r in range(0, 2 * n << bits, 2 * n):
                rotate_row(psi, 2 * block * n + r, load(phases, r), load(phases, r + n))
        else:
            for r in range(block, block + (1 << bits)):
                c, s = stored_phase(stored, at_phases, r, lane)
                rotate_row(psi, 2 * r * n, c, s)


@kernel
def back_run(
    psi: Any,
    lam: Any,
    rows: int,
    first: int,
    last: int,
    bits: int,
    lane: Any,
    ops: Any,
    trig: Any,
    work: Any,
    stored: Any,
    at_phases: int,
    totals: Any,
) -> None:
    """Rotate state and adjoint back by a run; `totals` gets Σ λ·Kψ of each rotation but for the signs of the lanes."""
    n = lanes(psi)
    signed = work[: (2 * (last - first) + 1) * n]
    phases = work[len(signed) : len(signed) + (2 * n << bits)]
    sums = work[len(signed) + len(phases) : len(signed) + len(phases) + (n << bits)]
    totals[: (last - first) * n] = 0
    low = (1 << bits) - 1
    for block in range(0, rows, 1 << bits):
        if at_phases < 0:
            block_phases(first, last, bits, block, ops, trig, signed, phases)
            for r in range(0, n << bits, n):
                found = back_row(psi, lam, 2 * (block * n + r), load(phases, 2 * r), load(phases, 2 * r + n))
                store(sums, r, found)
        else:
            for r in range(1 << bits):
                c, s = stored_phase(stored, at_phases, block + r, lane)
                store(sums, r * n, back_row(psi, lam, 2 * (block + r) * n, c, s))
        transform(sums, n << bits)
        for j in range(first, last):
            z, at = ops[j, Z] >> 1, (j - first) * n
            if parity(z & block):
                store(totals, at, load(totals, at) - load(sums, (z & low) * n))
            else:
                store(totals, at, load(totals, at) + load(sums, (z & low) * n))


@routine
def transform(sums: Any, size: int) -> None:
    """The Walsh-Hadamard transform of an array of registers, four at a time."""
    n = lanes(sums)
    span = n
    while 4 * span <= size:
        for start in range(0, size, 4 * span):
            for k in range(start, start + span, n):
                a, b, c, d = load(sums, k), load(sums, k + span), load(sums, k + 2 * span), load(sums, k + 3 * span)
                a, b = a + b, a - b
                c, d = c + d, c - d
                store(sums, k, a + c)
                store(sums, k + span, b + d)
                store(sums, k + 2 * span, a - c)
                store(sums, k + 3 * span, b - d)
        span *= 4
    if span < size:
        for k in range(0, span, n):
            a, b = load(sums, k), load(sums, k + span)
            store(sums, k, a + b)
            store(sums, k + span, a - b)
