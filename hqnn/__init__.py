"""HQNN: a small language and a compiler for hybrid quantum-classical neural networks.

    import hqnn

    program = hqnn.compile("specs/model.hqnn")       # a path, or the text of a spec
    layer = program.quantum_layer()                  # a torch module: the circuit alone
    run = hqnn.train(program, "data.csv")            # a path, or a pandas frame
    run.predict("new.csv")                           # in the target's own units
    run = hqnn.open_run("runs/yacht-1")              # a run that is there

The same package as `hqnn_dsl`, under the name of its command: `hqnn.train is hqnn_dsl.train`. Names are looked up when
they are used, so importing it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hqnn_dsl
from hqnn_dsl import __all__ as __all__
from hqnn_dsl import __version__ as __version__

if TYPE_CHECKING:
    from hqnn_dsl import *  # noqa: F403 - the same names
else:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(hqnn_dsl, name)


def __dir__() -> list[str]:
    return dir(hqnn_dsl)
