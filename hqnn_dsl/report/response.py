"""How a trained network answers its columns: the response of its outputs to each, and permutation importance.

The inputs that a column gives are changed together, so that categories and dates are asked with cells that they have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data import dates
from hqnn_dsl.data.preparation import read_again
from hqnn_dsl.diagnostics.diagnostic import Findings
from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, SERIES, Figure, Sentence, evenly, measured, plain, plot_text, table
from hqnn_dsl.training.budget import counts
from hqnn_dsl.training.evaluate import predict_inputs
from hqnn_dsl.training.predicted import Classes
from hqnn_dsl.training.run_on_disk import load_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.preparation import Preparation
    from hqnn_dsl.data.tables import Table as DataTable
    from hqnn_dsl.report.parts import Block, Indices, Numbers

MOST_RESPONSES, MOST_BARS, MOST_OUTPUTS = 12, 30, 5
"""The most important columns, whose responses are drawn; columns in the figure of importance; outputs in a figure."""

GRID, BACKGROUND = 21, 100
"""Values of a column, and rows that are asked with each of them."""

REPEATS, EVALUATIONS, LEAST_ROWS, MOST_ROWS = 5, 50_000, 20, 500
"""Permutations of a column, and the rows of them: together about so many evaluations at most."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the table: the positions of its inputs, and its cells `[N]` as numbers."""

    name: str
    inputs: slice
    cells: TypedColumn = field(repr=False)


@dataclass(frozen=True, eq=False)
class Asked:
    """A network with rows to ask it about: inputs `[N, F]` and true targets `[N, T]`; `title` says which rows."""

    predict: Callable[[Numbers], Numbers] = field(repr=False)
    preparation: Preparation = field(repr=False)
    columns: tuple[Column, ...] = field(repr=False)
    rows: Indices = field(repr=False)
    inputs: Numbers = field(repr=False)
    true: Numbers = field(repr=False)
    title: str


def response_blocks(path: Path, data: DataTable) -> Iterator[Block]:
    """Yields importance and responses of a run on the test rows of its table, or on all rows of another.

    Raises `Refusal` if the run cannot be opened, or for columns and cells of the table that it cannot read.
    """
    stored = load_run(path)
    net = stored.network(stored.program())
    if counts(net):
        yield Sentence("The backend counts every circuit that it runs, so the network was not asked for this page.")
        return
    preparation = stored.preparation

    def predict(inputs: Numbers) -> Numbers:
        found = predict_inputs(net, preparation, inputs)
        return found.probabilities if isinstance(found, Classes) else found.values

    asked = _asked(predict, preparation, data)
    if len(asked.rows) < 2:
        yield Sentence("The table has fewer than two rows that the network can be asked about.")
        return
    falls = importance(asked)
    order = np.argsort(-falls.mean(axis=1), kind="stable")
    yield _importance(asked, falls, order)
    if len(order) > MOST_RESPONSES:
        yield Sentence(f"Responses are drawn to the {MOST_RESPONSES} most important of {len(order)} columns.")
    for place in order[:MOST_RESPONSES].tolist():
        figure = _response(asked, place)
        if figure is not None:
            yield figure


def _asked(predict: Callable[[Numbers], Numbers], preparation: Preparation, data: DataTable) -> Asked:
    again = read_again(preparation, data)
    test = preparation.parts.test
    is_test = again.is_same and len(test) > 0
    rows = test if is_test else again.rows
    cells, columns, begin = preparation.features.read(data, Findings(), gaps=True), [], 0
    for fitted, cell in zip(preparation.features.columns, cells, strict=True):
        end = begin + len(fitted.inputs)
        columns.append(Column(fitted.name, slice(begin, end), cell))
        begin = end
    title = "test row" if is_test else "row"
    return Asked(
        predict, preparation, tuple(columns), rows, again.inputs[rows], again.targets[rows], count(len(rows), title)
    )


# ------------------------------------------------------------------------------------------------ how much columns tell


