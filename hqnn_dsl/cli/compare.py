"""`hqnn compare`: the model beside its controls and classical models, and the sentence that the statistics allow."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hqnn_dsl.cli.options import AllowPath, Data, Json, Set, Spec
from hqnn_dsl.cli.output import changes_of, show, speak_json, table, tell, write, write_json, write_lines, write_wrapped
from hqnn_dsl.cli.protocol_options import (
    Contenders,
    Folds,
    Region,
    Repeats,
    Rows,
    ScoreName,
    Seals,
    Seeds,
    Size,
    Trials,
    asked_of,
    seals_of,
)
from hqnn_dsl.cli.reading import read_for, shown
from hqnn_dsl.diagnostics.quantities import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.program import Program
    from hqnn_dsl.science.comparison.experiment import Compared
    from hqnn_dsl.science.comparison.files import ComparisonFile

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="The folder of the comparison.",
        show_default="runs/<model>-comparison-<number>",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the comparison in --out; nothing is done twice.")]
Seal = Annotated[
    Path | None, typer.Option("--seal", metavar="FILE", help="Run what this seal states, and nothing else.")
]
EmitSpecs = Annotated[
    Path | None,
    typer.Option("--emit-specs", metavar="DIR", help="Write the specs of the controls to DIR, and run nothing."),
]


def compare(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: Data,
    *,
    out: Out = None,
    resume: Resume = False,
    folds: Folds = None,
    repeats: Repeats = None,
    seeds: Seeds = None,
    trials: Trials = 5,
    rows: Rows = None,
    contenders: Contenders = None,
    score: ScoreName = None,
    region: Region = None,
    size: Size = None,
    seal: Seal = None,
    seals: Seals = None,
    emit_specs: EmitSpecs = None,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Find out whether the quantum layer is worth it: compare the model with its controls and with classical models.

    All have the same rows, seeds, epochs and number of trials; settings are chosen on validation rows.
    """
    if as_json:
        speak_json()
    from hqnn_dsl import api
    from hqnn_dsl.diagnostics.placed import PlacedByCode

    asked = asked_of(folds, repeats, seeds, trials, rows, contenders, score, region, size)
    program = api.compile(spec, changes_of(set), allow_path=allow_path)
    if not as_json:
        show(program.warnings)
    if emit_specs is not None:
        _refuse_beside_specs(locals())
        _emit(program, emit_specs)
        return
    tell(f"{'going on with the comparison of' if resume else 'comparing'} {spec} on {shown(data)} …")
    from hqnn_dsl.science.comparison.experiment import Options
    from hqnn_dsl.science.comparison.experiment import compare as run
    from hqnn_dsl.science.comparison.failures import failed_words
    from hqnn_dsl.science.comparison.simulated import simulation_words
    from hqnn_dsl.science.validation import with_validation

    program.refuse_training()
    program = with_validation(program, trials)
    with PlacedByCode(program.checked.spans):
        read = read_for(program.spec, data)
        options = Options(seal=seal, seals=seals_of(data, seals), on_begin=_tell_begin)
        found = run(program, read, asked, out, resume=resume, options=options)
    kept = f"the comparison is in {found.path}"
    if as_json:
        write_json({"comparison": str(found.path), **found.record.model_dump(exclude={"version"})}, kept)
    else:
        write_lines("\n".join(_report(found.record)), kept)
        for line in found.record.verdict:
            write_wrapped(f"verdict: {line}", kept)
        write_wrapped(f"simulation: {simulation_words(found.record.simulability)}", kept)
        write_wrapped(f"cost: {_cost(found.record)}", kept)
        write(f"comparison: {found.path}", kept)
    for line in failed_words(found.path, found.record):
        tell(f"failed: {line}")
    if found.record.state != "complete":
        changes = [word for change in set for word in ("--set", change)]
        paths = [word for path in allow_path for word in ("--allow-path", str(path))]
        again = ["hqnn", "compare", str(spec), str(data), "--out", str(found.path), "--resume"]
        tell(f"to go on: {shlex.join([*again, *_protocol_words(locals()), *changes, *paths])}", " \\")
    _leave(found)


ASKED = (
    *("folds", "repeats", "seeds", "trials", "rows", "contenders"),
    *("score", "region", "size", "seal", "seals"),
)
"""The options that are given again to go on."""


