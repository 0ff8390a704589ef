"""The few torch modules behind catalog entries that torch itself has no module for.

Apart from the catalog tables, because those are read without torch; builders import this file when they are called.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Sine(nn.Module):
    """`sin(x)`, elementwise."""

    def forward(self, values: Tensor) -> Tensor:
        return torch.sin(values)


class LogCosh(nn.Module):
    """The mean of `log cosh(prediction - target)`: a quadratic near 0, a straight line far out, smooth everywhere."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        distance = (predicted - target).abs()
        return (distance + nn.functional.softplus(-2.0 * distance) - math.log(2.0)).mean()
