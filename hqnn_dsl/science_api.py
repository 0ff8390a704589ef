"""The Python surface of the experiments: what `hqnn analyze` does, without the words around it."""

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
    from hqnn_dsl.semantics.used_files import AllowPath
    from hqnn_dsl.trained import Origin


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
