"""The entry points of losses, optimizers and clipping; see `compiled` for `key`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.training.step.kernels.losses import loss_rows
from hqnn_dsl.training.step.kernels.optimizers import clip, optimizer_step

if TYPE_CHECKING:
    from collections.abc import Callable


def loss_for(key: int) -> Callable[..., float]:
    """The entry point of `losses.loss_rows`."""

    def loss(kind: int, options: Any, predicted: Any, targets: Any, row_weights: Any, count: int, slopes: Any) -> float:
        return loss_rows(kind, options, predicted, targets, row_weights, count, slopes) if key else 0.0

    return loss


def optimizer_for(key: int) -> Callable[..., int]:
    """The entry point of `optimizers.optimizer_step`; returns 0."""

    def optimizer(
        kind: int,
        options: Any,
        step: int,
        weights: Any,
        grads: Any,
        moments: Any,
        scalars: Any,
        begin: int,
        end: int,
        rate: float,
        decay: float,
    ) -> int:
        if key:
            optimizer_step(kind, options, step, weights, grads, moments, scalars, begin, end, rate, decay)
        return 0

    return optimizer


def clip_for(key: int) -> Callable[..., float]:
    """The entry point of `optimizers.clip`."""

    def clipped(grads: Any, limit: float, classical: int, sums: Any, totals: Any) -> float:
        return clip(grads, limit, classical, sums, totals) if key else 0.0

    return clipped
