"""The outputs of a network as it is, for all rows of a table: predictions, scores, validation losses are from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hqnn_dsl.network.shuffled_rows import other_rows
from hqnn_dsl.training.row_refusals import rows_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.row_refusals import RowName

EVALUATION_ROWS = 4
"""How many times more rows than in training are evaluated at once: without gradients a row needs less memory."""


def predict_scaled(net: HybridNet, features: Tensor, batch: int, row_name: RowName | None = None) -> Tensor:
    """Outputs `[N, T]` for scaled features `[N, F]`: no dropout, no autocast, no gradients, in the network's dtype.

    With `shuffle inputs` each row is answered for another one of all N. `row_name` gives the name of a row in messages.
    """
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad(), torch.autocast(features.device.type, enabled=False):
            seed = getattr(net.circuit, "rows_seed", None)
            if seed is None:
                parts = _parts(net, features, batch, row_name, range(len(features)))
            else:  # over all rows, so that the size of the parts changes nothing
                others = other_rows(len(features), seed)
                with net.circuit.in_order():
                    parts = _parts(net, features[others.to(features.device)], batch, row_name, others.tolist())
    finally:
        net.train(was_training)
    return torch.cat(parts)


def _parts(
    net: HybridNet, features: Tensor, batch: int, row_name: RowName | None, numbers: Sequence[int]
) -> list[Tensor]:
    """Outputs of so many rows at once; `numbers[N]` are those of the rows whose features these are."""
    size = batch * EVALUATION_ROWS
    parts = []
    for begin in range(0, len(features), size):
        with rows_named(row_name, numbers[begin:]):
            parts.append(net(features[begin : begin + size]))
    return parts
