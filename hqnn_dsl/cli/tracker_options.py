"""The options of `hqnn train` for trackers: TensorBoard and MLflow, each an extra, imported only if asked for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hqnn_dsl.cli.output import write_wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.training.tracking import Tracker

TensorBoardOption = Annotated[
    bool, typer.Option("--tensorboard", help="Log to TensorBoard too, in the folder `tensorboard` of the run.")
]
MlflowOption = Annotated[
    bool, typer.Option("--mlflow", help="Log to an MLflow store too: `mlflow.db` beside the run, or --mlflow-store.")
]
MlflowStore = Annotated[
    str | None,
    typer.Option(
        "--mlflow-store",
        metavar="STORE",
        help="The MLflow store: the file of an SQLite store, there or new, or the address of a server.",
        show_default=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class AskedTrackers:
    """The trackers that a command line asks for."""

    tensorboard: bool
    mlflow: bool
    store: str | None

    @property
    def words(self) -> list[str]:
        """The options to type again."""
        store = [] if self.store is None else ["--mlflow-store", self.store]
        return [*(["--tensorboard"] if self.tensorboard else []), *(["--mlflow"] if self.mlflow else []), *store]

    def made(self) -> tuple[Tracker, ...]:
        """The trackers."""
        found: list[Tracker] = []
        if self.tensorboard:
            from hqnn_dsl.trackers.tensorboard import TensorBoard

            found.append(TensorBoard())
        if self.mlflow:
            from hqnn_dsl.trackers.mlflow import MLflow

            found.append(MLflow(self.store))
        return tuple(found)

    def write_places(self, run: Path, kept: str) -> None:
        """Write a line for each tracker: where it has kept a run. `kept` is what is whole if that cannot be written."""
        if self.tensorboard:
            write_wrapped(f"TensorBoard: {shlex.join(['tensorboard', '--logdir', str(run.parent)])}", kept)
        if self.mlflow:
            from hqnn_dsl.trackers.mlflow import address

            write_wrapped(f"MLflow: {address(self.store, run.absolute().parent)}", kept)


def asked_trackers(*, tensorboard: bool, mlflow: bool, store: str | None) -> AskedTrackers:
    """Returns the trackers that are asked for. Raises `Refusal` E0605 for a store without `--mlflow`."""
    from hqnn_dsl.diagnostics.codes.command import BadOption
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    if store is not None and not mlflow:
        raise Refusal(BadOption(option="--mlflow-store", expected="`--mlflow` beside it", value="it alone"))
    if store is not None and not store.strip():
        raise Refusal(BadOption(option="--mlflow-store", expected="a file or an address", value="an empty text"))
    return AskedTrackers(tensorboard=tensorboard, mlflow=mlflow, store=store)
