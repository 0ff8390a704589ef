"""Angles as short text for a drawing: rounded numbers, few brackets, and a legend for long ones.

All digits are in the other files of a compiled folder; a drawing says which angle it is.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import Angle, Const, InputRef, WeightRef
from hqnn_dsl.circuit.folding import fold
from hqnn_dsl.circuit.names import input_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit

LONGEST_IN_A_BOX = 14
"""Letters of an angle that is written into a gate; a longer one gets a name, and a line of the legend."""

LONGEST_LINE = 110
"""Letters of a line of the legend; the rest is cut off."""

_SUM, _PRODUCT, _SIGN, _POWER, _WHOLE = range(5)
_MAX_PI = 16


@dataclass(frozen=True, slots=True)
class Term:
    """Text of an expression and its binding strength, by which it gets brackets inside another."""

    text: str
    rank: int = _WHOLE

    def within(self, rank: int) -> str:
        """The text, in brackets if it holds together less than `rank`."""
        return self.text if self.rank >= rank else f"({self.text})"


def number(value: float) -> Term:
    """A number in four digits, small fractions of π as such: `3π/4`."""
    if value < 0:
        return Term(f"−{number(-value).within(_PRODUCT)}", _SIGN)
    for denominator in (1, 2, 3, 4, 6, 8, 12, 16):
        numerator = round(value * denominator / math.pi)
        if 0 < numerator <= _MAX_PI and abs(numerator * math.pi / denominator - value) < 1e-12:
            over = "" if denominator == 1 else f"/{denominator}"
            return Term(f"{'' if numerator == 1 else numerator}π{over}", _WHOLE if not over else _PRODUCT)
    return Term(f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−"))


def combined(function: str, terms: Sequence[Term]) -> Term:
    """Returns the text of a function of `circuit.angles` on expressions, cut if it grows too long."""
    found = _combined(function, terms)
    return found if len(found.text) <= 4 * LONGEST_LINE else Term(f"{found.text[: 3 * LONGEST_LINE]}…")


def _combined(function: str, terms: Sequence[Term]) -> Term:
    if len(terms) == 1:
        (only,) = terms
        if function == "neg":
            return Term(f"−{only.within(_PRODUCT)}", _SIGN) if only.rank != _SIGN else Term(f"−({only.text})", _SIGN)
        return Term(f"{function}({only.text})")
    first, second = terms
    match function:
        case "add" if second.rank == _SIGN:
            return Term(f"{first.text} − {second.text.removeprefix('−')}", _SUM)
        case "add":
            return Term(f"{first.text} + {second.text}", _SUM)
        case "sub":
            return Term(f"{first.text} − {_behind(second, _PRODUCT)}", _SUM)
        case "mul":
            return Term(f"{_ahead(first)}·{_behind(second, _PRODUCT)}", _PRODUCT)
        case "div":
            return Term(f"{_ahead(first)}/{_behind(second, _POWER)}", _PRODUCT)
        case "pow":
            return Term(f"{first.within(_WHOLE)}^{second.within(_WHOLE)}", _POWER)
    return Term(f"{function}({first.text}, {second.text})")


def _ahead(term: Term) -> str:
    """A first factor: a sign may stand there."""
    return term.text if term.rank == _SIGN else term.within(_PRODUCT)


def _behind(term: Term, rank: int) -> str:
    """Returns the text after an operator: without a sign, which would be a second one."""
    return f"({term.text})" if term.rank == _SIGN else term.within(rank)


def scaled_sum(terms: Sequence[tuple[float, Term]], constant: float) -> Term:
    """Returns `Σ factor·term + constant`, the form of the angles after transpiling."""
    parts = [_scaled(factor, term) for factor, term in terms if abs(factor) > 1e-12]
    if abs(constant) > 1e-12 or not parts:
        parts.append(number(constant))
    found = parts[0]
    for part in parts[1:]:
        found = combined("add", (found, part))
    return found


def _scaled(factor: float, term: Term) -> Term:
    if factor < 0:
        return combined("neg", (_scaled(-factor, term),))
    if factor == 1:
        return term
    if factor < 1 and abs(1 / factor - round(1 / factor)) < 1e-12:
        return combined("div", (term, number(round(1 / factor))))
    return combined("mul", (number(factor), term))


class Labels:
    """The names in a circuit's drawings: short ones of inputs and weights, and those of long angles.

    `legend` is filled while gates are labelled: pairs of a name and its meaning.
    """

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._own: dict[str, str] = {}
        inputs = {name.partition("[")[0] for name in input_names(circuit)}
        self._tensors = _short_names([tensor.path for tensor in circuit.weights], inputs)
        self._paths = [tensor.path for tensor in circuit.weights for _ in range(tensor.size)]
        self.used: dict[str, str] = {}

    @cached_property
    def _leaves(self) -> tuple[list[Term], list[Term]]:
        weights = []
        for tensor in self._circuit.weights:
            short = self._tensors[tensor.path]
            for place in range(tensor.size):
                index = _index(place, tensor.shape)
                weights.append(Term(f"{short}[{','.join(map(str, index))}]" if index else short))
        return [Term(name) for name in input_names(self._circuit)], weights

    @cached_property
    def _letter(self) -> str:
        """The beginning of the names of long angles, a number follows: no other name begins so."""
        names = [term.text for terms in self._leaves for term in terms]
        return next(letter for letter in ("a", "θ", "angle") if not any(_is_numbered(name, letter) for name in names))

    def slot(self, slot: int) -> Term:
        """The angle of a slot, or its name in the legend."""
        return self.short(self._term(self._circuit.slots[slot]))

    def short(self, term: Term) -> Term:
        """The expression itself if it fits into a box, a name for it if not."""
        if len(term.text) <= LONGEST_IN_A_BOX:
            return term
        return Term(self._own.setdefault(term.text, f"{self._letter}{len(self._own) + 1}"))

    def _term(self, angle: Angle) -> Term:
        inputs, weights = self._leaves

        def leaf(found: Const | InputRef | WeightRef) -> Term:
            if isinstance(found, Const):
                return number(found.value)
            if isinstance(found, InputRef):
                return inputs[found.index]
            path = self._paths[found.index]
            self.used.setdefault(self._tensors[path], path)
            return weights[found.index]

        return fold(angle, leaf, combined)

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Names in the drawing, each with its meaning: weights first, then angles."""
        tensors = [(short, path) for short, path in self.used.items() if short != path]
        return [*tensors, *((name, _cut(text)) for text, name in self._own.items())]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


def _index(place: int, shape: Sequence[int]) -> list[int]:
    index = []
    for length in reversed(shape):
        place, at = divmod(place, length)
        index.append(at)
    return index[::-1]


def _is_numbered(name: str, letter: str) -> bool:
    return name.startswith(letter) and name[len(letter) :].isdigit()


def _short_names(paths: Sequence[str], others: set[str]) -> dict[str, str]:
    """The last part of each path, with numbers if that is not enough: `w` of `brickwork.w`, or `w1`, `w2`."""
    ends = [path.rpartition(".")[2] for path in paths]
    repeated = {end for end, times in Counter(ends).items() if times > 1} | others
    taken, found, numbers = {*ends, *others}, {}, Counter[str]()
    for path, end in zip(paths, ends, strict=True):
        name = end
        while end in repeated and (name == end or name in taken):
            numbers[end] += 1
            name = f"{end}{numbers[end]}"
        taken.add(name)
        found[path] = name
    return found
