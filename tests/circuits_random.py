"""Random circuits of ours, and the same circuits by Qiskit's own methods: what backends are held against.

The Qiskit side is built from names, letters and angle values alone. It never asks our gate table, our matrices or our
transpiler, so an error in one of these cannot hide on both sides.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector

from hqnn_dsl.circuit.angles import Angle, Apply, Const, InputRef, WeightRef, evaluate
from hqnn_dsl.circuit.ir import (
    AmplitudeInput,
    Circuit,
    Measurement,
    Observable,
    Operation,
    PauliTerm,
    Probabilities,
    WeightTensor,
    verify,
)

ANGLES_OF = {
    **dict.fromkeys(["h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx"], (1, 0)),
    **dict.fromkeys(["rx", "ry", "rz", "p"], (1, 1)),
    "u": (1, 3),
    **dict.fromkeys(["cx", "cy", "cz", "ch", "swap", "iswap"], (2, 0)),
    **dict.fromkeys(["cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"], (2, 1)),
    "ccx": (3, 0),
}
"""Qubits and angles of each gate, from Qiskit's documentation."""


@dataclass(frozen=True)
class Case:
    """A circuit with numbers: `inputs[B, I]`, `weights[P]`."""

    circuit: Circuit
    inputs: np.ndarray
    weights: np.ndarray

    def slot_values(self, row: int) -> list[float]:
        inputs, weights = tuple(self.inputs[row].tolist()), tuple(self.weights.tolist())
        return [evaluate(angle, inputs, weights) for angle in self.circuit.slots]

    @property
    def per_sample(self) -> np.ndarray:
        """`[B, E]`"""
        rows = [[self.slot_values(row)[s] for s in self.circuit.sample_slots] for row in range(len(self.inputs))]
        return np.array(rows, dtype=float).reshape(len(self.inputs), len(self.circuit.sample_slots))

    @property
    def shared(self) -> np.ndarray:
        """`[W]`"""
        nothing, weights = (0.0,) * self.circuit.num_inputs, tuple(self.weights.tolist())
        return np.array([evaluate(self.circuit.slots[s], nothing, weights) for s in self.circuit.shared_slots])

    @property
    def state(self) -> np.ndarray | None:
        """`[B, 2^k]`, not normalised."""
        amplitude = self.circuit.amplitude
        return None if amplitude is None else self.inputs[:, amplitude.start : amplitude.start + amplitude.size]


def random_angle(rng: random.Random, num_inputs: int, num_weights: int, depth: int = 3) -> Angle:
    """A smooth expression that is finite wherever its leaves are."""

    def deeper() -> Angle:
        return random_angle(rng, num_inputs, num_weights, depth - 1)

    def ap(function: str, *arguments: Angle) -> Angle:
        return Apply(function, arguments)

    if depth == 0 or rng.random() < 0.3:
        leaves: list[Angle] = [Const(rng.uniform(-3, 3))]
        leaves += [InputRef(rng.randrange(num_inputs))] * 3 if num_inputs else []
        leaves += [WeightRef(rng.randrange(num_weights))] * 3 if num_weights else []
        return rng.choice(leaves)
    shape = rng.choice(["add", "sub", "mul", "div", "pow", "neg", "sin", "cos", "tan", "asin", "acos", "atan", "tanh",
                        "exp", "log", "sqrt", "abs"])  # fmt: skip
    match shape:
        case "add" | "sub" | "mul":
            angle = ap(shape, deeper(), deeper())
        case "div":
            angle = ap("div", deeper(), ap("add", Const(2.0), ap("sin", deeper())))
        case "pow":
            angle = ap("pow", ap("atan", deeper()), Const(float(rng.choice([2, 3]))))
        case "neg" | "sin" | "cos" | "atan" | "tanh" | "abs":
            angle = ap(shape, deeper())
        case "tan" | "asin" | "acos" | "exp":
            angle = ap(shape, ap("mul", Const(0.9), ap("sin", deeper())))
        case _:
            angle = ap(shape, ap("add", Const(1.5), ap("cos", deeper())))
    return folded(angle)


def folded(angle: Angle) -> Angle:
    """A constant where all leaves are."""
    if isinstance(angle, Apply) and all(isinstance(argument, Const) for argument in angle.arguments):
        return Const(evaluate(angle, (), ()))
    return angle


