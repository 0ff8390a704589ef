"""A training on disk: from a program and a table to a run directory that is complete or plainly is not.

`metrics.json` is written last, so a folder that has it is whole. What can be wrong with the data, the device or the
folder is found before the folder is made.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.torch_device import torch_device
from hqnn_dsl.data.preprocess import Prepared, prepare
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.data.tasks import settled_loss
from hqnn_dsl.diagnostics.codes.resuming import BeginsAnew
from hqnn_dsl.diagnostics.codes.runs import CannotResume, MixedOnCpu, RunUnwritable
from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.placed import PlacedByCode
from hqnn_dsl.semantics.suppressions import allowed_codes
from hqnn_dsl.training import results
from hqnn_dsl.training.bar import said_if_long
from hqnn_dsl.training.bounds import beyond_outputs
from hqnn_dsl.training.budget import settle, training_bill
from hqnn_dsl.training.checkpoint import Checkpoints, Unwritten
from hqnn_dsl.training.conformal import Radii, fit_radii
from hqnn_dsl.training.counting import counted
from hqnn_dsl.training.evaluate import Scored, predict_rows, with_intervals
from hqnn_dsl.training.files import (
    REPORT,
    check_free,
    check_writable,
    clear,
    create_run,
    held,
    is_begun_at_most,
    sweep,
    writable,
    write_document,
    write_text,
)
from hqnn_dsl.training.findings import findings_of, stages_of, warnings_of
from hqnn_dsl.training.going_on import advised, read_back, restore
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.loop import Fitted, Training, Watch, fit
from hqnn_dsl.training.outlook import ending_of, outlook_of
from hqnn_dsl.training.own_loss import OwnLoss, with_loss
from hqnn_dsl.training.predicted import Values
from hqnn_dsl.training.preprocess_file import PreprocessFile
from hqnn_dsl.training.row_refusals import refuse_zero_rows
from hqnn_dsl.training.row_weights import in_part, loss_weights, with_class_weights
from hqnn_dsl.training.run_files import INTERVALS, METRICS, PREPROCESS, SPEC, STARTED, StartedFile
from hqnn_dsl.training.run_on_disk import load_metrics, network_for, recorded_backend
from hqnn_dsl.training.samples import Rows, Samples, batch_bounds
from hqnn_dsl.training.threads import suited_threads
from hqnn_dsl.training.tracking import Tracked, ended, followed, prepare_trackers, tracked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.data.parts import Splitter
    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.program import Program
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.training.budget import Agree, Bill
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.counting import Counted
    from hqnn_dsl.training.own_loss import LossFunction
    from hqnn_dsl.training.second_process import Elsewhere


JOBS = "jobs"
"""The folder of a run that keeps the jobs of a device."""


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run: its folder, its scores as in `metrics.json`, and the network with its best weights."""

    path: Path
    metrics: dict[str, Any]
    fitted: Fitted
    net: HybridNet = field(repr=False)
    preparation: Preparation = field(repr=False)
    radii: Radii | None = None
    """Those of its intervals, if it has some."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training; the results are those of the best epoch until then."""
        return self.fitted.interrupted


@dataclass(frozen=True, eq=False)
class Setup:
    """A program and its table, ready for the first step."""

    program: Program
    prepared: Prepared
    training: Training

    @property
    def spec(self) -> Spec:
        return self.program.spec

    @property
    def samples(self) -> Samples:
        """Scaled training and validation rows, in the network's dtype, on its device."""
        preparation, net = self.prepared.preparation, self.training.net
        device = self.training.precision.device
        features = torch.from_numpy(self.prepared.inputs).to(device, net.dtype)
        targets = torch.from_numpy(preparation.target.apply(self.prepared.targets)).to(device, net.dtype)
        weights = loss_weights(preparation, self.prepared.targets, self.prepared.weights)

        def rows(picked: NDArray[np.int64]) -> Rows:
            own, lines = torch.from_numpy(picked), self.prepared.lines
            row_name = None if lines is None else (lambda row: lines.of(int(picked[row])))
            each = in_part(weights, picked) if len(picked) else None
            counted = None if each is None else torch.from_numpy(each).to(device, net.dtype)
            return Rows(features[own], targets[own], counted, row_name)

        return Samples(rows(preparation.parts.train), rows(preparation.parts.validation))

    def counted(self) -> Counted | None:
        """Circuits, shots and states of the rest of the training; None if the network has no circuit."""
        return counted(self.training, self.samples, len(self.prepared.preparation.rows))

    def settle(self, agree: Agree) -> None:
        """Count what the training costs if its backend counts, and refuse what is over the budget or not agreed to."""
        bill = training_bill(self.training, self.samples, len(self.prepared.preparation.rows))
        settle(bill, self.training.net, agree)


