"""MLflow: a run in a store for each training, by the client alone. Nothing but the store is contacted.

The store is an SQLite file beside the runs unless another one is given; figures and specs lie in a folder beside it.
Points wait in memory and are sent every few seconds: an epoch may take less time than a point.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.tracking import PackageForTracker, StoreUnusable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.files import write_document
from hqnn_dsl.training.run_files import TRACKERS, MlflowRecord, TrackersFile, read_run_file
from hqnn_dsl.training.tracking import numbers_of, scores_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.tracking import Group, State, Tracked, TrackedEnd

DATABASE, ARTIFACTS = "mlflow.db", "mlflow-artifacts"
"""The store and the folder of its files, beside the folders of the runs."""

SECONDS_BETWEEN_SENDS = 5.0
MOST_POINTS, MOST_PARAMS, MOST_TEXT, MOST_NAME = 1000, 100, 6000, 250
"""The limits of MLflow: points and params in a call, characters of a value and of a name."""

STATES = {"finished": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}
PARENT, NUMBER = "mlflow.parentRunId", "hqnn.training"

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # it would tell its makers what is used
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # of a server that is gone: else minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Variables of MLflow, set before it is imported if they are not set yet."""


class MLflow:
    """Logs each training as a run of an MLflow store: curves, scores, settings; specs, scores and figures as artifacts.

    `store` is the file of an SQLite store, there or new, or the address of a server (`https://…`); if left out,
    `mlflow.db` in the folder that has the runs. A run that is resumed goes on in the same run of the store. Many
    trainings are runs nested in one.
    """

    def __init__(self, store: str | os.PathLike[str] | None = None, experiment: str = "hqnn") -> None:
        self._given = None if store is None else os.fspath(store)
        self._experiment_name = experiment
        self._client: Any = None
        self._experiment = ""
        self._lock = threading.Lock()
        self.store = ""
        """The address of the store, once it is open."""

    def prepare(self, root: Path) -> None:
        """Open the store. Raises `Refusal`: E0660 if MLflow is not installed, E0661 if the store cannot be used."""
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        self.store = address(self._given, root)
        try:
            import alembic  # noqa: F401 - MLflow makes the tables of a store with it
            import sqlalchemy  # noqa: F401
            from mlflow import MlflowClient
        except ImportError:
            raise Refusal(PackageForTracker(tracker="MLflow", package="mlflow-skinny", extra="mlflow")) from None
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            if (file := _file_of(self.store)) is not None:
                _check_database(file, self._given, root)
            self._client = MlflowClient(tracking_uri=self.store)
            self._experiment = self._opened()
        except Exception as error:  # noqa: BLE001 - MLflow and SQLAlchemy raise many kinds
            raise Refusal(StoreUnusable(store=self.store, reason=_line(error))) from None

    def _opened(self) -> str:
        """The experiment, made if it is not there. Its files lie beside an SQLite store."""
        name, file = self._experiment_name, _file_of(self.store)
        found = self._client.get_experiment_by_name(name)
        if found is None:
            place = None if file is None else (file.parent / ARTIFACTS).as_uri()
            with suppress(Exception):  # another training may make it at the same time
                return str(self._client.create_experiment(name, artifact_location=place))
            found = self._client.get_experiment_by_name(name)
        if found.lifecycle_stage != "active":
            raise ValueError(f"its experiment `{name}` is deleted")
        return str(found.experiment_id)

    def begin(self, training: Tracked) -> _Run:
        """Returns what logs a training: in the run that it had before, if there is one."""
        client = self._client
        if training.group is None:
            run = self._taken_up(training.folder) or self._made(training.folder, training.name)
        else:
            with self._lock:
                parent = self._taken_up(training.group.folder) or self._made(training.group.folder, training.group.name)
            run = self._child(parent, training)
        client.update_run(run, status="RUNNING")
        return _Run(client, run, training)

    def end_group(self, group: Group, state: State, record: Mapping[str, Any]) -> None:
        """Close the run that has those of many trainings in it, with the means of their scores if all are done."""
        run = self._taken_up(group.folder)
        if run is None:
            return
        points: list[tuple[str, float, int]] = []
        for rows, means in zip(record["plan"]["rows"], record["summary"], strict=True) if state == "finished" else ():
            scores = {} if means is None else means["scores"]
            for name, score in scores.items():
                key, step = _name((f"mean {means['part']}", name)), rows or 0
                known = {point.step for point in self._client.get_metric_history(run, key)}
                if score["mean"] is not None and step not in known:
                    points.append((key, score["mean"], step))
        _log_points(self._client, run, points)
        self._client.log_artifact(run, str(group.folder / "cv.json"))
        self._client.set_terminated(run, STATES[state])

    def _taken_up(self, folder: Path) -> str | None:
        """The run that a folder says it has in this store, if that is there."""
        if not os.path.lexists(folder / TRACKERS):
            return None
        record = read_run_file(folder, TRACKERS, TrackersFile).mlflow
        if record is None or record.store != self.store:
            return None
        try:
            found = self._client.get_run(record.run)
        except Exception as error:
            if getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return record.run if found.info.lifecycle_stage == "active" else None

    def _made(self, folder: Path, name: str) -> str:
        run = str(self._client.create_run(self._experiment, run_name=name).info.run_id)
        write_document(folder / TRACKERS, TrackersFile(mlflow=MlflowRecord(store=self.store, run=run)))
        return run

    def _child(self, parent: str, training: Tracked) -> str:
        """The run of one of many trainings: the one that it had before it was broken off, if there is one."""
        number = str(training.number)
        asked = f"tags.`{PARENT}` = '{parent}' and tags.`{NUMBER}` = '{number}'"
        for found in self._client.search_runs([self._experiment], asked, max_results=1):
            return str(found.info.run_id)
        tags = {PARENT: parent, NUMBER: number}
        return str(self._client.create_run(self._experiment, run_name=training.name, tags=tags).info.run_id)


