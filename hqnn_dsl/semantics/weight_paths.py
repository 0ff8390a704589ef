"""Paths of weights: the tensors that `initial PATH …` and `freeze PATH` mean.

`weights` is all of them. Otherwise a path names a tensor or a block that holds several; its first segments may be left
out if the rest is unambiguous. If several `initial` lines reach one tensor, the longest path wins.
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

_Segments = tuple[str, ...]
_How = tuple[str, tuple[float, ...]]
_MOST_NAMED = 12
"""The most paths that a message lists."""


def paths_of(tensors: list[WeightTensor]) -> list[_Segments]:
    """The path of every tensor and every prefix of one, each once."""
    found: dict[_Segments, None] = {}
    for tensor in tensors:
        for prefix in _prefixes(tensor):
            found[prefix] = None
    return list(found)


def _prefixes(tensor: WeightTensor) -> list[_Segments]:
    """The prefixes of a tensor's path, the shortest first, the path itself last."""
    segments = tuple(tensor.path.split("."))
    return [segments[:end] for end in range(1, len(segments) + 1)]


class Paths:
    """The paths of a circuit's weights, and which of them a written path means."""

    def __init__(self, tensors: list[WeightTensor]) -> None:
        self.paths = paths_of(tensors)
        self._whole = set(self.paths)
        self._by_end: dict[int, dict[_Segments, list[_Segments]]] = {}
        self._advised = 0

    def meant(self, node: nodes.Path) -> _Segments:
        """The path that a written one means, () for all weights. Raises `Refusal` if it means none or several."""
        if node.text == "weights" and self.paths:
            return ()
        wanted = tuple(node.text.split("."))
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
            hint, problem = self._advice(node.text), "points at no weights of this circuit"
        raise Refusal(UnknownPath(span=node.span, path=node.text, problem=problem, hint=hint))

    def _ending(self, length: int) -> dict[_Segments, list[_Segments]]:
        """The paths by their last `length` segments."""
        if length not in self._by_end:
            found = self._by_end[length] = {}
            for path in self.paths:
                if len(path) >= length:
                    found.setdefault(path[-length:], []).append(path)
        return self._by_end[length]

    def _advice(self, text: str) -> str:
        if not self.paths:
            return "this circuit has no weights"
        self._advised += len(self.paths)
        if self._advised > limits.MAX_ADVICE + len(self.paths):
            return ""
        names = [".".join(path) for path in self.paths]
        known = f"weights are at {sentences.names(names, 'or')}" if len(names) <= _MOST_NAMED else ""
        return sentences.did_you_mean(sentences.nearest(text, names)) or known


def apply_initials(
    initials: list[tuple[nodes.Initial, _How]], tensors: list[WeightTensor], collector: Collector
) -> list[WeightTensor]:
    """The tensors with the starting values that the `initial` lines give them."""
    if not initials:
        return tensors
    paths = Paths(tensors)
    settled: dict[_Segments, tuple[nodes.Initial, _How]] = {}
    for node, how in initials:
        with collector.gathering():
            path = paths.meant(node.path)
            before, settled[path] = settled.get(path), (node, how)
            if before is not None and not (before[0] is node and before[1] == how):
                note = Note("first given here", before[0].span)
                raise Refusal(GivenTwice(span=node.span, name=f"initial {node.path.text}", notes=(note,)))
    deciding = {tensor.path: _narrowest(tensor, settled) for tensor in tensors}
    idle = settled.keys() - set(deciding.values()) if tensors else ()
    with collector.gathering():
        refuse_all(_idle_initial(node) for path, (node, _) in settled.items() if path in idle)
    return [
        tensor if path is None else replace(tensor, initial=settled[path][1])
        for tensor, path in zip(tensors, deciding.values(), strict=True)
    ]


def _idle_initial(node: nodes.Initial) -> Diagnostic:
    reason = "lines with longer paths say it of every weight that this names"
    return NoEffect(span=node.span, what=f"initial {node.path.text}", reason=reason)


def _narrowest(tensor: WeightTensor, settled: Mapping[_Segments, object]) -> _Segments | None:
    """The longest path with a line of its own that leads to a tensor."""
    return next((path for path in reversed([(), *_prefixes(tensor)]) if path in settled), None)


def apply_freezes(freezes: list[nodes.Freeze], tensors: list[WeightTensor], collector: Collector) -> list[WeightTensor]:
    """The tensors with those frozen that the `freeze` lines name; a line that freezes nothing more is refused."""
    if not freezes:
        return tensors
    paths = Paths(tensors)
    lines = list({id(node): node for node in freezes}.values())
    first: dict[_Segments, int] = {}
    for number, node in enumerate(lines):
        with collector.gathering():
            if first.setdefault(paths.meant(node.path), number) != number:
                raise Refusal(_idle_freeze(node))
    by = [min((first[path] for path in ((), *_prefixes(tensor)) if path in first), default=None) for tensor in tensors]
    with collector.gathering():
        idle = sorted(set(first.values()).difference(by))
        refuse_all(_idle_freeze(lines[number]) for number in idle)
    return [
        tensor if number is None else replace(tensor, frozen=True) for tensor, number in zip(tensors, by, strict=True)
    ]


def _idle_freeze(node: nodes.Freeze) -> Diagnostic:
    reason = "what it names is frozen before"
    return NoEffect(span=node.span, what=f"freeze {node.path.text}", reason=reason, hint="leave it out")
