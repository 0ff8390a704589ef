"""`hqnn analyze`: what a spec's circuit can express, entangle and learn."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hqnn_dsl.cli.options import AllowPath, Json, MaybeData, Set, Spec
from hqnn_dsl.cli.output import changes_of, speak_json, table, tell, write, write_json, write_lines, write_wrapped
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from hqnn_dsl.science.analysis.analyze import Analysis, Settings
    from hqnn_dsl.science.analysis.findings import Figure, Finding


def analyze(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: MaybeData = None,
    *,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME,…", help="Measures to make; all of them by default.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", help="Random draws of each sampled measure; its own number by default.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="What decides all draws; the spec's seed by default.")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            "--weights", metavar="uniform|spec", help="Weights uniform in [0, 2π), or drawn as the spec says."
        ),
    ] = "uniform",
    inputs: Annotated[
        str | None, typer.Option("--inputs", metavar="LOW:HIGH", help="The range of random inputs; -π to π by default.")
    ] = None,
    likelihood: Annotated[
        str | None,
        typer.Option(
            "--likelihood", metavar="NAME", help="For the Fisher information: categorical, parity or gaussian."
        ),
    ] = None,
    widths: Annotated[
        str | None,
        typer.Option("--widths", metavar="2..6", help="Numbers of qubits for the variance of gradients, or PATH=2..6."),
    ] = None,
    depths: Annotated[
        str | None,
        typer.Option("--depths", metavar="1..6", help="Depths for the variance of gradients, or PATH=1..6."),
    ] = None,
    grid: Annotated[
        int | None,
        typer.Option("--grid", help="Points of the landscape along each direction, an odd number; 21 by default."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="JSON file to write: figures, definitions, arrays."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out if it exists.")] = False,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Measure the circuit of a spec: expressibility, entanglement, gradients, Fourier series, algebra, Fisher matrix.

    Each number is shown with its definition and source. With DATA, the landscape is that of the loss on it.
    """
    from hqnn_dsl import pipeline
    from hqnn_dsl.cli.reading import read_for
    from hqnn_dsl.files import check_output

    if as_json:
        speak_json()
    if force and out is None:
        from hqnn_dsl.diagnostics.codes.analyses import NotAnalyzed

        raise Refusal(NotAnalyzed(option="--force", reason="no file is written without --out"))
    settings = _settings(only, samples, seed, weights, inputs, likelihood, widths, depths, grid)
    program = pipeline.load_program(spec, changes_of(set), allow_path)
    from hqnn_dsl.science.analysis.analyze import analyze as make
    from hqnn_dsl.science.analysis.analyze import check

    check(program, settings, has_table=data is not None)
    if out is not None:
        read = [(spec, "the spec that is read"), *([] if data is None else [(data, "the table that is read")])]
        check_output(out, inputs=read, force=force, name="analysis.json")
    found = make(program, settings, None if data is None else read_for(program.spec, data), _watch)
    if out is not None:
        found.write(out, force=force)
    if as_json:
        write_json(found.document().model_dump())
        return
    _show(found)
    if out is not None:
        write(f"analysis: {out}")


def _watch(title: str) -> None:
    tell(f"measuring: {title}")


def _settings(  # noqa: PLR0913, PLR0917 - the options of the command
    only: str | None,
    samples: int | None,
    seed: int | None,
    weights: str,
    inputs: str | None,
    likelihood: str | None,
    widths: str | None,
    depths: str | None,
    grid: int | None,
) -> Settings:
    """The settings that options ask for. Raises `Refusal` E0605."""
    from hqnn_dsl.science.analysis.analyze import Settings
    from hqnn_dsl.science.analysis.scaling import asked

    return Settings(
        only=() if only is None else tuple(name.strip() for name in only.split(",")),
        samples=samples,
        seed=seed,
        weights=cast("Any", weights),
        inputs=None if inputs is None else _range(inputs),
        likelihood=cast("Any", likelihood),
        grid=grid,
        widths=None if widths is None else asked("--widths", widths),
        depths=None if depths is None else asked("--depths", depths),
    )


def _range(text: str) -> tuple[float, float]:
    """The numbers of `LOW:HIGH`. Raises `Refusal` E0605."""
    low, sign, high = text.partition(":")
    try:
        found = float(low), float(high)
    except ValueError:
        found = math.nan, math.nan
    if not sign or not all(map(math.isfinite, found)):
        raise Refusal(BadOption(option="--inputs", expected="LOW:HIGH, such as `-1:1`", value=text))
    return found


def _show(found: Analysis) -> None:
    """The tables of an analysis, each under its definition and source."""
    from hqnn_dsl.science.analysis.measures import MEASURES

    for finding in found:
        measure = MEASURES[finding.measure]
        write(f"{measure.title} ({measure.name})")
        write_wrapped(f"{measure.definition} Source: {measure.source}.")
        if finding.figures:
            write_lines(table(["", "what it is", "value", "±"], [_row(figure) for figure in finding.figures], left=2))
        if finding.reason:
            write_wrapped(f"unknown: {finding.reason}")
        for figure in finding.figures:
            if figure.value is None:
                write_wrapped(f"{figure.name} is unknown: {figure.reason}")
        for sentence in _sentences(finding):
            write_wrapped(sentence)
        write("")


def _sentences(finding: Finding) -> list[str]:
    drawn = [] if finding.samples is None else [f"{finding.samples} random draws"]
    return [f"{sentence}." for sentence in (*drawn, *finding.settings)]


def _row(figure: Figure) -> list[str]:
    error = "" if figure.error is None else f"{figure.error:.1g}"
    return [figure.name, figure.definition, "unknown" if figure.value is None else _number(figure.value), error]


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:.4g}"
