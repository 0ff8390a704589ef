"""A circuit of ours as a Qiskit circuit: with the spec's names for reading, with one Parameter a slot for running.

Qiskit sorts `circuit.parameters` by name, so nothing here relies on that order: parameters are addressed by the lists
that are returned with the circuit. Gate names are those of Qiskit's methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

from hqnn_dsl.circuit.angles import FUNCTIONS, Angle, Apply, Const, InputRef, WeightRef, evaluate
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.report.codes.environment import AmplitudeInQiskit
from hqnn_dsl.report.codes.terms import TooManyTerms
from hqnn_dsl.report.diagnostic import Refusal
from hqnn_dsl.report.limits import MAX_TERMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.circuit.ir import Circuit, Operation

QISKIT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(),
    "tan": lambda a: a.tan(),
    "asin": lambda a: a.arcsin(),
    "acos": lambda a: a.arccos(),
    "atan": lambda a: a.arctan(),
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "sqrt": lambda a: a**0.5,
    "abs": lambda a: a.abs(),
}
"""The functions of angles that Qiskit's expressions have; `tanh` is not among them."""


LARGEST_AS_WRITTEN = 1000.0
"""Radians: Qiskit's passes take whole turns out of a constant by a rounded π, which here still costs no digit."""


@dataclass(frozen=True)
class Slotted:
    """A Qiskit circuit with one Parameter a slot; `sample` and `shared` hold them in slot order."""

    circuit: QuantumCircuit
    sample: tuple[Parameter, ...]
    shared: tuple[Parameter, ...]


def logical(circuit: Circuit) -> QuantumCircuit:
    """The circuit with the spec's names: `x[0]` or the input's own name, `real_amplitudes.w[0, 2]`.

    An angle without a Qiskit form is one Parameter, `slot[k]`; large constants lose their whole turns. Raises `Refusal`
    for an amplitude input.
    """
    inputs, weights, formless = _parameters(circuit)
    angles: list[Any] = []
    for slot, angle in enumerate(circuit.slots):
        if isinstance(angle, Const) and abs(angle.value) > LARGEST_AS_WRITTEN:
            angles.append(circuit.constant_slots[slot])
        else:
            angles.append(formless[slot] if slot in formless else expression(angle, inputs, weights))
    return _build(circuit, angles)


def assignment(circuit: Circuit, inputs: tuple[float, ...], weights: tuple[float, ...]) -> dict[str, float]:
    """The value of every parameter that `logical` may have, by name, for plain inputs and weights."""
    by_input, by_weight, formless = _parameters(circuit)
    pairs = [*zip(by_input, inputs, strict=True), *zip(by_weight, weights, strict=True)]
    found = {parameter.name: value for parameter, value in pairs}
    return found | {
        parameter.name: evaluate(circuit.slots[slot], inputs, weights) for slot, parameter in formless.items()
    }


def _parameters(circuit: Circuit) -> tuple[list[Parameter], list[Parameter], dict[int, Parameter]]:
    """The Parameters of the inputs, of the weights, and of the slots whose angle has no Qiskit form."""
    taken: set[str] = set()
    inputs = [_named(taken, name) for name in input_names(circuit)]
    weights = [_named(taken, name) for name in weight_names(circuit)]
    formless = {slot: _named(taken, f"slot[{slot}]") for slot, angle in enumerate(circuit.slots) if not has_form(angle)}
    return inputs, weights, formless


def slotted(circuit: Circuit) -> Slotted:
    """The circuit with constants bound and a Parameter for every other slot. Raises `Refusal` for an amplitude."""
    parameters = {slot: Parameter(f"slot[{slot}]") for slot in (*circuit.sample_slots, *circuit.shared_slots)}
    angles = [parameters.get(slot, circuit.constant_slots.get(slot)) for slot in range(len(circuit.slots))]
    return Slotted(
        _build(circuit, angles),
        tuple(parameters[slot] for slot in circuit.sample_slots),
        tuple(parameters[slot] for slot in circuit.shared_slots),
    )


def observables(circuit: Circuit) -> list[SparsePauliOp]:
    """One operator an output, in output order; a probability is its projector, a sum of 2^k products of Z.

    Raises `Refusal` (E0785) if all of them together have more than `MAX_TERMS` products.
    """
    if circuit.num_terms > MAX_TERMS:
        raise Refusal(TooManyTerms(what="operators of Qiskit's", num_terms=circuit.num_terms, limit=MAX_TERMS))
    found = []
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            found.append(_operator(measured, circuit.num_qubits))
        else:
            found += _projectors(measured.qubits, circuit.num_qubits)
    return found


