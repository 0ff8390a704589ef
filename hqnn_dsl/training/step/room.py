"""The memory that steps write, for the largest batch of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.registers import LANES
from hqnn_dsl.training.step.kernels.arrays import Network, Room

if TYPE_CHECKING:
    from torch import Tensor

    from hqnn_dsl.training.step.kernels.arrays import Circuit
    from hqnn_dsl.training.step.plan import StepPlan


def room_of(plan: StepPlan, circuit: Circuit, batch: int, kept: int, *, gradients: bool) -> Room:
    """Returns the memory for batches of at most `batch` rows, of which the circuit keeps `kept` numbers of states."""
    pair = 2 * LANES[plan.dtype]
    stride = -(-batch // pair) * pair

    def numbers(count: int, dtype: Any = plan.dtype) -> Any:
        return np.zeros(count, dtype)

    back = int(gradients)
    inputs, samples, shared, readings, _, _, amplitudes, state_back, _ = circuit.sizes
    tiles = int(max(circuit.tiles, default=0))
    return Room(
        values=numbers(plan.features * stride),
        slopes=numbers(back * plan.features * stride),
        targets=numbers(back * plan.targets * stride),
        row_weights=np.ones(back * stride, plan.dtype),
        inputs=numbers(batch * inputs),
        samples=numbers(batch * samples),
        shared=numbers(shared),
        state=numbers(batch * amplitudes),
        lengths=numbers(batch if amplitudes else 0),
        outputs=numbers(batch * readings),
        upstream=numbers(back * batch * readings),
        input_grads=numbers(back * batch * inputs),
        sample_grads=numbers(back * batch * samples),
        state_grads=numbers(back * state_back * batch * amplitudes),
        weights=numbers(len(circuit.index)),
        weight_grads=numbers(back * len(circuit.index)),
        kept=np.empty(kept, plan.dtype),
        partials=numbers(back * tiles * shared, np.float64),
    )


def array_of(tensor: Tensor, dtype: str) -> Any:
    """The numbers of a tensor as an array of rows, one after the other."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype)


def features_of(plan: StepPlan, features: Tensor) -> Any:
    """The features `[N, F]` as an array.

    Raises `ValueError` if they do not fit the network, and `IndexError` for a level that a column does not have.
    """
    if features.ndim != 2 or features.shape[1] != plan.columns:
        raise ValueError(f"features have the shape {list(features.shape)}, not [rows, {plan.columns}]")
    found = array_of(features, plan.dtype)
    for one in () if plan.net.columns is None else plan.net.columns.embeddings:
        levels = found[:, one.index]
        if len(levels) and not (levels.min() >= 0 and levels.max() < one.levels):
            raise IndexError(f"column {one.index} has a level that is not among its {one.levels}")
    return found


def network_of(plan: StepPlan, addresses: Any) -> Network:
    """The tables of a plan with the addresses of its kernels."""
    return Network(
        addresses, plan.sizes, plan.tape, plan.constants, plan.gather, plan.loss_options, plan.optimizer_options
    )
