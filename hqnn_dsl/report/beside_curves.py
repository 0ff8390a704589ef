"""Learning curves of several runs, overlaid: a figure a kind of loss, tasks apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, MOST_ROWS, SERIES, Figure, Sentence, evenly, measured, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from hqnn_dsl.report.parts import Block, Table
    from hqnn_dsl.report.reading import RunFiles

MOST_RUNS = 20
"""The runs that are drawn: with five colours and four dashes no two look alike."""

MOST_POINTS = 8000
"""The points of a figure at most, all its curves together."""

LEGEND_LINE = 20
"""The dots of a line of the legend, which is above the curves."""

_KINDS = (("train_loss", "training"), ("validation_loss", "validation"))
_TASKS = (("regression", "numbers"), ("classification", "classes"))


def curve_blocks(labels: Sequence[str], shown: Sequence[str], runs: Sequence[RunFiles]) -> Iterator[Block]:
    """Yields the losses of runs by epoch; `shown` are the labels as a figure has them."""
    if len(runs) > MOST_RUNS:
        yield Sentence(f"The first {MOST_RUNS} of {len(runs)} runs are drawn.")
    without = [label for label, run in zip(labels, runs, strict=True) if not len(run.history)]
    if without:
        yield Sentence(f"No whole epoch, and so no curve: {', '.join(without)}.")
    drawn = [(*one, place) for place, one in enumerate(zip(labels, shown, runs, strict=True))][:MOST_RUNS]
    for task, noun in _TASKS:
        of_task = [one for one in drawn if one[2].preparation.task == task and len(one[2].history)]
        if not of_task:
            continue
        warning = _units([run for _, _, run, _ in of_task])
        if warning:
            yield Sentence(warning)
        for column, kind in _KINDS:
            having = [one for one in of_task if column in one[2].history and one[2].history[column].notna().any()]
            if having:
                yield _overlaid(f"{kind}-{task}", f"{kind.capitalize()} losses, {noun}", column, having)


def _units(runs: Sequence[RunFiles]) -> str:
    """Why heights of curves cannot be compared; empty if they can."""
    losses = {repr((run.preparation.loss.name, sorted(run.preparation.loss.options.items()))) for run in runs}
    if len(losses) > 1:
        names = dict.fromkeys(run.preparation.loss.name for run in runs)
        said = ", ".join(names) if len(names) > 1 else f"{next(iter(names))} with other options"
        return f"The losses are different functions ({said}): shapes of their curves can be compared, heights not."
    if len({repr(run.preparation.target.scales) for run in runs}) > 1:
        return "The targets are scaled otherwise in each, so the losses have other units: compare shapes, not heights."
    return ""


def _overlaid(name: str, title: str, column: str, having: Sequence[tuple[str, str, RunFiles, int]]) -> Figure:
    most = max(2, MOST_POINTS // len(having))
    traces: list[dict[str, Any]] = []
    ends = []
    is_positive = all(bool((run.history[column].dropna() > 0).all()) for _, _, run, _ in having)
    for label, shown, run, place in having:
        kept = run.history.iloc[evenly(len(run.history), most)]
        style = {"color": SERIES[place % len(SERIES)], "dash": DASHES[place % len(DASHES)], "width": 2}
        traces.append({
            "type": "scatter", "mode": "lines" if len(kept) > 1 else "markers", "name": shown,
            "x": kept["epoch"].astype(int).tolist(), "y": plain(kept[column]), "line": style,
            "marker": {"color": style["color"]},
        })  # fmt: skip
        known = run.history[column].dropna()
        said = f"{label} from {number(float(known.iloc[0]))} to {number(float(known.iloc[-1]))}"
        best = _best(run.history)
        if best is not None:
            traces.append({
                "type": "scatter", "mode": "markers", "name": f"{shown}, best epoch", "showlegend": False,
                "x": [best], "y": plain(run.history.loc[run.history["epoch"] == best, column][:1]),
                "marker": {"color": style["color"], "size": 9},
            })  # fmt: skip
            said += f", best epoch {best}"
        ends.append(said)
    layout = {
        "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero", "tickformat": "d"},
        "yaxis": {"title": {"text": "loss"}, "type": "log" if is_positive else "linear"},
        "height": 330 + LEGEND_LINE * len(having),
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
                   "maxheight": LEGEND_LINE * (len(having) + 1)},
    }  # fmt: skip
    scale = ", on a logarithmic axis" if is_positive else ""
    alt = f"{title} of {count(len(having), 'run')} by epoch{scale}; points are best epochs: {'; '.join(ends)}."
    return Figure(name, title, alt, traces, layout, _listed(title, column, having))


def _best(history: pd.DataFrame) -> int | None:
    found = history.loc[history["best"] == 1, "epoch"]
    return int(found.max()) if len(found) else None


def _listed(title: str, column: str, having: Sequence[tuple[str, str, RunFiles, int]]) -> Table:
    by_epoch = [
        dict(zip(run.history["epoch"].astype(int), run.history[column], strict=True)) for _, _, run, _ in having
    ]
    epochs = sorted({epoch for losses in by_epoch for epoch in losses})
    some = [epochs[place] for place in evenly(len(epochs), MOST_ROWS)]
    rows = [[str(epoch), *(_cell(losses.get(epoch)) for losses in by_epoch)] for epoch in some]
    note = "Every so many epochs; history.csv of each run has all." if len(some) < len(epochs) else ""
    return table(f"{title} by epoch", ("epoch", *(one[0] for one in having)), rows, note)


def _cell(value: float | None) -> str:
    return measured(None if value is None or value != value else float(value), 6)  # noqa: PLR0124 - not a number
