"""`hqnn train` with `--folds`, `--repeats`, `--seeds` or `--rows`: many trainings, their scores, the verdict."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hqnn_dsl.cli.output import show, table, tell, write, write_json, write_lines, write_wrapped
from hqnn_dsl.cli.reading import read_for, shown
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import BASELINES, CLASS_SCORES, MORE_SCORES, SCORES, count, number
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of, wrapped
from hqnn_dsl.training.verdicts import UNSPLIT, is_unsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hqnn_dsl.cli.tracker_options import AskedTrackers
    from hqnn_dsl.training.many_plan import Plan
    from hqnn_dsl.training.outlook import Outlook

Folds = Annotated[
    int | None,
    typer.Option("--folds", metavar="N", help="Cross-validate: each of N parts of the rows tests once.", min=None),
]
Repeats = Annotated[
    int | None, typer.Option("--repeats", metavar="N", help="Draw the folds anew N times; needs --folds.")
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="Train from each of N seeds, the spec's and those after it.")
]
Rows = Annotated[
    str | None,
    typer.Option("--rows", metavar="N,…", help="Learn from so many rows only, such as `25,50,100,all`: a curve."),
]
KeepRuns = Annotated[bool, typer.Option("--keep-runs", help="Keep the whole run of each of many trainings.")]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options of many trainings as given."""

    folds: int | None
    repeats: int | None
    seeds: int | None
    rows: str | None
    keep_runs: bool
    no_report: bool = False

    @property
    def is_many(self) -> bool:
        """Whether any of them is given."""
        return any(value is not None for value in (self.folds, self.repeats, self.seeds, self.rows))

    def plan(self, root: int) -> Plan:
        """The plan that they ask for; `root` is the spec's seed. Raises `Refusal` E0599 or E0605."""
        from hqnn_dsl.training.many_plan import plan_of, rows_of_text

        rows = None if self.rows is None else rows_of_text(self.rows)
        return plan_of(self.folds, self.repeats, self.seeds, rows, root)


def is_many(asked: Asked, out: Path | None, *, resume: bool) -> bool:
    """Whether many trainings are asked for, or gone on with. Raises `Refusal` for options that do not go together."""
    from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings

    if asked.is_many or (resume and out is not None and _is_many_folder(out)):
        if asked.is_many:
            asked.plan(0)
        if asked.no_report:
            reason = "many trainings write no pages"
            raise Refusal(NotTheseTrainings(option="--no-report", reason=reason, hint="leave it out"))
        return True
    if asked.keep_runs:
        hint = "leave it out, or write `--folds 5` beside it"
        raise Refusal(NotTheseTrainings(option="--keep-runs", reason="one training always keeps its run", hint=hint))
    return False


def _is_many_folder(out: Path) -> bool:
    try:
        return (out / "cv.json").is_file()
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, kw_only=True)
class Command:
    """The rest of the command line: spec, table, folder, and the options that are typed again to go on."""

    spec: Path
    data: Path
    out: Path | None
    resume: bool
    changes: Mapping[str, str]
    allow_path: Sequence[Path]
    given: Sequence[str]
    trackers: AskedTrackers


def train_many(command: Command, asked: Asked, *, as_json: bool) -> None:
    """Run many trainings, and write their scores. Leaves with exit code 1 if one has failed, 130 after Ctrl-C."""
    tell(f"{'going on with' if command.resume else 'training'} {command.spec} on {shown(command.data)}, many times …")
    from hqnn_dsl import api
    from hqnn_dsl.cli.train_messages import tell_pace
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.training import many

    program = api.compile(command.spec, dict(command.changes), allow_path=command.allow_path)
    if not as_json:
        show(program.warnings)
    program.refuse_training()
    plan = asked.plan(program.spec.train.seed) if asked.is_many else None
    if plan is not None:
        tell(plan.sentence)
    options = many.ManyOptions(
        keep_runs=asked.keep_runs, on_begin=_tell_first, on_pace=tell_pace, trackers=command.trackers.made()
    )
    with PlacedByCode(program.checked.spans):
        read = read_for(program.spec, command.data)
    found = many.train_many(program, read, plan, command.out, resume=command.resume, options=options)
    kept = f"the scores are in {found.path / 'cv.json'}"
    if as_json:
        write_json({"cross_validation": str(found.path), **found.record}, kept)
    else:
        for text in _report(found.record):
            write_lines(text, kept)
        for line in verdicts(found.record):
            write_wrapped(line, kept)
        write(f"all scores: {found.path}", kept)
        command.trackers.write_places(found.path, kept)
    if found.record["state"] != "complete":
        words = ["hqnn", "train", str(command.spec), str(command.data), "--out", str(found.path), "--resume"]
        kept_runs = ["--keep-runs"] if asked.keep_runs else []
        tell(f"to go on: {shlex.join([*words, *kept_runs, *command.given])}", " \\")
    _leave(found.record, interrupted=found.interrupted)


