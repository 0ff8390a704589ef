"""Training a run again, in memory, and comparing: the same bits, within a tolerance, or since which epoch others.

The run's resolved spec, its seeds and its rows of parts are used; nothing is written. What differs between the record
and this process is listed beside, since a comparison alone does not say why numbers differ.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import torch

from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.diagnostics.codes.resuming import CannotReplay
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.binding import check_bound
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.loop import Watch, fit
from hqnn_dsl.training.own_loss import OwnLoss, is_own
from hqnn_dsl.training.replay_record import (
    FIELDS,
    Change,
    Recorded,
    data_differences,
    environment_differences,
    plain_differences,
    read_recorded,
)
from hqnn_dsl.training.results import environment_of
from hqnn_dsl.training.resuming import differences
from hqnn_dsl.training.run import set_up
from hqnn_dsl.training.run_files import ENVIRONMENT, EnvironmentFile, damaged, read_run_file
from hqnn_dsl.training.run_on_disk import recorded_backend
from hqnn_dsl.training.run_tables import GRADIENTS
from hqnn_dsl.training.stored_states import unfit_weights
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hqnn_dsl.data.parts import Parts, TableRows
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.semantics.spec import Split
    from hqnn_dsl.training.budget import Agree
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.own_loss import LossFunction
    from hqnn_dsl.training.run import Setup

TOLERANCES = {"double": 1e-8, "single": 1e-4, "mixed": 1e-2}
"""The largest relative difference that counts as rounding, by precision, after a whole training."""

CPU = torch.device("cpu")

MAY_CHANGE = ("train.step", "train.device", "backend")
"""Settings that say what computes a training, not which training it is."""

Verdict = Literal["identical", "within tolerance", "differs", "not trained"]


@dataclass(frozen=True)
class Replay:
    """How a run and its replay compare.

    `verdict` is `identical` (every number of the history and of the best weights, to the bit), `within tolerance`,
    `differs`, or `not trained` because the table is another one. `first_epoch` is the first with any other number,
    `first_beyond` the first with one beyond the tolerance, None if there is none; `largest` the largest relative
    difference, at `where`. `data` is what of the table is another one, `changes` what else is.
    """

    path: Path
    verdict: Verdict
    epochs: int
    tolerance: float | None
    first_epoch: int | None = None
    first_beyond: int | None = None
    largest: float = 0.0
    where: str = ""
    data: tuple[Change, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether the replay is identical, or within the tolerance."""
        return self.verdict in {"identical", "within tolerance"}

    def to_json(self) -> dict[str, Any]:
        """Returns plain data; a difference that is not finite is None."""
        plain = {name: value for name, value in vars(self).items() if name not in {"path", "data", "changes"}}
        plain["largest"] = self.largest if self.largest < float("inf") else None
        lists = {name: [vars(change) for change in found] for name, found in self._lists()}
        return {"run": str(self.path)} | plain | lists

    def _lists(self) -> tuple[tuple[str, tuple[Change, ...]], ...]:
        return ("data", self.data), ("changes", self.changes)


@dataclass(frozen=True, eq=False)
class Asked:
    """What a replay can be told. `changes` are as `--set`, of the backend, the device and the kind of steps only."""

    changes: Mapping[str, str]
    loss: LossFunction | None = None
    anyway: bool = False
    tolerance: float | None = None
    watch: Watch = field(default_factory=Watch)