def _nobody(bill: Bill) -> bool:  # noqa: ARG001 - whatever it says
    return False


def train(  # noqa: PLR0913 - what a training can be told
    program: Program,
    table: Table,
    out: Path | None = None,
    *,
    loss: LossFunction | None = None,
    watch: Watch | None = None,
    resume: bool = False,
    agree: Agree = _nobody,
    splitter: Splitter = split_rows,
) -> RunResult:
    """Train a program on a table and write the run to `out`, or to the next free `runs/<model>-<number>`.

    `loss` is a function of the user's own in place of the spec's. With `resume`, goes on in the folder `out` from its
    `last.pt`. Ctrl-C ends the training, not the run: the results of the best epoch are written. `agree` is asked before
    anything is sent to a device that costs. `splitter` puts the rows into parts, as the spec says unless it is another.

    Raises `Refusal` (E0218, E0313) for a circuit alone, (E0510 to E0544) for whatever is wrong with data, device,
    folder or losses, (E0758 to E0760) for what a device costs; a training that fails before its first epoch, and has
    sent no job, leaves no new folder.
    """
    program.refuse_training()
    if watch is not None:
        prepare_trackers(watch.trackers, Path("runs") if out is None else out.absolute().parent, watch.progress)
    if not resume:
        check_free(out)
    elif out is not None:
        program = replace(program, recorded=recorded_backend(out))
    with PlacedByCode(program.checked.spans):
        setup = set_up(program, table, loss, splitter)
        result = _resume(setup, out, watch, agree) if resume else _train_anew(setup, out, watch, agree)
    pass_on(result.fitted.ended_by)
    return result


def set_up(program: Program, table: Table, loss: LossFunction | None, splitter: Splitter) -> Setup:
    """Prepare the table, build the network, and refuse or say what is known before the first step."""
    spec = program.spec
    prepared = with_class_weights(prepare(spec, table, splitter=splitter, reach=program.checked.reach), spec.train)
    names = prepared.preparation.target.names
    allowed = allowed_codes(program.checked.tree)
    for note in prepared.notes:
        if note.code not in allowed:
            notice(note)
    if spec.data.target is None:
        notice(f"target: `{names[0]}`, the last column of {table.name}")
    device = torch_device(spec.train.device)
    net = network_for(program, prepared.preparation).to(device)
    own = None
    if loss is not None:
        own = OwnLoss.of(loss, device, net.dtype)
        prepared = with_loss(prepared, own, prepared.preparation.out_width(program.targets))
    settings = replace(spec.train, loss=settled_loss(spec.train.loss, prepared.preparation.task))
    setup = Setup(program, prepared, Training(net, settings, device, program.resolved, own))
    setup.training.data = prepared.preparation.identity
    _refuse_what_is_known(setup)
    if setup.training.precision.is_slow and MixedOnCpu.code not in allowed:
        notice(MixedOnCpu(span=program.checked.spans.get("train.precision")))
    for warning in beyond_outputs(spec, net.circuit.circuit, prepared):
        if warning.code not in allowed:
            notice(warning)
    return setup


def refuse_paid(setup: Setup) -> None:
    """Refuse (E0599) many trainings on a device that costs: each of them would be paid."""
    executable = setup.training.net.circuit.executable
    if isinstance(executable, MeteredExecutable) and executable.is_paid:
        reason = "every training is paid for on the spec's device"
        hint = "choose a backend that costs nothing, such as `--set backend=native`, or train once"
        raise Refusal(NotTheseTrainings(option="many trainings", reason=reason, hint=hint))


def measure(setup: Setup, watch: Watch) -> tuple[Fitted, dict[str, Any]]:
    """Train without a folder. Returns how it has ended, and the scores as in `metrics.json`, none if interrupted."""
    setup.settle(_nobody)
    prepared, training = setup.prepared, setup.training
    with suited_threads(training.net, setup.spec.train.batch):
        if watch.on_begin is not None:
            watch.on_begin(outlook_of(training, prepared.preparation))
        with followed(watch, training, partial(_tracked, setup, Path())) as following:
            fitted = fit(training, setup.samples, Unwritten(), watch=following.watch)
            metrics = {} if fitted.ended_by else scores_of(setup, watch.elsewhere)
            following.end = ended(fitted, metrics, None)
        return fitted, metrics


