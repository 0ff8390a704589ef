"""What a run recorded, for a replay: its epochs and best weights, its table and what ran it, beside what is now."""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.data.layout import named
from hqnn_dsl.diagnostics.codes.resuming import CannotReplay
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import Wrong, text_in
from hqnn_dsl.literals import call, setting
from hqnn_dsl.training.going_on import changed_columns
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.resuming import differs, shortened
from hqnn_dsl.training.run_files import damaged, understood
from hqnn_dsl.training.run_on_disk import load_run, load_snapshot_of
from hqnn_dsl.training.run_tables import HISTORY, OLDER_HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.run_files import BackendRecord, EnvironmentFile
    from hqnn_dsl.training.run_on_disk import RunOnDisk

HISTORY_FILE = "history.csv"
FIELDS = ("lr", "quantum_lr", "train_loss", "validation_loss", "grad_scale", "end_loss")
"""The numbers of an epoch that are compared, beside its norms of gradients."""


@dataclass(frozen=True)
class Change:
    """A thing that is another one than a run's record says. `component` is data, spec, code, packages, device, …"""

    component: str
    name: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.name} {self.then} then, {self.now} now" if self.then or self.now else self.name


@dataclass(frozen=True, eq=False)
class Recorded:
    """A run as read from its folder, with the epochs that its record holds, one at least."""

    stored: RunOnDisk
    history: tuple[Epoch, ...]

    @property
    def best(self) -> Snapshot:
        return self.stored.best


# --------------------------------------------------------------------------------------------------- epochs and weights


def read_recorded(path: Path) -> Recorded:
    """Returns what a run recorded. Raises `Refusal`: E0549 if no epoch was whole, E0532 and E0533 for its files."""
    is_begun = os.path.lexists(path / "checkpoints" / "last.pt")
    has_best = os.path.lexists(path / "checkpoints" / "best.pt")
    if is_begun and not has_best and not load_snapshot_of(path, "last.pt")["history"]:
        raise _no_epoch(path)
    stored = load_run(path)
    found = {"checkpoints/best.pt": [Epoch(**epoch) for epoch in stored.best["history"]]}
    if is_begun:
        last = load_snapshot_of(path, "last.pt")
        if differs(last["spec"], stored.spec_text):
            raise damaged(path, "checkpoints/last.pt", "it was written by a training of another spec")
        if last.get("data") not in {None, stored.preparation.identity}:
            raise damaged(
                path, "checkpoints/last.pt", "it was written by a training on another table, or on other rows"
            )
        found["checkpoints/last.pt"] = [Epoch(**epoch) for epoch in last["history"]]
    if os.path.lexists(path / HISTORY_FILE):
        found[HISTORY_FILE] = understood(path, HISTORY_FILE, _epochs_in)
    longest = max(found, key=lambda name: len(found[name]))
    for name, epochs in found.items():
        for epoch, other in zip(epochs, found[longest], strict=False):
            if epoch != other:
                raise damaged(path, name, f"its epoch {epoch.number} is not that of {longest}")
    if not found[longest]:
        raise _no_epoch(path)
    return Recorded(stored, tuple(found[longest]))


def _no_epoch(path: Path) -> Refusal:
    hint = "go on with it first: `hqnn train SPEC DATA --out RUN --resume`"
    return Refusal(CannotReplay(path=str(path), reason="its training has no whole epoch", hint=hint))


def _epochs_in(data: bytes) -> list[Epoch]:
    """The epochs of `history.csv`, with all digits. Raises `Wrong`."""
    lines = list(csv.reader(io.StringIO(text_in(data).replace("\0", ""))))
    header = tuple(lines[0]) if lines else ()
    if header not in {HISTORY, OLDER_HISTORY}:
        raise Wrong(f"its columns are not {', '.join(HISTORY)}")
    return [_epoch(number, cells, len(header)) for number, cells in enumerate(lines[1:], start=1)]