def replay(path: Path, table: Any, read: Callable[[Program, Any], Table], asked: Asked, agree: Agree) -> Replay:
    """Train a run again and compare. `read` reads the table for a program: `table`, or the file that the run recorded.

    Raises `Refusal`: E0549 if that cannot be, E0532 or E0533 for the files of the run, and what a training raises.
    """
    recorded = read_recorded(path)
    check_bound(path)
    then = read_run_file(path, ENVIRONMENT, EnvironmentFile) if os.path.lexists(path / ENVIRONMENT) else None
    _check_loss(path, recorded, asked.loss)
    program = _program(path, recorded, asked.changes)
    before = recorded.stored.preparation
    if table is None:
        table = _place(path, then)
    table = read(program, table)
    data = plain_differences(before, table) or _seen(program, recorded, table)
    if data and not asked.anyway:
        return Replay(path, "not trained", len(recorded.history), asked.tolerance, data=tuple(data))
    setup = set_up(program, table, asked.loss, _same_parts(recorded))
    setup.settle(agree)
    if problem := unfit_weights(setup.training, recorded.best) if not data else "":
        raise damaged(path, "checkpoints/best.pt", problem)
    with suited_threads(setup.training.net, setup.spec.train.batch):
        kept = _trained(setup, recorded, asked.watch)
        now = environment_of(setup.spec, setup.training, setup.prepared.path)
    changes = _spec_changes(recorded, program)
    changes += [Change("environment", f"the run has no {ENVIRONMENT}", "", "")] if then is None else []
    changes += [] if then is None else list(environment_differences(then, now))
    tolerance = TOLERANCES[now.precision] if asked.tolerance is None else asked.tolerance
    found = Replay(path, "identical", len(recorded.history), tolerance, data=tuple(data), changes=tuple(changes))
    return _compared(found, tolerance, recorded, setup, kept)


def _place(path: Path, then: EnvironmentFile | None) -> str:
    if then is None or then.table is None:
        hint = "give the table: `hqnn replay RUN DATA`"
        raise Refusal(CannotReplay(path=str(path), reason="it does not say where its table is", hint=hint))
    return then.table.path


def _check_loss(path: Path, recorded: Recorded, loss: LossFunction | None) -> None:
    stored = recorded.stored.preparation.loss
    name = str(stored.options["function"]) if is_own(stored) else None
    if name is None and loss is not None:
        reason, hint = f"it was trained with `loss {stored.name}`, not with a function", "leave `loss` out"
    elif name is not None and loss is not None and name != (other := OwnLoss.of(loss, CPU, torch.float32).name):
        reason, hint = f"it was trained with the loss function `{name}`, not with `{other}`", "give that function"
    elif name is not None and loss is None:
        reason = f"it was trained with the loss function `{name}`"
        hint = f"give the function again, in Python: `hqnn.replay(RUN, DATA, loss={name})`"
    else:
        return
    raise Refusal(CannotReplay(path=str(path), reason=reason, hint=hint))


def _program(path: Path, recorded: Recorded, changes: Mapping[str, str]) -> Program:
    """The run's program with its own backend, unless that is changed. Raises `Refusal` E0549 for another change."""
    program = recorded.stored.program(changes)
    others = [name for name, _, _ in differences(recorded.stored.spec_text, program.resolved) if name not in MAY_CHANGE]
    if others:
        reason = f"with another `{others[0]}` it would be another training"
        hint = "only `step`, `device` and `backend` may be set: they say what computes it"
        raise Refusal(CannotReplay(path=str(path), reason=reason, hint=hint))
    has_backend = any(name.split(".")[0] == "backend" for name in changes)
    return program if has_backend else replace(program, recorded=recorded_backend(path))


def _spec_changes(recorded: Recorded, program: Program) -> list[Change]:
    found = differences(recorded.stored.spec_text, program.resolved)
    return [Change("spec", name, old, new) for name, old, new in found]


def _same_parts(recorded: Recorded) -> Callable[[TableRows, Split, int], Parts]:
    """Put rows into the parts that the run had, or as its spec says if the table has others to put there."""
    before = recorded.stored.preparation

    def parts(rows: TableRows, split: Split, seed: int) -> Parts:
        if list(rows.kept) == list(before.rows):
            return before.parts
        return split_rows(rows, split, seed)

    return parts


def _seen(program: Program, recorded: Recorded, table: Table) -> list[Change]:
    """What of a table is another one once its columns are read."""
    try:
        now = prepare(program.spec, table, splitter=_same_parts(recorded), reach=program.checked.reach).preparation
    except Refusal as refusal:
        return [Change("data", f"it is no table for the spec any more ({refusal.diagnostics[0].headline})", "", "")]
    return data_differences(recorded.stored.preparation, now)


class _Kept(Unwritten):
    """Keeps the snapshot of one epoch, which the run had found the best."""

    def __init__(self, setup: Setup, epoch: int) -> None:
        super().__init__()
        self._setup, self._epoch = setup, epoch
        self.found: Snapshot | None = None

    def write_sometimes(self, last: Callable[[], Snapshot]) -> None:
        """Keep the snapshot if the epoch has come."""
        if len(self._setup.training.history) == self._epoch:
            self.found = last()


