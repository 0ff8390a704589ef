"""The circuit that grows while its statements are carried out, bounded by the limits of the language.

`elaborate` decides which gates, weights, inputs and outputs there are; here they are numbered and put together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hqnn_dsl import limits
from hqnn_dsl.circuit.angles import WeightRef
from hqnn_dsl.circuit.block_spans import Segment
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify, width_of
from hqnn_dsl.semantics.frames import stop_beyond
from hqnn_dsl.semantics.without_entanglers import without_entanglers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import AmplitudeInput, Measurement
    from hqnn_dsl.diagnostics.source import Span


class Reader(NamedTuple):
    """The feature map that reads most inputs."""

    name: str
    num_inputs: int
    span: Span


class CircuitBuilder:
    """A circuit under construction. Its methods raise `Stop` if it passes a limit."""

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.num_inputs = 0
        self.num_weights = 0
        self.tensors: list[WeightTensor] = []
        self.tensor_spans: dict[str, Span] = {}
        self.measured_spans: list[Span] = []
        self.amplitude: AmplitudeInput | None = None
        self.reader: Reader | None = None
        self._operations: list[Operation] = []
        self._slots: list[Angle] = []
        self._blocks: list[Segment] = []
        self._measurements: list[Measurement] = []
        self._num_outputs = 0

    @property
    def num_operations(self) -> int:
        return len(self._operations)

    def add_gate(self, gate: str, qubits: tuple[int, ...], angles: Sequence[Angle], letters: str = "") -> None:
        """Add a gate with a slot for each of its angles."""
        first = len(self._slots)
        self._slots.extend(angles)
        self._operations.append(Operation(gate, qubits, tuple(range(first, len(self._slots))), letters))

    def add_block(self, kind: str, name: str, first: int) -> None:
        """Note that the operations from `first` on are those of a block."""
        self._blocks.append(Segment(kind, name, first, len(self._operations)))

    def add_weights(self, tensor: WeightTensor, span: Span) -> tuple[WeightRef, ...]:
        """Add a tensor, declared at `span` or in a block placed there; its weights, row-major."""
        self.tensors.append(tensor)
        self.tensor_spans[tensor.path] = span
        self.num_weights += tensor.size
        return tuple(WeightRef(tensor.offset + index) for index in range(tensor.size))

    def read_inputs(self, components: Sequence[int], name: str, span: Span) -> None:
        """Note that `name`, at `span`, reads these components of the input vector."""
        needed = max(components, default=-1) + 1
        if needed > self.num_inputs:
            self.num_inputs = needed
            self.reader = Reader(name, needed, span)

    def add_outputs(self, measurements: Sequence[Measurement], span: Span, line: Span) -> None:
        """Add measurements that the text at `span` asks for, in a `measure` line at `line`."""
        self._num_outputs += sum(width_of(measurement) for measurement in measurements)
        stop_beyond("the number of outputs", self._num_outputs, limits.MAX_OUTPUTS, line)
        self._measurements.extend(measurements)
        self.measured_spans += [span] * len(measurements)

    def built(self, tensors: Sequence[WeightTensor], *, has_entanglers: bool) -> Circuit:
        """The circuit with these tensors in place of those added; without measurements, <Z> of every qubit."""
        operations, slots, blocks = tuple(self._operations), tuple(self._slots), tuple(self._blocks)
        if not has_entanglers:
            operations, slots, blocks = without_entanglers(operations, slots, blocks)
        circuit = Circuit(
            num_qubits=self.num_qubits,
            operations=operations,
            slots=slots,
            measurements=tuple(self._measurements) or _z_of_every(self.num_qubits),
            num_inputs=self.num_inputs,
            weights=tuple(tensors),
            amplitude=self.amplitude,
            blocks=blocks,
        )
        return verify(circuit)


def _z_of_every(num_qubits: int) -> tuple[Observable, ...]:
    """<Z> of every qubit, qubit 0 first."""
    return tuple(Observable((PauliTerm(1.0, ((qubit, "z"),)),)) for qubit in range(num_qubits))
