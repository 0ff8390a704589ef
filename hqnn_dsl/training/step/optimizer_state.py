"""The flat state of a compiled optimizer, to and from the state that torch's optimizer has after the same steps.

`optimizer.state_dict()` is what a checkpoint keeps: a training that one loop began is gone on with by the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.training.step.kernels.optimizers import MU_PRODUCT, MU_STEP, NUM_MOMENTS, first_scalars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer

MOMENTS: dict[str, tuple[str | None, str | None]] = {
    "adamw": ("exp_avg", "exp_avg_sq"),
    "adam": ("exp_avg", "exp_avg_sq"),
    "nadam": ("exp_avg", "exp_avg_sq"),
    "radam": ("exp_avg", "exp_avg_sq"),
    "sgd": ("momentum_buffer", None),
    "nesterov": ("momentum_buffer", None),
    "rmsprop": ("square_avg", "momentum_buffer"),
}
"""torch's names of the rows of `moments`, for each optimizer of the catalog."""
WITHOUT_STEPS = frozenset({"sgd", "nesterov"})
"""Optimizers whose steps are all alike, so that torch does not count them."""


@dataclass(frozen=True, eq=False)
class FlatState:
    """Moments `[2, P]` and `scalars[4]` as `optimizer_step` takes them, after `step` steps."""

    moments: NDArray[Any] = field(repr=False)
    scalars: NDArray[np.float64] = field(repr=False)
    step: int


def first_state(num_weights: int, dtype: Any) -> FlatState:
    """Returns the state before the first step of that many weights."""
    return FlatState(np.zeros((NUM_MOMENTS, num_weights), dtype), first_scalars(), 0)


def write_state(name: str, optimizer: Optimizer, places: Mapping[Tensor, int], state: FlatState) -> None:
    """Give torch's optimizer a copy of the state.

    `places` says where in the flat vector each weight begins; weights that are not in it keep what they have, which is
    nothing if they were never trained. `name` is the optimizer's in the catalog.
    """
    for group, weight, begin in _placed(optimizer, places):
        if state.step == 0:
            optimizer.state.pop(weight, None)
            continue
        own: dict[str, Any] = {}
        if name not in WITHOUT_STEPS:
            own["step"] = _scalar(float(state.step), fused=bool(group.get("fused")))
        if name == "nadam":
            own["mu_product"] = _scalar(float(state.scalars[MU_PRODUCT]))
        for row, key in enumerate(MOMENTS[name]):
            if key is not None and _has(group, key):
                flat = torch.from_numpy(state.moments[row, begin : begin + weight.numel()].copy())
                own[key] = flat.reshape(weight.shape).to(weight)
        if own:
            optimizer.state[weight] = own


def read_state(name: str, optimizer: Optimizer, places: Mapping[Tensor, int], into: FlatState) -> FlatState:
    """Returns the state of torch's optimizer, with moments written to those of `into`; `places` as for `write_state`.

    The steps of `sgd` and `nesterov` are those of `into`, since torch does not count them. Raises `ValueError` if some
    weights have taken more steps than others.
    """
    into.moments[:] = 0
    scalars = first_scalars()
    steps: set[int] = set()
    for _, weight, begin in _placed(optimizer, places):
        own = optimizer.state.get(weight, {})
        for row, key in enumerate(MOMENTS[name]):
            found = None if key is None else own.get(key)
            if found is not None:
                into.moments[row, begin : begin + weight.numel()] = found.detach().cpu().reshape(-1).numpy()
        steps.add(int(own.get("step", 0)))
        if "mu_product" in own:
            scalars[MU_PRODUCT] = float(own["mu_product"])
    if len(steps) > 1:
        raise ValueError(f"weights have taken {', '.join(map(str, sorted(steps)))} steps of {name}, not all the same")
    step = into.step if name in WITHOUT_STEPS else next(iter(steps), 0)
    if name == "nadam":
        scalars[MU_STEP] = step
    return FlatState(into.moments, scalars, step)


def _placed(optimizer: Optimizer, places: Mapping[Tensor, int]) -> Iterator[tuple[dict[str, Any], Tensor, int]]:
    """Yields each weight of the optimizer that has a place, with its group and its place."""
    for group in optimizer.param_groups:
        for weight in group["params"]:
            if weight in places:
                yield group, weight, places[weight]


def _has(group: Mapping[str, Any], key: str) -> bool:
    """Whether torch keeps the moment for weights of a group: momentum only where there is some."""
    return key != "momentum_buffer" or group["momentum"] > 0


def _scalar(value: float, *, fused: bool = False) -> Tensor:
    """A number of an optimizer's state in the dtype that torch gives it, see `torch.optim.optimizer`."""
    is_double = not fused and torch.get_default_dtype() == torch.float64
    return torch.tensor(value, dtype=torch.float64 if is_double else torch.float32)
