"""What a training is at one moment, on disk: `best.pt` and `last.pt`.

Both are plain data that `torch.load(path, weights_only=True)` reads, written whole or not at all. A snapshot is a copy:
training goes on without touching it. Copying is cheap and writing spaced out, because an epoch may take milliseconds.
"""

from __future__ import annotations

import io
import random
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from hqnn_dsl.training.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

Snapshot = dict[str, Any]
"""`model`, `optimizer`, `scheduler`, `scaler`, `stop`, `rng`, `epoch`, `step`, `history`, `spec`, `version`, …"""

SECONDS_BETWEEN_WRITES = 10.0


def random_states() -> dict[str, Any]:
    """The states of all global random generators, as plain data."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002 - the global one
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(words), gauss],
        "numpy": [str(name), np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    """Set all global random generators as they were; CUDA's only where as many devices are here."""
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available() and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))  # noqa: NPY002 - the global one


def try_random_states(states: Mapping[str, Any]) -> None:
    """Raise what `restore_random_states` would, and leave all generators as they are."""
    before = random_states()
    try:
        restore_random_states(states)
    finally:
        restore_random_states(before)


def copied(state: Any) -> Any:
    """A `state_dict` as it is now: its containers made anew, its tensors cloned, everything else shared."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {key: copied(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(copied(value) for value in state)
    return state


def not_finite(snapshot: Snapshot) -> str:
    """The name of the first tensor of weights or optimizer with a number that is not finite; empty if there is none."""
    for name, weight in snapshot["model"].items():
        if not _is_finite(weight):
            return str(name)
    for key, state in snapshot["optimizer"].get("state", {}).items():
        for name, value in state.items():
            if isinstance(value, Tensor) and not _is_finite(value):
                return f"optimizer.{key}.{name}"
    return ""


def _is_finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())


def save_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot to `path`, whole or not at all; it outlasts a loss of power. Raises `Refusal` E0531."""
    data = io.BytesIO()  # torch's own writer calls a full disk a RuntimeError
    torch.save(snapshot, data)
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(data.getbuffer())


def load_snapshot(file: Path | BinaryIO) -> Snapshot:
    """Read a snapshot onto the CPU. Raises whatever `torch.load` raises where the file is none."""
    loaded: Snapshot = torch.load(file, map_location="cpu", weights_only=True)
    return loaded


def altered_part(file: BinaryIO) -> str:
    """The name of the first part of a snapshot whose bytes are not those of its checksum; empty if there is none.

    Torch itself does not compare them. What is no archive of parts is left to `load_snapshot`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() or ""
    except zipfile.BadZipFile:
        return ""
    finally:
        file.seek(0)


class Checkpoints:
    """Keeps the best snapshot in memory, and writes `best.pt` and `last.pt` now and then, and when told to."""

    def __init__(self, folder: Path, best: Snapshot | None = None) -> None:
        self.folder = folder
        self.best = best
        self._best_is_written = best is not None
        self._written_at = time.monotonic()

    def keep_best(self, snapshot: Snapshot) -> None:
        """From now on this is the best, if all its numbers are finite; else the last good one stays."""
        if not_finite(snapshot):
            return
        self.best = snapshot
        self._best_is_written = False

    def write_sometimes(self, last: Callable[[], Snapshot]) -> None:
        """Write both if the last time is long enough ago; `last` is called only then."""
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN_WRITES:
            self.write(last())

    def write(self, last: Snapshot | None = None) -> None:
        """Write the best, if it changed, and the last, if given and finite: else the last good one on disk stays."""
        if self.best is not None and not self._best_is_written:
            save_snapshot(self.folder / "best.pt", self.best)
            self._best_is_written = True
        if last is not None and not not_finite(last):
            save_snapshot(self.folder / "last.pt", last)
        self._written_at = time.monotonic()


class Unwritten(Checkpoints):
    """Keeps the best snapshot in memory, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(Path())

    def write_sometimes(self, last: Callable[[], Snapshot]) -> None:
        """Write nothing."""

    def write(self, last: Snapshot | None = None) -> None:
        """Write nothing."""
