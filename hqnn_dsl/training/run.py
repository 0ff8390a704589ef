"""A training on disk: from a checked spec and a table to a run directory that is complete or plainly is not.

`metrics.json` is written last, so a folder that has it is whole. What can be wrong with the data, the device or the
folder is found before the folder is made.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.torch_device import torch_device
from hqnn_dsl.data.preprocess import VERSION, Prepared, prepare
from hqnn_dsl.diagnostics.codes.tables import CannotResume, NothingToResume, RunUnwritable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.training.baselines import BASELINES, baseline_predictions
from hqnn_dsl.training.bounds import beyond_outputs
from hqnn_dsl.training.budget import settle, training_bill
from hqnn_dsl.training.checkpoint import Checkpoints
from hqnn_dsl.training.environment import describe_environment
from hqnn_dsl.training.evaluate import (
    by_part,
    damaged,
    judge,
    load_metrics,
    load_run,
    load_snapshot_of,
    predict_numbers,
)
from hqnn_dsl.training.files import (
    STARTED,
    check_free,
    clear,
    create_run,
    held,
    is_begun_only,
    writable,
    write_csv,
    write_json,
    write_text,
)
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.loop import Fitted, Lessons, Rows, Training, Watch, batch_bounds, fit
from hqnn_dsl.training.named_rows import refuse_zero_rows
from hqnn_dsl.training.outlook import ending_of, outlook_of
from hqnn_dsl.training.own_loss import OwnLoss, resumed_with, with_loss
from hqnn_dsl.training.recorded_backend import ENVIRONMENT
from hqnn_dsl.training.resuming import check_spec, shortened
from hqnn_dsl.training.stored_states import unfit, unfit_weights
from hqnn_dsl.training.tables_of_run import HISTORY
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import Choice, Spec
    from hqnn_dsl.training.budget import Agree, Bill
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.own_loss import LossFunction

    Numbers = NDArray[np.float64]


JOBS = "jobs"
"""The folder of a run where jobs to a device are kept."""


@dataclass(frozen=True)
class Experiment:
    """What is trained. `make_network(in_width, out_width)` builds the spec's network with its starting weights.

    `source_text` is the spec as given, `resolved_text` the one with every default filled in and every `--set` applied.
    """

    spec: Spec
    make_network: Callable[[int, int], HybridNet] = field(repr=False)
    resolved_text: str = field(repr=False)
    source_text: str = field(repr=False)
    refuse_step: Callable[[Choice, int, str], None] | None = field(default=None, repr=False)
    """Raises `Refusal` where a step of a backend on so many rows, on a device of torch's, would not fit its memory."""
    loss: LossFunction | None = field(default=None, repr=False)
    """A loss of the user's own, in place of the spec's."""
    allowed: frozenset[str] = frozenset()
    """The codes of warnings that the spec silences."""


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run: its folder, its scores as in `metrics.json`, and the network with its best weights."""

    path: Path
    metrics: dict[str, Any]
    fitted: Fitted
    net: HybridNet = field(repr=False)
    preparation: Preparation = field(repr=False)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training; the results are those of the best epoch until then."""
        return self.fitted.interrupted


def _nobody(bill: Bill) -> bool:  # noqa: ARG001 - whatever it says
    return False


def train(  # noqa: PLR0913 - what a training can be told
    experiment: Experiment,
    table: Table,
    out: Path | None = None,
    *,
    watch: Watch | None = None,
    resume: bool = False,
    agree: Agree = _nobody,
) -> RunResult:
    """Train a spec on a table and write the run to `out`, or to the next free `runs/<model>-<number>`.

    With `resume`, goes on in the folder `out` where its `last.pt` stands. Ctrl-C ends the training, not the run: the
    results of the best epoch are written. `agree` is asked before anything is sent to a device that costs.

    Raises `Refusal` (E0510 to E0544) for whatever is wrong with data, device, folder or losses, (E0758 to E0760) for
    what a device costs; a training that fails before its first epoch, and has sent no job, leaves no new folder.
    """
    if not resume:
        check_free(out)
    spec = experiment.spec
    prepared = prepare(spec, table)
    names = prepared.preparation.target.names
    for note in prepared.notes:
        notice(note)
    if spec.data.target is None:
        notice(f"target: `{names[0]}`, the last column of {table.name}")
    device = torch_device(spec.train.device)
    net = experiment.make_network(prepared.features.shape[1], len(names)).to(device)
    own = None
    if experiment.loss is not None:
        own = OwnLoss.of(experiment.loss, device, net.dtype)
        prepared = with_loss(prepared, own)
    training = Training(net, spec.train, device, experiment.resolved_text, own)
    _refuse_what_is_known(experiment, training, _lessons(training, prepared), prepared)
    for warning in beyond_outputs(spec, net.circuit.circuit, prepared):
        if warning.code in experiment.allowed:
            continue
        notice(warning)
    if resume:
        return _resume(experiment, prepared, training, out, watch, agree=agree)
    _settle(training, prepared, agree)
    existed = out is not None and os.path.lexists(out)
    path = create_run(out, spec.name)
    with held(path):
        check_free(out)  # another training may have come and gone
        result = _begin(experiment, prepared, training, path, watch, existed=existed)
    pass_on(result.fitted.ended_by)
    return result


