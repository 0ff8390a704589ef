"""Options of the protocol of a comparison, which `hqnn seal` states before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hqnn_dsl.science.protocol import Asked

Folds = Annotated[
    int | None,
    typer.Option(
        "--folds",
        metavar="N",
        help="Each of N parts of the rows tests once; 5, unless the spec says which rows test.",
        show_default=False,
    ),
]
Repeats = Annotated[
    int | None,
    typer.Option("--repeats", metavar="N", help="Draw the folds anew N times; 2 by default.", show_default=False),
]
Seeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="N",
        help="In place of folds: N seeds on the test rows of the spec; 10 if the spec says which rows test.",
        show_default=False,
    ),
]
Trials = Annotated[int, typer.Option("--trials", metavar="N", help="Settings that every contender tries in a fold.")]
Rows = Annotated[
    str | None,
    typer.Option("--rows", metavar="N,…", help="Numbers of rows of learning curves, such as `25,50,100,all`."),
]
Contenders = Annotated[
    str | None,
    typer.Option("--contenders", metavar="NAME,…", help="The contenders by their names; all if left out."),
]
ScoreName = Annotated[
    str | None,
    typer.Option(
        "--score",
        metavar="NAME",
        help="The score that decides, by its name in metrics.json: `rmse` (for several targets `r2`) or "
        "`balanced_accuracy` if left out.",
        show_default=False,
    ),
]
Region = Annotated[
    float | None,
    typer.Option(
        "--region",
        metavar="SHARE",
        help="Differences up to this do not matter: a share of an error, or a difference of another score; 0.01 by "
        "default.",
        show_default=False,
    ),
]
Size = Annotated[
    float | None,
    typer.Option(
        "--size",
        metavar="SHARE",
        help="The difference that the comparison should see, measured as --region is; 0.1 of an error, 0.05 of another "
        "score by default. If none is seen, it is told what would be needed.",
        show_default=False,
    ),
]
Seals = Annotated[
    Path | None,
    typer.Option(
        "--seals", metavar="DIR", help="The folder of seals; `seals` beside the table by default.", show_default=False
    ),
]


def asked_of(  # noqa: PLR0913, PLR0917 - the options
    folds: int | None,
    repeats: int | None,
    seeds: int | None,
    trials: int,
    rows: str | None,
    contenders: str | None,
    score: str | None,
    region: float | None,
    size: float | None,
) -> Asked:
    """Returns the protocol that options ask for. Raises `Refusal` E0605."""
    from hqnn_dsl.science.protocol import Asked
    from hqnn_dsl.training.many_plan import rows_of_text

    return Asked(
        folds=folds,
        repeats=repeats,
        seeds=seeds,
        trials=trials,
        rows=None if rows is None else rows_of_text(rows),
        contenders=() if contenders is None else tuple(name.strip() for name in contenders.split(",")),
        score=score,
        region=region,
        size=size,
    ).checked()


def seals_of(data: Path, seals: Path | None) -> Path:
    """Returns the folder of seals: the one that is given, or the one beside the table."""
    from hqnn_dsl.science.seal import FOLDER

    if seals is not None:
        return seals
    return Path(FOLDER) if str(data) == "-" else data.parent / FOLDER
