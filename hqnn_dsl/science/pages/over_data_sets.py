"""The page of several comparisons: the same contenders over several data sets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.reports import NotTogether
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.report.parts import Figure, Section, Sentence, digits, measured, table
from hqnn_dsl.science.pages.reading import read_comparison_files
from hqnn_dsl.science.pages.words import COLOURS, FALLBACK, bare, label, rows_words, sentence
from hqnn_dsl.science.statistics.data_sets import ranks
from hqnn_dsl.science.statistics.several import compare_over, several_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.pages.reading import ComparisonFiles
    from hqnn_dsl.science.pages.records import Statistics
    from hqnn_dsl.science.statistics.data_sets import Ranks
    from hqnn_dsl.science.statistics.several import Several
    from hqnn_dsl.science.statistics.units import Score

LINE = 36
"""Dots of a figure's line of a contender."""

SHARES = ("better", "equivalent", "worse")

BAR = 0.55
"""Lines between the bars of a critical-difference diagram."""


@dataclass(frozen=True, eq=False)
class Over:
    """Comparisons of the same contenders on several data sets, each by a name of its own.

    `scores` has, for each contender that takes part in all, its scores on the units of each data set; `compared` are
    the tests of the model as written beside each other one, `ranked` those of all, None for fewer than three.
    """

    names: tuple[str, ...]
    files: tuple[ComparisonFiles, ...] = field(repr=False)
    scores: Mapping[str, Mapping[str, list[float | None]]] = field(repr=False)
    compared: tuple[Several, ...] = field(repr=False)
    ranked: Ranks | None = field(repr=False)

    @property
    def score(self) -> Score:
        """The score that decides, the same in all."""
        return self.files[0].score

    @property
    def titles(self) -> dict[str, str]:
        """The titles of contenders."""
        return self.files[0].titles

    @property
    def left_out(self) -> list[str]:
        """The titles of contenders that do not take part in all."""
        every = {one.name: one.title for files in self.files for one in files.record.contenders}
        return [bare(title) for name, title in every.items() if name not in self.scores]


def read_several(paths: Sequence[Path]) -> Over:
    """Returns comparisons over data sets.

    Raises `Refusal`: E0532 and E0533 for what cannot be read, E0689 for what cannot be compared, E0680 without the
    extra `science`.
    """
    files: list[ComparisonFiles] = []
    refused: list[Diagnostic] = []
    for path in paths:
        try:
            files.append(read_comparison_files(path))
        except Refusal as refusal:
            refused += refusal.diagnostics
    if refused:
        raise Refusal(*refused)
    wrong = [one for place in range(len(files)) for one in _faults(files, place)]
    if wrong:
        raise Refusal(*wrong)
    return _over(tuple(files))


def _faults(files: Sequence[ComparisonFiles], place: int) -> Iterator[NotTogether]:
    """Why the comparison in a place cannot be put beside those before it, or beside any."""
    own, before = files[place], files[:place]

    def fault(first: ComparisonFiles, why: str, hint: str) -> NotTogether:
        return NotTogether(path=str(own.path), first=str(first.path), why=why, hint=hint)

    if own.last is None:
        hint = f"go on with it: `hqnn compare SPEC DATA --out {own.path} --resume`"
        yield fault(files[0 if place else 1], "it is not complete", hint)
    if not before:
        return
    first, protocol = before[0], own.record.protocol
    for name in ("score", "region", "level"):
        mine, other = getattr(protocol, name), getattr(first.record.protocol, name)
        if mine != other:
            yield fault(first, f"its {name} is {mine}, and there {other}", "compare all by the same protocol")
    same = next((one for one in before if one.record.table.sha256 == own.record.table.sha256), None)
    if same is not None:
        hint = "give one comparison of each data set: two of one are not independent"
        yield fault(same, "both are on the same table", hint)


