"""The Python surface: compile, train, load. What the command line does, without the words around it."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl import pipeline
from hqnn_dsl.compiled_folder import MODULE_FILE, SPEC_FILE, files_of, is_written_here, refusals
from hqnn_dsl.diagnostics import notices
from hqnn_dsl.diagnostics.codes.command import BadOption, NoModule, NotCompiled, RunIsFixed
from hqnn_dsl.diagnostics.codes.exports import TwoSpecs
from hqnn_dsl.diagnostics.codes.python import AlreadyCompiled, LossTwice, NotASpec
from hqnn_dsl.diagnostics.codes.scoring import NoIntervalsYet
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import a_kind
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.diagnostics.tracebacks import public
from hqnn_dsl.export.emitters import KINDS, MODULE
from hqnn_dsl.export.module import load_module
from hqnn_dsl.folders import check_replaceable, fresh_folder
from hqnn_dsl.literals import setting
from hqnn_dsl.program import Program
from hqnn_dsl.python_arguments import check_called, check_progress, path_of
from hqnn_dsl.trained import CrossValidation, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.notices import Receiver
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.used_files import AllowPath
    from hqnn_dsl.trained import Origin
    from hqnn_dsl.training.bar import Progress
    from hqnn_dsl.training.budget import Agree
    from hqnn_dsl.training.loop import Epoch, Watch
    from hqnn_dsl.training.own_loss import LossFunction
    from hqnn_dsl.training.replay import Replay
    from hqnn_dsl.training.run import RunResult
    from hqnn_dsl.training.tracking import Tracker


@public
def compile(
    spec: str | Path,
    set: Mapping[str, object] | None = None,
    *,
    allow_path: AllowPath = (),
) -> Program:
    """Returns the program of a spec, given as the path of its file or as its text.

    A string with a line break or a brace is a text; a `Path` always is a path. `set` changes settings and constants as
    `--set` does. `use` reaches files in the spec's folder and below (of a text: the working directory), and in the
    folders `allow_path` (one, or several) and below. Raises `Refusal` with every mistake found.
    """
    match spec:
        case str() if "\n" in spec or "{" in spec:
            return pipeline.program(_text(spec), _changes(set), allow_path)
        case str() | os.PathLike():
            return pipeline.load_program(Path(spec), _changes(set), allow_path)
    raise Refusal(NotASpec(what=a_kind(spec)))


@public
def compile_text(
    text: str, set: Mapping[str, object] | None = None, name: str = "spec", *, allow_path: AllowPath = ()
) -> Program:
    """Returns the program of a spec given as text; `use` is relative to the working directory, and reaches below it."""
    if not isinstance(text, str):
        raise Refusal(NotASpec(what=a_kind(text)))
    return pipeline.program(_text(text, name), _changes(set), allow_path)


def _text(text: str, name: str = "spec") -> Source:
    return Source(name, text.replace("\r\n", "\n"), folder=".")


def program_of(spec: str | Path | Program, set: Mapping[str, object] | None, allow_path: AllowPath) -> Program:
    """The program that is given, or that of a spec. Raises `Refusal` E0630 for a program with options for a spec."""
    if not isinstance(spec, Program):
        return compile(spec, set, allow_path=allow_path)
    for option, given in (("set", set), ("allow_path", allow_path)):
        if given:
            raise Refusal(AlreadyCompiled(option=option))
    return spec


def _changes(changes: Mapping[str, object] | None) -> dict[str, str]:
    return {path: setting(value) for path, value in (changes or {}).items()}


@public
def train(  # noqa: PLR0913 - what a training can be told
    spec: str | Path | Program,
    table: Origin,
    out: str | Path | None = None,
    *,
    set: Mapping[str, object] | None = None,
    allow_path: AllowPath = (),
    loss: LossFunction | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    trackers: Iterable[Tracker] = (),
    resume: bool = False,
    agree: Agree | bool = False,
    progress: Progress | None = None,
    report: bool = False,
    watch: Watch | None = None,
) -> Run:
    """Train a spec on a table and write the run to `out`, or to the next free `runs/<model>-<n>`. Returns the run.

    `spec` is a path, a text or a compiled program; `set` and `allow_path` are those of `compile`. `table` is the path
    of a file (`-` for standard input), or a frame.

    `loss(predicted, target)` takes the place of the spec's loss: it gets tensors `[B, T]` of rows and targets in scaled
    units, in the network's precision, and returns their mean loss, a scalar tensor. It is called once on two rows
    before anything is written. The run keeps the function's name, not its code: with `resume` it is given again.

    `on_epoch(epoch)` is called after every epoch with an `Epoch`: its number, losses and learning rates. If it raises
    `StopIteration`, the training ends there and the run is written as usual; any other exception ends the training, and
    the run can be resumed. What it returns is not looked at.

    `trackers` keep curves, scores and figures elsewhere: `hqnn.TensorBoard()`, `hqnn.MLflow()`, or objects of your own
    with `begin(training)`. One that fails is warned of (`W0477`), and the training goes on.

    `progress` is where it is written how far the training is: standard error if it is True or left out, nowhere if it
    is False, else the stream that it is. `watch` is told what is about to be done, every epoch, and how it ended. With
    `report` the run gets its page, `report.html`, as by `write_report` with the table.

    With `resume`, goes on with the run in `out` from its last checkpoint. A device that costs is used if `agree` is
    True, or says so to the bill that it is shown.

    Raises `Refusal` if the spec, the data, the folder, the budget or the environment does not allow it.
    """
    from hqnn_dsl.training.loop import Watch
    from hqnn_dsl.training.run import train as train_program

    check_called(
        loss=(loss, "a function of predictions and targets", 2), on_epoch=(on_epoch, "a function of an epoch", 1)
    )
    folder = None if out is None else path_of(out, "out")
    for path in set or () if loss is not None else ():
        if path.removeprefix("train.").partition(".")[0] == "loss":
            raise Refusal(LossTwice(path=path))
    program = program_of(spec, set, allow_path)
    program.refuse_training()  # before the table is read
    consent = (lambda _: agree) if isinstance(agree, bool) else agree
    if progress is not None:
        check_progress(progress)
    watch = watch or Watch()
    watch = replace(
        watch,
        on_epoch=on_epoch or watch.on_epoch,
        progress=watch.progress if progress is None else progress,
        trackers=(*watch.trackers, *trackers),
    )
    read = read_for(program, table, watch.progress)
    if report:
        watch = replace(watch, on_written=partial(_write_page, read, watch))
    result = train_program(program, read, folder, loss=loss, watch=watch, resume=resume, agree=consent)
    facts = (result.path, result.net, result.preparation, result.metrics, program.spec, program.spec.backend)
    return Run(*facts, result.radii)


def _write_page(table: Table, watch: Watch, run: RunResult) -> None:
    from hqnn_dsl.report.at_the_end import write_at_the_end

    write_at_the_end(run, table, watch)


@public
def cross_validate(  # noqa: PLR0913, PLR0917 - what many trainings can be told
    spec: str | Path | Program,
    table: Origin,
    folds: int | None = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] | None = None,
    rows: Iterable[int | str] | None = None,
    out: str | Path | None = None,
    *,
    set: Mapping[str, object] | None = None,
    allow_path: AllowPath = (),
    loss: LossFunction | None = None,
    resume: bool = False,
    keep_runs: bool = False,
    trackers: Iterable[Tracker] = (),
    progress: Progress = True,
) -> CrossValidation:
    """Train a spec many times on a table, each time on other rows or from another seed. Returns all scores together.

    `folds` parts of the table test one after the other, drawn anew `repeats` times; None tests on the rows that the
    spec's split says. `seeds` is how many seeds there are, from the spec's own on, or which. `rows` are numbers of rows
    to learn from, such as `[25, 50, "all"]`, validation rows among them. Every training fits everything on its own
    training rows. The rest is as for `train`.

    The record is written to `out`, or to the next free `runs/<model>-cv-<n>`, after every training. With `resume`, goes
    on with what is in `out`; the other arguments are given again. With `keep_runs` each training leaves a whole run.

    A training that is refused on its way, such as by a loss that is not finite, has `state` "failed" in the record, and
    the others go on. Raises `Refusal` as `train` does for what is wrong with all of them.
    """
    from hqnn_dsl.training.many import ManyOptions, train_many
    from hqnn_dsl.training.many_plan import plan_of

    check_called(loss=(loss, "a function of predictions and targets", 2))
    check_progress(progress)
    folder = None if out is None else path_of(out, "out")
    program = program_of(spec, set, allow_path)
    program.refuse_training()
    plan = plan_of(folds, repeats, seeds, rows, program.spec.train.seed, prefix="")
    options = ManyOptions(loss=loss, progress=progress, keep_runs=keep_runs, trackers=tuple(trackers))
    read = read_for(program, table, progress)
    found = train_many(program, read, plan, folder, resume=resume, options=options)
    return CrossValidation(found.path, found.record, found.interrupted)


@public
def replay(  # noqa: PLR0913 - what a replay can be told
    path: str | Path,
    table: Origin | None = None,
    *,
    set: Mapping[str, object] | None = None,
    loss: LossFunction | None = None,
    anyway: bool = False,
    tolerance: float | None = None,
    agree: Agree | bool = False,
    progress: Progress | None = None,
) -> Replay:
    """Train the run in a folder again, in memory, and returns how its numbers compare: a `Replay` with its `verdict`.

    `table` is the one of the training; left out, it is read from where it was. If it is another one, nothing is trained
    unless `anyway`. `set` may change `step`, `device` and `backend`: what computes the training. `loss` is the function
    that the run was trained with, if it was one. `tolerance` is the largest relative difference of a loss, or of a
    weight to the largest of its tensor, that counts as rounding: 1e-8 in double, 1e-4 in single and 1e-2 in mixed
    precision if left out. `agree` and `progress` are those of `train`. Raises `Refusal`: E0549 if the run cannot be
    replayed, E0532 or E0533 for its files, and what `train` raises.
    """
    from hqnn_dsl.training import replay as replaying
    from hqnn_dsl.training.loop import Watch

    check_called(loss=(loss, "a function of predictions and targets", 2))
    folder, shown = path_of(path, "path"), progress if progress is not None else True
    check_progress(shown)
    if tolerance is not None and not tolerance >= 0:
        raise Refusal(BadOption(option="tolerance", expected="a number from 0 on", value=repr(tolerance)))

    asked = replaying.Asked(_changes(set), loss, anyway, tolerance, Watch(progress=shown))
    consent = (lambda _: agree) if isinstance(agree, bool) else agree
    return replaying.replay(folder, table, lambda program, origin: read_for(program, origin, shown), asked, consent)


def read_for(program: Program, table: Origin, progress: Progress) -> Table:
    """The table, read as the program's spec says."""
    from hqnn_dsl.data.columns import needed_by
    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.data.written import Purpose
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.training.reading_bar import ReadingBar

    where = str(table) if isinstance(table, str | os.PathLike) else "the table"
    with PlacedByCode(program.checked.spans), ReadingBar(where, progress=progress) as bar:
        data = program.spec.data
        return read_table(table, data.read, progress=bar, purpose=Purpose(needed_by(data)))


