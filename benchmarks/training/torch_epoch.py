"""An epoch as a loop of steps in torch, for the contestants that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.training.networks import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workloads import Workload

    Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor | float]
    """Train on features and targets. Returns the loss before the step."""


class TorchEpochs:
    """Epochs of a step; the losses are read once an epoch, unless the step reads its own."""

    def __init__(self, network: Workload, step: Step, real: torch.dtype = torch.float32) -> None:
        rows = rows_of(network)
        self.step, self.batch = step, network.batch
        self.features, self.targets = (torch.tensor(array, dtype=real) for array in (rows.features, rows.targets))

    def epoch(self, order: np.ndarray) -> np.ndarray:
        places = torch.from_numpy(order)
        batches = zip(self.features[places].split(self.batch), self.targets[places].split(self.batch), strict=True)
        return np.array([float(loss) for loss in [self.step(*batch) for batch in batches]])
