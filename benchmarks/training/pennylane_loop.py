"""A plain torch loop around PennyLane's `default.qubit`, with broadcasting over the batch and backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.peers.pennylane_torch import node_of
from benchmarks.training.networks import BETAS, CIRCUIT_PLACE, DECAY, EPS, RATE, start_of
from benchmarks.training.torch_epoch import TorchEpochs

if TYPE_CHECKING:
    from benchmarks.training.trainer import Trainer
    from benchmarks.workloads import Workload


def prepare(network: Workload) -> Trainer:
    weights = [nn.Parameter(torch.tensor(array, dtype=torch.float32)) for array in start_of(network).all]
    hidden, hidden_bias, angles, angles_bias, circuit, output, output_bias = weights
    node = node_of(network, "default.qubit", "backprop")
    groups: list[dict[str, Any]] = [
        {"params": [weight for place, weight in enumerate(weights) if place != CIRCUIT_PLACE]},
        {"params": [circuit], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPS, weight_decay=DECAY, foreach=True)
    linear = nn.functional.linear

    def step(features: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        encoded = nn.functional.silu(linear(features, hidden, hidden_bias))
        encoded = torch.tanh(linear(encoded, angles, angles_bias)) * torch.pi
        values = torch.stack(node(encoded, circuit), dim=-1)
        loss = nn.functional.mse_loss(linear(values.to(output.dtype), output, output_bias), targets)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return TorchEpochs(network, step)


use = torch.set_num_threads
PREPARE = {"pennylane-torch": prepare}