def _epoch(number: int, cells: list[str], width: int) -> Epoch:
    try:
        count, *others = cells
        lr, quantum_lr, loss, validation, best, scale, end, *grads = (float(cell) if cell else None for cell in others)
        if len(cells) != width:
            raise ValueError
    except ValueError:
        raise Wrong(f"its epoch {number} has a cell that is no number, or not {width} cells") from None
    values = (lr, quantum_lr, loss)
    if (
        count != str(number)
        or None in values
        or best not in {0.0, 1.0}
        or any(map(_is_odd, (*values, validation, end, *grads)))
        or any(grad is not None and grad < 0 for grad in grads)
    ):
        raise Wrong(f"its epoch {number} has a number that cannot be")
    return Epoch(number, lr or 0.0, quantum_lr or 0.0, loss or 0.0, validation, bool(best), scale, end, *grads)


def _is_odd(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)


# ------------------------------------------------------------------------------------------------------------ the table


def plain_differences(before: Preparation, table: Table) -> list[Change]:
    """What of a table is seen to be another one before its columns are read: its rows, and columns that are gone."""
    rows = sum(len(part) for _, part in before.parts.items()) + len(before.dropped)
    weights = () if before.weights is None else (before.weights,)
    missing = [n for n in (*before.features.names, *before.target.names, *weights) if n not in table.columns]
    found = [] if rows == table.num_rows else [Change("data", "rows", str(rows), str(table.num_rows))]
    return [*found, *([Change("data", f"{_columns(missing)} gone", "", "")] if missing else [])]


def data_differences(before: Preparation, now: Preparation) -> list[Change]:
    """What of a table is another one, as far as the record tells; none if it is the same."""
    if before.fingerprint == now.fingerprint:
        return []
    found = []
    for name, old, new in (
        ("features", before.features.names, now.features.names),
        ("target", before.target.names, now.target.names),
    ):
        if old != new:
            found.append(Change("data", name, shortened(", ".join(old)), shortened(", ".join(new))))
    others = changed_columns(before.columns, now.columns)
    if others:
        found.append(Change("data", f"the cells of {_columns(others)}", "", ""))
    elif before.columns is None:
        found.append(Change("data", f"the cells{_fitted_otherwise(before, now)}", "", ""))
    return found or [Change("data", "the cells", "", "")]


def _fitted_otherwise(before: Preparation, now: Preparation) -> str:
    """For a run without hashes of its columns: those to which something else was fitted."""
    old = {line.column: line for line in before.report}
    names = [line.column for line in now.report if line.column in old and old[line.column] != line]
    return f", of {_columns(names)} at least" if names else " of some column"


def _columns(names: list[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {named(names)}"


# ------------------------------------------------------------------------------------------------------ the environment


def environment_differences(then: EnvironmentFile, now: EnvironmentFile) -> Iterator[Change]:
    """What ran a training and what runs it now, where they differ."""
    pairs = [
        ("code", "hqnn", then.hqnn, now.hqnn),
        ("python", "Python", then.python, now.python),
        ("platform", "platform", then.platform, now.platform),
        *(("packages", name, then.packages.get(name), now.packages.get(name)) for name in _packages(then, now)),
        ("device", "device", then.device.type, now.device.type),
        ("device", "device's name", then.device.name, now.device.name),
        ("device", "CUDA", then.device.cuda, now.device.cuda),
        ("threads", "threads", then.threads.torch, now.threads.torch),
        ("precision", "precision", then.precision, now.precision),
        ("backend", "backend", _backend(then.backend), _backend(now.backend)),
    ]
    if then.code is not None and now.code is not None:
        pairs.insert(1, ("code", "source of hqnn", then.code[:12], now.code[:12]))
    if then.step is not None and now.step is not None:
        pairs.append(("step", "steps by", then.step.ran, now.step.ran))
    pairs += [("seeds", f"seed {name}", then.seeds.get(name), seed) for name, seed in now.seeds.items()]
    for component, name, old, new in pairs:
        if old != new:
            yield Change(component, name, _said(old), _said(new))


def _packages(then: EnvironmentFile, now: EnvironmentFile) -> list[str]:
    return list(dict.fromkeys((*then.packages, *now.packages)))


def _backend(record: BackendRecord) -> str:
    return call(record.name, {name: setting(value) for name, value in record.options.items()})


def _said(value: object) -> str:
    return "none" if value is None else shortened(str(value))
