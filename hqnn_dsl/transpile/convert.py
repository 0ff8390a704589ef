"""A circuit of ours as a Qiskit circuit: with the spec's names for reading, with one Parameter a slot for running.

Qiskit sorts `circuit.parameters` by name, so nothing here relies on that order: parameters are addressed by the lists
that are returned with the circuit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid5

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.exceptions import CircuitError
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

from hqnn_dsl.circuit.angles import ARITHMETIC, FUNCTIONS, Angle, Const, InputRef, WeightRef, evaluate
from hqnn_dsl.circuit.folding import fold, functions_of
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.circuit.names import input_names, weight_names
from hqnn_dsl.diagnostics.codes.environment import AmplitudeInQiskit
from hqnn_dsl.diagnostics.codes.terms import TooManyTerms
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.limits import MAX_TERMS
from hqnn_dsl.transpile.amplitude import MAX_PREPARED_QUBITS, components, prepare, tree_angles
from hqnn_dsl.transpile.gates import append

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hqnn_dsl.circuit.ir import Circuit, Operation

QISKIT: dict[str, Callable[..., Any]] = {
    **ARITHMETIC,
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


Parameters: TypeAlias = "Sequence[Parameter] | Mapping[int, Parameter]"
"""Parameters by index."""


@dataclass(frozen=True)
class Slotted:
    """A Qiskit circuit with one Parameter a slot; `sample` and `shared` hold them in slot order."""

    circuit: QuantumCircuit
    sample: tuple[Parameter, ...]
    shared: tuple[Parameter, ...]


def logical(circuit: Circuit) -> QuantumCircuit:
    """Returns the circuit with the spec's names: `x[0]` or the input's own name, `real_amplitudes.w[0, 2]`.

    An angle without a Qiskit form is one Parameter, `slot[k]`, and so are those that prepare an amplitude input,
    `amplitude[j]`; large constants lose their whole turns. Raises `Refusal` for an amplitude input on more than
    `MAX_PREPARED_QUBITS`.
    """
    return built_with(circuit, named_angles(circuit))


def named_angles(circuit: Circuit) -> list[Any]:
    """Returns the angle of each slot: a Qiskit expression of the spec's names, or a float if it depends on none."""
    inputs, weights, formless = _parameters(circuit)
    angles: list[Any] = []
    for slot, angle in enumerate(circuit.slots):
        if isinstance(angle, Const) and abs(angle.value) > LARGEST_AS_WRITTEN:
            angles.append(circuit.constant_slots[slot])
        else:
            angles.append(formless[slot] if slot in formless else expression(angle, inputs, weights))
    return angles


def with_angles(built: QuantumCircuit, angles: Sequence[Any]) -> QuantumCircuit:
    """Returns a circuit in the Parameters of `slotted` with `angles[slot]` in their places, those of `named_angles`.

    The global phase, which nothing measures, is left out: it may be a long sum.
    """
    plain = built.copy()
    plain.global_phase = 0
    slots = {parameter: slot_of(parameter.name) for parameter in plain.parameters}
    return plain.assign_parameters({parameter: angles[slot] for parameter, slot in slots.items() if slot is not None})


def slot_of(name: str) -> int | None:
    """Returns the slot that a Parameter of `slotted` stands for; None if it prepares amplitudes."""
    return int(name.removeprefix("slot[").removesuffix("]")) if name.startswith("slot[") else None


def as_sum(angle: Any) -> tuple[dict[str, float], float]:
    """Returns an angle in slots as {name: factor} and a constant: transpiling only adds angles and scales them."""
    if isinstance(angle, Parameter):
        return {angle.name: 1.0}, 0.0
    if not isinstance(angle, ParameterExpression):
        return {}, float(angle)
    parameters = sorted(angle.parameters, key=lambda parameter: parameter.name)
    factors = {parameter.name: float(angle.gradient(parameter)) for parameter in parameters}
    return factors, float(angle.bind(dict.fromkeys(parameters, 0.0)))


def assignment(circuit: Circuit, inputs: tuple[float, ...], weights: tuple[float, ...]) -> dict[str, float]:
    """Returns the value of every parameter that `logical` may have, by name, for plain inputs and weights."""
    by_input, by_weight, formless = _parameters(circuit)
    pairs = [*zip(by_input, inputs, strict=True), *zip(by_weight, weights, strict=True)]
    found = {parameter.name: value for parameter, value in pairs}
    if circuit.amplitude is not None:
        angles = tree_angles([inputs[k] for k in components(circuit.amplitude)])
        found |= dict(zip(amplitude_names(circuit), angles, strict=True))
    return found | {
        parameter.name: evaluate(circuit.slots[slot], inputs, weights) for slot, parameter in formless.items()
    }


