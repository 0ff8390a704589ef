"""Figures of an analysis's arrays: states, entropies, gradients, coefficients, Fisher information, landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, SERIES, Figure, digits, evenly, measured, plain, plot_text, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.pages.arrays import (
        ByInput,
        Coefficients,
        Histogram,
        Layers,
        Scan,
        Spectra,
        States,
        Surfaces,
        Variances,
    )

MOST_CURVES = 12
"""Curves of a figure."""

MOST_FIGURES = 8
"""Figures of inputs, or of surfaces."""

BINS = 20
"""Bins of a histogram of states."""

MOST_BARS = 64
"""The weights that a figure of variances has."""


def histogram_blocks(found: Histogram) -> Iterator[Block]:
    """Yields the fidelities beside Haar's law, both as shares of a bin."""
    total = sum(found.counts)
    bins = list(zip(found.edges[:-1], found.edges[1:], found.counts, found.haar, strict=True))
    if not total:
        return
    middles = [(low + high) / 2 for low, high, _, _ in bins]
    last = max((k for k, one in enumerate(bins) if one[2] or one[3] > 1e-4), default=0)
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": "the circuit", "x": _rounded(middles), "y": plain(c / total for _, _, c, _ in bins),
         "width": found.edges[1] - found.edges[0], "marker": {"color": "--faint"}},
        {"type": "scatter", "mode": "lines", "name": "Haar-random states", "x": _rounded(middles),
         "y": plain(found.haar), "line": {"color": "--second", "width": 2.5}},
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "fidelity of two random states"}, "range": [0, digits(found.edges[last + 1])]},
        "yaxis": {"title": {"text": "share of pairs"}, "rangemode": "tozero"},
    }
    rows = [
        [f"{number(low)} to {number(high)}", str(many), measured(many / total), measured(haar)]
        for low, high, many, haar in bins
    ]
    listed = table("Pairs of states by fidelity", ("fidelity", "pairs", "share", "share, Haar"), rows)
    alt = (
        f"Fidelities of {count(total, 'pair')} of random states in {count(len(bins), 'bin')}: "
        f"{bins[0][2] / total:.1%} in the lowest, {bins[0][3]:.1%} of Haar-random states."
    )
    yield Figure("fidelities", "Fidelities beside those of Haar-random states", alt, traces, layout, listed)


def state_blocks(found: States, haar: float | None) -> Iterator[Block]:
    """Yields a histogram of Q over states, and a table by qubit."""
    if found.values:
        counts = [0] * BINS
        for value in found.values:
            counts[min(BINS - 1, max(0, int(value * BINS)))] += 1
        middles = [(place + 0.5) / BINS for place in range(BINS)]
        traces = [{"type": "bar", "name": "states", "x": _rounded(middles), "y": counts, "width": 1 / BINS,
                   "marker": {"color": "--faint"}}]  # fmt: skip
        layout: dict[str, Any] = {
            "xaxis": {"title": {"text": "Q of a state"}, "range": [0, 1]},
            "yaxis": {"title": {"text": "states"}, "rangemode": "tozero", "tickformat": "d"},
        }
        mean = sum(found.values) / len(found.values)
        lines = [(mean, "mean", "--first")] + ([] if haar is None else [(haar, "Haar mean", "--second")])
        layout["shapes"] = [_line(x, shade) for x, _, shade in lines]
        layout["annotations"] = [
            {"x": digits(x), "y": 1 - 0.09 * place, "yref": "paper", "text": text, "showarrow": False,
             "xanchor": "right", "yanchor": "top", "font": {"color": shade}}
            for place, (x, text, shade) in enumerate(lines)
        ]  # fmt: skip
        rows = [
            [f"{number(place / BINS)} to {number((place + 1) / BINS)}", str(many)] for place, many in enumerate(counts)
        ]
        alt = f"Meyer-Wallach Q of {count(len(found.values), 'state')}: mean {number(mean)}" + (
            "." if haar is None else f", of Haar-random states {number(haar)}."
        )
        listed = table("States by Q", ("Q", "states"), rows)
        yield Figure("q-of-states", "Meyer-Wallach Q of the states", alt, traces, layout, listed)
    rows = [[f"qubit {place}", measured(value)] for place, value in enumerate(found.by_qubit)]
    yield table("Mean of 2 (1 - purity) of each qubit", ("qubit", "mean"), rows)


