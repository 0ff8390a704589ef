"""Figures of the errors of predicted rows by the cells of each column: where the network is wrong.

The cells are those of the table, before any rule. Numbers and dates are grouped by quantiles, other columns by level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import (
    DASHES,
    MOST_BESIDE,
    SERIES,
    Figure,
    Sentence,
    evenly,
    measured,
    plain,
    plot_text,
    table,
)
from hqnn_dsl.report.response import axis_of, laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.report.answers import Answers, Cells
    from hqnn_dsl.report.parts import Block, Indices, Numbers

    Flags = NDArray[np.bool_]

MOST_COLUMNS, MOST_CURVES, MOST_LEVELS, MOST_POINTS = 12, 5, 20, 300
"""The most important columns that are drawn, the targets and levels of a figure, and the rows behind its means."""

BINS = 8
"""Groups of about as many rows each that numbers and dates are put into; of fewer different values each is one."""

MISSING = "missing"


@dataclass(frozen=True, eq=False)
class Errors:
    """The errors `[N, K]` of rows, a column a name; `axis` is what they are, `listed` the names in the table."""

    values: Numbers = field(repr=False)
    names: tuple[str, ...]
    axis: str
    drawn: int
    """How many of the columns are curves; the others stand in the table alone."""


@dataclass(frozen=True)
class Group:
    """Rows whose cells are alike: their positions, and the mean of their cells."""

    label: str
    rows: Indices = field(repr=False)
    place: float


def feature_blocks(answers: Answers, predictions: pd.DataFrame | None, target: FittedTarget) -> Iterator[Block]:
    """Yields a figure a column; `predictions` are those of the run's test rows."""
    errors = errors_of(answers, predictions, target)
    if errors is None:
        return
    known: Flags = np.all(np.isfinite(errors.values), axis=1)
    if not known.any():
        return
    whose = "the test rows" if answers.is_test else f"{answers.title} of the table that is given"
    yield Sentence(
        f"Errors of {whose} over the cells of each column, as the table has them. Numbers and dates are in groups of "
        "about as many rows each; bars are standard errors of the means."
    )
    places = answers.order()
    if len(places) > MOST_COLUMNS:
        what = "most important" if answers.importance is not None else "first"
        yield Sentence(f"Errors are drawn over the {MOST_COLUMNS} {what} of {len(places)} columns.")
    rows = "test rows" if answers.is_test else "rows of the table"
    for place in places[:MOST_COLUMNS]:
        groups = groups_of(answers.columns[place], known)
        if len(groups) > 1:
            yield _figure(place, answers.columns[place], groups, errors, f"{int(known.sum())} {rows}")


# ---------------------------------------------------------------------------------------------------------- the errors


def errors_of(answers: Answers, predictions: pd.DataFrame | None, target: FittedTarget) -> Errors | None:
    """Returns the errors of the rows: those of `predictions.csv` for test rows, else of what the network predicts now.

    Of one target they are |predicted - true|, of several in scaled units; of classes whether it is wrong, and the log
    loss. None if the rows are not predicted.
    """
    found = _from_file(answers.rows, predictions, target) if answers.is_test else answers.predicted
    if found is None:
        return None
    if target.classes is not None:
        true = answers.true[:, 0].astype(np.int64)
        own = found[np.arange(len(true)), true]
        wrong = np.where(np.isnan(own), np.nan, found.argmax(axis=1) != true)
        both = np.column_stack([wrong, -np.log(np.clip(own, 1e-15, 1))])
        return Errors(both, ("share wrong", "log loss"), "share predicted wrong", 1)
    if len(target.names) == 1:
        named = (f"mean error of {target.names[0]}",)
        return Errors(np.abs(found - answers.true), named, "mean |predicted − true|", 1)
    scaled = np.abs(target.apply(found) - target.apply(answers.true))
    return Errors(scaled, target.names, "mean |predicted − true|,<br>scaled units", min(len(target.names), MOST_CURVES))


def _from_file(rows: Indices, predictions: pd.DataFrame | None, target: FittedTarget) -> Numbers | None:
    """The predicted values or probabilities `[N, K]` of rows of the table as the run has kept them, NaN for others."""
    if predictions is None or "row" not in predictions:
        return None
    labels = target.classes
    columns = (
        [f"{name}_predicted" for name in target.names]
        if labels is None
        else [f"{target.names[0]}_p_{label}" for label in labels]
    )
    if not all(column in predictions for column in columns):
        return None
    own = predictions.drop_duplicates("row")
    found = pd.Index(own["row"].to_numpy(float)).get_indexer(pd.Index(rows.astype(float)))
    values: Numbers = own[columns].to_numpy(float)[found]
    values[found < 0] = np.nan
    return values


# ---------------------------------------------------------------------------------------------------------- the groups


