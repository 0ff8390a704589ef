"""The backend `aer`: Qiskit Aer behind `EstimatorQNN` and `TorchConnector`.

This is the way that Qiskit's users know, kept exact: expectation values without shot noise, gradients by the parameter
shift rule. A GPU is used only where a run on it was seen to work. The executable is in `backends.qnn`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends import Backend
from hqnn_dsl.backends.limits import MAX_STATE_BYTES
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.report.codes.environment import AerPicked, BackendCannot, CuStateVecNeedsGpu, StateTooLarge
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.report.diagnostic import Diagnostic

ENTRY = Entry(
    name="aer",
    doc="Qiskit Aer through EstimatorQNN and TorchConnector: exact values, parameter-shift gradients; slow to train.",
    options=(
        Option(
            name="device",
            type="choice",
            doc="Where Aer computes. `gpu` never falls back to the CPU; `auto` does, and says why.",
            default="cpu",
            choices=("cpu", "gpu", "auto"),
        ),
        Option(name="custatevec", type="bool", doc="On the GPU, use NVIDIA's cuStateVec.", default=False),
        Option(
            name="precision",
            type="choice",
            doc="Precision of Aer's state, and of the values and gradients handed to torch.",
            default="double",
            choices=("single", "double"),
        ),
        Option(
            name="method",
            type="choice",
            doc="How circuits are submitted: `estimator_qnn` is Qiskit Machine Learning's EstimatorQNN.",
            default="estimator_qnn",
            choices=("estimator_qnn",),
        ),
    ),
)
"""Its name and options in specs."""


def load(circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:
    """The circuit behind `EstimatorQNN`.

    Raises `Refusal` for what the shift rule cannot do (exit code 1) and for what Aer cannot do here (exit code 3).
    """
    chosen = {**ENTRY.defaults(), **options}
    refused = objections(circuit, chosen)
    if refused:
        raise Refusal(*refused)
    device = _device(chosen["device"], custatevec=chosen["custatevec"])

    from hqnn_dsl.backends.qnn.executable import QnnExecutable, QnnOptions

    custatevec = device == "GPU" and chosen["custatevec"]
    return QnnExecutable(circuit, QnnOptions(device, chosen["precision"], custatevec=custatevec), seed)


def objections(circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """An amplitude input, a state above the memory limit, and `custatevec` without a GPU."""
    chosen = {**ENTRY.defaults(), **options}
    found: list[Diagnostic] = []
    if circuit.amplitude is not None:
        reason = "its gradients shift angles of gates, and the `amplitude` input is no angle"
        found.append(BackendCannot(backend="aer", reason=reason))
    needed = (8 if chosen["precision"] == "single" else 16) << circuit.num_qubits
    if needed > MAX_STATE_BYTES:
        width = circuit.num_qubits
        found.append(StateTooLarge(num_qubits=width, rows=1, needed_bytes=needed, limit_bytes=MAX_STATE_BYTES))
    if chosen["custatevec"] and chosen["device"] == "cpu":
        found.append(CuStateVecNeedsGpu())
    return tuple(found)


def probe() -> str:
    """Which Aer is here and where it computes, in a line."""
    from hqnn_dsl.backends.aer_build import aer_state, cpu_objection, gpu_objection

    state = aer_state()
    cpu = cpu_objection()
    if cpu is not None:
        return f"{cpu.headline}; {cpu.help}"
    gpu = gpu_objection(custatevec=False)
    named = " and ".join(state.packages) or "qiskit-aer of unknown origin"
    return f"ready on the CPU ({named}); GPU: {'ready' if gpu is None else gpu.headline}"


def _device(asked: str, *, custatevec: bool) -> str:
    """`CPU` or `GPU`; refuses what was asked for and is not there, and says on standard error what `auto` picked."""
    from hqnn_dsl.backends.aer_build import cpu_objection, gpu_objection

    lacking = gpu_objection(custatevec=custatevec) if asked != "cpu" else None
    if asked == "gpu" and lacking is not None:
        raise Refusal(lacking)
    device = "CPU" if asked == "cpu" or lacking is not None else "GPU"
    if device == "CPU" and (broken := cpu_objection()) is not None:
        raise Refusal(broken)
    if asked == "auto":
        reason = "a one-qubit run on the GPU worked" if lacking is None else lacking.headline
        sys.stderr.write(f"note: {AerPicked(device=device, reason=reason).headline}\n")
    return device


BACKEND = Backend(entry=ENTRY, load=load, objections=objections, probe=probe, pace=4e3)
"""The row of the table of backends."""
