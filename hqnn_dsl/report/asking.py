"""Asking a trained network for its page: its answers to each column, and permutation importance.

The inputs that a column gives are changed together, so that categories and dates are asked with cells that they have.
How much is asked is bounded by the multiply-adds that it takes, which the same network always has, so that the same
run gives the same page.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.data.preparation import read_again
from hqnn_dsl.diagnostics.diagnostic import Findings
from hqnn_dsl.export.drawing.outputs import output_names
from hqnn_dsl.report.answers import Answers, Cells, Response
from hqnn_dsl.report.exact import Forward
from hqnn_dsl.report.parts import evenly
from hqnn_dsl.training.budget import counts
from hqnn_dsl.training.evaluate import decoded
from hqnn_dsl.training.predicted import Classes
from hqnn_dsl.training.run_on_disk import load_run
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.data.preparation import Preparation
    from hqnn_dsl.data.tables import Table as DataTable
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.report.parts import Numbers

MOST_RESPONSES, MOST_OBSERVABLES = 12, 8
"""The most important columns whose responses are asked for, and the circuit's first outputs among them."""

GRID, BACKGROUND, LEAST_BACKGROUND = 21, 100, 10
"""Values of a column, and rows that are asked with each of them."""

REPEATS, LEAST_ROWS, MOST_ROWS = 5, 20, 500
"""Permutations of a column, and the rows of them."""

EVALUATIONS, WORK = 50_000, 2_000_000_000
"""Rows, and multiply-adds, of each of importance and responses, about: a second of one core."""

PREDICTED = 5000
"""The rows of a table that is not the one trained on whose errors are shown."""

COUNTED = "The backend counts every circuit that it runs, so the network was not asked for this page."
TOO_FEW = "The table has fewer than two rows that the network can be asked about."
TOO_LARGE = (
    "Left out at the end of the training, because the circuit is large: `hqnn report RUN --data DATA` asks the "
    "network, which takes longer."
)


