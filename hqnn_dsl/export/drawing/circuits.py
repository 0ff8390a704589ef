"""The picture of a circuit: columns as wide as their labels, folded into rows, with titles, outputs and a legend."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl.export.drawing.angles import Labels
from hqnn_dsl.export.drawing.items import Item, Part, columns_of, logical_parts, transpiled_items
from hqnn_dsl.export.drawing.outputs import output_lines, read_letters
from hqnn_dsl.export.drawing.page import LINE, QUIET, Page, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.export.exported import Export

PADDING = 0.08
"""Inches between a label and the edge of its box."""

GAP = 0.11
"""Inches between two columns."""

NARROWEST, WIDEST = 12.0, 30.0
"""Inches of a row: a circuit that is longer is folded."""

_SQUARE = 0.3


@dataclass
class _Column:
    """Gates that stand above each other; a title starts a part, behind a barrier."""

    items: list[Item] = field(default_factory=list)
    width: float = _SQUARE
    title: str = ""


@dataclass(frozen=True)
class _Sheet:
    """The contents of one picture: wires from the top with a label at each end, parts, outputs, and the legend."""

    head: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    parts: tuple[Part, ...]
    outputs: tuple[str, ...]
    legend: tuple[str, ...]


def circuit_page(export: Export) -> Page:
    """The picture of an export: the logical circuit in its segments, or the transpiled one with its layout."""
    return _page(_logical(export) if export.layout is None else _transpiled(export, export.layout))


def _logical(export: Export) -> _Sheet:
    circuit = export.source
    labels = Labels(circuit)
    parts = logical_parts(circuit, labels)
    names = tuple(f"q[{k}]" for k in range(circuit.num_qubits))
    return _Sheet(
        head=f"{export.model}: the circuit as the spec says it",
        starts=names,
        ends=("",) * len(names),
        parts=(*parts, _readout(export, range(circuit.num_qubits))),
        outputs=tuple(output_lines(circuit)),
        legend=_legend(labels),
    )


def _transpiled(export: Export, layout: Sequence[int]) -> _Sheet:
    circuit, source = export.slotted, export.source
    touched = {circuit.find_bit(qubit).index for instruction in circuit.data for qubit in instruction.qubits}
    begin = _initial(export)
    shown = sorted(touched | {*layout} | {*begin})
    wires = {qubit: place for place, qubit in enumerate(shown)}
    first, last = ({qubit: f"q[{k}]" for k, qubit in enumerate(places)} for places in (begin, layout))
    sign = "$" if circuit.layout is not None else "wire "
    labels = Labels(source)
    items = transpiled_items(export, wires, labels)
    idle = circuit.num_qubits - len(shown)
    prepared = ("amplitude[j]: formulas under `angles` in static.json",) if source.amplitude is not None else ()
    more = f", {idle} idle qubits left out" if idle else ""
    return _Sheet(
        head=f"{export.model}: the transpiled circuit; q[k] → {sign}n at both ends is the layout{more}",
        starts=tuple(f"{first[q]} → {sign}{q}" if q in first else f"{sign}{q}" for q in shown),
        ends=tuple(f"{sign}{q} → {last[q]}" if q in last else f"{sign}{q}" for q in shown),
        parts=(Part("", tuple(items)), _readout(export, [wires[place] for place in layout])),
        outputs=tuple(output_lines(source)),
        legend=(*_legend(labels), *prepared),
    )


def _initial(export: Export) -> Sequence[int]:
    """Returns the qubit that each logical qubit starts on."""
    layout = export.slotted.layout
    count = export.source.num_qubits
    return range(count) if layout is None else layout.initial_index_layout(filter_ancillas=True)[:count]


def _legend(labels: Labels) -> tuple[str, ...]:
    return tuple(f"{name} = {text}" for name, text in labels.legend)


def _readout(export: Export, wires: Sequence[int]) -> Part:
    """Returns the marks at the end of the qubits that are measured."""
    items = [Item((letters,), (wires[qubit],)) for qubit, letters in read_letters(export.source).items()]
    return Part("measure", tuple(items))


# ------------------------------------------------------------------ columns


def _columns(part: Part) -> list[_Column]:
    columns = [_Column(items, max(map(_item_width, items))) for items in columns_of(part.items)]
    if part.title:
        columns = columns or [_Column()]
        columns[0].title = part.title
    return columns


def _item_width(item: Item) -> float:
    lines = max(map(text_width, item.lines), default=0.0)
    letters = max(map(text_width, item.letters), default=-PADDING) + PADDING
    return max(lines + 2 * letters + 2 * PADDING, _SQUARE)


def _rows(columns: Sequence[_Column], limit: float) -> list[list[tuple[float, _Column]]]:
    """The columns with their left edges, in rows of at most `limit`; a title begins behind the end of the last."""
    rows: list[list[tuple[float, _Column]]] = [[]]
    x, clear = 0.0, 0.0
    for column in columns:
        left = x
        if column.title:
            left = max(x, clear) + 2 * GAP
        right = max(left + column.width, left + text_width(column.title) if column.title else 0.0)
        if rows[-1] and right > limit:
            rows.append([])
            left = 2 * GAP if column.title else 0.0
        rows[-1].append((left, column))
        x = left + column.width + GAP
        clear = left + text_width(column.title) + 2 * GAP if column.title else (clear if len(rows[-1]) > 1 else 0.0)
    return rows


def _limit(columns: Sequence[_Column], height: float) -> float:
    """A width of rows that gives a page somewhat wider than high."""
    length = sum(column.width + GAP for column in columns)
    return min(max(NARROWEST, math.sqrt(1.5 * length * height)), WIDEST)


# ------------------------------------------------------------------ drawing


@dataclass(frozen=True)
class _Grid:
    """Geometry of the wires: left end, distance, right end in a row that goes on, and a row's height."""

    start: float
    pitch: float
    right: float
    num_wires: int

    @property
    def height(self) -> float:
        """Inches from the top of a row to that of the next."""
        return self.pitch * self.num_wires + 3 * LINE

    def ys(self, top: float) -> list[float]:
        """The middle of each wire in the row that begins at `top`."""
        return [top + LINE + self.pitch * (wire + 0.5) for wire in range(self.num_wires)]


