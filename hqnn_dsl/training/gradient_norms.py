"""The gradients of an epoch's steps in two numbers for each half of the network: how large they are, and their mean.

A step's gradient is that of its batch's loss, in scaled units, by the trained weights: before clipping, and without the
factor of GradScaler. Over the `n` steps of an epoch with gradients `g_1 … g_n`, for each half by itself,

    norm       sqrt((|g_1|² + … + |g_n|²) / n)      the root mean square of the Euclidean norms
    mean norm  |g_1 + … + g_n| / n                  the Euclidean norm of the mean gradient

in float64. If all steps agree both are equal; of `n` independent gradients of mean zero the second is `1 / sqrt(n)` of
the first (in the mean of squares). Steps that GradScaler leaves out do not count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from hqnn_dsl.training.step.kernels.arrays import NUM_TOTALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor, nn


@dataclass(frozen=True)
class GradientNorms:
    """Those of an epoch; None for a half without trained weights, and for what is not known or beyond float64."""

    classical: float | None = None
    quantum: float | None = None
    classical_mean: float | None = None
    quantum_mean: float | None = None


class GradientTotals:
    """Sums over the steps of the running epoch: `sums[P]` of gradients, and `totals[3]`, see `NUM_TOTALS`.

    The `P` trained weights are those of the optimizer's groups, one after the other: classical ones, then those of the
    circuit. Compiled steps add to both arrays themselves.
    """

    def __init__(self, groups: Sequence[Sequence[Tensor]], device: torch.device) -> None:
        self.classical, quantum = (sum(weight.numel() for weight in group) for group in groups)
        self.sums = torch.zeros(self.classical + quantum, dtype=torch.float64, device=device)
        self.totals = torch.zeros(NUM_TOTALS, dtype=torch.float64, device=device)

    def clear(self) -> None:
        """Begin an epoch."""
        self.sums.zero_()
        self.totals.zero_()

    def add(self, weights: Sequence[nn.Parameter]) -> None:
        """Add the gradients of a step, unless one is not finite; nothing waits for a GPU."""
        with torch.no_grad():
            grads = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
            flat = torch.cat([grad.reshape(-1) for grad in grads]).to(torch.float64)
            classical, quantum = flat[: self.classical], flat[self.classical :]
            step = torch.stack((classical.dot(classical), quantum.dot(quantum), torch.ones_like(self.totals[0])))
            is_finite = torch.isfinite(flat).all()
            self.sums += torch.where(is_finite, flat, 0.0)
            self.totals += torch.where(is_finite, step, 0.0)

    def norms(self) -> GradientNorms:
        """Returns the norms over the steps so far."""
        *squares, steps = self.totals.tolist()
        if not steps > 0:
            return GradientNorms()
        parts = self.sums[: self.classical], self.sums[self.classical :]
        norms = [math.sqrt(square / steps) for square in squares]
        means = [float(torch.linalg.vector_norm(part)) / steps for part in parts]
        known = [
            value if len(part) and math.isfinite(value) else None
            for value, part in zip((*norms, *means), (*parts, *parts), strict=True)
        ]
        return GradientNorms(*known)

    def state(self) -> dict[str, Tensor] | None:
        """Returns a copy of both arrays; None if they are not known, or if there was no step."""
        if bool(torch.isnan(self.totals).any()) or not float(self.totals[-1]):
            return None
        return {"sums": self.sums.clone(), "totals": self.totals.clone()}

    def load(self, state: Mapping[str, Any] | None, step: int) -> None:
        """Go on from a state after so many steps; without one the norms of a running epoch are not known."""
        self.clear()
        if state is not None:
            self.sums.copy_(state["sums"])
            self.totals.copy_(state["totals"])
        elif step:
            self.totals.fill_(math.nan)
