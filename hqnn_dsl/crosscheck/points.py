"""The points at which backends are compared: random inputs and weights at which every angle is a finite number.

All numbers are exact in float32, so that single and double precision are asked the same question.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hqnn_dsl.circuit.angles import evaluate
from hqnn_dsl.diagnostics.codes.environment import CannotCheck
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit

ROWS = 2
"""Rows of a point: enough that a gradient of a weight is a sum."""

RANGES = ((-3.0, 3.0), (0.1, 0.9), (-0.9, 0.9), (1.1, 2.9))
"""Ranges that numbers are drawn from, one after the other until every angle is finite (`log`, `acos`)."""

MARGIN = 0.01
"""Angles are finite this far around a point too, so that differences can be taken."""


@dataclass(frozen=True, eq=False)
class Point:
    """Inputs `[B, I]`, all weights flattened `[P]`, and the gradient `[B, M]` that comes from above; float64.

    `turns` is the largest angle there in full turns, at least 1: single precision loses that factor. Whole turns that
    are taken out of constants before any rounding do not count.
    """

    inputs: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)
    upstream: Tensor = field(repr=False)
    turns: float


def find_points(circuit: Circuit, count: int, seed: int) -> list[Point]:
    """Returns `count` random points. Raises `Refusal` if none is found at which all angles are finite."""
    generator = torch.Generator().manual_seed(seed)
    return [_find(circuit, generator) for _ in range(count)]


def _find(circuit: Circuit, generator: torch.Generator) -> Point:
    for low, high in RANGES * 5:
        inputs = _drawn((ROWS, circuit.num_inputs), generator) * (high - low) + low
        weights = _drawn((circuit.num_weights,), generator) * (high - low) + low
        inputs, weights = inputs.float().double(), weights.float().double()
        largest = max(_largest_angle(circuit, inputs + shift, weights + shift) for shift in (-MARGIN, 0.0, MARGIN))
        if math.isfinite(largest):
            upstream = (_drawn((ROWS, circuit.num_outputs), generator) * 2 - 1).float().double()
            return Point(inputs, weights, upstream, turns=max(1.0, largest / (2 * math.pi)))
    raise Refusal(CannotCheck(reason="no inputs and weights were found for which every angle is a finite number"))


def _drawn(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def _largest_angle(circuit: Circuit, inputs: Tensor, weights: Tensor) -> float:
    """Returns the largest angle of all rows by amount, infinite if one is no finite number."""
    numbers, largest = tuple(weights.tolist()), 0.0
    for row in inputs.tolist():
        for angle in circuit.rounded_late().slots:
            try:
                value = evaluate(angle, tuple(row), numbers)
            except (ArithmeticError, ValueError):
                return math.inf
            if isinstance(value, complex) or not math.isfinite(value):
                return math.inf
            largest = max(largest, abs(value))
    return largest
