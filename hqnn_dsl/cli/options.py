"""Arguments and options that several commands share, with their words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="A spec, such as specs/model.hqnn.", show_default=False)]
_TABLE = "A table: CSV, TSV, Parquet or Feather, also compressed; - is standard input."
Data = Annotated[Path, typer.Argument(metavar="DATA", help=_TABLE, show_default=False)]
MaybeData = Annotated[Path | None, typer.Argument(metavar="[DATA]", help=_TABLE, show_default=False)]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run of `hqnn train`.", show_default=False)]
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a setting, a block's argument or a constant: `--set width=6 --set optimizer.lr=0.02`. Repeatable.",
        show_default=False,
    ),
]
AllowPath = Annotated[
    list[Path],
    typer.Option(
        "--allow-path",
        metavar="DIR",
        help="Another folder that `use` may read from, besides the spec's own. Repeatable.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Run on a device that costs without asking.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]
