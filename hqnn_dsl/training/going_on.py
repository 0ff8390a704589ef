"""From which checkpoint of a folder a training goes on: the last, or the best if the last cannot be used.

Both are whole snapshots, and training from either leads to the same bits; from the best it only takes longer.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.data.layout import named
from hqnn_dsl.diagnostics.codes.resuming import GoesOnFromBest
from hqnn_dsl.diagnostics.codes.runs import CannotResume, RunDamaged, RunUnwritable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.training.binding import check_environment, trains_of
from hqnn_dsl.training.checkpoint import try_random_states
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.own_loss import resumed_with
from hqnn_dsl.training.resuming import check_spec, differs, shortened
from hqnn_dsl.training.run_files import damaged
from hqnn_dsl.training.run_on_disk import load_run, load_snapshot_of
from hqnn_dsl.training.samples import batch_bounds
from hqnn_dsl.training.stored_states import unfit, unfit_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hqnn_dsl.data.preprocess import Preparation, Prepared
    from hqnn_dsl.training.checkpoint import Snapshot
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.run_on_disk import RunOnDisk

LAST, BEST = "checkpoints/last.pt", "checkpoints/best.pt"


@dataclass(frozen=True, eq=False)
class Stand:
    """Where a run's folder stands: the snapshot to go on from, the best one (None before the first whole epoch), the
    table with the loss as the run names it, and whether the spec has changed in what may change.
    """

    last: Snapshot
    best: Snapshot | None
    prepared: Prepared
    is_changed: bool


def read_back(path: Path, training: Training, prepared: Prepared) -> Stand:
    """Returns where a run stands. If its last checkpoint cannot be used, the best one is, and that is said (W0471).

    Raises `Refusal`: E0532 and E0533 if both cannot be used, E0555 to E0557 for another spec than the run's, E0544 for
    another table or loss.
    """
    num_batches = len(batch_bounds(len(prepared.preparation.parts.train), training.settings.batch))
    last, trouble = _readable(path)
    is_untrained = last is not None and not last["history"] and not os.path.lexists(path / BEST)
    stored = _stored(path, trouble, is_untrained=is_untrained)
    best, best_changed = _for_this(path, stored.best, training)
    check_environment(path, trains_of(stored.spec_text, stored.preparation.identity))
    prepared = resumed_with(path, stored.preparation.loss, prepared)
    check_table(path, stored.preparation, prepared.preparation)
    if problem := unfit_weights(training, best):
        raise damaged(path, LAST if is_untrained else BEST, problem)
    is_changed = False
    if last is not None and not (trouble := _foreign(path, last, stored)):
        last, is_changed = _for_this(path, last, training)
        trouble = unfit(training, last, num_batches)
    if last is None or trouble:
        if is_untrained:
            raise damaged(path, LAST, trouble)
        last = _best_instead(path, trouble, best, unfit(training, best, num_batches))
    elif best["epoch"] > last["epoch"] and not unfit(training, best, num_batches):
        last = best  # the training was killed between writing the two
    return Stand(last, None if is_untrained else stored.best, prepared, is_changed or best_changed)


def _for_this(path: Path, snapshot: Snapshot, training: Training) -> tuple[Snapshot, bool]:
    """A snapshot, and whether its spec is another one, in what may change; the stop then sees all epochs again."""
    if not check_spec(path, snapshot, training):
        return snapshot, False
    return {**snapshot, "stop": {} if training.stop is None else training.stop.state_dict()}, True


def _readable(path: Path) -> tuple[Snapshot | None, str]:
    """The last checkpoint, or None and why it cannot be read."""
    try:
        return load_snapshot_of(path, "last.pt"), ""
    except Refusal as refusal:
        if not os.path.lexists(path / BEST) or (path / LAST).is_dir():  # no file takes the place of a folder
            raise
        return None, _reason(refusal)


def _stored(path: Path, trouble: str, *, is_untrained: bool) -> RunOnDisk:
    """The run with its best weights. If it has none either, the refusal names both checkpoints."""
    try:
        return load_run(path, "last.pt" if is_untrained else "best.pt")
    except Refusal as refusal:
        if not trouble:
            raise
        first = RunDamaged(path=str(path), file=LAST, reason=trouble)
        raise Refusal(first, *refusal.diagnostics) from None


def _reason(refusal: Refusal) -> str:
    (found,) = refusal.diagnostics
    return found.reason if isinstance(found, RunDamaged) else "it is not there"


def _foreign(path: Path, last: Snapshot, stored: RunOnDisk) -> str:
    """Why the last checkpoint is not of the run's training; empty if it is. Raises `Refusal` E0533 if either is not."""
    if differs(last["spec"], stored.spec_text):
        return "it was written by a training of another spec"
    if last.get("data") not in {None, stored.preparation.identity}:
        return "it was written by a training on another table, or on other rows"
    pairs = zip(last["history"], stored.best["history"], strict=False)
    if any(Epoch(**one) != Epoch(**other) for one, other in pairs):  # older epochs have fewer fields
        raise damaged(path, LAST, f"its epochs are not those of {BEST}: one of both is of another run")
    return ""


