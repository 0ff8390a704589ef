"""The torch side: a circuit on a device as a differentiable function of its angles.

The seed of a job's shots comes from the run's seed, what is asked, and how often it was asked before, so every
evaluation has noise of its own, a run repeats it, and an interrupted run goes on as it would have.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends.primitive.jobs import Jobs
from hqnn_dsl.backends.primitive.placement import EXACT, place
from hqnn_dsl.backends.shifts.function import evaluated
from hqnn_dsl.backends.shifts.gradients import Spsa, shift_slopes, spsa_gradients

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from hqnn_dsl.backends.meter import Meter, Price
    from hqnn_dsl.backends.primitive.placement import Placed, Settings
    from hqnn_dsl.backends.shifts.readout import Floats
    from hqnn_dsl.circuit.ir import Circuit

ROWS_AT_A_TIME = 1 << 14
"""Shifted rows that exist at a time."""


class PrimitiveExecutable:
    """A circuit on a device, behind a Qiskit estimator; see `backends.Executable`.

    Second derivatives are the reference's if `inexact` is empty, and refused otherwise.

    Rows without an input in any gate are all alike: one is run and stands for all.
    """

    def __init__(self, circuit: Circuit, settings: Settings, seed: int, placed: Placed | None = None) -> None:
        self.circuit = circuit
        self.settings = settings
        self.seed = seed
        self.real = torch.float64 if settings.precision == "double" else torch.float32
        self.placed = placed or place(circuit, settings, seed)
        self.jobs = Jobs(
            self.placed.device,
            self.placed.circuit,
            self.placed.shiftable.parameters,
            self.placed.terms,
            settings.shots,
            seed,
            settings=f"{settings.resilience}",
        )

    def __reduce__(self) -> tuple[type[PrimitiveExecutable], tuple[Circuit, Settings, int]]:
        return PrimitiveExecutable, (self.circuit, self.settings, self.seed)

    @property
    def meter(self) -> Meter:
        """What is spent and may be."""
        return self.jobs.meter

    @property
    def is_paid(self) -> bool:
        """Whether somebody pays for the device."""
        return self.placed.device.is_paid

    def keep_jobs_in(self, folder: Path) -> None:
        """Keep jobs and their answers in a folder, and go on with those that are there."""
        self.jobs.keep_in(folder)

    @property
    def named(self) -> str:
        """What a user calls it."""
        return f'primitive("{self.settings.name}")'

    @property
    def inexact(self) -> str:
        """What makes it another function than the ideal circuit's; empty if nothing does."""
        if self.settings.name != EXACT:
            return "the shots of a device"
        gradient = self.settings.gradient.name
        return "" if gradient == "parameter_shift" else f"`gradient: {gradient}`"

    @property
    def metadata(self) -> Mapping[str, object]:
        """Where it ran, with what, and what was spent."""
        chosen, device, meter = self.settings, self.placed.device, self.meter
        return {
            "method": "primitive",
            "device": device.name,
            "shots": chosen.shots,
            "shots_repeatable": device.is_seeded,
            "gradient": str(chosen.gradient),
            "optimization": chosen.optimization,
            "mode": chosen.mode,
            "resilience": chosen.resilience,
            "bases": len(self.jobs.bases),
            "jobs": meter.jobs,
            "circuits": meter.spent.circuits,
            "all_shots": meter.spent.shots,
            "quantum_seconds": meter.spent.seconds if meter.reported else None,
        }

    def price(self, rows: int, *, by_sample: bool = False, by_shared: bool = False) -> Price:
        """What outputs for so many rows cost, and their gradients where something is asked for."""
        shiftable, gradient = self.placed.shiftable, self.settings.gradient
        rows = min(rows, 1) if self._stands_for_all else rows
        forward = self.jobs.price(rows)
        if not (by_sample or by_shared):
            return forward
        if gradient.name == "spsa":
            again = self.jobs.price(2 * rows) * int(gradient["samples"])
        else:
            shifted = shiftable.plan(by_sample=by_sample, by_shared=by_shared).num_shifts * rows
            whole, rest = divmod(shifted, ROWS_AT_A_TIME)
            again = self.jobs.price(ROWS_AT_A_TIME) * whole + self.jobs.price(rest)
        return forward + again

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]` and `shared[W]`; `state` is None."""
        assert state is None, "an amplitude input is refused when the circuit is loaded"
        return evaluated(self, per_sample, shared)

    def outputs(self, per_sample: Floats, shared: Floats) -> Floats:
        """Outputs `[B, M]` in float64 for angles in float64."""
        angles = self.placed.shiftable.angles(per_sample, shared)
        if self._stands_for_all and len(angles):
            return self._evaluate(angles[:1]).repeat(len(angles), axis=0)
        return self._evaluate(angles)

    def gradients(
        self, per_sample: Floats, shared: Floats, upstream: Floats, *, by_sample: bool, by_shared: bool
    ) -> tuple[Floats, Floats]:
        """Gradients `[B, E]` and `[W]` under `upstream[B, M]`; what is not asked for is incomplete."""
        shiftable, gradient = self.placed.shiftable, self.settings.gradient
        num_rows = len(per_sample)
        if self._stands_for_all and num_rows:
            per_sample, upstream = per_sample[:1], upstream.sum(axis=0, keepdims=True)
        if gradient.name == "spsa":
            spsa = Spsa(gradient["samples"], gradient["step"], self._chance(per_sample, shared, upstream))
            to_sample, to_shared = spsa_gradients(shiftable, (per_sample, shared), upstream, self._evaluate, spsa)
        else:
            angles = shiftable.angles(per_sample, shared)
            plan = shiftable.plan(by_sample=by_sample, by_shared=by_shared)
            slopes = shift_slopes(plan, angles, upstream, self._evaluate, ROWS_AT_A_TIME)
            to_sample, to_shared = shiftable.pull_back(slopes)
        return to_sample if len(to_sample) == num_rows else np.zeros((num_rows, per_sample.shape[1])), to_shared

    @property
    def _stands_for_all(self) -> bool:
        return not self.placed.shiftable.by_sample.nnz

    def _evaluate(self, rows: Floats) -> Floats:
        return self.placed.readout.outputs(self.jobs(rows))

    def _chance(self, *arrays: Floats) -> np.random.Generator:
        """Signs for SPSA, from what is asked, so that a step done again after a break asks the same."""
        digest = hashlib.sha256(str(self.seed).encode())
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return np.random.default_rng(int.from_bytes(digest.digest()[:16], "little"))
