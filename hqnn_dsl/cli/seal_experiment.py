"""`hqnn seal`: an experiment stated in a file before its test rows are scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.options import AllowPath, Data, Json, Set, Spec
from hqnn_dsl.cli.output import changes_of, show, speak_json, tell, write_json, write_wrapped
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
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count

if TYPE_CHECKING:
    from hqnn_dsl.science.seal import Claim, Experiment, SealFile

Hypothesis = Annotated[
    list[str],
    typer.Option(
        "--hypothesis",
        metavar="TEXT",
        help="A sentence that the experiment is to test. Repeatable.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="The seal to write; `<model>-<n>.json` in the folder of seals by default.",
        show_default=False,
    ),
]  # fmt: skip


def seal(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: Data,
    *,
    hypothesis: Hypothesis = [],  # noqa: B006 - typer's way to say "repeatable"
    folds: Folds = None,
    repeats: Repeats = None,
    seeds: Seeds = None,
    trials: Trials = 5,
    rows: Rows = None,
    contenders: Contenders = None,
    score: ScoreName = None,
    region: Region = None,
    size: Size = None,
    seals: Seals = None,
    out: Out = None,
    set: Set = [],  # noqa: B006
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """State an experiment in a file, before any test row is scored: spec, data, folds, protocol, hypotheses, versions.

    Nothing is trained. `hqnn compare` refuses to test on rows that the seal of another experiment claims, and with
    --seal runs what was sealed and nothing else. A seal can be deleted by whoever can write to its folder: send it to
    somebody, or commit it, before the comparison.
    """
    if as_json:
        speak_json()
    if any(not text.strip() for text in hypothesis):
        raise Refusal(BadOption(option="--hypothesis", expected="a sentence", value=""))
    asked = asked_of(folds, repeats, seeds, trials, rows, contenders, score, region, size)
    tell(f"sealing {spec} on {shown(data)} …")
    from hqnn_dsl import api
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.science.seal import experiment_of
    from hqnn_dsl.science.validation import with_validation

    program = api.compile(spec, changes_of(set), allow_path=allow_path)
    if not as_json:
        show(program.warnings)
    program.refuse_training()
    program = with_validation(program, trials)
    with PlacedByCode(program.checked.spans):
        table = read_for(program.spec, data)
    experiment = experiment_of(program, table, asked)
    path, made, others = _sealed(experiment, hypothesis, seals_of(data, seals), out)
    kept = f"the seal is in {path}"
    if as_json:
        write_json({"seal": str(path), "sha256": made.seal, "beside": [str(one.path) for one in others]}, kept)
        return
    for line in _lines(made, experiment):
        write_wrapped(line, kept)
    write_wrapped(f"sealed: {path}", kept)


def _sealed(
    experiment: Experiment, hypotheses: list[str], folder: Path, out: Path | None
) -> tuple[Path, SealFile, list[Claim]]:
    """Write the seal. Returns its path, itself, and the claims of other seals, which are said."""
    from hqnn_dsl.diagnostics.codes.science import SealBeside
    from hqnn_dsl.diagnostics.notices import notice
    from hqnn_dsl.diagnostics.sentences import names
    from hqnn_dsl.files import check_output
    from hqnn_dsl.science.seal import claims, free_path, seal_of, write_seal

    others = claims(folder, experiment)
    path = free_path(folder, experiment.spec.model) if out is None else out
    check_output(path, name="seal.json")
    if others:
        rows = count(max(one.rows for one in others), "row")
        notice(SealBeside(rows=rows, seals=names([str(one.path) for one in others], "and", most=3)))
    made = seal_of(experiment, hypotheses, [one.seal for one in others])
    write_seal(made, path)
    return path, made, others


def _lines(made: SealFile, experiment: Experiment) -> list[str]:
    protocol, table, contenders = made.protocol, made.table, ", ".join(made.protocol.contenders) or "all contenders"
    seeds = f"the test rows of the spec, {count(protocol.seeds, 'seed')}"
    folds = seeds if protocol.folds is None else f"{count(protocol.folds, 'fold')}"
    again = f", {count(protocol.repeats, 'repetition')}" if protocol.repeats > 1 else ""
    return [
        f"spec: {made.spec.model}, sha256 {made.spec.sha256[:16]}…",
        f"table: {table.name}, {count(table.rows, 'row')}, sha256 {table.sha256[:16]}…",
        f"protocol: {folds}{again}, {count(protocol.trials, 'trial')} each, decided by {protocol.score}, {contenders}",
        f"{count(experiment.num_tested, 'row')} test; nothing was trained, and no row was scored",
        *(f"hypothesis {number}: {text}" for number, text in enumerate(made.hypotheses, 1)),
        f"seal: {made.seal}",
    ]
