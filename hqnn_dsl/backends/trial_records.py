"""The results of trials on this machine, kept between processes in a small file beside the kept native kernels.

A trial belongs to a circuit, a batch, the backends that were tried with their options, the versions of all packages on
which a number depends, and the machine. A file that is damaged, or of another format, is ignored, and replaced by the
next trial.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import platform
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl import __version__
from hqnn_dsl.files import replacing
from hqnn_dsl.packages import installed_versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit

FILE = "hqnn-trials.json"
FORMAT = 1
MOST = 500
"""Number of trials that are kept; the oldest are dropped."""
MOST_BYTES = 4 << 20
"""A larger file was not written here, and is not read."""


def places() -> tuple[Path, ...]:
    """Returns the folders that may hold the file, the preferred one first: those of the compiled kernels."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - raises nothing
    beside = Path(__file__).parent / "native" / "__pycache__"
    return (*([Path(given)] if given else []), beside, Path(caches) / "hqnn")


def key_of(circuit: Circuit, rows: int, tried: Sequence[tuple[str, Mapping[str, Any]]], device: str) -> str | None:
    """Returns the key of a trial, None for a circuit whose expressions are nested too deeply to be pickled."""
    try:
        described = pickle.dumps([getattr(circuit, field.name) for field in fields(circuit)], protocol=4)
    except RecursionError:
        return None
    offers = sorted((name, sorted(map(repr, options.items()))) for name, options in tried)
    facts = (__version__, rows, offers, device, _machine(), dict(installed_versions()))
    return hashlib.sha256(repr(facts).encode() + described).hexdigest()


def read(key: str | None) -> dict[str, Any] | None:
    """Returns the result that `write` was given for a key, None if nothing usable is kept."""
    if key is None:
        return None
    for folder in places():
        entry = _trials_in(folder).get(key)
        if isinstance(entry, dict) and _is_usable(entry):
            return entry
    return None


def write(key: str | None, found: Mapping[str, Any]) -> None:
    """Keep the result of a trial in the first folder that can be written. Never fails: without one, nothing is kept."""
    if key is None:
        return
    for folder in places():
        trials = _trials_in(folder)
        trials.pop(key, None)
        newest = dict(list({**trials, key: dict(found)}.items())[-MOST:])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / FILE) as temporary:
                temporary.write_text(json.dumps({"format": FORMAT, "trials": newest}), encoding="utf-8")
        except (OSError, ValueError):
            continue
        return


def _trials_in(folder: Path) -> dict[str, Any]:
    """Returns the trials kept in a folder: none if the file is missing, damaged or of another format."""
    try:
        path = folder / FILE
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return {}
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("trials"), dict):
        return {}
    return dict(data["trials"])


def _is_usable(entry: dict[str, Any]) -> bool:
    if set(entry) != {"name", "seconds", "rows", "left_out"}:
        return False
    seconds, left_out = entry["seconds"], entry["left_out"]
    return (
        isinstance(seconds, dict)
        and entry["name"] in seconds
        and all(isinstance(value, float) and math.isfinite(value) and value > 0 for value in seconds.values())
        and isinstance(left_out, dict)
        and all(isinstance(value, str) for value in left_out.values())
        and isinstance(entry["rows"], int)
    )


def _machine() -> tuple[object, ...]:
    """Returns the facts of this machine on which speed depends, the number of threads among them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return platform.node(), platform.machine(), platform.python_version(), cores, os.environ.get("OMP_NUM_THREADS")
