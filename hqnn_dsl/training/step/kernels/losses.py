"""The losses of `catalog.losses` over rows, with their gradients.

`loss_rows` is the one entry point, for float32 and float64 alike: errors are differences in the dtype of the network,
all else is float64. Values, thresholds and the slopes at kinks are torch's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.registers import kernel, routine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MSE, MAE, HUBER, SMOOTH_L1, LOG_COSH, QUANTILE, GAUSSIAN, CROSS_ENTROPY, FOCAL = range(9)

LOSS_KINDS: dict[str, int] = {
    "mse": MSE,
    "mae": MAE,
    "huber": HUBER,
    "smooth_l1": SMOOTH_L1,
    "log_cosh": LOG_COSH,
    "quantile": QUANTILE,
    "gaussian": GAUSSIAN,
    "cross_entropy": CROSS_ENTROPY,
    "focal": FOCAL,
}
"""The number of each loss of the catalog but `auto`, which is settled before anything is built."""

OPTIONS = {HUBER: "delta", SMOOTH_L1: "beta", QUANTILE: "q", FOCAL: "gamma"}
"""The option of a loss that is `options[0]` of its kernel; the others have none."""

SMALLEST_VARIANCE = 1e-6
"""That of `catalog.losses`, which imports torch; a test holds them together."""
LARGEST_SOFTPLUS = 20.0
"""Above it torch's softplus is its argument."""


def loss_options(name: str, options: Mapping[str, Any]) -> NDArray[np.float64]:
    """Returns the `options[4]` of `loss_rows` for a loss of the catalog and its options."""
    found = np.zeros(4)
    option = OPTIONS.get(LOSS_KINDS[name])
    if option is not None:
        found[0] = options[option]
    return found


@routine
def loss_rows(
    kind: int,
    options: Any,
    predicted: Any,
    targets: Any,
    row_weight: Any,
    count: int,
    d_predicted: Any,
) -> float:
    """Returns the sum over rows 0 to `count` of each row's weight times its loss, and writes its gradient.

    `predicted[O, n]`, `targets[T, n]`, `row_weight[n]` and `d_predicted[O, n]` have a row of the table in each column.
    The loss of a row is the mean over its targets: divided by the number of rows of the batch, the sum is the loss of
    torch's modules. It is float64, and finite in some cases where a float32 loss is not: round the mean to the
    network's dtype before asking. Columns of `d_predicted` from `count` on are zeros. A class that is none of the
    network's outputs makes its row's loss NaN.
    """
    total = 0.0
    if kind == GAUSSIAN:
        total = gaussian_rows(predicted, targets, row_weight, count, d_predicted)
    elif kind < GAUSSIAN:
        total = pointwise_rows(kind, options[0], predicted, targets, row_weight, count, d_predicted)
    elif len(predicted) == 1:
        total = two_class_rows(kind, options[0], predicted, targets, row_weight, count, d_predicted)
    else:
        total = class_rows(kind, options[0], predicted, targets, row_weight, count, d_predicted)
    for o in range(d_predicted.shape[0]):
        for b in range(count, d_predicted.shape[1]):
            d_predicted[o, b] = 0.0
    return total


@routine
def pointwise_rows(
    kind: int, option: float, predicted: Any, targets: Any, row_weight: Any, count: int, d_predicted: Any
) -> float:
    """The losses of one output and its target."""
    total, share = 0.0, 1.0 / len(targets)
    for t in range(len(targets)):
        for b in range(count):
            weight = row_weight[b] * share
            value, slope = pointwise(kind, option, np.float64(predicted[t, b] - targets[t, b]))
            total += weight * value
            d_predicted[t, b] = weight * slope
    return total


