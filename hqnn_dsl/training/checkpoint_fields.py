"""The fields of a checkpoint: a checkpoint as torch loads it, or the sentence that says what in it cannot be right."""

from __future__ import annotations

import random
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import ConfigDict, Field, field_validator, model_validator
from torch import Tensor

from hqnn_dsl.documents import Count, NotNegative, Positive, Record, Wrong, is_number, validated
from hqnn_dsl.training.step.kernels.arrays import NUM_TOTALS


class _Epoch(Record):
    number: Positive
    lr: NotNegative
    quantum_lr: NotNegative
    train_loss: float
    validation_loss: float | None
    is_best: bool
    grad_scale: NotNegative | None
    end_loss: float | None = None
    classical_grad: NotNegative | None = None
    quantum_grad: NotNegative | None = None
    classical_mean_grad: NotNegative | None = None
    quantum_mean_grad: NotNegative | None = None


class _Gradients(Record):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    sums: Tensor
    totals: Tensor

    @model_validator(mode="after")
    def _are_totals(self) -> _Gradients:
        for name, found in (("sums", self.sums), ("totals", self.totals)):
            if found.layout != torch.strided or found.is_meta or found.dtype != torch.float64 or found.ndim != 1:
                raise ValueError(f"`{name}` is no row of numbers")
        if len(self.totals) != NUM_TOTALS or not bool((self.totals >= 0).all()):
            raise ValueError("`totals` are not two sums of squares and a number of steps")
        return self


class _Checkpoint(Record):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    version: str
    spec: str
    data: str | None = None
    epoch: Count
    step: Count
    loss_sum: float
    gradients: _Gradients | None = None
    history: list[_Epoch]
    seconds: list[NotNegative]
    model: Annotated[dict[str, Tensor], Field(min_length=1)]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    scaler: dict[str, Any]
    stop: dict[str, Any]
    rng: dict[str, Any]
    draws: Count

    @field_validator("model")
    @classmethod
    def _finite(cls, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        for name, weight in weights.items():
            if weight.layout != torch.strided or weight.is_quantized or weight.is_meta or weight.is_complex():
                raise ValueError(f"`{name}` is no tensor of real numbers")
            if not bool(torch.isfinite(weight).all()):
                raise ValueError(f"`{name}` has a number that is not finite")
        return weights

    @field_validator("rng")
    @classmethod
    def _generators(cls, states: dict[str, Any]) -> dict[str, Any]:
        if set(states) != set(_TAKERS):
            raise ValueError("its generators are not torch, cuda, python and numpy")
        for name, takes in _TAKERS.items():
            try:
                takes(states[name])
            except Exception:  # noqa: BLE001 - the generators raise whatever the values lead them into
                raise ValueError(f"the state of `{name}` is none that it ever has") from None
        return states

    @model_validator(mode="after")
    def _agree(self) -> _Checkpoint:
        if not self.epoch == len(self.history) == len(self.seconds):
            raise ValueError(
                f"epoch is {self.epoch}, of {len(self.history)} in history and {len(self.seconds)} in seconds"
            )
        if [epoch.number for epoch in self.history] != list(range(1, self.epoch + 1)):
            raise ValueError("the epochs of history are not counted from 1")
        return self


def check_checkpoint(loaded: object) -> dict[str, Any]:
    """A checkpoint as it was loaded, if it is one. Raises `Wrong`."""
    if not isinstance(loaded, dict) or "model" not in loaded:
        raise Wrong("it is no checkpoint")
    validated(_Checkpoint, loaded)
    return loaded


def _take_torch(state: Any) -> None:
    torch.Generator().set_state(state)


def _take_cuda(states: Any) -> None:
    if not isinstance(states, list) or not all(isinstance(s, Tensor) and s.dtype == torch.uint8 for s in states):
        raise TypeError


def _take_python(state: Any) -> None:
    version, words, gauss = state
    random.Random().setstate((version, tuple(words), gauss))  # noqa: S311 - only tried
    if gauss is not None and not is_number(gauss):
        raise TypeError


def _take_numpy(state: Any) -> None:
    name, keys, position, has_gauss, cached = state
    if not (0 <= position <= len(keys) and has_gauss in {0, 1} and is_number(cached)):
        raise ValueError
    np.random.RandomState().set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, cached))


_TAKERS = {"torch": _take_torch, "cuda": _take_cuda, "python": _take_python, "numpy": _take_numpy}
"""How to try the state of each random generator, without touching the one in use."""