def _begin(  # noqa: PLR0913 - what a training is made of
    experiment: Experiment, prepared: Prepared, training: Training, path: Path, watch: Watch | None, *, existed: bool
) -> RunResult:
    """Train in a new folder, with a checkpoint before the first step; a training that fails early leaves none."""
    checkpoints = Checkpoints(path / "checkpoints")
    try:
        write_json(path / STARTED, {"version": VERSION, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        write_text(path / "spec.hqnn", experiment.source_text)
        write_text(path / "spec.resolved.hqnn", experiment.resolved_text)
        write_json(path / "preprocess.json", prepared.preparation.to_json())
        _write_environment(path, experiment.spec, training)
        _keep_jobs(training, checkpoints, path)
        return _finish(_Job(path, experiment.spec, prepared, training, checkpoints), watch)
    except BaseException as error:
        if checkpoints.best is None and not (training.step and _may_go_on(error)):
            clear(path, keep_folder=existed)
        raise


def _may_go_on(error: BaseException) -> bool:
    """Whether a training that ended so can be resumed: it was interrupted, or the disk was full."""
    return not isinstance(error, Refusal) or any(isinstance(item, RunUnwritable) for item in error.diagnostics)


def _refuse_what_is_known(experiment: Experiment, training: Training, lessons: Lessons, prepared: Prepared) -> None:
    """Refuse before the first step what a later one would be refused for: its memory, rows that describe no state."""
    net, where = training.net, None if prepared.lines is None else prepared.lines.of
    chosen, batch = net.circuit.backend, training.settings.batch
    trained = bool(net.quantum_weights()) or any(weight.requires_grad for weight in net.encoder.parameters())
    if experiment.refuse_step is not None and chosen is not None and trained:
        rows = max(end - begin for begin, end in batch_bounds(len(lessons.train), batch))
        experiment.refuse_step(chosen, rows, str(training.precision.device))
    features = torch.from_numpy(prepared.preparation.features.apply(prepared.features))
    refuse_zero_rows(net, features.to(training.precision.device), where or "row {}".format)


def _settle(training: Training, prepared: Prepared, agree: Agree) -> None:
    """Count what the training costs where its backend counts, and refuse what is over the budget or not agreed to."""
    bill = training_bill(training, _lessons(training, prepared), len(prepared.features))
    settle(bill, training.net, agree)


def _keep_jobs(training: Training, checkpoints: Checkpoints, path: Path) -> None:
    """Where jobs are counted they are kept, and so is a checkpoint from the start: no answer is ever paid twice."""
    executable = training.net.circuit.executable
    if isinstance(executable, MeteredExecutable):
        executable.keep_jobs_in(path / JOBS)
        checkpoints.keep_best(training.snapshot())


def _resume(  # noqa: PLR0913 - what a training is made of
    experiment: Experiment,
    prepared: Prepared,
    training: Training,
    path: Path | None,
    watch: Watch | None,
    *,
    agree: Agree,
) -> RunResult:
    """Go on in a run's folder, which looks unfinished until this, too, has come to its end."""
    if path is None:
        raise Refusal(CannotResume(path="runs", reason="no run is named"))
    with writable(path):
        begun, there = is_begun_only(path), path.is_dir()
    if begun:
        raise Refusal(NothingToResume(path=str(path)))
    with held(path) if there else nullcontext():
        result = _go_on(experiment, prepared, training, path, watch, agree=agree)
    pass_on(result.fitted.ended_by)
    return result


def _go_on(  # noqa: PLR0913 - what a training is made of
    experiment: Experiment,
    prepared: Prepared,
    training: Training,
    path: Path,
    watch: Watch | None,
    *,
    agree: Agree,
) -> RunResult:
    """Read back what the run's folder holds, and train from there."""
    snapshot = load_snapshot_of(path, "last.pt")
    untrained = not snapshot["history"] and not os.path.lexists(path / "checkpoints" / "best.pt")
    stored = load_run(path, "last.pt" if untrained else "best.pt")
    is_changed = check_spec(path, snapshot, training)
    if is_changed:  # the stop may be another one, and sees all epochs again
        snapshot["stop"] = {} if training.stop is None else training.stop.state_dict()
    prepared = resumed_with(path, stored.preparation.loss, prepared)
    if stored.preparation.to_json() != prepared.preparation.to_json():
        other = _other_table(stored.preparation, prepared.preparation)
        raise Refusal(CannotResume(path=str(path), reason=f"it was started with another table: {other}"))
    load_metrics(path)
    num_batches = len(batch_bounds(len(prepared.preparation.parts.train), experiment.spec.train.batch))
    if problem := unfit(training, snapshot, num_batches):
        raise damaged(path, "checkpoints/last.pt", problem)
    if problem := unfit_weights(training, stored.best):
        raise damaged(path, f"checkpoints/{'last' if untrained else 'best'}.pt", problem)
    try:
        training.restore(snapshot)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        raise Refusal(CannotResume(path=str(path), reason=f"its last.pt does not fit ({error})")) from None
    executable = training.net.circuit.executable
    if isinstance(executable, MeteredExecutable):
        executable.keep_jobs_in(path / JOBS)
    _settle(training, prepared, agree)
    with writable(path / "metrics.json"):
        (path / "metrics.json").unlink(missing_ok=True)
    checkpoints = Checkpoints(path / "checkpoints", best=None if untrained else stored.best)
    if is_changed:
        if not untrained:
            checkpoints.keep_best({**stored.best, "spec": experiment.resolved_text})
            checkpoints.write()
        write_text(path / "spec.hqnn", experiment.source_text)
        write_text(path / "spec.resolved.hqnn", experiment.resolved_text)
    return _finish(_Job(path, experiment.spec, prepared, training, checkpoints), watch, snapshot)


def _other_table(before: Preparation, now: Preparation) -> str:
    """In what the table of a run differs from the one that it is to be gone on with."""
    for what, old, new in (
        ("target", before.target.names, now.target.names),
        ("features", before.features.names, now.features.names),
        ("rows", sum(len(rows) for _, rows in before.parts.items()), sum(len(rows) for _, rows in now.parts.items())),
    ):
        if old != new:
            return f"{what} {_listed(old)} then, {_listed(new)} now"
    return "its numbers are others"


def _listed(value: tuple[str, ...] | int) -> str:
    return shortened(", ".join(value) if isinstance(value, tuple) else str(value))


@dataclass(frozen=True, eq=False)
class _Job:
    """A run about to be trained: where, what, on what."""

    path: Path
    spec: Spec
    prepared: Prepared
    training: Training
    checkpoints: Checkpoints


def _finish(job: _Job, watch: Watch | None, resume: Snapshot | None = None) -> RunResult:
    """Train, then write what came of it, with the threads that suit the network."""
    with suited_threads(job.training.net, job.spec.train.batch):
        return _train_and_write(job, watch, resume)


def _train_and_write(job: _Job, watch: Watch | None, resume: Snapshot | None) -> RunResult:
    """Train, then write what came of it; the metrics last."""
    path, prepared, training = job.path, job.prepared, job.training
    net, preparation, watch = training.net, prepared.preparation, watch or Watch()
    if watch.on_begin is not None:
        watch.on_begin(outlook_of(training, preparation))
    try:
        fitted = fit(training, _lessons(training, prepared), job.checkpoints, watch=watch, resume=resume)
    finally:
        _write_history(path, training)
    where = None if prepared.lines is None else prepared.lines.of
    predicted = predict_numbers(net, preparation, prepared.features, where)
    metrics = by_part(preparation, prepared.targets, predicted) | {"baselines": _baselines(prepared)}
    _write_predictions(path, prepared, predicted)
    _draw(path, prepared, predicted, fitted)
    _write_environment(path, job.spec, training, fitted)
    with writable(path):
        (path / STARTED).unlink(missing_ok=True)
    write_json(path / "metrics.json", {"version": VERSION} | metrics)
    if watch.on_end is not None:
        watch.on_end(ending_of(training, fitted, is_validated=len(preparation.parts.validation) > 0))
    return RunResult(path, metrics, fitted, net.eval(), preparation)


def _lessons(training: Training, prepared: Prepared) -> Lessons:
    """Scaled training and validation rows, in the network's dtype, on its device."""
    preparation, net = prepared.preparation, training.net
    device = training.precision.device
    features = torch.from_numpy(preparation.features.apply(prepared.features)).to(device, net.dtype)
    targets = torch.from_numpy(preparation.target.apply(prepared.targets)).to(device, net.dtype)

    def rows(picked: NDArray[np.int64]) -> Rows:
        own, lines = torch.from_numpy(picked), prepared.lines
        where = None if lines is None else (lambda row: lines.of(int(picked[row])))
        return Rows(features[own], targets[own], where)

    return Lessons(rows(preparation.parts.train), rows(preparation.parts.validation))


def _baselines(prepared: Prepared) -> dict[str, Any]:
    """What the baselines score on the test rows; None where there are none."""
    preparation = prepared.preparation
    features, targets = preparation.features.apply(prepared.features), prepared.targets
    trained, tested = preparation.parts.train, preparation.parts.test
    if not len(tested):
        return dict.fromkeys(BASELINES)
    found = baseline_predictions(features[trained], targets[trained], features[tested])
    return {name: judge(preparation, targets[tested], values) for name, values in found.items()}


def _write_history(path: Path, training: Training) -> None:
    """`history.csv`, the same to the bit for the same seed; wall times stand apart, in `timing.csv`."""
    rows = [
        (
            *(epoch.number, epoch.lr, epoch.quantum_lr, epoch.train_loss, epoch.validation_loss),
            *(int(epoch.is_best), epoch.grad_scale, epoch.end_loss),
        )
        for epoch in training.history
    ]
    if rows:
        write_csv(path / "history.csv", HISTORY, rows)
        write_csv(path / "timing.csv", ("epoch", "seconds"), list(enumerate(training.seconds, start=1)))


def _write_predictions(path: Path, prepared: Prepared, predicted: Numbers) -> None:
    """`predictions.csv`: the test rows, counted from 0 in the table, with true and predicted values."""
    names = prepared.preparation.target.names
    header = ["row", *(f"{name}_{what}" for name in names for what in ("true", "predicted"))]
    rows = [
        [int(row), *np.stack([prepared.targets[row], predicted[row]], axis=1).ravel().tolist()]
        for row in prepared.preparation.parts.test
    ]
    write_csv(path / "predictions.csv", header, rows)


def _draw(path: Path, prepared: Prepared, predicted: Numbers, fitted: Fitted) -> None:
    """`plots/`: the losses, and predictions on the last part that has rows."""
    from hqnn_dsl.training import figures

    preparation = prepared.preparation
    part, rows = next((name, rows) for name, rows in reversed(preparation.parts.items()) if len(rows))
    figures.draw_losses(path / "plots" / "losses.png", fitted.history, fitted.best_epoch)
    figures.draw_predictions(
        path / "plots" / "predictions.png", prepared.targets[rows], predicted[rows], preparation.target.names, part
    )


def _write_environment(path: Path, spec: Spec, training: Training, fitted: Fitted | None = None) -> None:
    """`environment.json`: before the first step without `run`, since a run that is broken off is to be taken up."""
    found = describe_environment(spec, training.net, training.precision.device)
    write_json(path / ENVIRONMENT, found if fitted is None else found | {"run": _describe(training, fitted)})


def _describe(training: Training, fitted: Fitted) -> dict[str, Any]:
    counts = [sum(weight.numel() for weight in weights) for weights in training.weight_groups]
    return {
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "interrupted": fitted.interrupted,
        "ended_by_callback": fitted.ended_by_callback,
        "seconds": sum(training.seconds),
        "weights": {"classical": counts[0], "quantum": counts[1]},
    }
