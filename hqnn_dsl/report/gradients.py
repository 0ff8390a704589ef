"""The figure of gradient norms by epoch, and the sentences that say what the course of a training has shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.report.parts import MOST_ROWS, Figure, Sentence, Table, evenly, measured, plain, table
from hqnn_dsl.training.findings import MOST_NAMED, findings_of, in_words, spans_of, stages_of, warnings_of
from hqnn_dsl.training.run_tables import GRADIENTS
from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.report.reading import RunFiles
    from hqnn_dsl.training.findings import Finding

_NORMS = (
    ("classical_grad", "classical weights", "--first", "solid"),
    ("quantum_grad", "quantum weights", "--second", "dash"),
    ("classical_mean_grad", "classical weights, mean gradient", "--first", "dot"),
    ("quantum_mean_grad", "quantum weights, mean gradient", "--second", "dashdot"),
)
_TITLES = {"plateau": "plateau", "dead": "dead quantum half", "noise": "noise"}
_EPOCHS = {"title": {"text": "epoch"}, "rangemode": "tozero", "tickformat": "d"}


def findings_in(run: RunFiles) -> list[Finding]:
    """Returns what the course of a run's training shows; nothing if its history has no norms of gradients."""
    parts, environment = run.preparation.parts, run.environment
    steps = len(batch_bounds(len(parts.train), run.preparation.batch))
    precision = "single" if environment is None else environment.precision
    return findings_of(stages_of(run.history.itertuples()), steps, precision)


def gradient_blocks(history: pd.DataFrame, kept: pd.DataFrame, findings: Sequence[Finding]) -> Iterator[Block]:
    """Yields the figure of gradient norms of the epochs in `kept`, and a sentence for each kind of finding."""
    if not any(name in history and history[name].notna().any() for name in GRADIENTS):
        yield Sentence("The history has no norms of gradients: an earlier hqnn has written it. Train the run again.")
        return
    for warning in warnings_of(findings):
        yield Sentence(f"{warning.headline[0].upper()}{warning.headline[1:]}. Advice: {warning.help}.")
    found = [row for row in _NORMS if row[0] in kept and kept[row[0]].notna().any()]
    of_kinds = ((title, [one for one in findings if one.kind == kind]) for kind, title in _TITLES.items())
    marked = [(title, spans_of(own)) for title, own in of_kinds if own]
    layout: dict[str, Any] = {
        "xaxis": _EPOCHS,
        "yaxis": {"title": {"text": "norm of the gradient"}, "type": "log", "exponentformat": "power"},
        "shapes": [_area(first, last) for _, spans in marked for first, last in spans],
        "annotations": [_label(title, *span) for title, spans in marked for span in spans[:MOST_NAMED]],
    }
    shown = "; ".join(_course(kept, row[0], row[1]) for row in found)
    areas = "; ".join(f"{title} in {in_words(spans)}" for title, spans in marked)
    alt = f"Norms of gradients by epoch, on a logarithmic axis: {shown}.{f' Marked: {areas}.' if areas else ''}"
    yield Figure("gradients", "Norms of gradients", alt, _traces(kept, found), layout, _listed(kept, found))


def _area(first: int, last: int) -> dict[str, Any]:
    return {
        "type": "rect", "x0": first - 0.5, "x1": last + 0.5, "y0": 0, "y1": 1, "yref": "paper",
        "fillcolor": "--band", "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _label(title: str, first: int, last: int) -> dict[str, Any]:
    return {
        "x": (first + last) / 2, "y": 1, "yref": "paper", "text": title,
        "showarrow": False, "yanchor": "top", "font": {"color": "--soft"},
    }  # fmt: skip


def _traces(kept: pd.DataFrame, rows: Sequence[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    mode = "lines" if len(kept) > 1 else "markers"
    return [
        {"type": "scatter", "mode": mode, "name": title, "x": kept["epoch"].astype(int).tolist(),
         "y": plain(kept[column].where(kept[column] > 0)), "marker": {"color": color},
         "line": {"color": color, "dash": dash, "width": 2 if dash in {"solid", "dash"} else 1.5}}
        for column, title, color, dash in rows
    ]  # fmt: skip


def _course(kept: pd.DataFrame, column: str, title: str) -> str:
    values = kept[column].dropna()
    if not (values > 0).any():
        return f"{title} 0 in all epochs"
    return f"{title} from {number(float(values.iloc[0]))} to {number(float(values.iloc[-1]))}"


def _listed(kept: pd.DataFrame, rows: Sequence[tuple[str, str, str, str]]) -> Table:
    some = kept.iloc[evenly(len(kept), MOST_ROWS)]
    lines = [
        [str(int(epoch)), *(measured(None if np.isnan(cell) else float(cell), 6) for cell in cells)]
        for epoch, *cells in some[["epoch", *(row[0] for row in rows)]].to_numpy(float).tolist()
    ]
    note = "Every so many epochs; history.csv has all." if len(some) < len(kept) else ""
    return table("Norms of gradients by epoch", ("epoch", *(row[1] for row in rows)), lines, note)
