"""A circuit as text for a terminal: a wire a line, blocks marked above, folded to a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.export.drawing.angles import Labels
from hqnn_dsl.export.drawing.items import columns_of, logical_parts
from hqnn_dsl.export.drawing.outputs import output_lines, read_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.export.drawing.items import Item

MARKS = {"plus": "X", "cross": "x", "dot": "●", "": "□"}
WIRE, LINK, CROSSED = "─", "│", "┼"
MAX_GATES = 400
"""Of a circuit with more gates the first ones are shown."""
LEAST_WIDTH = 40


def circuit_lines(circuit: Circuit, width: int) -> Iterator[str]:
    """The lines of a drawing at most `width` cells wide: rows of wires, then the legend and the outputs.

    Qubit 0 is on top; two lines a qubit, the second for links to the next. `●` is a control.
    """
    labels = Labels(circuit)
    columns, left_out = _columns(circuit, labels)
    names = [f"q{qubit} " for qubit in range(circuit.num_qubits)]
    margin = max(len(name) for name in names)
    rows = list(_folded(columns, max(width, LEAST_WIDTH) - margin))
    for number, row in enumerate(rows):
        title = _titles(row)
        if title.strip():
            yield " " * margin + title
        for qubit in range(circuit.num_qubits):
            yield names[qubit].ljust(margin) + "".join(column.wire(qubit) for column in row)
            links = "".join(column.link(qubit) for column in row).rstrip()
            if links:
                yield " " * margin + links
        if number < len(rows) - 1:
            yield ""
    if left_out:
        yield f"… {left_out} more gates: `hqnn compile` draws them all"
    if labels.legend:
        yield ""
        yield from (f"{name} = {meaning}" for name, meaning in labels.legend)
    yield ""
    yield from output_lines(circuit)


class Column:
    """Gates side by side on different wires, or a barrier with the title of the block that begins there."""

    def __init__(self, title: str | None = None) -> None:
        self.title = title
        self.cells: dict[int, str] = {}
        self.links: set[int] = set()

    @property
    def width(self) -> int:
        """Cells of the terminal, a wire before and after each box."""
        return 2 + max((len(text) for text in self.cells.values()), default=1)

    def add(self, item: Item) -> None:
        first, last = item.span
        for place, wire in enumerate(item.targets):
            text = MARKS[item.mark] if not item.lines else item.lines[0]
            if item.lines[1:] and (place == 0 or not item.letters):
                text += f"({', '.join(item.lines[1:])})"
            self.cells[wire] = f"{text}:{item.letters[place]}" if item.letters else text
        for wire in item.controls:
            self.cells[wire] = MARKS["dot"]
        self.links |= set(range(first, last))

    def wire(self, qubit: int) -> str:
        if self.title is not None:
            return "┆".center(self.width, WIRE)
        text = self.cells.get(qubit)
        if text is None:
            text = CROSSED if qubit in self.links and qubit - 1 in self.links else WIRE
        return text.center(self.width, WIRE)

    def link(self, qubit: int) -> str:
        if self.title is not None:
            return "┆".center(self.width)
        return (LINK if qubit in self.links else " ").center(self.width)


def _columns(circuit: Circuit, labels: Labels) -> tuple[list[Column], int]:
    columns: list[Column] = []
    shown = 0
    for part in logical_parts(circuit, labels):
        columns.append(Column(part.title))
        items = part.items[: MAX_GATES - shown]
        shown += len(items)
        for above_each_other in columns_of(items):
            column = Column()
            for item in above_each_other:
                column.add(item)
            columns.append(column)
    total = len(circuit.operations) + (circuit.amplitude is not None)
    end = Column("measure")
    read = Column()
    read.cells = {qubit: f"<{letters}>" for qubit, letters in read_letters(circuit).items()}
    return [*columns, end, read], total - shown


def _folded(columns: Sequence[Column], room: int) -> Iterator[list[Column]]:
    row: list[Column] = []
    used = 0
    for column in columns:
        if row and used + column.width > room:
            yield row
            row, used = [], 0
        row.append(column)
        used += column.width
    if row:
        yield row


def _titles(row: Sequence[Column]) -> str:
    """The titles over their barriers; one that would run into the next loses its kind, or its end."""
    text, at = "", 0
    starts = []
    for column in row:
        if column.title is not None:
            starts.append((at, column.title))
        at += column.width
    for place, (start, title) in enumerate(starts):
        room = (starts[place + 1][0] if place + 1 < len(starts) else max(at, start + len(title) + 1)) - start - 1
        short = title.partition(" (")[0]
        shown = next((one for one in (title, short) if len(one) <= room), f"{title[: max(room - 1, 0)]}…")
        text = text.ljust(start) + shown
    return text
