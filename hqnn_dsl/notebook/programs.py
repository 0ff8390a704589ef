"""A compiled spec: its name, the widths through its network, and on a page the spec in colours and its circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.notebook import page
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.report.diagnostic import Refusal
from hqnn_dsl.report.quantities import count
from hqnn_dsl.report.terminal import printable
from hqnn_dsl.syntax.walk import has_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.records import DataSpec, Layer

MAX_DRAWN, MAX_WIRES = 250, 40
"""A circuit of more operations, or of more qubits, is not drawn on a page: the picture could not be read."""
SCALE, FOLD = 0.5, 20
"""Inches of a gate in a drawing, and gates in a row of it."""
MAX_NAMES = 6
"""Of more columns only the number is said."""


def program_text(name: str, checked: Checked) -> str:
    """A program in a few lines; `name` is that of the file that it is from."""
    rows = [f"<Program {checked.draft['name']}, from {name}>", f"  {_network(checked)}", f"  {circuit_text(checked)}"]
    rows += [f"  {text}" for text in _rest(checked)]
    return "\n".join(printable(row) for row in rows)


def program_html(
    name: str, checked: Checked, resolved: Callable[[], str], circuit: Callable[[], QuantumCircuit]
) -> str:
    """A page about a program. A spec that `--set` or `set` changed is shown resolved, as it is after the changes."""
    is_changed = has_option(checked.tree)
    text = resolved() if is_changed else checked.tree.source.text
    title = "spec, resolved, with the changes that were given" if is_changed else "spec"
    return page.box(
        f"{checked.draft['name']}, from {name}",
        page.lines(circuit_text(checked), *_rest(checked)),
        page.table(("from the table to the target", "width"), widths(checked)),
        page.heading("circuit"),
        _drawing(checked.circuit, circuit),
        page.heading(title),
        page.code(coloured(text)),
    )


def circuit_text(checked: Checked) -> str:
    """The counts of a circuit."""
    circuit = checked.circuit
    numbers = {
        "qubit": circuit.num_qubits,
        "gate": len(circuit.operations),
        "weight": circuit.num_weights,
        "input": circuit.num_inputs,
        "output": circuit.num_outputs,
    }
    return "circuit: " + ", ".join(count(number, noun) for noun, number in numbers.items())


def _rest(checked: Checked) -> list[str]:
    rows = [f"backend {checked.draft['backend'].name}"]
    if checked.untrainable:
        rows.append("a circuit alone, which `hqnn.train` does not take")
    if checked.warnings:
        rows.append(f"{count(len(checked.warnings), 'warning')}, in `warnings`")
    return rows


def _network(checked: Checked) -> str:
    return " -> ".join(f"{name} {width}".strip() for name, width in widths(checked))


def widths(checked: Checked) -> Iterator[tuple[str, str]]:
    """What values go through, and how many there are after it; nothing if only the table knows, or it is said."""
    draft, circuit = checked.draft, checked.circuit
    if checked.untrainable:
        yield "inputs", str(circuit.num_inputs)
        yield "circuit", str(circuit.num_outputs)
        return
    data: DataSpec = draft["data"]
    width = draft["in_width"]
    names = data.features.names
    yield "features *" if names is None else _columns("feature", names), "" if width is None else str(width)
    yield from _layers(draft["encoder"], width, circuit.num_inputs)
    yield "circuit", str(circuit.num_outputs)
    yield from _layers(draft["decoder"], circuit.num_outputs, draft["out_width"])
    yield _columns("target", data.target) if data.target else "the table's last column", ""


def _layers(layers: Sequence[Layer], width: int | None, follows: int) -> Iterator[tuple[str, str]]:
    for place, layer in enumerate(layers):
        given = layer.out_width if layer.out_width is not None else follows if place == len(layers) - 1 else width
        width = given
        yield layer.layer.name, "" if width is None else str(width)


def _columns(noun: str, names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MAX_NAMES else count(len(names), noun)


def _drawing(circuit: Circuit, made: Callable[[], QuantumCircuit]) -> str:
    if len(circuit.operations) > MAX_DRAWN or circuit.num_qubits > MAX_WIRES:
        return page.lines("too large to be drawn here")
    try:
        drawn, width = made(), SCALE * 12.0
    except Refusal as refusal:
        return page.lines(*(item.headline for item in refusal.diagnostics))
    for _ in range(2):  # Qiskit scales a drawing to its figure, so the size that suits it is known after the first
        figure, axes = _figure(width, 0.5 * width)
        drawn.draw("mpl", idle_wires=True, fold=FOLD, ax=axes, style="iqp")
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        width = SCALE * (right - left)
        figure.set_size_inches(width, SCALE * (top - bottom))
    return page.picture(figure, "the circuit")


def _figure(width: float, height: float) -> tuple[Any, Any]:
    """A figure without pyplot, which needs a display, and axes that fill it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, figure.add_axes((0.0, 0.0, 1.0, 1.0))
