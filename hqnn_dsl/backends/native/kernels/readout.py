"""Readings of a final state: Pauli terms and marginals, and the adjoint state that their gradients start.

Layouts, masks and the meaning of `flip`, `base`, `by` are those of `rotate`. `dual` is None if amplitudes are real.
Sums run in blocks of rows, so that float32 keeps its digits over a million of them.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.diagonal_runs import transform
from hqnn_dsl.backends.native.kernels.registers import fma, kernel, lanes, load, parity, store, swap_lanes, zero
from hqnn_dsl.backends.native.kernels.rotate import top_bit
from hqnn_dsl.backends.native.kernels.rotation_angles import Z

BLOCK = 256
MOST_BITS = 8
"""The bits of a row in the blocks that diagonal terms are read by."""


@kernel
def density(psi: Any, r: int, dual: Any) -> Any:
    """|amplitude|² of row r."""
    n = lanes(psi)
    if dual is None:
        a = load(psi, r * n)
        return a * a
    a, ai = load(psi, 2 * r * n), load(psi, 2 * r * n + n)
    return fma(a, a, ai * ai)


@kernel
def block_bits(rows: int) -> int:
    """The bits of a row within the blocks that rows are taken in."""
    bits = 0
    while bits < MOST_BITS and 2 << bits <= rows:
        bits += 1
    return bits


@kernel
def diagonal_values(psi: Any, rows: int, dual: Any, terms: Any, diagonal: int, values: Any, sums: Any) -> None:
    """The first `diagonal` terms: Σ ±|amplitude|² by lane, without the signs of the lanes; `sums` is room for a block.

    A block's sums with all signs are a Walsh-Hadamard transform of it.
    """
    n = lanes(psi)
    bits = block_bits(rows)
    low = (1 << bits) - 1
    values[: diagonal * n] = 0
    for block in range(0, rows, 1 << bits):
        for r in range(1 << bits):
            store(sums, r * n, density(psi, block + r, dual))
        transform(sums, n << bits)
        for t in range(diagonal):
            found = load(sums, (terms[t, Z] & low) * n)
            if parity(terms[t, Z] & block):
                store(values, t * n, load(values, t * n) - found)
            else:
                store(values, t * n, load(values, t * n) + found)


@kernel
def diagonal_adjoint(
    psi: Any, lam: Any, rows: int, dual: Any, terms: Any, diagonal: int, weights: Any, sums: Any
) -> None:
    """λ = Σ w·Zψ over the first `diagonal` terms; `weights` has +w and -w of each term, lane signs included."""
    n = lanes(psi)
    bits = block_bits(rows)
    low = (1 << bits) - 1
    for block in range(0, rows, 1 << bits):
        sums[: n << bits] = 0
        for t in range(diagonal):
            at = (terms[t, Z] & low) * n
            store(sums, at, load(sums, at) + load(weights, (2 * t + parity(terms[t, Z] & block)) * n))
        transform(sums, n << bits)
        for r in range(1 << bits):
            w = load(sums, r * n)
            if dual is None:
                store(lam, (block + r) * n, w * load(psi, (block + r) * n))
            else:
                at = 2 * (block + r) * n
                store(lam, at, w * load(psi, at))
                store(lam, at + n, w * load(psi, at + n))


@kernel
def add_scaled(psi: Any, lam: Any, r: int, dual: Any, w: Any) -> None:
    """Add w·ψ to the adjoint in row r."""
    n = lanes(psi)
    if dual is None:
        store(lam, r * n, fma(w, load(psi, r * n), load(lam, r * n)))
    else:
        for at in (2 * r * n, 2 * r * n + n):
            store(lam, at, fma(w, load(psi, at), load(lam, at)))


@kernel
def product(psi: Any, at: Any, to: Any, imaginary: int, dual: Any, by: Any) -> Any:
    """Re conj(amplitude of row `at`)·K·(amplitude of row `to`), K real or imaginary, signs left out."""
    n = lanes(psi)
    if dual is None:
        return load(psi, at * n) * swap_lanes(load(psi, to * n), by)
    a, ai = load(psi, 2 * at * n), load(psi, 2 * at * n + n)
    b, bi = swap_lanes(load(psi, 2 * to * n), by), swap_lanes(load(psi, 2 * to * n + n), by)
    if imaginary:
        return ai * b - a * bi
    return fma(a, b, ai * bi)


@kernel
def mixing_value(
    psi: Any, rows: int, dual: Any, x: int, z: int, flip: int, base: int, by: Any, imaginary: int, signs: Any
) -> Any:
    """A term that is not diagonal: Re <ψ|P|ψ> by lane; `signs` are those of the lanes."""
    n = lanes(psi)
    total = zero(psi)
    if x == 0:
        for r in range(rows):
            way = (parity(r & z) ^ base) * n
            total = fma(load(signs, way), product(psi, r, r, imaginary, dual, by), total)
        return total
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for start in range(high, high + top, BLOCK):
            t = zero(psi)
            for r in range(start, min(high + top, start + BLOCK)):
                way = (parity(r & z) ^ flip) * n
                t = fma(load(signs, way), product(psi, r, r ^ x, imaginary, dual, by), t)
            total = total + t
    return total + total


@kernel
def mixing_adjoint(
    psi: Any, lam: Any, rows: int, dual: Any, x: int, z: int, base: int, by: Any, imaginary: int, weights: Any
) -> None:
    """Add w·Pψ to the adjoint for a term that is not diagonal; `weights` has +w and -w, lane signs included."""
    n = lanes(psi)
    for r in range(rows):
        q = r ^ x
        way = parity(q & z) ^ base
        w = load(weights, way * n)
        if dual is None:
            store(lam, r * n, fma(w, swap_lanes(load(psi, q * n), by), load(lam, r * n)))
            continue
        at, to = 2 * r * n, 2 * q * n
        b, bi = swap_lanes(load(psi, to), by), swap_lanes(load(psi, to + n), by)
        if imaginary:
            store(lam, at, fma(load(weights, (way ^ 1) * n), bi, load(lam, at)))
            store(lam, at + n, fma(w, b, load(lam, at + n)))
        else:
            store(lam, at, fma(w, b, load(lam, at)))
            store(lam, at + n, fma(w, bi, load(lam, at + n)))


@kernel
def outcome_size(marginals: Any, n: int) -> int:
    """Numbers in two registers an outcome of the widest marginal, and one more."""
    most = 0
    for m in range(len(marginals)):
        most = max(most, marginals[m, 2] - marginals[m, 1])
    return n * ((2 << most) + 1)


@kernel
def outcome(row: int, lane: int, bits: Any, first: int, last: int) -> int:
    """Which outcome of the marginal with bits number `first` to `last` the basis state (row, lane) is."""
    found = 0
    for k in range(first, last):
        found |= (parity(row & bits[k, 0]) ^ parity(lane & bits[k, 1]) ^ bits[k, 2]) << (k - first)
    return found


@kernel
def marginal_values(psi: Any, rows: int, dual: Any, lane: Any, bits: Any, first: int, last: int, sums: Any) -> None:
    """Probabilities of all outcomes; `sums` has a register an outcome: by lane, or in lane 0 by amplitude.

    Behind it is as much room for the sums of a block of rows, which has at least as many rows as there are outcomes.
    """
    n = lanes(psi)
    size = n << (last - first)
    sums[: 2 * size] = 0
    part, own = sums[size : 2 * size], sums[2 * size :]
    step = max(BLOCK, 1 << (last - first))
    for start in range(0, rows, step):
        for r in range(start, min(rows, start + step)):
            p = density(psi, r, dual)
            which = outcome(r, 0, bits, first, last)
            if lane is None:
                store(part, which * n, load(part, which * n) + p)
                continue
            store(own, 0, p)
            for k in range(n):
                part[(which ^ own_outcome(k, bits, first, last)) * n] += own[k]
        for at in range(0, size, n):
            store(sums, at, load(sums, at) + load(part, at))
        part[:] = 0


@kernel
def own_outcome(lane: int, bits: Any, first: int, last: int) -> int:
    """The bits of the outcome's number that a lane changes."""
    found = 0
    for k in range(first, last):
        found |= parity(lane & bits[k, 1]) << (k - first)
    return found


@kernel
def marginal_adjoint(
    psi: Any, lam: Any, rows: int, dual: Any, lane: Any, bits: Any, first: int, last: int, weights: Any
) -> None:
    """Add w·ψ to the adjoint, w by outcome as in `marginal_values`."""
    n = lanes(psi)
    own = weights[n << (last - first) :]
    for r in range(rows):
        which = outcome(r, 0, bits, first, last)
        if lane is None:
            add_scaled(psi, lam, r, dual, load(weights, which * n))
            continue
        for k in range(n):
            own[k] = weights[(which ^ own_outcome(k, bits, first, last)) * n]
        add_scaled(psi, lam, r, dual, load(own, 0))


@kernel
def both_signs(table: Any, at: int, value: Any) -> None:
    """Write a register and its negative to `table[at:]`."""
    store(table, at, value)
    store(table, at + lanes(table), zero(table) - value)
