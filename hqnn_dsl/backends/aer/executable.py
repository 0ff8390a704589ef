"""The torch side: a circuit run by Aer as a differentiable function of its angles.

Chance comes from the run's seed and the number of the call, one number for each forward and each backward, so every
evaluation has noise of its own and a run repeats it.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.backends.aer.sampling import sampled_outputs
from hqnn_dsl.backends.aer.simulation import Terms, machine_of
from hqnn_dsl.backends.aer.trajectories import Trajectories
from hqnn_dsl.backends.meter import Price
from hqnn_dsl.backends.shifts.function import evaluated
from hqnn_dsl.backends.shifts.gradients import Spsa, shift_slopes, spsa_gradients
from hqnn_dsl.backends.shifts.readout import readout_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from hqnn_dsl.backends.aer.settings import Settings
    from hqnn_dsl.backends.shifts.gradients import Evaluate
    from hqnn_dsl.backends.shifts.readout import Floats
    from hqnn_dsl.circuit.ir import Circuit

REPORTED = (
    "num_qubits",
    "runtime_parameter_bind",
    "batched_shots_optimization",
    "cuStateVec_enable",
    "max_gpu_memory_mb",
)
"""What the metadata has as Aer reported it of the last run, besides `method` and `device`."""


class BatchedExecutable:
    """A circuit run by Aer with all samples and all shifts at once; see `backends.Executable`.

    Second derivatives are the reference's if `inexact` is empty, and refused otherwise.

    Gradients are computed for what requires them: angles per sample, shared ones, or both. `draws` counts evaluations:
    see `backends.SamplingExecutable`.
    """

    def __init__(self, circuit: Circuit, settings: Settings, seed: int) -> None:
        self.circuit = circuit
        self.settings = settings
        self.seed = seed
        self.real = torch.float64 if settings.precision == "double" else torch.float32
        self._machine = machine_of(circuit, settings, seed)
        self._readout = readout_of(circuit)
        self.draws = 0
        self._lock = Lock()
        self._last_row: Floats | None = None

    def __reduce__(self) -> tuple[type[BatchedExecutable], tuple[Circuit, Settings, int]]:
        return BatchedExecutable, (self.circuit, self.settings, self.seed)

    @property
    def named(self) -> str:
        """What a user calls it."""
        return "aer"

    @property
    def inexact(self) -> str:
        """Which option makes it another function than the ideal circuit's; empty if none does."""
        chosen = self.settings
        if chosen.shots is not None:
            return "`shots`"
        if chosen.noise is not None:
            return "`noise`"
        if chosen.gradient.name != "parameter_shift":
            return f"`gradient: {chosen.gradient.name}`"
        limited = chosen.simulation != SIMULATIONS["matrix_product_state"].selected()
        return "a bounded `simulation`" if chosen.method == "matrix_product_state" and limited else ""

    @property
    def metadata(self) -> Mapping[str, object]:
        """What was asked for, and what Aer reported of the last run.

        With matrix product states also the largest bond dimension and the truncation error of the last call's first
        row, for which reading this runs it once more.
        """
        chosen, report = self.settings, self._machine.report
        found: dict[str, object] = {
            "method": "batched",
            "simulation": report.get("method", chosen.method),
            "device": report.get("device", chosen.device),
            "precision": chosen.precision,
            "custatevec": chosen.custatevec,
            "shots": chosen.shots,
            "noise": None if chosen.noise is None else str(chosen.noise),
            "gradient": str(chosen.gradient),
        }
        found |= {name: report[name] for name in REPORTED if name in report}
        if chosen.method == "matrix_product_state" and self._last_row is not None:
            found["bond_dimension"], found["truncation_error"] = self._terms.bond(self._last_row)
        return found

    def price(self, rows: int, *, by_sample: bool = False, by_shared: bool = False) -> Price:
        """Returns the circuits that Aer simulates for outputs of so many rows, and gradients if asked for, and shots.

        A circuit is a row of angles; if noise is drawn shot by shot, each term of each output has one of its own.
        """
        shiftable, gradient = self._machine.shiftable, self.settings.gradient
        alone = 1 if self._one_stands_for_all else rows
        forward = self._price_of(min(rows, alone))
        if not (by_sample or by_shared):
            return forward
        if gradient.name == "spsa":
            return forward + self._price_of(2 * rows) * int(gradient["samples"])
        shifts = shiftable.plan(by_sample=by_sample, by_shared=by_shared).num_shifts
        return forward + self._price_of(shifts * min(rows, alone))

    def _price_of(self, rows: int) -> Price:
        """The cost of so many rows of angles."""
        read, shots = self._readout, self.settings.shots
        drawn = len(read.sums) + len(read.outcomes)
        all_shots = rows * drawn * (shots or 0)
        if shots is not None and self.settings.samples_runs:
            return Price(rows * drawn, all_shots)
        run = 0 if not read.num_values else rows if self._machine.shiftable.parameters else min(rows, 1)
        return Price(run, all_shots)

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]` and `shared[W]`; `state` is None."""
        assert state is None, "an amplitude input is refused when the circuit is loaded"
        return evaluated(self, per_sample, shared)

    def outputs(self, per_sample: Floats, shared: Floats) -> Floats:
        """Outputs `[B, M]` in float64 for angles in float64."""
        angles = self._machine.shiftable.angles(per_sample, shared)
        self._last_row = angles[0] if len(angles) else self._last_row
        evaluate, _ = self._evaluation()
        return evaluate(angles[:1]).repeat(len(angles), axis=0) if self._is_alone(angles) else evaluate(angles)

    def gradients(
        self, per_sample: Floats, shared: Floats, upstream: Floats, *, by_sample: bool, by_shared: bool
    ) -> tuple[Floats, Floats]:
        """Gradients `[B, E]` and `[W]` under `upstream[B, M]`; what is not asked for is incomplete."""
        shiftable, gradient = self._machine.shiftable, self.settings.gradient
        evaluate, rng = self._evaluation()
        if gradient.name == "spsa":
            spsa = Spsa(gradient["samples"], gradient["step"], rng)
            return spsa_gradients(shiftable, (per_sample, shared), upstream, evaluate, spsa)
        angles = shiftable.angles(per_sample, shared)
        if self._is_alone(angles):
            angles, upstream = angles[:1], upstream.sum(axis=0, keepdims=True)
        plan = shiftable.plan(by_sample=by_sample, by_shared=by_shared)
        slopes = shift_slopes(plan, angles, upstream, evaluate, self._terms.rows_at_a_time)
        to_sample, to_shared = shiftable.pull_back(slopes)
        return np.zeros_like(per_sample) if len(to_sample) != len(per_sample) else to_sample, to_shared

    def _is_alone(self, angles: Floats) -> bool:
        """Whether one row stands for all: no input is in any gate, and no chance makes rows differ."""
        return len(angles) > 1 and self._one_stands_for_all

    @property
    def _one_stands_for_all(self) -> bool:
        return self.settings.shots is None and not self._machine.shiftable.by_sample.nnz

    @cached_property
    def _terms(self) -> Terms:
        return Terms(self._machine, self._readout)

    @cached_property
    def _trajectories(self) -> Trajectories:
        return Trajectories(self._machine, self._readout)

    def _evaluation(self) -> tuple[Evaluate, np.random.Generator]:
        """`evaluate(rows[R, K]) -> outputs[R, M]`, and the chance of this one call, which it draws from too."""
        with self._lock:
            rng = np.random.default_rng([self.seed, self.draws])
            self.draws += 1
        shots = self.settings.shots
        if shots is None:
            return lambda rows: self._readout.outputs(self._terms(rows)), rng
        if self.settings.samples_runs:
            return lambda rows: self._trajectories(rows, shots, rng), rng
        return lambda rows: sampled_outputs(self._readout, self._terms(rows), shots, rng), rng
