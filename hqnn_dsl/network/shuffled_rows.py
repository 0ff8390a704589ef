"""`shuffle inputs`: which row's inputs a circuit reads in the place of each row's own.

Of N rows that are answered together row p[k] reads those of row p[k + 1], and the last those of p[0], for a random
order p of the N rows: one cycle through all of them, so with two rows or more no row reads its own (Sattolo 1986). The
order is `torch.randperm(N)` from the seed `stream(seed, N)`, so it depends on the seed and on N alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


def other_rows(count: int, seed: int) -> Tensor:
    """The row `[N]` whose inputs each of `count` rows reads, whole numbers on the CPU."""
    generator = torch.Generator("cpu").manual_seed(stream(seed, str(count)))
    order = torch.randperm(count, generator=generator, device="cpu")
    found = torch.empty_like(order)
    found[order] = order.roll(-1)
    return found


@contextmanager
def read_from(rows: Tensor) -> Iterator[None]:
    """In the block, a refusal of row k is about row `rows[k]`, whose inputs are read there."""
    try:
        yield
    except Refusal as refusal:
        items = refusal.diagnostics
        moved = [replace(one, row=int(rows[one.row])) if isinstance(one, ZeroAmplitudes) else one for one in items]
        raise Refusal(*moved) from refusal
