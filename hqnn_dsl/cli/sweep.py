"""`hqnn sweep`: settings of a spec tried one after the other, and the best spec written out."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.arguments import check_paths
from hqnn_dsl.cli.options import AllowPath, Json, Set
from hqnn_dsl.cli.output import changes_of, show, speak_json, table, tell, write, write_json, write_lines, write_wrapped
from hqnn_dsl.cli.reading import read_for, shown
from hqnn_dsl.diagnostics.codes.sweeps import TableElsewhere, WrongSweepArguments
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.sweeping.files import SweepFile
    from hqnn_dsl.science.sweeping.sweep import Swept

First = Annotated[
    Path | None,
    typer.Argument(metavar="[SPEC]", help="A spec, such as specs/model.hqnn; none with --join.", show_default=False),
]
Second = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DATA]",
        help="A table: CSV, TSV, Parquet or Feather, also compressed. With --join only if it lies elsewhere here.",
        show_default=False,
    ),
]
Over = Annotated[
    list[str],
    typer.Option(
        "--over",
        metavar="PATH=VALUES",
        help="Vary a setting: `--over width=[2,4] --over 'optimizer.lr=log(1e-4, 1e-1)'`. Wins over the spec's `sweep` "
        "for that path. Repeatable.",
        show_default=False,
    ),
]
Trials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        metavar="N",
        help="How many settings are trained; 20 by default. All combinations, once each, if these are no more.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Trainings at once; one a processor by default, one if steps are not compiled.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="The folder of the sweep.", show_default="runs/<model>-sweep-<number>"
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the sweep in --out; nothing is done twice.")]
Join = Annotated[
    Path | None,
    typer.Option(
        "--join",
        metavar="DIR",
        help="Add trials to a sweep that runs elsewhere, on this or another host, over a shared folder.",
        show_default=False,
    ),
]


def sweep(  # noqa: PLR0913 - options of a command
    first: First = None,
    second: Second = None,
    *,
    over: Over = [],  # noqa: B006 - typer's way to say "repeatable"
    trials: Trials = None,
    workers: Workers = None,
    out: Out = None,
    resume: Resume = False,
    join: Join = None,
    set: Set = [],  # noqa: B006
    allow_path: AllowPath = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Try settings of a spec, choose the best by the validation rows, and write the best spec out.

    What is varied stands in the spec's `sweep { … }` or in --over. Test rows are scored once, for the best.
    """
    if as_json:
        speak_json()
    from hqnn_dsl.science.sweeping.sweep import Options

    options = Options(trials=trials, workers=workers, progress=True, on_begin=_tell_begin)
    if join is not None:
        given = {"--over": over, "--trials": trials, "--out": out, "--resume": resume, "--set": set}
        found = _joined(join, first, second, {**given, "--allow-path": allow_path}, options)
        again = ["hqnn", "sweep", "--join", str(join), *([] if first is None else [str(first)])]
    else:
        if first is None or second is None:
            hint = "type `hqnn sweep SPEC DATA`, or `hqnn sweep --join DIR`"
            raise Refusal(WrongSweepArguments(problem="a spec and a table are needed", hint=hint))
        check_paths("sweep", {"spec": first, "data": second})
        found = _begun(_program(first, over, set, allow_path, quiet=as_json), first, second, out, resume, options)
        again = [*_words(first, second, over, set, allow_path), "--out", str(found.path), "--resume"]
    _report(found, as_json=as_json, data=second if join is None else first)
    if found.record.state != "complete":
        tell(f"to go on: {shlex.join(again)}", " \\")
        raise typer.Exit(128 + signal.SIGINT if found.interrupted else 0)


def _program(
    spec: Path, over: Sequence[str], set: Sequence[str], allow_path: Sequence[Path], *, quiet: bool
) -> Program:
    """The spec with `--set` and `--over`. Raises `Refusal` E0232 for a `--set` of what is swept."""
    from hqnn_dsl import api, pipeline
    from hqnn_dsl.diagnostics.codes.meaning import NoEffect
    from hqnn_dsl.diagnostics.source import Source, Span

    changes = changes_of(set)
    plain = api.compile(spec, changes, allow_path=allow_path)
    axes = {path: Source(f"--over {path}", text, is_option=True) for path, text in changes_of(over, "--over").items()}
    program = pipeline.with_sweep(plain, axes) if axes else plain
    if not quiet:
        show(program.warnings)
    swept = {axis.path for axis in program.checked.sweep}
    for path, value in changes.items():
        if pipeline.whole_path(program, path) in swept:
            source = Source(f"--set {path}", value, is_option=True)
            reason = "the sweep varies it"
            span = Span(source, 0, len(value))
            raise Refusal(
                NoEffect(span=span, what=path, reason=reason, hint=f"leave it out, or vary less: `--over {path}=…`")
            )
    return program


def _begun(  # noqa: PLR0913, PLR0917 - the parts of a command
    program: Program, spec: Path, data: Path, out: Path | None, resume: bool, options: object
) -> Swept:
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.science.sweeping.sweep import Options
    from hqnn_dsl.science.sweeping.sweep import sweep as run

    assert isinstance(options, Options)
    tell(f"{'going on with the sweep of' if resume else 'sweeping'} {spec} on {shown(data)} …")
    with PlacedByCode(program.checked.spans):
        return run(program, read_for(program.spec, data), out, resume=resume, options=options)