def _trained(setup: Setup, recorded: Recorded, watch: Watch) -> Snapshot | None:
    """Train as many epochs as the run recorded. Returns the snapshot of the run's best epoch, None before it."""
    kept = _Kept(setup, recorded.best["epoch"])

    def on_epoch(epoch: Epoch) -> None:
        if epoch.number >= len(recorded.history):
            raise StopIteration

    fitted = fit(setup.training, setup.samples, kept, watch=replace(watch, on_epoch=on_epoch))
    if fitted.ended_by:
        pass_on(fitted.ended_by)
        raise KeyboardInterrupt
    return kept.found


def _compared(found: Replay, tolerance: float, recorded: Recorded, setup: Setup, kept: Snapshot | None) -> Replay:
    """The replay with its verdict: epoch by epoch, then the weights of the run's best epoch."""
    again, first, beyond, largest, where = setup.training.history, None, None, 0.0, ""
    for epoch in recorded.history:
        if epoch.number > len(again):
            apart, name = float("inf"), "the training ended before it"
        else:
            same = _as_recorded(again[epoch.number - 1], epoch)
            apart, name = _apart(epoch, same)
        if first is None and (apart > 0 or epoch != same):
            first = epoch.number
        if beyond is None and apart > tolerance:
            beyond = epoch.number
        if apart > largest:
            largest, where = apart, f"{name}, epoch {epoch.number}"
    weights, name = _weights_apart(recorded.best, kept)
    if weights > largest:
        largest, where = weights, name
    best = recorded.best["epoch"]
    if weights > 0 and first is None:
        first = best
    if weights > tolerance and beyond is None:
        beyond = best
    verdict: Verdict = "identical" if first is None else "within tolerance" if beyond is None else "differs"
    return replace(found, verdict=verdict, first_epoch=first, first_beyond=beyond, largest=largest, where=where)


def _apart(epoch: Epoch, again: Epoch) -> tuple[float, str]:
    """The largest relative difference of two epochs, and its name."""
    pairs = [(_relative(getattr(epoch, name), getattr(again, name)), name) for name in FIELDS]
    largest = max(abs(getattr(one, name) or 0.0) for one in (epoch, again) for name in ("train_loss", *GRADIENTS))
    for name in GRADIENTS:  # a norm may be all rounding, so it is held against the largest number of its kind
        one, other = getattr(epoch, name), getattr(again, name)
        is_number = one is not None and other is not None
        pairs.append((abs(one - other) / (largest or 1.0) if is_number else _relative(one, other), name))
    return max(pairs, key=lambda pair: pair[0])


def _as_recorded(again: Epoch, epoch: Epoch) -> Epoch:
    """An epoch of the replay without norms of gradients if the record has none: older ones have not."""
    if any(getattr(epoch, name) is not None for name in GRADIENTS):
        return again
    return replace(again, classical_grad=None, quantum_grad=None, classical_mean_grad=None, quantum_mean_grad=None)


def _relative(one: float | None, other: float | None) -> float:
    if one == other:
        return 0.0
    if one is None or other is None:
        return float("inf")
    return abs(one - other) / max(abs(one), abs(other))


def _weights_apart(best: Snapshot, kept: Snapshot | None) -> tuple[float, str]:
    """The largest difference of a weight, relative to the largest weight of its tensor, and that tensor's name."""
    if kept is None:
        return float("inf"), "the best epoch was not reached"
    largest, name = 0.0, ""
    for tensor, value in best["model"].items():
        other = kept["model"].get(tensor)
        apart = float("inf") if other is None or other.shape != value.shape else _tensors_apart(value, other)
        if apart > largest:
            largest, name = apart, f"weight `{tensor}`"
    return largest, name


def _tensors_apart(one: torch.Tensor, other: torch.Tensor) -> float:
    if torch.equal(one, other.cpu()):
        return 0.0
    one, other = one.double(), other.cpu().double()
    scale = max(float(one.abs().max()), float(other.abs().max()))
    return float((one - other).abs().max()) / scale
