"""Everything that a program reads as Pauli terms: cuStateVec reads strings, and a probability is a sum of them.

The projector on an outcome is the product over its bits of (1 ± Z)/2, so k bits make 2^k strings for all outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.strings import parity

if TYPE_CHECKING:
    from hqnn_dsl.circuit.pauli.program import Marginal, PauliProgram

String = tuple[int, int]


@dataclass(frozen=True)
class Reading:
    """`strings` are read; each of `uses` adds coefficient · string to an output; `constants` are of the identity."""

    strings: tuple[String, ...]
    uses: tuple[tuple[int, int, float], ...]
    constants: tuple[tuple[int, float], ...]


def reading_of(program: PauliProgram) -> Reading:
    """The strings of all terms and marginals, each once."""
    number: dict[String, int] = {}
    uses: dict[tuple[int, int], float] = {}
    constants: list[tuple[int, float]] = []
    found = [(term.x, term.z, term.output, term.coefficient) for term in program.terms]
    found += [(0, z, output, factor) for marginal in program.marginals for z, output, factor in _projectors(marginal)]
    for x, z, output, factor in found:
        if x == z == 0:
            constants.append((output, factor))
            continue
        place = number.setdefault((x, z), len(number))
        uses[place, output] = uses.get((place, output), 0.0) + factor
    listed = tuple((place, output, factor) for (place, output), factor in uses.items())
    return Reading(tuple(number), listed, tuple(constants))


def _projectors(marginal: Marginal) -> list[tuple[int, int, float]]:
    """The (z mask, output, factor) of all outcomes."""
    found = []
    for chosen in range(marginal.size):
        mask, flips = 0, 0
        for k, (own, flip) in enumerate(marginal.bits):
            if chosen >> k & 1:
                mask, flips = mask ^ own, flips ^ flip
        for outcome in range(marginal.size):
            sign = 1 - 2 * (parity(outcome & chosen) ^ flips)
            found.append((mask, marginal.first + outcome, sign / marginal.size))
    return found
