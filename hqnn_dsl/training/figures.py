"""The pictures of a run: how the losses fell, and how predictions lie against the truth.

Drawn on figures of their own, without pyplot: no window, no global state.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hqnn_dsl.report.terminal import printable
from hqnn_dsl.training.files import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hqnn_dsl.training.loop import Epoch

    Numbers = NDArray[np.float64]

TRAINING, VALIDATION, QUIET = "#2f6fab", "#d1701f", "#9a9a9a"
MAX_PANELS = 12
DPI = 150


def draw_losses(path: Path, history: Sequence[Epoch], best_epoch: int) -> None:
    """Training and validation loss by epoch, in scaled units, on a logarithmic axis; the best epoch is marked."""
    figure, axes = _figure(7.0, 4.2)
    epochs = [epoch.number for epoch in history]
    marker = "o" if len(history) == 1 else None
    axes.plot(epochs, [epoch.train_loss for epoch in history], color=TRAINING, label="training", marker=marker)
    if history and history[0].validation_loss is not None:
        validation = [epoch.validation_loss for epoch in history]
        axes.plot(epochs, validation, color=VALIDATION, label="validation", marker=marker)
    if best_epoch:
        axes.axvline(best_epoch, color=QUIET, linewidth=1, linestyle=":", label=f"best, epoch {best_epoch}")
    if history and all(epoch.score > 0 and epoch.train_loss > 0 for epoch in history):
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, scaled units")
    axes.legend(frameon=False)
    _save(figure, path)


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
        finite = np.isfinite(predicted[:, index])
        x, y = true[finite, index], predicted[finite, index]
        error = math.sqrt(float(np.mean((predicted[:, index] - true[:, index]) ** 2)))
        ends = [float(np.min(true[:, index])), float(np.max(true[:, index]))]
        axes.plot(ends, ends, color=QUIET, linewidth=1, zorder=1)
        axes.scatter(x, y, s=22, color=TRAINING, alpha=0.75, linewidths=0, zorder=2)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_title(f"{printable(name)}, {part} rows: RMSE {error:.3g}", fontsize=10, loc="left", parse_math=False)
        axes.set_xlabel("true")
        axes.set_ylabel("predicted")
    _save(figure, path)


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
