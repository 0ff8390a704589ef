"""The pictures of a run: how the losses fell, and how predictions lie against the truth.

Drawn on figures of their own, without pyplot: no window, no global state.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.training.files import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.training.loop import Epoch

    Numbers = NDArray[np.float64]

TRAINING, VALIDATION, QUIET = "#2f6fab", "#d1701f", "#9a9a9a"
MAX_PANELS = 12
DPI = 150


def draw_losses(path: Path, history: Sequence[Epoch], best_epoch: int) -> None:
    """Training and validation loss by epoch, in scaled units, on a logarithmic axis; the best epoch is marked."""
    figure, axes = _figure(7.0, 4.2)
    validation = [epoch.validation_loss for epoch in history if epoch.validation_loss is not None]
    _losses(axes, [epoch.train_loss for epoch in history], validation, best_epoch)
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
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, scaled units")
    axes.legend(frameon=False)


def draw_predictions(path: Path, true: Numbers, predicted: Numbers, names: Sequence[str], part: str) -> None:
    """Predicted against true values `[N, T]`, a panel a target (the first twelve), with the line where they agree."""
    shown = names[:MAX_PANELS]
    columns = min(len(shown), 3)
    rows = math.ceil(len(shown) / columns)
    figure = Figure(figsize=(4.6 * columns, 4.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for index, name in enumerate(shown):
        axes = figure.add_subplot(rows, columns, index + 1)
        _tidy(axes)
        _panel(axes, true[:, index], predicted[:, index], f"{name}, {part} rows")
    _save(figure, path)


def _panel(axes: Any, true: Numbers, predicted: Numbers, title: str) -> None:
    """Predicted against true values `[N]`, with the line where they agree."""
    finite = np.isfinite(predicted)
    error = math.sqrt(float(np.mean((predicted - true) ** 2)))
    ends = [float(np.min(true)), float(np.max(true))]
    axes.plot(ends, ends, color=QUIET, linewidth=1, zorder=1)
    axes.scatter(true[finite], predicted[finite], s=22, color=TRAINING, alpha=0.75, linewidths=0, zorder=2)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title(f"{printable(title)}: RMSE {error:.3g}", fontsize=10, loc="left", parse_math=False)
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")


class RunFigure(Figure):
    """A figure that a notebook shows as a picture, also where matplotlib was not made ready for notebooks."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=100)
        return stream.getvalue()


def run_figure(history: pd.DataFrame, predictions: pd.DataFrame | None, names: Sequence[str]) -> RunFigure:
    """The losses of a run, and beside them its test rows, a panel a target (the first eleven).

    `history` and `predictions` are the tables of its folder; the latter is None if there are no test rows.
    """
    shown = names[: MAX_PANELS - 1] if predictions is not None else ()
    columns = min(len(shown) + 1, 3)
    rows = math.ceil((len(shown) + 1) / columns)
    figure = RunFigure(figsize=(4.6 * columns, 4.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(rows, columns, 1)
    _tidy(axes)
    best = history.loc[history["best"] == 1, "epoch"]
    validation = [float(value) for value in history["validation_loss"].dropna()]
    _losses(axes, [float(value) for value in history["train_loss"]], validation, int(best.max()) if len(best) else 0)
    for index, name in enumerate(shown):
        assert predictions is not None
        axes = figure.add_subplot(rows, columns, index + 2)
        _tidy(axes)
        true, predicted = (predictions[f"{name}_{what}"].to_numpy(float) for what in ("true", "predicted"))
        _panel(axes, true, predicted, f"{name}, test rows")
    return figure


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
