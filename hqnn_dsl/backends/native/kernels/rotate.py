"""Pauli rotations of a state, and of a state and its adjoint on the way back.

A state is a flat array of rows, each one register. In the layout *by sample* a row holds a basis state of as many
samples as a register has lanes; in the layout *by amplitude* it holds as many neighbouring basis states of one sample.
Complex amplitudes have two rows, the real part and the imaginary one, so that the lowest bit of a row says which: with
i as the real matrix that swaps them, every K = -iP is real and there is one kind of rotation only.

Row r gets t·K from row q = r ^ x, by the sign of the parity of q & z, and of that of the lanes. K is antisymmetric:
of the two rows of a pair one gets +t, the other -t, so choosing which of them comes first takes the place of signs.

Which rows make up a pair, or four for two rotations, is worked out once for a plan (`offsets`): where the first of them
is, as an offset in the state, for as many as a table has. Beyond its length the others follow by `start`, since a
row's place is linear in its number over GF(2). Gradients are summed a table at a time: sums of millions would lose
digits.

A rotation is I + tan·K here, which takes half the multiply-adds of cos·I + sin·K; the cosines left out are gathered in
a factor of the whole state, which `apply` and `adjoint` apply in time.
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
    store,
    swap_lanes,
    zero,
)
from hqnn_dsl.backends.native.kernels.rotation_angles import AT, BITS, LONGEST_TABLE, ROWS, X, Z


@kernel
def top_bit(mask: int) -> int:
    """The highest bit of a positive mask of at most 32 bits."""
    mask |= mask >> 1
    mask |= mask >> 2
    mask |= mask >> 4
    mask |= mask >> 8
    mask |= mask >> 16
    return (mask + 1) >> 1


@kernel
def pair_start(number: int, op: Any, n: int) -> int:
    """The mask that moves the offsets in a table of pairs to the pairs from `number` on."""
    if number == 0:
        return 0
    top = top_bit(op[X])
    r = number + (number & -top)
    return (r ^ (op[X] & -parity(r & op[Z]))) * n


@routine
def rotate_pairs(psi: Any, op: Any, table: Any, offsets: Any, by: Any, t: Any) -> None:
    """Rotate if a pair of rows gets opposite signs; the row that comes first gets +t."""
    n = lanes(psi)
    x, size = op[X] * n, 1 << table[BITS]
    for number in range(0, op[ROWS] // 2, size):
        start = pair_start(number, op, n)
        for k in range(table[AT], table[AT] + size):
            p = offsets[k] ^ start
            q = p ^ x
            a, b = load(psi, p), load(psi, q)
            store(psi, p, fma(t, swap_lanes(b, by), a))
            store(psi, q, fnma(t, swap_lanes(a, by), b))


@routine
def back_pairs(psi: Any, lam: Any, op: Any, table: Any, offsets: Any, by: Any, t: Any) -> Any:
    """Rotate state and adjoint back as in `rotate_pairs`, and give Σ λ·Kψ by lane but for the signs of the lanes."""
    n = lanes(psi)
    x, size = op[X] * n, 1 << table[BITS]
    total = zero(psi)
    for number in range(0, op[ROWS] // 2, size):
        start = pair_start(number, op, n)
        more, less = zero(psi), zero(psi)
        for k in range(table[AT], table[AT] + size):
            p = offsets[k] ^ start
            q = p ^ x
            a, b, u, v = load(psi, p), load(psi, q), load(lam, p), load(lam, q)
            sa, sb = swap_lanes(a, by), swap_lanes(b, by)
            more, less = fma(u, sb, more), fma(v, sa, less)
            store(psi, p, fnma(t, sb, a))
            store(psi, q, fma(t, sa, b))
            store(lam, p, fnma(t, swap_lanes(v, by), u))
            store(lam, q, fma(t, swap_lanes(u, by), v))
        total = total + (more - less)
    return total


@routine
def rotate_lanes(psi: Any, rows: int, x: int, z: int, base: int, by: Any, signed: Any) -> None:
    """Rotate if the rows of a pair get equal signs or are one, since lanes are swapped; `signed` has +t and -t."""
    n = lanes(psi)
    for r in range(rows):
        q = r ^ x
        if q < r:
            continue
        t = load(signed, (parity(r & z) ^ base) * n)
        a, b = load(psi, r * n), load(psi, q * n)
        store(psi, r * n, fma(t, swap_lanes(b, by), a))
        if q > r:
            store(psi, q * n, fma(t, swap_lanes(a, by), b))


@routine
def back_lanes(psi: Any, lam: Any, rows: int, x: int, z: int, base: int, by: Any, signed: Any) -> Any:
    """Rotate state and adjoint back as in `rotate_lanes`, and give Σ λ·Kψ by lane but for the signs of the lanes."""
    n = lanes(psi)
    total, more, less = zero(psi), zero(psi), zero(psi)
    for r in range(rows):
        if r % LONGEST_TABLE == 0:
            total = total + (more - less)
            more, less = zero(psi), zero(psi)
        q = r ^ x
        if q < r:
            continue
        way = parity(r & z) ^ base
        t = load(signed, (way ^ 1) * n)
        a, b, u, v = load(psi, r * n), load(psi, q * n), load(lam, r * n), load(lam, q * n)
        sb = swap_lanes(b, by)
        found = u * sb
        store(psi, r * n, fma(t, sb, a))
        store(lam, r * n, fma(t, swap_lanes(v, by), u))
        if q > r:
            sa = swap_lanes(a, by)
            found = fma(v, sa, found)
            store(psi, q * n, fma(t, sa, b))
            store(lam, q * n, fma(t, swap_lanes(u, by), v))
        if way:
            less = less + found
        else:
            more = more + found
    return total + (more - less)


@kernel
def four_start(number: int, op: Any, op1: Any, n: int) -> int:
    """The mask that moves the offsets in a table of fours to the fours from `number` on."""
    if number == 0:
        return 0
    x, x1 = op[X], op1[X]
    top = top_bit(x)
    top1 = top_bit(x1 ^ x if x1 & top else x1)
    r = number + (number & -min(top, top1))
    r += r & -max(top, top1)
    return (r ^ (x & -parity(r & op[Z])) ^ (x1 & -parity(r & op1[Z]))) * n


@kernel
def rotate_two(psi: Any, dual: Any, op: Any, op1: Any, table: Any, offsets: Any, t: Any, t1: Any) -> None:
    """Two rotations of which neither changes the other's signs, four rows at a time; no lanes are swapped.

    If amplitudes are complex neither mixes real and imaginary parts.
    """
    n = lanes(psi)
    x, x1, size = op[X] * n, op1[X] * n, 1 << table[BITS]
    unit = 1 if dual is None else 2
    for number in range(0, max(op[ROWS], op1[ROWS]) // 4, unit * size):
        start = four_start(number, op, op1, n)
        for k in range(table[AT], table[AT] + size):
            p = offsets[k] ^ start
            rotate_four(psi, p, p ^ x, p ^ x1, p ^ x ^ x1, t, t1)
            if dual is not None:
                rotate_four(psi, p + n, (p ^ x) + n, (p ^ x1) + n, (p ^ x ^ x1) + n, t, t1)


@kernel
def rotate_four(psi: Any, p: int, q: int, p1: int, q1: int, t: Any, t1: Any) -> None:
    """Rotate rows p and q, p1 and q1 by t, and p and p1, q and q1 by t1."""
    a, b, a1, b1 = load(psi, p), load(psi, q), load(psi, p1), load(psi, q1)
    a, b = fma(t, b, a), fnma(t, a, b)
    a1, b1 = fma(t, b1, a1), fnma(t, a1, b1)
    store(psi, p, fma(t1, a1, a))
    store(psi, q, fma(t1, b1, b))
    store(psi, p1, fnma(t1, a, a1))
    store(psi, q1, fnma(t1, b, b1))


@kernel
def back_two(psi: Any, lam: Any, dual: Any, op: Any, op1: Any, table: Any, offsets: Any, t: Any, t1: Any) -> Any:
    """Both rotations of `rotate_two` back for state and adjoint, and Σ λ·Kψ of each by lane.

    They commute, so that both sums can be taken before either is undone.
    """
    n = lanes(psi)
    x, x1, size = op[X] * n, op1[X] * n, 1 << table[BITS]
    unit = 1 if dual is None else 2
    total, total1 = zero(psi), zero(psi)
    for number in range(0, max(op[ROWS], op1[ROWS]) // 4, unit * size):
        start = four_start(number, op, op1, n)
        sums = (zero(psi), zero(psi), zero(psi), zero(psi))
        for k in range(table[AT], table[AT] + size):
            p = offsets[k] ^ start
            sums = back_four(psi, lam, p, p ^ x, p ^ x1, p ^ x ^ x1, t, t1, sums)
            if dual is not None:
                sums = back_four(psi, lam, p + n, (p ^ x) + n, (p ^ x1) + n, (p ^ x ^ x1) + n, t, t1, sums)
        total, total1 = total + (sums[0] - sums[1]), total1 + (sums[2] - sums[3])
    return total, total1


@kernel
def back_four(psi: Any, lam: Any, p: int, q: int, p1: int, q1: int, t: Any, t1: Any, sums: Any) -> Any:
    """Undo `rotate_four` on state and adjoint; `sums` are the sums added and subtracted so far, for either rotation."""
    more, less, more1, less1 = sums
    a, b, a1, b1 = load(psi, p), load(psi, q), load(psi, p1), load(psi, q1)
    u, v, u1, v1 = load(lam, p), load(lam, q), load(lam, p1), load(lam, q1)
    more, less = fma(u, b, more), fma(v, a, less)
    more, less = fma(u1, b1, more), fma(v1, a1, less)
    more1, less1 = fma(u, a1, more1), fma(u1, a, less1)
    more1, less1 = fma(v, b1, more1), fma(v1, b, less1)
    a, a1 = fnma(t1, a1, a), fma(t1, a, a1)
    b, b1 = fnma(t1, b1, b), fma(t1, b, b1)
    store(psi, p, fnma(t, b, a))
    store(psi, q, fma(t, a, b))
    store(psi, p1, fnma(t, b1, a1))
    store(psi, q1, fma(t, a1, b1))
    u, u1 = fnma(t1, u1, u), fma(t1, u, u1)
    v, v1 = fnma(t1, v1, v), fma(t1, v, v1)
    store(lam, p, fnma(t, v, u))
    store(lam, q, fma(t, u, v))
    store(lam, p1, fnma(t, v1, u1))
    store(lam, q1, fma(t, u1, v1))
    return more, less, more1, less1
