"""The circuit as every backend sees it: operations that hold slot numbers, the slot table, and the measurements.

Owns `Circuit` and `verify`. An operation never holds an expression: it holds the numbers of its angle slots, and every
slot feeds exactly one operation. The slot table says which expression a slot is; `network` evaluates it. A backend gets
the values and answers with expectation values, so re-uploading, products of inputs and shared weights cost it nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.circuit.angles import Angle, Const, InputRef, WeightRef, distinct_leaves, within_two_turns, without_turns
from hqnn_dsl.circuit.gates import GATES

if TYPE_CHECKING:
    from hqnn_dsl.circuit.block_spans import Segment

PauliLetter = Literal["x", "y", "z"]


@dataclass(frozen=True, slots=True)
class Operation:
    """A gate on qubits. `gate` is a key of `GATES`, or `pauli_rot`, whose letters are in `pauli`.

    `qubits[k]` is the gate's k-th operand (controls first, as in OpenQASM); letter k of `pauli` acts on `qubits[k]`.
    `slots` are the angle slots in the order of the gate's angles.
    """

    gate: str
    qubits: tuple[int, ...]
    slots: tuple[int, ...] = ()
    pauli: str = ""

    @property
    def num_qubits(self) -> int:
        return len(self.qubits)


@dataclass(frozen=True, slots=True)
class WeightTensor:
    """A named trainable tensor. Its entries, row-major, are weights `offset … offset + size - 1` of the circuit.

    `path` is the place (`real_amplitudes.w`, `repeat.0.brickwork.w`). `initial` is how it starts, as (name, arguments);
    `frozen` means that training leaves it as it starts.
    """

    path: str
    shape: tuple[int, ...]
    offset: int
    initial: tuple[str, tuple[float, ...]] = ("uniform", (0.0, 6.283185307179586))
    frozen: bool = False

    @property
    def size(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count


Factors = tuple[tuple[int, PauliLetter], ...]
"""A product of Paulis on distinct qubits, ascending by qubit; the empty one is the identity."""


@dataclass(frozen=True, slots=True)
class PauliTerm:
    """`coefficient` times a product of Paulis on distinct qubits; no factors is the identity."""

    coefficient: float
    factors: tuple[tuple[int, PauliLetter], ...]


@dataclass(frozen=True, slots=True)
class Observable:
    """A real sum of Pauli products: one output, its expectation value."""

    terms: tuple[PauliTerm, ...]

    def products(self) -> dict[Factors, float]:
        """The coefficient of every product, each once. Sums of zero are dropped, so it may be empty."""
        found: dict[Factors, float] = {}
        for term in self.terms:
            factors = tuple(sorted(term.factors))
            found[factors] = found.get(factors, 0.0) + term.coefficient
        return {factors: coefficient for factors, coefficient in found.items() if coefficient != 0}


@dataclass(frozen=True, slots=True)
class Probabilities:
    """2^k outputs: entry `sum(bit(qubits[j]) << j)` is the probability; the first qubit is least significant."""

    qubits: tuple[int, ...]


Measurement = Observable | Probabilities


@dataclass(frozen=True, slots=True)
class AmplitudeInput:
    """The circuit starts with inputs `start … start + 2^k - 1`, normalised, as the state of `qubits`.

    Component j is basis state j, with `qubits[0]` the least significant bit; all other qubits start in |0>.
    """

    qubits: tuple[int, ...]
    start: int = 0

    @property
    def size(self) -> int:
        return 1 << len(self.qubits)


SlotKind = Literal["sample", "shared", "constant"]


def slot_kind(angle: Angle) -> SlotKind:
    """Returns `sample` if an input is involved, `shared` if only weights are, `constant` if neither is."""
    if isinstance(angle, Const):
        return "constant"
    if any(isinstance(leaf, InputRef) for leaf in distinct_leaves([angle])):
        return "sample"
    return "shared"


@dataclass(frozen=True)
class Circuit:
    """A parametrised circuit. Qubit 0 is the least significant bit of a basis state (Qiskit's order).

    `slots[s]` is the expression of slot s. An executable takes `per_sample[B, E]`, column e for the e-th slot of
    `sample_slots`, and `shared[W]`, entry w for the w-th slot of `shared_slots`; constants are in the circuit.
    `num_inputs` is the length of the input vector that the expressions and the amplitude input read.
    """

    num_qubits: int
    operations: tuple[Operation, ...]
    slots: tuple[Angle, ...]
    measurements: tuple[Measurement, ...]
    num_inputs: int = 0
    weights: tuple[WeightTensor, ...] = ()
    amplitude: AmplitudeInput | None = None
    input_names: tuple[str, ...] = field(default=())
    blocks: tuple[Segment, ...] = field(default=(), compare=False)
    """The blocks that the circuit itself places, in order; they say nothing of its values. See `block_spans`."""
    shuffles: bool = False
    """Whether each row is answered for the inputs of another row: see `shuffle inputs` in the language."""

    @property
    def is_absent(self) -> bool:
        """Whether the model has no circuit: then there are no qubits, inputs and outputs."""
        return self.num_qubits == 0

    @cached_property
    def sample_slots(self) -> tuple[int, ...]:
        """Slots that depend on the inputs, ascending."""
        return tuple(s for s, angle in enumerate(self.slots) if slot_kind(angle) == "sample")

    @cached_property
    def shared_slots(self) -> tuple[int, ...]:
        """Slots that depend on weights only, ascending."""
        return tuple(s for s, angle in enumerate(self.slots) if slot_kind(angle) == "shared")

    @cached_property
    def constant_slots(self) -> dict[int, float]:
        """Slots whose angle is known at compile time, with its value, at most 2π in size: see `within_two_turns`."""
        return {s: within_two_turns(angle.value) for s, angle in enumerate(self.slots) if isinstance(angle, Const)}

    def rounded_late(self) -> Circuit:
        """The same circuit for single precision: large constants in sums lose their whole turns before any rounding."""
        slots = tuple(map(without_turns, self.slots))
        return self if slots == self.slots else replace(self, slots=slots)

    @cached_property
    def num_weights(self) -> int:
        return sum(tensor.size for tensor in self.weights)

    @cached_property
    def num_outputs(self) -> int:
        return sum(width_of(measurement) for measurement in self.measurements)

    @cached_property
    def sums(self) -> tuple[Observable, ...]:
        """The outputs that are sums of Pauli products, in output order."""
        return tuple(measured for measured in self.measurements if isinstance(measured, Observable))

    @cached_property
    def outcomes(self) -> tuple[tuple[int, ...], ...]:
        """The qubits of each `probabilities`, in output order."""
        return tuple(measured.qubits for measured in self.measurements if isinstance(measured, Probabilities))

    @property
    def num_terms(self) -> int:
        """How many Pauli products all outputs have together, if probabilities are written as sums of them too."""
        return sum(len(measured.terms) for measured in self.sums) + sum(
            1 << 2 * len(qubits) for qubits in self.outcomes
        )


def width_of(measurement: Measurement) -> int:
    """How many outputs a measurement gives."""
    return 1 if isinstance(measurement, Observable) else 1 << len(measurement.qubits)


def z_products(qubits: tuple[int, ...]) -> list[Factors]:
    """The 2^k products of Z that probabilities of k qubits are sums of: number m has a Z on each bit that m has.

    With v[m] their expectation values, outcome r has probability Σ_m (-1)^|r AND m| v[m] / 2^k.
    """
    chosen = ([qubits[j] for j in range(len(qubits)) if m >> j & 1] for m in range(1 << len(qubits)))
    return [tuple((qubit, "z") for qubit in sorted(of_m)) for of_m in chosen]


NO_CIRCUIT = Circuit(num_qubits=0, operations=(), slots=(), measurements=())
"""What a model without a circuit has in its place."""


class MalformedCircuit(Exception):
    """A circuit breaks an invariant: a bug of ours, never the user's mistake."""


def verify(circuit: Circuit) -> Circuit:
    """The circuit itself, when all invariants hold; `MalformedCircuit` otherwise."""
    _verify_operations(circuit)
    _verify_weights(circuit)
    _verify_measurements(circuit)
    return circuit


def _insist(holds: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence in its calls
    if not holds:
        raise MalformedCircuit(sentence)


def _verify_qubits(circuit: Circuit, qubits: tuple[int, ...], title: str) -> None:
    _insist(len(set(qubits)) == len(qubits), f"{title} names a qubit twice: {qubits}")
    _insist(all(0 <= q < circuit.num_qubits for q in qubits), f"{title} leaves the circuit: {qubits}")


def _verify_operations(circuit: Circuit) -> None:
    seen: set[int] = set()
    for operation in circuit.operations:
        problem = _problem_of(operation, circuit) or _problem_of_slots(operation, circuit, seen)
        _insist(not problem, f"operation {operation}: {problem}" if problem else "")
    _insist(len(seen) == len(circuit.slots), "a slot feeds no operation")


def _problem_of(operation: Operation, circuit: Circuit) -> str:
    """Returns the fault in an operation's gate and qubits; empty if there is none."""
    qubits = operation.qubits
    if len(set(qubits)) != len(qubits):
        return f"it names a qubit twice: {qubits}"
    if qubits and not (min(qubits) >= 0 and max(qubits) < circuit.num_qubits):
        return f"it leaves the circuit: {qubits}"
    if operation.gate == "pauli_rot":
        if len(operation.pauli) != operation.num_qubits:
            return "letters and qubits differ in number"
        if not set(operation.pauli) <= set("IXYZ"):
            return "letters other than I, X, Y, Z"
        return "" if len(operation.slots) == 1 else "pauli_rot has one angle"
    if operation.gate not in GATES:
        return "no such gate"
    row = GATES[operation.gate]
    if row.num_qubits != operation.num_qubits:
        return f"{row.num_qubits} qubits expected"
    return "" if row.num_angles == len(operation.slots) else f"{row.num_angles} angles expected"


def _problem_of_slots(operation: Operation, circuit: Circuit, seen: set[int]) -> str:
    """Returns the fault in an operation's slots, which are then among those `seen`; empty if there is none."""
    for slot in operation.slots:
        if not 0 <= slot < len(circuit.slots):
            return f"slot {slot} is not in the table"
        if slot in seen:
            return f"slot {slot} feeds two operations"
        seen.add(slot)
    return ""


def _verify_weights(circuit: Circuit) -> None:
    offset = 0
    for tensor in circuit.weights:
        _insist(tensor.offset == offset, f"weights {tensor.path} do not begin at the end of those before")
        offset += tensor.size
    _insist(len({tensor.path for tensor in circuit.weights}) == len(circuit.weights), "two weights share a path")
    for leaf in distinct_leaves(circuit.slots):
        if isinstance(leaf, WeightRef):
            _insist(0 <= leaf.index < offset, f"weight {leaf.index} does not exist")
        if isinstance(leaf, InputRef):
            _insist(0 <= leaf.index < circuit.num_inputs, f"input {leaf.index} does not exist")


def _verify_measurements(circuit: Circuit) -> None:
    _insist(bool(circuit.measurements), "nothing is measured")
    for measurement in circuit.measurements:
        if isinstance(measurement, Probabilities):
            _verify_qubits(circuit, measurement.qubits, "probabilities")
            continue
        title = f"an observable of {len(measurement.terms)} terms"
        for term in measurement.terms:
            _verify_qubits(circuit, tuple(q for q, _ in term.factors), title)
    if circuit.amplitude is not None:
        _verify_qubits(circuit, circuit.amplitude.qubits, "amplitude")
        _insist(
            circuit.amplitude.start + circuit.amplitude.size <= circuit.num_inputs, "amplitude reads past the inputs"
        )
