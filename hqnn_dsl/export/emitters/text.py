"""A drawing as text, by Qiskit."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.block_spans import segments_of
from hqnn_dsl.export import emitter
from hqnn_dsl.export.emitter import Emitter

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from hqnn_dsl.export.exported import Export


def _where(export: Export) -> str:
    """Returns the layout in a line for people; empty for the logical circuit."""
    if export.layout is None:
        return ""
    pairs = ", ".join(f"{k} -> {q}" for k, q in enumerate(export.layout))
    return f"layout, logical qubit -> the qubit that it ends on: {pairs}"


def _text(export: Export) -> bytes | None:
    if len(export.circuit.data) > emitter.MAX_DRAWN_OPERATIONS:
        return None
    drawing = _titled(export).draw("text", idle_wires=False, fold=160)
    drawing.encoding = "utf-8"  # not that of the terminal, which Qiskit takes
    lines = [*filter(None, [_where(export)]), str(drawing.single_string())]
    return ("\n".join(lines) + "\n").encode()


def _titled(export: Export) -> QuantumCircuit:
    """Returns the circuit with a barrier and a title before each of its segments; a transpiled one has none."""
    if export.layout is not None:
        return export.circuit
    marked, operations = export.circuit.copy_empty_like(), export.source.operations
    segments = segments_of(export.source)
    titles = {segment.start: segment.name or segment.kind for segment in segments if segment.stop > segment.start}
    gates = iter(export.circuit.data)
    built = [operation.gate != "pauli_rot" or set(operation.pauli) != {"I"} for operation in operations]
    before = len(export.circuit.data) - sum(built)
    if before:  # the preparation of an amplitude input
        marked.barrier(label="amplitude")
        for gate in islice(gates, before):
            marked.append(gate, copy=False)
    for place, is_built in enumerate(built):
        if titles.get(place):
            marked.barrier(label=titles[place])
        if is_built:
            marked.append(next(gates), copy=False)
    marked.barrier(label="measure")
    return marked


EMITTERS = (Emitter(kind="text", suffix=".txt", doc="a drawing as text", write=_text, is_drawing=True),)
