"""What `hqnn compile` writes of each circuit, one row a kind.

Every emitter gets the circuits that were checked against each other before they come here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    drawing = export.circuit.draw("text", idle_wires=False, fold=160)
    drawing.encoding = "utf-8"  # not that of the terminal, which Qiskit takes
    lines = [*filter(None, [_where(export)]), str(drawing.single_string())]
    return ("\n".join(lines) + "\n").encode()


def _png(export: Export) -> bytes | None:
    if len(export.circuit.data) > MAX_DRAWN_OPERATIONS:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 9))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    export.circuit.draw("mpl", idle_wires=False, fold=24, ax=axes, style="iqp")
    axes.set_title(_where(export), wrap=True)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
    return stream.getvalue()


EMITTERS: dict[str, Emitter] = {
    "qasm": Emitter(".qasm", "OpenQASM 3, read back by Qiskit", _qasm),
    "qpy": Emitter(".qpy", "Qiskit's binary form, which keeps the parameters", _qpy),
    "text": Emitter(".txt", "a drawing as text", _text),
    "png": Emitter(".png", "a drawing as a picture", _png),
}
"""The kinds that each circuit is written in."""

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
