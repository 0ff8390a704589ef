"""The Fisher information of the weights, its spectrum, and the effective dimension.

A. Abbas et al., Nat. Comput. Sci. 1, 403, 2021 (arXiv 2011.00027). The Fisher matrix needs a likelihood p(y | x, w):

- `categorical`: the classes are the outcomes of the one `measure probabilities(…)`, F = E_x Σ_y ∂p_y ∂p_yᵀ / p_y;
- `parity`: one product of Paulis with the value v, two classes of probability (1 ± v)/2;
- `gaussian`: the outputs are means of normal laws of unit variance, F = E_x JᵀJ with the Jacobian J of the outputs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

from hqnn_dsl.circuit.ir import Observable, Probabilities
from hqnn_dsl.diagnostics.codes.analyses import NoLikelihood
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.analysis.findings import Figure, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.science.analysis.ensemble import Ensemble

    Numbers = NDArray[np.float64]

Likelihood = Literal["categorical", "parity", "gaussian"]
LIKELIHOODS: tuple[str, ...] = get_args(Likelihood)
WEIGHT_SETS, INPUT_SETS = 100, 100
"""Random weights, and random inputs for each; as in the paper."""
ROWS = (100, 1000, 10_000, 100_000, 1_000_000)
"""Numbers of data for which the effective dimension is worked out."""
SMALLEST = 1e-12
"""A class of a smaller probability adds nothing: its derivative is zero too, up to rounding."""
NO_RANK = 1e-9
"""Eigenvalues below this share of the largest count as zero."""
MOST_WEIGHTS = 500


def suited(circuit: Circuit) -> Likelihood:
    """The likelihood if none is given: `categorical` for one `probabilities` alone, else `gaussian`."""
    alone = circuit.measurements[0] if len(circuit.measurements) == 1 else None
    return "categorical" if isinstance(alone, Probabilities) else "gaussian"


def check_likelihood(circuit: Circuit, likelihood: Likelihood) -> None:
    """Raise `Refusal` E0674 if the outputs are not what the likelihood is about."""
    alone = circuit.measurements[0] if len(circuit.measurements) == 1 else None
    if likelihood == "categorical" and not isinstance(alone, Probabilities):
        raise Refusal(NoLikelihood(likelihood=likelihood, needs="one `measure probabilities(…)` alone"))
    if likelihood == "parity":
        products = alone.products() if isinstance(alone, Observable) else {}
        if len(products) != 1 or () in products or abs(next(iter(products.values()))) != 1:
            raise Refusal(NoLikelihood(likelihood=likelihood, needs="one product of Paulis alone, such as `parity`"))


def fisher_matrices(values: Numbers, slopes: Numbers, likelihood: Likelihood) -> Numbers:
    """The Fisher matrices `[rows, P, P]` at each row, of outputs `[rows, M]` with derivatives `[rows, M, P]`."""
    import numpy as np

    if likelihood == "gaussian":
        return np.asarray(np.einsum("rmp,rmq->rpq", slopes, slopes))
    if likelihood == "parity":
        values = np.concatenate([(1 + values) / 2, (1 - values) / 2], axis=1)
        slopes = np.concatenate([slopes / 2, -slopes / 2], axis=1)
    shares = np.where(values > SMALLEST, 1 / np.maximum(values, SMALLEST), 0.0)
    return np.asarray(np.einsum("rm,rmp,rmq->rpq", shares, slopes, slopes))


def effective_dimension(fishers: Numbers, rows: int) -> float | None:
    """The effective dimension for `rows` data, of Fisher matrices `[weight sets, P, P]`; see `of_spectra`."""
    return of_spectra(spectra_of(fishers), rows)


def spectra_of(fishers: Numbers) -> Numbers:
    """The eigenvalues of each matrix, descending; those below zero by rounding are zero."""
    import numpy as np

    found: Numbers = np.clip(np.linalg.eigvalsh(fishers)[..., ::-1], 0.0, None)
    return found


def of_spectra(spectra: Numbers, rows: int) -> float | None:
    """2 log(mean_w sqrt det(1 + κ F̂_w)) / log κ with κ = n/(2π log n), for eigenvalues `[weight sets, P]`.

    F̂ = P·F / mean_w Tr F. None if κ is 1 at most, or all Fisher matrices are zero.
    """
    import numpy as np

    if rows < 2:
        return None
    scale = rows / (2 * math.pi * math.log(rows))
    trace = float(spectra.sum(axis=1).mean())
    if scale <= 1 or trace <= 0:
        return None
    halves = np.log1p(scale * spectra.shape[1] * spectra / trace).sum(axis=1) / 2
    largest = float(halves.max())
    mean = largest + math.log(np.exp(halves - largest).mean())
    return 2 * mean / math.log(scale)


def averaged_fishers(ensemble: Ensemble, weights: Numbers, inputs: Numbers, likelihood: Likelihood) -> Numbers:
    """The Fisher matrices `[weight sets, P, P]`, each the mean over all `inputs[rows, inputs]`."""
    import numpy as np

    found = np.empty((len(weights), len(ensemble.trained), len(ensemble.trained)))
    for number, row in enumerate(weights):
        points = np.hstack([inputs, np.broadcast_to(row, (len(inputs), len(row)))])
        found[number] = fisher_matrices(*ensemble.jacobians(points), likelihood).mean(axis=0)
    return found


def fisher(
    ensemble: Ensemble, samples: int | None, likelihood: Likelihood | None = None, numbers: Sequence[int] = ROWS
) -> Finding:
    """The spectrum of the mean Fisher matrix, and the effective dimension for several numbers of data."""
    import numpy as np

    circuit = ensemble.circuit
    chosen = likelihood or suited(circuit)
    check_likelihood(circuit, chosen)
    size = len(ensemble.trained)
    if not size:
        return Finding("fisher", reason="the circuit has no trained weight")
    if not ensemble.is_random:
        return Finding("fisher", reason="the spec's starting weights are not random: nothing is averaged over")
    if size > MOST_WEIGHTS:
        return Finding(
            "fisher", reason=f"{size} weights are too many for their Fisher matrices: {MOST_WEIGHTS} at most"
        )
    sets = samples or WEIGHT_SETS
    rows = sets * INPUT_SETS if circuit.num_inputs else sets
    if samples is None and (reason := ensemble.too_long(3 * rows * circuit.num_outputs)):
        return Finding("fisher", reason=reason)
    inputs = ensemble.draw_inputs(INPUT_SETS if circuit.num_inputs else 1, "fisher")
    fishers = averaged_fishers(ensemble, ensemble.draw_weights(sets, "fisher"), inputs, chosen)
    spectra, mean = spectra_of(fishers), spectra_of(fishers.mean(axis=0))
    ranks = (spectra > NO_RANK * np.maximum(spectra[:, :1], 1e-300)).sum(axis=1)
    traces = spectra.sum(axis=1)
    figures = [
        Figure("weights", float(size), "trained weights P, the size of the Fisher matrix"),
        Figure("rank", float(ranks.mean()), f"mean rank: eigenvalues above {NO_RANK:g} of the largest", _error(ranks)),
        Figure("trace", float(traces.mean()), "mean trace of the Fisher matrix", _error(traces)),
        Figure("largest", float(spectra[:, 0].mean()), "mean of the largest eigenvalue", _error(spectra[:, 0])),
    ]
    dimensions = [of_spectra(spectra, count) for count in numbers]
    spreads = [_jackknife(spectra, count) for count in numbers]
    for count, value, error in zip(numbers, dimensions, spreads, strict=True):
        reason = "" if value is not None else "the Fisher matrices are zero, or there are too few data"
        text = f"effective dimension for {count:,} data, of {size} weights"
        figures.append(Figure(f"d_eff({count})", value, text, error, reason))
    arrays = {
        "likelihood": chosen,
        "eigenvalues_of_mean": mean.tolist(),
        "mean_eigenvalues": spectra.mean(axis=0).tolist(),
        "rows": list(numbers),
        "effective_dimension": dimensions,
        "normalised": [None if value is None else value / size for value in dimensions],
    }
    settings = (f"likelihood: {chosen}", f"{sets} random weights, {len(inputs)} random inputs for each")
    return Finding("fisher", tuple(figures), arrays, sets, settings)


def _jackknife(spectra: Numbers, rows: int) -> float | None:
    """The standard error of the effective dimension by leaving out one set of weights at a time."""
    import numpy as np

    count = len(spectra)
    if count < 2:
        return None
    left_out = [of_spectra(np.delete(spectra, k, axis=0), rows) for k in range(count)]
    values = [value for value in left_out if value is not None]
    if len(values) < count:
        return None
    return float(math.sqrt((count - 1) / count * np.sum((np.array(values) - np.mean(values)) ** 2)))


def _error(values: Numbers) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
