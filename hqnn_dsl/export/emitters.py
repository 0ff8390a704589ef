"""What `hqnn compile` writes of each circuit, one row a kind.

Every emitter gets the circuits that were checked against each other before they come here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.block_spans import segments_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qiskit import QuantumCircuit

    from hqnn_dsl.export.exported import Export

MAX_DRAWN_OPERATIONS = 2_000
"""A larger circuit is not drawn: the picture could not be read, and drawing it takes minutes."""


@dataclass(frozen=True)
class Emitter:
    """A kind of file: `write(export)` gives the bytes of `<name><suffix>` for one circuit, None where it has none."""

    suffix: str
    doc: str
    write: Callable[[Export], bytes | None]


def _qasm(export: Export) -> bytes:
    from hqnn_dsl.export.qasm import qasm_text
    from hqnn_dsl.export.reading import check_read_back

    text = qasm_text(export)
    check_read_back(f"{export.name}.qasm", text, export)
    return text.encode()


def _qpy(export: Export) -> bytes:
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(export.circuit, stream)
    return stream.getvalue()


def _where(export: Export) -> str:
    """The layout in a line for people; empty for the logical circuit."""
    if export.layout is None:
        return ""
    pairs = ", ".join(f"{k} -> {q}" for k, q in enumerate(export.layout))
    return f"layout, logical qubit -> the qubit that it ends on: {pairs}"


def _text(export: Export) -> bytes | None:
    if len(export.circuit.data) > MAX_DRAWN_OPERATIONS:
        return None
    drawing = _titled(export).draw("text", idle_wires=False, fold=160)
    drawing.encoding = "utf-8"  # not that of the terminal, which Qiskit takes
    lines = [*filter(None, [_where(export)]), str(drawing.single_string())]
    return ("\n".join(lines) + "\n").encode()


def _titled(export: Export) -> QuantumCircuit:
    """The circuit with a barrier and a title before each of its segments; a transpiled one has none."""
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


def _picture(form: str) -> Callable[[Export], bytes | None]:
    def write(export: Export) -> bytes | None:
        if len(export.slotted.data) > MAX_DRAWN_OPERATIONS or export.page.is_too_large:
            return None
        return export.page.file(form)

    return write


EMITTERS: dict[str, Emitter] = {
    "qasm": Emitter(".qasm", "OpenQASM 3, read back by Qiskit", _qasm),
    "qpy": Emitter(".qpy", "Qiskit's binary form, which keeps the parameters", _qpy),
    "text": Emitter(".txt", "a drawing as text", _text),
    "png": Emitter(".png", "a picture in dots", _picture("png")),
    "svg": Emitter(".svg", "a picture for the web, of any size", _picture("svg")),
    "pdf": Emitter(".pdf", "a picture for a paper, of any size", _picture("pdf")),
}
"""The kinds that each circuit is written in."""

FORMS = ("png", "svg", "pdf")
"""The kinds in which there is a picture of the whole network too."""

DRAWN = ("text", *FORMS)
"""The kinds that a large circuit has not."""

MODULE, STATIC, OBSERVABLES = "module", "static", "observables"
KINDS = (*EMITTERS, OBSERVABLES, MODULE, STATIC)
"""What `--emit` takes; `observables` is what each output measures, `module` the Torch module's starting weights with
the spec, `static` the report."""


def circuit_files(exports: Sequence[Export], kinds: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file of each circuit; drawings of large circuits are left out."""
    for export in exports:
        for kind, row in EMITTERS.items():
            data = row.write(export) if kind in kinds else None
            if data is not None:
                yield f"{export.name}{row.suffix}", data
