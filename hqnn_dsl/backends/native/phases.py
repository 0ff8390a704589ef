"""Runs of diagonal rotations, all applied in one pass over the state.

A run multiplies each amplitude by one phase, a product of which any two rows share most. Rows are taken in blocks: in a
block the phases grow bit by bit from one, a rotation whose highest bit in the block is k being multiplied into 2^k of
them. On the way back state and adjoint turn by the same phase, so Im conj(λ)·ψ of a row is the same for all rotations,
and their gradients are sums of it with signs: a Walsh-Hadamard transform of the block.

Rows come in two, real and imaginary; a rotation multiplies by c ± is, `signed` having s and -s with the lanes' signs.
Within a run rotations are in the order of `block_bits`.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.turns import Z
from hqnn_dsl.backends.native.vectors import fma, fnma, kernel, lanes, load, parity, store, zero

BLOCK_BITS = 6
"""The most bits of a block's rows: its phases are 4 KiB."""


@kernel
def block_phases(first: int, last: int, bits: int, block: int, ops: Any, turns: Any, signed: Any, phases: Any) -> None:
    """The phases of the rows of a block, all of whose rows have the bits `block` above the lowest `bits`."""
    n = lanes(phases)
    low = (1 << bits) - 1
    re, im = zero(phases), zero(phases)
    store(phases, 0, load(signed, 2 * (last - first) * n))
    store(phases, n, im)
    j, size = first, 1
    while j < last and (ops[j, Z] >> 1) & low == 0:
        c, s = load(turns, 2 * j * n), load(signed, (2 * (j - first) + parity((ops[j, Z] >> 1) & block)) * n)
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
            c, s = one_phase(start, start - first, r | block, ops, turns, signed)
            for k in range(start + 1, j):
                d, e = one_phase(k, k - first, r | block, ops, turns, signed)
                c, s = fnma(s, e, c * d), fma(s, d, c * e)
            store(phases, 2 * r * n, fnma(s, im, c * re))
            store(phases, (2 * r + 1) * n, fma(s, re, c * im))
            store(phases, to, fma(s, im, c * re))
            store(phases, to + n, fnma(s, re, c * im))
        size *= 2


@kernel
def one_phase(j: int, place: int, row: int, ops: Any, turns: Any, signed: Any) -> Any:
    """Cosine and signed sine by which rotation j turns a row."""
    n = lanes(turns)
    return load(turns, 2 * j * n), load(signed, (2 * place + parity((ops[j, Z] >> 1) & row)) * n)


@kernel
def turn_run(psi: Any, rows: int, first: int, last: int, bits: int, ops: Any, turns: Any, work: Any) -> None:
    """Rotate by the run `first` to `last`; `rows` are pairs of rows. See `run_work` for `work`."""
    n = lanes(psi)
    signed = work[: (2 * (last - first) + 1) * n]
    phases = work[len(signed) : len(signed) + (2 * n << bits)]
    for block in range(0, rows, 1 << bits):
        block_phases(first, last, bits, block, ops, turns, signed, phases)
        for r in range(0, 2 * n << bits, 2 * n):
            at = 2 * block * n + r
            c, s, a, ai = load(phases, r), load(phases, r + n), load(psi, at), load(psi, at + n)
            store(psi, at, fnma(s, ai, c * a))
            store(psi, at + n, fma(s, a, c * ai))


@kernel
def back_run(
    psi: Any,
    lam: Any,
    rows: int,
    first: int,
    last: int,
    bits: int,
    ops: Any,
    turns: Any,
    work: Any,
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
        block_phases(first, last, bits, block, ops, turns, signed, phases)
        for r in range(0, n << bits, n):
            at = 2 * (block * n + r)
            c, s = load(phases, 2 * r), load(phases, 2 * r + n)
            a, ai, u, ui = load(psi, at), load(psi, at + n), load(lam, at), load(lam, at + n)
            store(sums, r, fnma(u, ai, ui * a))
            store(psi, at, fma(s, ai, c * a))
            store(psi, at + n, fnma(s, a, c * ai))
            store(lam, at, fma(s, ui, c * u))
            store(lam, at + n, fnma(s, u, c * ui))
        transform(sums, n << bits)
        for j in range(first, last):
            z, at = ops[j, Z] >> 1, (j - first) * n
            if parity(z & block):
                store(totals, at, load(totals, at) - load(sums, (z & low) * n))
            else:
                store(totals, at, load(totals, at) + load(sums, (z & low) * n))


@kernel
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
