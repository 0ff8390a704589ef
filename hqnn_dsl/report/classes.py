"""Figures of predicted classes: the confusion matrix, ROC curves, and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, SERIES, Figure, Sentence, evenly, measured, plain, plot_text, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.report.parts import Block, Indices, Numbers

    Flags = NDArray[np.bool_]

MOST_CURVES = 10
MOST_COUNTED = 12
MOST_CLASSES = 60
"""With more classes there are no numbers in the cells, and no confusion matrix at all."""

MOST_STEPS = 400
BINS = 10


def class_blocks(predictions: pd.DataFrame, name: str, labels: Sequence[str]) -> Iterator[Block]:
    """Yields the figures of the predicted test rows; rows whose probabilities are not finite are left out."""
    columns = [f"{name}_p_{label}" for label in labels]
    place = {label: number for number, label in enumerate(labels)}
    known = (predictions[f"{name}_predicted"] != "") & (predictions[f"{name}_true"] != "")
    rows = predictions[known]
    if not len(rows):
        yield Sentence("No test row has a predicted class.")
        return
    true, guess = (
        np.array([place[label] for label in rows[f"{name}_{part}"]], np.int64) for part in ("true", "predicted")
    )
    if len(labels) <= MOST_CLASSES:
        yield _confusion(name, true, guess, labels)
    else:
        yield Sentence(f"{len(labels)} classes are too many for a confusion matrix on a page; metrics.json has it.")
    if all(column in rows for column in columns):
        shares = rows[columns].to_numpy(float)
        yield from _roc(name, true, shares, labels)
        yield _calibration(name, true, shares, labels)


def _confusion(name: str, true: Indices, guess: Indices, labels: Sequence[str]) -> Figure:
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (true, guess), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    places = list(range(len(labels)))
    shown = [plot_text(label) for label in labels]
    trace: dict[str, Any] = {
        "type": "heatmap", "x": places, "y": places, "z": [plain(row) for row in shares], "zmin": 0, "zmax": 1,
        "text": [[str(cell) for cell in row] for row in counts.tolist()], "hoverinfo": "text", "xgap": 2, "ygap": 2,
        "colorscale": [[0, "--heat-low"], [1, "--heat-high"]],
        "colorbar": {"title": {"text": "share"}, "thickness": 10, "outlinewidth": 0},
    }  # fmt: skip
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "predicted"}, "tickvals": places, "ticktext": shown, "showgrid": False},
        "yaxis": {"title": {"text": "true"}, "tickvals": places, "ticktext": shown, "autorange": "reversed",
                  "showgrid": False},
    }  # fmt: skip
    if len(labels) <= MOST_COUNTED:
        layout["annotations"] = [
            {"x": column, "y": row, "text": str(counts[row, column]), "showarrow": False,
             "font": {"color": "--heat-dark-text" if shares[row, column] > 0.55 else "--ink", "size": 13}}
            for row in places for column in places
        ]  # fmt: skip
    right = float(np.mean(true == guess))
    listed = table(
        "Test rows by true class (lines) and predicted class (columns)",
        ("true class", *labels),
        [[label, *map(str, row)] for label, row in zip(labels, counts.tolist(), strict=True)],
    )
    alt = f"Confusion matrix of {name}, {count(len(true), 'test row')}, {right:.1%} predicted right."
    return Figure("confusion", f"{name}: confusion matrix", alt, [trace], layout, listed)


def roc_curve(is_class: Flags, score: Numbers) -> tuple[Numbers, Numbers]:
    """Returns the false and true positive rates `[P]` of every threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], is_class[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    true, false = np.cumsum(hits)[last], np.cumsum(~hits)[last]
    return np.append(0.0, false / false[-1]), np.append(0.0, true / true[-1])


def _roc(name: str, true: Indices, shares: Numbers, labels: Sequence[str]) -> Iterator[Block]:
    asked = [1] if len(labels) == 2 else list(range(len(labels)))
    scored = [index for index in asked if 0 < int(np.sum(true == index)) < len(true)]
    if not scored:
        yield Sentence("The test rows have one class only, so there is no ROC curve.")
        return
    traces: list[dict[str, Any]] = []
    rows: list[list[str]] = []
    for place, index in enumerate(scored):
        false_rate, true_rate = roc_curve(true == index, shares[:, index])
        area = float(np.trapezoid(true_rate, false_rate))
        rows.append([labels[index], str(int(np.sum(true == index))), measured(area)])
        if place >= MOST_CURVES:
            continue
        kept = evenly(len(false_rate), MOST_STEPS)
        traces.append({
            "type": "scatter", "mode": "lines", "name": f"{plot_text(labels[index])}, area {number(area, 3)}",
            "x": plain(false_rate[kept]), "y": plain(true_rate[kept]),
            "line": {"color": SERIES[place % len(SERIES)], "dash": DASHES[place % len(DASHES)], "width": 2},
        })  # fmt: skip
    traces.append(_diagonal("a guess"))
    layout = {"xaxis": {"title": {"text": "false positive rate"}, "range": [-0.02, 1.02]},
              "yaxis": {"title": {"text": "true positive rate"}, "range": [-0.02, 1.02]}}  # fmt: skip
    more = f" The first {MOST_CURVES} are drawn." if len(scored) > MOST_CURVES else ""
    areas = "; ".join(f"{row[0]} {row[2]}" for row in rows[:MOST_CURVES])
    alt = f"ROC curves of {name}, each class against the rest. Areas: {areas}.{more}"
    listed = table("Areas under the ROC curves", ("class", "test rows", "area"), rows, more.strip())
    yield Figure("roc", f"{name}: ROC curves", alt, traces, layout, listed)


def calibration_bins(share: Numbers, hit: Flags) -> list[tuple[float, float, int]]:
    """Returns the mean probability, the share of hits and the rows of each of ten equal bins that has rows."""
    bins = np.minimum((share * BINS).astype(np.int64), BINS - 1)
    found = []
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            found.append((float(share[inside].mean()), float(hit[inside].mean()), int(inside.sum())))
    return found


def _calibration(name: str, true: Indices, shares: Numbers, labels: Sequence[str]) -> Figure:
    if len(labels) == 2:
        share, hit, what = shares[:, 1], true == 1, f"the class {labels[1]}"
    else:
        share, hit, what = shares.max(axis=1), true == shares.argmax(axis=1), "the most probable class"
    found = calibration_bins(share, hit)
    traces = [
        {"type": "scatter", "mode": "lines+markers", "name": "test rows", "x": plain(one[0] for one in found),
         "y": plain(one[1] for one in found), "text": [count(one[2], "row") for one in found],
         "hoverinfo": "x+y+text", "line": {"color": "--first", "width": 2},
         "marker": {"color": "--first", "size": [6 + 14 * (one[2] / len(true)) ** 0.5 for one in found]}},
        _diagonal("as often as predicted"),
    ]  # fmt: skip
    layout = {"xaxis": {"title": {"text": "mean predicted probability"}, "range": [-0.02, 1.02]},
              "yaxis": {"title": {"text": "share of rows with the class"}, "range": [-0.02, 1.05]}}  # fmt: skip
    gap = sum(abs(one[0] - one[1]) * one[2] for one in found) / len(true)
    rows = [[measured(one[0]), measured(one[1]), str(one[2])] for one in found]
    listed = table(f"Probabilities of {what}, in ten bins", ("mean probability", "share with the class", "rows"), rows)
    alt = (
        f"Calibration of the probabilities of {what} in {count(len(found), 'bin')}: "
        f"they lie {number(gap, 2)} away from the shares of rows on average."
    )
    return Figure("calibration", f"{name}: calibration of {what}", alt, traces, layout, listed)


def _diagonal(name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": [0, 1], "y": [0, 1], "hoverinfo": "skip",
        "line": {"color": "--quiet", "dash": "dot", "width": 1.5},
    }  # fmt: skip
