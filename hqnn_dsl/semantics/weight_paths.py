"""Paths of weights: what `initial PATH …` and `freeze PATH` mean.

`weights` is all of them. Otherwise a path names a tensor or the place that holds several; what leads may be left out
while one thing is meant. Where several `initial` lines reach one tensor, the narrowest path wins.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.meaning import GivenTwice, NoEffect, UnknownPath
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.semantics.collector import refuse_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.circuit.ir import WeightTensor
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.collector import Collector
    from hqnn_dsl.syntax import nodes

_Place = tuple[str, ...]
_How = tuple[str, tuple[float, ...]]
_MOST_NAMED = 12
"""Places that a message names."""


def places_of(tensors: list[WeightTensor]) -> list[_Place]:
    """Every tensor's path and every prefix of one, as segments, without repetition."""
    found: dict[_Place, None] = {}
    for tensor in tensors:
        for prefix in _prefixes(tensor):
            found[prefix] = None
    return list(found)


def _prefixes(tensor: WeightTensor) -> list[_Place]:
    """The places that hold a tensor, the widest first, the tensor itself last."""
    segments = tuple(tensor.path.split("."))
    return [segments[:end] for end in range(1, len(segments) + 1)]


class Paths:
    """The places of a circuit's weights, and which of them a path means; every path is looked up once."""

    def __init__(self, tensors: list[WeightTensor]) -> None:
        self.places = places_of(tensors)
        self._whole = set(self.places)
        self._by_end: dict[int, dict[_Place, list[_Place]]] = {}
        self._advised = 0

    def meant(self, path: nodes.Path) -> _Place:
        """The place that a path means, () for all weights. Raises `Refusal` if it means nothing or several places."""
        if path.text == "weights" and self.places:
            return ()
        wanted = tuple(path.text.split("."))
        if wanted in self._whole:
            return wanted
        found = self._ending(len(wanted)).get(wanted, [])
        if len(found) == 1:
            return found[0]
        if found:
            shown = [*map(".".join, found[:_MOST_NAMED]), *(["…"] if found[_MOST_NAMED:] else [])]
            hint = f"write {sentences.names(shown, 'or')}"
            problem = "points at several weights"
        else:
            hint, problem = self._advice(path.text), "points at no weights of this circuit"
        raise Refusal(UnknownPath(span=path.span, path=path.text, problem=problem, hint=hint))

    def _ending(self, length: int) -> dict[_Place, list[_Place]]:
        """The places by their last `length` segments."""
        if length not in self._by_end:
            found = self._by_end[length] = {}
            for place in self.places:
                if len(place) >= length:
                    found.setdefault(place[-length:], []).append(place)
        return self._by_end[length]

    def _advice(self, text: str) -> str:
        if not self.places:
            return "this circuit has no weights"
        self._advised += len(self.places)
        if self._advised > limits.MAX_ADVICE + len(self.places):
            return ""
        names = [".".join(place) for place in self.places]
        known = f"weights are at {sentences.names(names, 'or')}" if len(names) <= _MOST_NAMED else ""
        return sentences.did_you_mean(sentences.nearest(text, names)) or known


def apply_initials(
    initials: list[tuple[nodes.Initial, _How]], tensors: list[WeightTensor], collector: Collector
) -> list[WeightTensor]:
    """The tensors with the starting values that the `initial` lines give them."""
    if not initials:
        return tensors
    paths = Paths(tensors)
    settled: dict[_Place, tuple[nodes.Initial, _How]] = {}
    for node, how in initials:
        with collector.gathering():
            place = paths.meant(node.path)
            before, settled[place] = settled.get(place), (node, how)
            if before is not None and not (before[0] is node and before[1] == how):
                note = Note("first given here", before[0].span)
                raise Refusal(GivenTwice(span=node.span, name=f"initial {node.path.text}", notes=(note,)))
    deciding = {tensor.path: _narrowest(tensor, settled) for tensor in tensors}
    idle = settled.keys() - set(deciding.values()) if tensors else ()
    with collector.gathering():
        refuse_all(_idle_initial(node) for place, (node, _) in settled.items() if place in idle)
    return [
        tensor if place is None else replace(tensor, initial=settled[place][1])
        for tensor, place in zip(tensors, deciding.values(), strict=True)
    ]


def _idle_initial(node: nodes.Initial) -> Diagnostic:
    reason = "lines with longer paths say it of every weight that this names"
    return NoEffect(span=node.span, what=f"initial {node.path.text}", reason=reason)


def _narrowest(tensor: WeightTensor, settled: Mapping[_Place, object]) -> _Place | None:
    """The narrowest place with a line of its own that holds a tensor."""
    return next((place for place in reversed([(), *_prefixes(tensor)]) if place in settled), None)


def apply_freezes(freezes: list[nodes.Freeze], tensors: list[WeightTensor], collector: Collector) -> list[WeightTensor]:
    """The tensors with those frozen that the `freeze` lines name; a line that freezes nothing more is refused."""
    if not freezes:
        return tensors
    paths = Paths(tensors)
    lines = list({id(node): node for node in freezes}.values())
    first: dict[_Place, int] = {}
    for number, node in enumerate(lines):
        with collector.gathering():
            if first.setdefault(paths.meant(node.path), number) != number:
                raise Refusal(_idle_freeze(node))
    by = [
        min((first[place] for place in ((), *_prefixes(tensor)) if place in first), default=None) for tensor in tensors
    ]
    with collector.gathering():
        idle = sorted(set(first.values()).difference(by))
        refuse_all(_idle_freeze(lines[number]) for number in idle)
    return [
        tensor if number is None else replace(tensor, frozen=True) for tensor, number in zip(tensors, by, strict=True)
    ]


def _idle_freeze(node: nodes.Freeze) -> Diagnostic:
    reason = "what it names is frozen before"
    return NoEffect(span=node.span, what=f"freeze {node.path.text}", reason=reason, hint="leave it out")
