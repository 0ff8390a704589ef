"""The backend `reference`: dense states in plain torch, the oracle that every other backend is held against.

It does all of the language, differentiates as often as wanted, and runs where its arguments are. Its work is in
`backends.dense`; here is its row in the table of backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.limits import MAX_STATE_BYTES
from hqnn_dsl.backends.memory import too_large
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.report.codes.environment import StateTooLarge
    from hqnn_dsl.report.diagnostic import Diagnostic

AMPLITUDE_BYTES = {"single": 8, "double": 16}
"""Bytes of one complex amplitude by precision."""
WORKING_STATES = 3
"""States that exist at once while one gate is applied: before, after, and one rearranged."""


def load(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """The circuit as a torch function. Raises `Refusal` where not even one state fits the memory limit."""
    from hqnn_dsl.backends.dense.executable import DenseExecutable

    refused = objections(circuit, options)
    if refused:
        raise Refusal(*refused)
    return DenseExecutable(circuit, options.get("precision", "single"))


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
        *(circuit, rows, options.get("precision", "single")),
        lambda count, precision: needed(circuit, count, precision, gradients=gradients),
        MAX_STATE_BYTES,
        training=gradients,
    )
    return () if refusal is None else (refusal,)


def needed(circuit: Circuit, rows: int, precision: str, *, gradients: bool) -> int:
    """Bytes of the states of so many rows at once: those at work and, for gradients, those that wait."""
    states = WORKING_STATES + (kept_states(circuit) if gradients else 0)
    return rows * states * AMPLITUDE_BYTES[precision] << circuit.num_qubits


def kept_states(circuit: Circuit) -> int:
    """States that wait for the gradient: one a gate, two a `pauli_rot`, one a product that is no product of Z."""
    rotations = sum(operation.gate == "pauli_rot" for operation in circuit.operations)
    products = {factors for observable in circuit.sums for factors in observable.products()}
    mixing = sum(any(letter != "z" for _, letter in factors) for factors in products)
    return len(circuit.operations) + rotations + mixing


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
    training=training,
    probe=probe,
    pace=5e7,
)
"""The row of the table of backends."""