def _page(sheet: _Sheet) -> Page:
    page = Page()
    columns = [column for part in sheet.parts for column in _columns(part)]
    lines = max((len(item.lines) for part in sheet.parts for item in part.items), default=1)
    start = max(map(text_width, sheet.starts)) + GAP
    grid = _Grid(start, max(_SQUARE, lines * LINE + PADDING) + 0.1, 0.0, len(sheet.starts))
    rows = _rows(columns, _limit(columns, grid.height))
    longest = max(left + column.width for row in rows for left, column in row)
    grid = replace(grid, right=start + longest + 2 * GAP)
    page.text(0, LINE / 2, sheet.head, "left", color=QUIET)
    top = 2.2 * LINE
    for row in rows:
        left, column = row[-1]
        end = start + left + column.width + GAP if row is rows[-1] else grid.right
        _draw_row(page, row, grid, top=top, end=end, starts=sheet.starts)
        top += grid.height
    _outputs(page, sheet, end + GAP, grid.ys(top - grid.height))
    _legends(page, sheet, max(top, page.height + LINE))
    return page


def _draw_row(  # noqa: PLR0913 - a row, and its place
    page: Page, row: Sequence[tuple[float, _Column]], grid: _Grid, *, top: float, end: float, starts: Sequence[str]
) -> None:
    ys = grid.ys(top)
    for y, label in zip(ys, starts, strict=True):
        page.text(grid.start - GAP, y, label, "right")
        page.lines.append((grid.start, y, end, y))
        page.reach(end, y + grid.pitch / 2)
    for left, column in row:
        x = grid.start + left
        if column.title:
            page.text(x, top + LINE / 2, column.title, "left", color=QUIET)
            page.dashes.append((x - GAP, top, x - GAP, ys[-1] + grid.pitch / 2))
        for item in column.items:
            _draw_item(page, item, x + column.width / 2, ys, grid.pitch)


def _draw_item(page: Page, item: Item, middle: float, ys: Sequence[float], pitch: float) -> None:
    low, high = item.span
    if high > low:
        page.lines.append((middle, ys[low], middle, ys[high]))
    page.dots += [(middle, ys[wire]) for wire in item.controls]
    if item.mark:
        {"plus": page.pluses, "cross": page.crosses, "dot": page.dots}[item.mark].extend(
            (middle, ys[wire]) for wire in item.targets
        )
        return
    half = _item_width(item) / 2
    first, last = min(item.targets), max(item.targets)
    box = (middle - half, ys[first] - pitch / 2 + 0.05, middle + half, ys[last] + pitch / 2 - 0.05)
    page.box(box, item.reads, item.lines)
    for wire, letter in zip(item.targets, item.letters, strict=False):
        page.text(box[0] + PADDING / 2, ys[wire], letter, "left", color=QUIET, inside=box)


def _outputs(page: Page, sheet: _Sheet, x: float, ys: Sequence[float]) -> None:
    """The ends of the wires, and beside them the observables."""
    for y, label in zip(ys, sheet.ends, strict=True):
        page.text(x, y, label, "left")
    x += max(map(text_width, sheet.ends)) + (2 * GAP if any(sheet.ends) else 0)
    spare = ys[-1] - ys[0] - LINE * (len(sheet.outputs) - 1)
    first = ys[0] + max(0.0, spare / 2)
    for place, line in enumerate(sheet.outputs):
        page.text(x, first + LINE * place, line, "left")


def _legends(page: Page, sheet: _Sheet, top: float) -> None:
    """The colours in use, and the legend in as many columns as fit."""
    used = {item.reads for part in sheet.parts for item in part.items}
    x = 0.0
    for reads, text in (("inputs", "reads inputs"), ("weights", "reads weights"), ("both", "reads both")):
        if reads in used:
            page.box((x, top + 0.02, x + 0.2, top + LINE - 0.02), reads, ())
            page.text(x + 0.28, top + LINE / 2, text, "left", color=QUIET)
            x += text_width(text) + 0.6
    if x:
        top += 1.5 * LINE
    if not sheet.legend:
        return
    wide = max(map(text_width, sheet.legend)) + 4 * GAP
    columns = max(1, int(page.width // wide))
    each = math.ceil(len(sheet.legend) / columns)
    for place, line in enumerate(sheet.legend):
        page.text(place // each * wide, top + LINE * (place % each + 0.5), line, "left")
