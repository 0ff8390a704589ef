"""Dimensions of Lie algebras against the literature, and against a closure of matrices by brute force."""

from __future__ import annotations

import numpy as np
import pytest

import hqnn_dsl
from hqnn_dsl.science.lie_algebra import trained_algebra, whole_algebra
from hqnn_dsl.science.simulability import cone_qubits, simulability

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def _compiled(lines: str, qubits: int):
    return hqnn_dsl.compile(f"hqnn 1\nmodel m {{ circuit on {qubits} qubits {{\n{lines}\n}} }}").logical


def _matrix(letters: str) -> np.ndarray:
    found = np.eye(1)
    for letter in letters:
        found = np.kron(found, PAULIS[letter])
    return found


def _closure(generators: list[np.ndarray]) -> int:
    """The rank of all nested commutators of i·H, as real vectors."""
    basis: list[np.ndarray] = []

    def is_new(matrix: np.ndarray) -> bool:
        vector = np.concatenate([matrix.real.ravel(), matrix.imag.ravel()])
        for known in basis:
            vector = vector - known * (known @ vector)
        for known in basis:
            vector = vector - known * (known @ vector)
        if np.linalg.norm(vector) < 1e-8:
            return False
        basis.append(vector / np.linalg.norm(vector))
        return True

    waiting = [1j * generator / np.linalg.norm(generator) for generator in generators]
    waiting = [matrix for matrix in waiting if is_new(matrix)]
    found = list(waiting)
    while waiting:
        one = waiting.pop()
        for generator in generators:
            bracket = 1j * (generator @ one - one @ generator)
            size = np.linalg.norm(bracket)
            if size > 1e-9 and is_new(bracket / size):
                waiting.append(bracket / size)
                found.append(bracket / size)
    return len(found)


def _ising(qubits: int, *, shared: bool, ring: bool = False) -> str:
    pairs = [(q, (q + 1) % qubits) for q in range(qubits if ring else qubits - 1)]
    lines = ["weight a[2]" if shared else f"weight a[{len(pairs)}], b[{qubits}]"]
    lines += [f"rzz(a[{0 if shared else k}]) {p}, {q}" for k, (p, q) in enumerate(pairs)]
    lines += [f"rx({'a[1]' if shared else f'b[{q}]'}) {q}" for q in range(qubits)]
    return "\n".join([*lines, "measure z[0]*z[1]"])


def test_universal_gates_generate_all_of_su():
    for qubits in (1, 2, 3, 4):
        rotations = [f"rx(w[{3 * q}]) {q}\nrz(w[{3 * q + 1}]) {q}" for q in range(qubits)]
        couplings = [f"rzz(w[{3 * q + 2}]) {q}, {q + 1}" for q in range(qubits - 1)]
        lines = "\n".join([f"weight w[{3 * qubits}]", *rotations, *couplings, "measure z[0]"])
        assert trained_algebra(_compiled(lines, qubits)).dimension == 4**qubits - 1


@pytest.mark.parametrize("qubits", [2, 3, 5, 12])
def test_the_open_ising_chain_is_a_free_fermion(qubits: int):
    """so(2n), of dimension n(2n - 1): Larocca et al. 2022; Kökcü et al., Phys. Rev. Lett. 129, 070501, 2022."""
    found = trained_algebra(_compiled(_ising(qubits, shared=False), qubits))
    assert found.dimension == qubits * (2 * qubits - 1)
    assert found.holds_observables


@pytest.mark.parametrize("qubits", [2, 3, 4, 6])
def test_the_ising_chain_with_two_weights(qubits: int):
    """The open chain with one weight for all couplings and one for all fields has n² dimensions (Larocca 2022)."""
    assert trained_algebra(_compiled(_ising(qubits, shared=True), qubits)).dimension == qubits**2


@pytest.mark.parametrize("qubits", [3, 4])
@pytest.mark.parametrize("ring", [False, True])
def test_sums_against_matrices(qubits: int, ring: bool):
    pairs = [(q, (q + 1) % qubits) for q in range(qubits if ring else qubits - 1)]

    def string(**letters: str) -> str:
        return "".join(letters.get(f"q{q}", "I") for q in range(qubits))

    couplings = sum(_matrix(string(**{f"q{p}": "Z", f"q{q}": "Z"})) for p, q in pairs)
    fields = sum(_matrix(string(**{f"q{q}": "X"})) for q in range(qubits))
    expected = _closure([couplings, fields])
    assert trained_algebra(_compiled(_ising(qubits, shared=True, ring=ring), qubits)).dimension == expected