def parameter_names(circuit: Circuit) -> tuple[list[str], list[str], dict[int, str]]:
    """Returns the names in `logical` of the inputs, the weights, and the slots whose angle has no Qiskit form."""
    inputs, weights, formless = _parameters(circuit)
    return [p.name for p in inputs], [p.name for p in weights], {slot: p.name for slot, p in formless.items()}


def amplitude_names(circuit: Circuit) -> list[str]:
    """Returns the names of the parameters that prepare an amplitude input; empty if there is none."""
    if circuit.amplitude is None:
        return []
    taken = {*input_names(circuit), *weight_names(circuit)}
    return [_named(taken, f"amplitude[{k}]").name for k in range(circuit.amplitude.size - 1)]


def _parameters(circuit: Circuit) -> tuple[list[Parameter], list[Parameter], dict[int, Parameter]]:
    """Returns the Parameters of the inputs, the weights, and the slots whose angle has no Qiskit form."""
    taken: set[str] = set()
    inputs = [_named(taken, name) for name in input_names(circuit)]
    weights = [_named(taken, name) for name in weight_names(circuit)]
    formless = {slot: _named(taken, f"slot[{slot}]") for slot, angle in enumerate(circuit.slots) if not has_form(angle)}
    return inputs, weights, formless


def slotted(circuit: Circuit) -> Slotted:
    """Returns the circuit with constants bound and a Parameter for each other slot. Refuses an amplitude input."""
    if circuit.amplitude is not None:
        raise Refusal(AmplitudeInQiskit(reason="its rotations are no slots"))
    parameters, built = _opened(circuit)
    return Slotted(
        built,
        tuple(parameters[slot] for slot in circuit.sample_slots),
        tuple(parameters[slot] for slot in circuit.shared_slots),
    )


def opened(circuit: Circuit) -> QuantumCircuit:
    """Returns the circuit of `slotted`, also for an amplitude input: behind its preparation by further Parameters."""
    return _opened(circuit)[1]


def _opened(circuit: Circuit) -> tuple[dict[int, Parameter], QuantumCircuit]:
    parameters = {slot: Parameter(f"slot[{slot}]") for slot in (*circuit.sample_slots, *circuit.shared_slots)}
    angles = [parameters.get(slot, circuit.constant_slots.get(slot)) for slot in range(len(circuit.slots))]
    return parameters, built_with(circuit, angles)


