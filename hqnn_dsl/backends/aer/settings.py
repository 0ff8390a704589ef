"""What the options mean for one circuit: which of Aer's options a run gets, and what its report must then say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.aer.options import MAX_BATCHED_QUBITS, simulation_method
from hqnn_dsl.diagnostics.codes.environment import NotOnGpu

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.catalog.entry import Selection
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of a circuit's runs, `device` (`CPU` or `GPU`) decided and the simulation method chosen."""

    method: str
    device: str
    precision: str
    custatevec: bool
    batched_gpu: bool
    target_gpus: tuple[int, ...] | None
    blocking_qubits: int | None
    shots: int | None
    noise: Selection | None
    gradient: Selection
    simulation: Selection

    @property
    def samples_runs(self) -> bool:
        """Whether shots are random runs of Aer's, and not drawn from exact values."""
        return self.noise is not None and self.shots is not None and self.method == "statevector"

    @property
    def binds_while_running(self) -> bool:
        """Whether Aer gets all rows of angles for one circuit: not with cuStateVec, and not on cut states."""
        return not self.custatevec and self.blocking_qubits is None

    def simulator_options(self) -> dict[str, Any]:
        """What `AerSimulator` is told."""
        told: dict[str, Any] = {
            "method": self.method,
            "device": self.device,
            "precision": self.precision,
            "runtime_parameter_bind_enable": self.binds_while_running,
            # Leaving out qubits that a term does not need makes `save_expectation_value` wrong: qiskit-aer #2442.
            "enable_truncation": False,
        }
        if self.device == "GPU":
            told |= {"batched_shots_gpu": self.batched_gpu, "cuStateVec_enable": self.custatevec}
            told["target_gpus"] = list(self.target_gpus or (0,))
        if self.blocking_qubits is not None:
            told |= {"blocking_enable": True, "blocking_qubits": self.blocking_qubits}
        if self.method == "matrix_product_state":
            told["matrix_product_state_truncation_threshold"] = self.simulation["truncation"]
            if self.simulation["bond"] is not None:
                told["matrix_product_state_max_bond_dimension"] = self.simulation["bond"]
        return told

    def objection(self, report: Mapping[str, Any], rows: int) -> Diagnostic | None:
        """What a run's own report says otherwise than it was told; `rows` were run."""
        if self.device != "GPU":
            return None
        if report.get("device") != "GPU":
            return NotOnGpu(wanted="`device: gpu`", found=f"device {report.get('device')}")
        if self.custatevec and not report.get("cuStateVec_enable"):
            return NotOnGpu(wanted="`custatevec: true`", found="that cuStateVec was not used")
        if self.batched_gpu and rows > 1 and not report.get("batched_shots_optimization"):
            return NotOnGpu(wanted="`batched_shots_gpu`", found="that circuits ran one after the other")
        return None


def settings_of(options: Mapping[str, Any], device: str, num_qubits: int) -> Settings:
    """The settings for all of aer's options, on the device that was decided on."""
    method = simulation_method(options, num_qubits)
    custatevec = device == "GPU" and bool(options["custatevec"])
    alone = custatevec or options["blocking_qubits"] is not None
    able = device == "GPU" and not alone and num_qubits <= MAX_BATCHED_QUBITS.get(method, 0)
    asked = options["batched_shots_gpu"]
    return Settings(
        method=method,
        device=device,
        precision=options["precision"],
        custatevec=custatevec,
        batched_gpu=able and asked is not False,
        target_gpus=None if options["target_gpus"] is None else tuple(options["target_gpus"]),
        blocking_qubits=options["blocking_qubits"] if device == "GPU" else None,
        shots=options["shots"],
        noise=options["noise"],
        gradient=options["gradient"],
        simulation=options["simulation"],
    )
