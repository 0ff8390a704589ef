"""Single precision keeps its digits where a number is a sum of very many: over a wide state, or over a large batch.

Values are held against Qiskit's Statevector in double precision, gradients against central differences of it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.angles import Apply, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.training.metrics import scores
from hqnn_dsl.training.predicted import Values

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Measurement

N = 17
TOLERANCE = 2e-6
"""A fifth of what the docs say of single precision: a plain sum of 2^17 terms in float32 is off by 5e-6 and more."""

TURNS = np.random.default_rng(5).uniform(-0.6, 0.6, size=(3, N))
LETTERS = "xyz"


def term(coefficient: float, **letters: int) -> PauliTerm:
    return PauliTerm(coefficient, tuple((qubit, letter) for letter, qubit in letters.items()))  # type: ignore[misc]


READ: dict[str, tuple[Measurement, ...]] = {
    "z": tuple(Observable((term(1.0, z=qubit),)) for qubit in range(N)),
    "products": (
        Observable((PauliTerm(1.0, tuple((qubit, "z") for qubit in range(N))),)),
        Observable((PauliTerm(1.0, tuple((qubit, LETTERS[qubit % 3]) for qubit in range(N))),)),  # type: ignore[misc]
        Observable((term(1.0, x=3, z=16),)),
        Observable((term(0.5, y=0), term(-0.25, x=9), term(0.125, z=4), PauliTerm(0.5, ()))),
    ),
    "probabilities": (Probabilities((0,)), Probabilities((16, 2)), Probabilities(tuple(range(5, 13)))),
}


def wide(measurements: tuple[Measurement, ...]) -> Circuit:
    """Rotations by a weight each about y, x and y, with a chain of CX after each layer: every output sees them all."""
    operations = []
    for layer, gate in enumerate(("ry", "rx", "ry")):
        operations += [Operation(gate, (qubit,), (layer * N + qubit,)) for qubit in range(N)]
        operations += [Operation("cx", (qubit, (qubit + 1) % N)) for qubit in range(N)]
    slots = tuple(WeightRef(k) for k in range(3 * N))
    return Circuit(N, tuple(operations), slots, measurements, weights=(WeightTensor("w", (3, N), 0),))


def state_of(turns: np.ndarray) -> Statevector:
    circuit = QuantumCircuit(N)
    for layer, method in enumerate((circuit.ry, circuit.rx, circuit.ry)):
        for qubit in range(N):
            method(float(turns[layer, qubit]), qubit)
        for qubit in range(N):
            circuit.cx(qubit, (qubit + 1) % N)
    return Statevector(circuit)


def read(state: Statevector, measurements: tuple[Measurement, ...]) -> np.ndarray:
    found: list[float] = []
    for measured in measurements:
        if isinstance(measured, Probabilities):
            found += state.probabilities(list(measured.qubits)).tolist()
            continue
        terms = [
            ("".join(letter.upper() for _, letter in t.factors), [q for q, _ in t.factors], t.coefficient)
            for t in measured.terms
        ]
        found.append(float(state.expectation_value(SparsePauliOp.from_sparse_list(terms, num_qubits=N)).real))
    return np.array(found)


@cache
def states() -> dict[tuple[int, int, int], Statevector]:
    """The state, and those with one of a few angles moved by ±π/2."""
    found = {(0, 0, 0): state_of(TURNS)}
    for place in MOVED:
        for sign in (-1, 1):
            turns = TURNS.copy()
            turns[place] += sign * np.pi / 2
            found[*place, sign] = state_of(turns)
    return found


MOVED = ((0, 0), (1, 7), (2, 0), (2, 14))


@pytest.mark.parametrize("kind", [*READ])
@pytest.mark.parametrize("backend", ["reference", "native"])
def test_outputs_of_a_wide_state_and_their_gradients(backend: str, kind: str) -> None:
    measurements = READ[kind]
    layer = QuantumLayer(wide(measurements), offered()[backend].load(wide(measurements), {"precision": "single"}, 0))
    (weights,) = layer.parameters()
    with torch.no_grad():
        weights.copy_(torch.from_numpy(TURNS))
    outputs = layer(torch.zeros(1, 0))
    upstream = np.where(np.arange(layer.circuit.num_outputs) < (3 if kind == "probabilities" else N), 1.0, 0.0)
    outputs.backward(torch.tensor(upstream[None], dtype=outputs.dtype))
    np.testing.assert_allclose(outputs[0].detach(), read(states()[0, 0, 0], measurements), rtol=0, atol=TOLERANCE)
    for place in MOVED:
        ahead, behind = (read(states()[*place, sign], measurements) for sign in (1, -1))
        true = float(upstream @ (ahead - behind)) / 2  # the shift rule, exact for these gates
        assert abs(float(weights.grad[place]) - true) < TOLERANCE


def test_large_coefficients_cost_no_more_than_their_size() -> None:
    """A difference of large numbers, each right to single precision, and no worse."""
    measured = (Observable((term(1000.0, z=0), term(-1000.0, z=1), term(1000.0, x=2), PauliTerm(1000.0, ()))),)
    run = offered()["reference"].load(wide(measured), {"precision": "single"}, 0)
    found = run(torch.zeros(1, 0), torch.tensor(TURNS.reshape(-1), dtype=torch.float32), None)
    np.testing.assert_allclose(found[0], read(states()[0, 0, 0], measured), rtol=0, atol=4000 * 3e-7)


@pytest.mark.parametrize("backend", ["reference", "native"])
@pytest.mark.parametrize("shared", [True, False], ids=["a weight alone", "a weight times an input"])
def test_a_weight_that_many_rows_share(backend: str, shared: bool) -> None:
    """d/dw Σ cos(x + w) or cos(w·x) over 2^17 rows."""
    rows = 1 << 17
    slots: tuple[Any, ...] = (InputRef(0), WeightRef(0)) if shared else (Apply("mul", (WeightRef(0), InputRef(0))),)
    operations = tuple(Operation("ry", (0,), (slot,)) for slot in range(len(slots)))
    measured = (Observable((PauliTerm(1.0, ((0, "z"),)),)),)
    circuit = Circuit(1, operations, slots, measured, num_inputs=1, weights=(WeightTensor("w", (1,), 0),))
    layer = QuantumLayer(circuit, offered()[backend].load(circuit, {"precision": "single"}, 0))
    (weight,) = layer.parameters()
    with torch.no_grad():
        weight.fill_(0.5)
    inputs = np.random.default_rng(3).uniform(0.1, 1.0, size=(rows, 1)).astype(np.float32)
    layer(torch.from_numpy(inputs)).mean().backward()
    x = inputs[:, 0].astype(np.float64)
    true = -np.sin(x + 0.5).mean() if shared else -(x * np.sin(0.5 * x)).mean()
    assert abs(float(weight.grad) - true) < 1e-6


def test_scores_of_many_rows_far_from_zero() -> None:
    """A million rows whose errors are small beside the values: sums in float32 would lose them."""
    rng = np.random.default_rng(7)
    errors = rng.uniform(-1.0, 1.0, size=(1_000_000, 1))
    true = 1e7 + rng.uniform(-3.0, 3.0, size=errors.shape)
    found = scores(true, Values(true + errors), ["y"])
    assert found["rmse"] == pytest.approx(float(np.sqrt(np.square(errors).mean())), rel=1e-7)
    assert found["mae"] == pytest.approx(float(np.abs(errors).mean()), rel=1e-7)
