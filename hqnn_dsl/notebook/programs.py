"""A compiled spec: its name, the widths through its network, and on a page the spec in colours and its circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.notebook import page
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.report.quantities import count
from hqnn_dsl.report.terminal import printable
from hqnn_dsl.syntax.walk import has_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.records import DataSpec, Layer

MAX_DRAWN = 250
"""A circuit of more operations is not drawn on a page: the picture could not be read."""
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
        page.table(("", "width"), _widths(checked)),
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
    return " -> ".join(f"{name} {width}".strip() for name, width in _widths(checked))


def _widths(checked: Checked) -> Iterator[tuple[str, str]]:
    """What values go through, and how many there are after it; `?` if only the table knows."""
    draft, circuit = checked.draft, checked.circuit
    if checked.untrainable:
        yield "inputs", str(circuit.num_inputs)
        yield "circuit", str(circuit.num_outputs)
        return
    data: DataSpec = draft["data"]
    width = draft["in_width"]
    yield _columns("features", data.features.names), "?" if width is None else str(width)
    yield from _layers(draft["encoder"], width, circuit.num_inputs)
    yield "circuit", str(circuit.num_outputs)
    yield from _layers(draft["decoder"], circuit.num_outputs, draft["out_width"])
    yield _columns("targets", data.target) if data.target else "target, the last column", str(draft["out_width"])


def _layers(layers: Sequence[Layer], width: int | None, follows: int) -> Iterator[tuple[str, str]]:
    for place, layer in enumerate(layers):
        given = layer.out_width if layer.out_width is not None else follows if place == len(layers) - 1 else width
        width = given
        yield layer.layer.name, "?" if width is None else str(width)


def _columns(noun: str, names: Sequence[str] | None) -> str:
    if names is None:
        return noun
    return f"{noun} {', '.join(names)}" if len(names) <= MAX_NAMES else noun


def _drawing(circuit: Circuit, made: Callable[[], QuantumCircuit]) -> str:
    if len(circuit.operations) > MAX_DRAWN:
        return page.lines(f"{len(circuit.operations):,} gates are too many to be drawn here")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    made().draw("mpl", idle_wires=True, fold=18, ax=axes, style="iqp")
    return page.picture(figure, "the circuit")
