"""The outputs of a network as it is, for all rows of a table: predictions, scores, validation losses are from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hqnn_dsl.training.row_refusals import rows_named

if TYPE_CHECKING:
    from torch import Tensor

    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.row_refusals import RowName

EVALUATION_ROWS = 4
"""How many times more rows than in training are evaluated at once: without gradients a row needs less memory."""


def predict_scaled(net: HybridNet, features: Tensor, batch: int, row_name: RowName | None = None) -> Tensor:
    """Outputs `[N, T]` for scaled features `[N, F]`: no dropout, no autocast, no gradients, in the network's dtype.

    `row_name` gives the name of a row in messages.
    """
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad(), torch.autocast(features.device.type, enabled=False):
            size = batch * EVALUATION_ROWS
            parts = []
            for begin in range(0, len(features), size):
                with rows_named(row_name, range(begin, len(features))):
                    parts.append(net(features[begin : begin + size]))
    finally:
        net.train(was_training)
    return torch.cat(parts)