@public
def open_run(path: str | Path, changes: Mapping[str, object] | None = None, *, loss: LossFunction | None = None) -> Run:
    """Returns a run from its folder, ready to predict.

    `changes` are as `--set`, of the backend only: another change raises `Refusal` E0607. `loss` is the function that
    the run was trained with, if it was one: `evaluate` then computes it; one of another name raises `Refusal` E0544.
    """
    from hqnn_dsl.training.binding import check_bound
    from hqnn_dsl.training.run_on_disk import load_metrics, load_radii, load_run

    check_called(loss=(loss, "a function of predictions and targets", 2))
    path = path_of(path, "path")
    stored, metrics = load_run(path), load_metrics(path)
    program = trained = stored.program()
    if changes:
        program = stored.program(_changes(changes))
        _check_only_backend(trained, program, path)
    net, preparation = stored.network(program), stored.preparation
    if loss is not None:
        from hqnn_dsl.training.own_loss import given_again

        preparation = given_again(path, preparation, loss, net)
    radii = load_radii(path, stored.preparation, trained.spec)
    check_bound(path)
    if not metrics and trained.spec.train.intervals.name != "none":
        notices.notice(NoIntervalsYet(path=str(path)))
    return Run(path, net, preparation, metrics, program.spec, trained.spec.backend, radii)


