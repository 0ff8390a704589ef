"""Scores of contenders by unit, learning curves, and epochs to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, MOST_ROWS, SERIES, Figure, Sentence, digits, measured, plot_text, table
from hqnn_dsl.science.pages.contenders import results_of, unit_name
from hqnn_dsl.science.pages.words import bare, label, rows_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.pages.reading import ComparisonFiles
    from hqnn_dsl.science.pages.records import Statistics

LINE = 34
"""Dots of a figure's line of a contender."""

LEGEND_LINE = 20
"""Dots of a line of a legend."""


def unit_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields a figure of the scores of each unit at the largest number of rows that is done; the others as tables."""
    entries = [entry for entry in reversed(files.statistics) if entry is not None]
    if not entries:
        yield Sentence("There are no scores of all contenders yet.")
        return
    for place, entry in enumerate(entries):
        at = f", {rows_words(entry.rows)}" if len(files.statistics) > 1 else ""
        names = [one.name for one in files.present]
        units = files.units_at(entry.rows)
        rows = [
            [unit_name(files, one), *(measured(entry.scores[name][line], 5) for name in names)]
            for line, one in enumerate(units)
        ]
        header = ("unit", *(bare(files.titles[name]) for name in names))
        note = f"The first {MOST_ROWS} units of {len(rows)}." if len(rows) > MOST_ROWS else ""
        title = f"{files.score.title} of the test rows by unit{at}"
        listed = table(title, header, rows[:MOST_ROWS], note, is_collapsed=place > 0)
        yield _dots(files, entry, at, listed) if place == 0 else listed


def _dots(files: ComparisonFiles, entry: Statistics, at: str, listed: Any) -> Figure:
    """A dot for each unit, and a larger one for the mean; the best mean on top."""
    score = files.score
    titles = files.titles

    def rank(name: str) -> float:
        mean = entry.means[name].mean
        return float("inf") if mean is None else -score.sign * mean

    names = sorted(entry.means, key=rank)
    x: list[float | None] = []
    y: list[int] = []
    for place, name in enumerate(names):
        known = [value for value in entry.scores[name] if value is not None]
        x += [digits(value) for value in known]
        y += [place] * len(known)
    means = [(place, entry.means[name].mean) for place, name in enumerate(names)]
    traces = [
        {"type": "scatter", "mode": "markers", "name": "a unit", "x": x, "y": y, "hoverinfo": "x",
         "marker": {"color": "--first", "size": 7, "opacity": 0.55}},
        {"type": "scatter", "mode": "markers", "name": "mean", "hoverinfo": "x",
         "x": [None if mean is None else digits(mean) for _, mean in means], "y": [place for place, _ in means],
         "marker": {"color": "--second", "size": 11}},
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": f"{score.title} of the test rows"}},
        "yaxis": {"tickvals": list(range(len(names))), "ticktext": [label(titles[name]) for name in names],
                  "showgrid": False, "range": [len(names) - 0.4, -0.6]},
        "height": 150 + LINE * len(names),
    }  # fmt: skip
    said = "; ".join(f"{bare(titles[name])} {number(entry.means[name].mean)}" for name in names)
    alt = f"{score.title} of each contender on {count(entry.units, 'unit')}, the best mean on top; means: {said}."
    better = "higher" if score.higher_is_better else "lower"
    return Figure("unit-scores", f"{score.title} by unit ({better} is better){at}", alt, traces, layout, listed)


# ----------------------------------------------------------------------------------------------------- learning curves


def curve_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the learning curves of a comparison with several numbers of rows, and what is claimed of them."""
    if len(files.statistics) < 2:
        yield Sentence("One number of rows was learned from: there are no learning curves (`--rows` asks for them).")
        return
    entries = [entry for entry in files.statistics if entry is not None]
    if len(entries) < 2:
        yield Sentence("Fewer than two numbers of rows are done, so there are no learning curves yet.")
        return
    yield _curves(files, entries)
    claims = [] if files.last is None else files.last.curves
    if claims:
        rows = [[bare(files.titles[one.other]), one.finding, one.sentence] for one in claims]
        header = ("contender", "the model", "in words")
        note = "The claim is tested on the area between both curves over the logarithm of the rows."
        yield table("Whether the model needs fewer rows", header, rows, note)


def _learned(files: ComparisonFiles, entry: Statistics) -> int:
    """How many rows were learned from: of `all`, what the first unit of the model as written has recorded."""
    if entry.rows is not None:
        return entry.rows
    units = {one.number for one in files.units_at(None)}
    for one, found in results_of(files, files.present[0].name):
        if one.number in units and found.sizes is not None:
            return found.sizes[0] + found.sizes[1]
    return files.record.table.rows


def _curves(files: ComparisonFiles, entries: list[Statistics]) -> Figure:
    rows = [_learned(files, entry) for entry in entries]
    names = [one.name for one in files.present]
    traces: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        means = [entry.means[name].mean for entry in entries]
        shade = SERIES[place % len(SERIES)]
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": plot_text(bare(files.titles[name])), "x": rows,
            "y": [None if mean is None else digits(mean) for mean in means],
            "line": {"color": shade, "dash": DASHES[place // len(SERIES) % len(DASHES)],
                     "width": 4 if not place else 2},
            "marker": {"color": shade, "size": 7},
        })  # fmt: skip
    ticks = [str(number) for number in rows]
    layout = {
        "xaxis": {"title": {"text": "rows to learn from"}, "type": "log", "tickvals": rows, "ticktext": ticks},
        "yaxis": {"title": {"text": f"mean {files.score.title} of the test rows"}},
        "height": 330 + LEGEND_LINE * len(names),
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
                   "maxheight": LEGEND_LINE * (len(names) + 1)},
    }  # fmt: skip
    lines = [
        [str(learned), *(measured(entry.means[name].mean, 5) for name in names)]
        for learned, entry in zip(rows, entries, strict=True)
    ]
    header = ("rows", *(bare(files.titles[name]) for name in names))
    title = f"Mean {files.score.title} by the rows to learn from"
    said = "; ".join(
        f"{bare(files.titles[name])} {' to '.join(number(entries[end].means[name].mean) for end in (0, -1))}"
        for name in names
    )
    alt = f"{title}, from {rows[0]} to {rows[-1]} rows on a logarithmic axis: {said}."
    return Figure("curves-by-rows", title, alt, traces, layout, table(title, header, lines))


# ------------------------------------------------------------------------------------------------------------- epochs


def epoch_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the epochs to a target, of the model beside each control."""
    is_any = False
    for place, entry in enumerate(reversed(files.statistics)):
        if entry is None or not entry.epochs:
            continue
        is_any = True
        at = f", {rows_words(entry.rows)}" if len(files.statistics) > 1 else ""
        rows = [
            [bare(files.titles[one.other]), *(measured(mean, 3) for mean in one.means),
             *(f"{reached} of {entry.units}" for reached in one.reached), measured(one.p, 2), one.finding]
            for one in entry.epochs
        ]  # fmt: skip
        header = ("control", "model's epochs", "its epochs", "model reached", "it reached", "p", "the model is")
        note = (
            "The target of a unit is 1.05 times the larger of the least validation losses of both, which both reach; "
            "one that does not reach it counts with its last epoch. p is not adjusted."
        )
        yield table(f"Epochs to a target{at}", header, rows, note, is_collapsed=place > 0)
    if not is_any:
        yield Sentence("There are no epochs to compare yet, or no control is trained in epochs.")
