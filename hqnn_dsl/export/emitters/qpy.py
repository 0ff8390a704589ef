"""QPY, Qiskit's own format."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hqnn_dsl.export.emitter import Emitter

if TYPE_CHECKING:
    from hqnn_dsl.export.exported import Export


def _write(export: Export) -> bytes:
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(export.circuit, stream)
    return stream.getvalue()


EMITTERS = (Emitter(kind="qpy", suffix=".qpy", doc="Qiskit's binary form, which keeps the parameters", write=_write),)
