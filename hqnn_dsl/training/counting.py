"""Circuits, shots and states of a training, counted as the backend that runs it counts them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.backends import PricedExecutable, offered
from hqnn_dsl.backends.meter import Price
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.resolved_text import choice_text
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.training.budget import Line, training_lines, wanted, work_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.backends import Backend, Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Samples


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a training does on a backend. `reason` says why it cannot be told; then all else is None.

    `step` are circuits and shots of a step on the largest batch, `training` of the whole training with its scores and
    predictions; None if the backend runs circuits that are not counted. `states` are the bytes of a step's states.
    """

    backend: str
    reason: str | None = None
    step: Price | None = None
    training: Price | None = None
    states: int | None = None


def counted(training: Training, samples: Samples, num_rows: int) -> Counted | None:
    """Returns the counts of a training on its own backend; None if its network has no circuit."""
    chosen = training.net.circuit.backend
    if chosen is None:
        return None
    return _on(chosen, training.net.circuit.executable, training, samples, num_rows)


def on_others(training: Training, samples: Samples, num_rows: int, seed: int) -> tuple[Counted, ...]:
    """Returns the counts of the same training on each other backend, with its default options, in the table's order.

    Nothing is run there. A backend is loaded only if it counts circuits; the device `primitive` is the exact one.
    """
    chosen = training.net.circuit.backend
    circuit = training.net.circuit.circuit
    rows = min(training.settings.batch, len(samples.train))
    found = []
    for name, row in offered().items():
        if chosen is None or name == chosen.name:
            continue
        own = dict(row.ways[0][1]) if row.circuits({}) == "priced" and row.ways else {}
        choice = Choice(name=name, options=row.filled(own))
        said = _written(choice)
        reason = _objection(row, circuit, choice, rows, str(training.precision.device))
        if reason is not None:
            found.append(Counted(backend=said, reason=reason))
            continue
        try:
            with notices_sent_to(lambda _: None):
                priced = row.circuits(choice.options) == "priced"
                executable = row.load(circuit, choice.options, stream(seed, "shots")) if priced else None
                found.append(replace(_on(choice, executable, training, samples, num_rows), backend=said))
        except Refusal as refusal:
            found.append(Counted(backend=said, reason=refusal.diagnostics[0].headline))
    return tuple(found)


def all_circuits(training: Training, samples: Samples, sizes: Iterable[tuple[int, int, int]]) -> Price | None:
    """Returns the circuits and shots of trainings with so many training, validation and all rows each.

    None if they are not counted.
    """
    executable, chosen = training.net.circuit.executable, training.net.circuit.backend
    if not isinstance(executable, PricedExecutable):
        is_none = chosen is None or offered()[chosen.name].circuits(chosen.options) == "none"
        return Price() if is_none else None
    asked, settings = wanted(training.net, samples.train.features[:2]), training.settings
    each = (work_lines(executable, asked, settings.epochs, settings.batch, size) for size in sizes)
    return sum((_sum(lines) for lines in each), Price())


def _objection(row: Backend, circuit: Circuit, choice: Choice, rows: int, device: str) -> str | None:
    """Why a backend cannot train a circuit here; None if it can."""
    against = row.objections(circuit, choice.options) or row.training(circuit, choice.options, rows, device)
    if against:
        return against[0].headline
    return None if row.is_here() else "not installed here"


def _on(chosen: Choice, executable: Executable | None, training: Training, samples: Samples, num_rows: int) -> Counted:
    row, circuit = offered()[chosen.name], training.net.circuit.circuit
    step: Price | None = None
    all_of_it: Price | None = None
    if isinstance(executable, PricedExecutable):
        lines = training_lines(executable, training, samples, num_rows)
        step, all_of_it = lines[0].each, _sum(lines)
    elif row.circuits(chosen.options) == "none":
        step = all_of_it = Price()
    rows = min(training.settings.batch, len(samples.train))
    states = row.state_bytes(circuit, chosen.options, rows)
    return Counted(backend=_written(chosen), step=step, training=all_of_it, states=states)


def _written(chosen: Choice) -> str:
    """A backend as a spec writes it, without options that have their defaults."""
    entry = offered()[chosen.name].entry
    first = [json.dumps(chosen.options[option.name]) for option in entry.options[: entry.positional]]
    rest = {
        option.name: chosen.options[option.name]
        for option in entry.options[entry.positional :]
        if chosen.options[option.name] != option.default
    }
    text = choice_text(Choice(name=chosen.name, options=rest))
    if not first:
        return text
    inside = text.partition("(")[2].removesuffix(")")
    return f"{chosen.name}({', '.join([*first, *([inside] if inside else [])])})"


def _sum(lines: tuple[Line, ...]) -> Price:
    return sum((line.price for line in lines), Price())