def _over(files: tuple[ComparisonFiles, ...]) -> Over:
    first = files[0]
    names = _names(files)
    shared = [
        one.name for one in first.present if all(one.name in {other.name for other in each.present} for each in files)
    ]
    scores = {
        name: {data: _last(each).scores[name] for data, each in zip(names, files, strict=True)} for name in shared
    }
    protocol = first.record.protocol
    own = first.present[0].name
    compared = compare_over(own, scores, first.score, seed=protocol.seed, level=protocol.level) if own in scores else ()
    means = {name: [_mean(_last(each), name) for each in files] for name in shared}
    ranked = ranks(means, first.score, protocol.level) if len(shared) > 2 else None
    return Over(names=names, files=files, scores=scores, compared=compared, ranked=ranked)


def _last(files: ComparisonFiles) -> Statistics:
    assert files.last is not None
    return files.last


def _mean(entry: Statistics, name: str) -> float:
    """The mean of all units; not a number if one is missing."""
    known = [value for value in entry.scores[name] if value is not None]
    mean = entry.means[name].mean
    return math.nan if mean is None or len(known) < entry.units else mean


def _names(files: Sequence[ComparisonFiles]) -> tuple[str, ...]:
    """The names of the tables, without their endings, with the folder where two are the same."""
    plain = [PurePath(one.record.table.name).stem for one in files]
    return tuple(
        f"{name} ({one.path.resolve().name}, {place})" if plain.count(name) > 1 else name
        for place, (name, one) in enumerate(zip(plain, files, strict=True), 1)
    )


# ------------------------------------------------------------------------------------------------------------ the page


def over_heading(found: Over) -> tuple[str, str]:
    """Returns the title of the page, and the line below it."""
    named = ", ".join(found.names[:6]) + (", …" if len(found.names) > 6 else "")
    return f"{count(len(found.names), 'comparison')} over data sets", named


def over_sections(found: Over) -> list[Section]:
    """Returns the sections of the page of several comparisons."""
    parts = (
        ("verdict", "Verdict", _verdict(found)),
        ("tests", "The model beside each contender", _tests(found)),
        ("ranks", "Ranks", _ranks(found)),
        ("data", "Data sets", _data(found)),
    )
    return [Section(name, title, tuple(blocks)) for name, title, blocks in parts]


def _verdict(found: Over) -> Iterator[Block]:
    by_finding: dict[str, list[str]] = {}
    for one in found.compared:
        by_finding.setdefault(one.finding, []).append(found.titles[one.other])
    words = {
        "better": "better than",
        "worse": "worse than",
        "practically equivalent": "practically equivalent to",
        "no evidence of a difference": "not clearly different from",
        "untested": "not comparable with",
    }
    said = [f"{word} {listed(by_finding[key], 'and')}" for key, word in words.items() if key in by_finding]
    over = f"over {count(len(found.names), 'data set')}"
    if not said:
        yield Sentence("No contender takes part in all comparisons, so nothing can be compared.", is_verdict=True)
        return
    yield sentence(f"{over} the model is {'; '.join(said)}", is_verdict=True)
    rows = [[bare(found.titles[one.other]), several_sentence(one, found.titles)] for one in found.compared]
    yield table("In words", ("contender", "the model is"), rows)
    if found.left_out:
        yield Sentence(f"Left out, since not in all comparisons: {', '.join(found.left_out)}.")