def groups_of(cells: Cells, known: Flags) -> list[Group]:
    """Returns the groups of the rows that are `known[N]`, in the order of the axis, one of missing cells last."""
    there = known & ~np.isnan(cells.numbers)
    rows = np.flatnonzero(there)
    values = cells.numbers[rows]
    distinct = np.unique(values)
    if cells.has_levels or len(distinct) <= BINS:
        found = [Group(cells.label(float(value)), rows[values == value], float(value)) for value in distinct]
    else:
        ends = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        bins = np.searchsorted(ends, values)
        found = [_binned(cells, rows[bins == index]) for index in np.unique(bins)]
    missing = np.flatnonzero(known & np.isnan(cells.numbers))
    if cells.has_levels and len(found) > MOST_LEVELS:
        most = sorted(found, key=lambda group: -len(group.rows))[:MOST_LEVELS]
        found = [group for group in found if group in most]
    return [*found, Group(MISSING, missing, math.nan)] if len(missing) else found


def _binned(cells: Cells, rows: Indices) -> Group:
    values = cells.numbers[rows]
    ends = cells.label(float(values.min())), cells.label(float(values.max()))
    label = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    return Group(label, rows, float(values.mean()))


# ---------------------------------------------------------------------------------------------------------- the figure


def _figure(place: int, cells: Cells, groups: Sequence[Group], errors: Errors, title: str) -> Figure:
    shown = [group for group in groups if cells.has_levels or not math.isnan(group.place)]
    labels = [f"{plot_text(group.label, MOST_BESIDE)} ({len(group.rows)})" for group in shown]
    across, xaxis = axis_of(cells, np.array([group.place for group in shown]), labels)
    if cells.has_levels:
        xaxis["ticktext"] = labels  # escaped before the number of rows was added
    traces = _points(cells, errors)
    for index in range(errors.drawn):
        own = [errors.values[group.rows, index] for group in shown]
        colour = SERIES[index % len(SERIES)]
        traces.append({
            "type": "scatter", "mode": "markers" if cells.has_levels else "lines+markers",
            "name": plot_text(errors.names[index]), "x": across, "y": plain(one.mean() for one in own),
            "error_y": {"type": "data", "array": plain((_deviation(one) for one in own), 4), "color": colour,
                        "thickness": 1, "width": 3},
            "hovertext": [f"{plot_text(group.label)}: {count(len(group.rows), 'row')}" for group in shown],
            "marker": {"color": colour, "size": 8, "symbol": index},
            "line": {"color": colour, "width": 2, "dash": DASHES[index % len(DASHES)]},
            "showlegend": errors.drawn > 1 or not cells.has_levels,
        })  # fmt: skip
    means = [[float(errors.values[group.rows, index].mean()) for index in range(len(errors.names))] for group in groups]
    rows = [
        [group.label, str(len(group.rows)), *(measured(value) for value in line)]
        for group, line in zip(groups, means, strict=True)
    ]
    note = f"The {MOST_LEVELS} levels with the most rows." if cells.has_levels and len(groups) > MOST_LEVELS else ""
    listed = table(f"Errors over {cells.name}", (cells.name, "rows", *errors.names), rows, note)
    first = [line[0] for line in means]
    worst, best = int(np.argmax(first)), int(np.argmin(first))
    alt = (
        f"Errors of {title} over {cells.name}, {count(len(groups), 'group')}: {errors.names[0]} is "
        f"{number(first[best])} at {groups[best].label}, the least, and {number(first[worst])} at "
        f"{groups[worst].label}, the most."
    )
    if not cells.has_levels:
        xaxis["title"] = {"text": f"{plot_text(cells.name)}<br>{_sizes(shown)}"}
    traces, layout = laid_out(cells, traces, xaxis, {"title": {"text": errors.axis}, "rangemode": "tozero"})
    return Figure(f"errors-{place}", f"Errors over {cells.name}", alt, traces, layout, listed)


def _sizes(groups: Sequence[Group]) -> str:
    sizes = [len(group.rows) for group in groups]
    rows = count(sizes[0], "row") if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)} rows"
    return f"{count(len(groups), 'group')} of {rows}"


def _points(cells: Cells, errors: Errors) -> list[dict[str, Any]]:
    """The rows behind the means, if they are of one target and one number each."""
    if cells.has_levels or len(errors.names) > 1:
        return []
    rows = np.flatnonzero(np.isfinite(errors.values[:, 0]) & ~np.isnan(cells.numbers))
    rows = rows[evenly(len(rows), MOST_POINTS)]
    across, _ = axis_of(cells, cells.numbers[rows], ())
    return [
        {"type": "scatter", "mode": "markers", "name": "rows", "x": across, "y": plain(errors.values[rows, 0], 4),
         "marker": {"color": "--faint", "size": 5}, "hoverinfo": "skip"}
    ]  # fmt: skip


def _deviation(values: Numbers) -> float:
    """The standard error of the mean; 0 for a single row, of which nothing is known."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
