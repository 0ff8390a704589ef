"""Our compiled steps: an epoch is one call, as `hqnn train` makes it."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from benchmarks.training.hqnn_loop import built
from benchmarks.training.networks import RATE, STEPS, rows_of
from hqnn_dsl.training.loop import batch_bounds
from hqnn_dsl.training.step.plan import Reason, StepPlan
from hqnn_dsl.training.step.runner import StepRunner

if TYPE_CHECKING:
    from benchmarks.workloads import Workload
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import TrainSpec


class CompiledEpochs:
    """Epochs of a network by the runner of its plan. Raises `ValueError` if its steps are not compiled."""

    def __init__(self, network: Workload, net: HybridNet, settings: TrainSpec) -> None:
        plan = StepPlan.of(net, settings.loss, settings.optimizer, settings)
        if isinstance(plan, Reason):
            raise ValueError(plan.text)
        rows = rows_of(network)
        features, targets = (torch.tensor(array, dtype=net.dtype) for array in (rows.features, rows.targets))
        self.network, self.net, self.settings, self.plan = network, net, settings, plan
        self._bounds = np.array(batch_bounds(len(features), network.batch), dtype=np.int64)
        self._runner = StepRunner(plan, features, targets, seed=settings.seed, workers=torch.get_num_threads())
        self._epoch = 0

    def epoch(self, order: np.ndarray) -> np.ndarray:
        trained = self._runner.train(order, self._bounds, self._epoch, 0, STEPS, (RATE, RATE))
        self._epoch += 1
        if trained.failed is not None:
            raise ArithmeticError(f"the {trained.failed.kind} of step {trained.failed.step} is not finite")
        return trained.losses


def prepare(network: Workload) -> CompiledEpochs:
    return CompiledEpochs(network, *built(network, "single", "native"))


use = torch.set_num_threads
PREPARE = {"compiled": prepare}


def shares(whole: CompiledEpochs, turns: int) -> dict[str, float]:
    """Seconds of the parts of a step, which together are the step; each is the least of that many turns.

    The circuit is what the network takes more than the one without it, `layers` are what that takes more than one with
    a single dense(1), and `rest` what that one takes: the call, the rows, the loss and one layer. The optimizer is
    measured alone and is in none of them.
    """
    import numba

    from hqnn_dsl.training.step.kernels.optimizers import NUM_MOMENTS, OPTIMIZER_KINDS, first_scalars, optimizer_step

    @numba.njit(nogil=True)
    def updates(kind: int, options: Any, vectors: Any, moments: Any, scalars: Any) -> None:
        weights, grads = vectors[0], vectors[1]  # as rows in a piece, which unpacking does not give
        for step in range(STEPS):
            optimizer_step(kind, options, step + 1, weights, grads, moments, scalars, 0, len(weights), 1e-9, 0.0)

    nets = {"whole": whole.net, "dense": copy.deepcopy(whole.net), "bare": copy.deepcopy(whole.net)}
    for name in ("dense", "bare"):
        nets[name].circuit = nn.Identity()  # type: ignore[assignment]
    nets["bare"].encoder, nets["bare"].decoder = nn.Sequential(), nn.Sequential(nn.Linear(whole.plan.columns, 1))
    epochs = {name: CompiledEpochs(whole.network, net, whole.settings) for name, net in nets.items()}
    order, least = np.arange(STEPS * whole.network.batch), {}
    for _ in range(turns):
        for name, one in epochs.items():
            start = time.perf_counter()
            one.epoch(order)
            spent = (time.perf_counter() - start) / STEPS
            least[name] = min(spent, least.get(name, spent))
            plan = one.plan
            vectors = np.full((2, plan.weights.trained), 1e-3, plan.dtype)
            moments = np.zeros((NUM_MOMENTS, plan.weights.trained), plan.dtype)
            given = OPTIMIZER_KINDS[plan.optimizer], plan.optimizer_options, vectors, moments, first_scalars()
            updates(*given)
            start = time.perf_counter()
            updates(*given)
            spent = (time.perf_counter() - start) / STEPS
            least[f"{name} optimizer"] = min(spent, least.get(f"{name} optimizer", spent))
    passes = {name: max(0.0, least[name] - least[f"{name} optimizer"]) for name in epochs}
    return {
        "circuit": max(0.0, passes["whole"] - passes["dense"]),
        "layers": max(0.0, passes["dense"] - passes["bare"]),
        "optimizer": least["whole optimizer"],
        "rest": passes["bare"],
    }
