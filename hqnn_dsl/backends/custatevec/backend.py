"""The backend `custatevec`: the native plan by NVIDIA's cuStateVec, for states too large for the CUDA kernels.

Its work is in `executable`; here is its row in the table of backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.custatevec.memory import needed
from hqnn_dsl.backends.memory import MAX_GPU_STATE_BYTES, too_large
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.catalog.precision import precision_option
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:  # noqa: ARG001 - nothing is drawn
    """Returns the circuit as a torch function. Raises `Refusal` (exit code 3) without a GPU or cuquantum-python."""
    from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
    from hqnn_dsl.backends.custatevec.library import find_module
    from hqnn_dsl.backends.native.cuda.device import gpu_objection

    if (lacking := gpu_objection("`backend custatevec`")) is not None:
        raise Refusal(lacking)
    find_module()
    return StateVecExecutable(circuit, options["precision"])


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Only one: a single state, of the plan's largest part, that no GPU has the memory for."""
    return _too_large(circuit, options, MAX_GPU_STATE_BYTES, gradients=False)


def training(circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:  # noqa: ARG001
    """A step's three states, row by row, that this GPU has no memory for, or no GPU at all if none is known here."""
    limit = MAX_GPU_STATE_BYTES
    if device.startswith("cuda"):
        import torch

        from hqnn_dsl.backends.custatevec.executable import limit_of

        limit = limit_of(torch.device(device))
    return _too_large(circuit, options, limit, gradients=True)


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int:  # noqa: ARG001 - row by row
    """Returns the bytes of the states of a step, at most: those of the whole circuit."""
    return needed(circuit.num_qubits, options["precision"], gradients=True)


def _too_large(
    circuit: Circuit, options: Mapping[str, Any], limit: int, *, gradients: bool
) -> tuple[StateTooLarge, ...]:
    precision = options["precision"]
    if needed(circuit.num_qubits, precision, gradients=True) <= limit:
        return ()
    from hqnn_dsl.circuit.pauli.rewrites import plan

    widest = max((part.num_qubits for part in plan(circuit).parts), default=0)
    refusal = too_large(
        *(circuit, 1, precision),
        lambda _, precision: needed(widest, precision, gradients=gradients),
        limit,
        training=gradients,
    )
    return () if refusal is None else (refusal,)


def is_here() -> bool:
    """Whether there is a GPU that torch sees, and a cuStateVec to import."""
    from importlib.util import find_spec

    import torch

    return torch.cuda.is_available() and find_spec("cuquantum") is not None


def probe() -> str:
    """What it can do here, in a line."""
    import torch

    from hqnn_dsl.backends.custatevec.library import find_module
    from hqnn_dsl.backends.native.cuda.device import gpu_objection

    if (lacking := gpu_objection("`backend custatevec`")) is not None:
        return lacking.headline
    try:
        module = find_module()
    except Refusal as refusal:
        return f"{refusal.diagnostics[0].headline}; {refusal.diagnostics[0].help}"
    return f"ready on {torch.cuda.get_device_name()}, cuStateVec {module.get_version()}"


BACKEND = Backend(
    entry=Entry(
        name="custatevec",
        doc="NVIDIA's cuStateVec on a GPU, row by row: exact, for states too large for the kernels of `native`.",
        options=(precision_option(),),
    ),
    build=build,
    circuit_objections=objections,
    training_objections=training,
    bytes_with=state_bytes,
    probe=probe,
    is_here=is_here,
    pace=1e5,
)
"""The row of the table of backends. Its pace is that of a small circuit, whose rows it runs one after the other."""
