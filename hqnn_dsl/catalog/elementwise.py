"""The few torch modules behind catalog entries that torch itself has no module for.

Apart from the catalog tables, because those are read without torch; builders import this file when they are called.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Sine(nn.Module):
    """`sin(x)`, elementwise."""

    def forward(self, values: Tensor) -> Tensor:
        return torch.sin(values)
