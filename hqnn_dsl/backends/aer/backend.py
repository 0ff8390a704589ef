"""The backend `aer`: Qiskit Aer, all samples and shifts in one run, or behind `EstimatorQNN` and `TorchConnector`.

A GPU is used only where a run on it was seen to work, and every later run's report is read too. The options are in
`options`, the executables in `executable` and `estimator_qnn`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.aer.options import ENTRY, MAX_BATCHED_QUBITS, is_exact, objections
from hqnn_dsl.catalog.precision import COMPLEX_BYTES
from hqnn_dsl.diagnostics.codes.environment import AerPicked
from hqnn_dsl.diagnostics.codes.simulators import CuStateVecUnbatched
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.sentences import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Circuits, Executable
    from hqnn_dsl.circuit.ir import Circuit


def build(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:
    """Returns the circuit for the method that `options` name. Raises `Refusal` (exit code 3) if Aer cannot run here."""
    device = _device(options["device"], custatevec=options["custatevec"])
    if options["method"] == "estimator_qnn":
        from hqnn_dsl.backends.aer.estimator_qnn import QnnExecutable, QnnOptions

        custatevec = device == "GPU" and options["custatevec"]
        return QnnExecutable(circuit, QnnOptions(device, options["precision"], custatevec=custatevec), seed)

    from hqnn_dsl.backends.aer.executable import BatchedExecutable
    from hqnn_dsl.backends.aer.settings import settings_of

    settings = settings_of(options, device, circuit.num_qubits)
    if settings.custatevec:
        most = MAX_BATCHED_QUBITS["statevector"]
        notice(CuStateVecUnbatched(num_qubits=circuit.num_qubits, most=most))
    return BatchedExecutable(circuit, settings, seed)


def circuits(options: Mapping[str, Any]) -> Circuits:
    """Returns whether the circuits are counted: not those that `EstimatorQNN` makes."""
    return "priced" if options["method"] == "batched" else "unknown"


def state_bytes(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int | None:  # noqa: ARG001 - row by row
    """Returns the bytes of the one state that Aer holds at a time on the CPU; None if they depend on more."""
    if options["device"] == "gpu" or options["simulation"].name == "matrix_product_state":
        return None
    squared = 1 if options["noise"] is None else 2
    return COMPLEX_BYTES[options["precision"]] << squared * circuit.num_qubits


def probe() -> str:
    """Which Aer is here and where it computes, in a line."""
    from hqnn_dsl.backends.aer.installation import aer_state, cpu_objection, gpu_objection

    state = aer_state()
    cpu = cpu_objection()
    if cpu is not None:
        return f"{cpu.headline}; {cpu.help}"
    gpu = gpu_objection(custatevec=False)
    named = listed(state.packages, "and") or "qiskit-aer of unknown origin"
    return f"ready on the CPU ({named}); GPU: {'ready' if gpu is None else gpu.headline}"


def _device(asked: str, *, custatevec: bool) -> str:
    """`CPU` or `GPU`; refuses what was asked for and is not there, and says what `auto` picked."""
    from hqnn_dsl.backends.aer.installation import cpu_objection, gpu_objection

    lacking = gpu_objection(custatevec=custatevec) if asked != "cpu" else None
    if asked == "gpu" and lacking is not None:
        raise Refusal(lacking)
    device = "CPU" if asked == "cpu" or lacking is not None else "GPU"
    if device == "CPU" and (broken := cpu_objection()) is not None:
        raise Refusal(broken)
    if asked == "auto":
        reason = "a one-qubit run on the GPU worked" if lacking is None else lacking.headline
        notice(AerPicked(device=device, reason=reason))
    return device


BACKEND = Backend(
    entry=ENTRY,
    build=build,
    circuit_objections=objections,
    probe=probe,
    pace=1e5,
    exact_with=is_exact,
    circuits_with=circuits,
    bytes_with=state_bytes,
    is_here=lambda: find_spec("qiskit_aer") is not None,
)
"""The row of the table of backends."""
