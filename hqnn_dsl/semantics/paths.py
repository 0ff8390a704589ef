"""Paths of weights: what `initial PATH …` and `freeze PATH` mean.

`weights` is all of them. Otherwise a path names a tensor or the place that holds several; what leads may be left out
while one thing is meant. Where several `initial` lines reach one tensor, the narrowest path wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.report.codes.meaning import GivenTwice, UnknownPath
from hqnn_dsl.report.diagnostic import Diagnostic, Note
from hqnn_dsl.semantics.values import choices, suggestion

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import WeightTensor
    from hqnn_dsl.syntax import nodes

_Report = Callable[[Diagnostic], None]


def places_of(tensors: list[WeightTensor]) -> list[tuple[str, ...]]:
    """Every tensor's path and every prefix of one, as segments, without repetition."""
    found: dict[tuple[str, ...], None] = {}
    for tensor in tensors:
        segments = tuple(tensor.path.split("."))
        for end in range(1, len(segments) + 1):
            found[segments[:end]] = None
    return list(found)


def meant(path: nodes.Path, tensors: list[WeightTensor], report: _Report) -> tuple[str, ...] | None:
    """The place that a path means, () for all weights; None where it means nothing or several things."""
    if path.text == "weights" and tensors:
        return ()
    wanted = tuple(path.text.split("."))
    places = places_of(tensors)
    exact = [place for place in places if place == wanted]
    found = exact or [place for place in places if place[-len(wanted) :] == wanted]
    if len(found) == 1:
        return found[0]
    names = [".".join(place) for place in places]
    if not found:
        known = f"weights are at {choices(names)}" if len(names) <= 12 else ""
        hint = suggestion(path.text, names) or (known if names else "this circuit has no weights")
        report(UnknownPath(span=path.span, path=path.text, problem="points at no weights of this circuit", hint=hint))
    else:
        hint = f"write {choices(['.'.join(place) for place in found])}"
        report(UnknownPath(span=path.span, path=path.text, problem="points at several weights", hint=hint))
    return None


def _under(tensor: WeightTensor, place: tuple[str, ...]) -> bool:
    return tuple(tensor.path.split("."))[: len(place)] == place


def apply_initials(
    initials: list[tuple[nodes.Initial, tuple[str, tuple[float, ...]]]], tensors: list[WeightTensor], report: _Report
) -> list[WeightTensor]:
    """The tensors with the starting values that the `initial` lines give them."""
    settled: dict[tuple[str, ...], tuple[nodes.Initial, tuple[str, tuple[float, ...]]]] = {}
    for node, how in initials:
        place = meant(node.path, tensors, report)
        if place is None:
            continue
        if place in settled and settled[place] != (node, how):
            note = Note("first given here", settled[place][0].span)
            report(GivenTwice(span=node.span, name=f"initial {node.path.text}", notes=(note,)))
        settled[place] = (node, how)
    for place, (_, how) in sorted(settled.items(), key=lambda item: len(item[0])):
        tensors = [replace(tensor, initial=how) if _under(tensor, place) else tensor for tensor in tensors]
    return tensors


def apply_freezes(freezes: list[nodes.Freeze], tensors: list[WeightTensor], report: _Report) -> list[WeightTensor]:
    """The tensors with those frozen that the `freeze` lines name."""
    for node in freezes:
        place = meant(node.path, tensors, report)
        if place is not None:
            tensors = [replace(tensor, frozen=True) if _under(tensor, place) else tensor for tensor in tensors]
    return tensors
