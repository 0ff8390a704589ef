"""Gradients from evaluations only: by the shift rules, or by simultaneous perturbation (SPSA).

Both get `evaluate(rows[R, K]) -> outputs[R, M]` and give the upstream gradient's pull-back to the angles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.backends.shifts.circuit import ShiftableCircuit
    from hqnn_dsl.backends.shifts.plan import Plan
    from hqnn_dsl.backends.shifts.readout import Floats

    Evaluate = Callable[[Floats], Floats]


def shift_slopes(plan: Plan, angles: Floats, upstream: Floats, evaluate: Evaluate, rows_at_a_time: int) -> Floats:
    """`[B, K]`: the derivative of `upstream[B, M]` · outputs by every occurrence that `plan` asks for."""
    slopes = plan.slopes(len(angles))
    for part in plan.parts(len(angles), rows_at_a_time):
        plan.add(evaluate(plan.rows(angles, part)), upstream, part, slopes)
    return slopes


@dataclass(frozen=True)
class Spsa:
    """How many draws are averaged, how far angles move (radians), and where the signs come from."""

    samples: int
    step: float
    rng: np.random.Generator


def spsa_gradients(
    shiftable: ShiftableCircuit, angles: tuple[Floats, Floats], upstream: Floats, evaluate: Evaluate, spsa: Spsa
) -> tuple[Floats, Floats]:
    """Estimates `[B, E]` and `[W]` for `angles` (`per_sample[B, E]`, `shared[W]`), the mean of `spsa.samples` draws.

    A draw moves every angle at once by ±`step`, each row with signs of its own, and runs both ways: two evaluations a
    row, however many angles there are. An angle's slope is the difference over 2·`step`, times its sign; what the other
    angles add to it has mean zero (Spall 1992, https://doi.org/10.1109/9.119632), up to a bias of order step².
    """
    per_sample, shared = angles
    middle = shiftable.angles(per_sample, shared)
    to_sample, to_shared = np.zeros_like(per_sample), np.zeros_like(shared)
    for _ in range(spsa.samples):
        sample_signs = spsa.rng.choice((-1.0, 1.0), size=per_sample.shape)
        shared_signs = spsa.rng.choice((-1.0, 1.0), size=(len(per_sample), len(shared)))
        moved = spsa.step * shiftable.directions(sample_signs, shared_signs)
        ahead, behind = np.split(evaluate(np.concatenate([middle + moved, middle - moved])), 2)
        slope = ((ahead - behind) * upstream).sum(axis=1, keepdims=True) / (2 * spsa.step * spsa.samples)
        to_sample += slope * sample_signs
        to_shared += (slope * shared_signs).sum(axis=0)
    return to_sample, to_shared
