"""Probabilities of many qubits are read as outcomes: 2^k numbers a row, and nowhere 4^k Pauli products.

Held against Qiskit's `Statevector.probabilities`, gradients against the shift rule on it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from custatevec_standin import StandIn
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel

import hqnn_dsl as hqnn
from hqnn_dsl import limits
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.backends.shifts.readout import ByTerms, hadamard, readout_of
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.pipeline import backend_choice
from hqnn_dsl.transpile import convert

WIDE = 12
ROWS = np.random.default_rng(2).uniform(-2.0, 2.0, size=(2, WIDE))
TURNS = np.random.default_rng(3).uniform(-2.0, 2.0, size=WIDE)
ALL = tuple(np.random.default_rng(4).permutation(WIDE).tolist())
SPEC = """hqnn 1
model m {{
  circuit on {n} qubits {{ feature_map angle(); ansatz real_amplitudes(reps: 1); measure probabilities }}
  decoder {{ dense }}
}}
"""


def layered(n: int, *measurements: Probabilities | Observable) -> Circuit:
    """RY by inputs, a chain of CX, RX by weights, a chain of CZ and of CX: no output is read off one qubit."""
    return Circuit(
        n,
        (
            *(Operation("ry", (q,), (q,)) for q in range(n)),
            *(Operation("cx", (q, q + 1)) for q in range(n - 1)),
            *(Operation("rx", (q,), (n + q,)) for q in range(n)),
            *(Operation("cz", (q, (q + 1) % n)) for q in range(n)),
            *(Operation("cx", (q + 1, q)) for q in range(n - 1)),
        ),
        (*(InputRef(q) for q in range(n)), *(WeightRef(q) for q in range(n))),
        measurements,
        num_inputs=n,
        weights=(WeightTensor("w", (n,), 0),),
    )


@cache
def state(n: int, inputs: tuple[float, ...], weights: tuple[float, ...]) -> Statevector:
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(inputs[q], q)
    for q in range(n - 1):
        circuit.cx(q, q + 1)
    for q in range(n):
        circuit.rx(weights[q], q)
    for q in range(n):
        circuit.cz(q, (q + 1) % n)
    for q in range(n - 1):
        circuit.cx(q + 1, q)
    return Statevector(circuit)


def moved(angles: np.ndarray, place: int, by: float) -> tuple[float, ...]:
    found = angles.copy()
    found[place] += by
    return tuple(found.tolist())


WIDE_WAYS = {
    "native": ("native", {"precision": "double"}),
    "reference": ("reference", {"precision": "double"}),
    "aer": ("aer", {"device": "cpu", "precision": "double"}),
    "pennylane": ("pennylane", {}),
    "custatevec": None,
}
NARROW_WAYS = WIDE_WAYS | {
    "tensors": (
        "aer",
        {"device": "cpu", "precision": "double", "simulation": backend_choice(
            "aer(device: cpu, simulation: matrix_product_state)").options["simulation"]},
    ),
    "estimator_qnn": ("aer", {"device": "cpu", "precision": "double", "method": "estimator_qnn"}),
    "primitive": ("primitive", {"name": "statevector"}),
    "lightning": ("pennylane", {"device": "lightning.qubit"}),
    "adjoint": ("pennylane", {"diff": "adjoint"}),
    "shifts": ("pennylane", {"diff": "parameter_shift"}),
}  # fmt: skip


def layer_of(way: str, circuit: Circuit) -> QuantumLayer:
    chosen = NARROW_WAYS[way]
    if chosen is None:
        run = StateVecExecutable(circuit, "double", StandIn(), "cpu")
    else:
        run = offered()[chosen[0]].load(circuit, chosen[1], 0)
    layer = QuantumLayer(circuit, run, precision="double")
    with torch.no_grad():
        next(layer.parameters()).copy_(torch.from_numpy(TURNS[: circuit.num_qubits]))
    return layer


def held(way: str, n: int, qubits: tuple[int, ...], places: tuple[int, ...]) -> None:
    """Values, and gradients by a few inputs and weights, of a product beside the probabilities of `qubits`."""
    product = Observable((PauliTerm(0.5, ((0, "z"), (1, "x"))), PauliTerm(0.25, ())))
    circuit = layered(n, Probabilities(qubits), product)
    layer = layer_of(way, circuit)
    inputs = torch.tensor(ROWS[:, :n], requires_grad=True)
    upstream = np.random.default_rng(6).uniform(-1, 1, size=(len(ROWS), circuit.num_outputs))
    outputs = layer(inputs)
    outputs.backward(torch.from_numpy(upstream))
    operator = SparsePauliOp.from_sparse_list([("ZX", [0, 1], 0.5), ("", [], 0.25)], num_qubits=n)

    def read(given: tuple[float, ...], weights: tuple[float, ...]) -> np.ndarray:
        final = state(n, given, weights)
        return np.append(final.probabilities(list(qubits)), final.expectation_value(operator).real)

    rows, turns = ROWS[:, :n], TURNS[:n]
    for row, given in enumerate(rows):
        np.testing.assert_allclose(outputs[row].detach(), read(moved(given, 0, 0), moved(turns, 0, 0)), atol=1e-12)
        for place in places:
            ahead, behind = (read(moved(given, place, by), moved(turns, 0, 0)) for by in (np.pi / 2, -np.pi / 2))
            assert float(inputs.grad[row, place]) == pytest.approx(upstream[row] @ (ahead - behind) / 2, abs=1e-10)
    for place in places:
        slope = 0.0
        for row, given in enumerate(rows):
            ahead, behind = (read(moved(given, 0, 0), moved(turns, place, by)) for by in (np.pi / 2, -np.pi / 2))
            slope += upstream[row] @ (ahead - behind) / 2
        assert float(next(layer.parameters()).grad[place]) == pytest.approx(slope, abs=1e-10)


@pytest.mark.parametrize("way", [*NARROW_WAYS])
def test_probabilities_of_three_of_four_qubits_in_another_order(way: str) -> None:
    held(way, 4, (3, 0, 2), (0, 3))


@pytest.mark.parametrize("way", [*WIDE_WAYS])
def test_probabilities_of_twelve_qubits(way: str) -> None:
    if way == "aer":  # all shifts of all angles: values only, its gradients are those of the four qubits
        circuit = layered(WIDE, Probabilities(ALL))
        with torch.no_grad():
            found = layer_of(way, circuit)(torch.from_numpy(ROWS))
        for row, given in enumerate(ROWS):
            true = state(WIDE, moved(given, 0, 0), moved(TURNS, 0, 0)).probabilities(list(ALL))
            np.testing.assert_allclose(found[row], true, atol=1e-12)
        return
    held(way, WIDE, ALL, (5,))


def test_nothing_that_reads_outcomes_makes_terms_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve qubits: checked, transpiled, compared and counted without an operator for any of 4096 outputs."""

    def never(*_: object) -> None:
        raise AssertionError("the outcomes became sums of Pauli products")

    monkeypatch.setattr(convert, "_projectors", never)
    monkeypatch.setattr("hqnn_dsl.backends.shifts.readout.z_products", never)
    program = hqnn.compile_text(SPEC.format(n=12))
    assert program.static["outputs"] == 4096
    assert program.logical.num_terms == 4**12
    layer = program.quantum_layer(backend="native")
    layer(torch.zeros(1, 12)).sum().backward()