def random_case(
    seed: int,
    *,
    batch: int = 3,
    max_qubits: int = 8,
    max_operations: int = 24,
    amplitude: bool | None = None,
    probabilities: bool = True,
    gates: tuple[str, ...] = (*ANGLES_OF, "pauli_rot"),
) -> Case:
    """A circuit over all gates; the same seed and options give the same one. `amplitude` None lets chance decide."""
    rng = random.Random(seed)
    n = rng.randint(1, max_qubits)
    num_inputs, num_weights = rng.randint(0, 4), rng.randint(0, 12)
    start = None
    if amplitude or (amplitude is None and rng.random() < 0.25):
        start = AmplitudeInput(tuple(rng.sample(range(n), rng.randint(1, min(n, 3)))), start=rng.randint(0, num_inputs))
        num_inputs = start.start + start.size
    slots: list[Angle] = []
    operations: list[Operation] = []
    usable = [g for g in gates if ANGLES_OF.get(g, (1, 1))[0] <= n]
    for _ in range(rng.randint(1, max_operations)):
        gate = rng.choice(usable)
        num_qubits, num_angles = ANGLES_OF.get(gate, (rng.randint(1, n), 1))
        letters = "".join(rng.choices("IXYZ", [1, 3, 3, 3], k=num_qubits)) if gate == "pauli_rot" else ""
        numbers = tuple(range(len(slots), len(slots) + num_angles))
        slots += [random_angle(rng, num_inputs, num_weights) for _ in range(num_angles)]
        operations.append(Operation(gate, tuple(rng.sample(range(n), num_qubits)), numbers, letters))
    first = rng.randint(0, num_weights)
    shapes = [("first.w", first), ("second.w", num_weights - first)]
    tensors = (WeightTensor("first.w", (first,), 0), WeightTensor("second.w", (shapes[1][1],), first))
    circuit = verify(
        Circuit(
            num_qubits=n,
            operations=tuple(operations),
            slots=tuple(slots),
            measurements=random_measurements(rng, n, probabilities=probabilities),
            num_inputs=num_inputs,
            weights=tensors,
            amplitude=start,
        )
    )
    numbers_rng = np.random.default_rng(seed)
    return Case(circuit, numbers_rng.normal(size=(batch, num_inputs)), numbers_rng.uniform(-3, 3, num_weights))


def random_measurements(rng: random.Random, n: int, *, probabilities: bool) -> tuple[Measurement, ...]:
    found: list[Measurement] = []
    for _ in range(rng.randint(1, 4)):
        if probabilities and rng.random() < 0.25:
            found.append(Probabilities(tuple(rng.sample(range(n), rng.randint(1, min(n, 3))))))
            continue
        terms = []
        for _ in range(rng.randint(1, 3)):
            qubits = rng.sample(range(n), rng.randint(0, min(n, 4)))
            terms.append(PauliTerm(rng.uniform(-1, 1), tuple((q, rng.choice("xyz")) for q in qubits)))
        found.append(Observable(tuple(terms)))
    if rng.random() < 0.2:
        found.append(Observable((PauliTerm(1.0, tuple((q, "z") for q in range(n))),)))
    return tuple(found)


def qiskit_circuit(case: Case, row: int) -> QuantumCircuit:
    """The gates of row `row` with their numbers in them, by Qiskit's own methods."""
    circuit = case.circuit
    values = case.slot_values(row)
    qc = QuantumCircuit(circuit.num_qubits)
    for operation in circuit.operations:
        angles = [values[s] for s in operation.slots]
        if operation.gate == "pauli_rot":
            product = Pauli(operation.pauli[::-1]).to_matrix()
            half = angles[0] / 2
            qc.unitary(np.cos(half) * np.eye(len(product)) - 1j * np.sin(half) * product, list(operation.qubits))
        else:
            getattr(qc, operation.gate)(*angles, *operation.qubits)
    return qc


def start_state(case: Case, row: int) -> Statevector:
    """|0…0>, or the amplitudes on their qubits: exact, where Qiskit's StatePreparation is off by some 1e-12."""
    n, amplitude = case.circuit.num_qubits, case.circuit.amplitude
    if amplitude is None:
        return Statevector.from_int(0, 2**n)
    k = len(amplitude.qubits)
    vector = case.state[row] / np.linalg.norm(case.state[row])
    idle = np.zeros((2,) * (n - k))
    idle[(0,) * (n - k)] = 1
    tensor = np.multiply.outer(vector.reshape((2,) * k), idle)
    # Axis n-1-q of a state is qubit q; the first axis of the vector is the last qubit named.
    return Statevector(np.moveaxis(tensor, range(k), [n - 1 - q for q in reversed(amplitude.qubits)]).reshape(-1))


def expected(case: Case) -> np.ndarray:
    """Outputs `[B, M]` by Qiskit's Statevector."""
    rows = []
    for row in range(len(case.inputs)):
        state = start_state(case, row).evolve(qiskit_circuit(case, row))
        outputs: list[float] = []
        for measured in case.circuit.measurements:
            if isinstance(measured, Probabilities):
                outputs.extend(state.probabilities(list(measured.qubits)))
                continue
            terms = [("".join(p for _, p in t.factors).upper(), [q for q, _ in t.factors], t.coefficient)
                     for t in measured.terms]  # fmt: skip
            operator = SparsePauliOp.from_sparse_list(terms, num_qubits=case.circuit.num_qubits)
            outputs.append(state.expectation_value(operator).real)
        rows.append(outputs)
    return np.array(rows, dtype=float).reshape(len(case.inputs), case.circuit.num_outputs)