def _tests(found: Over) -> Iterator[Block]:
    ordered = sorted(found.compared, key=_mean_gain, reverse=True)
    drawn = [one for one in ordered if one.gains]
    if not drawn:
        yield Sentence("There is nothing to test.")
        return
    header = ("contender", *found.names)
    each = [
        [bare(found.titles[one.other]), *(measured(one.gains.get(name), 3) for name in found.names)] for one in drawn
    ]
    kind = "a share of the larger of both errors" if found.score.is_share else f"a difference of {found.score.title}"
    listed_gains = table("Gains of the model by data set", header, each, f"Above 0 the model is better; {kind}.")
    yield _gains(found, drawn, listed_gains, kind)
    rows = []
    for one in ordered:
        test, posterior, interval = one.test, one.posterior, one.interval
        rows.append([
            bare(found.titles[one.other]), str(len(one.gains)), measured(None if test is None else test.statistic),
            measured(None if test is None else test.p, 3), measured(one.adjusted, 3),
            measured(None if test is None else test.smallest, 3),
            *(measured(None if posterior is None else getattr(posterior, key), 3) for key in SHARES),
            measured(None if interval is None else interval.low, 3),
            measured(None if interval is None else interval.high, 3), one.finding,
        ])  # fmt: skip
    header = (
        *("contender", "data sets", "W", "p", "p (Holm)", "smallest p", "better", "equivalent", "worse"),
        *("gain low", "gain high", "the model is"),
    )
    note = (
        "W and p are those of Wilcoxon's signed-rank test, whose p is at least the smallest for so few data sets. "
        "better, equivalent and worse are probabilities of the Bayesian signed-rank test (Benavoli and others 2017), "
        f"with a region of ±{found.score.region:g}; low and high are the hierarchical bootstrap interval of the mean "
        "gain, which needs five data sets."
    )
    yield table("Tests over data sets", header, rows, note)


def _mean_gain(one: Several) -> float:
    return sum(one.gains.values()) / len(one.gains) if one.gains else float("-inf")


def _gains(found: Over, drawn: Sequence[Several], listed_gains: Any, kind: str) -> Figure:
    """A dot for each data set, and a larger one for the mean gain."""
    traces: list[dict[str, Any]] = []
    x, y = [], []
    for place, one in enumerate(drawn):
        x += [digits(gain) for gain in one.gains.values()]
        y += [place] * len(one.gains)
    traces.append({"type": "scatter", "mode": "markers", "name": "a data set", "x": x, "y": y, "hoverinfo": "x",
                   "marker": {"color": "--first", "size": 7, "opacity": 0.6}})  # fmt: skip
    for finding in dict.fromkeys(one.finding for one in drawn):
        own = [(place, one) for place, one in enumerate(drawn) if one.finding == finding]
        traces.append({
            "type": "scatter", "mode": "markers", "name": f"mean: {finding}", "hoverinfo": "x",
            "x": [digits(_mean_gain(one)) for _, one in own], "y": [place for place, _ in own],
            "marker": {"color": COLOURS.get(finding, FALLBACK), "size": 12},
        })  # fmt: skip
    region = found.score.region
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": f"gain of the model in {found.score.title}<br>(right of 0 it is better)"}},
        "yaxis": {"tickvals": list(range(len(drawn))), "ticktext": [label(found.titles[one.other]) for one in drawn],
                  "showgrid": False, "range": [len(drawn) - 0.4, -0.6]},
        "height": 190 + LINE * len(drawn),
        "shapes": [{"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": "--quiet", "width": 1.5, "dash": "dot"}}],
    }  # fmt: skip
    if region:
        layout["shapes"].insert(0, {
            "type": "rect", "x0": digits(-region), "x1": digits(region), "y0": 0, "y1": 1, "yref": "paper",
            "fillcolor": "--band", "line": {"width": 0}, "layer": "below",
        })  # fmt: skip
    said = "; ".join(f"{bare(found.titles[one.other])} {number(_mean_gain(one), 3)}" for one in drawn)
    alt = f"Gains of the model over each contender by data set ({kind}); mean gains: {said}."
    return Figure("gains", "Gains of the model by data set", alt, traces, layout, listed_gains)


