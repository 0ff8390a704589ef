"""The qubits of a device that a circuit uses, as a device of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2, Options
from qiskit.transpiler import Target

if TYPE_CHECKING:
    from collections.abc import Sequence


class DevicePart(BackendV2):  # type: ignore[misc]
    """Qubits `kept` of a device, renumbered: a noise model of all 133 takes Aer seconds a run."""

    def __init__(self, device: Any, kept: Sequence[int]) -> None:
        super().__init__(name=device.name)
        whole, place = device.target, {qubit: k for k, qubit in enumerate(kept)}
        properties = whole.qubit_properties
        self._part = Target(
            num_qubits=len(kept), dt=whole.dt, qubit_properties=properties and [properties[qubit] for qubit in kept]
        )
        for name in whole.operation_names:
            where = {q: known for q, known in (whole[name] or {}).items() if q is not None and set(q) <= set(kept)}
            if where:
                moved = {tuple(place[qubit] for qubit in q): known for q, known in where.items()}
                self._part.add_instruction(whole.operation_from_name(name), moved, name=name)

    @property
    def target(self) -> Target:
        """The gates among these qubits, with their errors and times."""
        return self._part

    @property
    def max_circuits(self) -> None:
        """No limit."""
        return

    @classmethod
    def _default_options(cls) -> Options:
        return Options()

    def run(self, run_input: Any, **options: Any) -> Any:
        """Aer's job for these circuits, with this part's noise."""
        from qiskit_aer import AerSimulator
        from qiskit_aer.noise import NoiseModel

        if self._simulator is None:
            self._simulator = AerSimulator(noise_model=NoiseModel.from_backend(self), enable_truncation=False)
        return self._simulator.run(run_input, **options)

    _simulator: Any = None
