"""Whether the states in a checkpoint are those of this training's optimizer, scheduler, stop and scaler.

What torch loads it does not look at: a state with a wrong part would fail, or train wrongly, some steps later. So each
state is held beside one that a fresh part has.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hqnn_dsl.catalog.objectives import OPTIMIZERS

if TYPE_CHECKING:
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.loop import Training

_MAY_DIFFER = {"lr", "fused"}
"""Settings of an optimizer that change while it works, or with the device."""


def unfit(training: Training, snapshot: Snapshot, num_batches: int) -> str:
    """What in a checkpoint cannot be of this training, as a sentence with the field in it; empty if nothing is."""
    if snapshot["epoch"] > training.settings.epochs:
        return f"`epoch` is {snapshot['epoch']}, of {training.settings.epochs}"
    if snapshot["step"] > num_batches:
        return f"`step` is {snapshot['step']}, of {num_batches} in an epoch"
    gradients, weights = snapshot.get("gradients"), len(training.gradients.sums)
    if gradients is not None and len(gradients["sums"]) != weights:
        return f"`gradients.sums` are of {len(gradients['sums'])} weights, the network has {weights}"
    states = [
        ("model", training.net.state_dict()),
        ("scheduler", {} if training.scheduler is None else training.scheduler.state_dict()),
        ("stop", {} if training.stop is None else training.stop.state_dict()),
    ]
    if training.scaler.is_enabled() and snapshot["scaler"]:
        states.append(("scaler", training.scaler.state_dict()))
    found = (_difference(snapshot[name], fresh, name) for name, fresh in states)
    return next(filter(None, found), "") or _optimizer(training, snapshot)


def unfit_weights(training: Training, snapshot: Snapshot) -> str:
    """What in a checkpoint's weights cannot be of this training's network; empty if nothing is."""
    return _difference(snapshot["model"], training.net.state_dict(), "model")


def _optimizer(training: Training, snapshot: Snapshot) -> str:
    stored, fresh = snapshot["optimizer"], training.optimizer.state_dict()
    if set(stored) != set(fresh) or not isinstance(stored["state"], dict):
        return "`optimizer` has not the fields state and param_groups"
    problem = _difference(stored["param_groups"], fresh["param_groups"], "optimizer.param_groups")
    if problem:
        return problem
    for index, (group, own) in enumerate(zip(stored["param_groups"], fresh["param_groups"], strict=True)):
        for name, value in own.items():
            if name not in _MAY_DIFFER and _plain_list(group[name]) != _plain_list(value):
                return f"`optimizer.param_groups[{index}].{name}` is {group[name]!r}, not {value!r}"
    began = snapshot["epoch"] > 0 or snapshot["step"] > 0
    after = _state_after_a_step(training)
    if not stored["state"]:  # gradient descent without momentum remembers nothing
        return "`optimizer.state` is empty after the first step" if began and after and not snapshot["scaler"] else ""
    for key, state in stored["state"].items():
        if key not in after:
            return f"`optimizer.state` has a weight {key!r}, which the network does not have"
        problem = _difference(state, after[key], f"optimizer.state[{key}]")
        if problem:
            return problem
    return ""


def _plain_list(value: Any) -> Any:
    """A tuple as a list, anything else as it is."""
    return list(value) if isinstance(value, tuple) else value


def _state_after_a_step(training: Training) -> dict[int, Any]:
    """The state of an optimizer like the training's, which has made one step on weights like its own."""
    groups = [[nn.Parameter(torch.zeros_like(weight)) for weight in weights] for weights in training.weight_groups]
    for weight in (*groups[0], *groups[1]):
        weight.grad = torch.zeros_like(weight)
    settings = training.settings.optimizer
    build = OPTIMIZERS[settings.name].build
    assert build is not None
    optimizer = build(*groups, settings.options)
    optimizer.step()
    state: dict[int, Any] = optimizer.state_dict()["state"]
    return state


def _difference(found: Any, fresh: Any, place: str) -> str:
    """The first place where `found` has another form than `fresh`: other fields, types, shapes, or no finite number."""
    wrong = f"`{place}` is not what it was when it was written"
    if isinstance(fresh, Tensor):
        same = isinstance(found, Tensor) and found.shape == fresh.shape and found.dtype == fresh.dtype
        return "" if same and bool(torch.isfinite(found).all()) else wrong
    if isinstance(fresh, dict):
        if not isinstance(found, dict):
            return wrong
        odd = sorted(map(str, set(found) ^ set(fresh)))
        if odd:
            return f"`{place}.{odd[0]}` is {'missing' if odd[0] in map(str, fresh) else 'no field of it'}"
        return next(filter(None, (_difference(found[key], fresh[key], f"{place}.{key}") for key in fresh)), "")
    if isinstance(fresh, list | tuple):
        if not isinstance(found, list | tuple) or len(found) != len(fresh):
            return wrong
        pairs = enumerate(zip(found, fresh, strict=True))
        return next(filter(None, (_difference(one, own, f"{place}[{at}]") for at, (one, own) in pairs)), "")
    return "" if _is_like(found, fresh) else wrong


def _is_like(found: Any, fresh: Any) -> bool:
    """Whether a plain value could stand where `fresh` stands."""
    if isinstance(fresh, bool) or fresh is None or isinstance(fresh, str):
        return isinstance(found, bool | None) if not isinstance(fresh, str) else found == fresh
    if isinstance(found, bool) or not isinstance(found, int if isinstance(fresh, int) else int | float):
        return False
    return not math.isnan(found) and (found >= 0 or fresh < 0) and (math.isfinite(found) or math.isinf(fresh))
