"""Figures of how a trained network answers its columns: its outputs, those of its circuit, permutation importance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.report.parts import DASHES, MOST_BESIDE, SERIES, Figure, Sentence, measured, plain, plot_text, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.report.answers import Answers, Cells, Response
    from hqnn_dsl.report.parts import Block, Numbers

MOST_BARS, MOST_OUTPUTS = 30, 5
"""Columns in the figure of importance, and outputs in a figure."""


def response_blocks(answers: Answers, target: FittedTarget) -> Iterator[Block]:
    """Yields the responses to each column, those of the outputs beside those of the circuit, then the importance."""
    for note in answers.notes:
        yield Sentence(note)
    if answers.importance is None:
        return
    if len(answers.columns) > len(answers.responses) > 0:
        shown, columns = len(answers.responses), len(answers.columns)
        yield Sentence(f"Responses are drawn to {shown} of {columns} columns: the most important ones that vary.")
    if answers.num_observables > len(answers.observables):
        shown = len(answers.observables)
        yield Sentence(f"Of the circuit's {answers.num_observables} outputs the first {shown} are drawn.")
    for one in answers.responses:
        yield _response(answers.columns[one.column], one, target)
        if answers.observables:
            yield _observables(answers.columns[one.column], one, answers.observables)
    yield _importance(answers, answers.importance, is_classes=target.classes is not None)


# ------------------------------------------------------------------------------------------------ how much columns tell


def _importance(answers: Answers, falls: Numbers, *, is_classes: bool) -> Figure:
    places = answers.order()
    shown = places[:MOST_BARS][::-1]
    names = [plot_text(answers.columns[place].name, MOST_BESIDE) for place in shown]
    means, spreads = falls.mean(axis=1), falls.std(axis=1)
    what = "rise of the log loss" if is_classes else "fall of R²"
    lines = list(range(len(shown)))
    trace = {
        "type": "bar", "orientation": "h", "x": plain(means[shown]), "y": lines, "marker": {"color": "--first"},
        "error_x": {"type": "data", "array": plain(spreads[shown]), "color": "--soft", "thickness": 1.5, "width": 3},
        "hoverinfo": "x", "showlegend": False,
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": what}},
        "yaxis": {"tickvals": lines, "ticktext": names, "showgrid": False},
        "height": max(220, 90 + 26 * len(shown)),
    }  # fmt: skip
    rows = [
        [answers.columns[place].name, measured(float(means[place])), measured(float(spreads[place]))]
        for place in places
    ]
    note = (
        "Permuting a column parts it from all others, so columns that tell the same share their importance, or hide it."
    )
    listed = table(
        f"Permutation importance: {what}, {falls.shape[1]} permutations", ("column", "mean", "deviation"), rows, note
    )
    title = count(answers.asked_rows, "test row" if answers.is_test else "row")
    first = "; ".join(f"{row[0]} {row[1]}" for row in rows[:5])
    alt = f"Bars of the permutation importance of {count(len(rows), 'column')}, {what} on {title}: {first}."
    return Figure("importance", f"Permutation importance, {title}", alt, [trace], layout, listed)


# ----------------------------------------------------------------------------------------------------------- responses


def _response(cells: Cells, one: Response, target: FittedTarget) -> Figure:
    names, axis, first = _outputs(target)
    means = one.means[:, first : first + len(names)]
    labels, across, xaxis = _across(cells, one)
    traces: list[dict[str, Any]] = []
    if len(names) == 1 and not cells.has_levels:
        traces += _band(across, one.low[:, first], one.high[:, first])
    traces += _curves(across, means, names, is_level=cells.has_levels)
    listed = _listed(f"Mean response to {cells.name}", cells.name, labels, names, means)
    alt = f"Mean response to {cells.name}, the other columns as they are, {_ends(labels, names, means)}."
    traces, layout = laid_out(cells, traces, xaxis, {"title": {"text": plot_text(axis)}})
    return Figure(f"response-{one.column}", f"Response to {cells.name}", alt, traces, layout, listed)


def _observables(cells: Cells, one: Response, names: Sequence[str]) -> Figure:
    labels, across, xaxis = _across(cells, one)
    traces = _curves(across, one.observables, names, is_level=cells.has_levels)
    title = f"The circuit's outputs over {cells.name}"
    listed = _listed(f"Mean outputs of the circuit over {cells.name}", cells.name, labels, names, one.observables)
    alt = f"Mean outputs of the circuit over {cells.name}, {_ends(labels, names, one.observables)}."
    traces, layout = laid_out(cells, traces, xaxis, {"title": {"text": "mean output of the circuit"}})
    return Figure(f"observables-{one.column}", title, alt, traces, layout, listed)


def _curves(across: list[Any], means: Numbers, names: Sequence[str], *, is_level: bool) -> list[dict[str, Any]]:
    """A curve for each name, `means[G, K]` over the places of the values; points where these have no order."""
    return [
        {"type": "scatter", "mode": "markers" if is_level else "lines+markers", "name": plot_text(name),
         "x": across, "y": plain(means[:, index]),
         "line": {"color": SERIES[index % len(SERIES)], "dash": DASHES[index % len(DASHES)], "width": 2},
         "marker": {"color": SERIES[index % len(SERIES)], "symbol": index, "size": 9 if is_level else 5},
         "showlegend": len(names) > 1}
        for index, name in enumerate(names)
    ]  # fmt: skip


def _listed(title: str, column: str, labels: Sequence[str], names: Sequence[str], means: Numbers) -> Any:
    rows = [[label, *(measured(float(cell)) for cell in line)] for label, line in zip(labels, means, strict=True)]
    return table(title, (column, *names), rows)


def _ends(labels: Sequence[str], names: Sequence[str], means: Numbers) -> str:
    said = "; ".join(f"{name} from {number(means[0, k])} to {number(means[-1, k])}" for k, name in enumerate(names))
    return f"from {labels[0]} to {labels[-1]}: {said}"


def _outputs(target: FittedTarget) -> tuple[list[str], str, int]:
    """Returns the names of the outputs that are drawn, the title of their axis, and the first one's place."""
    if target.classes is not None:
        if len(target.classes) == 2:
            return [target.classes[1]], f"probability of {target.classes[1]}", 1
        return list(target.classes[:MOST_OUTPUTS]), "probability", 0
    if len(target.names) == 1:
        return list(target.names), f"predicted {target.names[0]}", 0
    return list(target.names[:MOST_OUTPUTS]), "predicted, scaled units", 0


