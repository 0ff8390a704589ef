"""The backend `reference`: dense states in plain torch, the oracle that every other backend is held against.

It does all of the language, differentiates as often as wanted, and runs where its arguments are. Its work is in
`backends.dense`; here is its row in the table of backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.limits import MAX_STATE_BYTES
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.report.codes.environment import StateTooLarge
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.report.diagnostic import Diagnostic

AMPLITUDE_BYTES = {"single": 8, "double": 16}
"""Bytes of one complex amplitude by precision."""


def load(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """The circuit as a torch function. Raises `Refusal` where not even one state fits the memory limit."""
    from hqnn_dsl.backends.dense.executable import DenseExecutable

    refused = objections(circuit, options)
    if refused:
        raise Refusal(*refused)
    return DenseExecutable(circuit, options.get("precision", "single"))


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Only one: a single state that is larger than the memory limit."""
    needed = AMPLITUDE_BYTES[options.get("precision", "single")] << circuit.num_qubits
    if needed <= MAX_STATE_BYTES:
        return ()
    width = circuit.num_qubits
    return (StateTooLarge(num_qubits=width, rows=1, needed_bytes=needed, limit_bytes=MAX_STATE_BYTES),)


def probe() -> str:
    """What it can do here, in a line."""
    import torch

    device = f"CPU and {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "CPU"
    return f"ready on {device}, torch {torch.__version__}"


BACKEND = Backend(
    entry=Entry(
        name="reference",
        doc="Dense state vectors in plain torch: exact, differentiable as often as wanted, on CPU or CUDA.",
        options=(
            Option(
                name="precision",
                type="choice",
                doc="Precision of the state: `single` (complex64) or `double` (complex128).",
                default="single",
                choices=("single", "double"),
            ),
        ),
    ),
    load=load,
    objections=objections,
    probe=probe,
    pace=5e7,
)
"""The row of the table of backends."""