def test_operators_are_made_up_to_a_limit_and_refused_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    small = hqnn.compile_text(SPEC.format(n=3))
    bound = small.circuit.assign_parameters(np.linspace(0.1, 1.0, small.circuit.num_parameters))
    final = Statevector(bound)
    found = [final.expectation_value(operator).real for operator in small.observables]
    np.testing.assert_allclose(found, final.probabilities(), atol=1e-14)
    with pytest.raises(Refusal) as refused:
        hqnn.compile_text(SPEC.format(n=11)).observables  # noqa: B018 - it refuses
    assert refused.value.diagnostics[0].code == "E0785"
    assert refused.value.diagnostics[0].span is not None
    monkeypatch.setattr(convert, "MAX_TERMS", 4**3 - 1)
    with pytest.raises(Refusal):
        convert.observables(small.logical)


@pytest.mark.parametrize(
    ("backend", "fits", "refused"),
    [
        ("aer(method: estimator_qnn)", 7, 8),
        ('primitive("statevector")', 10, 11),
        ('pennylane(device: "lightning.qubit")', 10, 11),
        ("pennylane(diff: parameter_shift)", 10, 11),
    ],
)
def test_who_needs_terms_says_so_when_it_is_checked(backend: str, fits: int, refused: int) -> None:
    chosen = backend_choice(backend)
    row = offered()[chosen.name]
    assert not row.objections(layered(fits, Probabilities(tuple(range(fits)))), chosen.options)
    (item,) = row.objections(layered(refused, Probabilities(tuple(range(refused)))), chosen.options)
    assert item.code == "E0785"
    assert item.num_terms == 4**refused > item.limit
    assert item.limit <= limits.MAX_TERMS
    # The advice works when it is typed.
    assert "`backend native`" in item.help
    assert not offered()["native"].objections(layered(refused, Probabilities(tuple(range(refused)))), {})


def test_a_transform_of_numbers_by_its_definition() -> None:
    rows = np.random.default_rng(8).normal(size=(3, 32))
    signs = np.array([[(-1.0) ** (r & m).bit_count() for r in range(32)] for m in range(32)])
    np.testing.assert_allclose(hadamard(rows), rows @ signs, atol=1e-13)
    np.testing.assert_allclose(hadamard(rows[:, :1]), rows[:, :1])


def test_terms_and_their_weights_are_each_others_transpose() -> None:
    """Upstream · outputs of term values equals weights · values, up to the constants."""
    circuit = layered(3, Probabilities((2, 0)), Observable((PauliTerm(2.0, ((2, "z"),)), PauliTerm(1.0, ()))))
    reading = ByTerms(readout_of(circuit))
    assert len(set(reading.terms)) == len(reading.terms) == 3
    rng = np.random.default_rng(9)
    values, upstream = rng.normal(size=(2, 3)), rng.normal(size=(2, 5))
    constant = reading.outputs(np.zeros((2, 3)))
    there = np.einsum("rm,rm->r", upstream, reading.outputs(values) - constant)
    back = np.einsum("rt,rt->r", reading.weights(upstream), values)
    np.testing.assert_allclose(there, back, atol=1e-13)


def test_a_readout_that_errs_differently_for_0_and_1_and_by_qubit() -> None:
    """Chances to read 1 for 0, and 0 for 1, by qubit, against the matrices themselves."""
    from hqnn_dsl.backends.aer.noise import Noise

    flips = {0: (0.1, 0.3), 2: (0.05, 0.0)}
    noise = Noise(NoiseModel(), {qubit: (down - up, 1 - up - down) for qubit, (up, down) in flips.items()})
    chances = np.random.default_rng(1).dirichlet(np.ones(8))
    order = (2, 1, 0)
    matrices = [np.array([[1 - up, down], [up, 1 - down]]) for up, down in (flips.get(q, (0, 0)) for q in order)]
    whole = np.kron(np.kron(matrices[2], matrices[1]), matrices[0])
    np.testing.assert_allclose(noise.seen(chances, order), whole @ chances, atol=1e-15)
