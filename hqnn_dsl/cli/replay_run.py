"""`hqnn replay`: a run trained again, and whether it is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.consent import asker
from hqnn_dsl.cli.options import Json, MaybeData, RunFolder, Set, Yes
from hqnn_dsl.cli.output import changes_of, speak_json, tell, write_json, write_wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.training.replay import Replay


def replay(  # noqa: PLR0913 - options of a command
    run: RunFolder,
    data: MaybeData = None,
    *,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Train also if the table is not the one of the training.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            min=0,
            help="The largest relative difference that counts as the same; by precision if left out.",
            show_default=False,
        ),
    ] = None,
    yes: Yes = False,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    as_json: Json = False,
) -> None:
    """Train a run again, from its own folder, and say whether the numbers are the same.

    Compares the history and the weights of the best epoch: bit-identical, within tolerance, or since which epoch they
    differ. Lists what differs between the run's record and now: data, versions, device, threads, steps, backend.
    Without DATA the table is read from where it was. Nothing is written.

    Exit code 0 if the run is identical or within tolerance, 1 if it differs. If the table is another one, that is said,
    and nothing is trained without --anyway. `--set` may change `step`, `device` and `backend`.
    """
    if as_json:
        speak_json()
    from hqnn_dsl import api

    tell(f"replaying {run} …")
    found = api.replay(
        run, data, set=changes_of(set), anyway=anyway, tolerance=tolerance, agree=asker(yes=yes), progress=None
    )
    if as_json:
        write_json(found.to_json())
    else:
        for line in _lines(found):
            write_wrapped(line)
    if not found.is_same:
        raise typer.Exit(1)


def _lines(found: Replay) -> Iterator[str]:
    if found.data:
        yield f"The table is not the one of the training: {'; '.join(map(str, found.data))}."
    else:
        yield "The table is the one of the training."
    if found.verdict == "not trained":
        yield "Nothing was trained. Give the table of the training, or write `--anyway` to train on this one."
        return
    for change in found.changes:
        yield f"{change.component}: {change}"
    if not found.changes:
        yield "Nothing else that the run recorded differs: code, packages, device, threads, steps, backend."
    yield _verdict(found)


def _verdict(found: Replay) -> str:
    from hqnn_dsl.diagnostics.quantities import count

    epochs = count(found.epochs, "epoch")
    apart = f"the largest relative difference is {found.largest:.1e} ({found.where})"
    match found.verdict:
        case "identical":
            return f"Identical: {epochs} and the best weights, to the bit."
        case "within tolerance":
            since = f"since epoch {found.first_epoch} not to the bit"
            return f"Within tolerance ({found.tolerance:g}): {epochs}, {since}; {apart}."
    since = "" if found.first_epoch == found.first_beyond else f" (to the bit before epoch {found.first_epoch})"
    epochs = f"epoch {found.first_beyond} of {found.epochs}{since}"
    return f"Differs since {epochs}: {apart}, the tolerance {found.tolerance:g}."
