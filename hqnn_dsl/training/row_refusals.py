"""Refusals of a row of a batch, with the name that the row has in its table."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, SupportsInt

import torch

from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.codes.runs import GradientNotFinite, LossNotFinite
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.network.hybrid import HybridNet

    RowName = Callable[[int], str]
    """From the number of a row, from 0, to its name, such as `line 4`."""


NAMED = 5
"""Of more rows of a step only the first are named."""


@contextmanager
def rows_named(row_name: RowName | None, batch: Sequence[SupportsInt] | None = None) -> Iterator[None]:
    """In the block, a refusal of a row, or of a step, names them by `row_name`, if there is one.

    `batch` are the numbers of the rows that the block reads: of its row 3 the name is `row_name(batch[3])`. If it is
    None, rows have their own numbers.
    """
    try:
        yield
    except Refusal as refusal:
        if row_name is None:
            raise
        named = tuple(_named(item, row_name, batch) for item in refusal.diagnostics)
        if named == tuple(refusal.diagnostics):
            raise
        raise Refusal(*named) from refusal


def _named(item: Diagnostic, row_name: RowName, batch: Sequence[SupportsInt] | None) -> Diagnostic:
    if isinstance(item, ZeroAmplitudes) and not item.where:
        return replace(item, where=row_name(item.row if batch is None else int(batch[item.row])))
    if isinstance(item, LossNotFinite | GradientNotFinite) and batch is not None and not item.rows:
        shown = [row_name(int(row)) for row in batch[:NAMED]]
        return replace(item, rows=f" ({listed(shown, 'and', more=len(batch) - len(shown))})")
    return item


def refuse_zero_rows(net: HybridNet, features: Tensor, row_name: RowName) -> None:
    """Refuse (E0712) rows of `features[N, F]` whose amplitudes are zeros, if no training can change that.

    An encoder with weights may give other amplitudes by the time that a row comes.
    """
    amplitude = net.circuit.circuit.amplitude
    if amplitude is None or net.front_weights():
        return
    was_training = net.training
    net.eval()
    with torch.no_grad():
        given = net.encode(features).to(net.circuit.dtype)
    net.train(was_training)
    empty = (given[:, amplitude.start : amplitude.start + amplitude.size] == 0).all(dim=1).nonzero()[:, 0].tolist()
    if empty:
        raise Refusal(ZeroAmplitudes(row=empty[0], where=row_name(empty[0])))