@dataclass(frozen=True, eq=False)
class Asked:
    """A network with rows to ask it about: inputs `[N, F]`, and which of them each column gives; true targets."""

    forward: Forward = field(repr=False)
    preparation: Preparation = field(repr=False)
    places: tuple[slice, ...]
    inputs: Numbers = field(repr=False)
    true: Numbers = field(repr=False)

    def predict(self, inputs: Numbers) -> Numbers:
        """Returns values `[N, T]` in the units of the table, or probabilities `[N, K]`."""
        return self.both(inputs)[1]

    def both(self, inputs: Numbers) -> tuple[Numbers, Numbers]:
        """Returns the circuit's outputs `[N, M]`, and the predictions."""
        circuit, outputs = self.forward(inputs)
        found = decoded(self.preparation, torch.from_numpy(outputs))
        return circuit, found.probabilities if isinstance(found, Classes) else found.values

    @property
    def budget(self) -> int:
        """The rows that may be evaluated for all columns together."""
        return min(EVALUATIONS, WORK // self.forward.work)

    @property
    def is_large(self) -> bool:
        """Whether even the fewest rows take much longer than the budget."""
        return LEAST_ROWS * REPEATS * len(self.places) > 4 * self.budget


def ask_run(path: Path, table: DataTable) -> Answers:
    """Returns what the network of a run says of a table.

    Raises `Refusal` if the run cannot be opened, or for columns and cells of the table that it cannot read.
    """
    stored = load_run(path)
    return ask(stored.network(stored.program()), stored.preparation, table, is_patient=True)


def ask(net: HybridNet, preparation: Preparation, table: DataTable, *, is_patient: bool = False) -> Answers:
    """Returns what a network says of a table: of its test rows if it is the one trained on, otherwise of all rows.

    A network whose backend counts circuits is not asked, and unless `is_patient` neither is one that would take long.
    Raises `Refusal` for columns and cells of the table that the preparation cannot read.
    """
    again = read_again(preparation, table)
    is_test = again.is_same and len(preparation.parts.test) > 0
    rows = preparation.parts.test if is_test else again.rows[evenly(len(again.rows), PREDICTED)]
    cells = preparation.features.read(table, Findings(), gaps=True)
    columns = tuple(Cells(replace(cell, numbers=cell.numbers[rows])) for cell in cells)
    known = Answers(rows, is_test, columns, again.targets[rows])
    if counts(net):
        return replace(known, notes=(COUNTED,))
    if len(rows) < 2:
        return replace(known, notes=(TOO_FEW,))
    asked = Asked(Forward.of(net), preparation, _places(preparation), again.inputs[rows], known.true)
    if asked.is_large and not is_patient:
        return replace(known, notes=(TOO_LARGE,))
    with suited_threads(net, asked.forward.block):
        return _answered(known, asked, net)


def _answered(known: Answers, asked: Asked, net: HybridNet) -> Answers:
    circuit = net.circuit.circuit
    names = output_names(circuit, MOST_OBSERVABLES)
    found = replace(
        known,
        predicted=asked.predict(asked.inputs),
        importance=importance(asked),
        asked_rows=len(_permuted(asked)),
        observables=names,
        num_observables=circuit.num_outputs,
        notes=_notes(asked.forward, net),
    )
    shown = found.order()[:MOST_RESPONSES]
    background = max(LEAST_BACKGROUND, min(BACKGROUND, asked.budget // (GRID * len(shown))))
    givers = [(place, givers_of(found.columns[place].numbers, each=found.columns[place].has_levels)) for place in shown]
    responses = [_response(asked, found, place, some, background) for place, some in givers if len(some) > 1]
    return replace(found, responses=tuple(responses))


def _notes(forward: Forward, net: HybridNet) -> tuple[str, ...]:
    backend = net.circuit.backend
    if not forward.is_exact:
        return ("The backend of the run answers here, with its shots and noise if it has some.",)
    if backend is None or backend.name == "native" or forward.net is net:
        return ()
    return (f"The backend native answers here, exactly; the run's own is {backend.name}.",)


def _places(preparation: Preparation) -> tuple[slice, ...]:
    """The inputs that each column gives."""
    found, begin = [], 0
    for fitted in preparation.features.columns:
        end = begin + len(fitted.inputs)
        found.append(slice(begin, end))
        begin = end
    return tuple(found)


# ------------------------------------------------------------------------------------------------ how much columns tell


def importance(asked: Asked) -> Numbers:
    """Returns how much worse predictions are `[C, R]` once the cells of each column are permuted, repeatedly.

    For numbers it is the fall of R², averaged over targets; for classes the rise of the log loss.
    """
    kept = _permuted(asked)
    inputs, true = asked.inputs[kept], asked.true[kept]
    draw = np.random.default_rng(0)
    before = error(asked, asked.predict(inputs), true)
    found = np.zeros((len(asked.places), REPEATS))
    for place, own in enumerate(asked.places):
        changed = np.tile(inputs, (REPEATS, 1))
        for repeat in range(REPEATS):
            lines = slice(repeat * len(inputs), (repeat + 1) * len(inputs))
            changed[lines, own] = inputs[draw.permutation(len(inputs)), own]
        for repeat, predicted in enumerate(np.split(asked.predict(changed), REPEATS)):
            found[place, repeat] = error(asked, predicted, true) - before
    return found


def _permuted(asked: Asked) -> list[int]:
    """The rows whose cells are permuted."""
    most = asked.budget // (REPEATS * len(asked.places))
    return evenly(len(asked.inputs), max(LEAST_ROWS, min(MOST_ROWS, most)))


def error(asked: Asked, predicted: Numbers, true: Numbers) -> float:
    """Returns 1 - R², averaged over targets that vary, or the log loss of classes."""
    if asked.preparation.target.classes is not None:
        own = predicted[np.arange(len(true)), true[:, 0].astype(np.int64)]
        return float(-np.log(np.clip(own, 1e-15, 1)).mean())
    spread = ((true - true.mean(axis=0)) ** 2).mean(axis=0)
    varies = spread > 0
    if not varies.any():
        return 0.0
    return float((((predicted - true) ** 2).mean(axis=0)[varies] / spread[varies]).mean())


# ----------------------------------------------------------------------------------------------------------- responses


def response(asked: Asked, place: int, givers: Sequence[int], background: int = BACKGROUND) -> tuple[Numbers, Numbers]:
    """Returns the circuit's outputs `[G, B, M]` and predictions `[G, B, K]` of background rows.

    Their cells of a column are those of each giving row in turn.
    """
    own, rows = asked.places[place], asked.inputs[evenly(len(asked.inputs), background)]
    inputs = np.tile(rows, (len(givers), 1))
    inputs[:, own] = np.repeat(asked.inputs[list(givers)][:, own], len(rows), axis=0)
    circuit, predicted = asked.both(inputs)
    return circuit.reshape(len(givers), len(rows), -1), predicted.reshape(len(givers), len(rows), -1)


def _response(asked: Asked, known: Answers, place: int, givers: Sequence[int], background: int) -> Response:
    circuit, predicted = response(asked, place, givers, background)
    target = asked.preparation.target
    if len(target.names) > 1:
        predicted = target.apply(predicted.reshape(-1, predicted.shape[-1])).reshape(predicted.shape)
    low, high = np.quantile(predicted, (0.1, 0.9), axis=1)
    values = known.columns[place].numbers[list(givers)]
    return Response(place, values, predicted.mean(axis=1), low, high, circuit[:, :, :MOST_OBSERVABLES].mean(axis=1))


def givers_of(cells: Numbers, *, each: bool) -> list[int]:
    """Returns positions of rows whose cells `[N]` go from the smallest to the largest, each value at most once.

    With `each` they are the first `GRID` different values, else those nearest to even steps of the sorted rows.
    """
    known = np.flatnonzero(~np.isnan(cells))
    _, first = np.unique(cells[known], return_index=True)
    distinct = known[first]
    if each or len(distinct) <= GRID:
        return [int(row) for row in distinct[:GRID]]
    order = known[np.argsort(cells[known], kind="stable")]
    some = order[evenly(len(order), GRID)]
    return [int(row) for row in some[np.append(True, np.diff(cells[some]) > 0)]]
