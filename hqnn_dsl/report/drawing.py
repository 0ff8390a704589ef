"""A figure of a page as PNG, SVG or PDF: the same traces and layout, drawn by Matplotlib in the page's light colours.

Plotly draws the page in a browser; files are drawn here, since Plotly's own export needs a browser too. Figures are
made without pyplot: no window, no global state. The same figure gives the same bytes with the same versions.
"""

from __future__ import annotations

import html
import io
import re
import textwrap
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure as Drawing

    from hqnn_dsl.report.parts import Figure

FORMS = ("png", "svg", "pdf")
WIDTH, HEIGHT, DOTS = 7.0, 4.8, 200
"""Inches of a figure, and dots of a PNG on an inch."""

PIXELS = 76
"""Dots of the page's figures that are an inch here, where a figure says its height."""

POINTS = 0.75
"""Points of a dot of the page, for lines, marks and letters."""

_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
_ANCHORS = {"left": "left", "right": "right", "center": "center", "auto": "center"}
_VERTICAL = {"top": "top", "bottom": "bottom", "middle": "center", "auto": "center"}


def pictures(figure: Figure) -> dict[str, bytes]:
    """Returns a figure as `png`, `svg` and `pdf`, with its title and the names of its axes.

    Raises `ValueError` for a kind of trace that is not known here.
    """
    import matplotlib as mpl

    settings = {"svg.hashsalt": "hqnn", "svg.fonttype": "path", "pdf.fonttype": 3, "font.size": 9.5}
    found = {}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font does not have
        drawn = drawing(figure)
        for form in FORMS:
            stream = io.BytesIO()
            drawn.savefig(stream, format=form, dpi=DOTS, metadata=_WITHOUT_DATE.get(form))
            drawn.set_layout_engine("none")  # it is laid out by now
            found[form] = stream.getvalue()
    return found


