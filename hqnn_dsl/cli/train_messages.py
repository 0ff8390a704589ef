"""Messages of `hqnn train`: the outlook of a training, its end, and what to type next."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.column_tables import column_table
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.training.bar import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hqnn_dsl.training.outlook import Ending, Outlook
    from hqnn_dsl.training.step_choice import StepChoice

MOST_NAMED = 6
"""How many targets are named one by one."""


# ---------------------------------------------------------------------------------------------------- before the steps


def columns_of(outlooks: Sequence[Outlook]) -> list[dict[str, Any]]:
    """Returns the table of columns of a training as plain data."""
    return [line.to_json() for outlook in outlooks[:1] for line in outlook.columns]


def outlook_lines(outlook: Outlook, *, with_columns: bool = False) -> list[str]:
    """Returns the outlook of a training, a sentence an entry; in front of them, perhaps, the table of columns."""
    train, rows = outlook.train, outlook.rows
    names = ", ".join(f"`{name}`" for name in outlook.targets[:MOST_NAMED])
    more = ", …" if len(outlook.targets) > MOST_NAMED else ""
    classes = "" if outlook.classes is None else f" with {len(outlook.classes)} classes"
    targets = f"{count(len(outlook.targets), 'target')}: {names}{more}{classes}"
    size = min(train.batch, rows[0])
    found = [
        (
            f"{rows[0]} rows to train on, {rows[1]} for validation, {rows[2]} for the test; "
            f"{count(len(outlook.features), 'feature')}, {targets}"
        ),
        (
            f"{outlook.classical_weights} classical and {outlook.quantum_weights} quantum weights, "
            f"{outlook.backend or 'no circuit'}, {outlook.precision} precision on the {outlook.device}"
        ),
        (
            f"{count(train.epochs, 'epoch')} of {count(outlook.steps, 'step')} on {count(size, 'row')}, "
            f"{train.optimizer.name}, stop {_stop(train.stop)}; {step_sentence(outlook.step)}"
        ),
    ]
    if outlook.epochs_done:
        found.append(f"{count(outlook.epochs_done, 'epoch')} trained already, this goes on from there")
    if with_columns and outlook.columns:
        found = [*column_table(outlook.columns, sys.stderr).splitlines(), *found]
    return found


def step_sentence(choice: StepChoice) -> str:
    """Returns what runs the steps, and why if that is torch."""
    if choice.ran == "compiled":
        return "steps are compiled"
    return "steps run in torch" if choice.asked == "torch" else f"steps run in torch: {choice.reason}"


def _stop(stop: Any) -> str:
    patience = stop.options.get("patience")
    return str(stop.name) if patience is None else f"{stop.name} after {count(patience, 'epoch')} without a better loss"


# -------------------------------------------------------------------------------------------------------- how it ended


def ending_line(ending: Ending) -> str:
    """Returns the reason why a training has ended, its best epoch, and its duration."""
    loss = "validation loss" if ending.is_validated else "training loss"
    why = {
        "stop": f"stopped: no better {loss} for {count(ending.patience or 0, 'epoch')}",
        "interrupted": "interrupted",
        "callback": "ended by the function that is called after every epoch",
        "epochs": "all epochs are trained",
    }[ending.reason]
    best = f"best epoch {ending.best_epoch} of {ending.epochs}" if ending.best_epoch else "no epoch is whole"
    return f"{why}; {best}; {clock(ending.seconds)}"


def next_lines(
    run: Path, spec: Path, data: Path, ending: Ending | None, options: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yields commands to type next, each after its purpose."""
    if ending is not None and ending.reason == "interrupted":
        yield "to go on", shlex.join(["hqnn", "train", str(spec), str(data), "--out", str(run), "--resume", *options])
    yield "to predict", f"{shlex.join(['hqnn', 'predict', str(run)])} DATA"
    yield "to score", f"{shlex.join(['hqnn', 'evaluate', str(run)])} DATA"
