"""The backend `native`: circuits as Pauli rotations, run by compiled kernels on the CPU or a GPU.

`circuit.pauli` makes the plan and `tables` lays it out as arrays. The folder `kernels` holds all that Numba compiles
for the CPU, on first use; `compiled` keeps it on disk under the key of `kernel_key`, `call` runs it on the threads of
`pool`, and `executable` is the torch function. `cuda` runs the same plan on a GPU. This module is the backend's row in
the table of backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.memory import MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.native.memory import KEPT_BYTES, needed
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.catalog.precision import REAL_BYTES, precision_option
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

SMALL_FACTOR = 32
"""Real numbers for each basis state that a step holds at most: two states of eight complex samples."""


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """Returns the circuit as a torch function. Raises `Refusal` (exit code 3) if CUDA is asked for and not there."""
    from hqnn_dsl.backends.native.executable import NativeExecutable

    if options["device"] == "cuda":
        from hqnn_dsl.backends.native.cuda.device import kernels_objection

        if (lacking := kernels_objection()) is not None:
            raise Refusal(lacking)
    return NativeExecutable(circuit, options["precision"], device=options["device"])


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Returns one objection at most: a single state, of the plan's largest part, is larger than the memory limit."""
    return _too_large(circuit, options, 1, gradients=False)


def training(circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:
    """A step's states that are larger than the memory limit; on a GPU its own memory is the limit, and asked there."""
    if device.startswith("cuda") and options["device"] != "cpu":
        return ()
    return _too_large(circuit, options, rows, gradients=True)


def _too_large(
    circuit: Circuit, options: Mapping[str, Any], rows: int, *, gradients: bool
) -> tuple[StateTooLarge, ...]:
    """The refusal of a call on so many rows, by the count that the call makes itself."""
    precision = options["precision"]
    if SMALL_FACTOR * REAL_BYTES[precision] << circuit.num_qubits <= MAX_STATE_BYTES - KEPT_BYTES:
        return ()
    from hqnn_dsl.circuit.pauli.rewrites import plan

    found = plan(circuit)
    refusal = too_large(
        *(circuit, rows, precision),
        lambda count, precision: needed(found, count, precision, gradients=gradients),
        MAX_STATE_BYTES,
        together=1,
        training=gradients,
        is_native=True,
    )
    return () if refusal is None else (refusal,)


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int:
    """Returns the bytes of the states of a step with one thread, as the call counts them itself."""
    from hqnn_dsl.circuit.pauli.rewrites import plan

    return needed(plan(circuit), rows, options["precision"], gradients=True)


def probe() -> str:
    """Returns a line about the processors that it can use on this machine."""
    import numba
    import torch

    from hqnn_dsl.backends.native.cuda.device import kernels_objection

    lacking = kernels_objection()
    gpu = f"ready on {torch.cuda.get_device_name()}" if lacking is None else lacking.headline
    return f"ready on {torch.get_num_threads()} CPU threads, numba {numba.__version__}; GPU: {gpu}"


BACKEND = Backend(
    entry=Entry(
        name="native",
        doc="Pauli rotations by compiled kernels on CPU or GPU: exact, and the fastest here for training.",
        options=(
            Option(
                name="device",
                type="choice",
                doc="Where kernels run: `auto` where the tensors are; `cpu` and `cuda` copy them there and back.",
                default="auto",
                choices=("auto", "cpu", "cuda"),
            ),
            precision_option(),
        ),
    ),
    build=build,
    circuit_objections=objections,
    training_objections=training,
    bytes_with=state_bytes,
    probe=probe,
    pace=4e9,
)
"""The row of the table of backends."""
