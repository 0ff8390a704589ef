"""Matrix products of dense layers, rows of a batch innermost: outputs, gradients of inputs, gradients of weights.

Buffers hold features one after the other, each `stride` numbers, a multiple of two registers: the rows of a batch and
padding. Products are done for four features and two registers at a time.
"""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.registers import fma, kernel, lane_sum, lanes, load, splat, store, zero


@kernel
def product(
    weights: Any, at: int, by_out: int, by_in: int, bias: int, outs: int, ins: int, stride: int, x: Any, y: Any
) -> None:
    """y[o] = bias[o] + Σ_i w[o, i]·x[i], where w[o, i] is `weights[at + o·by_out + i·by_in]`; `bias` -1 is none."""
    n = lanes(x)
    done = 0
    for o in range(0, outs - 3, 4):
        _four(weights, at + o * by_out, by_out, by_in, bias + o if bias >= 0 else -1, ins, stride, x, y, o * stride)
        done = o + 4
    for o in range(done, outs):
        for c in range(0, stride, 2 * n):
            first = zero(x) if bias < 0 else splat(x, weights[bias + o])
            second = first
            w = at + o * by_out
            for i in range(ins):
                factor = splat(x, weights[w + i * by_in])
                first = fma(factor, load(x, i * stride + c), first)
                second = fma(factor, load(x, i * stride + c + n), second)
            store(y, o * stride + c, first)
            store(y, o * stride + c + n, second)


@kernel
def _four(
    weights: Any, at: int, by_out: int, by_in: int, bias: int, ins: int, stride: int, x: Any, y: Any, to: int
) -> None:
    """The same for four features."""
    n = lanes(x)
    for c in range(0, stride, 2 * n):
        a = zero(x) if bias < 0 else splat(x, weights[bias])
        b = zero(x) if bias < 0 else splat(x, weights[bias + 1])
        d = zero(x) if bias < 0 else splat(x, weights[bias + 2])
        e = zero(x) if bias < 0 else splat(x, weights[bias + 3])
        a2, b2, d2, e2 = a, b, d, e
        for i in range(ins):
            w = at + i * by_in
            first, second = load(x, i * stride + c), load(x, i * stride + c + n)
            factor = splat(x, weights[w])
            a, a2 = fma(factor, first, a), fma(factor, second, a2)
            factor = splat(x, weights[w + by_out])
            b, b2 = fma(factor, first, b), fma(factor, second, b2)
            factor = splat(x, weights[w + 2 * by_out])
            d, d2 = fma(factor, first, d), fma(factor, second, d2)
            factor = splat(x, weights[w + 3 * by_out])
            e, e2 = fma(factor, first, e), fma(factor, second, e2)
        store(y, to + c, a)
        store(y, to + c + n, a2)
        store(y, to + stride + c, b)
        store(y, to + stride + c + n, b2)
        store(y, to + 2 * stride + c, d)
        store(y, to + 2 * stride + c + n, d2)
        store(y, to + 3 * stride + c, e)
        store(y, to + 3 * stride + c + n, e2)


@kernel
def outer_sums(dy: Any, x: Any, outs: int, ins: int, stride: int, grads: Any, at: int) -> None:
    """grads[at + o·ins + i] = Σ over rows of dy[o]·x[i]."""
    n = lanes(x)
    paired, whole = outs - outs % 2, ins - ins % 4
    for o in range(0, paired, 2):
        for i in range(0, whole, 4):
            a = b = d = e = a2 = b2 = d2 = e2 = zero(x)
            for c in range(0, stride, n):
                first, second = load(dy, o * stride + c), load(dy, (o + 1) * stride + c)
                factor = load(x, i * stride + c)
                a, a2 = fma(factor, first, a), fma(factor, second, a2)
                factor = load(x, (i + 1) * stride + c)
                b, b2 = fma(factor, first, b), fma(factor, second, b2)
                factor = load(x, (i + 2) * stride + c)
                d, d2 = fma(factor, first, d), fma(factor, second, d2)
                factor = load(x, (i + 3) * stride + c)
                e, e2 = fma(factor, first, e), fma(factor, second, e2)
            to = at + o * ins + i
            grads[to], grads[to + ins] = lane_sum(a), lane_sum(a2)
            grads[to + 1], grads[to + ins + 1] = lane_sum(b), lane_sum(b2)
            grads[to + 2], grads[to + ins + 2] = lane_sum(d), lane_sum(d2)
            grads[to + 3], grads[to + ins + 3] = lane_sum(e), lane_sum(e2)
        for i in range(whole, ins):
            grads[at + o * ins + i] = dot(dy, o * stride, x, i * stride, stride)
            grads[at + (o + 1) * ins + i] = dot(dy, (o + 1) * stride, x, i * stride, stride)
    for o in range(paired, outs):
        for i in range(ins):
            grads[at + o * ins + i] = dot(dy, o * stride, x, i * stride, stride)


@kernel
def dot(a: Any, at: int, b: Any, begin: int, count: int) -> Any:
    """The sum of products of `count` numbers, a multiple of two registers."""
    n = lanes(a)
    first = second = zero(a)
    for c in range(0, count, 2 * n):
        first = fma(load(a, at + c), load(b, begin + c), first)
        second = fma(load(a, at + c + n), load(b, begin + c + n), second)
    return lane_sum(first + second)


@kernel
def row_sum(a: Any, at: int, count: int) -> Any:
    """The sum of `count` numbers, a multiple of two registers."""
    n = lanes(a)
    first = second = zero(a)
    for c in range(0, count, 2 * n):
        first = first + load(a, at + c)
        second = second + load(a, at + c + n)
    return lane_sum(first + second)
