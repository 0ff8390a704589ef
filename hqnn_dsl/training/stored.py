"""What the files of a run may hold, field by field, and the sentence that says where one holds something else.

Reading a file gives plain data that is right in every field, or `Wrong`. Files of a later version are refused, files
without a version are those of version 1. Whoever reads a run imports this module late: it loads pydantic.
"""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from torch import Tensor

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.split import MIN_TRAINING_ROWS
from hqnn_dsl.training.baselines import BASELINES
from hqnn_dsl.training.own_loss import OWN

LARGEST = 2**53
"""No count of a run is larger."""

_LONGEST = 60
"""How much of a wrong value is shown."""


class Wrong(ValueError):
    """What is wrong with a file of a run, as the end of a sentence."""


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Count = Annotated[int, Field(ge=0, le=LARGEST)]
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Name = Annotated[str, Field(min_length=1)]
NotNegative = Annotated[float, Field(ge=0)]


class _Scaling(_Record):
    scale: Literal["standard", "none"]
    names: Annotated[list[Name], Field(min_length=1)]
    means: list[float]
    scales: list[Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _agree(self) -> _Scaling:
        if not len(self.names) == len(self.means) == len(self.scales):
            raise ValueError(f"{len(self.names)} names, {len(self.means)} means and {len(self.scales)} scales")
        if len(set(self.names)) < len(self.names):
            raise ValueError("a name is there twice")
        if self.scale == "none" and (any(self.means) or any(scale != 1 for scale in self.scales)):
            raise ValueError("nothing is scaled, but a mean is not 0 or a scale is not 1")
        return self


class _Loss(_Record):
    name: str
    options: dict[str, Any]

    @model_validator(mode="after")
    def _known(self) -> _Loss:
        if self.name == OWN:
            return self._check_function()
        if self.name not in LOSSES:
            raise ValueError(f"there is no loss `{self.name[:_LONGEST]}`")
        expected = {option.name: option for option in LOSSES[self.name].options}
        if set(self.options) != set(expected):
            raise ValueError(f"the options of `{self.name}` are {sorted(expected)}, not {sorted(self.options)}")
        for name, option in expected.items():
            value = self.options[name]
            if not _is_number(value) or (option.above is not None and not value > option.above):
                raise ValueError(f"{name} is {_shown(value)}")
        return self

    def _check_function(self) -> _Loss:
        """A loss of the user's own: the name of a function, and that of its file or none."""
        if set(self.options) != {"function", "file"}:
            raise ValueError(f"the options of `{OWN}` are ['file', 'function'], not {sorted(self.options)}")
        function, file = self.options["function"], self.options["file"]
        if not isinstance(function, str) or not function or not isinstance(file, str | None):
            raise ValueError(f"the function is {_shown(function)}, its file {_shown(file)}")
        return self


class _Table(_Record):
    rows: Positive
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Split(_Record):
    train: Annotated[list[Count], Field(min_length=MIN_TRAINING_ROWS)]
    validation: list[Count]
    test: list[Count]

    @property
    def rows(self) -> list[int]:
        return [*self.train, *self.validation, *self.test]

    @model_validator(mode="after")
    def _ascending(self) -> _Split:
        for name, rows in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            for before, row in pairwise(rows):
                if row <= before:
                    raise ValueError(f"in {name}, row {row} comes after row {before}")
        if len(set(self.rows)) < len(self.rows):
            raise ValueError("a row is in two parts")
        return self


class _Preprocess(_Record):
    version: Literal[1] = 1
    features: _Scaling
    target: _Scaling
    loss: _Loss
    batch: Positive
    table: _Table
    split: _Split

    @model_validator(mode="after")
    def _agree(self) -> _Preprocess:
        both = set(self.features.names) & set(self.target.names)
        if both:
            raise ValueError(f"`{min(both)[:_LONGEST]}` is a feature and a target")
        rows = self.split.rows
        if max(rows) >= self.table.rows:
            raise ValueError(f"split has row {max(rows)}, table.rows is {self.table.rows}")
        if len(rows) != self.table.rows:
            raise ValueError(f"split has {len(rows)} rows, table.rows is {self.table.rows}")
        return self


class _TargetScores(_Record):
    rmse: NotNegative | None
    mae: NotNegative | None
    r2: Annotated[float, Field(le=1)] | None


class _Scores(_TargetScores):
    loss: float | None
    targets: Annotated[dict[str, _TargetScores], Field(min_length=1)]


class _Metrics(_Record):
    version: Literal[1] = 1
    train: _Scores
    validation: _Scores | None
    test: _Scores | None
    baselines: dict[str, _Scores | None]

    @field_validator("baselines")
    @classmethod
    def _all(cls, found: dict[str, Any]) -> dict[str, Any]:
        if set(found) != set(BASELINES):
            raise ValueError(f"they are {sorted(BASELINES)}, not {sorted(found)}")
        return found


class _Epoch(_Record):
    number: Positive
    lr: NotNegative
    quantum_lr: NotNegative
    train_loss: float
    validation_loss: float | None
    is_best: bool
    grad_scale: NotNegative | None
    end_loss: float | None = None


class _Checkpoint(_Record):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    version: str
    spec: str
    epoch: Count
    step: Count
    loss_sum: float
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


def preprocess_of(data: bytes) -> dict[str, Any]:
    """The fields of `preprocess.json`. Raises `Wrong`."""
    return _checked(_Preprocess, _json(data)).model_dump(exclude={"version"})


def metrics_of(data: bytes) -> dict[str, Any]:
    """The scores of `metrics.json`. Raises `Wrong`."""
    return _checked(_Metrics, _json(data)).model_dump(exclude={"version"})


def text_of(data: bytes) -> str:
    """A file of text, with line ends as Python has them. Raises `Wrong`."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise Wrong("it begins with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(f"it is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x})") from None
    return text.replace("\r\n", "\n")


def check_checkpoint(loaded: object) -> dict[str, Any]:
    """A checkpoint as it was loaded, if it is one. Raises `Wrong`."""
    if not isinstance(loaded, dict) or "model" not in loaded:
        raise Wrong("it is no checkpoint")
    _checked(_Checkpoint, loaded)
    return loaded


def _checked(record: type[_Record], data: object) -> _Record:
    try:
        return record.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    except (OverflowError, RecursionError) as error:
        raise Wrong(f"a value is out of range ({error})") from None
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    raise Wrong(f"`{place}` {_sentence(first)}" if place else _sentence(first))


def _sentence(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is no field of it"
        case "value_error":
            return f"is wrong: {error['ctx']['error']}"
        case _:
            text = str(error["msg"])
            return f"is {_shown(error['input'])}: {text[:1].lower()}{text[1:]}"


def _shown(value: object) -> str:
    if isinstance(value, Tensor):
        return "a tensor"
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return f"of type {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _json(data: bytes) -> object:
    text = text_of(data)
    if not text.strip():
        raise Wrong("it is empty")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Wrong(f"it is no JSON: {error.msg[:1].lower()}{error.msg[1:]}, line {error.lineno}") from None
    except RecursionError:
        raise Wrong("it is no JSON of a run: it is nested too deep") from None
    except Wrong:
        raise
    except ValueError:
        raise Wrong("it has a number with too many digits") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Wrong(f"`{next(name for name in names if names.count(name) > 1)}` is there twice")
    return found


def _no_number(word: str) -> object:
    raise Wrong(f"it has {word} where a number must be")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _take_torch(state: Any) -> None:
    torch.Generator().set_state(state)


def _take_cuda(states: Any) -> None:
    if not isinstance(states, list) or not all(isinstance(s, Tensor) and s.dtype == torch.uint8 for s in states):
        raise TypeError


def _take_python(state: Any) -> None:
    version, words, gauss = state
    random.Random().setstate((version, tuple(words), gauss))  # noqa: S311 - only tried
    if gauss is not None and not _is_number(gauss):
        raise TypeError


def _take_numpy(state: Any) -> None:
    name, keys, position, has_gauss, cached = state
    if not (0 <= position <= len(keys) and has_gauss in {0, 1} and _is_number(cached)):
        raise ValueError
    np.random.RandomState().set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, cached))


_TAKERS = {"torch": _take_torch, "cuda": _take_cuda, "python": _take_python, "numpy": _take_numpy}
"""How to try the state of each random generator, without touching the one in use."""
