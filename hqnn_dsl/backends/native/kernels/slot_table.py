"""Angles from inputs and weights, and back: tapes run over blocks of samples.

The functions and their derivatives are those of the slot table in torch, which says the rule for the edges of domains:
if a function has no finite derivative it counts as a constant, and so does the exponent of a base that is not
positive. `one` is the number 1 in the engine's precision.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.packed import column, numbers, table, view
from hqnn_dsl.backends.native.kernels.registers import kernel, routine
from hqnn_dsl.circuit.angles import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 32
"""Samples that a tape is run for at a time."""

CONSTANT, INPUT, WEIGHT = range(3)
"""The codes of leaves; a function's code is 3 and its index in `angles.FUNCTIONS`."""
BINARY = ("add", "sub", "mul", "div", "pow")
UNARY = ("neg", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "exp", "log", "sqrt", "abs")
CODES = {name: 3 + index for index, name in enumerate(FUNCTIONS) if name in {*BINARY, *UNARY}}
"""The codes of the functions that the kernels below know; for a code that they do not know they give NaN."""
ADD, SUB, MUL, DIV, POW = (CODES[name] for name in BINARY)
NEG, SIN, COS, TAN, ASIN, ACOS, ATAN, TANH, EXP, LOG, SQRT, ABS = (CODES[name] for name in UNARY)


@kernel
def inside(value: Any, one: Any) -> Any:
    """The value moved into [-1, 1]; NaN stays NaN."""
    if value > one:
        return one
    return max(value, -one)


@kernel
def finite(value: Any) -> Any:
    """Whether it is a finite number."""
    return value - value == 0


@kernel
def no_number(one: Any) -> Any:
    """NaN in the engine's precision."""
    return (one - one) / (one - one)


@kernel
def function(code: int, a: Any, one: Any) -> Any:
    """The value of a function of one argument."""
    if code == SIN:
        return math.sin(a)
    if code == COS:
        return math.cos(a)
    if code == TAN:
        return math.tan(a)
    if code == ASIN:
        return math.asin(inside(a, one))
    if code == ACOS:
        return math.acos(inside(a, one))
    if code == ATAN:
        return math.atan(a)
    if code == TANH:
        return math.tanh(a)
    if code == EXP:
        return math.exp(a)
    if code == LOG:
        return math.log(a)
    if code == SQRT:
        return math.sqrt(a)
    if code == ABS:
        return abs(a)
    return no_number(one)


@kernel
def is_edge(code: int, a: Any, one: Any) -> Any:
    """Whether a function of one argument has no finite derivative there: it counts as a constant."""
    if code in (ASIN, ACOS):
        return not -one < a < one
    if code == LOG:
        return not (a > 0 and finite(one / a))
    return code == SQRT and not a > 0


@kernel
def slope(code: int, a: Any, value: Any, one: Any) -> Any:
    """The derivative of a function of one argument inside its domain, whose value there is known."""
    if code == SIN:
        return math.cos(a)
    if code == COS:
        return -math.sin(a)
    if code == TAN:
        return one + value * value
    if code == ASIN:
        return one / math.sqrt(one - a * a)
    if code == ACOS:
        return -one / math.sqrt(one - a * a)
    if code == ATAN:
        return one / (one + a * a)
    if code == TANH:
        return one - value * value
    if code == EXP:
        return value
    if code == LOG:
        return one / a
    if code == SQRT:
        return one / (value + value)
    if code == ABS:
        return np.sign(a)
    return no_number(one)


@kernel
def power_slopes(base: Any, exponent: Any, value: Any, one: Any) -> Any:
    """The derivatives of base ** exponent by both."""
    zero = one - one
    by_base = exponent * base ** (exponent - one) if exponent != zero else zero
    if not finite(by_base):
        return zero, zero
    if base > zero:
        return by_base, value * math.log(base)
    whole = exponent == np.floor(exponent) and (base < zero or exponent > zero)
    return by_base if whole else zero, zero


@routine
def run(
    begin: int,
    end: int,
    b: int,
    width: int,
    nodes: Any,
    constants: Any,
    inputs: Any,
    weights: Any,
    one: Any,
    values: Any,
) -> None:
    """Nodes `begin` to `end` for `width` samples from b on; `values[N, BLOCK]` has the earlier ones."""
    for i in range(begin, end):
        code, p, q = nodes[i, 0], nodes[i, 1], nodes[i, 2]
        own = values[i]
        if code == CONSTANT:
            own[:] = constants[i]
        elif code == INPUT:
            for k in range(width):
                own[k] = inputs[b + k, p]
        elif code == WEIGHT:
            own[:] = weights[p]
        else:
            first, second = values[p], values[q]
            if code == ADD:
                for k in range(width):
                    own[k] = first[k] + second[k]
            elif code == SUB:
                for k in range(width):
                    own[k] = first[k] - second[k]
            elif code == MUL:
                for k in range(width):
                    own[k] = first[k] * second[k]
            elif code == DIV:
                for k in range(width):
                    own[k] = first[k] / second[k]
            elif code == POW:
                for k in range(width):
                    own[k] = first[k] ** second[k]
            elif code == NEG:
                for k in range(width):
                    own[k] = -first[k]
            else:
                for k in range(width):
                    own[k] = function(code, first[k], one)


