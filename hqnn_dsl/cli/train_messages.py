"""Messages of `hqnn train`: the outlook of a training, its end, and what to type next."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.auto import duration
from hqnn_dsl.backends.resident import resident
from hqnn_dsl.cli.column_tables import column_table
from hqnn_dsl.cli.output import tell
from hqnn_dsl.diagnostics.quantities import count, size
from hqnn_dsl.training.bar import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hqnn_dsl.backends.meter import Price
    from hqnn_dsl.training.outlook import Ending, Outlook
    from hqnn_dsl.training.step_choice import StepChoice
    from hqnn_dsl.training.time_left import Expected

WORTH_TELLING = 1 << 20
"""Bytes of states from which on they are told."""
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
            f"{outlook.classical_weights} classical and {outlook.quantum_weights} quantum weights, {outlook.backend}, "
            f"{outlook.precision} precision on the {outlook.device}"
        ),
        (
            f"{count(train.epochs, 'epoch')} of {count(outlook.steps, 'step')} on {count(size, 'row')}, "
            f"{train.optimizer.name}, stop {_stop(train.stop)}; {step_sentence(outlook.step)}"
        ),
    ]
    if (line := _circuits(outlook)) is not None:
        found.append(line)
    if outlook.epochs_done:
        found.append(f"{count(outlook.epochs_done, 'epoch')} trained already, this goes on from there")
    if with_columns and outlook.columns:
        found = [*column_table(outlook.columns, sys.stderr).splitlines(), *found]
    return found


def _circuits(outlook: Outlook) -> str | None:
    """The circuits and shots of a step and in all, if they are counted, and the states of a step if they are large."""
    counted = outlook.counted
    if counted is None:
        return None
    said = []
    if counted.step is not None and counted.training is not None and counted.step.circuits:
        said = [f"{_price(counted.step)} a step, {_price(counted.training)} in all with scores and predictions"]
    if counted.states is not None and counted.states >= WORTH_TELLING:
        said.append(f"{size(counted.states)} for the states of a step")
    return "; ".join(said) or None


def _price(price: Price) -> str:
    shots = f" with {price.shots:,} shots" if price.shots else ""
    return f"{price.circuits:,} {'circuit' if price.circuits == 1 else 'circuits'}{shots}"


def pace_line(expected: Expected, memory: Sequence[int], now: datetime) -> str:
    """Returns how long an epoch takes and all that are left, until when, and the memory of each process so far."""
    left = f"{'at most' if expected.is_bound else 'about'} {clock(expected.left)}"
    which = "the last epoch" if expected.epochs == 1 else f"{expected.epochs} epochs"
    if expected.trainings > 1:
        which = f"{expected.trainings} trainings of {count(expected.epochs, 'epoch')}"
    parts = [f"{duration(expected.epoch)} an epoch, {left} for {which}"]
    if expected.left >= 60:
        parts.append(f"until {end_time(now + timedelta(seconds=expected.left), now)}")
    text = ", ".join(parts)
    if memory:
        beside = f", {size(memory[1])} of it in a second process" if len(memory) > 1 else ""
        text += f"; {size(sum(memory))} of memory so far{beside}"
    return text


def tell_pace(expected: Expected, second: int | None = None) -> None:
    """Tell the pace of a training on standard error; `second` is the number of the process beside it."""
    tell(pace_line(expected, memory_now(second), datetime.now().astimezone()))


def end_time(end: datetime, now: datetime) -> str:
    """`14:05`, of another day `Tue 14:05`, later than in six days the date."""
    if end.date() == now.date():
        return end.strftime("%H:%M")
    return end.strftime("%a %H:%M" if end - now < timedelta(days=6) else "%Y-%m-%d %H:%M")


def memory_now(second: int | None) -> list[int]:
    """Returns the most memory so far of this process and of the second one with that number, where Linux tells it."""
    try:
        return [resident("VmHWM"), *([] if second is None else [resident("VmHWM", second)])]
    except (OSError, StopIteration):
        return []


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
