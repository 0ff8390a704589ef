"""Transpiling: a circuit in the gates and on the qubits of a device, with its observables laid out the same way.

A request that Qiskit cannot fulfil is refused here, with the first line of Qiskit's own message if it has one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.transpiler import CouplingMap, TranspilerError, generate_preset_pass_manager

from hqnn_dsl.diagnostics.codes.environment import (
    CannotTranspile,
    DeviceTooSmall,
    FakeDevicesMissing,
    UnknownBasisGate,
    UnknownDevice,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
from hqnn_dsl.transpile.symbols import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp
    from qiskit.transpiler import TranspileLayout

    from hqnn_dsl.transpile.target import Target


@dataclass(frozen=True)
class Transpiled:
    """A transpiled circuit; `layout` maps logical qubits to those where they end, None if they stay."""

    circuit: QuantumCircuit
    layout: TranspileLayout | None

    def places(self, num_qubits: int) -> tuple[int, ...]:
        """Returns the qubit on which each of the `num_qubits` logical qubits ends, routing included."""
        return tuple(range(num_qubits) if self.layout is None else self.layout.final_index_layout(filter_ancillas=True))

    def observables(self, logical: Sequence[SparsePauliOp]) -> list[SparsePauliOp]:
        """Returns the operators on the qubits of the transpiled circuit, routing included."""
        return [operator.apply_layout(self.layout, self.circuit.num_qubits) for operator in logical]


def transpile(circuit: QuantumCircuit, target: Target) -> Transpiled:
    """Returns the circuit in the gates and on the qubits of a target.

    Raises `Refusal`: an unknown device or gate, a device that is too small, a basis that cannot say the circuit (exit
    code 1); fake devices that are not installed (exit code 3).
    """
    options = _target_options(circuit.num_qubits, target)
    name = target.device or f"[{', '.join(target.basis)}]"
    return _passed(circuit, name, target.optimization, target.seed, options)


def transpile_for(circuit: QuantumCircuit, device: Any, optimization: int, seed: int) -> Transpiled:
    """Returns the circuit in the gates and on the qubits of a device, any `BackendV2` of Qiskit's.

    Raises `Refusal`: a device that is too small, or one whose gates cannot say the circuit (exit code 1).
    """
    if device.num_qubits < circuit.num_qubits:
        raise Refusal(
            DeviceTooSmall(num_qubits=circuit.num_qubits, offered=device.num_qubits, device=f"`{device.name}`")
        )
    return _passed(circuit, device.name, optimization, seed, {"backend": device})


def _passed(circuit: QuantumCircuit, target: str, optimization: int, seed: int, options: dict[str, Any]) -> Transpiled:
    offered = options["backend"].operation_names if "backend" in options else options["basis_gates"]
    try:
        manager = generate_preset_pass_manager(optimization_level=optimization, seed_transpiler=seed, **options)
        result = manager.run(carried(circuit, offered))
    except (TranspilerError, ValueError) as error:  # ValueError: a gate of three qubits beside a coupling
        raise Refusal(CannotTranspile(target=target, reason=_sentence(error))) from error
    return Transpiled(result, result.layout)


def fake_devices() -> dict[str, Callable[[], Any]]:
    """Returns the classes of qiskit-ibm-runtime's fake devices by name. Raises `ImportError` if it is missing."""
    from qiskit_ibm_runtime import fake_provider

    classes = (value for value in vars(fake_provider).values() if isinstance(value, type))
    return {name: one for one in classes if isinstance(name := getattr(one, "backend_name", None), str)}


def coupling_map(coupling: str | tuple[tuple[int, int], ...] | None, num_qubits: int) -> CouplingMap | None:
    """Returns the couplings that `linear`, `ring`, `grid` or pairs stand for, both ways; None for all to all."""
    if coupling is None or coupling == "full":
        return None
    if isinstance(coupling, tuple):
        return CouplingMap([pair for a, b in coupling for pair in ((a, b), (b, a))])
    if coupling == "ring" and num_qubits > 2:
        return CouplingMap.from_ring(num_qubits)
    if coupling == "grid":
        rows = math.isqrt(num_qubits)
        return CouplingMap.from_grid(rows, math.ceil(num_qubits / rows))
    assert coupling in {"linear", "ring"}, coupling
    return CouplingMap.from_line(num_qubits)


def _target_options(num_qubits: int, target: Target) -> dict[str, Any]:
    """Returns the arguments of Qiskit's preset pass manager that describe the target."""
    if target.device is not None:
        return {"backend": fake_device(target.device, num_qubits)}
    known = get_standard_gate_name_mapping()
    for name in target.basis:
        if name not in known:
            raise Refusal(UnknownBasisGate(name=name, hint=did_you_mean(nearest(name, known))))
    coupling = coupling_map(target.coupling, num_qubits)
    if coupling is not None:
        connected = max(len(part.physical_qubits) for part in coupling.connected_components())
        if connected < num_qubits:
            raise Refusal(DeviceTooSmall(num_qubits=num_qubits, offered=connected, device="the coupling"))
    return {"basis_gates": list(target.basis), "coupling_map": coupling}


def fake_device(name: str, num_qubits: int = 0) -> Any:
    """Returns a fake device by name. Raises `Refusal`: unknown, too small for `num_qubits`, or not installed."""
    try:
        devices = fake_devices()
    except ImportError as error:
        raise Refusal(FakeDevicesMissing(name=name)) from error
    if name not in devices:
        raise Refusal(UnknownDevice(name=name, hint=did_you_mean(nearest(name, devices))))
    device = devices[name]()
    if device.num_qubits < num_qubits:
        raise Refusal(DeviceTooSmall(num_qubits=num_qubits, offered=device.num_qubits, device=f"`{name}`"))
    return device


def _sentence(error: Exception) -> str:
    """Returns the first line of Qiskit's own message."""
    return str(error).strip("'\"").splitlines()[0]