def layer_blocks(found: Layers, haar: float | None) -> Iterator[Block]:
    """Yields the entropies after each layer: of the first half of the qubits, and of each qubit."""
    layers = list(
        zip(found.layers, found.operations, found.half_chain, found.half_chain_error, found.by_qubit, strict=True)
    )
    if not layers:
        return
    places = list(range(1, len(layers) + 1))
    mean_qubit = [sum(one[4]) / len(one[4]) if one[4] else None for one in layers]
    errors = [0.0 if one[3] is None else one[3] for one in layers]
    traces: list[dict[str, Any]] = [
        {"type": "scatter", "mode": "lines+markers", "name": "first half of the qubits", "x": places,
         "y": plain(found.half_chain), "line": {"color": "--first", "width": 2}, "marker": {"color": "--first"},
         "error_y": {"type": "data", "array": plain(errors), "color": "--first", "thickness": 1.2}},
        {"type": "scatter", "mode": "lines+markers", "name": "a qubit alone, mean", "x": places,
         "y": [None if mean is None else digits(mean) for mean in mean_qubit],
         "line": {"color": "--second", "dash": "dash", "width": 2}, "marker": {"color": "--second"}},
    ]  # fmt: skip
    if haar is not None:
        traces.append({"type": "scatter", "mode": "lines", "name": "Haar mean of the half", "x": [1, len(layers)],
                       "y": [digits(haar)] * 2, "line": {"color": "--quiet", "dash": "dot", "width": 2}})  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "layer"}, "tickformat": "d", "range": [0.7, len(layers) + 0.3]},
        "yaxis": {"title": {"text": "entropy in bits"}, "rangemode": "tozero"},
    }
    qubits = len(layers[0][4])
    rows = [
        [str(place), name, str(operations), measured(half), measured(error), *(measured(value) for value in by_qubit)]
        for place, (name, operations, half, error, by_qubit) in zip(places, layers, strict=True)
    ]
    header = ("layer", "ends with", "gates before", "half", "its error", *(f"qubit {q}" for q in range(qubits)))
    alt = f"Entanglement entropy after each of {count(len(layers), 'layer')}: of half of the qubits " + ", ".join(
        number(one[2], 3) for one in layers
    )
    listed = table("Entropies after each layer, in bits", header, rows)
    yield Figure("entropies", "Entanglement by layer", f"{alt}.", traces, layout, listed)


def variance_blocks(found: Variances) -> Iterator[Block]:
    """Yields the variances of derivatives by weight, and those by width and by depth on a logarithmic axis."""
    for name, scan, along in (("widths", found.widths, "qubits"), ("depths", found.depths, "depth")):
        if scan is not None:
            yield _scan(name, scan, along)
    if found.table and found.weights:
        yield _by_weight(found)


def _scan(name: str, scan: Scan, along: str) -> Figure:
    x = scan.qubits if name == "widths" else scan.values
    points = [
        (place, qubits, weights, value, error)
        for place, qubits, weights, value, error in zip(
            x, scan.qubits, scan.weights, scan.variance, scan.error, strict=True
        )
    ]
    drawn = [(place, value, error or 0.0) for place, _, _, value, error in points if value]
    traces = [{
        "type": "scatter", "mode": "lines+markers", "name": "mean variance", "x": [one[0] for one in drawn],
        "y": plain(one[1] for one in drawn), "line": {"color": "--first", "width": 2},
        "marker": {"color": "--first", "size": 8},
        "error_y": {"type": "data", "array": plain(one[2] for one in drawn), "symmetric": False,
                    "arrayminus": plain(min(one[2], 0.9 * one[1]) for one in drawn), "color": "--first",
                    "thickness": 1.5},
    }]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": f"{along} ({plot_text(scan.path)})"}, "tickformat": "d"},
        "yaxis": {"title": {"text": "mean variance of a derivative"}, "type": "log"},
    }
    header = (along, "qubits", "trained weights", "mean variance", "standard error")
    rows = [
        [str(place), str(qubits), str(weights), measured(value), measured(error, 2)]
        for place, qubits, weights, value, error in points
    ]
    said = "; ".join(f"{place}: {number(value, 3)}" for place, _, _, value, _ in points)
    title = f"Variance of gradients by {'the number of qubits' if name == 'widths' else 'depth'}"
    alt = f"{title} on a logarithmic axis, {along} and mean variance: {said}."
    return Figure(f"gradients-{name}", title, alt, traces, layout, table(title, header, rows))


