"""What `hqnn compile` writes, one row a kind. A row names its files and writes them into a folder.

Every emitter gets the logical and the transpiled Qiskit circuit; those are checked against each other before they come
here. Files are written completely or not at all.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qiskit import QuantumCircuit

MAX_DRAWN_OPERATIONS = 2_000
"""A larger circuit is not drawn: the picture could not be read, and drawing it takes minutes."""


@dataclass(frozen=True)
class Emitter:
    """A kind of file: `write(circuit)` gives the bytes of `<name><suffix>` for one circuit, None where it has none."""

    suffix: str
    doc: str
    write: Callable[[QuantumCircuit], bytes | None]


def _qasm(circuit: QuantumCircuit) -> bytes:
    from qiskit import qasm3

    return f"{qasm3.dumps(circuit)}\n".encode()


def _qpy(circuit: QuantumCircuit) -> bytes:
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return stream.getvalue()


def _text(circuit: QuantumCircuit) -> bytes | None:
    if len(circuit.data) > MAX_DRAWN_OPERATIONS:
        return None
    drawing = circuit.draw("text", idle_wires=False, fold=160)
    drawing.encoding = "utf-8"  # not that of the terminal, which Qiskit takes
    return (str(drawing.single_string()) + "\n").encode()


def _png(circuit: QuantumCircuit) -> bytes | None:
    if len(circuit.data) > MAX_DRAWN_OPERATIONS:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 9))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    circuit.draw("mpl", idle_wires=False, fold=24, ax=axes, style="iqp")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
    return stream.getvalue()


EMITTERS: dict[str, Emitter] = {
    "qasm": Emitter(".qasm", "OpenQASM 3", _qasm),
    "qpy": Emitter(".qpy", "Qiskit's binary form, which keeps the parameters", _qpy),
    "text": Emitter(".txt", "a drawing as text", _text),
    "png": Emitter(".png", "a drawing as a picture", _png),
}
"""The kinds that each circuit is written in."""

MODULE, STATIC = "module", "static"
KINDS = (*EMITTERS, MODULE, STATIC)
"""What `--emit` takes; `module` is the Torch module's starting weights with the spec, `static` the report."""


def write_circuits(folder: Path, circuits: dict[str, QuantumCircuit], kinds: tuple[str, ...]) -> list[Path]:
    """Write each circuit under its name in each kind; the paths written."""
    written = []
    for name, circuit in circuits.items():
        for kind in kinds:
            if kind not in EMITTERS:
                continue
            row = EMITTERS[kind]
            data = row.write(circuit)
            if data is None:
                continue
            path = folder / f"{name}{row.suffix}"
            with replacing(path) as beside:
                beside.write_bytes(data)
            written.append(path)
    return written
