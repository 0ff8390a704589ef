"""The place of a circuit in a network whose model has none: it gives its inputs, unchanged."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from hqnn_dsl.circuit.ir import NO_CIRCUIT
from hqnn_dsl.network.quantum import QuantumLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit


class _Nothing:
    """The executable of no circuit, which is never called."""

    circuit: Circuit = NO_CIRCUIT
    metadata: Mapping[str, Any] = MappingProxyType({})
    real = torch.float32

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None = None) -> Tensor:
        raise AssertionError((per_sample, shared, state))


class NoCircuit(QuantumLayer):
    """The place of a circuit in a network without one: `x[..., W]` to `x`. It has no weights and no backend."""

    def __init__(self) -> None:
        super().__init__(NO_CIRCUIT, _Nothing())

    def forward(self, x: Tensor) -> Tensor:
        return x

    def extra_repr(self) -> str:
        return "none"
