"""OpenQASM 3, read back before it is called written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.export.emitter import Emitter

if TYPE_CHECKING:
    from hqnn_dsl.export.exported import Export


def _write(export: Export) -> bytes:
    from hqnn_dsl.export.qasm import qasm_text
    from hqnn_dsl.export.reading import check_read_back

    text = qasm_text(export)
    check_read_back(f"{export.name}.qasm", text, export)
    return text.encode()


EMITTERS = (Emitter(kind="qasm", suffix=".qasm", doc="OpenQASM 3, read back by Qiskit", write=_write),)