def observables(circuit: Circuit) -> list[SparsePauliOp]:
    """Returns one operator for each output, in output order; a probability is a projector, a sum of 2^k products of Z.

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


_AMPLITUDES = UUID("7b0c1d52-9a2e-4d3f-8f57-3c1f5b6f9f10")
"""Parameters that prepare amplitudes are the same ones in all circuits, by their names."""


def sums(circuit: Circuit) -> list[SparsePauliOp]:
    """Returns one operator for each output that is a sum of Pauli products, in output order."""
    return [_operator(measured, circuit.num_qubits) for measured in circuit.sums]


def _operator(observable: Observable, num_qubits: int) -> SparsePauliOp:
    """Returns the sum of products, each once; if nothing is left of it, zero times the identity."""
    terms = []
    for factors, coefficient in observable.products().items():
        letters = "".join(letter for _, letter in factors).upper()
        terms.append((letters, [qubit for qubit, _ in factors], coefficient))
    return SparsePauliOp.from_sparse_list(terms or [("", [], 0.0)], num_qubits=num_qubits)


def _projectors(qubits: tuple[int, ...], num_qubits: int) -> list[SparsePauliOp]:
    """Returns the projectors on the outcomes, all on the same products: prod_j (1 + (-1)^bit_j Z_j) / 2."""
    numbers = np.arange(1 << len(qubits))
    z = np.zeros((len(numbers), num_qubits), dtype=bool)
    for j, qubit in enumerate(qubits):
        z[:, qubit] = numbers >> j & 1
    products = PauliList.from_symplectic(z, np.zeros_like(z))
    odd = np.bitwise_count(numbers[:, None] & numbers) & 1
    coefficients = (1.0 - 2.0 * odd) / len(numbers)
    return [SparsePauliOp(products, of_outcome, copy=False) for of_outcome in coefficients]


def has_form(angle: Angle) -> bool:
    """Whether Qiskit's expressions can say this angle.

    Some have a value that is not real, or none at all, if parameters cancel: `sqrt(x - x - 1)`, `1 / (x - x)`.
    """
    functions = functions_of(angle)
    if not functions <= QISKIT.keys():
        return False
    if not functions & _PARTIAL:
        return True
    inputs, weights = _StandIns("x"), _StandIns("w")
    try:
        found = expression(angle, inputs, weights)
        return isinstance(found, ParameterExpression) or (not isinstance(found, complex) and math.isfinite(found))
    except (ArithmeticError, ValueError, RuntimeError, CircuitError):
        return False


_PARTIAL = {"div", "pow", "tan", "asin", "acos", "log", "sqrt", "exp"}
"""Functions without a finite real value somewhere."""


def expression(angle: Angle, inputs: Parameters, weights: Parameters) -> Any:
    """Returns the angle as a Qiskit expression of its inputs and weights, or as a plain number if these cancel."""

    def leaf(found: Const | InputRef | WeightRef) -> Any:
        if isinstance(found, Const):
            return found.value
        return inputs[found.index] if isinstance(found, InputRef) else weights[found.index]

    def combine(function: str, values: list[Any]) -> Any:
        constant = not any(isinstance(value, ParameterExpression) for value in values)
        return _plain((FUNCTIONS if constant else QISKIT)[function](*values))

    return fold(angle, leaf, combine)


def _plain(value: Any) -> Any:
    """Returns a number for an expression that is one: Qiskit folds `x - x` to 0 and keeps it an expression of `x`."""
    if not isinstance(value, ParameterExpression) or isinstance(value, Parameter):
        return value
    text = str(value)
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return value
    number = complex(text.replace("i", "j"))
    return number.real if number.imag == 0 else number


_NUMBER = re.compile(r"[-+.0-9e]+i?|[-+.0-9e]+[-+][-+.0-9e]+i")
_LONGEST_NUMBER = 700
"""Letters of the longest numbers as Qiskit writes them, two of a complex one: no exponents, all zeros."""


class _StandIns(dict[int, Parameter]):
    """Parameters by index, made when they are asked for."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.letter = letter

    def __missing__(self, index: int) -> Parameter:
        return self.setdefault(index, Parameter(f"{self.letter}{index}"))


def _named(taken: set[str], name: str) -> Parameter:
    """Returns a Parameter of that name, with marks behind it if another one has it: in Qiskit names must differ."""
    while name in taken:
        name += "'"
    taken.add(name)
    return Parameter(name)


def built_with(circuit: Circuit, angles: Sequence[Any]) -> QuantumCircuit:
    """Returns the operations with `angles[slot]` in place, behind the preparation of an amplitude input.

    Raises `Refusal` for one on more than `MAX_PREPARED_QUBITS`.
    """
    built = QuantumCircuit(circuit.num_qubits)
    if circuit.amplitude is not None:
        if len(circuit.amplitude.qubits) > MAX_PREPARED_QUBITS:
            raise Refusal(AmplitudeInQiskit(reason=f"it is on more than {MAX_PREPARED_QUBITS} qubits"))
        own = [Parameter(name, uuid5(_AMPLITUDES, name)) for name in amplitude_names(circuit)]
        prepare(built, circuit.amplitude.qubits, own)
    for operation in circuit.operations:
        values = [angles[slot] for slot in operation.slots]
        if operation.gate == "pauli_rot":
            _append_pauli(built, operation, values[0])
        else:
            append(built, GATES[operation.gate], values, operation.qubits)
    return built


def _append_pauli(built: QuantumCircuit, operation: Operation, angle: Any) -> None:
    """exp(-i·angle/2·P); Qiskit's labels run from the last qubit to the first."""
    touched = [(letter, q) for letter, q in zip(operation.pauli, operation.qubits, strict=True) if letter != "I"]
    if not touched:
        built.global_phase -= angle / 2
        return
    label = "".join(letter for letter, _ in reversed(touched))
    built.append(PauliEvolutionGate(Pauli(label), time=angle / 2), [qubit for _, qubit in touched])