def _band(across: list[Any], low: Numbers, high: Numbers) -> list[dict[str, Any]]:
    """The responses of eight in ten rows, as an area behind the mean."""
    line = {"type": "scatter", "mode": "lines", "x": across, "line": {"width": 0, "color": "--band"}}
    rest = {"hoverinfo": "skip", "showlegend": False}
    area = {"fill": "tonexty", "fillcolor": "--band", "name": "eight in ten rows", "showlegend": True}
    return [line | {"y": plain(low)} | rest, line | {"y": plain(high), "hoverinfo": "skip"} | area]


def _across(cells: Cells, one: Response) -> tuple[list[str], list[Any], dict[str, Any]]:
    """Returns the values of a column as texts, their places on the axis, and the axis."""
    labels = [cells.label(float(value)) for value in one.values]
    return labels, *axis_of(cells, one.values, labels)


def axis_of(cells: Cells, values: Numbers, labels: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """Returns the places of values of a column on the axis, and the axis; `labels` are those of levels."""
    axis: dict[str, Any] = {"title": {"text": plot_text(cells.name)}}
    if cells.is_date:
        return [cells.label(float(value)) for value in values], axis | {"type": "date"}
    if not cells.has_levels:
        return plain(values), axis
    places = list(range(len(labels)))
    return places, axis | {"tickvals": places, "ticktext": [plot_text(label, MOST_BESIDE) for label in labels]}


def laid_out(
    cells: Cells, traces: list[dict[str, Any]], across: dict[str, Any], up: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Returns traces and layout of a figure over a column; levels stand one below the other, so that they are read."""
    if not cells.has_levels:
        return traces, {"xaxis": across, "yaxis": up}
    swapped = {"x": "y", "y": "x", "error_y": "error_x"}
    turned = [{swapped.get(key, key): value for key, value in trace.items()} for trace in traces]
    lines = len(across["tickvals"])
    layout = {
        "xaxis": up, "yaxis": across | {"range": [lines - 0.5, -0.5]}, "height": max(220, 110 + 26 * lines)
    }  # fmt: skip
    return turned, layout
