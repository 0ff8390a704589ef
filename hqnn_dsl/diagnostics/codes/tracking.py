"""What can be wrong with trackers (E0660 to E0662), and what is said of one that fails in a training (W0477)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class PackageForTracker(Diagnostic):
    """A tracker is asked for whose package is not installed: it is an extra, since few need it.

    wrong   pip install hqnn-dsl; hqnn train model.hqnn data.csv --tensorboard
    right   pip install 'hqnn-dsl[tensorboard]'; hqnn train model.hqnn data.csv --tensorboard
    right   pip install 'hqnn-dsl[mlflow]'; hqnn train model.hqnn data.csv --mlflow
    """

    code: ClassVar[str] = "E0660"
    message: ClassVar[str] = "{tracker} needs {package}, which is not installed"
    advice: ClassVar[str] = "type `pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3
    tracker: str
    package: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class StoreUnusable(Diagnostic):
    """The store of MLflow cannot be opened, before anything was trained: its folder is not there, it is no store, or a
    server does not answer.

    wrong   hqnn train model.hqnn data.csv --mlflow --mlflow-store notes.txt      # a file that is no database
    right   hqnn train model.hqnn data.csv --mlflow                               # runs/mlflow.db, beside the run
    right   hqnn train model.hqnn data.csv --mlflow --mlflow-store sqlite:////data/mlflow.db
    """

    code: ClassVar[str] = "E0661"
    message: ClassVar[str] = "the MLflow store `{store}` cannot be opened: {reason}"
    advice: ClassVar[str] = (
        "give the file of an SQLite store, there or new, or the address of a server: `--mlflow-store`"
    )
    exit_code: ClassVar[int] = 3
    store: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoTracker(Diagnostic):
    """An object was given as a tracker that is none: it has no method `begin(training)`.

    wrong   hqnn.train(spec, table, trackers=[print])
    wrong   hqnn.train(spec, table, trackers=[hqnn.TensorBoard])      # the class
    right   hqnn.train(spec, table, trackers=[hqnn.TensorBoard()])
    """

    code: ClassVar[str] = "E0662"
    message: ClassVar[str] = "{given} is no tracker: it has no method `begin(training)`"
    advice: ClassVar[str] = "give `hqnn.TensorBoard()`, `hqnn.MLflow()` or an object of your own with `begin`"
    exit_code: ClassVar[int] = 2
    given: str


@lazy_dataclass(frozen=True, kw_only=True)
class TrackerFailed(Diagnostic):
    """A tracker has failed while a training ran: its disk is full, its store is locked, its server does not answer.

    The training is not touched by that: the run is whole, with its history. At the end the tracker is given all epochs
    once more.

        wrong   hqnn train model.hqnn data.csv --mlflow --mlflow-store /full/mlflow.db
        right   hqnn train model.hqnn data.csv --mlflow --mlflow-store /data/mlflow.db
    """

    code: ClassVar[str] = "W0477"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "the tracker {tracker} failed: {reason}"
    advice: ClassVar[str] = "the training goes on without it; what it lacks is in `history.csv` of the run"
    tracker: str
    reason: str
