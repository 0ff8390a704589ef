"""The tables of a run's folder as frames: the history of its epochs, and the predictions of its test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from hqnn_dsl.diagnostics.codes.runs import RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from hqnn_dsl.data.target import FittedTarget

GRADIENTS = ("classical_grad", "quantum_grad", "classical_mean_grad", "quantum_mean_grad")
"""Columns that older runs lack: norms of gradients, see `gradient_norms`."""
OLDER_HISTORY = ("epoch", "lr", "quantum_lr", "train_loss", "validation_loss", "best", "grad_scale", "end_loss")
HISTORY = (*OLDER_HISTORY, *GRADIENTS)
"""The columns of `history.csv`."""


def read_history(path: Path) -> pd.DataFrame:
    """`history.csv` of a run; without rows if there is none, because the training ended before its first epoch."""
    found = _read(path, "history.csv", ("epoch", "train_loss", "validation_loss", "best"))
    return pd.DataFrame(columns=list(HISTORY)) if found is None else found


def read_predictions(path: Path, target: FittedTarget) -> pd.DataFrame | None:
    """`predictions.csv` of a run, None if there is none or no test row: `<target>_true`, `<target>_predicted`.

    Labels of classes are texts. Raises `Refusal` E0533 if the file cannot be right.
    """
    wanted = tuple(f"{name}_{what}" for name in target.names for what in ("true", "predicted"))
    found = _read(path, "predictions.csv", wanted, texts=target.classes is not None)
    if found is None or not len(found):
        return None
    known = {"", *(target.classes or ())}
    for name in wanted if target.classes is not None else ():
        strange = [label for label in found[name] if label not in known]
        if strange:
            reason = f"`{name}` has `{strange[0]}`, which is no class of the run"
            raise Refusal(RunDamaged(path=str(path), file="predictions.csv", reason=reason))
    return found


def _read(path: Path, name: str, columns: tuple[str, ...], *, texts: bool = False) -> pd.DataFrame | None:
    """A CSV file of a run, None if it is not there. Raises `Refusal` E0533 if it cannot be read or lacks columns."""
    try:
        kinds: dict[Hashable, Any] = dict.fromkeys(columns, str) if texts else {}
        found = pd.read_csv(path / name, dtype=kinds, keep_default_na=not texts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pandas' own errors are kinds of ValueError
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Refusal(RunDamaged(path=str(path), file=name, reason=reason)) from None
    missing = [column for column in columns if column not in found.columns]
    if missing:
        raise Refusal(RunDamaged(path=str(path), file=name, reason=f"it has no column `{missing[0]}`"))
    return found
