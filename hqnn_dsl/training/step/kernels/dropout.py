"""Dropout by numbers that depend on the seed, the epoch, the step, the layer, the unit and the row alone."""

from __future__ import annotations

from typing import Any

from hqnn_dsl.backends.native.kernels.registers import kernel
from hqnn_dsl.training.step.kernels.philox import dropout_mask
from hqnn_dsl.training.step.kernels.rows import times

SEED, EPOCH, STEP = range(3)
"""The numbers of `draws`."""


@kernel
def dropout(p: float, layer: int, width: int, stride: int, draws: Any, x: Any, y: Any, factors: Any) -> None:
    """Fill y with x·factors: 0 with probability `p`, else 1 / (1 - p); 1 if the step is negative.

    `factors` keeps them for the way back. Rows of the padding draw as others do.
    """
    kept = 1.0 / (1.0 - p)
    if draws[STEP] < 0:
        factors[: width * stride] = 1
    else:
        for unit in range(width):
            for row in range(stride):
                drawn = dropout_mask(draws[SEED], draws[EPOCH], draws[STEP], layer, unit, row)
                factors[unit * stride + row] = 0.0 if drawn < p else kept
    times(width * stride, x, factors, y)
