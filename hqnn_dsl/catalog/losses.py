"""Losses as torch modules: `(predicted[B, O], target[B, T], weight[B] or None) -> scalar`.

A loss is a mean over rows and targets; with weights, the mean of each row's weight times its loss. Without them it is
torch's own number, to the bit.
Apart from the catalog tables, because those are read without torch; builders import this file when they are called.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

SMALLEST_VARIANCE = 1e-6
"""Added to every variance of `Gaussian`, in scaled units: a likelihood has no largest value without it."""


class Pointwise(nn.Module):
    """A loss of a value and its target, of torch's functions: `function(predicted, target, reduction=…, **options)`."""

    def __init__(self, function: Callable[..., Tensor], **options: Any) -> None:
        super().__init__()
        self.function = function
        self.options = options

    def forward(self, predicted: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        if weight is None:
            return self.function(predicted, target, **self.options)
        return weighted(self.function(predicted, target, reduction="none", **self.options), weight)

    def extra_repr(self) -> str:
        return ", ".join([self.function.__name__, *(f"{name}={value}" for name, value in self.options.items())])


def log_cosh(predicted: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """`log cosh(prediction - target)`: a quadratic near 0, a straight line far out, smooth everywhere."""
    distance = (predicted - target).abs()
    return _reduced(distance + functional.softplus(-2.0 * distance) - math.log(2.0), reduction)


def quantile(predicted: Tensor, target: Tensor, *, q: float, reduction: str = "mean") -> Tensor:
    """The pinball loss: `q` times the error of targets above the prediction, `1 - q` times that of those below."""
    error = target - predicted
    return _reduced(torch.maximum(q * error, (q - 1.0) * error), reduction)


def gaussian(predicted: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """`(log(variance) + (target - mean)² / variance) / 2`: torch's `GaussianNLLLoss(full=False)`, without its constant.

    `predicted[B, 2T]` are the T means, then T raw numbers that `variance` makes positive.
    """
    means, raw = predicted.chunk(2, dim=-1)
    return functional.gaussian_nll_loss(means, target, variance(raw), eps=SMALLEST_VARIANCE, reduction=reduction)


def variance(raw: Tensor) -> Tensor:
    """The variances that raw outputs stand for, in scaled units: `softplus(raw) + 1e-6`."""
    return functional.softplus(raw) + SMALLEST_VARIANCE


def cross_entropy(predicted: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Minus the logarithm of the probability of the true class.

    `predicted[B, K]` are logits of K classes, or `[B, 1]` the logit of the second of two; `target[B, 1]` is the number
    of the class.
    """
    if predicted.shape[-1] == 1:
        return functional.binary_cross_entropy_with_logits(predicted, target, reduction=reduction)
    return functional.cross_entropy(predicted, target[:, 0].long(), reduction=reduction)


def probabilities(outputs: Tensor) -> Tensor:
    """The probabilities `[B, K]` that logits stand for: of K classes, or `[B, 1]` of the second of two."""
    logits = torch.cat([torch.zeros_like(outputs), outputs], dim=1) if outputs.shape[-1] == 1 else outputs
    return torch.softmax(logits, dim=1)


def focal(predicted: Tensor, target: Tensor, *, gamma: float, reduction: str = "mean") -> Tensor:
    """`cross_entropy` of each row times the `gamma`-th power of the probability of all other classes.

    The power is taken of a logarithm: its gradient is finite also where that probability is 0 in all digits.
    """
    entropy = cross_entropy(predicted, target, reduction="none").reshape(-1)
    return _reduced(torch.exp(gamma * _log_of_others(predicted, target)) * entropy, reduction)


def _log_of_others(predicted: Tensor, target: Tensor) -> Tensor:
    """The logarithm `[B]` of the probability of all classes but the true one."""
    if predicted.shape[-1] == 1:
        return functional.logsigmoid(predicted[:, 0] * (1.0 - 2.0 * target[:, 0]))
    own = functional.one_hot(target[:, 0].long(), predicted.shape[-1]).bool()
    others = predicted.masked_fill(own, -math.inf)
    return torch.logsumexp(others, dim=-1) - torch.logsumexp(predicted, dim=-1)


def weighted(losses: Tensor, weight: Tensor) -> Tensor:
    """The mean of `weight[B]` times the losses of rows, `[B]` or, averaged over targets, `[B, T]`."""
    rows = losses.mean(dim=1) if losses.ndim > 1 else losses
    return (rows * weight).mean()


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    return losses.mean() if reduction == "mean" else losses
