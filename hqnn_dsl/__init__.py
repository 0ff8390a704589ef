"""HQNN: a small language and a compiler for hybrid quantum-classical neural networks.

    import hqnn

    program = hqnn.compile("specs/model.hqnn")       # a path, or the text of a spec
    layer = program.quantum_layer()                  # a torch module: the circuit alone
    run = hqnn.train(program, "data.csv")            # a path, or a pandas frame
    run.predict("new.csv")                           # in the target's own units
    run = hqnn.open_run("runs/yacht-1")              # a run that is there

Names are looked up when they are used, so importing the package costs nothing. `import hqnn_dsl` is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hqnn_dsl.api import (
        compile,
        compile_text,
        cross_validate,
        load,
        open_run,
        replay,
        send_notices_to,
        train,
        write_compiled,
        write_report,
    )
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
    from hqnn_dsl.diagnostics.notices import HQNNWarning
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.analysis.analyze import Analysis
    from hqnn_dsl.science.comparison.result import Comparison
    from hqnn_dsl.science.sweeping.result import Sweep
    from hqnn_dsl.science_api import analyze, compare, sweep
    from hqnn_dsl.trackers.mlflow import MLflow
    from hqnn_dsl.trackers.tensorboard import TensorBoard
    from hqnn_dsl.trained import CrossValidation, Run
    from hqnn_dsl.training.loop import Epoch
    from hqnn_dsl.training.replay import Replay

_HOMES = {
    "Analysis": "hqnn_dsl.science.analysis.analyze",
    "Comparison": "hqnn_dsl.science.comparison.result",
    "Sweep": "hqnn_dsl.science.sweeping.result",
    "CrossValidation": "hqnn_dsl.trained",
    "Diagnostic": "hqnn_dsl.diagnostics.diagnostic",
    "Epoch": "hqnn_dsl.training.loop",
    "HQNNWarning": "hqnn_dsl.diagnostics.notices",
    "MLflow": "hqnn_dsl.trackers.mlflow",
    "Program": "hqnn_dsl.program",
    "Refusal": "hqnn_dsl.diagnostics.diagnostic",
    "Replay": "hqnn_dsl.training.replay",
    "Run": "hqnn_dsl.trained",
    "TensorBoard": "hqnn_dsl.trackers.tensorboard",
    "analyze": "hqnn_dsl.science_api",
    "compare": "hqnn_dsl.science_api",
    "sweep": "hqnn_dsl.science_api",
    "compile": "hqnn_dsl.api",
    "compile_text": "hqnn_dsl.api",
    "cross_validate": "hqnn_dsl.api",
    "load": "hqnn_dsl.api",
    "open_run": "hqnn_dsl.api",
    "replay": "hqnn_dsl.api",
    "send_notices_to": "hqnn_dsl.api",
    "train": "hqnn_dsl.api",
    "write_compiled": "hqnn_dsl.api",
    "write_report": "hqnn_dsl.api",
}

__all__ = [
    "Analysis",
    "Comparison",
    "CrossValidation",
    "Diagnostic",
    "Epoch",
    "HQNNWarning",
    "MLflow",
    "Program",
    "Refusal",
    "Replay",
    "Run",
    "Sweep",
    "TensorBoard",
    "__version__",
    "analyze",
    "compare",
    "compile",
    "compile_text",
    "cross_validate",
    "load",
    "open_run",
    "replay",
    "send_notices_to",
    "sweep",
    "train",
    "write_compiled",
    "write_report",
]


if not TYPE_CHECKING:  # for type checkers a name that is not here is a mistake

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
