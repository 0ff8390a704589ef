"""`hqnn train`, `hqnn predict` and `hqnn evaluate`."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli import train_many
from hqnn_dsl.cli.consent import asker
from hqnn_dsl.cli.options import AllowPath, Data, Json, RunFolder, Set, Spec, Yes
from hqnn_dsl.cli.output import (
    changes_of,
    show,
    speak_json,
    tell,
    write,
    write_exact,
    write_json,
    write_lines,
    write_wrapped,
)
from hqnn_dsl.cli.reading import read_data, shown
from hqnn_dsl.cli.tracker_options import MlflowOption, MlflowStore, TensorBoardOption, asked_trackers
from hqnn_dsl.cli.train_many import Folds, KeepRuns, Repeats, Rows, Seeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.cli.tracker_options import AskedTrackers
    from hqnn_dsl.trained import Run
    from hqnn_dsl.training.outlook import Ending, Outlook

PAGES = "hqnn_dsl.report.write"
"""The module that makes the page of a run."""


def train(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: Data,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run; the next free `runs/<model>-<n>` by default."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    folds: Folds = None,
    repeats: Repeats = None,
    seeds: Seeds = None,
    rows: Rows = None,
    keep_runs: KeepRuns = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no page, report.html, at the end.")] = False,
    tensorboard: TensorBoardOption = False,
    mlflow: MlflowOption = False,
    mlflow_store: MlflowStore = None,
    yes: Yes = False,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Train the network of a spec on a table, and write a run that predicts, with a page about it.

    Ctrl-C ends the training cleanly, with exit code 130: the run then holds the best network so far.

    With --folds, --repeats, --seeds or --rows it trains many times, and writes the scores of all to the folder
    `runs/<model>-cv-<n>`: means, standard errors, and the baselines on the same rows.
    """
    if as_json:
        speak_json()
    _refuse_resume(out, resume=resume)
    changes = changes_of(set)
    given = [
        *(word for change in set for word in ("--set", change)),
        *(w for p in allow_path for w in ("--allow-path", str(p))),
    ]
    trackers = asked_trackers(tensorboard=tensorboard, mlflow=mlflow, store=mlflow_store)
    given += trackers.words
    asked = train_many.Asked(
        folds=folds, repeats=repeats, seeds=seeds, rows=rows, keep_runs=keep_runs, no_report=no_report
    )
    if train_many.is_many(asked, out, resume=resume):
        many = train_many.Command(
            spec=spec,
            data=data,
            out=out,
            resume=resume,
            changes=changes,
            allow_path=allow_path,
            given=given,
            trackers=trackers,
        )
        train_many.train_many(many, asked, as_json=as_json)
        return
    one = _One(
        spec=spec,
        data=data,
        out=out,
        resume=resume,
        yes=yes,
        with_page=not no_report,
        as_json=as_json,
        trackers=trackers,
    )
    _train_once(one, changes, allow_path, given)


@dataclass(frozen=True, kw_only=True)
class _One:
    """The options of one training."""

    spec: Path
    data: Path
    out: Path | None
    resume: bool
    yes: bool
    with_page: bool
    as_json: bool
    trackers: AskedTrackers


def _train_once(one: _One, changes: Mapping[str, str], allow_path: Sequence[Path], given: Sequence[str]) -> None:
    """Train once, and write what came of it."""
    spec, data, as_json = one.spec, one.data, one.as_json
    tell(f"{'going on with' if one.resume else 'training'} {spec} on {shown(data)} …")
    from hqnn_dsl import api
    from hqnn_dsl.training.second_process import USED, SecondProcess

    program = api.compile(spec, dict(changes), allow_path=allow_path)
    if not as_json:
        show(program.warnings)
    outlooks: list[Outlook] = []
    endings: list[Ending] = []
    with SecondProcess((*USED, PAGES) if one.with_page else USED) as elsewhere:
        from hqnn_dsl.cli import train_messages
        from hqnn_dsl.training.loop import Watch

        def begin(outlook: Outlook) -> None:
            outlooks.append(outlook)
            for line in train_messages.outlook_lines(outlook, with_columns=not as_json):
                tell(line)

        def end(ending: Ending) -> None:
            endings.append(ending)
            if not as_json:
                _write_scores(ending)

        pace = partial(train_messages.tell_pace, second=elsewhere.number)
        watch = Watch(on_begin=begin, on_pace=pace, on_end=end, elsewhere=elsewhere, trackers=one.trackers.made())
        agree = asker(yes=one.yes)
        run = api.train(program, data, one.out, resume=one.resume, agree=agree, watch=watch, report=one.with_page)
    _write_end(one, run, outlooks, endings[0] if endings else None, given)


def _write_end(one: _One, run: Run, outlooks: Sequence[Outlook], ending: Ending | None, given: Sequence[str]) -> None:
    """Write where a run is, and how to go on with it. Leaves with exit code 130 after Ctrl-C."""
    from hqnn_dsl.cli import train_messages
    from hqnn_dsl.training.files import CARD

    kept, page = _complete(run.path), _page_of(run.path)
    if one.as_json:
        columns = train_messages.columns_of(outlooks)
        found = {"run": str(run.path), "report": page, "metrics": run.metrics, "columns": columns}
        write_json(found, kept)
    else:
        write_wrapped(f"pictures: {', '.join(str(path) for path in sorted((run.path / 'plots').glob('*.png')))}", kept)
        write(f"run: {run.path}", kept)
        one.trackers.write_places(run.path, kept)
    is_interrupted = ending is not None and ending.reason == "interrupted"
    if not one.as_json or is_interrupted:
        for purpose, command in train_messages.next_lines(run.path, one.spec, one.data, ending, given):
            tell(f"{purpose}: {command}", " \\")
    if one.resume and (run.path / CARD).is_file():
        tell(
            f"the card is still that of before, to write it anew: hqnn report {shlex.quote(str(run.path))} --card",
            " \\",
        )
    if page is not None and not one.as_json:
        write(f"report: {page}", kept)
    if is_interrupted:
        raise typer.Exit(128 + signal.SIGINT)


