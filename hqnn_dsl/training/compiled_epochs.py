"""Epochs whose steps are compiled, many in a call; between calls Ctrl-C is looked at, and the bar moves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from hqnn_dsl.diagnostics.codes.environment import ZeroAmplitudes
from hqnn_dsl.diagnostics.codes.runs import GradientNotFinite, LossNotFinite
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.row_refusals import rows_named
from hqnn_dsl.training.step.outputs import Outputs
from hqnn_dsl.training.step.runner import StepRunner
from hqnn_dsl.training.torch_epochs import row_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from hqnn_dsl.training.bar import Bar
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Rows
    from hqnn_dsl.training.step.plan import StepPlan
    from hqnn_dsl.training.step.runner import Failure

CALL_SECONDS = 0.05
"""About how long a call of many steps may take; the first one, whose time is not known, has one step."""


class CompiledEpochs:
    """Epochs by a plan; see `torch_epochs.Epochs`. `workers` is the most threads of a step; it changes no bit."""

    def __init__(
        self, training: Training, plan: StepPlan, rows: Rows, batches: Sequence[tuple[int, int]], workers: int
    ) -> None:
        seed = stream(training.settings.seed, "dropout")
        self._training = training
        self._rows = rows
        self._bounds = np.array(batches, np.int64)
        self._counts = (self._bounds[:, 1] - self._bounds[:, 0]).tolist()
        given, totals = (rows.features, rows.targets, rows.weights), training.gradients
        arrays = totals.sums.numpy(), totals.totals.numpy()
        self._runner = StepRunner(plan, *given, seed=seed, workers=workers, totals=arrays)
        self._runner.read_state(training.optimizer)
        self._outputs = Outputs(plan, workers)
        self._steps = 1

    def train(self, interrupted: Callable[[], int], bar: Bar) -> float | None:
        """The rest of the running epoch's steps. Returns its mean loss; None if Ctrl-C came before the last of them."""
        training, all_steps = self._training, len(self._counts)
        order = row_order(training, len(self._rows)).numpy()
        epoch, rates = len(training.history) + 1, training.rates
        while training.step < all_steps:
            first = training.step
            last = min(first + self._steps, all_steps)
            begun = time.perf_counter()
            done = self._runner.train(order, self._bounds, epoch, first, last, rates)
            seconds = time.perf_counter() - begun
            for loss, count in zip(done.losses.tolist(), self._counts[first:], strict=False):
                training.loss_sum += loss * count
                training.step += 1
            bar.update(len(done.losses))
            training.optimizer._opt_called = True  # type: ignore[attr-defined]  # noqa: SLF001 - else schedulers warn
            if done.failed is not None:
                self._refuse(done.failed, order)
            self._steps = max(int(CALL_SECONDS * (last - first) / max(seconds, 1e-9)), 1)
            if interrupted() and training.step < all_steps:
                return None
        return training.loss_sum / len(self._rows)

    def outputs(self, rows: Rows) -> Tensor:
        """Returns the network's outputs `[N, O]` as it is now."""
        with rows_named(rows.row_name):
            return self._outputs(rows.features)

    def write_state(self) -> None:
        """Give the optimizer the moments of the last step."""
        self._runner.write_state(self._training.optimizer)

    def _refuse(self, failed: Failure, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> NoReturn:
        """Refuse (E0540, E0545, E0712) what is not finite, or a row that describes no state."""
        epoch, step = len(self._training.history) + 1, failed.step + 1
        if failed.kind == "amplitudes":
            with rows_named(self._rows.row_name):
                raise Refusal(ZeroAmplitudes(row=failed.row))
        begin, end = self._bounds[failed.step]
        with rows_named(self._rows.row_name, order[begin:end].tolist()):
            if failed.kind == "loss":
                raise Refusal(LossNotFinite(part="training", value=failed.value, epoch=epoch, step=step))
            loss = f"{failed.loss:.4g}"
            raise Refusal(
                GradientNotFinite(weight=failed.weight, value=failed.value, epoch=epoch, step=step, loss=loss)
            )