def _joined(folder: Path, data: Path | None, further: Path | None, given: dict[str, object], options: object) -> Swept:
    """Join a sweep. Raises `Refusal` E0693 for what stands in its folder already."""
    from hqnn_dsl.science.sweeping.sweep import Options
    from hqnn_dsl.science.sweeping.sweep import join as run

    assert isinstance(options, Options)
    extra = [option for option, value in given.items() if value not in (None, False, [])]
    if further is not None or extra:
        what = " and ".join([*(["a spec"] if further is not None else []), *(f"`{option}`" for option in extra)])
        problem = f"with `--join` the sweep has {what} in its folder"
        hint = f"type `hqnn sweep --join {shlex.quote(str(folder))}`"
        raise Refusal(WrongSweepArguments(problem=problem, hint=hint))
    if data is not None:
        check_paths("sweep", {"data": data})
    tell(f"joining the sweep in {folder} …")

    def read(record: SweepFile, program: Program) -> Table:
        if data is not None:
            return read_for(program.spec, data)
        path = record.table_path
        if path is None or not Path(path).exists():
            reason = "it was no file" if path is None else f"there is no file `{path}`"
            raise Refusal(TableElsewhere(path=str(folder), reason=reason))
        return read_for(program.spec, Path(path))

    return run(folder, read, options)


def _words(spec: Path, data: Path, over: Sequence[str], set: Sequence[str], allow_path: Sequence[Path]) -> list[str]:
    pairs = [("--over", over), ("--set", set), ("--allow-path", map(str, allow_path))]
    return ["hqnn", "sweep", str(spec), str(data), *(word for name, of in pairs for one in of for word in (name, one))]


def _tell_begin(record: SweepFile) -> None:
    """Say what is varied, and how many trials are left."""
    how = "every combination once" if record.is_grid else f"proposed by Optuna's {record.sampler.name}"
    done = f", {record.done} of them done" if record.done else ""
    best = f"the best has the smallest {_score(record)} of the validation rows"
    tell(f"{count(record.wanted, 'trial')}{done}, {how}; {best}")
    for axis in record.axes:
        tell(f"  {axis.path} in {axis.text}")


def _score(record: SweepFile) -> str:
    return "-R²" if record.select == "r2" else record.select.replace("_", " ")


def _report(found: Swept, *, as_json: bool, data: Path | None) -> None:
    record, kept = found.record, f"the sweep is in {found.path}"
    best = None if record.best is None else str(found.path / "best.hqnn")
    if as_json:
        write_json({"sweep": str(found.path), "best_spec": best, **record.model_dump(exclude={"version"})}, kept)
        return
    write_lines("\n".join(_lines(record)), kept)
    write_wrapped(_sentence(record), kept)
    for tested in record.tested:
        if tested.number == record.best:
            known = ((name.replace("_", " "), value) for name, value in tested.scores.items() if value is not None)
            scores = ", ".join(f"{name} {number(value)}" for name, value in known)
            times, is_first = len(record.tested), len(record.tested) == 1
            how = (
                "scored once, for the best trial only"
                if is_first
                else f"scored for {times} best trials one after another"
            )
            write_wrapped(f"test rows, {how}: {scores}", kept)
    write(f"sweep: {found.path}", kept)
    if best is not None:
        table_name = data if data is not None else record.table_path or "DATA"
        write(f"to train the best: {shlex.join(['hqnn', 'train', best, str(table_name)])}", kept)


def _lines(record: SweepFile) -> Iterator[str]:
    """Yields the table of the trials, the best ones first."""
    names = [axis.path for axis in record.axes]
    done = sorted((one for one in record.trials if one.value is not None), key=lambda one: (one.value, one.number))
    rows = [
        [str(one.number), *(_plain(one.setting[name]) for name in names), number(one.value), number(one.seconds, 2)]
        for one in done[:SHOWN]
        if one.value is not None
    ]
    if rows:
        yield table(["trial", *names, _score(record), "seconds"], rows)
    if len(done) > SHOWN:
        yield f"and {len(done) - SHOWN} more in sweep.json"
    refused = [one for one in record.trials if one.state == "refused"]
    for one in refused[:SHOWN]:
        setting = ", ".join(f"{name}: {_plain(one.setting[name])}" for name in names)
        yield f"refused: {setting}: {one.code} {one.reason}".replace("  ", " ")
    if record.importance:
        shares = ", ".join(f"{name} {number(share, 2)}" for name, share in record.importance.items())
        yield f"share of the variance (fANOVA): {shares}"
    yield ""


SHOWN = 10
"""Trials in the table."""


def _plain(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(record: SweepFile) -> str:
    counts = f"{count(record.done, 'trial')} of {record.wanted} done, {record.refused} refused"
    if record.best is None:
        return f"{counts}; there is no best one yet"
    best = next(one for one in record.trials if one.number == record.best)
    setting = ", ".join(f"{name}: {_plain(value)}" for name, value in best.setting.items())
    return f"{counts}; the best is trial {best.number}: {setting}"