def _check_only_backend(trained: Program, changed: Program, path: Path) -> None:
    """Refuse a run of a spec that differs from the trained one in more than the backend."""
    same_spec = replace(changed.spec, backend=trained.spec.backend) == trained.spec
    if not same_spec or changed.logical != trained.logical:
        raise Refusal(RunIsFixed(path=str(path)))


@public
def write_report(
    run: str | Path | Run | Sequence[str | Path | Run],
    table: Origin | None = None,
    out: str | Path | None = None,
    *,
    force: bool = False,
) -> Path:
    """Write the page of a run as one HTML file, `report.html` in its folder if `out` is None. Returns its path.

    With a `table` that has the targets the network is asked: its response to each column, the importance of columns,
    and its errors over them. Several runs are put side by side, in `runs-compared.html` here if `out` is None, without
    a table. Another file that is there is replaced with `force`. Raises `Refusal`: E0532 or E0533 for the runs' files,
    E0653 to E0655 for several runs, E0550 to E0552 and E0603 for the page's, and what `Run.evaluate` raises for the
    table.
    """
    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.diagnostics.placed import AdvisedForRun
    from hqnn_dsl.report.pages import Page, write_beside

    place = None if out is None else path_of(out, "out")
    folders = [_folder(one) for one in run] if isinstance(run, list | tuple) else [_folder(run)]
    if not folders:
        raise Refusal(BadOption(option="run", expected="a run or a list of runs", value="an empty list"))
    if len(folders) > 1:
        return write_beside(folders, place, has_table=table is not None, force=force)
    tables = [Path(table)] if isinstance(table, str | os.PathLike) else []
    page = Page.of(folders[0], place, tables=tables, force=force)
    with AdvisedForRun():
        preparation, read = page.files.preparation, page.files.program.spec.data.read
        page.write(None if table is None else read_table(table, read, purpose=preparation.purpose(scores=True)))
    return page.place


