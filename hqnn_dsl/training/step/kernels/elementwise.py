"""Elementwise layers and the constant operations after a line: values, and slopes from input and output.

`a` and `b` are the constants of a layer, in all lanes. Powers but squares are done number by number, in double
precision.
"""

from __future__ import annotations

import math
from typing import Any

from hqnn_dsl.backends.native.kernels.registers import filled, kernel, lanes, load, splat, store
from hqnn_dsl.backends.native.kernels.trigonometry import LARGEST, sine_and_cosine
from hqnn_dsl.training.step.kernels.functions import (
    absolute,
    erf,
    exp,
    larger,
    sigmoid,
    softplus,
    softplus_slope,
    tanh,
    where_positive,
)

ELEMENTWISE = (
    *("relu", "leaky_relu", "silu", "gelu_tanh", "elu", "tanh", "sigmoid", "softsign", "add", "sub", "mul", "div"),
    *("square", "softplus", "gelu", "sin", "pow"),
)
"""Their names in the order of their codes."""
RELU, LEAKY_RELU, SILU, GELU_TANH, ELU, TANH, SIGMOID, SOFTSIGN, ADD, SUB, MUL, DIV = range(12)
SQUARE, SOFTPLUS, GELU, SIN, POW = range(12, 17)
_BEND, _CUBE = math.sqrt(2 / math.pi), 0.044715
_ROOT_HALF, _DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


@kernel
def value_of(code: int, x: Any, a: Any, b: Any, zero: Any, one: Any, kind: Any) -> Any:
    """The value of a layer at a register; `kind` is an array of its dtype."""
    if code == TANH:
        return tanh(x)
    if code == MUL:
        return x * a
    if code == SILU:
        return x * sigmoid(x)
    if code == RELU:
        return larger(zero, x)
    if code == ADD:
        return x + a
    if code == SUB:
        return x - a
    if code == DIV:
        return x / a
    if code == SIGMOID:
        return sigmoid(x)
    if code == LEAKY_RELU:
        return where_positive(x, x, x * a)
    if code == ELU:
        return where_positive(x, x * b, a * b * (exp(x) - one))
    if code == SOFTSIGN:
        return x / (one + absolute(x))
    if code == SQUARE:
        return x * x
    if code == SOFTPLUS:
        return softplus(x * a) / a
    if code == GELU:
        return filled(kind, 0.5) * x * (one + erf(x * filled(kind, _ROOT_HALF)))
    bent = filled(kind, _BEND) * (x + filled(kind, _CUBE) * x * x * x)
    return filled(kind, 0.5) * x * (one + tanh(bent))


@kernel
def slope_of(code: int, x: Any, y: Any, a: Any, b: Any, one: Any, kind: Any) -> Any:
    """The slope of a layer but `relu` at input `x`, at which its value is `y`."""
    if code == TANH:
        return one - y * y
    if code == MUL:
        return a
    if code == SILU:
        share = sigmoid(x)
        return share * (one + x * (one - share))
    if code in (ADD, SUB):
        return one
    if code == DIV:
        return one / a
    if code == SIGMOID:
        return y * (one - y)
    if code == LEAKY_RELU:
        return where_positive(x, one, a)
    if code == ELU:
        return where_positive(x, b, a * b * exp(x))
    if code == SOFTSIGN:
        size = one + absolute(x)
        return one / (size * size)
    if code == SQUARE:
        return x + x
    if code == SOFTPLUS:
        return softplus_slope(x * a)
    if code == GELU:
        share = filled(kind, 0.5) * (one + erf(x * filled(kind, _ROOT_HALF)))
        return share + x * filled(kind, _DENSITY) * exp(filled(kind, -0.5) * x * x)
    half, cubed = filled(kind, 0.5), filled(kind, _CUBE) * x * x
    share = tanh(filled(kind, _BEND) * (x + cubed * x))
    bend = filled(kind, _BEND) * (one + cubed + cubed + cubed)
    return half * (one + share) + half * x * (one - share * share) * bend


@kernel
def power(x: float, a: float) -> float:
    """A number to the power of a constant."""
    return x**a


@kernel
def power_slope(x: float, a: float) -> float:
    """Its slope."""
    return 0.0 if a == 0.0 else a * x ** (a - 1.0)


@kernel
def forward(code: int, a: float, b: float, count: int, x: Any, y: Any) -> None:
    """Fill y with f(x) for `count` numbers, a multiple of a register."""
    n = lanes(x)
    if code == SIN:
        for at in range(0, count, n):
            _circular(x, at, 0, y)
    elif code == POW:
        for at in range(count):
            y[at] = power(float(x[at]), a)
    else:
        first, second = filled(x, a), filled(x, b)
        zero, one = filled(x, 0.0), filled(x, 1.0)
        for at in range(0, count, n):
            store(y, at, value_of(code, load(x, at), first, second, zero, one, x))


@kernel
def _circular(x: Any, at: int, cosines: int, y: Any) -> None:
    """The sines of a register, or its cosines.

    The scalar functions for numbers so large that the others lose digits, and for NaN.
    """
    n = lanes(x)
    small = True
    for k in range(n):
        small &= abs(x[at + k]) <= LARGEST
    if small:
        sine, cosine = sine_and_cosine(load(x, at))
        if cosines:
            store(y, at, cosine)
        else:
            store(y, at, sine)
    else:
        for k in range(n):
            y[at + k] = math.cos(x[at + k]) if cosines else math.sin(x[at + k])


@kernel
def backward(code: int, a: float, b: float, count: int, x: Any, y: Any, dy: Any, dx: Any) -> None:
    """Fill dx with dy·f'(x)."""
    n = lanes(x)
    if code == SIN:
        for at in range(0, count, n):
            _circular(x, at, 1, dx)
            store(dx, at, load(dx, at) * load(dy, at))
    elif code == POW:
        for at in range(count):
            dx[at] = dy[at] * power_slope(float(x[at]), a)
    elif code == RELU:  # as in torch, 0 also where dy is not finite, as behind a root of 0
        zero = filled(x, 0.0)
        for at in range(0, count, n):
            store(dx, at, where_positive(load(x, at), load(dy, at), zero))
    else:
        first, second, one = filled(x, a), filled(x, b), filled(x, 1.0)
        for at in range(0, count, n):
            slope = slope_of(code, load(x, at), load(y, at), first, second, one, x)
            store(dx, at, load(dy, at) * slope)


@kernel
def scaled(values: Any, at: int, count: int, factor: Any) -> None:
    """Multiply `count` numbers, a multiple of a register, by a number of their dtype."""
    n = lanes(values)
    by = splat(values, factor)
    for c in range(at, at + count, n):
        store(values, c, by * load(values, c))
