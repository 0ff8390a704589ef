"""Figures of predicted numbers: predicted against true values with intervals, and residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import Figure, Sentence, Table, evenly, measured, plain, plot_text, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from hqnn_dsl.report.parts import Block, Indices, Numbers

MOST_TARGETS = 12
"""Of more targets the first are drawn."""

MOST_POINTS, EVERY_POINT = 3000, 7200
"""The points of a figure, and about those of all targets together: a page stays below 6 MB."""

MOST_ROWS, EVERY_ROW = 200, 900
"""The same of the rows of tables behind figures."""

_MARKER = {"color": "--first", "size": 7, "opacity": 0.7}


@dataclass(frozen=True, eq=False)
class Predicted:
    """One target of the test rows: its values `[N]`, the ends of its intervals if there are some, and what is drawn."""

    name: str
    index: int
    rows: Indices = field(repr=False)
    true: Numbers = field(repr=False)
    predicted: Numbers = field(repr=False)
    ends: tuple[Numbers, ...] | None = field(repr=False)
    level: float
    shown: list[int] = field(repr=False)
    most_rows: int

    @property
    def rest(self) -> Numbers:
        """The residuals `[N]`."""
        return self.predicted - self.true

    @property
    def drawn(self) -> str:
        """How many rows are drawn, for a title; empty if all are."""
        all_rows = len(self.true)
        return f" ({len(self.shown)} of {all_rows} rows are drawn)" if len(self.shown) < all_rows else ""


def value_blocks(predictions: pd.DataFrame, names: Sequence[str], level: float | None) -> Iterator[Block]:
    """Yields two figures for each target of the predicted test rows."""
    if len(names) > MOST_TARGETS:
        yield Sentence(f"The first {MOST_TARGETS} of {len(names)} targets are drawn; predictions.csv has all.")
    several = min(len(names), MOST_TARGETS)
    most = min(MOST_POINTS, EVERY_POINT // several), min(MOST_ROWS, EVERY_ROW // several)
    for index, name in enumerate(names[:MOST_TARGETS]):
        found = _of_target(predictions, name, index, level, most)
        if found is None:
            yield Sentence(f"No prediction of {name} is a finite number.")
        else:
            yield _against(found)
            yield _residuals(found)


def _of_target(
    predictions: pd.DataFrame, name: str, index: int, level: float | None, most: tuple[int, int]
) -> Predicted | None:
    """Returns the rows with finite values, None if there are none."""
    true, predicted = (predictions[f"{name}_{part}"].to_numpy(float) for part in ("true", "predicted"))
    known = np.isfinite(true) & np.isfinite(predicted)
    if not known.any():
        return None
    columns = [f"{name}_{end}" for end in ("low", "high")]
    ends = None
    if level is not None and all(column in predictions for column in columns):
        ends = tuple(predictions[column].to_numpy(float)[known] for column in columns)
    rows = np.flatnonzero(known)
    if "row" in predictions and np.isfinite(predictions["row"]).all():
        rows = predictions["row"].to_numpy(np.int64)[known]
    shown = evenly(int(known.sum()), most[0])
    return Predicted(name, index, rows, true[known], predicted[known], ends, level or 0.0, shown, most[1])


def least_squares_line(true: Numbers, predicted: Numbers) -> tuple[float, float] | None:
    """Returns slope and intercept of predicted over true values `[N]`; None if the true values are all the same."""
    spread = true - true.mean()
    square = float(spread @ spread)
    if not square > 0 or not math.isfinite(square):
        return None
    slope = float(spread @ predicted) / square
    return slope, float(predicted.mean()) - slope * float(true.mean())


def _against(of: Predicted) -> Figure:
    true, predicted, name = of.true, of.predicted, of.name
    ends = [float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))]
    points, said = _points(of)
    identity = _line("predicted = true", ends, ends, {"color": "--quiet", "dash": "dot", "width": 1.5})
    traces = [points, identity]
    line = least_squares_line(true, predicted)
    if line is not None:
        slope, start = line
        across = [float(true.min()), float(true.max())]
        up = [slope * x + start for x in across]
        traces.append(_line(f"least-squares line, slope {number(slope, 3)}", across, up, {"color": "--second"}))
        said += f" The least-squares line has slope {number(slope, 3)} and intercept {number(start, 3)}."
    layout = {
        "xaxis": {"title": {"text": f"true {plot_text(name)}"}},
        "yaxis": {"title": {"text": f"predicted {plot_text(name)}"}},
    }
    rmse = number(math.sqrt(float(np.mean(of.rest**2))))
    alt = f"Scatter plot of predicted against true {name}, {count(len(true), 'test row')}, RMSE {rmse}.{said}"
    return Figure(
        f"predicted-{of.index}", f"{name}: predicted against true{of.drawn}", alt, traces, layout, _listed(of)
    )


def _points(of: Predicted) -> tuple[dict[str, Any], str]:
    """Returns the points with their intervals, and a sentence about these."""
    points: dict[str, Any] = {"type": "scatter", "mode": "markers", "name": "test rows", "marker": _MARKER}
    points |= {"x": plain(of.true[of.shown]), "y": plain(of.predicted[of.shown])}
    if of.ends is None:
        return points, ""
    low, high = of.ends
    inside = float(np.mean((low <= of.true) & (of.true <= high)))
    points["name"] = f"test rows, {of.level:.0%} intervals"
    points["error_y"] = {
        "type": "data", "symmetric": False, "array": plain((high - of.predicted)[of.shown], 4),
        "arrayminus": plain((of.predicted - low)[of.shown], 4), "color": "--faint", "thickness": 1, "width": 0,
    }  # fmt: skip
    return points, f" The {of.level:.0%} intervals hold {inside:.1%} of the true values."


def _line(name: str, x: Sequence[float], y: Sequence[float], style: Mapping[str, Any]) -> dict[str, Any]:
    line = {"width": 2} | dict(style)
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": plain(x), "y": plain(y), "line": line,
        "hoverinfo": "skip",
    }  # fmt: skip


def _residuals(of: Predicted) -> Figure:
    name, across = of.name, [float(of.predicted.min()), float(of.predicted.max())]
    points = {"type": "scatter", "mode": "markers", "name": "test rows", "marker": _MARKER, "showlegend": False}
    points |= {"x": plain(of.predicted[of.shown]), "y": plain(of.rest[of.shown])}
    zero = _line("no error", across, [0.0, 0.0], {"color": "--quiet", "dash": "dot", "width": 1.5})
    layout = {
        "xaxis": {"title": {"text": f"predicted {plot_text(name)}"}},
        "yaxis": {"title": {"text": "predicted − true"}},
    }
    said = f"mean {number(float(of.rest.mean()))}, standard deviation {number(float(of.rest.std()))}"
    alt = f"Scatter plot of the residuals of {name} against its predicted values: {said}."
    traces = [points, zero | {"showlegend": False}]
    title = f"{name}: residuals{of.drawn}"
    return Figure(f"residuals-{of.index}", title, alt, traces, layout, None, f"predicted-{of.index}")


def _listed(of: Predicted) -> Table:
    """The rows behind both figures, the largest errors first."""
    order = np.argsort(-np.abs(of.rest), kind="stable")[: of.most_rows]
    ends = () if of.ends is None else of.ends
    header = ["row", "true", "predicted", "predicted − true", *(("low", "high") if ends else ())]
    lines = []
    for place in order.tolist():
        cells = (of.true[place], of.predicted[place], of.rest[place], *(end[place] for end in ends))
        lines.append([str(of.rows[place]), *(measured(float(cell), 6) for cell in cells)])
    every = len(of.true)
    note = f"The {len(order)} largest errors of {every}; predictions.csv has all." if len(order) < every else ""
    return table(f"{of.name}: test rows, the largest errors first", header, lines, note)
