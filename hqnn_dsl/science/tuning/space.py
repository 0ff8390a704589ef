"""A search space: named settings with their ranges and defaults, which are the first trial."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Value = float | int | str | bool
Setting = Mapping[str, Value]
"""A value for each name of a space."""


@dataclass(frozen=True, kw_only=True)
class Real:
    """A number from `low` to `high`, both included; with `log`, drawn evenly by its logarithm."""

    low: float
    high: float
    default: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.default, log=self.log)

    def takes(self, value: object) -> bool:
        """Whether a value is in the range."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A whole number from `low` to `high`, both included; with `log`, drawn evenly by its logarithm."""

    low: int
    high: int
    default: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.default, log=self.log)

    def takes(self, value: object) -> bool:
        """Whether a value is in the range."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """One of several values without an order."""

    values: tuple[Value, ...]
    default: Value

    def __post_init__(self) -> None:
        if not self.takes(self.default) or len(set(map(repr, self.values))) < len(self.values):
            raise ValueError(f"{self.default!r} is none of {self.values}, or one of them is there twice")

    def takes(self, value: object) -> bool:
        """Whether a value is one of them, and of its type."""
        return any(type(value) is type(known) and value == known for known in self.values)


Dimension = Real | Whole | OneOf


def _check_range(low: float, high: float, default: float, *, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= default <= high) or (log and low <= 0):
        raise ValueError(f"no range from {low} to {high} with the default {default}")


@dataclass(frozen=True)
class Space:
    """Dimensions by their names. `first` are settings that are tried before any is proposed, after the defaults."""

    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    first: tuple[Setting, ...] = ()

    def __post_init__(self) -> None:
        for setting in self.first:
            self.check(setting)

    @property
    def defaults(self) -> dict[str, Value]:
        """The setting of the first trial."""
        return {name: dimension.default for name, dimension in self.dimensions.items()}

    @property
    def queue(self) -> tuple[dict[str, Value], ...]:
        """The settings that are tried first: the defaults, then those of `first`, each once."""
        found = [self.defaults]
        for setting in self.first:
            whole = {**self.defaults, **setting}
            if whole not in found:
                found.append(whole)
        return tuple(found)

    def check(self, setting: Setting) -> None:
        """Raise `ValueError` for a name that is none of the space's, or a value out of its range."""
        for name, value in setting.items():
            if name not in self.dimensions or not self.dimensions[name].takes(value):
                raise ValueError(f"`{name}` is no setting of the space, or {value!r} is out of its range")

    def starting_with(self, *settings: Setting) -> Space:
        """Returns the space with settings to try after the defaults. What they leave out has its default."""
        return replace(self, first=(*self.first, *settings))

    def joined(self, other: Space) -> Space:
        """Returns the dimensions of both, such as those of a spec and of its training."""
        return Space({**self.dimensions, **other.dimensions}, (*self.first, *other.first))

    def distributions(self) -> dict[str, BaseDistribution]:
        """Returns the space as Optuna has it. Imports Optuna."""
        return {name: _distribution(dimension) for name, dimension in self.dimensions.items()}

    def to_json(self) -> dict[str, Any]:
        """Returns plain data for a record."""
        return {
            name: {"kind": type(dimension).__name__, **{key: _plain(value) for key, value in vars(dimension).items()}}
            for name, dimension in self.dimensions.items()
        }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna import distributions

    match dimension:
        case Real(low=low, high=high, log=log):
            return distributions.FloatDistribution(low, high, log=log)
        case Whole(low=low, high=high, log=log):
            return distributions.IntDistribution(low, high, log=log)
        case OneOf(values=values):
            return distributions.CategoricalDistribution(values)
