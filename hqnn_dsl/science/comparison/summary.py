"""What the results of a comparison say: means, paired statistics, learning curves, epochs, and their sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.science.comparison.headline import headline
from hqnn_dsl.science.statistics.comparison import compare
from hqnn_dsl.science.statistics.epochs import epochs_sentence, epochs_to, epochs_to_target
from hqnn_dsl.science.statistics.learning_curves import curves_sentence, learning_curves
from hqnn_dsl.science.statistics.units import Layout, Score, Unit, deviation, mean
from hqnn_dsl.science.statistics.verdict import sentence, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.science.comparison.files import ContenderRecord, ResultFile
    from hqnn_dsl.science.protocol import Protocol
    from hqnn_dsl.science.statistics.comparison import Comparison
    from hqnn_dsl.training.many_plan import One

    Results = Mapping[tuple[str, int], ResultFile]


@dataclass(frozen=True, eq=False)
class Summary:
    """The sentences of a comparison, and its statistics as plain data, an entry for each number of rows."""

    sentences: tuple[str, ...]
    statistics: tuple[dict[str, Any] | None, ...]


def summary(
    protocol: Protocol, contenders: Sequence[ContenderRecord], results: Results, score: Score, num_rows: int
) -> Summary:
    """Returns what the results say so far, of a table with so many rows.

    A number of rows to learn from is left out (None) until all contenders have ended on it.

    The first contender is the model as written.
    """
    present = [one for one in contenders if not one.absent]
    whole = _whole(protocol, present, results)
    found = [None if own is None else _at(own, present, results, score, protocol, num_rows) for own in whole]
    lines: list[str] = []
    for entry in found:
        if entry is not None:
            before = "" if len(found) == 1 else f"{'all' if entry['rows'] is None else entry['rows']} rows: "
            lines += [f"{before}{text}" for text in entry["headline"]]
    curves = _curves(whole, present, results, score, protocol, num_rows) if len(found) > 1 and all(found) else []
    lines += _curves_said(curves, {one.name: one.title for one in present})
    if curves and found[-1] is not None:
        found[-1]["curves"] = curves
    return Summary(tuple(lines), tuple(found))


def _curves_said(curves: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[str]:
    """Returns each claim with its numbers, then one line for all that nothing can be said of."""
    lines = [one["sentence"] for one in curves if one["finding"].startswith("needs")]
    none = [titles[one["other"]] for one in curves if one["finding"] == "no evidence of a difference"]
    if none:
        lines.append(f"learning curves: no evidence that it needs fewer or more rows than {listed(none, 'and')}")
    untested = [titles[one["other"]] for one in curves if one["finding"] == "untested"]
    if untested:
        lines.append(f"learning curves: not comparable with {listed(untested, 'and')}")
    return lines


def summed_up(protocol: Protocol, contenders: Sequence[ContenderRecord], results: Results) -> tuple[ResultFile, ...]:
    """The results that a summary is made of: as long as they are the same, so is the summary."""
    present = [one for one in contenders if not one.absent]
    parts = [own for own in _whole(protocol, present, results) if own is not None]
    return tuple(results[other.name, one.number] for own in parts for one in own for other in present)


def _whole(protocol: Protocol, present: Sequence[ContenderRecord], results: Results) -> list[list[One] | None]:
    """The units of each number of rows; None until every contender has ended on each of them."""
    ones = protocol.plan.trainings()
    parts = [[one for one in ones if one.rows == rows] for rows in protocol.plan.rows]
    return [own if _is_whole(own, present, results) else None for own in parts]


def _is_whole(ones: Sequence[One], present: Sequence[ContenderRecord], results: Results) -> bool:
    """Whether every contender has ended on each of some units."""
    found = [results.get((own.name, one.number)) for own in present for one in ones]
    return all(one is not None and one.state != "open" for one in found)


def _scores(name: str, ones: Sequence[One], results: Results, score: Score) -> list[float | None]:
    return [results[name, one.number].scores.get("test", {}).get(score.name) for one in ones]


def layout_of(ones: Sequence[One], own: str, results: Results, num_rows: int) -> Layout:
    """The units of a comparison, with the sizes that the model as written has recorded for them.

    If fewer rows are learned from than there are, all that do not test are those that could be, as for many trainings:
    the correction of the variance is of how much units have in common.
    """
    sizes = {one.number: results[own, one.number].sizes for one in ones}
    known = next((size for size in sizes.values() if size is not None), None)
    units = []
    for one in ones:
        size = sizes[one.number] or known or [1, 0, 1]
        learned = size[0] + size[1] if one.rows is None else num_rows - size[2]
        units.append(Unit(repeat=one.repeat, fold=one.fold, tested=size[2], learned=learned))
    return Layout(units=tuple(units))


def _at(  # noqa: PLR0913, PLR0917 - all that statistics are made of
    ones: Sequence[One],
    present: Sequence[ContenderRecord],
    results: Results,
    score: Score,
    protocol: Protocol,
    num_rows: int,
) -> dict[str, Any]:
    """The statistics at one number of rows."""
    own, titles = present[0].name, {one.name: one.title for one in present}
    layout = layout_of(ones, own, results, num_rows)
    scores = {one.name: _scores(one.name, ones, results, score) for one in present}
    refuse_other_rows(ones, present, results)
    seed = protocol.seed
    compared = compare(own, scores, layout, score, seed=seed, level=protocol.level)
    return {
        "rows": ones[0].rows,
        "score": score.name,
        "units": len(ones),
        "over": layout.over,
        "overlap": layout.overlap,
        "means": {one.name: _mean_of(scores[one.name]) for one in present},
        "scores": scores,
        "all_scores": {one.name: _all_means(one.name, ones, results) for one in present},
        "comparisons": [_record(one, titles) for one in compared],
        "verdict": verdict(compared, titles),
        "headline": headline(compared, present, scores, score),
        "epochs": _epochs(ones, present, results, layout),
    }


def refuse_other_rows(ones: Sequence[One], present: Sequence[ContenderRecord], results: Results) -> None:
    """A broken assumption if contenders were scored on different test rows of one unit."""
    for one in ones:
        hashes = {results[c.name, one.number].test_rows for c in present} - {None}
        assert len(hashes) < 2, f"contenders of unit {one.number} were scored on different rows"


def _mean_of(scores: Sequence[float | None]) -> dict[str, Any]:
    known = [value for value in scores if value is not None]
    return {"mean": mean(known), "deviation": deviation(known), "n": len(known)}


def _all_means(name: str, ones: Sequence[One], results: Results) -> dict[str, float | None]:
    """The mean of every score of the test rows; None if a unit has none."""
    each = [results[name, one.number].scores.get("test", {}) for one in ones]
    names = dict.fromkeys(key for scores in each for key in scores)
    return {key: _whole_mean([scores.get(key) for scores in each]) for key in names}


def _whole_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def _record(one: Comparison, titles: Mapping[str, str]) -> dict[str, Any]:
    test = one.test
    return {
        "other": one.other,
        "finding": one.finding,
        "gain": one.gain,
        "difference": one.paired.mean,
        "low": None if test is None else test.low,
        "high": None if test is None else test.high,
        "t": None if test is None else test.t,
        "p": None if test is None else test.p,
        "adjusted": one.adjusted,
        "family": one.family,
        "better_in": list(one.paired.better_in(one.score)),
        "effect": None if one.effect is None else asdict(one.effect),
        "bootstrap": None if one.interval is None else asdict(one.interval),
        "bayes": None if one.posterior is None else asdict(one.posterior),
        "half_region": one.half_region,
        "needed": None if one.needed is None else asdict(one.needed),
        "sentence": sentence(one, titles),
    }


def _epochs(
    ones: Sequence[One], present: Sequence[ContenderRecord], results: Results, layout: Layout
) -> list[dict[str, Any]]:
    """The epochs to a target, beside every control that is trained in epochs on the same scaled loss.

    The target of a unit is the largest of the least validation losses of both contenders, which both reach, times 1.05:
    how soon each comes near to what the other one can do as well.
    """
    own = present[0]
    found = []
    for other in present[1:]:
        if other.kind != "control":
            continue
        pairs = [(results[own.name, one.number].losses, results[other.name, one.number].losses) for one in ones]
        if not all(_known(a) and _known(b) for a, b in pairs):
            continue
        targets = [_target(_known(a), _known(b)) for a, b in pairs]
        budget = max(max(len(a), len(b)) for a, b in pairs)
        reached = [
            [epochs_to(losses, target) for losses, target in zip(side, targets, strict=True)]
            for side in ([a for a, _ in pairs], [b for _, b in pairs])
        ]
        tested = epochs_to_target((own.title, reached[0]), (other.title, reached[1]), budget, layout)
        found.append(
            {
                "other": other.name,
                "finding": tested.finding,
                "means": list(tested.means),
                "reached": list(tested.reached),
                "p": tested.test.p,
                "sentence": epochs_sentence(tested),
            }
        )
    return found


def _known(losses: Sequence[float | None]) -> list[float]:
    return [loss for loss in losses if loss is not None]


def _target(own: Sequence[float], other: Sequence[float]) -> float:
    worse = max(min(own), min(other))
    return worse + 0.05 * abs(worse)


def _curves(  # noqa: PLR0913, PLR0917 - all that curves are made of
    whole: Sequence[Sequence[One] | None],
    present: Sequence[ContenderRecord],
    results: Results,
    score: Score,
    protocol: Protocol,
    num_rows: int,
) -> list[dict[str, Any]]:
    """The learning curves of the model as written beside those of every other contender."""
    parts = [ones for ones in whole if ones is not None]
    own = present[0]
    layout = layout_of(parts[-1], own.name, results, num_rows)
    rows = [ones[0].rows or layout.units[0].learned for ones in parts]
    if any(a >= b for a, b in pairwise(rows)):
        return []
    found = []
    for other in present[1:]:
        both = [[_scores(one.name, ones, results, score) for ones in parts] for one in (own, other)]
        curves = learning_curves(
            (own.title, both[0]), (other.title, both[1]), rows, layout, score,
            family=len(present) - 1, level=protocol.level,
        )  # fmt: skip
        found.append(
            {"other": other.name, "finding": curves.finding, "rows": rows, "sentence": curves_sentence(curves)}
        )
    return found
