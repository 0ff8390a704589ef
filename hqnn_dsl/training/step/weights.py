"""All weights of a network in one flat vector, of which its parameters are views.

Kernels read and move the vector; torch sees every change, and what torch writes into a parameter, kernels see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

    from hqnn_dsl.network.hybrid import HybridNet


class FlatWeights:
    """The parameters of a network in the order: trained classical ones, trained ones of the circuit, frozen ones.

    The first `classical` numbers are trained with the classical rate, those up to `trained` with the circuit's. The
    order within a group is that of the optimizer's groups.
    """

    def __init__(self, net: HybridNet) -> None:
        classical, quantum = net.classical_weights(), net.quantum_weights()
        known = {id(weight) for weight in (*classical, *quantum)}
        frozen = [weight for weight in net.parameters() if id(weight) not in known]
        self.parameters: tuple[nn.Parameter, ...] = (*classical, *quantum, *frozen)
        self.classical = sum(weight.numel() for weight in classical)
        self.trained = self.classical + sum(weight.numel() for weight in quantum)
        self._starts: dict[int, int] = {}
        self.size = 0
        for weight in self.parameters:
            self._starts[id(weight)] = self.size
            self.size += weight.numel()
        self._flat: Tensor | None = None

    @property
    def starts(self) -> dict[Tensor, int]:
        """Where the numbers of each trained parameter begin in the vector."""
        return {weight: self.start(weight) for weight in self.parameters if self.is_trained(weight)}

    def start(self, weight: nn.Parameter) -> int:
        """Where a parameter's numbers begin in the vector."""
        return self._starts[id(weight)]

    def is_trained(self, weight: nn.Parameter) -> bool:
        """Whether a parameter was trained when the plan was made."""
        return self.start(weight) < self.trained

    def vector(self) -> Any:
        """The vector as an array `[P]`; parameters that are no views of it, as after `.data = …`, become such."""
        if self._flat is None:
            self._flat = torch.empty(self.size, dtype=self.parameters[0].dtype)
        flat = self._flat
        item, base = flat.element_size(), flat.data_ptr()
        for weight in self.parameters:
            start = self.start(weight)
            if weight.data_ptr() != base + item * start and weight.numel():
                own = flat[start : start + weight.numel()].view(weight.shape)
                own.copy_(weight.detach())
                weight.data = own
        return flat.numpy()

    def are_finite(self) -> bool:
        """Whether all weights are finite numbers."""
        return bool(np.isfinite(self.vector()).all())

    def named(self, net: HybridNet, at: int) -> str:
        """The name of the parameter with number `at` of the vector."""
        for name, weight in net.named_parameters():
            if self.start(weight) <= at < self.start(weight) + weight.numel():
                return name
        raise IndexError(at)
