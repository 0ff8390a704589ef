"""`hqnn verify` and `hqnn bench`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hqnn_dsl.cli.options import AllowPath, Json, Set, Spec
from hqnn_dsl.cli.output import changes_of, show, speak_json, table, tell, write_json, write_lines
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.terminal import printable

if TYPE_CHECKING:
    from hqnn_dsl.crosscheck.bench import Benchmark, Timing
    from hqnn_dsl.crosscheck.verify import Row, Verification


def verify(
    spec: Spec,
    *,
    points: Annotated[int, typer.Option("--points", min=1, max=1000, help="Number of random points.")] = 2,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Compare the results of all installed backends on the circuit of a spec.

    Values and gradients at random inputs and weights are compared with the reference in double precision, with finite
    differences, and with Qiskit's Statevector before and after transpiling. The exit code is 70 if a result differs.
    """
    from hqnn_dsl import pipeline

    if as_json:
        speak_json()
    program = pipeline.load_program(spec, changes_of(set), allow_path)
    from hqnn_dsl.crosscheck.verify import verify as verify_backends

    found = verify_backends(program, points, _watch)
    if as_json:
        rows = [asdict(row) for row in found.rows]
        write_json({"ok": not found.disagreeing, **_finite({**asdict(found), "rows": rows})})
    else:
        write_lines(_verification(found))
    _end(found.oracle, found.disagreeing)


def bench(  # noqa: PLR0913 - options of a command
    spec: Spec,
    *,
    batch: Annotated[
        int | None, typer.Option("--batch", min=1, help="Rows of a step; the spec's batch by default.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.01, help="Seconds of timing in all, about; first calls are extra.")
    ] = 10.0,
    set: Set = [],  # noqa: B006
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Time a step of a spec's circuit on every installed backend, in turns, after the results are compared.

    A step is forward and backward with gradients for weights and inputs. A backend that is too slow for the whole batch
    runs fewer rows; its times are then estimates, marked with ≈. The exit code is 70 if results differ.
    """
    from hqnn_dsl import pipeline

    if as_json:
        speak_json()
    program = pipeline.load_program(spec, changes_of(set), allow_path)
    from hqnn_dsl.crosscheck.bench import bench as bench_backends

    found = bench_backends(program, batch, seconds, _watch)
    if as_json:
        rows = [{**asdict(row), "ratio": found.ratio(row)} for row in found.rows]
        write_json({"ok": not found.disagreeing, **_finite({**asdict(found), "rows": rows})})
    else:
        write_lines(_benchmark(found))
    _end(found.oracle, found.disagreeing)


def _watch(title: str) -> None:
    tell(f"trying {title}")


def _finite(data: Any) -> Any:
    """Returns the same with text in place of numbers that JSON does not have."""
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return str(data) if isinstance(data, float) and data in {float("inf"), float("-inf")} else data


def _end(oracle: str, disagreeing: Sequence[Row | Timing]) -> None:
    """Report a bug of ours, and leave with exit code 70, if a result differs."""
    from hqnn_dsl.diagnostics.codes.command import Disagreement

    if disagreeing:
        show([Disagreement(who=row.title, oracle=oracle) for row in disagreeing])
        raise typer.Exit(Disagreement.exit_code)


def _verification(found: Verification) -> str:
    rows = []
    for row in found.rows:
        numbers = [_beside(row.values, row.value_tolerance), _beside(row.gradients, row.gradient_tolerance)]
        rows.append([row.name, row.precision, *numbers, _beside(row.slopes, row.slope_tolerance), row.verdict])
    parts = [table(["backend", "precision", "values", "gradients", "finite differences", "verdict"], rows)]
    parts += [printable(f"{row.title}: {row.reason}") for row in found.rows if row.reason]
    checked = f"{found.checked} of {found.gradients}" if found.checked < found.gradients else f"all {found.gradients}"
    parts.append(
        f"Largest differences / tolerances. Values and gradients against {found.oracle}, "
        f"{count(found.points, 'point')} of {count(found.rows_a_point, 'row')}; {checked} gradients a point against "
        "finite differences."
    )
    return "\n".join(parts)


def _beside(value: float | None, tolerance: float | None) -> str:
    return "-" if value is None else f"{value:.1e} / {tolerance:.0e}"


def _benchmark(found: Benchmark) -> str:
    rows = [_timing(found, row) for row in found.rows]
    header = ["backend", "precision", "step", "minimum", "ratio", "forward", "minimum", "first call", "memory"]
    parts = [table(header, rows)]
    parts += [printable(f"{row.title}: {row.reason}") for row in found.rows if row.reason]
    parts += [
        f"≈ from fewer rows: {row.title} ran {row.rows} of {found.batch} rows" for row in found.rows if row.is_estimate
    ]
    threads = f"{found.threads} thread{'s' if found.threads != 1 else ''}"
    parts.append(
        f"Medians of a batch of {found.batch} on {found.device}, torch uses {threads}; all agree with {found.oracle}."
        if not found.disagreeing
        else f"Medians of a batch of {found.batch}."
    )
    return "\n".join(parts)


def _timing(found: Benchmark, row: Timing) -> list[str]:
    if row.verdict != "timed":
        return [row.name, row.precision, row.verdict, *["-"] * 6]
    sign, ratio = "≈ " if row.is_estimate else "", found.ratio(row)
    times = [row.step, row.step_minimum, row.forward, row.forward_minimum]
    step, step_minimum, forward, forward_minimum = (f"{sign}{_time(seconds)}" for seconds in times)
    shown = f"{sign}{ratio:,.1f} ×"
    return [row.name, row.precision, step, step_minimum, shown, forward, forward_minimum, _time(row.first), _size(row)]


def _time(seconds: float | None) -> str:
    from hqnn_dsl.backends.auto import duration

    return "-" if seconds is None else duration(seconds)


def _size(row: Timing) -> str:
    return "-" if row.peak_bytes is None else f"{row.peak_bytes / 2**20:.1f} MiB"