def _by_weight(found: Variances) -> Figure:
    """The variance of each output by each weight, as a heat map."""
    some = evenly(len(found.weights), MOST_BARS)
    outputs = list(range(len(found.measured)))
    cells = [list(row) for row, _ in zip(found.table, found.measured, strict=True)]
    if any(len(row) != len(found.weights) for row in cells):
        raise ValueError("`table` has a row that does not fit `weights`")
    largest = max((value for row in cells for value in row), default=0.0)
    traces = [{
        "type": "heatmap", "x": list(range(len(some))), "y": outputs,
        "z": [plain(row[k] for k in some) for row in cells],
        "zmin": 0, "zmax": digits(largest) or 1, "colorscale": [[0, "--heat-low"], [1, "--heat-high"]],
        "colorbar": {"title": {"text": "variance"}, "thickness": 10, "outlinewidth": 0}, "xgap": 1, "ygap": 1,
    }]  # fmt: skip
    ticks = evenly(len(some), 8)
    layout = {
        "xaxis": {"title": {"text": "trained weight, by its number"}, "tickvals": ticks, "showgrid": False,
                  "ticktext": [str(some[k]) for k in ticks]},
        "yaxis": {"title": {"text": "output"}, "tickvals": outputs, "autorange": "reversed", "showgrid": False,
                  "ticktext": [plot_text(one, 14) for one in found.measured]},
    }  # fmt: skip
    rows = [[f"{k}: {weight}", *(measured(row[k]) for row in cells)] for k, weight in enumerate(found.weights)]
    title = "Variance of each derivative"
    sizes = f"{count(len(outputs), 'output')} by {count(len(found.weights), 'weight')}"
    alt = f"Variances of {sizes}, at most {number(largest)}."
    return Figure("gradients-by-weight", title, alt, traces, layout, table(title, ("weight", *found.measured), rows))


def coefficient_blocks(found: ByInput) -> Iterator[Block]:
    """Yields the mean squared Fourier coefficients over each input that has some."""
    having = [one for one in found.by_input if not one.reason and one.frequencies]
    for place, one in enumerate(having[:MOST_FIGURES]):
        yield _coefficients(place, one)


def _coefficients(place: int, one: Coefficients) -> Figure:
    errors = one.standard_error
    traces: list[dict[str, Any]] = []
    for output, values in enumerate(one.mean_square[:MOST_CURVES]):
        if len(values) != len(one.frequencies):
            raise ValueError("`mean_square` has a row that does not fit `frequencies`")
        shade = SERIES[output % len(SERIES)]
        trace: dict[str, Any] = {
            "type": "scatter", "mode": "lines+markers", "name": f"output {output}", "x": plain(one.frequencies),
            "y": plain(values), "line": {"color": shade, "width": 1.5, "dash": DASHES[output % len(DASHES)]},
            "marker": {"color": shade, "size": 8},
        }  # fmt: skip
        if errors is not None:
            trace["error_y"] = {"type": "data", "array": plain(errors[output]), "color": shade, "thickness": 1.2}
        traces.append(trace)
    layout = {
        "xaxis": {"title": {"text": f"frequency ω in {plot_text(one.input)}"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "mean of |c_ω|²"}, "rangemode": "tozero"},
    }
    outputs = range(len(one.mean_square))
    rows = [
        [number(frequency), *(measured(one.mean_square[output][k]) for output in outputs)]
        for k, frequency in enumerate(one.frequencies)
    ]
    title = f"Fourier coefficients over {one.input}"
    said = ", ".join(f"{number(f)}: {number(v, 3)}" for f, v in zip(one.frequencies, one.mean_square[0], strict=True))
    alt = f"Mean squared Fourier coefficients over {one.input} by frequency; of output 0 {said}."
    listed = table(title, ("frequency", *(f"output {output}" for output in outputs)), rows)
    return Figure(f"coefficients-{place}", title, alt, traces, layout, listed)


