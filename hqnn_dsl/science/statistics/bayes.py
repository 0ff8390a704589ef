"""How probable it is that a contender is better, worse, or practically equivalent.

One table: the Bayesian correlated t test of Corani and Benavoli (Machine Learning 100, 285, 2015). Several tables: the
Bayesian signed-rank test of Benavoli and others (Benavoli, Corani, Demšar, Zaffalon, JMLR 18(77), 2017). Both have a
*region of practical equivalence*, the differences from -h to h that do not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.science.statistics.units import deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PRIOR = 0.5
"""The strength of the prior of the signed-rank test: the weight of one more difference of 0, as the paper has it."""

SAMPLES = 50_000
"""How many weights are drawn for the signed-rank test."""


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Probabilities that the true gain is above the region, in it, or below it; they sum to 1."""

    better: float
    equivalent: float
    worse: float
    half_region: float


def bayes_t(gains: Sequence[float], overlap: float, half_region: float) -> Posterior | None:
    """Returns the posterior of the mean gain over units; None for one unit, or if all gains are the same and not 0.

    With the prior that the paper matches to the corrected t test, the posterior is Student's t with n - 1 degrees of
    freedom, around the mean, with the variance s² (1/n + ρ/(1 - ρ)), ρ = test rows / all rows, so ρ/(1 - ρ) is
    `overlap`, test rows over rows learned from. Gains that are all 0 are equivalent with probability 1.
    """
    number, spread = len(gains), deviation(gains)
    if spread is None:
        return None
    mean = math.fsum(gains) / number
    if spread == 0:
        return Posterior(better=0.0, equivalent=1.0, worse=0.0, half_region=half_region) if mean == 0 else None
    from scipy.special import stdtr

    error = spread * math.sqrt(1 / number + overlap)
    below = float(stdtr(number - 1, (-half_region - mean) / error))
    above = float(stdtr(number - 1, (mean - half_region) / error))
    return Posterior(better=above, equivalent=max(0.0, 1.0 - above - below), worse=below, half_region=half_region)


def bayes_signed_rank(
    gains: Sequence[float], half_region: float, *, seed: int, samples: int = SAMPLES, prior: float = PRIOR
) -> Posterior:
    """Returns the probabilities over data sets, of one gain each, that each of the three is the most probable.

    Weights of the gains, and of a pseudo-gain of 0 with the strength of the prior, are drawn from a Dirichlet
    distribution. A draw counts for `better` if most weight is on pairs whose mean is above the region, and likewise for
    the two others; a draw in which two are equal counts half for each, and so does a pair whose mean is the
    region's end. Raises `ValueError` for no gains.
    """
    if not len(gains):
        raise ValueError("no gains")
    values = np.concatenate([[0.0], np.asarray(gains, dtype=np.float64)])
    sums = values[:, None] + values[None, :]
    above, below = _beyond(sums, 2 * half_region), _beyond(-sums, 2 * half_region)
    strengths = np.concatenate([[prior], np.ones(len(gains))])
    weights = np.random.default_rng(seed).dirichlet(strengths, size=samples)
    better = np.einsum("si,ij,sj->s", weights, above, weights, optimize=True)
    worse = np.einsum("si,ij,sj->s", weights, below, weights, optimize=True)
    masses = np.stack([better, 1.0 - better - worse, worse])
    winners = np.isclose(masses, masses.max(axis=0), rtol=0, atol=1e-12)
    shares = (winners / winners.sum(axis=0)).mean(axis=1)
    return Posterior(
        better=float(shares[0]), equivalent=float(shares[1]), worse=float(shares[2]), half_region=half_region
    )


def _beyond(sums: NDArray[np.float64], bound: float) -> NDArray[np.float64]:
    """Returns 1 for sums above the bound, 1/2 for those that are equal to it up to rounding, 0 for the others."""
    is_equal = np.isclose(sums, bound, rtol=1e-9, atol=1e-15)
    return np.where(is_equal, 0.5, (sums > bound).astype(np.float64))
