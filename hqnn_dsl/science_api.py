"""The Python surface of the experiments: what `hqnn analyze`, `compare` and `sweep` do, without the words around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.api import program_of, read_for
from hqnn_dsl.diagnostics.tracebacks import public

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hqnn_dsl.program import Program
    from hqnn_dsl.science.analysis.analyze import Analysis
    from hqnn_dsl.science.analysis.ensemble import Weights
    from hqnn_dsl.science.analysis.fisher import Likelihood
    from hqnn_dsl.science.comparison.result import Comparison
    from hqnn_dsl.science.sweeping.result import Sweep
    from hqnn_dsl.semantics.used_files import AllowPath
    from hqnn_dsl.trained import Origin
    from hqnn_dsl.training.bar import Progress


@public
def analyze(  # noqa: PLR0913 - what an analysis can be asked for
    spec: str | Path | Program,
    table: Origin | None = None,
    *,
    only: Iterable[str] | str = (),
    samples: int | None = None,
    seed: int | None = None,
    weights: Weights = "uniform",
    inputs: tuple[float, float] | None = None,
    likelihood: Likelihood | None = None,
    grid: int | None = None,
    widths: str | None = None,
    depths: str | None = None,
    set: Mapping[str, object] | None = None,
    allow_path: AllowPath = (),
) -> Analysis:
    """Returns what a spec's circuit can express, entangle and learn: `analysis["expressibility"]["KL"].value`.

    `spec` is a path, a text or a compiled program; `set` and `allow_path` are those of `compile`. `only` are the names
    of measures, all if it is empty. `samples` is the number of draws of each sampled measure, `seed` what decides them,
    the spec's seed if it is None. `weights` are drawn "uniform" in [0, 2π) or as the "spec" says, `inputs` uniform in
    that range. `likelihood` is that of the Fisher information. `widths` and `depths`, such as `"2..6"` or `"reps=1,2"`,
    are those for which the variance of gradients is worked out too. With a `table`, a path or a frame, the landscape of
    `grid` × `grid` points is that of the loss on it.

    `analysis.write(path)` keeps it as a JSON document. Raises `Refusal`.
    """
    from hqnn_dsl.science.analysis.analyze import Settings
    from hqnn_dsl.science.analysis.analyze import analyze as made
    from hqnn_dsl.science.analysis.scaling import asked

    settings = Settings(
        only=(only,) if isinstance(only, str) else tuple(only),
        samples=samples,
        seed=seed,
        weights=weights,
        inputs=inputs,
        likelihood=likelihood,
        grid=grid,
        widths=None if widths is None else asked("widths", widths),
        depths=None if depths is None else asked("depths", depths),
    )
    program = program_of(spec, set, allow_path)
    return made(program, settings, None if table is None else read_for(program, table, progress=False))


@public
def compare(  # noqa: PLR0913 - what a comparison can be told
    spec: str | Path | Program,
    table: Origin,
    *,
    folds: int | None = None,
    repeats: int | None = None,
    seeds: int | None = None,
    trials: int = 5,
    rows: Iterable[int | str] | None = None,
    contenders: Iterable[str] = (),
    score: str | None = None,
    region: float | None = None,
    size: float | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    seal: str | Path | None = None,
    seals: str | Path | None = None,
    set: Mapping[str, object] | None = None,
    allow_path: AllowPath = (),
    progress: Progress = True,
) -> Comparison:
    """Compare a model with its controls and with classical models, and returns what came out: a `Comparison`.

    All have the same rows, seeds, epochs and number of `trials`, whose best is chosen on the validation rows. The test
    rows are those of 5 `folds`, drawn twice (`repeats`), or of the spec's own split from so many `seeds`. `rows` are
    numbers of rows to learn from, such as `[25, 50, "all"]`. `contenders` are the names of those beside the model, all
    if there are none. `score` decides, by its name in `metrics.json`; differences up to `region` do not matter,
    and one of `size` should be seen.
    `seal` is the file of the seal that this is the experiment of, `seals` a folder whose seals may claim test rows.

    The record is written to `out`, or to the next free `runs/<model>-comparison-<n>`, after every result. With
    `resume`, goes on with what is in `out`; the other arguments are given again. Raises `Refusal` as `train` does, and:
    E0680, E0605, E0599, E0681 to E0685, E0687.
    """
    from pathlib import Path

    from hqnn_dsl.python_arguments import check_progress, path_of
    from hqnn_dsl.science.comparison.experiment import Options
    from hqnn_dsl.science.comparison.experiment import compare as made
    from hqnn_dsl.science.comparison.result import Comparison
    from hqnn_dsl.science.protocol import Asked
    from hqnn_dsl.science.validation import with_validation

    check_progress(progress)
    asked = Asked(
        folds=folds,
        repeats=repeats,
        seeds=seeds,
        trials=trials,
        rows=None if rows is None else tuple(rows),
        contenders=(contenders,) if isinstance(contenders, str) else tuple(contenders),
        score=score,
        region=region,
        size=size,
    ).checked(prefix="")
    program = program_of(spec, set, allow_path)
    program.refuse_training()
    program = with_validation(program, trials)
    options = Options(
        seal=None if seal is None else Path(path_of(seal, "seal")),
        seals=None if seals is None else Path(path_of(seals, "seals")),
        progress=progress,
    )
    folder = None if out is None else path_of(out, "out")
    found = made(program, read_for(program, table, progress), asked, folder, resume=resume, options=options)
    return Comparison(found.path, found.record.model_dump(exclude={"version"}), found.interrupted)


@public
def sweep(  # noqa: PLR0913 - what a sweep can be told
    spec: str | Path | Program,
    table: Origin,
    over: Mapping[str, str] | None = None,
    *,
    trials: int | None = None,
    workers: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    set: Mapping[str, object] | None = None,
    allow_path: AllowPath = (),
    progress: Progress = True,
) -> Sweep:
    """Try settings of a spec, choose the best by the validation rows, and returns what came out: a `Sweep`.

    `over` has the values by paths of `--set`, as a spec's `sweep` has them: `{"optimizer.lr": "log(1e-4, 1e-1)",
    "width": "[2, 4]"}`; they win over those of the spec. `trials` are 20 by default, or all combinations of the values
    if these are no more. `workers` are trainings at once. The test rows are scored once, for the best.

    The record is written to `out`, or to the next free `runs/<model>-sweep-<n>`, after every trial, and the best spec
    beside it. With `resume`, goes on with what is in `out`; the other arguments are given again. Raises `Refusal` as
    `train` does, and: E0247 to E0249, E0680, E0690 to E0692, E0695.
    """
    from hqnn_dsl.diagnostics.source import Source
    from hqnn_dsl.pipeline import with_sweep
    from hqnn_dsl.python_arguments import check_progress, path_of
    from hqnn_dsl.science.sweeping.result import Sweep
    from hqnn_dsl.science.sweeping.sweep import Options
    from hqnn_dsl.science.sweeping.sweep import sweep as made

    check_progress(progress)
    options = Options(trials=trials, workers=workers, progress=progress)
    program = program_of(spec, set, allow_path)
    if over:
        axes = {path: Source(f"over[{path!r}]", text, is_option=True) for path, text in over.items()}
        program = with_sweep(program, axes)
    folder = None if out is None else path_of(out, "out")
    found = made(program, read_for(program, table, progress), folder, resume=resume, options=options)
    return Sweep(found.path, found.record.model_dump(exclude={"version"}), found.interrupted)
