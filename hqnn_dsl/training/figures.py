"""The pictures of a run: how the losses fell, how predictions lie against the truth, which classes are confused.

Drawn on figures of their own, without pyplot: no window, no global state.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext

from hqnn_dsl.diagnostics.labels import short_labels
from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.training.files import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.training.predicted import Values

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]

TRAINING, VALIDATION, QUIET = "#2f6fab", "#d1701f", "#9a9a9a"
MAX_PANELS = 12
DPI = 150
MOST_COUNTED, MOST_LABELLED = 12, 60
"""With more classes, the cells of a confusion matrix have no numbers, or only every second line a label, or fewer."""
MOST_IN_PANEL = 16
"""The same for a confusion matrix that is one panel of several."""
LARGEST = 30
"""The number of classes up to which a confusion matrix grows."""

SCALED = "loss, scaled units"


def draw_losses(
    path: Path, training: Sequence[float], validation: Sequence[float], best_epoch: int, title: str = SCALED
) -> None:
    """Training and validation loss by epoch; on a logarithmic axis, unless a loss is 0 or below.

    The best epoch is marked. `validation` is empty if there are no such rows.
    """
    figure, axes = _figure(7.0, 4.2)
    _losses(axes, training, validation, best_epoch)
    axes.set_ylabel(title)
    _save(figure, path)


def _losses(axes: Any, training: Sequence[float], validation: Sequence[float], best_epoch: int) -> None:
    """The losses of epochs that count from 1; no validation losses if there are no such rows."""
    epochs = range(1, len(training) + 1)
    marker = "o" if len(training) == 1 else None
    axes.plot(epochs, training, color=TRAINING, label="training", marker=marker)
    if validation:
        axes.plot(epochs, validation, color=VALIDATION, label="validation", marker=marker)
    if best_epoch:
        axes.axvline(best_epoch, color=QUIET, linewidth=1, linestyle=":", label=f"best, epoch {best_epoch}")
    if training and min(*training, *validation, training[0]) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(PlainNumbers(minor_thresholds=(1, 0.4)))
        axes.yaxis.set_major_formatter(PlainNumbers())
        axes.grid(visible=True, which="minor", axis="y", color="#f0f0f0", linewidth=0.5)
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)


@dataclass(frozen=True, eq=False)
class Interval:
    """The lower and upper ends `[N]` of the intervals of one target, and their level from 0 to 1."""

    low: Numbers = field(repr=False)
    high: Numbers = field(repr=False)
    level: float

    @property
    def label(self) -> str:
        return f"{100 * self.level:g} % interval"


def draw_predictions(  # noqa: PLR0913, PLR0917 - a picture of many parts
    path: Path, true: Numbers, predicted: Values, names: Sequence[str], part: str, level: float | None = None
) -> None:
    """Predicted against true values `[N, T]`, a panel a target (the first twelve), with the line where they agree.

    Intervals of a level are drawn as lines behind the points, and the level is said in a legend.
    """
    shown = names[:MAX_PANELS]
    columns = min(len(shown), 3)
    rows = math.ceil(len(shown) / columns)
    figure = Figure(figsize=(4.6 * columns, 4.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for index, name in enumerate(shown):
        axes = figure.add_subplot(rows, columns, index + 1)
        _tidy(axes)
        low, high, interval = predicted.low, predicted.high, None
        if low is not None and high is not None and level is not None:
            interval = Interval(low[:, index], high[:, index], level)
        _panel(axes, true[:, index], predicted.values[:, index], f"{name}, {part} rows", interval)
    _save(figure, path)


def draw_confusion(path: Path, true: Indices, guess: Indices, labels: Sequence[str], title: str) -> None:
    """How many rows `[N]` of each true class were predicted as which, by their numbers; shaded by share of the class.

    `title` says of what target and rows.
    """
    side = 2.2 + 0.42 * min(len(labels), LARGEST)
    figure, axes = _figure(max(side, 4.6), max(side - 0.4, 4.2))
    _confusion(axes, true, guess, labels, title)
    _save(figure, path)


def _confusion(axes: Any, true: Indices, guess: Indices, labels: Sequence[str], title: str) -> None:
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (true, guess), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    step = math.ceil(len(labels) / (MOST_LABELLED if len(axes.figure.axes) == 1 else MOST_IN_PANEL))
    places, shown = range(0, len(labels), step), short_labels(labels)[::step]
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len("".join(shown)) > 16 else {}
    axes.set_xticks(places, shown, fontsize=9, parse_math=False, **slanted)
    axes.set_yticks(places, shown, fontsize=9, parse_math=False)
    for row, column in np.argwhere(counts) if len(labels) <= MOST_COUNTED else ():
        colour = "white" if shares[row, column] > 0.55 else "#1f2328"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=9)
    right = float(np.mean(true == guess))
    axes.set_title(f"{printable(title)}: {right:.1%} right", fontsize=10, loc="left", parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")


class PlainNumbers(LogFormatterMathtext):
    """The ticks that have a label on a logarithmic axis, labelled `0.06` instead of 6 x 10^-2."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def _panel(axes: Any, true: Numbers, predicted: Numbers, title: str, interval: Interval | None = None) -> None:
    """Predicted against true values `[N]`, with the line where they agree, and perhaps their intervals."""
    finite = np.isfinite(predicted)
    error = math.sqrt(float(np.mean((predicted - true) ** 2)))
    ends = [float(np.min(true)), float(np.max(true))]
    axes.plot(ends, ends, color=QUIET, linewidth=1, zorder=1)
    if interval is not None:
        low, high = interval.low[finite], interval.high[finite]
        axes.vlines(true[finite], low, high, color=TRAINING, alpha=0.3, linewidth=1, zorder=1, label=interval.label)
    axes.scatter(true[finite], predicted[finite], s=22, color=TRAINING, alpha=0.75, linewidths=0, zorder=2)
    if interval is not None:  # beside the title of the x axis, where no row lies below it
        axes.legend(
            frameon=False, fontsize=9, loc="upper right", bbox_to_anchor=(1, -0.075), borderpad=0, borderaxespad=0
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title(f"{printable(title)}: RMSE {number(error)}", fontsize=10, loc="left", parse_math=False)
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")


class RunFigure(Figure):
    """A figure that a notebook shows as a picture, also where matplotlib was not made ready for notebooks."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=100)
        return stream.getvalue()


def run_figure(
    history: pd.DataFrame, predictions: pd.DataFrame | None, target: FittedTarget, level: float | None = None
) -> RunFigure:
    """The losses of a run, and beside them its test rows, a panel a target (the first eleven).

    For classes that panel is the confusion matrix. `history` and `predictions` are the tables of the run's folder; the
    latter is None if there are no test rows. `level` is that of its intervals, None if it has none.
    """
    shown = target.names[: MAX_PANELS - 1] if predictions is not None else ()
    columns = min(len(shown) + 1, 3)
    rows = math.ceil((len(shown) + 1) / columns)
    figure = RunFigure(figsize=(4.6 * columns, 4.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(rows, columns, 1)
    _tidy(axes)
    best = history.loc[history["best"] == 1, "epoch"]
    validation = [float(value) for value in history["validation_loss"].dropna()]
    _losses(axes, [float(value) for value in history["train_loss"]], validation, int(best.max()) if len(best) else 0)
    axes.set_ylabel(SCALED if target.classes is None else "loss")
    for index, name in enumerate(shown):
        assert predictions is not None
        axes = figure.add_subplot(rows, columns, index + 2)
        _tidy(axes)
        _test_rows(axes, predictions, name, target.classes, level)
    return figure


def _test_rows(
    axes: Any, predictions: pd.DataFrame, name: str, classes: Sequence[str] | None, level: float | None
) -> None:
    """The panel of a target of a run's `predictions.csv`; a row without a predicted class is left out."""
    title, (true, predicted) = f"{name}, test rows", (predictions[f"{name}_{what}"] for what in ("true", "predicted"))
    if classes is not None:
        known = predicted != ""
        numbers = {label: number for number, label in enumerate(classes)}
        rows, guess = (np.array([numbers[label] for label in part[known]], np.int64) for part in (true, predicted))
        _confusion(axes, rows, guess, classes, title)
        return
    ends = [f"{name}_low", f"{name}_high"]
    interval = None
    if level is not None and all(end in predictions for end in ends):
        interval = Interval(predictions[ends[0]].to_numpy(float), predictions[ends[1]].to_numpy(float), level)
    _panel(axes, true.to_numpy(float), predicted.to_numpy(float), title, interval)


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _tidy(axes)
    return figure, axes


def _tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format="png")
