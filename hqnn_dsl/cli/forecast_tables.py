"""A forecast as a table on the screen, and as the document of `hqnn plan --json`."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.column_tables import column_table
from hqnn_dsl.cli.output import table
from hqnn_dsl.cli.train_messages import step_sentence
from hqnn_dsl.diagnostics.quantities import count, size
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.training.bar import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.backends.meter import Price
    from hqnn_dsl.training.counting import Counted
    from hqnn_dsl.training.forecast.forecast import Forecast

VERSION = 1
"""Of the document of `--json`."""


# ------------------------------------------------------------------------------------------------------- the document


def forecast_data(found: Forecast) -> dict[str, Any]:
    """Returns a forecast as plain data: sizes in bytes, times in seconds, null for what cannot be told."""
    outlook = found.outlook
    return {
        "version": VERSION,
        "rows": dict(zip(("train", "validation", "test"), outlook.rows, strict=True)),
        "features": list(outlook.features),
        "targets": list(outlook.targets),
        "columns": [line.to_json() for line in outlook.columns],
        "weights": {"classical": outlook.classical_weights, "quantum": outlook.quantum_weights},
        "epochs": outlook.train.epochs,
        "steps_an_epoch": outlook.steps,
        "trainings": found.trainings,
        "at_once": found.at_once,
        "steps": {"ran": outlook.step.ran, "reason": outlook.step.reason},
        "precision": outlook.precision,
        "device": outlook.device,
        "backend": None if found.counted is None else _counted(found.counted),
        "circuits": None if found.circuits is None else asdict(found.circuits),
        "memory": {**asdict(found.memory), "peak": found.memory.peak},
        "seconds": None if found.seconds is None else asdict(found.seconds),
        "once": asdict(found.once),
        "probe": None if found.pace is None else asdict(found.pace),
        "gradient": None if found.gradient is None else asdict(found.gradient),
        "others": [_counted(other) for other in found.others],
    }


def _counted(one: Counted) -> dict[str, Any]:
    return asdict(one)


# --------------------------------------------------------------------------------------------------------- the screen


def forecast_text(found: Forecast) -> str:
    """Returns the columns, the table of quantities, and the table of the other backends."""
    parts = [column_table(found.outlook.columns), ""] if found.outlook.columns else []
    parts.append(table(["what", "how much"], list(_quantities(found)), left=2))
    if found.others:
        parts += ["", _others(found)]
    return "\n".join(parts)


def _quantities(found: Forecast) -> Iterator[list[object]]:
    outlook, rows = found.outlook, found.outlook.rows
    yield ["rows", f"{rows[0]} to train on, {rows[1]} for validation, {rows[2]} for the test"]
    yield ["columns", f"{count(len(outlook.features), 'feature')}, {count(len(outlook.targets), 'target')}"]
    yield ["weights", f"{outlook.classical_weights} classical, {outlook.quantum_weights} quantum"]
    steps = (
        f"{outlook.train.epochs} of {count(outlook.steps, 'step')} on {count(min(outlook.train.batch, rows[0]), 'row')}"
    )
    yield ["epochs", f"{steps}; {step_sentence(outlook.step)}"]
    if found.trainings > 1:
        yield ["trainings", f"{found.trainings}, {found.at_once} at once"]
    if found.counted is not None:
        yield ["backend", found.counted.backend]
        yield ["circuits a step", _price(found.counted.step)]
        yield ["circuits in all", _price(found.circuits)]
    yield ["memory", _memory(found)]
    yield from _times(found)
    yield ["gradient at the start", _gradient(found)]


def _price(price: Price | None) -> str:
    if price is None:
        return "not counted"
    if not price.circuits:
        return "none: all rows are simulated together"
    shots = f", {price.shots:,} shots" if price.shots else ""
    return f"{price.circuits:,}{shots}" + (f", about {price.seconds:,.0f} s of a device" if price.seconds else "")


def _memory(found: Forecast) -> str:
    memory = found.memory
    states = "" if memory.states is None else f"; states of a step {size(memory.states)}"
    if memory.process is None or memory.peak is None:
        return f"not known{states}"
    beside = f", {size(memory.second)} of it in a second process" if memory.second else ""
    return f"{size(memory.peak)} at its peak{beside}{states}"


def _times(found: Forecast) -> Iterator[list[object]]:
    seconds, pace = found.seconds, found.pace
    if seconds is None or pace is None:
        yield ["seconds", "not told of a device that is paid for"]
        return
    yield ["an epoch", f"{_short(seconds.epoch)}, from {count(pace.steps, 'step')} on this machine"]
    stop = found.outlook.train.stop.name
    early = "" if stop == "none" else f"; stop {stop} may end it before"
    of_what = count(found.outlook.train.epochs, "epoch")
    each = "" if found.trainings == 1 else f"{found.trainings} trainings of "
    yield ["all of it", f"{clock(seconds.whole)} for {each}{of_what}{early}"]
    beginning, ending = clock(seconds.beginning), clock(seconds.ending)
    after = "baselines, scores, pictures and page" if found.trainings == 1 else "baselines and scores of each"
    yield ["beside epochs", f"{beginning} until the first step, {ending} for {after}"]
    once = {"the trial of backends": found.once.trials, "compiling kernels": found.once.compiling}
    spent = [f"{clock(value)} for {name}" for name, value in once.items() if value >= 0.05]
    if spent:
        yield ["spent just now", f"{' and '.join(spent)}; what was found is kept, and is not in the times above"]


def _short(seconds: float) -> str:
    from hqnn_dsl.backends.auto import duration

    return duration(seconds)


def _gradient(found: Forecast) -> str:
    spread = found.gradient
    if spread is None:
        return "not told: no weight of the circuit starts at random, or steps take too long to draw some"
    deviation = math.sqrt(spread.variance)
    return (
        f"variance {spread.variance:.3g} (deviation {deviation:.3g}) of the derivative by {printable(spread.weight)}, "
        f"over {spread.draws} draws"
    )


def _others(found: Forecast) -> str:
    rows = [
        [
            one.backend,
            "-" if one.step is None else f"{one.step.circuits:,}",
            "-" if one.step is None else f"{one.step.shots:,}",
            "-" if one.states is None else size(one.states),
            one.reason or "",
        ]
        for one in found.others
    ]
    return table(["on another backend", "circuits a step", "shots", "states", ""], rows)
