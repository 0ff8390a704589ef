"""The one training loop: epochs, validation, the best weights, checkpoints, and the step as torch runs it.

Whatever runs the steps (`epochs_of`), scheduler, stop and the choice of the best epoch are these.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hqnn_dsl import __version__
from hqnn_dsl.backends import SamplingExecutable
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS, SchedulerEntry
from hqnn_dsl.diagnostics.codes.runs import (
    BatchTooSmall,
    GradientNotFinite,
    LossNotFinite,
    NothingToTrain,
    WeightNotFinite,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.torch_seeds import seeds_of_torch
from hqnn_dsl.seeds import stream
from hqnn_dsl.training.bar import Bar
from hqnn_dsl.training.checkpoint import Checkpoints, Snapshot, copied, random_states, restore_random_states
from hqnn_dsl.training.gradient_norms import GradientTotals
from hqnn_dsl.training.interruption import interruptible
from hqnn_dsl.training.precision import Precision
from hqnn_dsl.training.samples import batch_bounds
from hqnn_dsl.training.second_process import Here
from hqnn_dsl.training.step_choice import choose_step
from hqnn_dsl.training.torch_epochs import TorchEpochs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import Choice, TrainSpec
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.outlook import Ending, Outlook
    from hqnn_dsl.training.own_loss import OwnLoss
    from hqnn_dsl.training.run import RunResult
    from hqnn_dsl.training.samples import Rows, Samples
    from hqnn_dsl.training.second_process import Elsewhere
    from hqnn_dsl.training.time_left import Expected
    from hqnn_dsl.training.torch_epochs import Epochs
    from hqnn_dsl.training.tracking import Tracker

SMALLEST_SCALE = 2.0**-20
"""GradScaler halves its factor, from 65,536, at every step that is not finite: here none of the last 36 was."""


@dataclass(frozen=True)
class Epoch:
    """A finished epoch: losses in scaled units, averaged over rows; `number` counts from 1.

    The training loss is averaged over the epoch's steps, while weights move; `validation_loss` is None without
    validation rows, and then `end_loss` is the loss on all training rows with the weights at the epoch's end. Rates are
    those the epoch was trained with; `grad_scale` is GradScaler's factor of the loss at its end, None if nothing was
    scaled. Norms of gradients are those of `gradient_norms`: over the epoch's steps, and of their mean gradient.
    """

    number: int
    lr: float
    quantum_lr: float
    train_loss: float
    validation_loss: float | None
    is_best: bool
    grad_scale: float | None = None
    end_loss: float | None = None
    classical_grad: float | None = None
    quantum_grad: float | None = None
    classical_mean_grad: float | None = None
    quantum_mean_grad: float | None = None

    @property
    def score(self) -> float:
        """What decides which epoch is best: a loss of the weights that are kept for it."""
        found = self.end_loss if self.validation_loss is None else self.validation_loss
        return self.train_loss if found is None else found


@dataclass(frozen=True)
class Watch:
    """The onlookers of a training: a progress bar (on standard error, on the stream that is given, or nowhere), and
    functions called before all steps, after every epoch, and when all but the pictures is written.

    If `on_epoch` raises `StopIteration`, the training ends with that epoch, as the spec's `stop` ends it.
    """

    progress: Progress = True
    on_epoch: Callable[[Epoch], None] | None = None
    on_begin: Callable[[Outlook], None] | None = None
    on_pace: Callable[[Expected], None] | None = None
    """Called once, as soon as it is known how long the training takes, unless that is a moment."""
    on_end: Callable[[Ending], None] | None = None
    on_written: Callable[[RunResult], None] | None = None
    """Called with the run when all its files are written, before trackers are told the end; it must not raise."""
    elsewhere: Elsewhere = field(default_factory=Here)
    """The place where baselines are fitted and pictures drawn."""
    tells_findings: bool = True
    """Whether the end of a run says what its course shows."""
    trackers: tuple[Tracker, ...] = ()
    """Onlookers that keep curves and scores elsewhere, see `tracking`."""


@dataclass(frozen=True)
class Fitted:
    """A finished training. `best_epoch` is 0 if it was interrupted before the first epoch was whole."""

    history: tuple[Epoch, ...]
    best_epoch: int
    interrupted: bool
    ended_by: int = 0
    """The signal that ended it; 0 if none did."""
    ended_by_callback: bool = False
    """Whether the function that is called after every epoch ended it."""
    seconds: float = 0.0
    """Wall time of all epochs."""


class Training:
    """All that changes while a network is trained, and what makes it change. `fit` drives it."""

    def __init__(
        self,
        net: HybridNet,
        settings: TrainSpec,
        device: torch.device,
        spec_text: str = "",
        loss: OwnLoss | None = None,
    ) -> None:
        classical, quantum = net.classical_weights(), net.quantum_weights()
        if not classical and not quantum:
            raise Refusal(NothingToTrain())
        if settings.batch == 1 and any(isinstance(module, nn.BatchNorm1d) for module in net.modules()):
            raise Refusal(BatchTooSmall())
        self.net = net
        self.settings = settings
        self.spec_text = spec_text
        self.data: str | None = None
        """What its rows are, as `Preparation.identity` says it; None if nobody has said."""
        self.weight_groups = (classical, quantum)
        self.weights = [*classical, *quantum]
        self.loss: nn.Module | OwnLoss = loss or build(LOSSES, settings.loss)
        self.optimizer: torch.optim.Optimizer = _entry(OPTIMIZERS, settings.optimizer)(
            classical, quantum, settings.optimizer.options
        )
        self.scheduler = _entry(SCHEDULERS, settings.scheduler)(
            self.optimizer, settings.epochs, settings.scheduler.options
        )
        self.stop = build(STOPS, settings.stop)
        self.precision = Precision.of(settings.precision, net, device)
        self.scaler = self.precision.scaler()
        self.choice = choose_step(net, settings, self.precision, loss)
        """Whether steps are compiled, and if not, why."""
        self.history: list[Epoch] = []
        self.best_score = math.inf
        """The lowest score in `history`."""
        self.seconds: list[float] = []
        """Wall time of each epoch in `history`."""
        self.step = 0
        """Steps done in the running epoch."""
        self.loss_sum = 0.0
        """The sum of the running epoch's losses, a term a row."""
        self.gradients = GradientTotals(self.weight_groups, device)
        """The sums of the running epoch's gradients."""
        self.epochs: Epochs | None = None
        """What runs the steps; None before `fit`."""

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rates of classical and of quantum weights; of one group if the other is empty."""
        groups = self.optimizer.param_groups
        return float(groups[0]["lr"]), float(groups[-1]["lr"])

    @property
    def is_over(self) -> bool:
        """Whether all epochs are trained, or the stop has said so."""
        return len(self.history) >= self.settings.epochs or (self.stop is not None and self.stop.says_stop)

    def advance(self, features: Tensor, targets: Tensor, *weights: Tensor) -> float:
        """One step on a batch, perhaps with weights of its rows. Returns its loss before the step, in scaled units."""
        for weight in self.weights:
            weight.grad = None
        with self.precision.forward():
            predicted = self.net(features)
        loss: Tensor = self.loss(predicted, targets, *weights)
        value = loss.item()
        if not math.isfinite(value):
            raise Refusal(
                LossNotFinite(part="training", value=str(value), epoch=len(self.history) + 1, step=self.step + 1)
            )
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.unscale_(self.optimizer)
        self.gradients.add(self.weights)
        grads = [weight.grad for weight in self.weights if weight.grad is not None]
        norm = nn.utils.get_total_norm(grads)
        if not self.scaler.is_enabled() and not math.isfinite(norm.item()):
            self._refuse_gradient(value)
            norm = nn.utils.get_total_norm([grad.double() for grad in grads])  # only the squares have overflown
        if self.settings.clip is not None:
            nn.utils.clip_grads_with_norm_(self.weights, self.settings.clip, norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.scaler.is_enabled() and self.scaler.get_scale() < SMALLEST_SCALE:
            self._refuse_gradient(value)  # GradScaler leaves out every step that is not finite, without a word
        return value

    def _refuse_gradient(self, loss: float) -> None:
        """Refuse (E0545) the first gradient that is not finite; a sum of squares alone may overflow, which is fine."""
        for name, weight in self.net.named_parameters():
            found = None if weight.grad is None else _first_not_finite(weight.grad)
            if found is not None:
                epoch, step = len(self.history) + 1, self.step + 1
                raise Refusal(GradientNotFinite(weight=name, value=found, epoch=epoch, step=step, loss=f"{loss:.4g}"))

    def refuse_weights(self) -> None:
        """Refuse (E0546) weights that a step has made infinite, or no numbers."""
        if self.choice.plan is not None and self.choice.plan.weights.are_finite():
            return
        for name, weight in self.net.named_parameters():
            found = _first_not_finite(weight.detach())
            if found is not None:
                raise Refusal(WeightNotFinite(weight=name, value=found, epoch=len(self.history) + 1, step=self.step))

    def finish_epoch(self, train_loss: float, validation_loss: float | None, end_loss: float | None = None) -> Epoch:
        """Close the running epoch: note it, and let the scheduler see its score."""
        lr, quantum_lr = self.rates
        judged = end_loss if validation_loss is None else validation_loss
        score = train_loss if judged is None else judged
        is_best = score < self.best_score
        scale = float(self.scaler.get_scale()) if self.scaler.is_enabled() else None
        losses, norms = (train_loss, validation_loss), self.gradients.norms()
        grads = norms.classical, norms.quantum, norms.classical_mean, norms.quantum_mean
        epoch = Epoch(len(self.history) + 1, lr, quantum_lr, *losses, is_best, scale, end_loss, *grads)
        self.history.append(epoch)
        self.best_score = min(score, self.best_score)
        self.step, self.loss_sum = 0, 0.0
        self.gradients.clear()
        if self.scheduler is not None:
            entry = SCHEDULERS[self.settings.scheduler.name]
            reads_score = isinstance(entry, SchedulerEntry) and entry.reads_score
            self.scheduler.step(score) if reads_score else self.scheduler.step()
        if self.stop is not None:
            self.stop.take(score)
        return epoch

    def snapshot(self) -> Snapshot:
        """Everything needed to go on from here, as plain data; a copy, which training leaves alone."""
        executable = self.net.circuit.executable
        if self.epochs is not None:
            self.epochs.write_state()
        return {
            "version": __version__,
            "spec": self.spec_text,
            "data": self.data,
            "epoch": len(self.history),
            "step": self.step,
            "loss_sum": self.loss_sum,
            "gradients": self.gradients.state(),
            "history": [vars(epoch) for epoch in self.history],
            "seconds": list(self.seconds),
            "model": copied(self.net.state_dict()),
            "optimizer": copied(self.optimizer.state_dict()),
            "scheduler": {} if self.scheduler is None else copied(self.scheduler.state_dict()),
            "scaler": self.scaler.state_dict(),
            "stop": {} if self.stop is None else self.stop.state_dict(),
            "rng": random_states() | self._first_draws(),
            "draws": executable.draws if isinstance(executable, SamplingExecutable) else 0,
        }

    def _first_draws(self) -> dict[str, Tensor]:
        """If steps are compiled, the state of torch's generator before the first draw of dropout in torch."""
        if self.choice.plan is None:
            return {}
        return {"torch": torch.Generator().manual_seed(stream(self.settings.seed, "dropout")).get_state()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on where `snapshot` was taken; the global random generators are left as they are.

        Raises `KeyError`, `ValueError` or `RuntimeError` if it does not fit.
        """
        self.net.load_state_dict(snapshot["model"])
        self.optimizer.load_state_dict(snapshot["optimizer"])
        self.scaler.load_state_dict(snapshot["scaler"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(snapshot["scheduler"])
        self.history = [Epoch(**epoch) for epoch in snapshot["history"]]
        self.stop = build(STOPS, self.settings.stop)
        if self.stop is not None:  # it sees all epochs again, since it may be another one than before the break
            for epoch in self.history:
                self.stop.take(epoch.score)
        self.best_score = min((epoch.score for epoch in self.history), default=math.inf)
        self.seconds = list(snapshot["seconds"])
        self.step, self.loss_sum = snapshot["step"], snapshot["loss_sum"]
        self.gradients.load(snapshot.get("gradients"), self.step)
        if isinstance(self.net.circuit.executable, SamplingExecutable):
            self.net.circuit.executable.draws = snapshot["draws"]


def fit(
    training: Training,
    samples: Samples,
    checkpoints: Checkpoints,
    *,
    watch: Watch | None = None,
    resume: Snapshot | None = None,
) -> Fitted:
    """Train until the epochs are over, the stop says so, or Ctrl-C; then the network has its best weights.

    Without validation rows the loss on the training rows at the end of each epoch decides which is best. `resume` is a
    snapshot to go on from, exactly as if there had been no break. Checkpoints are written also if training fails.
    Raises `Refusal` E0540, E0545 or E0546 if a loss, a gradient or a weight is not finite.
    """
    watch = watch or Watch()
    batches = batch_bounds(len(samples.train), training.settings.batch)
    ended = False
    with (
        torch.enable_grad(),
        own_randomness(training, resume),
        training.precision.elsewhere(),
        interruptible() as interrupted,
        _bar(training, samples, batches, watch) as bar,
    ):
        training.epochs = epochs = epochs_of(training, samples.train, batches)
        try:
            if resume is None:
                checkpoints.write(training.snapshot())
            while not (training.is_over or ended or interrupted()):
                begin = time.perf_counter()
                train_loss = epochs.train(interrupted, bar)
                if train_loss is None:
                    break
                training.refuse_weights()
                validation_loss = judged(training, epochs, samples.validation, "validation")
                end_loss = judged(training, epochs, samples.train, "training") if validation_loss is None else None
                epoch = training.finish_epoch(train_loss, validation_loss, end_loss)
                training.seconds.append(time.perf_counter() - begin)
                if epoch.is_best:
                    checkpoints.keep_best(training.snapshot())
                checkpoints.write_sometimes(training.snapshot)
                bar.show(epoch)
                ended = not _goes_on(watch, epoch)
        finally:
            checkpoints.write(training.snapshot())
        if checkpoints.best is None:
            training.refuse_weights()
            checkpoints.keep_best(training.snapshot())
            checkpoints.write()
        ended_by = interrupted()
    assert checkpoints.best is not None
    training.net.load_state_dict(checkpoints.best["model"])
    best, seconds = int(checkpoints.best["epoch"]), sum(training.seconds)
    return Fitted(tuple(training.history), best, ended_by != 0, ended_by, ended, seconds)


def epochs_of(training: Training, rows: Rows, batches: list[tuple[int, int]]) -> Epochs:
    """What runs the steps, from the training's state on."""
    plan = training.choice.plan
    if plan is None:
        return TorchEpochs(training, rows, batches)
    from hqnn_dsl.training.compiled_epochs import CompiledEpochs

    return CompiledEpochs(training, plan, rows, batches, workers=torch.get_num_threads())


def _goes_on(watch: Watch, epoch: Epoch) -> bool:
    """Hand an epoch to `on_epoch`. Returns whether training goes on after it."""
    try:
        if watch.on_epoch is not None:
            watch.on_epoch(epoch)
    except StopIteration:
        return False
    return True


def build(catalog: dict[str, Entry], choice: Choice) -> Any:
    """Returns the object of a choice of the catalog, for entries whose builder takes the options alone."""
    return _entry(catalog, choice)(choice.options)


def _entry(catalog: dict[str, Entry], choice: Choice) -> Callable[..., Any]:
    builder = catalog[choice.name].build
    assert builder is not None
    return builder


def judged(training: Training, epochs: Epochs, rows: Rows, part: str) -> float | None:
    """The loss of the weights as they are on all rows of a part; None if there are none."""
    if not len(rows):
        return None
    weights = () if rows.weights is None else (rows.weights,)
    value = float(training.loss(epochs.outputs(rows), rows.targets, *weights))
    if not math.isfinite(value):
        raise Refusal(LossNotFinite(part=part, value=str(value), epoch=len(training.history) + 1, step=training.step))
    return value


def _first_not_finite(values: Tensor) -> str | None:
    """`nan`, `inf` or `-inf`, the first number that is not finite, as Python writes it; None if all are finite."""
    wrong = values[~torch.isfinite(values)]
    return str(float(wrong[0])) if len(wrong) else None


@contextmanager
def own_randomness(training: Training, resume: Snapshot | None) -> Iterator[None]:
    """Dropout's stream in torch's global generators, which get their own states back afterwards.

    Compiled steps draw from none of them, and leave them alone: other trainings may run beside them.
    """
    if training.choice.plan is not None:
        if resume is not None:
            training.restore(resume)
        yield
        return
    device = training.precision.device
    with seeds_of_torch(*([device] if device.type == "cuda" else [])):
        torch.manual_seed(stream(training.settings.seed, "dropout"))
        if resume is not None:
            training.restore(resume)
            restore_random_states(resume["rng"])
        yield


def _bar(training: Training, samples: Samples, batches: list[tuple[int, int]], watch: Watch) -> Bar:
    """One bar for all steps of all epochs; without a terminal, a line now and then."""
    return Bar(
        training.settings.epochs,
        len(batches),
        done=len(training.history) * len(batches) + training.step,
        progress=watch.progress,
        judged=(len(samples.validation) or len(samples.train)) / len(samples.train),
        is_bound=training.stop is not None,
        on_pace=watch.on_pace,
    )