def sums(circuit: Circuit) -> list[SparsePauliOp]:
    """One operator for each output that is a sum of Pauli products, in output order."""
    return [_operator(measured, circuit.num_qubits) for measured in circuit.sums]


def _operator(observable: Observable, num_qubits: int) -> SparsePauliOp:
    """The sum of products, each once; if nothing is left of it, zero times the identity."""
    terms = []
    for factors, coefficient in observable.products().items():
        letters = "".join(letter for _, letter in factors).upper()
        terms.append((letters, [qubit for qubit, _ in factors], coefficient))
    return SparsePauliOp.from_sparse_list(terms or [("", [], 0.0)], num_qubits=num_qubits)


def _projectors(qubits: tuple[int, ...], num_qubits: int) -> list[SparsePauliOp]:
    """The projectors on the outcomes, all on the same products: prod_j (1 + (-1)^bit_j Z_j) / 2."""
    numbers = np.arange(1 << len(qubits))
    z = np.zeros((len(numbers), num_qubits), dtype=bool)
    for j, qubit in enumerate(qubits):
        z[:, qubit] = numbers >> j & 1
    products = PauliList.from_symplectic(z, np.zeros_like(z))
    odd = np.bitwise_count(numbers[:, None] & numbers) & 1
    coefficients = (1.0 - 2.0 * odd) / len(numbers)
    return [SparsePauliOp(products, of_outcome, copy=False) for of_outcome in coefficients]


def input_names(circuit: Circuit) -> list[str]:
    """What each component of the input vector is called."""
    given = circuit.input_names
    return [given[k] if k < len(given) and given[k] else f"x[{k}]" for k in range(circuit.num_inputs)]


def weight_names(circuit: Circuit) -> list[str]:
    """What each weight is called, in the order of the circuit: `brickwork.w[0, 2, 1]`, or the path of a single one."""
    names: list[str] = []
    for tensor in circuit.weights:
        entries = product(*(range(length) for length in tensor.shape))
        names += [f"{tensor.path}[{', '.join(map(str, index))}]" if index else tensor.path for index in entries]
    return names


def has_form(angle: Angle) -> bool:
    """Whether Qiskit's expressions can say this angle."""
    if isinstance(angle, Apply):
        return angle.function in QISKIT and all(has_form(argument) for argument in angle.arguments)
    return True


def expression(angle: Angle, inputs: list[Parameter], weights: list[Parameter]) -> Any:
    """The angle as a Qiskit expression of its inputs and weights, or as a float."""
    match angle:
        case Const(value):
            return value
        case InputRef(index):
            return inputs[index]
        case WeightRef(index):
            return weights[index]
        case Apply(function, arguments):
            values = [expression(argument, inputs, weights) for argument in arguments]
            constant = all(isinstance(value, float) for value in values)
            return (FUNCTIONS if constant else QISKIT)[function](*values)


def _named(taken: set[str], name: str) -> Parameter:
    """A Parameter of that name, with marks behind it where another one has it: Qiskit wants names to differ."""
    while name in taken:
        name += "'"
    taken.add(name)
    return Parameter(name)


def _build(circuit: Circuit, angles: list[Any]) -> QuantumCircuit:
    """The operations with `angles[slot]` in place."""
    if circuit.amplitude is not None:
        raise Refusal(AmplitudeInQiskit())
    built = QuantumCircuit(circuit.num_qubits)
    for operation in circuit.operations:
        values = [angles[slot] for slot in operation.slots]
        if operation.gate == "pauli_rot":
            _append_pauli(built, operation, values[0])
        else:
            getattr(built, operation.gate)(*values, *operation.qubits)
    return built


def _append_pauli(built: QuantumCircuit, operation: Operation, angle: Any) -> None:
    """exp(-i·angle/2·P); Qiskit's labels run from the last qubit to the first."""
    touched = [(letter, q) for letter, q in zip(operation.pauli, operation.qubits, strict=True) if letter != "I"]
    if not touched:
        built.global_phase -= angle / 2
        return
    label = "".join(letter for letter, _ in reversed(touched))
    built.append(PauliEvolutionGate(Pauli(label), time=angle / 2), [qubit for _, qubit in touched])
