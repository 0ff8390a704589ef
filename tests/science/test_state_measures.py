"""Expressibility and entanglement against Qiskit's states, closed forms and published values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, Statevector, entropy, partial_trace, random_statevector
from scipy.integrate import quad

import hqnn
from hqnn_dsl.science.analysis.ensemble import Ensemble
from hqnn_dsl.science.analysis.entanglement import (
    cuts_of,
    haar_mean,
    half_chain_entropies,
    meyer_wallach,
    page_entropy,
    qubit_entropies,
)
from hqnn_dsl.science.analysis.expressibility import divergence, fidelities, haar_log_masses


def _spec(lines: str, qubits: int = 3) -> str:
    return f"hqnn 1\nmodel m {{ circuit on {qubits} qubits {{\n{lines}\n}} }}"


MIXED = _spec(
    """weight w[8]
    for q in 0..3 { ry(w[q]) q }
    crx(w[3]) 0, 1
    cx 1, 2
    rz(w[4]) 2
    rzz(w[5]) 2, 0
    p(w[6]) 1
    ry(w[7]) 1
    measure z"""
)


def _qiskit(weights: np.ndarray, gates: int | None = None) -> Statevector:
    """The state of `MIXED`, or of its first gates, built by hand."""
    circuit = QuantumCircuit(3)
    steps = [
        *[("ry", weights[q], (q,)) for q in range(3)],
        ("crx", weights[3], (0, 1)),
        ("cx", None, (1, 2)),
        ("rz", weights[4], (2,)),
        ("rzz", weights[5], (2, 0)),
        ("p", weights[6], (1,)),
        ("ry", weights[7], (1,)),
    ]
    for name, angle, qubits in steps[:gates]:
        getattr(circuit, name)(*([] if angle is None else [angle]), *qubits)
    return Statevector(circuit)


@pytest.fixture(scope="module")
def mixed() -> Ensemble:
    return Ensemble(hqnn.compile(MIXED).logical, seed=3)


def test_haar_masses_are_integrals_of_the_haar_density():
    for qubits in (1, 2, 4):
        size = 1 << qubits
        density = [quad(lambda f, n=size: (n - 1) * (1 - f) ** (n - 2), k / 75, (k + 1) / 75)[0] for k in range(75)]
        assert np.exp(haar_log_masses(qubits)) == pytest.approx(density, rel=1e-9)
        assert np.exp(haar_log_masses(qubits)).sum() == pytest.approx(1)
    assert haar_log_masses(12)[-1] == pytest.approx(-4095 * math.log(75))  # exp of it is 0 in double precision


def test_fidelities_are_those_of_states_made_by_qiskit(mixed: Ensemble):
    pairs = 20
    found = fidelities(mixed, pairs)
    first, second = (mixed.draw(pairs, f"expressibility.{name}") for name in ("first", "second"))
    expected = [abs(_qiskit(a).inner(_qiskit(b))) ** 2 for a, b in zip(first, second, strict=True)]
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_state_that_never_changes_has_the_divergence_of_the_last_bin():
    """RZ on |0>: all fidelities are 1. KL = -ln of the last bin's mass, (N - 1) ln 75; the paper's idle circuit."""
    found = hqnn.analyze(_spec("weight w[1]\nrz(w[0]) 0\nmeasure z[0]", 1), only="expressibility", samples=100)
    assert found["expressibility"]["KL"].value == pytest.approx(math.log(75))
    assert found["expressibility"]["KL"].error == pytest.approx(0)


def test_random_states_have_a_divergence_of_the_size_of_the_bias():
    generator = np.random.default_rng(0)
    states = [random_statevector(4, generator).data for _ in range(10_000)]
    values = np.abs(np.einsum("ri,ri->r", np.conj(states[::2]), states[1::2])) ** 2
    counts = np.histogram(values, bins=75, range=(0, 1))[0].astype(float)
    assert divergence(counts, haar_log_masses(2)) == pytest.approx(74 / 10_000, rel=0.6)


def test_the_deviation_is_that_between_runs():
    spec = _spec("ansatz real_amplitudes(reps: 1)\nmeasure z", 2)
    found = [
        hqnn.analyze(spec, only="expressibility", samples=1000, seed=seed)["expressibility"]["KL"] for seed in range(12)
    ]
    values, errors = [one.value for one in found], [one.error for one in found]
    assert 0.5 < np.std(values, ddof=1) / np.mean(errors) < 2


def test_inputs_are_the_same_in_a_pair_unless_nothing_else_is_random():
    lines = "input v[1]\nweight w[1]\nrx(v[0]) 1\nrz(w[0]) 0\nmeasure z"
    both = Ensemble(hqnn.compile(_spec(lines, 2)).logical)
    only = Ensemble(hqnn.compile(_spec("feature_map angle()\nmeasure x", 2)).logical)
    assert fidelities(both, 50) == pytest.approx(np.ones(50))  # the weight turns |0> about Z
    assert fidelities(only, 50).min() < 0.2


def test_q_is_that_of_purities_by_qiskit(mixed: Ensemble):
    points = mixed.draw(15, "entanglement")
    expected = [
        2
        * (1 - np.mean([partial_trace(_qiskit(row), [q for q in range(3) if q != k]).purity().real for k in range(3)]))
        for row in points
    ]
    found = hqnn.analyze(MIXED, only="entanglement", samples=15, seed=3)["entanglement"]
    assert found.arrays["values"] == pytest.approx(expected, abs=1e-12)
    assert found["Q"].value == pytest.approx(np.mean(expected))
    assert found["Q"].error == pytest.approx(np.std(expected, ddof=1) / math.sqrt(15))


def test_q_of_known_states():
    ghz = hqnn.analyze(_spec("h 0\ncx 0, 1\ncx 1, 2\nmeasure z"), only="entanglement", samples=2)["entanglement"]
    product = hqnn.analyze(_spec("h 0\nh 1\nry(1) 2\nmeasure z"), only="entanglement", samples=2)["entanglement"]
    assert ghz["Q"].value == pytest.approx(1)
    assert product["Q"].value == pytest.approx(0, abs=1e-12)


def test_the_haar_means_are_those_of_random_states():
    generator = np.random.default_rng(1)
    states = np.array([random_statevector(16, generator).data for _ in range(3000)])
    entropies = half_chain_entropies(states, 4)
    assert entropies.mean() == pytest.approx(page_entropy(4), abs=5 * entropies.std() / math.sqrt(3000))
    bloch = np.array(
        [
            [[Statevector(s).expectation_value(Pauli(letter), [q]).real for letter in "XYZ"] for q in range(4)]
            for s in states[:300]
        ]
    )
    values = meyer_wallach(bloch)
    assert values.mean() == pytest.approx(haar_mean(4), abs=5 * values.std() / math.sqrt(300))


def test_entropies_are_those_of_qiskit(mixed: Ensemble):
    points = mixed.draw(8, "entropy")
    found = hqnn.analyze(MIXED, only="entropy", samples=8, seed=3)["entropy"]
    cuts = [cut for cut, _ in cuts_of(mixed.circuit)]
    assert cuts == found.arrays["operations"] == [5, 9]
    for place, cut in enumerate(cuts):
        states = [_qiskit(row, cut) for row in points]
        half = [entropy(partial_trace(state, [1, 2]), base=2) for state in states]
        single = [
            [entropy(partial_trace(s, [q for q in range(3) if q != k]), base=2) for k in range(3)] for s in states
        ]
        assert found.arrays["half_chain"][place] == pytest.approx(np.mean(half), abs=1e-9)
        assert found.arrays["half_chain_error"][place] == pytest.approx(np.std(half, ddof=1) / math.sqrt(8), abs=1e-9)
        assert found.arrays["by_qubit"][place] == pytest.approx(np.mean(single, axis=0), abs=1e-9)


def test_entropies_of_random_states_by_qiskit():
    state = random_statevector(32, 5)
    halves = half_chain_entropies(state.data[None], 5)
    assert halves[0] == pytest.approx(entropy(partial_trace(state, [2, 3, 4]), base=2))
    single = [entropy(partial_trace(state, [q for q in range(5) if q != k]), base=2) for k in range(5)]
    assert qubit_entropies(state.data[None], 5)[0] == pytest.approx(single)


def test_layers_are_blocks_and_what_lies_between_entanglers():
    spec = _spec("feature_map angle()\nrepeat 2 { ansatz real_amplitudes(reps: 2) }\nh 0\nmeasure z")
    titles = [title for _, title in cuts_of(hqnn.compile(spec).logical)]
    one = ["real_amplitudes (ansatz), 1", "real_amplitudes (ansatz), 2", "real_amplitudes (ansatz)"]
    assert titles == ["angle (feature map)", *one, *one, "gates"]


def test_amplitudes_are_drawn_from_the_sphere():
    spec = _spec("feature_map amplitude()\nansatz real_amplitudes(reps: 1)\nmeasure z", 2)
    ensemble = Ensemble(hqnn.compile(spec).logical)
    states = next(iter(ensemble.states(ensemble.draw(5, "any"))))[1]
    assert np.linalg.norm(states, axis=1) == pytest.approx([1] * 5)


@pytest.mark.parametrize(
    ("circuit", "layers", "kl", "spread", "q"),
    [
        (4, 1, 0.1347, 0.0134, 0.3101),
        (9, 3, 0.0273, 0.0041, 1.0),
        (13, 1, 0.0712, 0.0049, 0.4067),
        (19, 3, 0.0038, 0.0007, 0.7070),
    ],
)
def test_circuits_of_the_literature(circuit, layers, kl, spread, q):
    """Values of an independent implementation, ten runs; see docs/paper-sim.md."""
    spec = f"specs/papers/sim/circuit_{circuit:02d}.hqnn"
    found = hqnn.analyze(spec, only=("expressibility", "entanglement"), set={"reps": layers}, seed=1)
    assert found["expressibility"]["KL"].value == pytest.approx(kl, abs=5 * spread)
    assert found["entanglement"]["Q"].value == pytest.approx(q, abs=6 * found["entanglement"]["Q"].error + 1e-9)