def fisher_blocks(found: Spectra) -> Iterator[Block]:
    """Yields the eigenvalues of the Fisher information, and the effective dimension by the number of data."""
    pairs = list(zip(found.mean_eigenvalues, found.eigenvalues_of_mean, strict=True))
    places = list(range(1, len(pairs) + 1))
    largest = max((value for pair in pairs for value in pair), default=0.0)
    if largest > 0:
        floor = largest * 1e-12
        names = (("mean of the sorted spectra", "--first", "solid"), ("of the mean matrix", "--second", "dash"))
        traces = [
            {"type": "scatter", "mode": "lines+markers", "name": name, "x": places,
             "y": [digits(pair[k]) if pair[k] > floor else None for pair in pairs],
             "line": {"color": shade, "dash": dash, "width": 2}, "marker": {"color": shade, "size": 6}}
            for k, (name, shade, dash) in enumerate(names)
        ]  # fmt: skip
        layout = {
            "xaxis": {"title": {"text": "place of the eigenvalue"}, "tickformat": "d"},
            "yaxis": {"title": {"text": "eigenvalue"}, "type": "log"},
        }
        rows = [[str(place), *(measured(value) for value in pair)] for place, pair in zip(places, pairs, strict=True)]
        title = "Eigenvalues of the Fisher information"
        header = ("place", "mean of the sorted spectra", "of the mean matrix")
        alt = f"{title} on a logarithmic axis: the largest {number(largest)}, {count(len(pairs), 'eigenvalue')}."
        yield Figure("fisher-eigenvalues", title, alt, traces, layout, table(title, header, rows))
    data = list(zip(found.rows, found.effective_dimension, found.normalised, strict=True))
    if any(one[1] is not None for one in data):
        trace = {
            "type": "scatter", "mode": "lines+markers", "name": "effective dimension", "x": found.rows,
            "y": [None if one[1] is None else digits(one[1]) for one in data],
            "line": {"color": "--first", "width": 2}, "marker": {"color": "--first", "size": 7},
        }  # fmt: skip
        layout = {
            "xaxis": {"title": {"text": "number of data n"}, "type": "log"},
            "yaxis": {"title": {"text": "effective dimension"}},
        }
        rows = [[str(n), measured(value), measured(share)] for n, value, share in data]
        title = "Effective dimension by the number of data"
        said = "; ".join(f"{n}: {number(value)}" for n, value, _ in data)
        listed = table(title, ("data", "effective dimension", "over the weights"), rows)
        yield Figure("effective-dimension", title, f"{title}: {said}.", [trace], layout, listed)


def surface_blocks(found: Surfaces) -> Iterator[Block]:
    """Yields each surface of the landscape as a heat map, s upwards and t to the right."""
    steps = found.steps
    ticks = evenly(len(steps), 5)
    for place, (title, surface) in enumerate(list(found.surfaces.items())[:MOST_FIGURES]):
        if len(surface) != len(steps) or any(len(row) != len(steps) for row in surface):
            raise ValueError("a surface does not fit `steps`")
        known = [value for row in surface for value in row if value is not None]
        if not known:
            continue
        cells = [[None if value is None else digits(value) for value in row] for row in reversed(surface)]
        trace = {
            "type": "heatmap", "x": list(range(len(steps))), "y": list(range(len(steps))), "z": cells,
            "zmin": digits(min(known)), "zmax": digits(max(known)),
            "colorscale": [[0, "--heat-low"], [1, "--heat-high"]],
            "colorbar": {"title": {"text": ""}, "thickness": 10, "outlinewidth": 0},
        }  # fmt: skip
        layout = {
            "xaxis": {"title": {"text": "t, along the second direction"}, "tickvals": ticks, "showgrid": False,
                      "ticktext": _steps(steps, ticks)},
            "yaxis": {"title": {"text": "s, along the first direction"}, "tickvals": ticks, "showgrid": False,
                      "ticktext": _steps(steps[::-1], ticks), "autorange": "reversed"},
        }  # fmt: skip
        header = ("s", *(f"t = {number(step)}" for step in steps))
        rows = [[number(step), *(measured(v) for v in row)] for step, row in zip(steps, surface, strict=True)]
        alt = f"Landscape of {title} over s and t: from {number(min(known))} to {number(max(known))}."
        listed = table(f"Landscape of {title}", header, rows)
        yield Figure(f"landscape-{place}", f"Landscape of {title}", alt, [trace], layout, listed)


def _steps(steps: Sequence[float], ticks: Sequence[int]) -> list[str]:
    return [number(steps[k] if abs(steps[k]) > 1e-12 else 0.0, 2) for k in ticks]


def _rounded(values: Sequence[float]) -> list[float | None]:
    return plain(values)


def _line(x: float, shade: str) -> dict[str, Any]:
    return {"type": "line", "x0": digits(x), "x1": digits(x), "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": shade, "width": 2, "dash": "dash"}}  # fmt: skip
