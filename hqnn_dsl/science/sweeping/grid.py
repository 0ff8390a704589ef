"""The swept settings as Optuna has them, and the combinations of their values if these can be counted."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hqnn_dsl.literals import setting as setting_text
from hqnn_dsl.science.sweeping.files import AxisRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optuna.distributions import BaseDistribution

    from hqnn_dsl.semantics.sweep import Axis, Plain

Setting = dict[str, "Plain"]


@dataclass(frozen=True)
class Grid:
    """The axes of a sweep."""

    axes: tuple[Axis, ...]

    @cached_property
    def size(self) -> int | None:
        """The number of combinations, None if a setting is drawn from real numbers."""
        if not all(axis.is_finite for axis in self.axes):
            return None
        return math.prod(len(axis.values) for axis in self.axes)

    def settings(self) -> Iterator[Setting]:
        """Yields every combination; the last axis changes first."""
        names = [axis.path for axis in self.axes]
        for values in itertools.product(*(axis.values for axis in self.axes)):
            yield dict(zip(names, values, strict=True))

    def distributions(self) -> dict[str, BaseDistribution]:
        """Returns the axes as Optuna has them: a list by the texts of its values, without an order."""
        return {axis.path: _distribution(axis) for axis in self.axes}

    def parameters(self, setting: Mapping[str, Plain]) -> dict[str, Any]:
        """Returns a setting as Optuna has it."""
        return {
            axis.path: setting_text(setting[axis.path]) if axis.kind == "list" else setting[axis.path]
            for axis in self.axes
        }

    def setting(self, parameters: Mapping[str, Any]) -> Setting:
        """Returns Optuna's parameters as a setting."""
        texts = {axis.path: {setting_text(value): value for value in axis.values} for axis in self.axes}
        return {
            axis.path: texts[axis.path][parameters[axis.path]] if axis.kind == "list" else parameters[axis.path]
            for axis in self.axes
        }

    def records(self) -> list[AxisRecord]:
        """Returns what is told of the axes."""
        return [
            AxisRecord(
                path=axis.path,
                kind=axis.kind,
                text=axis.text,
                values=list(axis.values),
                low=None if axis.is_finite else axis.low,
                high=None if axis.is_finite else axis.high,
            )
            for axis in self.axes
        ]


def key(setting: Mapping[str, Plain]) -> tuple[tuple[str, str], ...]:
    """Returns what is equal for equal settings, and for no others: 1 and true are two."""
    return tuple(sorted((path, setting_text(value)) for path, value in setting.items()))


def _distribution(axis: Axis) -> BaseDistribution:
    from optuna import distributions

    if axis.kind == "list":
        return distributions.CategoricalDistribution([setting_text(value) for value in axis.values])
    if axis.kind == "range":
        whole = sorted(int(value) for value in axis.values)
        step = whole[1] - whole[0] if len(whole) > 1 else 1
        return distributions.IntDistribution(whole[0], whole[-1], step=step)
    return distributions.FloatDistribution(axis.low, axis.high, log=axis.kind == "log")
