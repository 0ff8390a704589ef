"""The backend `reference`: dense states in plain torch, the oracle that every other backend is held against.

It does all of the language, differentiates as often as wanted, and runs where its arguments are. Its work is in
`executable`; here is its row in the table of backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.reference.memory import needed
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.catalog.precision import precision_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """Returns the circuit as a torch function."""
    from hqnn_dsl.backends.reference.executable import DenseExecutable

    return DenseExecutable(circuit, options["precision"])


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Only one: the states of a single row that are larger than the memory limit."""
    return _too_large(circuit, options, 1, gradients=False)


def training(circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:  # noqa: ARG001
    """A step's states that are larger than the memory limit."""
    return _too_large(circuit, options, rows, gradients=True)


def _too_large(
    circuit: Circuit, options: Mapping[str, Any], rows: int, *, gradients: bool
) -> tuple[StateTooLarge, ...]:
    refusal = too_large(
        *(circuit, rows, options["precision"]),
        lambda count, precision: needed(circuit, count, precision, gradients=gradients),
        MAX_STATE_BYTES,
        training=gradients,
    )
    return () if refusal is None else (refusal,)


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int:
    """Returns the bytes of the states of a step."""
    return needed(circuit, rows, options["precision"], gradients=True)


def probe() -> str:
    """What it can do here, in a line."""
    import torch

    device = f"CPU and {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "CPU"
    return f"ready on {device}, torch {torch.__version__}"


BACKEND = Backend(
    entry=Entry(
        name="reference",
        doc="Dense state vectors in plain torch: exact, differentiable as often as wanted, on CPU or CUDA.",
        options=(precision_option(),),
    ),
    build=build,
    circuit_objections=objections,
    training_objections=training,
    bytes_with=state_bytes,
    probe=probe,
    pace=5e7,
)
"""The row of the table of backends."""