@kernel
def pointwise(kind: int, option: float, error: float) -> tuple[float, float]:
    """The loss of an error, prediction less target, and its slope."""
    size = abs(error)
    sign = np.sign(error)
    if kind == MSE:
        return error * error, 2.0 * error
    if kind == MAE:
        return size, sign
    if kind == HUBER:
        if size <= option:
            return 0.5 * error * error, error
        return option * (size - 0.5 * option), option * sign
    if kind == SMOOTH_L1:
        if size < option:
            return 0.5 * error * error / option, error / option
        return size - 0.5 * option, sign
    if kind == LOG_COSH:
        small = math.exp(-2.0 * size)
        return size + math.log1p(small) - math.log(2.0), sign * (1.0 - small) / (1.0 + small)
    return max(-option * error, (1.0 - option) * error), 0.5 - option + 0.5 * sign


@routine
def gaussian_rows(predicted: Any, targets: Any, row_weight: Any, count: int, d_predicted: Any) -> float:
    """Means are the first half of the outputs; variances are made of the second."""
    total, width, share = 0.0, len(targets), 0.5 / len(targets)
    for t in range(width):
        for b in range(count):
            weight = row_weight[b] * share
            error, raw = np.float64(predicted[t, b] - targets[t, b]), np.float64(predicted[width + t, b])
            spread, slope = float(raw), 1.0
            if raw <= LARGEST_SOFTPLUS:
                power = math.exp(raw)
                spread, slope = math.log1p(power), power / (1.0 + power)
            variance = spread + SMALLEST_VARIANCE
            total += weight * (math.log(variance) + error * error / variance)
            d_predicted[t, b] = weight * 2.0 * error / variance
            d_predicted[width + t, b] = weight * slope * (1.0 - error * error / variance) / variance
    return total


@kernel
def log_sigmoid(x: float) -> tuple[float, float]:
    """`log(sigmoid(x))`, and its slope `sigmoid(-x)`."""
    small = math.exp(-abs(x))
    return min(x, 0.0) - math.log1p(small), (small if x >= 0.0 else 1.0) / (1.0 + small)


@routine
def two_class_rows(
    kind: int, gamma: float, predicted: Any, targets: Any, row_weight: Any, count: int, d_predicted: Any
) -> float:
    """`cross_entropy` and `focal` of the logit of the second of two classes."""
    total = 0.0
    for b in range(count):
        x, target, weight = np.float64(predicted[0, b]), np.float64(targets[0, b]), np.float64(row_weight[b])
        value, rest = log_sigmoid(x)
        entropy, slope = (1.0 - target) * x - value, 1.0 - rest - target
        if kind == FOCAL:
            turn = 1.0 - 2.0 * target
            other, other_slope = log_sigmoid(turn * x)
            factor = math.exp(gamma * other)
            slope = factor * (slope + gamma * turn * other_slope * entropy)
            entropy *= factor
        total += weight * entropy
        d_predicted[0, b] = weight * slope
    return total


@routine
def class_rows(
    kind: int, gamma: float, predicted: Any, targets: Any, row_weight: Any, count: int, d_predicted: Any
) -> float:
    """`cross_entropy` and `focal` of a logit a class."""
    total, width = 0.0, len(predicted)
    for b in range(count):
        own, weight = int(targets[0, b]), np.float64(row_weight[b])
        if own < 0 or own >= width:
            return math.nan
        most, most_other = -math.inf, -math.inf
        for k in range(width):
            most = max(most, np.float64(predicted[k, b]))
            if k != own:
                most_other = max(most_other, np.float64(predicted[k, b]))
        mass, other_mass = 0.0, 0.0
        for k in range(width):
            mass += math.exp(predicted[k, b] - most)
            if k != own:
                other_mass += math.exp(predicted[k, b] - most_other)
        log_all = most + math.log(mass)
        log_others = most_other + math.log(other_mass)
        entropy = log_all - np.float64(predicted[own, b])
        factor, shift = 1.0, 0.0
        if kind == FOCAL:
            factor = math.exp(gamma * (log_others - log_all))
            shift = gamma * entropy
        total += weight * factor * entropy
        for k in range(width):
            x = np.float64(predicted[k, b])
            slope = math.exp(x - log_all) * (1.0 - shift)
            if k == own:
                slope -= 1.0
            elif kind == FOCAL:
                slope += shift * math.exp(x - log_others)
            d_predicted[k, b] = weight * factor * slope
    return total
