"""The variance of gradients over random weights, of the spec and of its circuit at other widths and depths.

J. R. McClean et al., Nat. Commun. 9, 4812, 2018: in a barren plateau the variance falls exponentially with the number
of qubits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.science.analysis.findings import Figure, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.science.analysis.ensemble import Ensemble

    Numbers = NDArray[np.float64]

DRAWS = 500
MOST_OUTPUTS = 16
"""Outputs whose derivatives are worked out; of more, so many that are evenly spaced."""
NEGLIGIBLE = 1e-20
"""A variance below is that of rounding: the weight does not reach the output."""


@dataclass(frozen=True)
class Variance:
    """Variances `[outputs, weights]` of derivatives, their mean over those that are not zero, and its error.

    `mean` is None if no derivative varies.
    """

    outputs: tuple[int, ...]
    table: tuple[tuple[float, ...], ...]
    mean: float | None
    error: float
    zeros: int


def asked_outputs(circuit: Circuit) -> tuple[int, ...]:
    """The numbers of the outputs that are differentiated."""
    count = circuit.num_outputs
    if count <= MOST_OUTPUTS:
        return tuple(range(count))
    return tuple(round(k * (count - 1) / (MOST_OUTPUTS - 1)) for k in range(MOST_OUTPUTS))


def variance(ensemble: Ensemble, draws: int, name: str = "gradients") -> Variance:
    """The variance of the derivative of each output by each trained weight, at random weights and inputs."""
    import numpy as np

    outputs = asked_outputs(ensemble.circuit)
    _, slopes = ensemble.jacobians(ensemble.draw(draws, name), outputs)
    table = slopes.var(axis=0, ddof=1)
    alive = table > NEGLIGIBLE
    mean, error = None, 0.0
    if alive.any():
        mean = float(table[alive].mean())
        squares = (slopes - slopes.mean(axis=0)) ** 2
        each = squares[:, alive].mean(axis=1)
        error = float(each.std(ddof=1) / math.sqrt(draws))
    rows = tuple(tuple(float(value) for value in row) for row in np.where(alive, table, 0.0))
    return Variance(outputs, rows, mean, error, int((~alive).sum()))


def gradients(ensemble: Ensemble, samples: int | None, scans: Sequence[Scan] = ()) -> Finding:
    """The mean variance of the spec's circuit, and how it changes over `scans`."""
    if not ensemble.trained:
        return Finding("gradients", reason="the circuit has no trained weight")
    if not ensemble.is_random:
        return Finding("gradients", reason="the spec's starting weights are not random: nothing is averaged over")
    draws = samples or DRAWS
    if samples is None and (reason := ensemble.too_long(3 * draws * len(asked_outputs(ensemble.circuit)))):
        return Finding("gradients", reason=reason)
    found = variance(ensemble, draws)
    reason = "" if found.mean is not None else "no output depends on a trained weight"
    values = [value for row in found.table for value in row if value > 0]
    figures = [
        Figure(
            "variance",
            found.mean,
            "mean of Var[∂f/∂w] over outputs f and trained weights w that are not constant",
            found.error if found.mean is not None else None,
            reason,
        ),
        Figure("smallest", min(values, default=None), "smallest of these variances", reason=reason),
        Figure("largest", max(values, default=None), "largest of these variances", reason=reason),
        Figure("constant", float(found.zeros), "pairs of an output and a weight whose derivative is always the same"),
    ]
    arrays: dict[str, Any] = {
        "outputs": list(found.outputs),
        "measured": [shown_output(ensemble.circuit, number) for number in found.outputs],
        "weights": weight_names(ensemble.circuit, ensemble.trained),
        "table": [list(row) for row in found.table],
    }
    settings = []
    for scan in scans:
        more, points = scan.measured(draws)
        figures += more
        arrays[scan.name] = points
        settings.append(f"{scan.name}: `--set {scan.path}=…` to {', '.join(map(str, scan.values))}")
    return Finding("gradients", tuple(figures), arrays, draws, tuple(settings))


@dataclass(frozen=True)
class Scan:
    """The same spec with one setting changed: `ensembles[k]` is the circuit with `path` set to `values[k]`."""

    name: str
    path: str
    values: tuple[int, ...]
    ensembles: tuple[Ensemble, ...]

    def measured(self, draws: int) -> tuple[list[Figure], dict[str, Any]]:
        """The figures and the array of a scan."""
        found = [variance(ensemble, draws, f"gradients.{self.name}") for ensemble in self.ensembles]
        points = {
            "path": self.path,
            "values": list(self.values),
            "qubits": [ensemble.circuit.num_qubits for ensemble in self.ensembles],
            "weights": [len(ensemble.trained) for ensemble in self.ensembles],
            "variance": [one.mean for one in found],
            "error": [one.error for one in found],
        }
        one = {"widths": "qubit", "depths": "step of the depth"}[self.name]
        along = [one.circuit.num_qubits for one in self.ensembles] if self.name == "widths" else self.values
        slope, error, reason = exponent(along, found)
        return [
            Figure(
                f"log2 per {one}",
                slope,
                f"slope of log2 of the variance per {one}, a straight line fitted over {self.path}: below 0 it falls",
                error,
                reason,
            )
        ], points


def exponent(along: Sequence[int], found: Sequence[Variance]) -> tuple[float | None, float | None, str]:
    """The slope of log2 of the mean variances and its standard error, from the errors of sampling alone.

    A weighted least-squares line; None with a reason if fewer than two points have a variance.
    """
    import numpy as np

    points = [(x, one.mean, one.error) for x, one in zip(along, found, strict=True) if one.mean is not None]
    if len({x for x, _, _ in points}) < 2:
        return None, None, "fewer than two points have a variance"
    x, mean, error = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    spread = np.maximum(error / (mean * math.log(2)), 1e-12)
    share = 1 / spread**2
    centre = (share * x).sum() / share.sum()
    denominator = (share * (x - centre) ** 2).sum()
    slope = (share * (x - centre) * np.log2(mean)).sum() / denominator
    return float(slope), float(1 / math.sqrt(denominator)), ""


def weight_names(circuit: Circuit, numbers: Sequence[int]) -> list[str]:
    """Names of weights as in `real_amplitudes.w[0, 2]`."""
    import numpy as np

    found = {}
    for tensor in circuit.weights:
        for place in range(tensor.size):
            index = np.unravel_index(place, tensor.shape) if tensor.shape else ()
            inside = f"[{', '.join(str(int(k)) for k in index)}]" if len(index) else ""
            found[tensor.offset + place] = f"{tensor.path}{inside}"
    return [found[number] for number in numbers]


def shown_output(circuit: Circuit, number: int) -> str:
    """An output as it is measured: `z[0]`, `0.5·z[0]·z[1] + x[2]`, `p(01)`, shortened."""
    first = 0
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            if number == first:
                terms = [
                    "·".join(
                        ([f"{term.coefficient:g}"] if term.coefficient != 1 or not term.factors else [])
                        + [f"{letter}[{qubit}]" for qubit, letter in term.factors]
                    )
                    for term in measured.terms
                ]
                text = " + ".join(terms)
                return text if len(text) <= 40 else f"{text[:39]}…"
            first += 1
            continue
        size = 1 << len(measured.qubits)
        if number < first + size:
            return f"p({number - first:0{len(measured.qubits)}b})"
        first += size
    raise IndexError(number)