def _tell_first(outlook: Outlook, at_once: int) -> None:
    from hqnn_dsl.cli import train_messages

    tell(f"the first of them, {at_once} at once:" if at_once > 1 else "the first of them:")
    for line in train_messages.outlook_lines(outlook):
        tell(line)


def _leave(record: Mapping[str, Any], *, interrupted: bool) -> None:
    if interrupted:
        raise typer.Exit(128 + signal.SIGINT)
    if any(line["state"] == "failed" for line in record["trainings"]):
        raise typer.Exit(1)


# ---------------------------------------------------------------------------------------------------------- the scores


def _report(record: Mapping[str, Any]) -> Iterator[str]:
    """Yields the table of all trainings, the mistakes of those that failed, and the table of means."""
    ended = [line for line in record["trainings"] if line["state"] != "open"]
    if not ended:
        yield "no training is done"
        return
    yield training_table(record, ended)
    for line in ended:
        for mistake in line["mistakes"]:
            yield f"training {line['number']} failed: {printable(mistake['message'])} [{mistake['code']}]"
    if any(record["summary"]):
        yield ""
        yield mean_table(record)
        if any(group["units"] > 1 for group in record["summary"] if group is not None):
            yield f"± is the standard error over {_over(record)}."


def _score_names(several: Sequence[Mapping[str, Any]]) -> list[str]:
    """The scores that any of them has, in the order of the first; of classes without the loss, which is scaled."""
    names = dict.fromkeys(name for scores in several for name in scores)
    known = [name for name in names if any(scores.get(name) is not None for scores in several)]
    return [name for name in known if name != "loss"] if "log_loss" in known else known


def title(name: str) -> str:
    """The title of a score in a table."""
    return {**SCORES, **MORE_SCORES, **CLASS_SCORES}.get(name, name.replace("_", " "))


def training_table(record: Mapping[str, Any], ended: Sequence[Mapping[str, Any]]) -> str:
    """Returns a line for each training that has ended: what of it differs from the others, and its scores."""
    plan = record["plan"]
    names = _score_names([line["scores"] for line in ended])
    columns: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [("training", lambda line: str(line["number"]))]
    if plan["rows"] != [None]:
        columns.append(("rows", lambda line: "all" if line["rows"] is None else str(line["rows"])))
    if plan["repeats"] > 1:
        columns.append(("repetition", lambda line: f"{line['repeat'] + 1}/{plan['repeats']}"))
    if plan["folds"] is not None:
        columns.append(("fold", lambda line: f"{line['fold'] + 1}/{plan['folds']}"))
    if len(plan["seeds"]) > 1:
        columns.append(("seed", lambda line: str(line["seed"])))
    columns.append(("epochs", lambda line: str(line["epochs"]) if line["state"] == "done" else "failed"))
    rows = [
        [*(text(line) for _, text in columns), *(number(line["scores"].get(name)) for name in names)] for line in ended
    ]
    return _fitting([*(name for name, _ in columns), *map(title, names)], rows, len(columns))


def mean_table(record: Mapping[str, Any]) -> str:
    """Returns the means with their standard errors: the model, then the baselines, for each number of rows."""
    groups = [
        (rows, group)
        for rows, group in zip(record["plan"]["rows"], record["summary"], strict=True)
        if group is not None
    ]
    models = [
        (rows, group, name, scores)
        for rows, group in groups
        for name, scores in ((record["model"], group["scores"]), *group["baselines"].items())
    ]
    names = _score_names([scores for *_, scores in models])
    several = record["plan"]["rows"] != [None]
    heading = f"mean of the {groups[0][1]['part']} rows"
    header = [*(["rows"] if several else []), heading, *map(title, names)]
    lines = [
        [
            *(["all" if rows is None else str(rows)] if several else []),
            BASELINES.get(name, name) if scores is not group["scores"] else name,
            *(_with_error(scores.get(score)) for score in names),
        ]
        for rows, group, name, scores in models
    ]
    return _fitting(header, lines, len(header) - len(names), heading=heading)


