"""`hqnn plan`: what a training takes, before it runs."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.options import AllowPath, Data, Json, Set, Spec
from hqnn_dsl.cli.output import changes_of, found_data, show, speak_json, tell, write, write_json, write_lines
from hqnn_dsl.cli.reading import read_for, shown
from hqnn_dsl.cli.train_many import Asked, Folds, Repeats, Rows, Seeds
from hqnn_dsl.cli.train_predict import PAGES

if TYPE_CHECKING:
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.forecast.forecast import Forecast
    from hqnn_dsl.training.second_process import Elsewhere

Max = Annotated[
    list[str],
    typer.Option(
        "--max",
        metavar="NAME=NUMBER",
        help="The most that is allowed: `minutes=10`, `memory=4GiB`, `circuits=1e6` or `shots=1e9`. If the plan is "
        "over it, the exit code is 1. Repeatable.",
        show_default=False,
    ),
]


def plan(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: Data,
    *,
    folds: Folds = None,
    repeats: Repeats = None,
    seeds: Seeds = None,
    rows: Rows = None,
    most: Max = [],  # noqa: B006 - typer's way to say "repeatable"
    set: Set = [],  # noqa: B006
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Tell what a training takes before it runs: rows, circuits, memory, seconds, and the other backends.

    Some steps are run on this machine, for a second or two, and nothing is written. A device that is paid for is not
    used. With --folds, --repeats, --seeds or --rows it is told of all their trainings.
    """
    begun = time.perf_counter() - _age()
    if as_json:
        speak_json()
    from hqnn_dsl.training.forecast.bounds import bounds_of, over

    bounds = bounds_of(most)
    asked = Asked(folds=folds, repeats=repeats, seeds=seeds, rows=rows, keep_runs=False)
    if asked.is_many:
        asked.plan(0)
    tell(f"planning {spec} on {shown(data)} …")
    from hqnn_dsl import api
    from hqnn_dsl.training.second_process import USED, Here, SecondProcess

    program = api.compile(spec, changes_of(set), allow_path=allow_path)
    if not as_json:
        show(program.warnings)
    program.refuse_training()
    with (
        nullcontext(Here()) if asked.is_many else SecondProcess((*USED, PAGES)) as elsewhere
    ):  # many trainings have none
        found = _forecast(program, data, asked, elsewhere, begun)
    against = [*found.over_budget, *over(bounds, found.needed)]
    from hqnn_dsl.cli.forecast_tables import forecast_data, forecast_text

    if as_json:
        write_json({"ok": not against, **found_data(against), **forecast_data(found)})
    else:
        write_lines(forecast_text(found))
        show(against)
        if bounds and not against:
            write("all that is bounded is within its bounds")
    if against:
        raise typer.Exit(max(item.exit_code for item in against))


def _forecast(program: Program, data: Path, asked: Asked, elsewhere: Elsewhere, begun: float) -> Forecast:
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.report.at_the_end import rehearse
    from hqnn_dsl.training.forecast.forecast import forecast

    trainings = asked.plan(program.spec.train.seed) if asked.is_many else None
    with PlacedByCode(program.checked.spans):
        read = read_for(program.spec, data)
    return forecast(program, read, trainings, elsewhere, begun=begun, page=rehearse)


def _age() -> float:
    """Returns the seconds since this process began, where Linux tells it; else 0."""
    try:
        started = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError, IndexError):
        return 0.0
    return max(0.0, age)