_WITHOUT_DATE: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def drawing(figure: Figure) -> Drawing:
    """Returns a figure as one of Matplotlib's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    layout = figure.layout
    height = layout["height"] / PIXELS if "height" in layout else HEIGHT
    found = Drawing(figsize=(WIDTH, max(height, 2.5)), layout="constrained", facecolor="white")
    FigureCanvasAgg(found)
    axes = found.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=colour("--grid"), linewidth=0.7)
    axes.set_axisbelow(True)
    named, before = [], None
    for trace in figure.traces:
        kind = trace["type"]
        if kind not in _TRACES:
            raise ValueError(f"no trace of the kind {kind} is drawn in files")
        artist = _TRACES[kind](axes, trace, layout, before)
        before = trace
        if trace.get("name") and trace.get("showlegend", True) and artist is not None:
            named.append((artist, _plain(trace["name"])))
    _axis(axes, "x", layout.get("xaxis", {}))
    _axis(axes, "y", layout.get("yaxis", {}))
    for shape in layout.get("shapes", ()):
        _shape(axes, shape)
    for note in layout.get("annotations", ()):
        _annotation(axes, note)
    title = "\n".join(textwrap.wrap(printable(figure.title), 88)[:3])
    axes.set_title(title, loc="left", fontsize=10.5, parse_math=False)
    if len(named) > 1:
        _legend(found, named)
    return found


def _legend(found: Drawing, named: Sequence[tuple[Any, str]]) -> None:
    """A legend below; texts are put in afterwards, since one that begins with `_` would be left out."""
    columns = max(1, min(len(named), 100 // (max(len(name) for _, name in named) + 8)))
    legend = found.legend(
        [artist for artist, _ in named],
        [str(place) for place in range(len(named))],
        loc="outside lower center", ncols=columns, frameon=False, fontsize=9,
    )  # fmt: skip
    for text, (_, name) in zip(legend.get_texts(), named, strict=True):
        text.set_parse_math(False)
        text.set_text(name)


@cache
def _colours() -> dict[str, str]:
    """The light colours of the page, by their names in its style."""
    style = (Path(__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
    light = style[style.index("{") : style.index("}")]
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))


def colour(name: str) -> Any:
    """Returns a colour of the page, `--first`, or one that is written out, as Matplotlib takes it."""
    written = _colours()[name] if name.startswith("--") else name
    match = re.fullmatch(r"rgba\((\d+), (\d+), (\d+), ([\d.]+)\)", written)
    if match:
        return (*(int(part) / 255 for part in match.groups()[:3]), float(match[4]))
    return written


def _plain(text: str) -> str:
    """A text of a figure as it is shown: `plot_text` has escaped names in it for Plotly, whose line break is `<br>`."""
    return html.unescape(text.replace("<br>", "\n"))


# -------------------------------------------------------------------------------------------------------------- traces


def _numbers(values: Sequence[Any]) -> Any:
    return np.array([np.nan if value is None else value for value in values], float)


def _across(values: Sequence[Any], axis: Mapping[str, Any]) -> Any:
    if axis.get("type") == "date":
        return np.array(values, "datetime64[s]")
    return _numbers(values)


def _scatter(axes: Any, trace: Mapping[str, Any], layout: Mapping[str, Any], before: Mapping[str, Any] | None) -> Any:
    x, y = _across(trace["x"], layout.get("xaxis", {})), _numbers(trace["y"])
    line, marker, mode = trace.get("line", {}), trace.get("marker", {}), trace.get("mode", "lines")
    shade = colour(line.get("color") or marker.get("color") or "--first")
    area = None
    if trace.get("fill") == "tonexty" and before is not None:
        area = axes.fill_between(x, _numbers(before["y"]), y, color=colour(trace["fillcolor"]), linewidth=0)
    width = line.get("width", 2) * POINTS if "lines" in mode else 0
    style = _DASHES[line.get("dash", "solid")] if width else "none"
    size = marker.get("size", 6)
    is_each = not isinstance(size, int | float)
    mark = "o" if "markers" in mode and not is_each else None
    (found,) = axes.plot(
        x, y, color=shade, linestyle=style, linewidth=width, marker=mark, markeredgewidth=0, solid_capstyle="butt",
        markersize=6 * POINTS if is_each else size * POINTS, alpha=marker.get("opacity") if not width else None,
    )  # fmt: skip
    if is_each:
        axes.scatter(x, y, s=(_numbers(size) * POINTS) ** 2, color=colour(marker.get("color", "--first")), zorder=3)
    if "error_y" in trace:
        _whiskers(axes, x, y, trace["error_y"])
    return found if area is None else area


def _whiskers(axes: Any, x: Any, y: Any, error: Mapping[str, Any]) -> None:
    above = _numbers(error["array"])
    below = _numbers(error["arrayminus"]) if "arrayminus" in error else above
    axes.vlines(x, y - below, y + above, color=colour(error["color"]), linewidth=error["thickness"] * POINTS, zorder=1)


def _bar(axes: Any, trace: Mapping[str, Any], layout: Mapping[str, Any], _before: object) -> Any:
    shade = colour(trace.get("marker", {}).get("color", "--first"))
    is_lying = trace.get("orientation") == "h"
    places, lengths = (trace["y"], trace["x"]) if is_lying else (trace["x"], trace["y"])
    error = trace.get("error_x" if is_lying else "error_y")
    spread = {} if error is None else {"xerr" if is_lying else "yerr": np.abs(_numbers(error["array"]))}
    style = {"color": shade, "error_kw": {"ecolor": colour("--soft"), "elinewidth": 1.2, "capsize": 2}} | spread
    axis = layout.get("yaxis" if is_lying else "xaxis", {})
    draw = axes.barh if is_lying else axes.bar
    return draw(_across(places, axis), _numbers(lengths), trace.get("width", 0.8), **style)


def _heatmap(axes: Any, trace: Mapping[str, Any], _layout: object, _before: object) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    ends = [(place, colour(name)) for place, name in trace["colorscale"]]
    shades = LinearSegmentedColormap.from_list("page", ends)
    cells = np.array([_numbers(row) for row in trace["z"]])
    rows, columns = cells.shape
    extent = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    limits = {"vmin": trace.get("zmin"), "vmax": trace.get("zmax")}
    image = axes.imshow(cells, cmap=shades, extent=extent, aspect="auto", interpolation="nearest", **limits)
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    title = trace.get("colorbar", {}).get("title", {}).get("text", "")
    bar.set_label(_plain(title), parse_math=False)


_TRACES: dict[str, Callable[..., Any]] = {"scatter": _scatter, "bar": _bar, "heatmap": _heatmap}


# -------------------------------------------------------------------------------------------------------------- layout


def _axis(axes: Any, name: str, given: Mapping[str, Any]) -> None:
    from matplotlib.ticker import MaxNLocator

    axis = getattr(axes, f"{name}axis")
    axis.set_label_text(_plain(given.get("title", {}).get("text", "")), parse_math=False)
    if given.get("type") == "log":
        getattr(axes, f"set_{name}scale")("log")
        from hqnn_dsl.training.figures import PlainNumbers

        axis.set_major_formatter(PlainNumbers())
        axis.set_minor_formatter(PlainNumbers(minor_thresholds=(1, 0.4)))
    elif given.get("tickformat") == "d":
        axis.set_major_locator(MaxNLocator(integer=True))
    if "tickvals" in given:
        _ticks(axes, name, given)
    if given.get("showgrid") is False:
        axes.grid(visible=False, axis=name)
    low, high = getattr(axes, f"get_{name}lim")()
    if "range" in given:
        low, high = given["range"]
    elif given.get("rangemode") == "tozero" and given.get("type") not in {"log", "date"}:
        low, high = min(low, 0), max(high, 0)
    if given.get("autorange") == "reversed" and low < high:
        low, high = high, low
    getattr(axes, f"set_{name}lim")(low, high)
    if given.get("type") == "date":
        axis.set_tick_params(rotation=20)


def _ticks(axes: Any, name: str, given: Mapping[str, Any]) -> None:
    texts = [_plain(text) for text in given["ticktext"]]
    if not texts:
        return
    step = -(-len(texts) // 60)
    is_slanted = name == "x" and sum(map(len, texts[::step])) > 60
    slant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if is_slanted else {}
    getattr(axes, f"set_{name}ticks")(given["tickvals"][::step], texts[::step], parse_math=False, fontsize=9, **slant)


def _shape(axes: Any, shape: Mapping[str, Any]) -> None:
    """A line or a rectangle; one that ends at the edges of the figure goes across it."""
    if shape["type"] == "rect" and shape.get("yref") == "paper":
        axes.axvspan(shape["x0"], shape["x1"], color=colour(shape["fillcolor"]), linewidth=0, zorder=0)
        return
    if shape["type"] == "rect":
        ends = [shape["x0"], shape["x1"]]
        axes.fill_between(ends, shape["y0"], shape["y1"], color=colour(shape["fillcolor"]), linewidth=0, zorder=0)
        return
    if shape["type"] != "line":
        raise ValueError(f"no shape of the kind {shape['type']} is drawn in files")
    line = shape["line"]
    style = {
        "color": colour(line["color"]),
        "linewidth": line.get("width", 2) * POINTS,
        "linestyle": _DASHES[line.get("dash", "solid")],
    }
    if shape.get("yref") == "paper":
        axes.axvline(shape["x0"], **style)
    elif shape.get("xref") == "paper":
        axes.axhline(shape["y0"], **style)
    else:
        axes.plot([shape["x0"], shape["x1"]], [shape["y0"], shape["y1"]], **style)


def _annotation(axes: Any, note: Mapping[str, Any]) -> None:
    from matplotlib.transforms import blended_transform_factory

    across = axes.transAxes if note.get("xref") == "paper" else axes.transData
    up = axes.transAxes if note.get("yref") == "paper" else axes.transData
    font = note.get("font", {})
    text = f" {_plain(note['text'])} " if note.get("xanchor") in {"left", "right"} else _plain(note["text"])
    axes.text(
        note["x"], note["y"], text, transform=blended_transform_factory(across, up), parse_math=False,
        color=colour(font.get("color", "--ink")), fontsize=font.get("size", 12) * POINTS,
        ha=_ANCHORS[note.get("xanchor", "center")], va=_VERTICAL[note.get("yanchor", "middle")],
    )  # fmt: skip
