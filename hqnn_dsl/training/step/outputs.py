"""Outputs of a network by compiled kernels: what validation and predictions need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends.native.compiled import call
from hqnn_dsl.backends.native.kernels.tile_queue import QUEUE_SIZE
from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.shuffled_rows import other_rows
from hqnn_dsl.training.step import compiled
from hqnn_dsl.training.step.circuit_tables import most_threads, no_circuit
from hqnn_dsl.training.step.kernels.arrays import NUM_NOTES
from hqnn_dsl.training.step.room import features_of, network_of, room_of
from hqnn_dsl.training.step.threads import helped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hqnn_dsl.training.step.kernels.arrays import Circuit, Room
    from hqnn_dsl.training.step.plan import StepPlan

EVALUATION_ROWS = 4
"""How many times more rows than in training are evaluated at once."""
LEAST_ROWS = 64


class Outputs:
    """The outputs of a plan's network with its weights as they are: no dropout, no gradients.

    `workers` is the most threads that a call takes, which changes no bit of the results.
    """

    def __init__(self, plan: StepPlan, workers: int = 1) -> None:
        self.plan = plan
        self.workers = workers
        self._made: dict[tuple[int, ...], tuple[Circuit, Room]] = {}
        names = compiled.VALUES if plan.circuit is not None else ("layers",)
        self._network = network_of(plan, compiled.addresses(plan.dtype, names))

    def __call__(self, features: Tensor) -> Tensor:
        """Outputs `[N, O]` for `features[N, F]`, both scaled, in the network's dtype.

        Raises `Refusal` for a row of amplitudes that are all zeros, and if the states take more than the memory limit.
        """
        plan, rows, others = self.plan, features_of(self.plan, features), np.arange(len(features))
        if plan.rows_seed is not None:
            others = other_rows(len(features), plan.rows_seed).numpy()
            rows = np.ascontiguousarray(rows[others])
        out = np.empty((len(rows), plan.outputs), plan.dtype)
        starts = np.arange(0, len(rows), max(EVALUATION_ROWS * plan.batch, LEAST_ROWS))
        bounds = (
            np.stack([starts, np.append(starts[1:], len(rows))], axis=1) if len(rows) else np.zeros((0, 2), np.int64)
        )
        counts = bounds[:, 1] - bounds[:, 0]
        sizes = sorted(set(counts.tolist()), reverse=True)
        circuit, room = self._tables(sizes)
        kinds = np.array([sizes.index(count) for count in counts.tolist()], np.int64)
        queue, notes, draws = np.zeros(QUEUE_SIZE, np.int64), np.zeros(NUM_NOTES, np.int64), np.zeros(3, np.int64)
        given = self._network, circuit, room, plan.weights.vector(), rows, np.arange(len(rows)), bounds, kinds, draws
        with helped(circuit, room, queue, notes, min(self.workers, most_threads(circuit))):
            empty = call(("outputs", plan.dtype), compiled.run_outputs, *given, out, queue, notes)
        if empty >= 0:
            raise Refusal(ZeroAmplitudes(row=int(others[empty])))
        return torch.from_numpy(out)

    def _tables(self, sizes: Sequence[int]) -> tuple[Circuit, Room]:
        """The circuit's tables and the memory for blocks of those sizes; the last ones are remembered."""
        key = tuple(sizes)
        if key not in self._made:
            plan = self.plan
            if plan.circuit is None:
                circuit = no_circuit(plan.dtype)
            else:
                circuit, _ = plan.circuit.tables(sizes, self.workers, gradients=False)
            self._made = {key: (circuit, room_of(plan, circuit, max(sizes, default=1), 0, gradients=False))}
        return self._made[key]
