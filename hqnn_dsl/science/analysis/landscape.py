"""The landscape of the outputs, or of the loss on a table, along two random directions in the space of the weights.

H. Li et al., Visualizing the Loss Landscape of Neural Nets, NeurIPS 2018: random directions whose filters have the
norms of the filters of the weights. A filter of a dense layer is the row of a unit; its bias does not move. A tensor
of a circuit is one filter, as its entries are angles of gates of one kind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.science.analysis.findings import Figure, Finding
from hqnn_dsl.science.analysis.gradients import asked_outputs, shown_output
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from hqnn_dsl.science.analysis.ensemble import Ensemble

    Numbers = NDArray[np.float64]

GRID = 21
INPUT_ROWS = 16
MOST_SHOWN = 4
"""Outputs whose landscapes are worked out."""


def filter_normalised(direction: Numbers, weights: Numbers) -> Numbers:
    """The direction with the norm of the weights in each of its rows; both `[filters, size]`."""
    import numpy as np

    norms = np.linalg.norm(direction, axis=1, keepdims=True)
    found: Numbers = direction / np.maximum(norms, 1e-300) * np.linalg.norm(weights, axis=1, keepdims=True)
    return found


def steps_of(grid: int) -> list[float]:
    """The multiples of a direction: `grid` numbers from -1 to 1, 0 among them."""
    return [2 * number / (grid - 1) - 1 for number in range(grid)]


def output_landscape(ensemble: Ensemble, grid: int = GRID) -> Finding:
    """The outputs, averaged over random inputs, around one draw of the weights."""
    import numpy as np

    circuit = ensemble.circuit
    if not ensemble.trained:
        return Finding("landscape", reason="the circuit has no trained weight")
    if grid >= GRID and (reason := ensemble.too_long(grid * grid * INPUT_ROWS)):
        return Finding("landscape", reason=reason.replace("fewer draws with `--samples`", "fewer points with `--grid`"))
    centre = ensemble.draw_weights(1, "landscape")[0]
    generator = np.random.default_rng(stream(ensemble.seed, "landscape.directions"))
    directions = np.zeros((2, len(centre)))
    for tensor in circuit.weights:
        if not tensor.frozen:
            place = slice(tensor.offset, tensor.offset + tensor.size)
            drawn = generator.normal(size=(2, tensor.size))
            directions[:, place] = [filter_normalised(one[None], centre[None, place])[0] for one in drawn]
    steps = np.array(steps_of(grid))
    rows = INPUT_ROWS if circuit.num_inputs else 1
    inputs = ensemble.draw_inputs(rows, "landscape")
    shown = asked_outputs(circuit)[:MOST_SHOWN]
    surface = np.empty((len(shown), grid, grid))
    for number, step in enumerate(steps):
        weights = centre + step * directions[0] + steps[:, None] * directions[1]
        points = np.hstack([np.tile(inputs, (grid, 1)), np.repeat(weights, rows, axis=0)])
        outputs = ensemble.outputs(points).reshape(grid, rows, -1).mean(axis=1)
        surface[:, number] = outputs[:, list(shown)].T
    titles = [shown_output(circuit, number) for number in shown]
    return _finding(
        steps_of(grid),
        {title: values.tolist() for title, values in zip(titles, surface, strict=True)},
        [
            f"mean of each output over {count(rows, 'random input')}, around one random draw of the weights",
        ],
    )


def loss_landscape(  # noqa: PLR0913 - what moves, and how
    loss: Callable[[], float],
    parameters: Sequence[Tensor],
    filters: Sequence[bool],
    *,
    seed: int,
    grid: int = GRID,
    settings: tuple[str, ...] = (),
) -> Finding:
    """The values of `loss()` while `parameters` move along two directions; they come back to where they were.

    `filters[k]` says whether the rows of parameter k are filters of their own; a parameter of one axis that has none,
    such as a bias, does not move.
    """
    import torch

    generator = torch.Generator("cpu").manual_seed(stream(seed, "landscape.directions"))
    centre = [parameter.detach().clone() for parameter in parameters]
    directions = [[_direction(*pair, generator) for pair in zip(centre, filters, strict=True)] for _ in range(2)]
    surface = []
    try:
        for along in steps_of(grid):
            row = []
            for across in steps_of(grid):
                with torch.no_grad():
                    for parameter, middle, one, two in zip(parameters, centre, *directions, strict=True):
                        parameter.copy_(middle + along * one + across * two)
                row.append(loss())
            surface.append(row)
    finally:
        with torch.no_grad():
            for parameter, middle in zip(parameters, centre, strict=True):
                parameter.copy_(middle)
    return _finding(steps_of(grid), {"loss": surface}, list(settings))


def _direction(weights: Tensor, has_filters: bool, generator: Any) -> Tensor:  # noqa: FBT001 - one of a pair
    import torch

    drawn = torch.randn(weights.shape, generator=generator, dtype=torch.float64).to(weights)
    if has_filters and weights.ndim < 2:
        return torch.zeros_like(weights)
    shape = (len(weights), -1) if has_filters else (1, -1)
    rows = [given.reshape(shape).double().cpu().numpy() for given in (drawn, weights)]
    found = filter_normalised(*rows)
    return torch.from_numpy(found).reshape(weights.shape).to(weights)


def _finding(steps: list[float], surfaces: dict[str, list[list[float]]], settings: list[str]) -> Finding:
    """The finding of surfaces by title: numbers `[first direction][second direction]`."""
    middle = len(steps) // 2
    figures = []
    for title, surface in surfaces.items():
        values = [value for row in surface for value in row if math.isfinite(value)]
        centre = surface[middle][middle]
        figures += [
            Figure(
                f"{title} at the centre",
                centre if math.isfinite(centre) else None,
                "value at the weights w",
                reason="" if math.isfinite(centre) else "it is no finite number",
            ),
            Figure(
                f"{title} range",
                max(values) - min(values) if values else None,
                "largest less smallest value on the grid",
                reason="" if values else "it is no finite number",
            ),
        ]
    finite = {
        title: [[value if math.isfinite(value) else None for value in row] for row in surface]
        for title, surface in surfaces.items()
    }
    arrays = {"steps": steps, "surfaces": finite}
    return Finding("landscape", tuple(figures), arrays, settings=tuple(settings))