def scores_of(setup: Setup, elsewhere: Elsewhere) -> dict[str, Any]:
    """Returns the scores of a network as it is, and those of the baselines, as in `metrics.json`."""
    scored, _ = _predicted(setup)
    return results.all_scores(scored, setup.prepared, setup.spec.train.seed, elsewhere)


def fit_only(setup: Setup, watch: Watch) -> Fitted:
    """Train without a folder, and score nothing. Returns how it has ended; the network has its best weights."""
    setup.settle(_nobody)
    training = setup.training
    with suited_threads(training.net, setup.spec.train.batch):
        if watch.on_begin is not None:
            watch.on_begin(outlook_of(training, setup.prepared.preparation))
        return fit(training, setup.samples, Unwritten(), watch=watch)


def _refuse_what_is_known(setup: Setup) -> None:
    """Refuse before the first step what a later one would be refused for: its memory, rows that describe no state."""
    training, prepared = setup.training, setup.prepared
    net, row_name = training.net, None if prepared.lines is None else prepared.lines.of
    chosen, batch = net.circuit.backend, training.settings.batch
    trained = bool(net.quantum_weights()) or bool(net.front_weights())
    if chosen is not None and trained:
        largest = max(end - begin for begin, end in batch_bounds(len(prepared.preparation.parts.train), batch))
        setup.program.refuse_step(chosen, largest, str(training.precision.device))
    rows = prepared.preparation.rows
    inputs = torch.from_numpy(prepared.inputs[rows]).to(training.precision.device)
    refuse_zero_rows(net, inputs, lambda row: (row_name or "row {}".format)(int(rows[row])))


def _train_anew(setup: Setup, out: Path | None, watch: Watch | None, agree: Agree) -> RunResult:
    setup.settle(agree)
    existed = out is not None and os.path.lexists(out)
    path = create_run(out, setup.spec.name)
    with held(path):
        check_free(out)  # another training may have come and gone
        with advised(path):
            return _begin(setup, path, watch, existed=existed)


def _begin(setup: Setup, path: Path, watch: Watch | None, *, existed: bool) -> RunResult:
    """Train in a new folder, with a checkpoint before the first step; a training that fails early leaves none."""
    checkpoints = Checkpoints(path / "checkpoints")
    sweep(path)
    try:
        (path / REPORT).unlink(missing_ok=True)  # of a training that was ended before its first checkpoint
        write_document(path / STARTED, StartedFile(at=datetime.now(UTC).isoformat(timespec="seconds")))
        _write_spec(path, setup.program)
        preparation = setup.prepared.preparation
        write_document(path / PREPROCESS, PreprocessFile.model_validate(preparation.to_json()), durable=True)
        with suited_threads(setup.training.net, setup.spec.train.batch):
            results.write_environment(path, setup.spec, setup.training, setup.prepared.path)
        _keep_jobs(setup.training, checkpoints, path)
        return _finish(setup, path, checkpoints, watch)
    except BaseException as error:
        if checkpoints.best is None and not (setup.training.step and _may_go_on(error)):
            clear(path, keep_folder=existed)
        raise


def _write_spec(path: Path, program: Program) -> None:
    write_text(path / "spec.hqnn", program.source.text)
    write_text(path / SPEC, program.resolved, durable=True)


def _may_go_on(error: BaseException) -> bool:
    """Whether a training that ended so can be resumed: it was interrupted, or the disk was full."""
    return not isinstance(error, Refusal) or any(isinstance(item, RunUnwritable) for item in error.diagnostics)


def _keep_jobs(training: Training, checkpoints: Checkpoints, path: Path) -> None:
    """If jobs are counted they are kept, and so is a checkpoint from the start: no answer is ever paid twice."""
    executable = training.net.circuit.executable
    if isinstance(executable, MeteredExecutable):
        executable.keep_jobs_in(path / JOBS)
        checkpoints.keep_best(training.snapshot())


def _resume(setup: Setup, path: Path | None, watch: Watch | None, agree: Agree) -> RunResult:
    """Go on in a run's folder, which looks unfinished until this, too, has come to its end.

    If the training was ended before its first checkpoint, or has not made the folder yet, it begins anew there.
    """
    if path is None:
        raise Refusal(CannotResume(path="runs", reason="no run is named"))
    if is_begun_at_most(path):
        notice(BeginsAnew(path=str(path)))
        return _train_anew(setup, path, watch, agree)
    check_writable(path)
    with held(path) if path.is_dir() else nullcontext(), advised(path):
        return _go_on(setup, path, watch, agree)


