"""Epochs whose steps are torch's: for every network, loss and device."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol

import torch

from hqnn_dsl.seeds import stream
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.row_refusals import rows_named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from hqnn_dsl.training.bar import Bar
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Rows


class Epochs(Protocol):
    """What runs the steps of a training."""

    def train(self, interrupted: Callable[[], int], bar: Bar) -> float | None:
        """The rest of the running epoch's steps. Returns its mean loss; None if Ctrl-C came before the last of them."""

    def outputs(self, rows: Rows) -> Tensor:
        """Returns the network's outputs `[N, O]` as it is now."""

    def write_state(self) -> None:
        """Bring the optimizer's state up to the last step."""


class TorchEpochs:
    """A step is a forward pass, a backward pass and a step of the optimizer, as `Training.advance` says."""

    def __init__(self, training: Training, rows: Rows, batches: Sequence[tuple[int, int]]) -> None:
        self._training = training
        self._rows = rows
        self._sizes = [end - begin for begin, end in batches]

    def train(self, interrupted: Callable[[], int], bar: Bar) -> float | None:
        """The rest of the running epoch's steps. Returns its mean loss; None if Ctrl-C came before the last of them."""
        training, rows, sizes = self._training, self._rows, self._sizes
        training.net.train()
        order = row_order(training, len(rows)).to(rows.features.device)
        parts = [part[order] for part in (rows.features, rows.targets, rows.weights) if part is not None]
        steps = zip(torch.split(order, sizes), *(torch.split(part, sizes) for part in parts), strict=True)
        for numbers, *batch in islice(steps, training.step, None):
            with rows_named(rows.row_name, numbers):
                loss = training.advance(*batch)
            training.loss_sum += loss * len(numbers)
            training.step += 1
            bar.update()
            if interrupted() and training.step < len(sizes):
                return None
        return training.loss_sum / len(rows)

    def outputs(self, rows: Rows) -> Tensor:
        """Returns the network's outputs `[N, O]` as it is now."""
        return predict_scaled(self._training.net, rows.features, self._training.settings.batch, rows.row_name)

    def write_state(self) -> None:
        """The optimizer has it already."""


def row_order(training: Training, num_rows: int) -> Tensor:
    """The order of the training rows in the running epoch: its own stream, so a resumed epoch has the same."""
    seed = stream(stream(training.settings.seed, "shuffle"), str(len(training.history) + 1))
    return torch.randperm(num_rows, generator=torch.Generator().manual_seed(seed))
