"""One Pauli rotation of a state, and of a state and its adjoint on the way back.

A state is a flat array of rows, each one register, or two (real, imaginary) where amplitudes are complex. In the layout
*by sample* row r holds basis state r of as many samples as a register has lanes; in the layout *by amplitude* it holds
as many neighbouring basis states of one sample. Masks come in two halves: `x`, `z` of the row, `by` of the lanes (None
by sample); what the lanes add to the sign is in the tables.

With K = -iP, row r gets sin·K from row q = r ^ x: `factors` has +sin and -sin times the sign of each lane, and which of
them is the parity of q & z. `flip` and `base` are what must be added to the parity of r & z for r and for q.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.vectors import fma, kernel, lanes, load, parity, store, swap_lanes, zero


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
def turn_real(psi: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any) -> None:
    """Rotate real amplitudes; K is real."""
    n = lanes(psi)
    if x == 0:
        for r in range(rows):
            a = load(psi, r * n)
            store(psi, r * n, fma(load(factors, (parity(r & z) ^ base) * n), swap_lanes(a, by), c * a))
        return
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = r * n, (r ^ x) * n
            a, b = load(psi, at), load(psi, to)
            store(psi, at, fma(load(factors, (even ^ flip) * n), swap_lanes(b, by), c * a))
            store(psi, to, fma(load(factors, (even ^ base) * n), swap_lanes(a, by), c * b))


@kernel
def turn_complex(psi: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any) -> None:
    """Rotate complex amplitudes where K is real."""
    n = lanes(psi)
    if x == 0:
        for r in range(rows):
            s = load(factors, (parity(r & z) ^ base) * n)
            for part in (2 * r * n, 2 * r * n + n):
                a = load(psi, part)
                store(psi, part, fma(s, swap_lanes(a, by), c * a))
        return
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = 2 * r * n, 2 * (r ^ x) * n
            a, ai, b, bi = load(psi, at), load(psi, at + n), load(psi, to), load(psi, to + n)
            s, t = load(factors, (even ^ flip) * n), load(factors, (even ^ base) * n)
            store(psi, at, fma(s, swap_lanes(b, by), c * a))
            store(psi, at + n, fma(s, swap_lanes(bi, by), c * ai))
            store(psi, to, fma(t, swap_lanes(a, by), c * b))
            store(psi, to + n, fma(t, swap_lanes(ai, by), c * bi))


@kernel
def turn_imaginary(psi: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any) -> None:
    """Rotate complex amplitudes where K is i times a real matrix, which is what the factors are of."""
    n = lanes(psi)
    if x == 0:
        for r in range(rows):
            way = parity(r & z) ^ base
            at = 2 * r * n
            a, ai = load(psi, at), load(psi, at + n)
            store(psi, at, fma(load(factors, (way ^ 1) * n), swap_lanes(ai, by), c * a))
            store(psi, at + n, fma(load(factors, way * n), swap_lanes(a, by), c * ai))
        return
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = 2 * r * n, 2 * (r ^ x) * n
            a, ai, b, bi = load(psi, at), load(psi, at + n), load(psi, to), load(psi, to + n)
            one, two = even ^ flip, even ^ base
            store(psi, at, fma(load(factors, (one ^ 1) * n), swap_lanes(bi, by), c * a))
            store(psi, at + n, fma(load(factors, one * n), swap_lanes(b, by), c * ai))
            store(psi, to, fma(load(factors, (two ^ 1) * n), swap_lanes(ai, by), c * b))
            store(psi, to + n, fma(load(factors, two * n), swap_lanes(a, by), c * bi))


@kernel
def back_real(
    psi: Any, lam: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any, signs: Any
) -> Any:
    """Rotate state and adjoint, both real, and give Σ λ·Kψ of before, by lane; `signs` are the signs of K."""
    n = lanes(psi)
    total = zero(psi)
    if x == 0:
        for r in range(rows):
            way, at = (parity(r & z) ^ base) * n, r * n
            a, u = load(psi, at), load(lam, at)
            total = fma(load(signs, way), u * swap_lanes(a, by), total)
            store(psi, at, fma(load(factors, way), swap_lanes(a, by), c * a))
            store(lam, at, fma(load(factors, way), swap_lanes(u, by), c * u))
        return total
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = r * n, (r ^ x) * n
            one, two = (even ^ flip) * n, (even ^ base) * n
            a, b, u, v = load(psi, at), load(psi, to), load(lam, at), load(lam, to)
            sa, sb = swap_lanes(a, by), swap_lanes(b, by)
            total = total + fma(load(signs, one), u * sb, load(signs, two) * (v * sa))
            store(psi, at, fma(load(factors, one), sb, c * a))
            store(psi, to, fma(load(factors, two), sa, c * b))
            store(lam, at, fma(load(factors, one), swap_lanes(v, by), c * u))
            store(lam, to, fma(load(factors, two), swap_lanes(u, by), c * v))
    return total


@kernel
def back_complex(
    psi: Any, lam: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any, signs: Any
) -> Any:
    """Rotate state and adjoint and give Re Σ conj(λ)·Kψ of before, by lane; K is real."""
    n = lanes(psi)
    total = zero(psi)
    if x == 0:
        for r in range(rows):
            way = (parity(r & z) ^ base) * n
            for at in (2 * r * n, 2 * r * n + n):
                a, u = load(psi, at), load(lam, at)
                total = fma(load(signs, way), u * swap_lanes(a, by), total)
                store(psi, at, fma(load(factors, way), swap_lanes(a, by), c * a))
                store(lam, at, fma(load(factors, way), swap_lanes(u, by), c * u))
        return total
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = 2 * r * n, 2 * (r ^ x) * n
            one, two = (even ^ flip) * n, (even ^ base) * n
            s, t = load(factors, one), load(factors, two)
            a, b, u, v = load(psi, at), load(psi, to), load(lam, at), load(lam, to)
            sa, sb = swap_lanes(a, by), swap_lanes(b, by)
            first, second = u * sb, v * sa
            store(psi, at, fma(s, sb, c * a))
            store(psi, to, fma(t, sa, c * b))
            store(lam, at, fma(s, swap_lanes(v, by), c * u))
            store(lam, to, fma(t, swap_lanes(u, by), c * v))
            a, b, u, v = load(psi, at + n), load(psi, to + n), load(lam, at + n), load(lam, to + n)
            sa, sb = swap_lanes(a, by), swap_lanes(b, by)
            first, second = fma(u, sb, first), fma(v, sa, second)
            total = total + fma(load(signs, one), first, load(signs, two) * second)
            store(psi, at + n, fma(s, sb, c * a))
            store(psi, to + n, fma(t, sa, c * b))
            store(lam, at + n, fma(s, swap_lanes(v, by), c * u))
            store(lam, to + n, fma(t, swap_lanes(u, by), c * v))
    return total


@kernel
def back_imaginary(
    psi: Any, lam: Any, rows: int, x: int, z: int, flip: int, base: int, by: Any, c: Any, factors: Any, signs: Any
) -> Any:
    """Rotate state and adjoint and give Re Σ conj(λ)·Kψ of before, by lane; K is i times a real matrix."""
    n = lanes(psi)
    total = zero(psi)
    if x == 0:
        for r in range(rows):
            way = parity(r & z) ^ base
            at = 2 * r * n
            more, less = load(factors, way * n), load(factors, (way ^ 1) * n)
            a, ai, u, ui = load(psi, at), load(psi, at + n), load(lam, at), load(lam, at + n)
            sa, si = swap_lanes(a, by), swap_lanes(ai, by)
            total = fma(load(signs, way * n), ui * sa - u * si, total)
            store(psi, at, fma(less, si, c * a))
            store(psi, at + n, fma(more, sa, c * ai))
            store(lam, at, fma(less, swap_lanes(ui, by), c * u))
            store(lam, at + n, fma(more, swap_lanes(u, by), c * ui))
        return total
    top = top_bit(x)
    for high in range(0, rows, 2 * top):
        for r in range(high, high + top):
            even = parity(r & z)
            at, to = 2 * r * n, 2 * (r ^ x) * n
            one, two = even ^ flip, even ^ base
            a, bi, ui, v = load(psi, at), load(psi, to + n), load(lam, at + n), load(lam, to)
            ai, b, u, vi = load(psi, at + n), load(psi, to), load(lam, at), load(lam, to + n)
            sa, sai, sb, sbi = swap_lanes(a, by), swap_lanes(ai, by), swap_lanes(b, by), swap_lanes(bi, by)
            first, second = ui * sb - u * sbi, vi * sa - v * sai
            total = total + fma(load(signs, one * n), first, load(signs, two * n) * second)
            more, less = load(factors, one * n), load(factors, (one ^ 1) * n)
            store(psi, at, fma(less, sbi, c * a))
            store(psi, at + n, fma(more, sb, c * ai))
            store(lam, at, fma(less, swap_lanes(vi, by), c * u))
            store(lam, at + n, fma(more, swap_lanes(v, by), c * ui))
            more, less = load(factors, two * n), load(factors, (two ^ 1) * n)
            store(psi, to, fma(less, sai, c * b))
            store(psi, to + n, fma(more, sa, c * bi))
            store(lam, to, fma(less, swap_lanes(ui, by), c * v))
            store(lam, to + n, fma(more, swap_lanes(u, by), c * vi))
    return total
