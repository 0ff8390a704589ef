"""The optimizers of the catalog on flat vectors of weights, gradients and moments, and clipping by the global norm.

The formulas and the order of their operations are those of `torch.optim` on a CPU, where Adam, AdamW and SGD are fused.
Numbers that are the same for all weights are worked out in float64 and rounded once, weights and moments are in the
dtype of the network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.registers import routine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ADAMW, ADAM, NADAM, RADAM, SGD, NESTEROV, RMSPROP = range(7)

OPTIMIZER_KINDS: dict[str, int] = {
    "adamw": ADAMW,
    "adam": ADAM,
    "nadam": NADAM,
    "radam": RADAM,
    "sgd": SGD,
    "nesterov": NESTEROV,
    "rmsprop": RMSPROP,
}
"""The number of each optimizer of the catalog."""

BETA1, BETA2, EPS, MOMENTUM, ALPHA, MOMENTUM_DECAY = range(6)
"""The places of `options[8]`; an optimizer reads those that it has, the others are 0."""
OPTION_PLACES = {"beta1": BETA1, "beta2": BETA2, "eps": EPS, "momentum": MOMENTUM, "alpha": ALPHA}
"""The places of the catalog's options; learning rates and weight decay are arguments of their own."""
NADAM_MOMENTUM_DECAY = 0.004
"""torch's own default, which the catalog does not change."""

NUM_MOMENTS = 2
"""Rows of `moments`: means of gradients and of their squares; of `sgd` and `nesterov` the first is the momentum, of
`rmsprop` the mean square, and the second its momentum."""
MU_PRODUCT, MU_STEP = 0, 1
"""The places of `scalars[4]`, of `nadam` alone: the product of all momenta, and the step that it has come to."""

SMALLEST_NORM = 1e-6
"""Added to the norm that a limit is divided by, as torch does."""


def optimizer_options(name: str, options: Mapping[str, Any]) -> NDArray[np.float64]:
    """Returns the `options[8]` of `optimizer_step` for an optimizer of the catalog and its options."""
    found = np.zeros(8)
    for option, place in OPTION_PLACES.items():
        found[place] = options.get(option, 0.0)
    if OPTIMIZER_KINDS[name] == NADAM:
        found[MOMENTUM_DECAY] = NADAM_MOMENTUM_DECAY
    return found


def first_scalars() -> NDArray[np.float64]:
    """Returns the `scalars[4]` before the first step."""
    found = np.zeros(4)
    found[MU_PRODUCT] = 1.0
    return found


@routine
def optimizer_step(
    kind: int,
    options: Any,
    step: int,
    weights: Any,
    grads: Any,
    moments: Any,
    scalars: Any,
    begin: int,
    end: int,
    lr: float,
    weight_decay: float,
) -> None:
    """Update `weights[begin:end]` and their `moments[2, P]` with `grads[P]`; `step` counts from 1.

    Called once a step for each group of weights. `scalars[4]` are those of all groups, `first_scalars` at first.
    """
    if kind in (SGD, NESTEROV):
        momentum_step(kind, options[MOMENTUM], weights, grads, moments, begin, end, lr, weight_decay)
    elif kind == RMSPROP:
        rmsprop_step(options, weights, grads, moments, begin, end, lr, weight_decay)
    else:
        adaptive_step(kind, options, float(step), weights, grads, moments, scalars, begin, end, lr, weight_decay)


@routine
def adaptive_step(
    kind: int,
    options: Any,
    step: float,
    weights: Any,
    grads: Any,
    moments: Any,
    scalars: Any,
    begin: int,
    end: int,
    lr: float,
    weight_decay: float,
) -> None:
    """Adam and its kin: `kept · w + (along_grad · g + along_mean · mean) / (sqrt(square · inner) / root + eps)`."""
    beta1, beta2 = options[BETA1], options[BETA2]
    correction1, correction2 = 1.0 - beta1**step, 1.0 - beta2**step
    kept, decay = 1.0, weight_decay
    along_grad, along_mean = 0.0, -lr / correction1
    inner, root, eps = 1.0, 1.0, options[EPS]
    if kind == ADAMW:
        kept, decay = 1.0 - lr * weight_decay, 0.0
    if kind in (ADAMW, ADAM):
        root = math.sqrt(correction2)
    elif kind == NADAM:
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * options[MOMENTUM_DECAY]))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1.0) * options[MOMENTUM_DECAY]))
        if scalars[MU_STEP] != step:  # torch keeps the product in float32
            scalars[MU_PRODUCT] = np.float64(np.float32(scalars[MU_PRODUCT]) * np.float32(mu))
            scalars[MU_STEP] = step
        along_grad = -lr * (1.0 - mu) / (1.0 - scalars[MU_PRODUCT])
        along_mean = -lr * mu_next / (1.0 - scalars[MU_PRODUCT] * mu_next)
        inner = 1.0 / correction2
    else:
        longest = 2.0 / (1.0 - beta2) - 1.0
        length = longest - 2.0 * step * beta2**step / correction2
        if length > 5.0:
            rectified = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)
            along_mean *= math.sqrt(correction2) * math.sqrt(rectified)
        else:
            root, eps = math.inf, 1.0
    numbers = (beta1, beta2, kept, decay, along_grad, along_mean, inner, root, eps)
    means, squares = moments[0, begin:end], moments[1, begin:end]
    adaptive_weights(weights[begin:end], grads[begin:end], means, squares, numbers)


