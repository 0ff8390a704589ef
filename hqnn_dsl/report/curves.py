"""Figures of a training: losses, learning rates and norms of gradients by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.gradients import gradient_blocks
from hqnn_dsl.report.parts import MOST_ROWS, Figure, Sentence, Table, evenly, measured, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.training.findings import Finding

MOST_EPOCHS = 1000
"""The epochs that a curve has at most."""

_LOSSES = (
    ("train_loss", "training", "--first", "solid"),
    ("validation_loss", "validation", "--second", "dash"),
    ("end_loss", "training, at the end of the epoch", "--third", "dot"),
)
_RATES = (("lr", "classical weights", "--first", "solid"), ("quantum_lr", "quantum weights", "--second", "dash"))


def curve_blocks(history: pd.DataFrame, findings: Sequence[Finding] = (), *, is_scaled: bool) -> Iterator[Block]:
    """Yields the figures of a run's history; `is_scaled` is whether its losses are in scaled units.

    `findings` are what its course shows.
    """
    if not len(history):
        yield Sentence("No epoch was whole when the training ended, so there are no curves.")
        return
    kept = history.iloc[evenly(len(history), MOST_EPOCHS)]
    best = history.loc[history["best"] == 1, "epoch"]
    best_epoch = int(best.max()) if len(best) else None
    if not any(row[0] in kept and kept[row[0]].notna().any() for row in _LOSSES):
        yield Sentence("No loss is a finite number.")
        return
    yield _losses(kept, best_epoch, "loss, scaled units" if is_scaled else "loss", len(history))
    rates = [row for row in _RATES if row[0] in kept and kept[row[0]].notna().any()]
    if rates:
        layout = {
            "yaxis": {"title": {"text": "learning rate"}, "exponentformat": "power", "rangemode": "tozero"},
            "xaxis": _EPOCHS,
        }
        ends = "; ".join(f"{row[1]} from {_first(kept, row[0])} to {_last(kept, row[0])}" for row in rates)
        alt = f"Learning rates by epoch: {ends}."
        listed = _listed("Learning rates by epoch", kept, rates)
        yield Figure("rates", "Learning rates", alt, _traces(kept, rates), layout, listed)
    yield from gradient_blocks(history, kept, findings)


_EPOCHS = {"title": {"text": "epoch"}, "rangemode": "tozero", "tickformat": "d"}


def _losses(kept: pd.DataFrame, best: int | None, title: str, epochs: int) -> Figure:
    found = [row for row in _LOSSES if row[0] in kept and kept[row[0]].notna().any()]
    values = np.concatenate([kept[row[0]].dropna().to_numpy(float) for row in found])
    is_positive = bool(np.all(values > 0))
    layout: dict[str, Any] = {
        "xaxis": _EPOCHS,
        "yaxis": {"title": {"text": title}, "type": "log" if is_positive else "linear"},
    }
    said = ""
    if best is not None:
        layout["shapes"] = [
            {"type": "line", "x0": best, "x1": best, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"color": "--quiet", "width": 1.5, "dash": "dot"}}
        ]  # fmt: skip
        layout["annotations"] = [
            {"x": best, "y": 1, "yref": "paper", "text": f"best, epoch {best}", "showarrow": False,
             "xanchor": "right" if 2 * best > epochs else "left", "yanchor": "top", "font": {"color": "--soft"}}
        ]  # fmt: skip
        said = f" The best epoch is {best}."
    ends = "; ".join(f"{row[1]} from {_first(kept, row[0])} to {_last(kept, row[0])}" for row in found)
    scale = ", on a logarithmic axis" if is_positive else ""
    alt = f"Losses over {count(epochs, 'epoch')}{scale}: {ends}.{said}"
    return Figure("losses", "Losses", alt, _traces(kept, found), layout, _listed("Losses by epoch", kept, found))


def _traces(kept: pd.DataFrame, rows: list[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    mode = "lines" if len(kept) > 1 else "markers"
    return [
        {"type": "scatter", "mode": mode, "name": title, "x": kept["epoch"].astype(int).tolist(),
         "y": plain(kept[column]), "line": {"color": color, "dash": dash, "width": 2}, "marker": {"color": color}}
        for column, title, color, dash in rows
    ]  # fmt: skip


def _listed(title: str, kept: pd.DataFrame, rows: list[tuple[str, str, str, str]]) -> Table:
    some = kept.iloc[evenly(len(kept), MOST_ROWS)]
    lines = [
        [str(int(epoch)), *(measured(None if np.isnan(cell) else float(cell), 6) for cell in cells)]
        for epoch, *cells in some[["epoch", *(row[0] for row in rows)]].to_numpy(float).tolist()
    ]
    note = "Every so many epochs; history.csv has all." if len(some) < len(kept) else ""
    return table(title, ("epoch", *(row[1] for row in rows)), lines, note)


def _first(kept: pd.DataFrame, column: str) -> str:
    return number(float(kept[column].dropna().iloc[0]))


def _last(kept: pd.DataFrame, column: str) -> str:
    return number(float(kept[column].dropna().iloc[-1]))