def test_controlled_rotations_are_sums_of_strings():
    lines = "weight w[3]\ncrx(w[0]) 0, 1\nrz(w[1]) 0\ncrz(w[2]) 1, 0\nmeasure z"
    crx = (_matrix("IX") - _matrix("ZX")) / 2
    crz = (_matrix("ZI") - _matrix("ZZ")) / 2
    assert trained_algebra(_compiled(lines, 2)).dimension == _closure([crx, _matrix("ZI"), crz])


@pytest.mark.parametrize("seed", range(8))
def test_random_strings_against_matrices(seed: int):
    generator = np.random.default_rng(seed)
    words = ["".join(generator.choice(list("IXYZ"), 3)) for _ in range(generator.integers(2, 6))]
    words = [word for word in words if set(word) != {"I"}]
    lines = [f"weight w[{len(words)}]", *(f'pauli_rot("{word}", w[{k}]) 0, 1, 2' for k, word in enumerate(words))]
    expected = _closure([_matrix(word) for word in words])
    assert trained_algebra(_compiled("\n".join([*lines, "measure z"]), 3)).dimension == expected


def test_clifford_gates_between_turn_the_generators():
    lines = "weight w[2]\nrz(w[0]) 0\nh 0\nrz(w[1]) 0\nmeasure z"
    assert trained_algebra(_compiled(lines, 1)).dimension == 3
    assert trained_algebra(_compiled(lines.replace("h 0\n", ""), 1)).dimension == 1


def test_inputs_in_front_prepare_the_state():
    lines = "input v[2]\nweight w[2]\nrx(v[0]) 0\nrx(v[1]) 1\nrz(w[0]) 0\nrzz(w[1]) 0, 1\nmeasure x"
    assert trained_algebra(_compiled(lines, 2)).dimension == 2
    assert whole_algebra(_compiled(lines, 2)).dimension > 2


def test_inputs_between_have_to_lie_in_the_algebra():
    between = "input v[1]\nweight w[2]\nrz(w[0]) 0\nrx(v[0]) 0\nrz(w[1]) 0\nmeasure x"
    found = trained_algebra(_compiled(between, 1))
    assert found.dimension is None
    assert "stands between" in found.reason
    inside = between.replace("w[1]) 0\n", "w[1]) 0\nrx(w[2]) 0\n").replace("weight w[2]", "weight w[3]")
    assert trained_algebra(_compiled(inside, 1)).dimension == 3


def test_a_weight_used_apart_is_outside_of_the_theory():
    lines = "weight w[2]\nrz(w[0]) 0\nrx(w[1]) 0\nrz(w[0]) 0\nmeasure x"
    found = trained_algebra(_compiled(lines, 1))
    assert found.dimension is None
    assert "entry 0 of `w`" in found.reason


def test_frozen_weights_are_no_generators():
    lines = "ansatz real_amplitudes(reps: 1)\nfreeze real_amplitudes\nmeasure z"
    assert "trained weight" in trained_algebra(_compiled(lines, 2)).reason


def test_the_bound_is_said():
    lines = "ansatz strongly_entangling(reps: 2)\nmeasure z"
    assert "more than 50" in trained_algebra(_compiled(lines, 4), most=50).reason
    assert whole_algebra(_compiled(lines, 4)).dimension == 255


def test_light_cones_are_those_of_the_gates():
    lines = "weight w[5]\nfor q in 0..5 { rx(w[q]) q }\ncz 0, 1\ncz 1, 2\nmeasure z[0], z[4], x[0]*x[4] + z[3], z[1]"
    assert cone_qubits(_compiled(lines, 5)) == (2, 1, 3, 3)


def test_facts_of_a_clifford_circuit():
    found = simulability(_compiled("h 0\ncx 0, 1\nmeasure z[0]*z[1]", 2))
    assert (found.rotations_left, found.algebra.dimension, found.state_bytes) == (0, 0, 64)


def test_facts_of_an_ansatz():
    """A line of CX and RY: 2 rotations a qubit are left, all of which vary, and amplitudes are real."""
    found = simulability(_compiled("ansatz real_amplitudes(reps: 1)\nmeasure probabilities", 3))
    assert (found.rotations_left, found.varying, found.gates) == (6, 6, 8)
    assert (found.state_bytes, found.largest_state_bytes) == (128, 64)
    assert found.widest_cone == 3
