"""`hqnn train`, `hqnn predict` and `hqnn evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hqnn_dsl.cli.consent import asker
from hqnn_dsl.cli.options import AllowPath, Data, Json, RunFolder, Set, Spec, Yes
from hqnn_dsl.cli.output import (
    changes_of,
    number,
    show,
    speak_json,
    table,
    tell,
    write,
    write_exact,
    write_json,
    write_lines,
)


def train(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: Data,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run; the next free runs/<model>-<n> where it is left out."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out where it was left.")] = False,
    yes: Yes = False,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Train the network of a spec on a table, and write a run that predicts.

    Ctrl-C ends the training cleanly: the run then holds the best network until there.
    """
    from hqnn_dsl import api
    from hqnn_dsl.report.codes.command import BadOption
    from hqnn_dsl.report.diagnostic import Refusal

    if as_json:
        speak_json()
    if resume and out is None:
        raise Refusal(
            BadOption(option="--resume", expected="the run's folder beside it, as --out RUN", value="nothing")
        )
    program = api.compile(spec, changes_of(set), allow_path=allow_path)
    if not as_json:
        show(program.warnings)
    run = api.train(program, data, out, resume=resume, agree=asker(yes=yes))
    kept = f"the run is complete, in {run.path}"
    if as_json:
        write_json({"run": str(run.path), "metrics": run.metrics}, kept)
        return
    write_lines(_scores(run.metrics), kept)
    write(f"run: {run.path}", kept)


_TITLES = ("RMSE", "MAE", "R²", "loss (scaled)")


def _scores(metrics: dict[str, Any]) -> str:
    """Scores of every part, and of the baselines on the test rows, in the target's own units."""
    rows = [[part, *_row(metrics[part])] for part in ("train", "validation", "test") if metrics.get(part)]
    for name, found in metrics.get("baselines", {}).items():
        if found:
            rows.append([f"{name.replace('_', ' ')} (test)", *_row(found)])
    return table(["rows", *_TITLES], rows)


def _row(scores: dict[str, Any]) -> list[str]:
    return [number(scores.get(name)) for name in ("rmse", "mae", "r2", "loss")]


def predict(
    run: RunFolder,
    data: Data,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="CSV to write; standard output where it is left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out if it exists.")] = False,
    yes: Yes = False,
) -> None:
    """Predict the targets for the rows of a table, in their own units, from a run alone."""
    from hqnn_dsl.files import check_output, writing
    from hqnn_dsl.training.files import own_files

    if out is not None:
        check_output(out, inputs=[(data, "the table that is read"), *own_files(run)], force=force)
    from hqnn_dsl import api
    from hqnn_dsl.training.columns import truth_notes
    from hqnn_dsl.training.tables import read_table

    opened = api.open_run(run)
    rows = read_table(data)
    show(truth_notes(rows, opened.preparation.features.names))
    opened.settle(rows, asker(yes=yes))
    text = opened.predict(rows).to_csv(index=False, lineterminator="\n")
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

    On the table that it was trained on, training, validation and test rows are told apart. With another backend, the
    scores of the run's own stand beside. Nothing in the run's folder is changed.
    """
    from hqnn_dsl.cli.comparing import Scored, both

    if as_json:
        speak_json()
    scored, own = both(run, data, changes_of(set), asker(yes=yes))
    if as_json:
        found = {"run": str(run), "metrics": scored.metrics, "backend": scored.backend}
        write_json(found if own is None else found | {"own": {"metrics": own.metrics, "backend": own.backend}})
        return
    if own is None:
        rows = [[name, *_row(scores)] for name, scores in scored.metrics.items() if scores]
        write_lines(table(["rows", *_TITLES], rows))
        return

    def lines(one: Scored, name: str, which: str) -> list[str]:
        return [name, f"{one.title} ({which})", *_row(one.metrics[name])]

    rows = [
        line
        for name, scores in scored.metrics.items()
        if scores
        for line in (lines(own, name, "its own"), lines(scored, name, "asked for"))
    ]
    write_lines(table(["rows", "backend", *_TITLES], rows))
    write("the backend is another one, and nothing else:")
    write(f"  its own:   {own.full}")
    write(f"  asked for: {scored.full}")