def _ranks(found: Over) -> Iterator[Block]:
    ranked = found.ranked
    if ranked is None:
        yield Sentence("Ranks need three contenders that take part in all comparisons.")
        return
    rows = [
        [bare(found.titles[name]), measured(rank), *(measured(ranked.pairs[name, other], 3) if other != name else "-"
                                                     for other in ranked.names)]
        for name, rank in zip(ranked.names, ranked.ranks, strict=True)
    ]  # fmt: skip
    header = ("contender", "mean rank", *(f"p: {bare(found.titles[name])}" for name in ranked.names))
    listed_ranks = table("Mean ranks, and Nemenyi's p-values of each pair", header, rows)
    yield _diagram(found, ranked, listed_ranks)
    yield Sentence(
        f"Friedman's test of {count(len(ranked.names), 'contender')} over {count(ranked.data_sets, 'data set')}: "
        f"χ² = {number(ranked.chi2)}, p = {number(ranked.p, 3)}. Two contenders are told apart if their mean ranks "
        f"differ by more than the critical difference, {number(ranked.critical)} (Nemenyi, at {ranked.level:g})."
    )


def _diagram(found: Over, ranked: Ranks, listed_ranks: Any) -> Figure:
    """The critical-difference diagram: a line for each contender, and bars that join those not told apart."""
    places = list(range(len(ranked.names)))
    below = len(places) - 0.2
    traces: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "markers", "name": "mean rank", "x": [digits(rank) for rank in ranked.ranks],
         "y": places, "hoverinfo": "x", "marker": {"color": "--first", "size": 11}},
    ]  # fmt: skip
    rank_of = dict(zip(ranked.names, ranked.ranks, strict=True))
    for group in ranked.groups:
        ends = [digits(rank_of[group[0]] - 0.04), digits(rank_of[group[-1]] + 0.04)]
        traces.append({"type": "scatter", "mode": "lines", "name": "not told apart", "x": ends, "y": [below, below],
                       "line": {"color": "--second", "width": 6}, "hoverinfo": "skip",
                       "showlegend": group is ranked.groups[0]})  # fmt: skip
        below += BAR
    traces.append({"type": "scatter", "mode": "lines", "name": f"critical difference, {number(ranked.critical, 3)}",
                   "x": [1, digits(1 + ranked.critical)], "y": [below, below], "hoverinfo": "skip",
                   "line": {"color": "--quiet", "width": 3}})  # fmt: skip
    high = max(len(places), 1 + ranked.critical)
    layout = {
        "xaxis": {"title": {"text": "mean rank (1 is the best)"}, "range": [0.8, digits(high + 0.2)]},
        "yaxis": {"tickvals": places, "ticktext": [label(found.titles[name]) for name in ranked.names],
                  "showgrid": False, "range": [below + 0.5, -0.6]},
        "height": 200 + LINE * len(places),
    }  # fmt: skip
    said = "; ".join(f"{bare(found.titles[name])} {number(rank, 3)}" for name, rank in rank_of.items())
    groups = "; ".join(", ".join(bare(found.titles[name]) for name in group) for group in ranked.groups) or "none"
    alt = (
        f"Critical-difference diagram over {count(ranked.data_sets, 'data set')}: mean ranks {said}; critical "
        f"difference {number(ranked.critical, 3)}; not told apart: {groups}."
    )
    return Figure("critical-difference", "Critical-difference diagram", alt, traces, layout, listed_ranks)


def _data(found: Over) -> Iterator[Block]:
    rows = []
    for name, one in zip(found.names, found.files, strict=True):
        record, entry = one.record, _last(one)
        rows.append([
            name, one.path.resolve().name, record.model, str(record.table.rows), rows_words(entry.rows),
            str(entry.units), entry.over, str(record.protocol.trials), record.state,
        ])  # fmt: skip
    header = ("data set", "comparison", "model", "rows", "learned from", "units", "over", "trials", "state")
    yield table("Data sets", header, rows)
    means = [
        [bare(found.titles[name]), *(measured(_last(one).means[name].mean) for one in found.files)]
        for name in found.scores
    ]
    yield table(f"Mean {found.score.title} of the test rows", ("contender", *found.names), means)
    if len({(one.record.model, one.record.spec) for one in found.files}) > 1:
        yield Sentence("The specs are not all the same: each gain is that of the spec of its comparison.")
