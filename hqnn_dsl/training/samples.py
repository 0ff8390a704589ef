"""The rows that a training reads, as tensors on its device, and the batches that they are put into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from hqnn_dsl.training.row_refusals import RowName


@dataclass(frozen=True, eq=False)
class Rows:
    """Scaled features `[N, F]` and targets `[N, T]` on one device; `weights[N]` in the loss, 1 on average."""

    features: Tensor = field(repr=False)
    targets: Tensor = field(repr=False)
    weights: Tensor | None = field(default=None, repr=False)
    row_name: RowName | None = field(default=None, repr=False)
    """The name of a row in the table that it is from."""

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class Samples:
    """The rows to train on, and those that decide which epoch is best; the latter may be none."""

    train: Rows
    validation: Rows


def batch_bounds(num_rows: int, batch: int) -> list[tuple[int, int]]:
    """The batches as half-open ranges; a last batch of one row joins the one before, unless all are of one row."""
    starts = list(range(0, num_rows, batch))
    if batch > 1 and len(starts) > 1 and num_rows - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], num_rows], strict=True))