def _best_instead(path: Path, trouble: str, best: Snapshot, second: str) -> Snapshot:
    """The best snapshot in place of the last. Raises `Refusal` E0533 of both if there is a reason against it, too."""
    if second:
        both = ((LAST, trouble), (BEST, second))
        raise Refusal(*(RunDamaged(path=str(path), file=file, reason=reason) for file, reason in both))
    notice(GoesOnFromBest(path=str(path), reason=trouble, epoch=best["epoch"]))
    return best


def restore(path: Path, training: Training, last: Snapshot) -> None:
    """Restore a training from a snapshot. Raises `Refusal` E0544 if it does not fit."""
    try:
        training.restore(last)
        try_random_states(last["rng"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        raise Refusal(CannotResume(path=str(path), reason=f"its last.pt does not fit ({error})")) from None


@contextmanager
def advised(path: Path) -> Iterator[None]:
    """A file of the run that cannot be written in the block is a refusal that says from where the run can go on."""
    try:
        yield
    except Refusal as refusal:
        if not any(isinstance(item, RunUnwritable) for item in refusal.diagnostics):
            raise
        hint = _what_is_left(path)
        found = (replace(item, hint=item.hint or hint) for item in refusal.diagnostics)
        raise Refusal(*found) from None


def _what_is_left(path: Path) -> str:
    """The advice for a run whose files cannot be written; empty if it has no checkpoint to go on from."""
    try:
        last = load_snapshot_of(path, "last.pt")
    except Refusal:
        return ""
    step = f", step {last['step']}" if last["step"] else ""
    left = f"its last checkpoint is whole, after epoch {last['epoch']}{step}"
    return f"{left}: make room, or let the folder be written to, then `hqnn train SPEC DATA --out {path} --resume`"


def check_table(path: Path, before: Preparation, now: Preparation) -> None:
    """Refuse (E0544) to go on with another table than the run's, and say in what it differs."""
    if replace(before, columns=None).to_json() == replace(now, columns=None).to_json():
        return
    others = changed_columns(before.columns, now.columns)
    difference = f"its numbers are others{f', in {named(others)}' if others else ''}"
    for name, old, new in (
        ("target", before.target.names, now.target.names),
        ("features", before.features.names, now.features.names),
        ("rows", sum(len(rows) for _, rows in before.parts.items()), sum(len(rows) for _, rows in now.parts.items())),
    ):
        if old != new:
            difference = f"{name} {_listed(old)} then, {_listed(new)} now"
            break
    raise Refusal(CannotResume(path=str(path), reason=f"it was started with another table: {difference}"))


def changed_columns(before: Mapping[str, str] | None, now: Mapping[str, str] | None) -> list[str]:
    """The columns of both tables whose cells differ, as far as their hashes are known."""
    before, now = before or {}, now or {}
    return [name for name, found in now.items() if name in before and before[name] != found]


def _listed(value: tuple[str, ...] | int) -> str:
    return shortened(", ".join(value) if isinstance(value, tuple) else str(value))