def importance(asked: Asked) -> Numbers:
    """Returns how much worse predictions are `[C, R]` once the cells of each column are permuted, repeatedly.

    For numbers it is the fall of R², averaged over targets; for classes the rise of the log loss.
    """
    most = max(LEAST_ROWS, min(MOST_ROWS, EVALUATIONS // (REPEATS * len(asked.columns))))
    kept = evenly(len(asked.inputs), most)
    inputs, true = asked.inputs[kept], asked.true[kept]
    draw = np.random.default_rng(0)
    before = error(asked, inputs, true)
    found = np.zeros((len(asked.columns), REPEATS))
    for place, column in enumerate(asked.columns):
        for repeat in range(REPEATS):
            changed = inputs.copy()
            changed[:, column.inputs] = inputs[draw.permutation(len(inputs)), column.inputs]
            found[place, repeat] = error(asked, changed, true) - before
    return found


def error(asked: Asked, inputs: Numbers, true: Numbers) -> float:
    """Returns 1 - R², averaged over targets that vary, or the log loss of classes."""
    predicted = asked.predict(inputs)
    if asked.preparation.target.classes is not None:
        own = predicted[np.arange(len(true)), true[:, 0].astype(np.int64)]
        return float(-np.log(np.clip(own, 1e-15, 1)).mean())
    spread = ((true - true.mean(axis=0)) ** 2).mean(axis=0)
    varies = spread > 0
    if not varies.any():
        return 0.0
    return float((((predicted - true) ** 2).mean(axis=0)[varies] / spread[varies]).mean())


def _importance(asked: Asked, falls: Numbers, order: Indices) -> Figure:
    places: list[int] = order.tolist()
    shown = places[:MOST_BARS][::-1]
    means, spreads = falls.mean(axis=1), falls.std(axis=1)
    is_classes = asked.preparation.target.classes is not None
    what = "rise of the log loss" if is_classes else "fall of R²"
    lines = list(range(len(shown)))
    trace = {
        "type": "bar", "orientation": "h", "x": plain(means[shown]), "y": lines, "marker": {"color": "--first"},
        "error_x": {"type": "data", "array": plain(spreads[shown]), "color": "--soft", "thickness": 1.5, "width": 3},
        "hoverinfo": "x", "showlegend": False,
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": what}},
        "yaxis": {"tickvals": lines, "ticktext": [plot_text(asked.columns[place].name) for place in shown],
                  "showgrid": False},
        "height": max(220, 90 + 26 * len(shown)),
    }  # fmt: skip
    rows = [
        [asked.columns[place].name, measured(float(means[place])), measured(float(spreads[place]))] for place in places
    ]
    note = (
        "Permuting a column parts it from all others, so columns that tell the same share their importance, or hide it."
    )
    listed = table(
        f"Permutation importance: {what}, {REPEATS} permutations", ("column", "mean", "deviation"), rows, note
    )
    first = "; ".join(f"{row[0]} {row[1]}" for row in rows[:5])
    alt = f"Bars of the permutation importance of {count(len(rows), 'column')}, {what} on {asked.title}: {first}."
    return Figure("importance", f"Permutation importance, {asked.title}", alt, [trace], layout, listed)


# ----------------------------------------------------------------------------------------------------------- responses


def response(asked: Asked, column: Column, givers: Sequence[int]) -> Numbers:
    """Returns predictions `[G, B, K]` of background rows, whose cells of a column are those of each giving row."""
    background = asked.inputs[evenly(len(asked.inputs), BACKGROUND)]
    inputs = np.tile(background, (len(givers), 1))
    inputs[:, column.inputs] = np.repeat(asked.inputs[list(givers)][:, column.inputs], len(background), axis=0)
    return asked.predict(inputs).reshape(len(givers), len(background), -1)


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


def _response(asked: Asked, place: int) -> Figure | None:
    column = asked.columns[place]
    cells = column.cells.numbers[asked.rows]
    is_level = column.cells.kind in {"category", "boolean"}
    givers = givers_of(cells, each=is_level)
    if len(givers) < 2:
        return None
    found = response(asked, column, givers)
    names, axis, found = _outputs(asked.preparation, found)
    means = found.mean(axis=1)
    labels = [_label(column.cells, float(cells[row])) for row in givers]
    across, xaxis = _across(column, cells[givers], labels)
    traces: list[dict[str, Any]] = []
    if len(names) == 1 and not is_level:
        traces += _band(across, found[:, :, 0])
    for index, name in enumerate(names):
        traces.append({
            "type": "scatter", "mode": "markers" if is_level else "lines+markers", "name": plot_text(name),
            "x": across, "y": plain(means[:, index]),
            "line": {"color": SERIES[index % len(SERIES)], "dash": DASHES[index % len(DASHES)], "width": 2},
            "marker": {"color": SERIES[index % len(SERIES)], "size": 9 if is_level else 5},
            "showlegend": len(names) > 1,
        })  # fmt: skip
    rows = [[label, *(measured(float(cell)) for cell in line)] for label, line in zip(labels, means, strict=True)]
    listed = table(f"Mean response to {column.name}", (column.name, *names), rows)
    ends = "; ".join(f"{name} from {number(means[0, k])} to {number(means[-1, k])}" for k, name in enumerate(names))
    alt = f"Mean response to {column.name}, from {labels[0]} to {labels[-1]}, the other columns as they are: {ends}."
    layout = {"xaxis": xaxis, "yaxis": {"title": {"text": plot_text(axis)}}}
    return Figure(f"response-{place}", f"Response to {column.name}", alt, traces, layout, listed)


def _outputs(preparation: Preparation, found: Numbers) -> tuple[list[str], str, Numbers]:
    """Returns the names of the outputs that are drawn, the title of their axis, and their values `[G, B, K]`.

    Several targets are in scaled units, so that one axis serves them.
    """
    target = preparation.target
    if target.classes is not None:
        if len(target.classes) == 2:
            return [target.classes[1]], f"probability of {target.classes[1]}", found[:, :, 1:]
        return list(target.classes[:MOST_OUTPUTS]), "probability", found[:, :, :MOST_OUTPUTS]
    if len(target.names) == 1:
        return list(target.names), f"predicted {target.names[0]}", found
    flat = target.apply(found.reshape(-1, found.shape[-1])).reshape(found.shape)
    return list(target.names[:MOST_OUTPUTS]), "predicted, scaled units", flat[:, :, :MOST_OUTPUTS]


def _band(across: list[Any], values: Numbers) -> list[dict[str, Any]]:
    """The responses of eight in ten rows, as an area behind the mean."""
    ends = np.quantile(values, (0.1, 0.9), axis=1)
    line = {"type": "scatter", "mode": "lines", "x": across, "line": {"width": 0, "color": "--band"}}
    rest = {"hoverinfo": "skip", "showlegend": False}
    area = {"fill": "tonexty", "fillcolor": "--band", "name": "eight in ten rows", "showlegend": True}
    return [line | {"y": plain(ends[0])} | rest, line | {"y": plain(ends[1]), "hoverinfo": "skip"} | area]


def _label(cells: TypedColumn, value: float) -> str:
    match cells.kind:
        case "category":
            return cells.levels[int(value)]
        case "boolean":
            return "true" if value else "false"
        case "date":
            return dates.written(value)
    return number(value)


def _across(column: Column, values: Numbers, labels: list[str]) -> tuple[list[Any], dict[str, Any]]:
    """Returns the places of values on the axis, and the axis."""
    axis: dict[str, Any] = {"title": {"text": plot_text(column.name)}}
    if column.cells.kind == "date":
        return list(labels), axis | {"type": "date"}
    if column.cells.kind == "number":
        return plain(values), axis
    places = list(range(len(labels)))
    return places, axis | {"tickvals": places, "ticktext": [plot_text(label) for label in labels]}