def _protocol_words(given: dict[str, Any]) -> Iterator[str]:
    """The options of the protocol as they were typed."""
    for name in ASKED:
        if given[name] is not None and (name, given[name]) != ("trials", 5):
            yield from (f"--{name}", str(given[name]))


def _refuse_beside_specs(given: dict[str, Any]) -> None:
    """Refuse (E0599) options of a comparison beside --emit-specs, which runs none."""
    from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    words = [*_protocol_words(given), *(["--out"] if given["out"] else []), *(["--resume"] if given["resume"] else [])]
    words += ["--json"] if given["as_json"] else []
    for word in words:
        if word.startswith("--"):
            reason, hint = "`--emit-specs` writes specs and runs nothing", "leave it out, or `--emit-specs`"
            raise Refusal(NotTheseTrainings(option=word, reason=reason, hint=hint))


def _emit(program: Program, folder: Path) -> None:
    """Write the spec of every control, and say where it is, or why there is none."""
    from hqnn_dsl.science.derived.derive import derive
    from hqnn_dsl.science.derived.write import write_specs

    derived = derive(program)
    write_specs(derived, folder)
    rows = [[one.title, one.absent_reason or str(folder / f"{one.name}.hqnn"), one.note] for one in derived]
    write_lines(table(["control", "spec", ""], rows))


def _tell_begin(record: ComparisonFile) -> None:
    """Say what is going to be done, and who does not take part."""
    present = [one for one in record.contenders if not one.absent]
    protocol = record.protocol
    units = protocol.plan.sentence.partition(": ")[2]
    fits = len(present) * len(protocol.plan.trainings()) * protocol.trials
    tell(
        f"{count(len(present), 'contender')} on {units}, {count(protocol.trials, 'trial')} each: "
        f"at most {count(fits, 'fit')}"
    )
    for one in record.contenders:
        if one.absent:
            tell(f"left out: {one.title}, {one.absent}")


def _report(record: ComparisonFile) -> Iterator[str]:
    """Yields a table for each number of rows."""
    from hqnn_dsl.science.statistics.units import Score

    titles = {one.name: one.title for one in record.contenders}
    weights = {one.name: one.weights for one in record.contenders}
    for entry in record.statistics:
        if not isinstance(entry, dict):
            continue
        found: dict[str, Any] = entry
        against = {one["other"]: one for one in found["comparisons"]}
        if len(record.statistics) > 1:
            yield f"{'all' if found['rows'] is None else found['rows']} rows:"
        lines = []
        for name, mean in found["means"].items():
            one = against.get(name)
            lines.append(
                [
                    titles[name],
                    "-" if weights[name] is None else str(weights[name]),
                    _mean(mean),
                    "" if one is None else _interval(one),
                    "" if one is None else _p(one["adjusted"]),
                    "" if one is None else one["finding"],
                ]
            )
        yield table(
            [
                "contender",
                "weights",
                f"test {Score.of(found['score']).title}",
                "model minus it, 95 %",
                "p (Holm)",
                "the model is",
            ],
            lines,
        )
        yield ""
    if not any(record.statistics):
        yield f"{record.done} results so far; the comparison needs all of them"


def _cost(record: ComparisonFile) -> str:
    """The number of fits, their seconds, and those of the wall clock."""
    cost = dict[str, Any](record.cost)
    fits, seconds = count(cost["trials"], "fit"), number(sum(cost["trial_seconds"].values()), 3)
    return f"{fits} took {seconds} s, {number(cost['wall_seconds'], 3)} s of the wall clock"


def _mean(found: dict[str, Any]) -> str:
    if found["mean"] is None:
        return "-"
    spread = "" if found["deviation"] is None else f" ± {number(found['deviation'], 2)}"
    return f"{number(found['mean'])}{spread}"


def _interval(one: dict[str, Any]) -> str:
    if one["low"] is None:
        return "-"
    if one["low"] == one["high"]:
        return _signed(one["difference"])
    return f"{_signed(one['difference'])} ({_signed(one['low'])} to {_signed(one['high'])})"


def _p(adjusted: float | None) -> str:
    return "-" if adjusted is None else "< 0.001" if adjusted < 0.001 else number(adjusted, 2)


def _signed(value: float) -> str:
    """`+0.12`, `-3e-05`, and `0` without a sign."""
    return f"{value:+.3g}" if value else "0"


def _leave(found: Compared) -> None:
    if found.interrupted:
        raise typer.Exit(128 + signal.SIGINT)
    if found.record.state != "complete":
        raise typer.Exit(1)
