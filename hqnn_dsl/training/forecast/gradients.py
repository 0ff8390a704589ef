"""How much the gradient at the start depends on the starting weights of the circuit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.seeds import stream
from hqnn_dsl.training.loop import own_randomness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Rows, Samples
    from hqnn_dsl.training.step.plan import StepPlan

DRAWS, FEWEST = 32, 4
"""Draws of starting weights, and how many at least a variance is told of."""
SECONDS = 2.0
"""How long the draws may take; slower steps have fewer of them."""


@dataclass(frozen=True, kw_only=True)
class GradientSpread:
    """The variance of the loss's derivative by one weight of the circuit, over so many draws of its starting weights.

    The loss is that of the first batch of training rows in the table's order, in scaled units. `weight` is the path of
    the first tensor that is trained, of which it is the first number.
    """

    weight: str
    draws: int
    mean: float
    variance: float


def gradient_spread(training: Training, samples: Samples, step_seconds: float) -> GradientSpread | None:
    """Returns the spread over draws by the rules of the spec; the weights are then as they were.

    Draw k starts from the seed `stream(stream(train.seed, "forecast"), k)`: of all tensors of the circuit, while those
    of encoder and decoder stay at their start. `None` if the circuit has no trained weight, if none is drawn at random,
    or if a step takes so long that fewer than four draws fit into two seconds.
    """
    layer = training.net.circuit
    tensors = [tensor for tensor in layer.circuit.weights if not tensor.frozen]
    drawn = any(tensor.initial[0] in {"uniform", "normal", "small"} for tensor in layer.circuit.weights)
    draws = min(DRAWS, int(SECONDS / max(step_seconds, 1e-9)))
    if not tensors or not drawn or draws < FEWEST:
        return None
    path, root = tensors[0].path, stream(training.settings.seed, "forecast")
    rows = _first(samples.train, training.settings.batch)
    found = []
    with own_randomness(training, None), training.precision.elsewhere(), _weights_kept(layer):
        gradient = _by(training, rows, layer.take(path))
        for number in range(draws):
            layer.reset_parameters(stream(root, str(number)))
            found.append(gradient())
    return GradientSpread(weight=path, draws=draws, mean=float(np.mean(found)), variance=float(np.var(found, ddof=1)))


def _first(rows: Rows, count: int) -> Rows:
    weights = None if rows.weights is None else rows.weights[:count]
    return replace(rows, features=rows.features[:count], targets=rows.targets[:count], weights=weights)


@contextmanager
def _weights_kept(layer: QuantumLayer) -> Iterator[None]:
    """In the block the circuit's weights may change; after it they are what they were."""
    kept = [(weight, weight.detach().clone()) for weight in layer.parameters()]
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, before in kept:
                weight.copy_(before)


def _by(training: Training, rows: Rows, weight: Tensor) -> Callable[[], float]:
    """Returns a function of the derivative by the first number of a tensor, for the weights as they are then."""
    if training.choice.plan is not None:
        return _compiled(training, training.choice.plan, rows, weight)
    more = () if rows.weights is None else (rows.weights,)

    def gradient() -> float:
        training.net.train()
        with training.precision.forward():
            predicted = training.net(rows.features)
        loss: Tensor = training.loss(predicted, rows.targets, *more)
        (found,) = torch.autograd.grad(loss, [weight])
        return float(found.reshape(-1)[0])

    return gradient


def _compiled(training: Training, plan: StepPlan, rows: Rows, weight: Tensor) -> Callable[[], float]:
    """The same by a compiled step that moves no weight: its learning rates are 0, and nothing is clipped."""
    from hqnn_dsl.training.step.runner import StepRunner

    seed = stream(training.settings.seed, "dropout")
    runner = StepRunner(replace(plan, clip=0.0), rows.features, rows.targets, rows.weights, seed=seed)
    order, bounds = np.arange(len(rows)), [(0, len(rows))]
    place = plan.weights.start(weight)  # type: ignore[arg-type] # a trained one is a parameter

    def gradient() -> float:
        runner.train(order, bounds, 1, 0, 1, (0.0, 0.0))
        return float(runner.gradients()[place])

    return gradient