def _go_on(setup: Setup, path: Path, watch: Watch | None, agree: Agree) -> RunResult:
    """Read back what the run's folder holds, and train from there."""
    training = setup.training
    stand = read_back(path, training, setup.prepared)
    setup = replace(setup, prepared=stand.prepared)
    load_metrics(path)
    restore(path, training, stand.last)
    executable = training.net.circuit.executable
    if isinstance(executable, MeteredExecutable):
        executable.keep_jobs_in(path / JOBS)
    setup.settle(agree)
    with writable(path / METRICS):
        (path / METRICS).unlink(missing_ok=True)
        (path / INTERVALS).unlink(missing_ok=True)
        (path / REPORT).unlink(missing_ok=True)
    sweep(path)
    checkpoints = Checkpoints(path / "checkpoints", best=stand.best)
    if stand.is_changed:
        if stand.best is not None:
            checkpoints.keep_best({**stand.best, "spec": setup.program.resolved})
            checkpoints.write()
        _write_spec(path, setup.program)
    return _finish(setup, path, checkpoints, watch, stand.last)


def _finish(
    setup: Setup, path: Path, checkpoints: Checkpoints, watch: Watch | None, resume: Snapshot | None = None
) -> RunResult:
    """Train, then write the results, with the threads that suit the network."""
    with followed(watch or Watch(), setup.training, partial(_tracked, setup, path)) as following:
        with suited_threads(setup.training.net, setup.spec.train.batch):
            result = _train_and_write(setup, path, checkpoints, following.watch, resume)
        following.end = ended(result.fitted, result.metrics, path)
        if following.watch.on_written is not None:
            following.watch.on_written(result)
            following.end = ended(result.fitted, result.metrics, path)  # with what was written just now
    return result


def _tracked(setup: Setup, path: Path) -> Tracked:
    return tracked(setup.program, setup.training, path, setup.prepared.preparation.parts, path.resolve().name)


def _train_and_write(
    setup: Setup, path: Path, checkpoints: Checkpoints, watch: Watch, resume: Snapshot | None
) -> RunResult:
    """Train, then write the results: the metrics after all that a run needs, and the pictures at the very end."""
    prepared, training = setup.prepared, setup.training
    net, preparation = training.net, prepared.preparation
    if watch.on_begin is not None:
        watch.on_begin(outlook_of(training, preparation, setup.counted()))
    try:
        fitted = fit(training, setup.samples, checkpoints, watch=watch, resume=resume)
    finally:
        results.write_history(path, training)
    scored, radii = _predicted(setup)
    if radii is not None:
        results.write_intervals(path, preparation.target.names, radii)
    results.write_predictions(path, scored)
    results.write_environment(path, setup.spec, training, prepared.path, fitted)
    with writable(path):
        (path / STARTED).unlink(missing_ok=True)
    with said_if_long("fitting the baselines, and scoring …", watch.progress):
        metrics = results.all_scores(scored, prepared, training.settings.seed, watch.elsewhere)
    results.write_metrics(path, metrics, training)
    try:
        if watch.on_end is not None:
            is_validated = len(preparation.parts.validation) > 0
            watch.on_end(ending_of(training, fitted, path, metrics, is_validated=is_validated))
        if watch.tells_findings:
            _tell_findings(setup)
    finally:
        results.draw(path, scored, fitted, radii, watch.elsewhere)
    return RunResult(path, metrics, fitted, net.eval(), preparation, radii)


def _tell_findings(setup: Setup) -> None:
    """Say what the course of the training shows (W0473 to W0475), unless the spec allows it."""
    training, allowed = setup.training, allowed_codes(setup.program.checked.tree)
    steps = len(batch_bounds(len(setup.prepared.preparation.parts.train), training.settings.batch))
    found = findings_of(stages_of(training.history), steps, training.precision.name(training.net))
    for warning in warnings_of(found):
        if warning.code not in allowed:
            notice(warning)


def _predicted(setup: Setup) -> tuple[Scored, Radii | None]:
    """The predictions for all rows of the table, with intervals if the spec wants some, and their radii."""
    prepared, preparation, intervals = setup.prepared, setup.prepared.preparation, setup.spec.train.intervals
    row_name = None if prepared.lines is None else prepared.lines.of
    predicted = predict_rows(setup.training.net, preparation, prepared.inputs, preparation.rows, row_name)
    radii = None
    if isinstance(predicted, Values) and intervals.name != "none":
        rows = preparation.parts.validation
        some = predicted[rows]
        radii = fit_radii(prepared.targets[rows], some.values, some.deviations, float(intervals.options["level"]))
    return Scored(preparation, prepared.targets, with_intervals(predicted, radii), prepared.weights), radii
