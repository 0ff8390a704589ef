"""What is legal in a spec and its table together, and probably not meant (W0445)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class TargetBeyondOutputs(Diagnostic):
    """The network's outputs have bounds, and some targets lie beyond them: no training can predict those rows.

    An expectation value of a Pauli product lies between -1 and 1, a probability between 0 and 1, and so does what a
    last layer such as `tanh` or `sigmoid` gives. A target that is scaled to variance 1 reaches further. A dense layer
    at the end has no bounds.

        wrong   model m { circuit on 1 qubits { …; measure z } }                               # no decoder
        right   model m { circuit on 1 qubits { …; measure z } decoder { dense(1) } }
        right   model m { circuit on 1 qubits { …; measure z } decoder { identity * 4 } }      # one number for all rows
    """

    code: ClassVar[str] = "W0445"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = (
        "the network's predictions of `{target}` lie between {low} and {high}, whatever it learns; "
        "{far} of {rows} to train on lie beyond (the target goes from {least} to {most})"
    )
    advice: ClassVar[str] = "end with a layer without bounds: `decoder {{ dense(auto) }}`"
    target: str
    low: str
    high: str
    far: str
    rows: int
    least: str
    most: str
