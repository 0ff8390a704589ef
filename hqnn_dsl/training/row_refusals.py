"""Refusals of a row of a batch, with the name that the row has in its table."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, SupportsInt

import torch

from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from hqnn_dsl.network.hybrid import HybridNet

    RowName = Callable[[int], str]
    """From the number of a row, from 0, to its name, such as `line 4`."""


@contextmanager
def rows_named(row_name: RowName | None, number: Callable[[int], SupportsInt]) -> Iterator[None]:
    """In the block, a refusal of a batch's row has the name `row_name(number(row))`, if there is a `row_name`."""
    try:
        yield
    except Refusal as refusal:
        if row_name is None or not any(isinstance(item, ZeroAmplitudes) for item in refusal.diagnostics):
            raise
        raise Refusal(
            *(
                replace(item, where=row_name(int(number(item.row)))) if isinstance(item, ZeroAmplitudes) else item
                for item in refusal.diagnostics
            )
        ) from refusal


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