def _with_error(score: Mapping[str, Any] | None) -> str:
    if score is None or score["mean"] is None:
        return "-"
    error = score["standard_error"]
    return number(score["mean"]) if error is None else f"{number(score['mean'])} ± {number(error, 2)}"


def _over(record: Mapping[str, Any]) -> str:
    """The units of the standard error, in words."""
    plan, group = record["plan"], next(group for group in record["summary"] if group is not None)
    units, seeds = group["units"], len(plan["seeds"])
    if plan["folds"] is None:
        return count(units, "seed")
    repeated = f" ({plan['folds']} folds, {count(plan['repeats'], 'repetition')})" if plan["repeats"] > 1 else ""
    averaged = f", each the mean of {seeds} seeds" if seeds > 1 else ""
    return f"{count(units, 'fold')}{repeated}{averaged}; folds share rows to learn from, so it is a rough one"


def _fitting(header: Sequence[str], rows: Sequence[Sequence[str]], before: int, *, heading: str = "") -> str:
    """Returns a table, or on a terminal that is too narrow for it a line of words for each row.

    The column of names that is called `heading` has its title above these lines, not in each of them.
    """
    text, width = table(header, rows), width_of(sys.stdout)
    if width is None or all(cells(line) <= width for line in text.split("\n")):
        return text
    lines = [wrapped(f"{heading}:", width)] if heading else []
    for row in rows:
        named = zip(header[:before], row[:before], strict=True)
        about = ", ".join(cell if name == heading else f"{name} {cell}" for name, cell in named)
        figures = ", ".join(f"{name} {cell}" for name, cell in zip(header[before:], row[before:], strict=True))
        lines.append(wrapped(printable(f"{about}: {figures}"), width))
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------------- the verdict


def verdicts(record: Mapping[str, Any]) -> Iterator[str]:
    """Yields a sentence for each number of rows: how the model compares with each baseline, paired over the units."""
    rows = record["plan"]["rows"]
    for number_of, group in zip(rows, record["summary"], strict=True):
        if group is None:
            continue
        before = "" if rows == [None] else f"{'all' if number_of is None else number_of} rows: "
        if not group["against"]:
            yield f"verdict: {before}there are no test rows, so nothing here says how well it predicts rows unseen"
            continue
        means = {name: partial(_mean_of, scores) for name, scores in group["baselines"].items()}
        left_out = "gradient_boosting" if is_unsplit(means) else None
        said = [_against(name, found, group) for name, found in group["against"].items() if name != left_out]
        if left_out:
            said.append(UNSPLIT["majority" if "majority" in means else "mean"])
        yield f"verdict: {before}{'; '.join(said)}"


def _mean_of(scores: Mapping[str, Any], name: str) -> float | None:
    value: float | None = (scores.get(name) or {}).get("mean")
    return value


_SPELT_OUT = {"balanced_accuracy": "balanced accuracy"}


def _against(name: str, found: Mapping[str, Any] | None, group: Mapping[str, Any]) -> str:
    baseline, score = BASELINES.get(name, name), _SPELT_OUT.get(group["main"], title(group["main"]))
    if found is None:
        return f"not comparable with {baseline}, since one of both has no finite {score} in every one of them"
    words = {"better": f"better than {baseline}", "worse": f"worse than {baseline}"}
    rank = words.get(found["rank"], f"no clear difference from {baseline}")
    units = count(group["units"], "fold" if group["over"] == "folds" else "seed")
    if found["low"] is None:
        return f"{rank} in the one training ({score} {found['difference']:+.3g})"
    return (
        f"{rank} ({score} {found['difference']:+.3g}, 95 % interval {found['low']:+.3g} to {found['high']:+.3g}, "
        f"paired over {units}; better in {found['better_in']})"
    )
