"""Training by compiled steps: the rows, the optimizer's state, and calls of many steps each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.backends.native.compiled import call
from hqnn_dsl.backends.native.kernels.tile_queue import QUEUE_SIZE
from hqnn_dsl.training.step import compiled
from hqnn_dsl.training.step.circuit_tables import most_threads, no_circuit
from hqnn_dsl.training.step.kernels.arrays import (
    BAD_LOSS,
    FAILED,
    FAILED_ROW,
    FINE,
    NO_STATE,
    NUM_NOTES,
    NUM_TOTALS,
    STEPS,
    Rows,
    Weights,
)
from hqnn_dsl.training.step.optimizer_state import FlatState, first_state, read_state, write_state
from hqnn_dsl.training.step.room import array_of, features_of, network_of, room_of
from hqnn_dsl.training.step.threads import helped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from torch.optim import Optimizer

    from hqnn_dsl.training.step.kernels.arrays import Circuit, Room
    from hqnn_dsl.training.step.plan import StepPlan

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Failure:
    """Why steps ended, at step `step` of the epoch, counted from 0, which has moved no weight.

    A `loss` that is not finite, or with a finite one a `gradient`: `value` is the first number that is not finite
    (`nan`, `inf` or `-inf`) of the parameter `weight`. Or the `amplitudes` of row `row` of the table are all zeros.
    """

    kind: Literal["loss", "gradient", "amplitudes"]
    step: int
    loss: float = 0.0
    weight: str = ""
    value: str = ""
    row: int = -1


@dataclass(frozen=True, eq=False)
class Trained:
    """The mean loss of each step that was done, before its update, and what has ended them early."""

    losses: Array = field(repr=False)
    failed: Failure | None


class StepRunner:
    """Steps of a plan on the rows `features[N, F]` and `targets[N, T]`, perhaps with `weights[N]` in the loss.

    `seed` is that of dropout; `workers` is the most threads that a step takes, which changes no bit of the results;
    gradients are added to the arrays in `totals`, see `gradient_norms`.
    Raises `ValueError` if the rows do not fit the network, and `IndexError` for a level that a column does not have.
    """

    def __init__(  # noqa: PLR0913 - the rows, and how steps are done on them
        self,
        plan: StepPlan,
        features: Tensor,
        targets: Tensor,
        weights: Tensor | None = None,
        *,
        seed: int,
        workers: int = 1,
        totals: tuple[Array, Array] | None = None,
    ) -> None:
        self.plan = plan
        self.workers = workers
        self._rows = Rows(
            features_of(plan, features),
            array_of(targets, plan.dtype),
            np.zeros(0, plan.dtype) if weights is None else array_of(weights, plan.dtype),
        )
        if self._rows.targets.shape != (len(features), plan.targets):
            raise ValueError(f"targets have the shape {list(targets.shape)}, not [{len(features)}, {plan.targets}]")
        if weights is not None and weights.shape != (len(features),):
            raise ValueError(f"weights of rows have the shape {list(weights.shape)}, not [{len(features)}]")
        self._state = first_state(plan.weights.size, plan.dtype)
        self._grads = np.zeros(plan.weights.size, plan.dtype)
        self._totals = totals or (np.zeros(plan.weights.trained), np.zeros(NUM_TOTALS))
        self._draws = np.zeros(3, np.int64)
        self._draws[0] = np.array([seed % 2**64], np.uint64).view(np.int64)[0]
        self._queue = np.zeros(QUEUE_SIZE, np.int64)
        self._notes = np.zeros(NUM_NOTES, np.int64)
        self._sizes: dict[int, int] = {}
        self._circuit: Circuit | None = None
        self._room: Room | None = None
        without = compiled.OF_CIRCUIT if plan.circuit is None else ()
        names = tuple(name for name in compiled.TRAINING if name not in without)
        self._network = network_of(plan, compiled.addresses(plan.dtype, names))

    @property
    def num_steps(self) -> int:
        """Steps of the optimizer so far."""
        return int(self._notes[STEPS])

    def train(  # noqa: PLR0913, PLR0917 - an epoch's rows, and which steps of it
        self,
        order: Array | Tensor,
        bounds: Array | Sequence[tuple[int, int]],
        epoch: int,
        first_step: int,
        last_step: int,
        rates: tuple[float, float],
    ) -> Trained:
        """Steps `first_step` up to, without it, `last_step` of an epoch, counted from 0, without the GIL.

        `order[N]` is that of the rows in this epoch, batch k the rows `order[bounds[k, 0] : bounds[k, 1]]`; `rates` are
        those of classical weights and of the circuit's. Steps end at the first loss or gradient that is not finite,
        before its update. Raises `Refusal` if the circuit's states take more than the memory limit.
        """
        order, steps = self._checked(order, bounds, first_step, last_step)
        sizes, which = np.unique(steps[:, 1] - steps[:, 0], return_inverse=True)
        self._prepare(sizes.tolist())
        kinds = np.array([self._sizes[size] for size in sizes.tolist()], np.int64)[which]
        assert self._circuit is not None
        assert self._room is not None
        plan, circuit, room = self.plan, self._circuit, self._room
        state = self._state
        weights = Weights(plan.weights.vector(), self._grads, state.moments, state.scalars, *self._totals)
        losses = np.zeros(last_step - first_step)
        self._draws[1] = epoch
        given = self._network, circuit, room, weights, self._rows, order, steps, kinds, self._draws
        asked = first_step, last_step, float(plan.clip), np.array(rates, np.float64), plan.decay, losses
        with helped(circuit, room, self._queue, self._notes, min(self.workers, most_threads(circuit))):
            kind = "training steps", plan.dtype
            done = call(kind, compiled.run_steps, *given, *asked, self._queue, self._notes)
        return Trained(losses[:done], self._failure(first_step, done, losses))

    def write_state(self, optimizer: Optimizer) -> None:
        """Give torch's optimizer the state of this one, as if it had done the steps."""
        state = FlatState(self._state.moments, self._state.scalars, self.num_steps)
        write_state(self.plan.optimizer, optimizer, self.plan.weights.starts, state)

    def read_state(self, optimizer: Optimizer) -> None:
        """Go on from the state of torch's optimizer."""
        into = FlatState(self._state.moments, self._state.scalars, self.num_steps)
        self._state = read_state(self.plan.optimizer, optimizer, self.plan.weights.starts, into)
        self._notes[STEPS] = self._state.step

    @staticmethod
    def read_rates(optimizer: Optimizer) -> tuple[float, float]:
        """The learning rates of classical weights and of the circuit's; of one group if the other is empty."""
        groups = optimizer.param_groups
        return float(groups[0]["lr"]), float(groups[-1]["lr"])

    def gradients(self) -> Array:
        """The gradients `[P]` of the last step, of trained weights, in the order of the flat vector."""
        return self._grads[: self.plan.weights.trained]

    def _checked(
        self, order: Array | Tensor, bounds: Array | Sequence[tuple[int, int]], first: int, last: int
    ) -> tuple[Array, Array]:
        """The order, and the bounds of all steps, as arrays that cannot lead out of the rows."""
        rows, steps = np.ascontiguousarray(order, np.int64), np.asarray(bounds, np.int64)
        steps = np.ascontiguousarray(np.stack([steps[:-1], steps[1:]], axis=1) if steps.ndim == 1 else steps)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self._rows.features)):
            raise IndexError("the order names a row that is not there")
        if not 0 <= first <= last <= len(steps) or not (steps[:, 0] < steps[:, 1]).all():
            raise IndexError("there are no such steps")
        if len(steps) and not (steps.min() >= 0 and steps.max() <= len(rows)):
            raise IndexError("a step names a row that is not there")
        return rows, steps

    def _prepare(self, counts: Sequence[int]) -> None:
        """Make the circuit's tables and the memory for batches of all those sizes, unless they are there."""
        if self._circuit is not None and set(counts) <= set(self._sizes):
            return
        counts = sorted({*counts, *self._sizes}, reverse=True)
        plan, kept = self.plan, 0
        if plan.circuit is None:
            circuit = no_circuit(plan.dtype)
        else:
            circuit, kept = plan.circuit.tables(counts, self.workers, gradients=True)
        self._room = None
        self._room = room_of(plan, circuit, counts[0] if counts else 1, kept, gradients=True)
        self._circuit = circuit
        self._sizes = {count: number for number, count in enumerate(counts)}

    def _failure(self, first: int, done: int, losses: Array) -> Failure | None:
        """What has ended the steps from `first` on after `done` of them."""
        failed = self._notes[FAILED]
        if failed == FINE:
            return None
        if failed == NO_STATE:
            return Failure("amplitudes", first + done, row=int(self._notes[FAILED_ROW]))
        loss = float(losses[done])
        if failed == BAD_LOSS:
            return Failure("loss", first + done, loss=loss, value=str(loss))
        for name, weight in self.plan.net.named_parameters():
            start = self.plan.weights.start(weight)
            grads = self.gradients()[start : start + weight.numel()]
            wrong = grads[~np.isfinite(grads)]
            if len(wrong):
                return Failure("gradient", first + done, loss=loss, weight=name, value=str(float(wrong[0])))
        return Failure("gradient", first + done, loss=loss)