class _Run:
    """One run of the store. No point is sent twice: what it has already is asked first."""

    def __init__(self, client: Any, run: str, training: Tracked) -> None:
        self._client, self._run = client, run
        self._waiting: list[tuple[str, float, int]] = []
        self._sent_at = time.monotonic()
        found = client.get_run(run).data
        self._known = {name: {point.step for point in client.get_metric_history(run, name)} for name in found.metrics}
        self._log_params({**training.settings, **training.facts}, found.params)
        client.log_text(run, training.spec, "spec.hqnn")
        client.log_text(run, training.resolved, "spec.resolved.hqnn")
        for epoch in training.history:
            self.epoch(epoch)

    def epoch(self, epoch: Epoch) -> None:
        """Note the numbers of an epoch, and send what waits if that is long enough ago."""
        self._note({(name,): value for name, value in numbers_of(epoch).items()}, epoch.number)
        if time.monotonic() - self._sent_at > SECONDS_BETWEEN_SENDS or len(self._waiting) >= MOST_POINTS:
            self._send()

    def end(self, end: TrackedEnd) -> None:
        """Send what waits, the scores, the figures, and how it has ended."""
        step = len(end.history)
        if end.metrics is not None:
            self._note(scores_of(end.metrics), step)
        if end.best_epoch is not None:
            self._note({("best_epoch",): float(end.best_epoch)}, step)
        self._send()
        for path in end.files:
            self._client.log_artifact(self._run, str(path))
        for path in end.figures:
            self._client.log_artifact(self._run, str(path), "plots")
        self._client.set_terminated(self._run, STATES[end.state])

    def _note(self, values: Mapping[tuple[str, ...], float], step: int) -> None:
        for path, value in values.items():
            name = _name(path)
            steps = self._known.setdefault(name, set())
            if step not in steps:
                steps.add(step)
                self._waiting.append((name, value, step))

    def _send(self) -> None:
        _log_points(self._client, self._run, self._waiting)
        self._waiting, self._sent_at = [], time.monotonic()

    def _log_params(self, values: Mapping[str, object], before: Mapping[str, str]) -> None:
        """Log settings as params; MLflow lets none of them change, so those of a resumed run that do are tags."""
        from mlflow.entities import Param, RunTag

        named = {_name((name,)): str(value)[:MOST_TEXT] for name, value in values.items()}
        new = [Param(name, value) for name, value in named.items() if name not in before]
        for at in range(0, len(new), MOST_PARAMS):
            self._client.log_batch(self._run, params=new[at : at + MOST_PARAMS])
        changed = {name: value for name, value in named.items() if before.get(name, value) != value}
        if changed:
            tags = [RunTag(f"resumed with {name}", value) for name, value in changed.items()]
            self._client.log_batch(self._run, tags=tags)


def _log_points(client: Any, run: str, points: Iterable[tuple[str, float, int]]) -> None:
    from mlflow.entities import Metric

    now = time.time_ns() // 10**6
    made = [Metric(name, value, now, step) for name, value, step in points]
    for at in range(0, len(made), MOST_POINTS):
        client.log_batch(run, metrics=made[at : at + MOST_POINTS])


def _name(path: tuple[str, ...]) -> str:
    """A name that MLflow takes: letters, digits, `_`, `-`, `.`, spaces and `:`, its parts after a `/` each."""
    parts = (re.sub(r"[^\w.\- :]", "_", part) for part in path)
    return "/".join(part if part.strip(".") else f"{part}_" for part in parts)[:MOST_NAME]


def address(store: str | None, root: Path) -> str:
    """Returns the address of a store: of an SQLite file, of a server, or of the store in the folder of the runs."""
    if store is not None and "://" in store:
        return store
    return f"sqlite:///{_place(store, root)}"


def _place(store: str | None, root: Path) -> Path:
    return (root / DATABASE if store is None else Path(store)).absolute()


def _file_of(address: str) -> Path | None:
    """The file of an SQLite store, None for another store and for one in memory."""
    if not address.startswith("sqlite:"):
        return None
    from sqlalchemy.engine import make_url

    database = make_url(address).database
    return Path(database).absolute() if database and database != ":memory:" else None


def _check_database(file: Path, given: str | None, root: Path) -> None:
    """Raise what keeps an SQLite file from being opened or made at once: MLflow would try again for minutes.

    A file whose address is that of another file cannot be used: in an address `?` begins options, and `%20` is a space.
    """
    import sqlite3

    if (given is None or "://" not in given) and file != _place(given, root):
        raise ValueError("its path has a `?` or a `%` with digits, which mean something else in the address of a store")
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA schema_version").fetchone()


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]
