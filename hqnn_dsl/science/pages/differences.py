"""The model as written beside each contender: differences with intervals, effect sizes, probabilities, and power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import Figure, Sentence, digits, measured, table
from hqnn_dsl.science.pages.words import COLOURS, FALLBACK, MINUS, bare, label, percent, rows_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hqnn_dsl.report.parts import Block, Table
    from hqnn_dsl.science.pages.reading import ComparisonFiles
    from hqnn_dsl.science.pages.records import Difference, Statistics
    from hqnn_dsl.science.statistics.units import Score

LINE = 38
"""Dots of a figure's line of a contender."""

HALF = 0.34
"""Half of the height of the region of practical equivalence, of a line's."""


def difference_blocks(files: ComparisonFiles) -> Iterator[Block]:
    """Yields the differences at each number of rows, the largest first."""
    entries = [entry for entry in reversed(files.statistics) if entry is not None]
    if not entries:
        yield Sentence("There are no differences yet: they need all results.")
        return
    for place, entry in enumerate(entries):
        at = f", {rows_words(entry.rows)}" if len(files.statistics) > 1 else ""
        is_first = place == 0
        yield from _at(files, entry, at, "" if is_first else f"-{len(files.statistics) - place}", is_first=is_first)


def _at(files: ComparisonFiles, entry: Statistics, at: str, suffix: str, *, is_first: bool) -> Iterator[Block]:
    titles, score, level = files.titles, files.score, files.record.protocol.level
    yield _overview(files, entry, at, is_collapsed=not is_first)
    ordered = ordered_by_gain(entry.comparisons, score)
    drawn = [one for one in ordered if one.difference is not None and one.low is not None and one.high is not None]
    listed = _interval_table(ordered, titles, score, level, at)
    if drawn:
        yield _forest(drawn, titles, score, level, at, suffix, listed)
    else:
        yield listed
    left = [bare(titles[one.other]) for one in ordered if one not in drawn]
    if left and drawn:
        yield Sentence(f"Not in the figure, since there is no interval: {', '.join(left)}.")
    yield _effects(ordered, titles, entry, at, is_collapsed=not is_first)
    yield _shares(ordered, titles, at, is_collapsed=not is_first)
    yield _power(ordered, titles, score, at, is_collapsed=not is_first)
    rows = [[bare(titles[one.other]), one.sentence] for one in ordered]
    yield table(f"Each difference in words{at}", ("contender", "the model is"), rows, is_collapsed=True)


def ordered_by_gain(compared: Sequence[Difference], score: Score) -> list[Difference]:
    """Returns comparisons by how much better the model is, those without a difference last."""

    def gain(one: Difference) -> float:
        return float("-inf") if one.difference is None else score.sign * one.difference

    return sorted(compared, key=gain, reverse=True)


def _overview(files: ComparisonFiles, entry: Statistics, at: str, *, is_collapsed: bool) -> Table:
    """The table that `hqnn compare` prints."""
    against = {one.other: one for one in entry.comparisons}
    rows = []
    for contender in files.present:
        one, mean = against.get(contender.name), entry.means[contender.name]
        cells = (
            ["", "", "", "", ""]
            if one is None
            else [measured(one.difference, 3), measured(one.low, 3), measured(one.high, 3), measured(one.adjusted, 2),
                  one.finding]
        )  # fmt: skip
        weights = "-" if contender.weights is None else str(contender.weights)
        rows.append([bare(contender.title), weights, measured(mean.mean), measured(mean.deviation, 2), *cells])
    title = files.score.title
    header = (
        *("contender", "weights", f"mean test {title}", "deviation"),
        *(f"model {MINUS} it", "low", "high", "p (Holm)", "the model is"),
    )
    note = (
        f"Means and standard deviations over {count(entry.units, 'unit')} ({entry.over}). low and high are the "
        f"{percent(files.record.protocol.level)} interval of the corrected t test (Nadeau and Bengio 2003), for each "
        "contender by itself; p is adjusted by Holm for all of them."
    )
    return table(f"All contenders by {title} of the test rows{at}", header, rows, note, is_collapsed=is_collapsed)


def _interval_table(
    ordered: Sequence[Difference], titles: Mapping[str, str], score: Score, level: float, at: str
) -> Table:
    header = ("contender", f"model {MINUS} it", "low", "high", "p", "p (Holm)", "region ±", "the model is")
    rows = [
        [bare(titles[one.other]), measured(one.difference), measured(one.low), measured(one.high), measured(one.p, 3),
         measured(one.adjusted, 3), measured(one.half_region, 3), one.finding]
        for one in ordered
    ]  # fmt: skip
    return table(f"Differences of {score.title} with {percent(level)} intervals{at}", header, rows)


