"""That the files of a run belong together: a finished run has hashes of them in `metrics.json`, the last one written.

A file of another run, or one that somebody has changed, is then found out by whatever reads the run. `environment.json`
and `metrics.json` both say what was trained, by a hash of spec and table; checkpoints have both of these themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.runs import RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.run_files import (
    ENVIRONMENT,
    INTERVALS,
    METRICS,
    PREPROCESS,
    SPEC,
    EnvironmentFile,
    MetricsFile,
    read_run_file,
    understood,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.training.loop import Training

BOUND = (SPEC, PREPROCESS, "history.csv", "predictions.csv", INTERVALS)
"""The files whose hashes `metrics.json` has: those that are the same in each run of a spec, a table and a machine."""

OTHER = "it is not the one that was written with the scores: it was changed, or is of another run"


def hashes_of(path: Path) -> dict[str, str]:
    """Returns the hash of each bound file that a run has. Raises `Refusal` E0533 for one that cannot be read."""
    return {name: understood(path, name, _hash) for name in BOUND if os.path.lexists(path / name)}


def trains(training: Training) -> str:
    """Returns the hash of what is trained, for `metrics.json` and `environment.json`."""
    return trains_of(training.spec_text, training.data)


def trains_of(resolved: str, data: str | None) -> str:
    """Returns the hash of a spec, without what may change while a run goes on, and of its table (`identity`)."""
    from hqnn_dsl.training.resuming import lasting_settings

    return hashlib.sha256(json.dumps([lasting_settings(resolved), data]).encode()).hexdigest()


def check_bound(path: Path) -> None:
    """Refuse (E0533) a finished run of which a file is not the one that was written with the others.

    If most of the files are not those of `metrics.json`, it is that one which is of another run. A file that is gone is
    left to its reader; runs of earlier versions have no hashes.
    """
    if not os.path.lexists(path / METRICS):
        return
    metrics = read_run_file(path, METRICS, MetricsFile)
    found, named = hashes_of(path), metrics.files or {}
    compared = [name for name in found if name in named]
    others = [name for name in compared if found[name] != named[name]]
    if 2 * len(others) > len(compared):
        files = ", ".join(others)
        raise Refusal(RunDamaged(path=str(path), file=METRICS, reason=f"it was not written with these: {files}"))
    if others:
        raise Refusal(*(RunDamaged(path=str(path), file=name, reason=OTHER) for name in others))
    check_environment(path, metrics.trains)


def is_as_written(path: Path, name: str) -> bool:
    """Whether a file is known to be the one that was written with the scores of a finished run."""
    try:
        files = read_run_file(path, METRICS, MetricsFile).files or {}
        return name in files and understood(path, name, _hash) == files[name]
    except Refusal:
        return False


def check_environment(path: Path, trained: str | None) -> None:
    """Refuse (E0533) a record of what ran a training that is of another training; None if it is not known which."""
    if trained is None or not os.path.lexists(path / ENVIRONMENT):
        return
    found = read_run_file(path, ENVIRONMENT, EnvironmentFile).trains
    if found not in {None, trained}:
        raise Refusal(RunDamaged(path=str(path), file=ENVIRONMENT, reason="it is of a run of another spec or table"))


def _hash(data: bytes) -> str:
    """The hash of a text, whatever its line ends are: some tools change them on the way to another system."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
