"""What a program reads: Pauli terms by the library, and the outcomes of marginals by torch, in parts of the state.

cuStateVec reads strings, of which the outcomes of k bits would need 2^k and 4^k factors; one pass over the state gives
all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from hqnn_dsl.circuit.pauli.program import Marginal, PauliProgram

String = tuple[int, int]

PART = 1 << 22
"""Amplitudes whose outcomes are told at a time: their numbers take 8 bytes each."""


@dataclass(frozen=True)
class Reading:
    """`strings` are read; each of `uses` adds coefficient · string to an output; `constants` are of the identity."""

    strings: tuple[String, ...]
    uses: tuple[tuple[int, int, float], ...]
    constants: tuple[tuple[int, float], ...]
    marginals: tuple[Marginal, ...]


def reading_of(program: PauliProgram) -> Reading:
    """The strings of all terms, each once, and the marginals."""
    number: dict[String, int] = {}
    uses: dict[tuple[int, int], float] = {}
    constants: list[tuple[int, float]] = []
    for term in program.terms:
        if term.x == term.z == 0:
            constants.append((term.output, term.coefficient))
            continue
        place = number.setdefault((term.x, term.z), len(number))
        uses[place, term.output] = uses.get((place, term.output), 0.0) + term.coefficient
    listed = tuple((place, output, factor) for (place, output), factor in uses.items())
    return Reading(tuple(number), listed, tuple(constants), program.marginals)


def chances(psi: Tensor, marginal: Marginal) -> Tensor:
    """The probabilities `[2^k]` of a marginal's outcomes in the state `psi[2^n]`, in float64."""
    found = torch.zeros(marginal.size, dtype=torch.float64, device=psi.device)
    for part, outcomes in _parts(psi, marginal):
        density = part.real.square() + part.imag.square()
        found.index_add_(0, outcomes, density.to(torch.float64))
    return found


def add_weighed(psi: Tensor, marginal: Marginal, weights: Tensor, lam: Tensor) -> None:
    """Add w·ψ to `lam[2^n]`, w the one of `weights[2^k]` of the outcome that each basis state is."""
    own = weights.to(psi.device, psi.dtype.to_real())
    begin = 0
    for part, outcomes in _parts(psi, marginal):
        lam[begin : begin + len(part)] += own[outcomes] * part
        begin += len(part)


def _parts(psi: Tensor, marginal: Marginal) -> Iterator[tuple[Tensor, Tensor]]:
    """The state in parts, each with the outcome of every basis state."""
    for begin in range(0, len(psi), PART):
        part = psi[begin : begin + PART]
        basis = torch.arange(begin, begin + len(part), device=psi.device)
        found = torch.zeros_like(basis)
        for place, (mask, flip) in enumerate(marginal.bits):
            bits = basis & mask
            for shift in (32, 16, 8, 4, 2, 1):
                bits = bits ^ (bits >> shift)
            found |= ((bits & 1) ^ flip) << place
        yield part, found
