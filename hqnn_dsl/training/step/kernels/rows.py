"""Layers that look at a row as a whole, and dropout. Buffers are those of `products`."""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.registers import filled, fma, kernel, lanes, load, splat, store, zero
from hqnn_dsl.training.step.kernels.functions import exp, larger, root


@kernel
def softmax(width: int, stride: int, x: Any, y: Any) -> None:
    """The softmax of each row."""
    n = lanes(x)
    for c in range(0, stride, n):
        top = load(x, c)
        for i in range(1, width):
            top = larger(top, load(x, i * stride + c))
        total = zero(x)
        for i in range(width):
            share = exp(load(x, i * stride + c) - top)
            total = total + share
            store(y, i * stride + c, share)
        inverse = filled(x, 1.0) / total
        for i in range(width):
            store(y, i * stride + c, load(y, i * stride + c) * inverse)


@kernel
def softmax_back(width: int, stride: int, y: Any, dy: Any, dx: Any) -> None:
    """Fill dx with y·(dy - Σ y·dy)."""
    n = lanes(y)
    for c in range(0, stride, n):
        total = zero(y)
        for i in range(width):
            total = fma(load(y, i * stride + c), load(dy, i * stride + c), total)
        for i in range(width):
            at = i * stride + c
            store(dx, at, load(y, at) * (load(dy, at) - total))


@kernel
def layer_norm(
    width: int, stride: int, eps: float, weights: Any, scale: int, shift: int, x: Any, y: Any, room: Any
) -> None:
    """Each row brought to mean 0 and variance 1, then scaled and shifted; -1 is no scale, or no shift.

    `room` keeps each row's mean, and one over its deviation.
    """
    n = lanes(x)
    share = filled(x, 1.0) / filled(x, float(width))
    for c in range(0, stride, n):
        mean = zero(x)
        for i in range(width):
            mean = mean + load(x, i * stride + c)
        mean = mean * share
        variance = zero(x)
        for i in range(width):
            distance = load(x, i * stride + c) - mean
            variance = fma(distance, distance, variance)
        inverse = filled(x, 1.0) / root(variance * share + filled(x, eps))
        store(room, c, mean)
        store(room, stride + c, inverse)
        for i in range(width):
            found = (load(x, i * stride + c) - mean) * inverse
            if scale >= 0:
                found = found * splat(x, weights[scale + i])
            if shift >= 0:
                found = found + splat(x, weights[shift + i])
            store(y, i * stride + c, found)


@kernel
def layer_norm_back(width: int, stride: int, weights: Any, scale: int, x: Any, room: Any, dy: Any, dx: Any) -> None:
    """The gradient of the inputs."""
    n = lanes(x)
    share = filled(x, 1.0) / filled(x, float(width))
    for c in range(0, stride, n):
        mean, inverse = load(room, c), load(room, stride + c)
        total, along = zero(x), zero(x)
        for i in range(width):
            slope = load(dy, i * stride + c)
            if scale >= 0:
                slope = slope * splat(x, weights[scale + i])
            total = total + slope
            along = fma(slope, (load(x, i * stride + c) - mean) * inverse, along)
        total, along = total * share, along * share
        for i in range(width):
            slope = load(dy, i * stride + c)
            if scale >= 0:
                slope = slope * splat(x, weights[scale + i])
            unit = (load(x, i * stride + c) - mean) * inverse
            store(dx, i * stride + c, (slope - total - unit * along) * inverse)


@kernel
def layer_norm_scale(i: int, stride: int, x: Any, room: Any, dy: Any) -> Any:
    """A register whose sum is the gradient of scale i."""
    n = lanes(x)
    total = zero(x)
    for c in range(0, stride, n):
        unit = (load(x, i * stride + c) - load(room, c)) * load(room, stride + c)
        total = fma(unit, load(dy, i * stride + c), total)
    return total


@kernel
def times(count: int, x: Any, factors: Any, y: Any) -> None:
    """Fill y with x·factors for `count` numbers, a multiple of a register."""
    n = lanes(x)
    for at in range(0, count, n):
        store(y, at, load(x, at) * load(factors, at))
