"""Tables of a run: its scores beside the baselines, widths, columns, parts, and the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import OF_CLASS, count, parts_of, titles_of
from hqnn_dsl.literals import call, setting
from hqnn_dsl.report.parts import Sentence, measured, table
from hqnn_dsl.semantics.outline import circuit_counts, widths
from hqnn_dsl.training.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.report.parts import Block, Table
    from hqnn_dsl.report.reading import RunFiles
    from hqnn_dsl.training.run_files import EnvironmentFile

MOST_LINES = 300
"""Lines of a table of columns, targets or classes."""


def verdict_block(run: RunFiles) -> Sentence:
    """Returns the sentence that the page begins with."""
    if not run.metrics:
        return Sentence("The training has not come to its end, so nothing is scored yet.", is_verdict=True)
    said = verdict(run.metrics).removeprefix("verdict: ")
    return Sentence(f"{said[:1].upper()}{said[1:]}.", is_verdict=True)


def score_blocks(metrics: Mapping[str, Any]) -> Iterator[Block]:
    """Yields the scores of every part and baseline, and those of each target or class beside the baselines."""
    named = parts_of(metrics)
    if not named:
        yield Sentence("There are no scores: the training has not come to its end.")
        return
    titles = titles_of(part for _, part in named)
    rows = [[name, *(measured(part.get(key)) for key in titles)] for name, part in named]
    yield table("Scores of every part, and of the baselines on the test rows", ("rows", *titles.values()), rows)
    test = metrics.get("test")
    if not test:
        return
    if "classes" in test:
        yield _by_class(test["classes"])
    elif len(test["targets"]) > 1:
        yield from _by_target(test["targets"], metrics.get("baselines") or {})


def _by_class(classes: Mapping[str, Any]) -> Table:
    rows = [[label, *(measured(one[key]) for key in ("rows", *OF_CLASS))] for label, one in classes.items()]
    return table("Test rows by class", ("class", "rows", *OF_CLASS.values()), rows[:MOST_LINES], _cut(len(rows)))


def _by_target(targets: Mapping[str, Any], baselines: Mapping[str, Any]) -> Iterator[Table]:
    others = [(name, part["targets"]) for name, part in baselines.items() if part]
    for key, title in (("rmse", "RMSE"), ("r2", "R²")):
        header = ("target", "the model", *(name.replace("_", " ") for name, _ in others))
        rows = [
            [name, measured(own.get(key)), *(measured(other.get(name, {}).get(key)) for _, other in others)]
            for name, own in targets.items()
        ]
        yield table(f"{title} of each target on the test rows", header, rows[:MOST_LINES], _cut(len(rows)))


def _cut(rows: int) -> str:
    return f"The first {MOST_LINES} of {rows}." if rows > MOST_LINES else ""


def shape_blocks(run: RunFiles) -> Iterator[Block]:
    """Yields the widths from the table to the target."""
    preparation = run.preparation
    stages = [[name, width] for name, width in widths(run.program.checked)]
    stages[0][1] = str(preparation.features.width)
    if not stages[-2][1]:
        stages[-2][1] = str(preparation.out_width(run.program.targets))
    stages[-1][1] = str(len(run.targets) if run.classes is None else len(run.classes))
    columns = count(len(preparation.features.names), "column")
    header = ("stage", "width of a row after it")
    yield table("Widths from the table to the target", header, [("the table's features", columns), *map(tuple, stages)])
    counts = circuit_counts(run.program.logical)
    yield Sentence(f"The circuit: {counts}.")


def data_blocks(run: RunFiles) -> Iterator[Block]:
    """Yields the data card: the rows of each part, and what was made of each column."""
    preparation = run.preparation
    parts = [[name, str(len(rows))] for name, rows in preparation.parts.items()]
    dropped = [["left out, for missing cells", str(len(preparation.dropped))]] if len(preparation.dropped) else []
    yield table("Rows of each part", ("part", "rows"), [*parts, *dropped])
    yield Sentence("Everything was fitted on the training rows alone.")
    report = preparation.report
    if report:
        header = ("column", "role", "read as", "rules", "fitted", "missing", "inputs")
        rows = [
            [one.column, one.role, one.kind, one.rule, one.fitted, str(one.missing), str(one.inputs)] for one in report
        ]
        yield table("What was made of each column", header, rows[:MOST_LINES], _cut(len(rows)))
    if preparation.weights is not None:
        yield Sentence(f"Rows are weighted by the column {preparation.weights}.")
    yield Sentence(f"SHA-256 of the table's cells: {preparation.fingerprint}")


def environment_blocks(environment: EnvironmentFile | None) -> Iterator[Block]:
    """Yields what ran the training, what it cost, and the versions that a number depends on."""
    if environment is None:
        yield Sentence("The run has no environment.json.")
        return
    yield table("The training", ("what", "value"), list(_costs(environment)))
    backend = environment.backend.metadata
    if backend:
        rows = [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in backend.items()]
        yield table("What the backend says of itself", ("what", "value"), rows)
    versions = [["hqnn", environment.hqnn], ["Python", environment.python], ["platform", environment.platform]]
    versions += [[name, version] for name, version in environment.packages.items() if version is not None]
    yield table("Versions", ("package", "version"), versions)
    seeds = [[name, str(seed)] for name, seed in environment.seeds.items()]
    yield table("Seeds", ("stream", "seed"), seeds)


def _costs(environment: EnvironmentFile) -> Iterator[tuple[str, str]]:
    ended, backend, device = environment.run, environment.backend, environment.device
    if ended is None:
        yield "state", "has not ended"
    else:
        yield "seconds", measured(ended.seconds)
        yield "epochs", f"{ended.epochs}{', interrupted' if ended.interrupted else ''}"
        yield "best epoch", str(ended.best_epoch)
        yield "classical weights", str(ended.weights.classical)
        yield "quantum weights", str(ended.weights.quantum)
    yield "backend", call(backend.name, {name: setting(value) for name, value in backend.options.items()})
    yield "device of the tensors", f"{device.type} ({device.name})"
    yield "precision", environment.precision
    cpus = environment.threads.cpus
    yield "threads", f"{environment.threads.torch} of {cpus}" if cpus else str(environment.threads.torch)
    if environment.step is not None:
        reason = f": {environment.step.reason}" if environment.step.reason else ""
        yield "steps", f"{environment.step.ran}{reason}"
