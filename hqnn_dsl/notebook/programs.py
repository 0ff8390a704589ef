"""A compiled spec: its name, the widths through its network, and on a page the spec in colours and its circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.notebook import page
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.semantics.outline import circuit_counts, widths
from hqnn_dsl.syntax.walk import has_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.export.exported import Export
    from hqnn_dsl.semantics.check import Checked

MAX_DRAWN, MAX_WIRES = 250, 40
"""A circuit of more operations, or of more qubits, is not drawn on a page: the picture could not be read."""


def program_text(name: str, checked: Checked) -> str:
    """A program in a few lines; `name` is that of the file that it is from."""
    rows = [
        f"<Program {checked.spec.name}, from {name}>",
        f"  {_network(checked)}",
        f"  circuit: {circuit_counts(checked.circuit)}",
    ]
    rows += [f"  {text}" for text in _rest(checked)]
    return "\n".join(printable(row) for row in rows)


def program_html(name: str, checked: Checked, resolved: Callable[[], str], exported: Callable[[], Export]) -> str:
    """A page about a program. A spec that `--set` or `set` changed is shown resolved, as it is after the changes."""
    is_changed = has_option(checked.tree)
    text = resolved() if is_changed else checked.tree.source.text
    title = "spec, resolved, with the changes that were given" if is_changed else "spec"
    return page.box(
        f"{checked.spec.name}, from {name}",
        page.lines(f"circuit: {circuit_counts(checked.circuit)}", *_rest(checked)),
        page.table(("from the table to the target", "width"), widths(checked)),
        page.heading("circuit"),
        _drawing(checked.circuit, exported),
        page.heading(title),
        page.code(coloured(text)),
    )


def _rest(checked: Checked) -> list[str]:
    rows = [] if checked.circuit.is_absent else [f"backend {checked.spec.backend.name}"]
    if checked.untrainable:
        rows.append("a circuit alone, which `hqnn.train` does not take")
    if checked.warnings:
        rows.append(f"{count(len(checked.warnings), 'warning')}, in `warnings`")
    return rows


def _network(checked: Checked) -> str:
    return " -> ".join(f"{name} {width}".strip() for name, width in widths(checked))


def _drawing(circuit: Circuit, exported: Callable[[], Export]) -> str:
    """The picture that `hqnn compile` writes."""
    if circuit.is_absent:
        return page.lines("the model has no circuit")
    if len(circuit.operations) > MAX_DRAWN or circuit.num_qubits > MAX_WIRES:
        return page.lines("too large to be drawn here")
    try:
        drawn = exported().page
    except Refusal as refusal:
        return page.lines(*(item.headline for item in refusal.diagnostics))
    return page.picture(drawn.figure, "the circuit")