@routine
def run_back(
    begin: int,
    end: int,
    b: int,
    width: int,
    nodes: Any,
    one: Any,
    values: Any,
    slopes: Any,
    input_grads: Any,
    weight_grads: Any,
) -> None:
    """Derivatives of nodes `end` down to `begin` on to their arguments, to inputs and to weights."""
    for i in range(end - 1, begin - 1, -1):
        code, p, q = nodes[i, 0], nodes[i, 1], nodes[i, 2]
        own = slopes[i]
        if code == CONSTANT:
            continue
        if code == INPUT:
            if len(input_grads):
                for k in range(width):
                    input_grads[b + k, p] += own[k]
            continue
        if code == WEIGHT:
            total = 0.0
            for k in range(width):
                total += own[k]
            weight_grads[p] += total
            continue
        first, second, to, other = values[p], values[q], slopes[p], slopes[q]
        if code == ADD:
            for k in range(width):
                to[k] += own[k]
                other[k] += own[k]
        elif code == SUB:
            for k in range(width):
                to[k] += own[k]
                other[k] -= own[k]
        elif code == MUL:
            for k in range(width):
                to[k] += own[k] * second[k]
                other[k] += own[k] * first[k]
        elif code == DIV:
            for k in range(width):
                by_first, by_second = one / second[k], values[i, k] / second[k]
                if finite(by_first) and finite(by_second):
                    to[k] += own[k] * by_first
                    other[k] -= own[k] * by_second
        elif code == POW:
            for k in range(width):
                by_base, by_exponent = power_slopes(first[k], second[k], values[i, k], one)
                if by_base != 0:
                    to[k] += own[k] * by_base
                if by_exponent != 0:
                    other[k] += own[k] * by_exponent
        elif code == NEG:
            for k in range(width):
                to[k] -= own[k]
        else:
            for k in range(width):
                if not is_edge(code, first[k], one):
                    to[k] += own[k] * slope(code, first[k], values[i, k], one)


@view
def nodes_of(whole: Any, floats: Any) -> Any:
    """The arrays that `Tape.arguments` packs: nodes, those of the slots, the constants."""
    return table(whole, 0, 3), column(whole, 1), column(whole, 2), numbers(whole, 3, floats)


def angles_for(key: int) -> Callable[..., bool]:
    """The entry point for angles; see `compiled` for `key`."""

    def angles(
        whole: Any,
        floats: Any,
        count: int,
        inputs: Any,
        weights: Any,
        one: Any,
        samples: Any,
        shared: Any,
    ) -> bool:
        """Fill `samples[B, E]` and `shared[W]` for `inputs[B, I]` and `weights[P]`; whether all are finite."""
        if key == 0:
            return False
        good = True
        nodes, sample_nodes, shared_nodes, constants = nodes_of(whole, floats)
        values = np.empty((len(nodes), BLOCK), samples.dtype)
        run(0, count, 0, BLOCK, nodes, constants, inputs, weights, one, values)
        for w in range(len(shared_nodes)):
            shared[w] = values[shared_nodes[w], 0]
            good &= finite(shared[w])
        if len(sample_nodes) == 0:
            return good
        for b in range(0, len(inputs), BLOCK):
            width = min(BLOCK, len(inputs) - b)
            run(count, len(nodes), b, width, nodes, constants, inputs, weights, one, values)
            for e in range(len(sample_nodes)):
                for k in range(width):
                    samples[b + k, e] = values[sample_nodes[e], k]
                    good &= finite(samples[b + k, e])
        return good

    return angles


def angles_back_for(key: int) -> Callable[..., None]:
    """The entry point for gradients of the inputs and weights that angles are made of; see `compiled` for `key`."""

    def angles_back(
        whole: Any,
        floats: Any,
        count: int,
        inputs: Any,
        weights: Any,
        one: Any,
        sample_grads: Any,
        shared_grads: Any,
        input_grads: Any,
        weight_grads: Any,
    ) -> None:
        """Add to `input_grads[B, I]` (if it has rows) and fill `weight_grads[P]` from the gradients of the angles.

        Those of the shared angles come as terms, `shared_grads[tiles, W]`, and are added up in order.
        """
        if key == 0:
            return
        nodes, sample_nodes, shared_nodes, constants = nodes_of(whole, floats)
        totals = np.zeros(len(weights), np.float64)
        values = np.empty((len(nodes), BLOCK), weights.dtype)
        slopes = np.zeros((len(nodes), BLOCK), weights.dtype)
        run(0, count, 0, BLOCK, nodes, constants, inputs, weights, one, values)
        for b in range(0, len(sample_grads) if len(sample_nodes) else 0, BLOCK):
            width = min(BLOCK, len(sample_grads) - b)
            run(count, len(nodes), b, width, nodes, constants, inputs, weights, one, values)
            slopes[count:] = 0
            for e in range(len(sample_nodes)):
                for k in range(width):
                    slopes[sample_nodes[e], k] += sample_grads[b + k, e]
            run_back(count, len(nodes), b, width, nodes, one, values, slopes, input_grads, totals)
        for w in range(len(shared_nodes)):
            total = 0.0
            for tile in range(len(shared_grads)):
                total += shared_grads[tile, w]
            slopes[shared_nodes[w], 0] += total
        run_back(0, count, 0, BLOCK, nodes, one, values, slopes, input_grads, totals)
        for p in range(len(totals)):
            weight_grads[p] = totals[p]

    return angles_back
