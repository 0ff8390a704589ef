"""The input `amplitude` of a circuit, from rows as they come to states: the same for every backend that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.backends.torch_transforms import unwrapped
from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from torch import Tensor


def unit_rows(state: Tensor) -> Tensor:
    """Returns the rows of `state[B, 2^k]` divided by their Euclidean length, differentiable as often as wanted.

    The rows must be in the precision of the state that they become. A row with a number that is not finite becomes NaN.
    Raises `Refusal` for a row of zeros, which describes no state.
    """
    zeros = unwrapped((state.detach() == 0).all(dim=-1))
    if bool(zeros.any()):
        raise Refusal(ZeroAmplitudes(row=int(zeros.nonzero()[0, 0])))
    return divided_by_length(state)


def divided_by_length(rows: Tensor) -> Tensor:
    """Returns rows `[B, K]` of length 1; a row of zeros becomes NaN.

    Rows are first scaled by their largest entry, so neither tiny nor huge numbers lose their length; the length
    cancels, so the scale is a constant for the gradient.
    """
    scale = rows.detach().abs().amax(dim=-1, keepdim=True)
    scaled = rows / scale
    return scaled / scaled.square().sum(-1, keepdim=True).sqrt()
