"""Expressibility: how far the fidelities of random pairs of states are from those of Haar-random states.

S. Sim, P. D. Johnson, A. Aspuru-Guzik, Adv. Quantum Technol. 2, 1900070, 2019 (arXiv 1905.10876), equations 11 and 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.science.analysis.findings import Figure, Finding
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.science.analysis.ensemble import Ensemble

    Numbers = NDArray[np.float64]

PAIRS, BINS = 5000, 75
RESAMPLED = 200
"""Histograms that are drawn from the one that was found, for the deviation of its divergence."""


def haar_log_masses(num_qubits: int, bins: int = BINS) -> Numbers:
    """Logarithms of the probabilities of fidelities in equal bins between two Haar-random states.

    A bin from l to u has (1-l)^(N-1) - (1-u)^(N-1), N = 2^n, since the density is (N-1)(1-F)^(N-2). Of many qubits the
    last bins are too small for a number in double precision; their logarithms are not.
    """
    import numpy as np

    power = (1 << num_qubits) - 1
    above = np.arange(bins, 0, -1) / bins  # 1 - l
    found: Numbers = power * np.log(above) + np.log1p(-(((above - 1 / bins) / above).clip(0) ** power))
    return found


def divergence(counts: Numbers, log_masses: Numbers) -> float:
    """The Kullback-Leibler divergence in nats of a histogram from bin masses; empty bins add nothing."""
    import numpy as np

    shares = counts / counts.sum()
    filled = shares > 0
    return float(np.sum(shares[filled] * (np.log(shares[filled]) - log_masses[filled])))


def fidelities(ensemble: Ensemble, pairs: int) -> Numbers:
    """|<ψ(x, a)|ψ(x, b)>|² for `pairs` random inputs x and weights a, b; without weights, for inputs a and b."""
    import numpy as np

    first = ensemble.draw(pairs, "expressibility.first")
    second = ensemble.draw(pairs, "expressibility.second")
    if ensemble.is_random:
        second[:, : ensemble.num_inputs] = first[:, : ensemble.num_inputs]
    found = np.empty(pairs)
    for (part, one), (_, two) in zip(ensemble.states(first), ensemble.states(second), strict=True):
        found[part] = np.abs(np.einsum("ri,ri->r", one.conj(), two)) ** 2
    return found


def expressibility(ensemble: Ensemble, samples: int | None) -> Finding:
    """The divergence of the fidelities of random pairs from the Haar law, with its deviation between runs."""
    import numpy as np

    name = "expressibility"
    if not ensemble.is_random and not ensemble.num_inputs:
        return Finding(name, reason="the circuit has no random weights and no inputs: it makes one state only")
    pairs = samples or PAIRS
    if samples is None and (reason := ensemble.too_long(2 * pairs, dense=True)):
        return Finding(name, reason=reason)
    masses = haar_log_masses(ensemble.circuit.num_qubits)
    found = np.clip(fidelities(ensemble, pairs), 0.0, 1.0)
    counts = np.histogram(found, bins=BINS, range=(0, 1))[0].astype(float)
    value = divergence(counts, masses)
    generator = np.random.default_rng(stream(ensemble.seed, "expressibility.resampled"))
    again = generator.multinomial(pairs, counts / pairs, RESAMPLED).astype(float)
    spread = float(np.std([divergence(row, masses) for row in again], ddof=1))
    bias = (np.count_nonzero(counts) - 1) / (2 * pairs)
    what = "weights, with the same inputs in both states" if ensemble.is_random else "inputs"
    return Finding(
        name,
        (
            Figure("KL", value, f"KL divergence in nats of the fidelities of {pairs} pairs from the Haar law", spread),
            Figure(
                "bias", float(bias), "about how much a finite number of pairs adds to KL: (filled bins - 1) / 2 pairs"
            ),
            Figure("mean fidelity", float(found.mean()), "mean |<a|b>|² of a pair", _standard_error(found)),
            Figure(
                "Haar mean", 1 / (1 << ensemble.circuit.num_qubits), "mean |<a|b>|² of two Haar-random states: 1/2^n"
            ),
        ),
        {
            "edges": np.linspace(0, 1, BINS + 1).tolist(),
            "counts": counts.astype(int).tolist(),
            "haar": np.exp(masses).tolist(),
        },
        pairs,
        (f"the two states of a pair have different random {what}",),
    )


def _standard_error(values: Numbers) -> float:
    return float(values.std(ddof=1) / len(values) ** 0.5)
