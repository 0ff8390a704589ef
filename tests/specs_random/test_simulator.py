"""The tests' own simulator against Qiskit's Statevector, its gradients against differences of its values."""

from __future__ import annotations

import random

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector
from spec_meaning import Meaning
from spec_states import angle_of, outputs
from spec_terms import ANGLES_OF, SMOOTH, Symbol

NUM_INPUTS, NUM_WEIGHTS, RECORDS = 4, 3, 12
NAMES = (*ANGLES_OF, "pauli_rot")


def leaf(rng: random.Random) -> Symbol:
    kind = rng.choice(["x", "w", "number"])
    if kind == "number":
        return Symbol(kind, at=rng.choice([0.0, np.pi / 2, -np.pi, rng.uniform(-9, 9)]))
    return Symbol(kind, at=rng.randrange(NUM_INPUTS if kind == "x" else NUM_WEIGHTS))


def angle(rng: random.Random) -> Symbol:
    """An angle that is smooth around every number."""
    function = rng.choice([*SMOOTH, "neg", "+", "-", "*", "/", "**", ""])
    if not function:
        return leaf(rng)
    inside = Symbol("*", (Symbol("number", at=0.9), Symbol("sin", (leaf(rng),))))
    above = Symbol("+", (Symbol("number", at=1.5), inside))
    if function in {"+", "-", "*", "/", "**"}:
        return Symbol(function, (above, above if function == "/" else leaf(rng)))
    return Symbol(function, (above if function in {"log", "sqrt", "abs"} else inside,))


def meaning_of(seed: int) -> Meaning:
    rng = random.Random(seed)
    n = rng.randint(1, 4)
    meaning = Meaning(n)
    if rng.random() < 0.3:
        qubits = rng.sample(range(n), rng.randint(1, min(n, 2)))
        meaning.amplitude = (rng.sample(range(NUM_INPUTS), 2 ** len(qubits)), qubits)
    for number in range(RECORDS):
        name = NAMES[(seed * RECORDS + number) % len(NAMES)]
        width, count = ANGLES_OF.get(name, (rng.randint(1, n), 1))
        if width > n:
            continue
        letters = "".join(rng.choices("IXYZ", [1, 3, 3, 3], k=width)) if name == "pauli_rot" else ""
        if letters == "I" * width:
            letters = "Y" * width
        angles = [angle(rng) for _ in range(count)]
        meaning.gates.append((name, rng.sample(range(n), width), angles, letters if name == "pauli_rot" else ""))
    for _ in range(3):
        places = rng.sample(range(n), rng.randint(1, n))
        product = [(q, rng.choice("xyz")) for q in places]
        meaning.measured.append(("sum", [(rng.uniform(-1, 1), product), (0.25, [(places[0], "y")]), (0.5, [])]))
    meaning.measured.append(("probabilities", places))
    return meaning


def by_qiskit(meaning: Meaning, row: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The outputs by Qiskit's Statevector, gates by Qiskit's own methods."""
    numbers = np.concatenate([row, weights])
    state = Statevector.from_int(0, 2**meaning.num_qubits)
    if meaning.amplitude is not None:
        components, qubits = meaning.amplitude
        start = np.zeros(2**meaning.num_qubits)
        for k, component in enumerate(components):
            start[sum(1 << q for j, q in enumerate(qubits) if k & 1 << j)] = numbers[component]
        state = Statevector(start / np.linalg.norm(start))
    circuit = QuantumCircuit(meaning.num_qubits)
    for name, qubits, angles, letters in meaning.gates:
        values = [angle_of(symbol, numbers, len(row))[0] for symbol in angles]
        if name == "pauli_rot":
            circuit.append(PauliEvolutionGate(Pauli(letters[::-1]), time=values[0] / 2), qubits)
        else:
            getattr(circuit, name)(*values, *qubits)
    state = state.evolve(circuit)
    found: list[float] = []
    for kind, what in meaning.measured:
        if kind == "probabilities":
            found.extend(state.probabilities(what))
            continue
        terms = [("".join(p for _, p in product).upper(), [q for q, _ in product], c) for c, product in what]
        operator = SparsePauliOp.from_sparse_list(terms, num_qubits=meaning.num_qubits)
        found.append(state.expectation_value(operator).real)
    return np.array(found)


@pytest.mark.parametrize("block", range(4))
def test_values_are_qiskits_and_gradients_are_differences_of_values(block: int) -> None:
    for seed in range(15 * block, 15 * block + 15):
        meaning = meaning_of(seed)
        rng = np.random.default_rng(seed)
        row, weights = rng.uniform(0.2, 2, NUM_INPUTS), rng.uniform(-3, 3, NUM_WEIGHTS)
        values, gradients = outputs(meaning, row, weights)
        np.testing.assert_allclose(values, by_qiskit(meaning, row, weights), atol=1e-12, err_msg=f"seed {seed}")
        for place in range(NUM_INPUTS + NUM_WEIGHTS):
            slopes = []
            for step in (1e-3, 5e-4):
                beside = []
                for sign in (1, -1):
                    moved = np.concatenate([row, weights])
                    moved[place] += sign * step
                    beside.append(outputs(meaning, moved[:NUM_INPUTS], moved[NUM_INPUTS:])[0])
                slopes.append((beside[0] - beside[1]) / (2 * step))
            better = (4 * slopes[1] - slopes[0]) / 3
            np.testing.assert_allclose(gradients[:, place], better, atol=1e-7, rtol=1e-7, err_msg=f"seed {seed}")


def test_every_gate_is_compared_and_every_function() -> None:
    meanings = [meaning_of(seed) for seed in range(60)]
    assert {gate[0] for meaning in meanings for gate in meaning.gates} == set(NAMES)
    named = {symbol.name for meaning in meanings for gate in meaning.gates for symbol in gate[2]}
    assert named >= {*SMOOTH, "neg", "+", "-", "*", "/", "**"}