@routine
def adaptive_weights(weights: Any, grads: Any, means: Any, squares: Any, numbers: Any) -> None:
    """The weights of one group, with the numbers that are the same for all of them."""
    beta1, beta2, kept, decay, along_grad, along_mean, inner, root, eps = numbers
    number = weights.dtype.type
    near = 1.0 - beta1 < 0.5  # torch's `lerp` begins at the nearer end
    lerp = number(1.0 - beta1 if near else -beta1)
    beta, share, inside, divided, added = number(beta2), number(1.0 - beta2), number(inner), number(root), number(eps)
    keep, pull, by_grad, by_mean = number(kept), number(decay), number(along_grad), number(along_mean)
    for i in range(len(weights)):
        weight, old = weights[i], means[i]
        grad = grads[i] + pull * weight
        mean = (old if near else grad) + lerp * (grad - old)
        square = beta * squares[i] + share * grad * grad
        means[i] = mean
        squares[i] = square
        weights[i] = keep * weight + (by_grad * grad + by_mean * mean) / (np.sqrt(square * inside) / divided + added)


@routine
def momentum_step(
    kind: int,
    momentum: float,
    weights: Any,
    grads: Any,
    moments: Any,
    begin: int,
    end: int,
    lr: float,
    weight_decay: float,
) -> None:
    """Gradient descent along the momentum; of `nesterov` along the gradient and the momentum to come."""
    number = weights.dtype.type
    decay, rate, kept = number(weight_decay), number(lr), number(momentum)
    ahead = kind == NESTEROV
    of_grad, of_momentum = number(1.0 if ahead else 0.0), number(momentum if ahead else 1.0)
    own, slopes, momenta = weights[begin:end], grads[begin:end], moments[0, begin:end]
    for i in range(len(own)):
        grad = slopes[i] + decay * own[i]
        momentum_now = kept * momenta[i] + grad
        momenta[i] = momentum_now
        own[i] -= rate * (of_grad * grad + of_momentum * momentum_now)


@routine
def rmsprop_step(
    options: Any,
    weights: Any,
    grads: Any,
    moments: Any,
    begin: int,
    end: int,
    lr: float,
    weight_decay: float,
) -> None:
    """Gradient descent with each gradient divided by the root of its mean square."""
    number = weights.dtype.type
    decay, rate, kept = number(weight_decay), number(lr), number(options[MOMENTUM])
    alpha, share, eps = number(options[ALPHA]), number(1.0 - options[ALPHA]), number(options[EPS])
    own, slopes, mean_squares, momenta = (
        weights[begin:end],
        grads[begin:end],
        moments[0, begin:end],
        moments[1, begin:end],
    )
    for i in range(len(own)):
        grad = slopes[i] + decay * own[i]
        square = alpha * mean_squares[i] + share * grad * grad
        change = kept * momenta[i] + grad / (np.sqrt(square) + eps)
        mean_squares[i] = square
        momenta[i] = change
        own[i] -= rate * change


@routine
def clip(grads: Any, limit: float, classical: int, sums: Any, totals: Any) -> float:
    """Returns the norm of `grads[P]`; scales them if it is above `limit`, unless that is 0.

    The norm is summed in float64. It is finite if and only if all gradients are, but for norms above 1e308. If it is,
    the gradients as they were are added to `sums[P]` and `totals[3]`, see `gradient_norms`.
    """
    norm = math.sqrt(sum_of_squares(grads, 1.0))
    if not math.isfinite(norm) or norm < 1e-140:
        largest = 0.0
        for i in range(len(grads)):
            if not math.isfinite(grads[i]):
                return norm if math.isnan(norm) else math.inf
            largest = max(largest, abs(np.float64(grads[i])))
        norm = largest * math.sqrt(sum_of_squares(grads, largest)) if largest > 0.0 else 0.0
    if math.isfinite(norm):
        totals[0] += add_gradients(grads[:classical], sums[:classical])
        totals[1] += add_gradients(grads[classical:], sums[classical:])
        totals[2] += 1.0
    number = grads.dtype.type
    factor = number(limit) / (number(norm) + number(SMALLEST_NORM))
    if limit > 0.0 and factor < 1.0:
        for i in range(len(grads)):
            grads[i] *= factor
    return norm


@routine
def add_gradients(grads: Any, sums: Any) -> float:
    """Add gradients to their sums. Returns the sum of their squares, by four partial sums that need not wait."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    whole = len(grads) // 4 * 4
    for i in range(0, whole, 4):
        a, b, c, d = np.float64(grads[i]), np.float64(grads[i + 1]), np.float64(grads[i + 2]), np.float64(grads[i + 3])
        sums[i] += a
        sums[i + 1] += b
        sums[i + 2] += c
        sums[i + 3] += d
        one += a * a
        two += b * b
        three += c * c
        four += d * d
    for i in range(whole, len(grads)):
        a = np.float64(grads[i])
        sums[i] += a
        one += a * a
    return (one + two) + (three + four)


@routine
def sum_of_squares(grads: Any, unit: float) -> float:
    """Returns the sum of squares in float64, each gradient divided by `unit`."""
    total = 0.0
    for i in range(len(grads)):
        total += (np.float64(grads[i]) / unit) ** 2
    return total