def _page_of(run: Path) -> str | None:
    """The path of the page that a training has written, None if it has not."""
    from hqnn_dsl.training.files import REPORT

    return str(run / REPORT) if (run / REPORT).is_file() else None


def _write_scores(ending: Ending) -> None:
    """Write the scores of a training, while its pictures are still to be drawn."""
    from hqnn_dsl.cli import score_tables, train_messages
    from hqnn_dsl.training.run_files import METRICS
    from hqnn_dsl.training.verdicts import verdict

    kept = _complete(ending.run)
    write_lines(score_tables.score_table(ending.metrics), kept)
    if (classes := score_tables.class_table(ending.metrics, str(ending.run / METRICS))) is not None:
        write_lines(f"\n{classes}\n", kept)
    for line in (train_messages.ending_line(ending), verdict(ending.metrics)):
        write_wrapped(line, kept)


def _complete(run: Path) -> str:
    return f"the run is complete, in {run}"


def _refuse_resume(out: Path | None, *, resume: bool) -> None:
    from hqnn_dsl.diagnostics.codes.command import BadOption
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    if resume and out is None:
        raise Refusal(
            BadOption(option="--resume", expected="the run's folder beside it, as --out RUN", value="nothing")
        )


def predict(  # noqa: PLR0913 - options of a command
    run: RunFolder,
    data: Data,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="CSV file to write; standard output by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out if it exists.")] = False,
    keep: Annotated[
        list[str],
        typer.Option(
            "--keep",
            metavar="COLUMN",
            help="A column of the table, such as an identifier, to stand beside the predictions. Repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    yes: Yes = False,
) -> None:
    """Predict the targets for the rows of a table, in their own units, from a run alone.

    Writes CSV: the line of each row in the table, and a column `<target>_predicted` for each target. If the run has
    intervals, their ends `<target>_low` and `<target>_high`; for classes the probability `<target>_p_<class>` of each.
    """
    from hqnn_dsl.files import check_output, writing
    from hqnn_dsl.training.files import own_files

    if out is not None:
        check_output(out, inputs=[(data, "the table that is read"), *own_files(run)], force=force)
    from torch import float64

    from hqnn_dsl import api
    from hqnn_dsl.data.preparation import notes_of
    from hqnn_dsl.diagnostics.placed import AdvisedForRun
    from hqnn_dsl.training.evaluate import predict_table
    from hqnn_dsl.training.predictions import check_kept, names_of, predictions_text

    opened = api.open_run(run)
    with AdvisedForRun():
        rows = read_data(data, opened.spec.data.read, keep, opened.preparation.purpose(scores=False))
    show((*rows.notes, *notes_of(opened.preparation, rows)))
    target, is_single = opened.preparation.target, opened.net.dtype != float64
    check_kept(keep, rows, (rows.lines.unit, *names_of(opened.preparation, opened.radii)))
    opened.settle(rows, asker(yes=yes))
    with AdvisedForRun():
        found = predict_table(opened.net, opened.preparation, rows, opened.radii)
    text = predictions_text(found, rows, target, single=is_single, keep=keep)
    if out is None:
        write_exact(text.rstrip("\n"))
        return
    with writing(out, force=force) as beside:
        beside.write_text(text, encoding="utf-8")
    tell(f"wrote {out}")


def evaluate(
    run: RunFolder,
    data: Data,
    *,
    yes: Yes = False,
    set: Set = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Score a run on a table that has the targets; `--set backend=…` runs it on another backend.

    If the table is that of the training, training, validation and test rows are scored separately. With another
    backend, the scores of the run's own backend are shown too. Nothing in the run's folder is changed.
    """
    from hqnn_dsl.cli import score_tables
    from hqnn_dsl.cli.two_backends import Scored, both
    from hqnn_dsl.diagnostics.quantities import parts_of

    if as_json:
        speak_json()
    scored, own = both(run, data, changes_of(set), asker(yes=yes))
    if as_json:
        found = {"run": str(run), "task": scored.task, "metrics": scored.metrics, "backend": scored.backend}
        write_json(found if own is None else found | {"own": {"metrics": own.metrics, "backend": own.backend}})
        return
    if own is None:
        write_lines(score_tables.score_table(scored.metrics))
        if (classes := score_tables.class_table(scored.metrics, "the document of `--json`")) is not None:
            write_lines(f"\n{classes}")
        return

    def lines(one: Scored, name: str, which: str) -> list[list[str]]:
        return score_tables.score_rows([name, f"{one.title} ({which})"], one.metrics[name], named)

    named = parts_of(scored.metrics)
    rows = [
        line
        for name, _ in named
        for one, which in ((own, "its own"), (scored, "asked for"))
        for line in lines(one, name, which)
    ]
    write_lines(score_tables.as_table(["rows", "backend"], rows, named))
    write("Only the backend differs:")
    write(f"  its own:   {own.full}")
    write(f"  asked for: {scored.full}")