def _folder(run: object) -> Path:
    return run.path if isinstance(run, Run) else path_of(run, "run")


@public
def load(run: str | Path | Run) -> HybridNet:
    """Returns the network, from a run (with its best weights) or from a folder that `hqnn compile` wrote.

    It computes in scaled units: features and targets as the run's scaling makes them, not those of the table. A table
    is predicted, in the target's own units, by `hqnn.open_run(path).predict(table)`.
    """
    if isinstance(run, Run):
        return run.network()
    folder = path_of(run, "run")
    if os.path.isdir(folder / "checkpoints"):  # noqa: PTH112 - raises nothing
        return open_run(folder).net
    module = folder / MODULE_FILE
    if not module.is_file():
        raise Refusal(NotCompiled(path=str(folder), reason=f"there is no {MODULE_FILE} and no checkpoint"))
    stored = load_module(module)
    spec = folder / SPEC_FILE
    if spec.is_file() and spec.read_bytes() != stored.spec.encode():
        raise Refusal(TwoSpecs(path=str(folder)))
    net = pipeline.build(stored.spec, stored.in_width, stored.out_width, stored.embeddings)
    net.load_state_dict(stored.weights)
    return net.eval()


@public
def send_notices_to(receiver: Receiver | None) -> Receiver | None:
    """Send the notices of the package to a function, or with None to Python's `warnings`, as at the start.

    The function gets an `HQNNWarning`, perhaps in another thread. Returns the function that was there before, None if
    it was `warnings`.
    """
    check_called(receiver=(receiver, "a function of a warning, or None", 1))
    return notices.send_notices_to(receiver)


@public
def write_compiled(  # noqa: PLR0913 - what a network can be told
    program: str | Path | Program,
    out: str | Path,
    kinds: Iterable[str] = KINDS,
    in_width: int | None = None,
    *,
    out_width: int | None = None,
    embeddings: Sequence[Embedding] = (),
) -> list[Path]:
    """Write what `hqnn compile` writes to the folder `out`, and nothing else is in it then. Returns the paths written.

    The files are written into a fresh folder, which takes the place of `out` when all are whole and the OpenQASM in it
    was read back; if anything fails before, `out` is as it was. `in_width` is the number of inputs and
    `out_width` that of outputs, where only the table knows it, and `embeddings` are the inputs with levels. Without
    the widths the module is left out, or refused where `kinds` is not the default and names it.

    Raises `Refusal`: E0602 if `out` has files that `hqnn compile` does not write, E0603 if it cannot be written.
    """
    program = program_of(program, None, ())
    folder, wanted = path_of(out, "out"), tuple(kinds)
    with refusals(folder):
        check_replaceable(folder, is_written_here)
    widths = in_width or program.features, out_width or program.targets
    if None in widths and MODULE in wanted and wanted != tuple(KINDS):
        raise Refusal(NoModule())
    names = []
    files = files_of(program, wanted, widths, embeddings)
    with refusals(folder), fresh_folder(folder, is_written_here) as fresh:
        for name, data in files:
            (fresh / name).write_bytes(data)
            names.append(name)
    return [folder / name for name in names]