def _forest(  # noqa: PLR0913, PLR0917 - the parts of a figure
    drawn: Sequence[Difference],
    titles: Mapping[str, str],
    score: Score,
    level: float,
    at: str,
    suffix: str,
    listed: Table,
) -> Figure:
    """Intervals of the differences, the model's largest gain on top; a colour for each finding."""
    places = list(range(len(drawn)))
    traces: list[dict[str, Any]] = []
    for finding in [*COLOURS, *dict.fromkeys(one.finding for one in drawn if one.finding not in COLOURS)]:
        own = [(place, one) for place, one in zip(places, drawn, strict=True) if one.finding == finding]
        if not own:
            continue
        shade = COLOURS.get(finding, FALLBACK)
        x: list[float | None] = []
        y: list[float | None] = []
        for place, one in own:
            assert one.low is not None
            assert one.high is not None
            x += [digits(one.low), digits(one.high), None]
            y += [place, place, None]
        traces += [
            {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"color": shade, "width": 2.5},
             "showlegend": False, "name": f"{finding}, interval", "hoverinfo": "x"},
            {"type": "scatter", "mode": "markers", "name": finding, "y": [place for place, _ in own],
             "x": [digits(one.difference) for _, one in own if one.difference is not None],
             "marker": {"color": shade, "size": 9}, "hoverinfo": "x"},
        ]  # fmt: skip
    shapes: list[dict[str, Any]] = [
        {"type": "rect", "x0": digits(-one.half_region), "x1": digits(one.half_region), "y0": place - HALF,
         "y1": place + HALF, "fillcolor": "--band", "line": {"width": 0}, "layer": "below"}
        for place, one in zip(places, drawn, strict=True) if one.half_region
    ]  # fmt: skip
    shapes.append(
        {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper",
         "line": {"color": "--quiet", "width": 1.5, "dash": "dot"}}
    )  # fmt: skip
    side = "right" if score.higher_is_better else "left"
    ends = [end for one in drawn for end in (one.low, one.high) if end is not None] + [0.0]
    edge = 0.04 * (max(ends) - min(ends)) or 1.0
    layout = {
        "xaxis": {"title": {"text": f"{score.title}: model {MINUS} contender<br>({side} of 0 the model is better;<br>"
                            "shaded: too small to matter)"},
                  "range": [digits(min(ends) - edge), digits(max(ends) + edge)]},
        "yaxis": {"tickvals": places, "ticktext": [label(titles[one.other]) for one in drawn], "showgrid": False,
                  "range": [len(drawn) - 0.4, -0.6]},
        "height": 170 + LINE * len(drawn),
        "shapes": shapes,
        "hovermode": "closest",
    }  # fmt: skip
    said = "; ".join(
        f"{bare(titles[one.other])} {number(one.difference)} from {number(one.low)} to {number(one.high)}, "
        f"{one.finding}"
        for one in drawn
    )
    alt = (
        f"Differences of {score.title}, model minus contender, with {percent(level)} intervals, {side} of 0 the model "
        f"is better; the region of practical equivalence is shaded: {said}."
    )
    title = f"Differences with {percent(level)} intervals{at}"
    return Figure(f"forest{suffix}", title, alt, traces, layout, listed)


def _effects(
    ordered: Sequence[Difference], titles: Mapping[str, str], entry: Statistics, at: str, *, is_collapsed: bool
) -> Table:
    rows = []
    for one in ordered:
        effect, interval = one.effect, one.bootstrap
        rows.append([
            bare(titles[one.other]), f"{one.better_in[0]} of {entry.units}", str(one.better_in[1]),
            measured(None if effect is None or effect.relative is None else 100 * effect.relative, 3),
            measured(None if effect is None else effect.d, 3), measured(None if effect is None else effect.g, 3),
            measured(None if interval is None else interval.low, 3),
            measured(None if interval is None else interval.high, 3),
        ])  # fmt: skip
    header = (
        *("contender", "better in", "equal in", "difference, % of it", "Cohen's d", "Hedges' g"),
        *("bootstrap low", "bootstrap high"),
    )
    note = (
        "d is the mean difference over its standard deviation over units, g the same corrected for few units. The "
        "bootstrap (BCa) takes units for independent, so it is too narrow for folds; it needs five units."
    )
    return table(f"Effect sizes{at}", header, rows, note, is_collapsed=is_collapsed)


def _shares(ordered: Sequence[Difference], titles: Mapping[str, str], at: str, *, is_collapsed: bool) -> Table:
    rows = [
        [
            bare(titles[one.other]),
            *(measured(None if one.bayes is None else share, 3) for share in _posterior(one)),
            measured(one.half_region, 3),
        ]
        for one in ordered
    ]
    header = ("contender", "better", "practically equivalent", "worse", "region ±")
    note = (
        "Probabilities that the model is better than the contender by more than the region, within it, or worse, "
        "by the Bayesian correlated t test (Corani and Benavoli 2015)."
    )
    return table(f"Bayesian probabilities{at}", header, rows, note, is_collapsed=is_collapsed)


def _posterior(one: Difference) -> tuple[float | None, float | None, float | None]:
    found = one.bayes
    return (None, None, None) if found is None else (found.better, found.equivalent, found.worse)


def _power(
    ordered: Sequence[Difference], titles: Mapping[str, str], score: Score, at: str, *, is_collapsed: bool
) -> Table:
    rows = []
    for one in ordered:
        found = one.needed
        if found is None:
            rows.append([bare(titles[one.other]), "-", "-", "-", "-", "-"])
            continue
        rows.append([
            bare(titles[one.other]), measured(found.difference, 3), measured(found.power, 2),
            measured(found.detectable, 3), _whole(found.repeats, "more than 1000"), _whole(found.rows, "-"),
        ])  # fmt: skip
    header = ("contender", "stated difference", "power for it", "smallest seen", "repetitions needed", "rows needed")
    targets = {one.needed.target for one in ordered if one.needed is not None}
    target = f"{100 * targets.pop():.3g} %" if len(targets) == 1 else "its target"
    note = (
        f"What this design sees of {score.title}: the smallest difference with a power of {target}, and what it would "
        "take to see the stated one, more repetitions of the folds (or seeds), or a larger table."
    )
    return table(f"What it takes to see a difference{at}", header, rows, note, is_collapsed=is_collapsed)


def _whole(value: int | None, otherwise: str) -> str:
    return otherwise if value is None else str(value)
