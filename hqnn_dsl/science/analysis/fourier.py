"""The Fourier spectrum that a circuit can reach, and the coefficients that its outputs have at random weights.

M. Schuld, R. Sweke, J. J. Meyer, Phys. Rev. A 103, 032430, 2021. The set is that of `science.spectrum`; coefficients
come from a discrete Fourier transform of the outputs over one input, the others held fixed, with more points than the
highest frequency needs, so that it is exact up to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hqnn_dsl.science.analysis.findings import Figure, Finding
from hqnn_dsl.science.spectrum import input_name, spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.science.analysis.ensemble import Ensemble
    from hqnn_dsl.science.spectrum import Spectrum

    Numbers = NDArray[np.float64]

DRAWS = 50
"""Random weights for the coefficients."""
MOST_POINTS = 2048
MOST_INPUTS = 16
"""Inputs whose coefficients are worked out."""
MOST_LISTED = 2000
"""Vectors of frequencies that are written to the document."""
LARGEST_DENOMINATOR = 1000


@dataclass(frozen=True)
class Grid:
    """The points over one input: frequencies are multiples of `base`, whose period is cut into `points` parts."""

    base: float
    points: int


def grid_of(frequencies: Sequence[float]) -> Grid | str:
    """Returns the grid for frequencies from 0 on, or why there is none."""
    positive = [frequency for frequency in frequencies if frequency > 0]
    if not positive:
        return "no output depends on it"
    smallest = min(positive)
    ratios = [Fraction(frequency / smallest).limit_denominator(LARGEST_DENOMINATOR) for frequency in positive]
    if any(abs(float(r) * smallest - f) > 1e-7 * f for r, f in zip(ratios, positive, strict=True)):
        return (
            "its frequencies are not multiples of one number: no period, so no Fourier series with finitely many points"
        )
    base = smallest / math.lcm(*(ratio.denominator for ratio in ratios))
    highest = round(max(positive) / base)
    points = 1 << (2 * highest + 2).bit_length()
    if points > MOST_POINTS:
        return f"its highest frequency is {highest} times the lowest step: more than {MOST_POINTS} points"
    return Grid(base, points)


def reachable(circuit: Circuit) -> Finding:
    """The set of frequencies."""
    found = spectrum(circuit)
    if not circuit.num_inputs:
        return Finding("spectrum", reason=found.reason)
    counted = [(index, values) for index, values in found.per_input.items() if values is not None]
    figures = [
        Figure(
            "vectors",
            None if found.size is None else float(found.size),
            "frequency vectors ω that an output can have, ω and -ω both, and zero",
            reason=found.reason,
        )
    ]
    highest = max((values[-1] for _, values in counted), default=None)
    most = max((len(values) for _, values in counted), default=None)
    reason = "" if counted else found.reason
    figures += [
        Figure("highest", highest, "highest frequency in one input, the others held fixed", reason=reason),
        Figure(
            "per input",
            None if most is None else float(most),
            "most frequencies in one input, from 0 on",
            reason=reason,
        ),
    ]
    listed = found.vectors if found.vectors is not None and len(found.vectors) <= MOST_LISTED else None
    arrays: dict[str, Any] = {
        "inputs": [input_name(circuit, index) for index in range(circuit.num_inputs)],
        "per_input": [None if v is None else list(v) for v in (found.per_input[i] for i in range(circuit.num_inputs))],
        "reasons": [found.reasons.get(index, "") for index in range(circuit.num_inputs)],
        "vectors": None if listed is None else [list(vector) for vector in listed],
        "slots": _slots(circuit, found),
    }
    settings: tuple[str, ...] = ()
    if found.vectors is not None and listed is None:
        settings = (f"the document has no list of more than {MOST_LISTED} vectors",)
    return Finding("spectrum", tuple(figures), arrays, settings=settings)


def _slots(circuit: Circuit, found: Spectrum) -> list[dict[str, Any]]:
    return [
        {
            "gate": slot.gate,
            "frequencies": list(slot.frequencies),
            "factors": {input_name(circuit, index): factor for index, factor in slot.factors},
            "reasons": {input_name(circuit, index): reason for index, reason in slot.reasons},
        }
        for slot in found.slots
    ]


def coefficients(ensemble: Ensemble, samples: int | None) -> Finding:
    """The mean squared coefficients of the outputs over each input, at random weights."""
    circuit = ensemble.circuit
    if not circuit.num_inputs:
        return Finding("coefficients", reason="the circuit has no inputs")
    draws = samples or DRAWS
    found, settings = spectrum(circuit), []
    inputs: list[dict[str, Any]] = []
    largest = 0.0
    for index in range(min(circuit.num_inputs, MOST_INPUTS)):
        name, frequencies = input_name(circuit, index), found.per_input[index]
        grid = found.reasons[index] if frequencies is None else grid_of(frequencies)
        if isinstance(grid, str):
            inputs.append({"input": name, "reason": grid})
            settings.append(f"{name} is left out: {grid}")
            continue
        assert frequencies is not None
        if samples is None and (reason := ensemble.too_long(draws * grid.points * circuit.num_inputs)):
            return Finding("coefficients", reason=reason)
        record, outside = _over(ensemble, index, grid, frequencies, draws)
        inputs.append({"input": name, "reason": "", **record})
        largest = max(largest, outside)
    if circuit.num_inputs > MOST_INPUTS:
        settings.append(f"only the first {MOST_INPUTS} of {circuit.num_inputs} inputs")
    measured = [one for one in inputs if not one["reason"]]
    if not measured:
        reason = "; ".join(f"{one['input']}: {one['reason']}" for one in inputs[:3])
        return Finding("coefficients", arrays={"by_input": inputs}, reason=reason)
    shares = [one["share"] for one in measured]
    return Finding(
        "coefficients",
        (
            Figure(
                "varying",
                sum(shares) / len(shares),
                "share of Σ|c|² at frequencies above 0, mean over inputs and outputs",
            ),
            Figure(
                "outside",
                largest,
                "largest |c| at a frequency outside of the reachable set: rounding, if the set is right",
            ),
        ),
        {"by_input": inputs},
        draws,
        tuple(settings),
    )


def _over(
    ensemble: Ensemble, index: int, grid: Grid, frequencies: Sequence[float], draws: int
) -> tuple[dict[str, Any], float]:
    """The coefficients over one input, and the largest one outside of the reachable set."""
    import numpy as np

    points = ensemble.draw(draws, "coefficients")
    rows = np.repeat(points, grid.points, axis=0)
    period = 2 * math.pi / grid.base
    rows[:, index] = np.tile(np.arange(grid.points) * (period / grid.points), draws)
    outputs = ensemble.outputs(rows).reshape(draws, grid.points, -1)
    found = np.fft.rfft(outputs, axis=1) / grid.points
    numbers = [round(frequency / grid.base) for frequency in frequencies]
    inside = np.zeros(found.shape[1], dtype=bool)
    inside[numbers] = True
    outside = float(np.abs(found[:, ~inside]).max()) if not inside.all() else 0.0
    power = np.abs(found[:, numbers]) ** 2
    both = np.where(np.array(frequencies) > 0, 2.0, 1.0)[:, None]
    total = (power * both).sum(axis=1)
    varying = ((power * both)[:, np.array(frequencies) > 0]).sum(axis=1)
    share = np.divide(varying, total, out=np.zeros_like(total), where=total > 1e-24)
    return {
        "frequencies": list(frequencies),
        "mean_square": power.mean(axis=0).T.tolist(),
        "standard_error": (power.std(axis=0, ddof=1) / math.sqrt(draws)).T.tolist() if draws > 1 else None,
        "real": found[0, numbers].real.T.tolist(),
        "imaginary": found[0, numbers].imag.T.tolist(),
        "share": float(share.mean()),
    }, outside
