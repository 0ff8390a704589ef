"""The first sentences of a comparison: whether the quantum layer was worth it, as far as the statistics say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.diagnostics.sentences import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.science.comparison.files import ContenderRecord
    from hqnn_dsl.science.statistics.comparison import Comparison
    from hqnn_dsl.science.statistics.units import Score

TWINS = ("no_circuit", "width_twin", "parameter_twin")
"""Controls in which classical layers, or nothing, stand in place of the circuit."""

PARTS = {
    "frozen": "the training of its weights",
    "without_entanglers": "entanglement",
    "feature_map_only": "the ansatz",
    "shuffled_inputs": "what the circuit reads",
}
"""Controls that take one part of the circuit away, with the part."""

SURROGATE = "surrogate"
_TIED = frozenset({"practically equivalent", "no evidence of a difference"})


def headline(
    compared: Sequence[Comparison],
    present: Sequence[ContenderRecord],
    scores: Mapping[str, Sequence[float | None]],
    score: Score,
) -> list[str]:
    """Returns the sentences: the circuit beside its classical twins, its parts, its surrogate, and classical models."""
    found = {one.other: one for one in compared}
    titles = {one.name: one.title for one in present}
    lines = [
        _twins([found[name] for name in TWINS if name in found], titles),
        _parts([found[name] for name in PARTS if name in found]),
        _surrogate(found.get(SURROGATE), titles),
        _classical([found[one.name] for one in present if one.kind == "classical" and one.name in found], titles),
        _best(present, scores, score),
    ]
    return [line for line in lines if line]


def _names(some: Sequence[Comparison], titles: Mapping[str, str]) -> str:
    return listed([titles[one.other] for one in some], "and")


def _twins(twins: Sequence[Comparison], titles: Mapping[str, str]) -> str:
    tested = [one for one in twins if one.finding != "untested"]
    if not tested:
        return "nothing says whether the quantum layer helps: no classical twin of it could be compared"
    untested = [one for one in twins if one.finding == "untested"]
    if not untested:
        return _tested_twins(tested, titles)
    better, rest = (
        [one for one in tested if one.finding == "better"],
        f"{_names(untested, titles)} could not be compared",
    )
    if len(better) == len(tested):
        return f"whether the quantum layer helps is open: the model is better than {_names(better, titles)}, but {rest}"
    return f"{_tested_twins(tested, titles)}; {rest}"


def _tested_twins(tested: Sequence[Comparison], titles: Mapping[str, str]) -> str:
    better = [one for one in tested if one.finding == "better"]
    worse = [one for one in tested if one.finding == "worse"]
    tied = [one for one in tested if one.finding in _TIED]
    if len(better) == len(tested):
        return f"the quantum layer helps here: the model is better than {_names(better, titles)}"
    if not better and not worse:
        return f"no evidence that the quantum layer helps: no clear difference from {_names(tied, titles)}"
    if not better:
        rest = f", and there is no clear difference from {_names(tied, titles)}" if tied else ""
        return f"no evidence that the quantum layer helps: the model is worse than {_names(worse, titles)}{rest}"
    but = [f"worse than {_names(worse, titles)}"] if worse else []
    but += [f"not clearly different from {_names(tied, titles)}"] if tied else []
    return (
        f"no evidence that it takes a quantum layer: the model is better than {_names(better, titles)}, "
        f"but {listed(but, 'and')}"
    )


def _parts(parts: Sequence[Comparison]) -> str:
    words = {
        "better": "better with",
        "worse": "worse with",
        "practically equivalent": "no difference that matters by",
        "no evidence of a difference": "no evidence of a difference by",
    }
    found: dict[str, list[str]] = {}
    for one in parts:
        if one.finding in words:
            found.setdefault(words[one.finding], []).append(PARTS[one.other])
    said = [f"{word} {listed(found[word], 'and')}" for word in words.values() if word in found]
    return f"parts of the circuit: {'; '.join(said)}" if said else ""


def _surrogate(one: Comparison | None, titles: Mapping[str, str]) -> str:
    if one is None or one.finding == "untested":
        return ""
    title = titles[one.other]
    about = f"{title}, a classical model of the circuit's frequencies"
    if one.finding == "worse":
        return f"{about}, is better than the model"
    words = {"better": "the model is better than", "practically equivalent": "the model is practically equivalent to"}
    return f"{words.get(one.finding, 'there is no evidence of a difference between the model and')} {about}"


def _classical(some: Sequence[Comparison], titles: Mapping[str, str]) -> str:
    worse = [one for one in some if one.finding == "worse"]
    if worse:
        return f"{_names(worse, titles)} {'is' if len(worse) == 1 else 'are'} better than the model"
    better = [one for one in some if one.finding == "better"]
    if some and len(better) == len(some):
        return "the model is better than every classical contender"
    return ""


def _best(present: Sequence[ContenderRecord], scores: Mapping[str, Sequence[float | None]], score: Score) -> str:
    """Names the contender with the best mean, which was looked for among all: it says nothing of new tables."""
    means = {}
    for one in present:
        each = scores[one.name]
        known = [value for value in each if value is not None]
        if known and len(known) == len(each):
            means[one.name] = sum(known) / len(known)
    if not means:
        return ""
    best = (max if score.higher_is_better else min)(means, key=lambda name: means[name])
    title = next(one.title for one in present if one.name == best)
    own = present[0].name
    rest = "" if best == own or own not in means else f", that of the model {number(means[own])}"
    return f"the best mean {score.title} is that of {title}: {number(means[best])}{rest}"
