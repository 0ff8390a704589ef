"""HQNN: a small language and a compiler for hybrid quantum-classical neural networks.

    import hqnn_dsl as hqnn

    program = hqnn.compile("specs/model.hqnn")
    run = hqnn.train(program, "data.csv")
    run.predict(frame)

Names are looked up when they are used, so importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hqnn_dsl.api import Run, compile, compile_text, load, open_run, train, write_compiled
    from hqnn_dsl.pipeline import Program
    from hqnn_dsl.report.diagnostic import Diagnostic, Refusal

_HOMES = {
    "Diagnostic": "hqnn_dsl.report.diagnostic",
    "Program": "hqnn_dsl.pipeline",
    "Refusal": "hqnn_dsl.report.diagnostic",
    "Run": "hqnn_dsl.api",
    "compile": "hqnn_dsl.api",
    "compile_text": "hqnn_dsl.api",
    "load": "hqnn_dsl.api",
    "open_run": "hqnn_dsl.api",
    "train": "hqnn_dsl.api",
    "write_compiled": "hqnn_dsl.api",
}

__all__ = [
    "Diagnostic",
    "Program",
    "Refusal",
    "Run",
    "__version__",
    "compile",
    "compile_text",
    "load",
    "open_run",
    "train",
    "write_compiled",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
