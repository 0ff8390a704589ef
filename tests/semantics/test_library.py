"""The library's blocks are Qiskit's and PennyLane's, gate for gate: equal as operators, weights in the same order.

The other side is built by the other library's own functions; ours goes through the language, the elaborator and the
reference backend's state, never through a Qiskit circuit of ours.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from qiskit.circuit.library import (
    efficient_su2,
    n_local,
    pauli_feature_map,
    real_amplitudes,
    z_feature_map,
    zz_feature_map,
)
from qiskit.quantum_info import Operator

from hqnn_dsl import compile_text
from hqnn_dsl.backends.reference.executable import DenseExecutable
from hqnn_dsl.circuit.angles import evaluate
from hqnn_dsl.semantics.definitions import library_names
from hqnn_dsl.semantics.entanglement import PATTERNS

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit

RNG = np.random.default_rng(5)


def circuit_of(line: str, num_qubits: int) -> Circuit:
    """The circuit with one block; a feature map beside it where the block is an ansatz, on inputs that stay 0."""
    extra = "" if line.startswith("feature_map") else "feature_map angle(axis: z);"
    text = f"hqnn 1\nmodel m {{ circuit on {num_qubits} qubits {{ {extra} {line} }}; decoder {{ dense }} }}\n"
    return compile_text(text).logical


def operator_of(circuit: Circuit, inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The circuit's matrix, column by column, from the reference backend's states."""
    n = circuit.num_qubits
    from dataclasses import replace

    from hqnn_dsl.circuit.ir import AmplitudeInput

    angles = [evaluate(angle, tuple(inputs), tuple(weights)) for angle in circuit.slots]
    started = replace(circuit, amplitude=AmplitudeInput(tuple(range(n))), num_inputs=max(circuit.num_inputs, 2**n))
    sample = torch.tensor([[angles[s] for s in circuit.sample_slots]] * 2**n, dtype=torch.float64).reshape(2**n, -1)
    shared = torch.tensor([angles[s] for s in circuit.shared_slots], dtype=torch.float64)
    states = DenseExecutable(started, "double").final_state(sample, shared, torch.eye(2**n, dtype=torch.float64))
    return states.numpy().T


def assert_equal_up_to_phase(ours: np.ndarray, theirs: np.ndarray) -> None:
    place = np.unravel_index(np.argmax(np.abs(theirs)), theirs.shape)
    phase = ours[place] / theirs[place]
    assert abs(abs(phase) - 1) < 1e-9
    np.testing.assert_allclose(ours, phase * theirs, atol=1e-9)


def against_qiskit(line: str, theirs, num_qubits: int) -> None:
    circuit = circuit_of(line, num_qubits)
    is_map = line.startswith("feature_map")
    values = RNG.uniform(-3, 3, theirs.num_parameters)
    if not is_map:
        assert circuit.num_weights == theirs.num_parameters
    inputs = values if is_map else np.zeros(num_qubits)
    bound = theirs.assign_parameters(values)  # a vector's parameters sort by index
    assert_equal_up_to_phase(operator_of(circuit, inputs, np.zeros(0) if is_map else values), Operator(bound).data)


CASES = [
    (n, reps, pattern)
    for n, reps, pattern in itertools.product((2, 3, 5), (1, 3), PATTERNS)
    if not (n == 5 and reps == 1)
]


@pytest.mark.parametrize(("n", "reps", "pattern"), CASES)
def test_real_amplitudes_is_qiskits(n, reps, pattern):
    theirs = real_amplitudes(n, entanglement=pattern, reps=reps)
    against_qiskit(f"ansatz real_amplitudes(reps: {reps}, entanglement: {pattern})", theirs, n)


@pytest.mark.parametrize(("n", "reps", "pattern"), CASES)
def test_efficient_su2_is_qiskits(n, reps, pattern):
    theirs = efficient_su2(n, entanglement=pattern, reps=reps)
    against_qiskit(f"ansatz efficient_su2(reps: {reps}, entanglement: {pattern})", theirs, n)


@pytest.mark.parametrize(("n", "reps", "pattern"), CASES)
def test_zz_is_qiskits(n, reps, pattern):
    theirs = zz_feature_map(n, reps=reps, entanglement=pattern)
    against_qiskit(f"feature_map zz(reps: {reps}, entanglement: {pattern})", theirs, n)


@pytest.mark.parametrize(("n", "reps"), [(1, 1), (2, 2), (4, 3)])
def test_z_is_qiskits(n, reps):
    against_qiskit(f"feature_map z(reps: {reps})", z_feature_map(n, reps=reps), n)


@pytest.mark.parametrize(
    ("n", "paulis", "pattern", "alpha"),
    [
        (2, ["Z", "ZZ"], "full", 2.0),
        (3, ["X", "ZY"], "linear", 1.3),
        (3, ["Y", "XX", "XYZ"], "full", 0.7),
        (4, ["Z", "YX", "ZXY"], "circular", 2.0),
        (4, ["YZ", "X"], "sca", 1.0),
        (4, ["YXZZ", "Y"], "full", 0.4),
        (5, ["XZ"], "pairwise", 1.0),
    ],
)
def test_pauli_is_qiskits(n, paulis, pattern, alpha):
    theirs = pauli_feature_map(n, reps=2, entanglement=pattern, alpha=alpha, paulis=paulis)
    listed = ", ".join(f'"{letters}"' for letters in paulis)
    against_qiskit(f"feature_map pauli(paulis: [{listed}], entanglement: {pattern}, alpha: {alpha})", theirs, n)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("rotation", "entangler"),
    [(["ry"], ["cz"]), (["rx", "h", "rz"], ["crx"]), (["ry"], ["cx", "rzz"]), (["rz", "p"], ["cry", "cp", "swap"])],
)
def test_two_local_is_qiskits(rotation, entangler, pattern):
    for n in (2, 4):
        theirs = n_local(n, rotation, entangler, entanglement=pattern, reps=2)
        names = [", ".join(f'"{name}"' for name in names) for names in (rotation, entangler)]
        line = f"ansatz two_local(reps: 2, rotation: [{names[0]}], entangler: [{names[1]}], entanglement: {pattern})"
        against_qiskit(line, theirs, n)


def test_defaults_are_the_stated_ones():
    against_qiskit("ansatz real_amplitudes()", real_amplitudes(4, entanglement="reverse_linear", reps=3), 4)
    against_qiskit("ansatz efficient_su2()", efficient_su2(3, entanglement="reverse_linear", reps=3), 3)
    against_qiskit("feature_map zz()", zz_feature_map(3, reps=2, entanglement="full"), 3)
    against_qiskit("feature_map z()", z_feature_map(3, reps=2), 3)
    against_qiskit("feature_map pauli()", pauli_feature_map(3, reps=2, entanglement="full"), 3)


# -------------------------------------------------------------- PennyLane


def against_pennylane(line: str, template, num_qubits: int, inputs: np.ndarray, weights: np.ndarray) -> None:
    import pennylane as qml

    circuit = circuit_of(line, num_qubits)
    assert circuit.num_weights == weights.size
    wires = list(reversed(range(num_qubits)))  # PennyLane's first wire is the most significant bit
    theirs = qml.matrix(template, wire_order=wires)()
    given = inputs if inputs.size else np.zeros(num_qubits)
    assert_equal_up_to_phase(operator_of(circuit, given, weights.reshape(-1)), theirs)


@pytest.mark.parametrize(("n", "reps"), [(1, 2), (2, 3), (3, 4), (5, 2)])
def test_strongly_entangling_is_pennylanes(n, reps):
    qml = pytest.importorskip("pennylane", reason="the extra `pennylane` is not installed")
    weights = RNG.uniform(-3, 3, (reps, n, 3))
    against_pennylane(
        f"ansatz strongly_entangling(reps: {reps})",
        lambda: qml.StronglyEntanglingLayers(weights, wires=range(n)),
        n,
        np.zeros(0),
        weights,
    )


@pytest.mark.parametrize(("n", "reps", "axis"), [(1, 2, "x"), (2, 3, "y"), (3, 2, "z"), (4, 2, "x")])
def test_basic_entangler_is_pennylanes(n, reps, axis):
    qml = pytest.importorskip("pennylane", reason="the extra `pennylane` is not installed")
    weights = RNG.uniform(-3, 3, (reps, n))
    rotation = {"x": qml.RX, "y": qml.RY, "z": qml.RZ}[axis]
    against_pennylane(
        f"ansatz basic_entangler(reps: {reps}, axis: {axis})",
        lambda: qml.BasicEntanglerLayers(weights, wires=range(n), rotation=rotation),
        n,
        np.zeros(0),
        weights,
    )


@pytest.mark.parametrize(("n", "reps"), [(1, 1), (3, 2), (4, 1)])
def test_iqp_is_pennylanes(n, reps):
    qml = pytest.importorskip("pennylane", reason="the extra `pennylane` is not installed")
    inputs = RNG.uniform(-3, 3, n)
    against_pennylane(
        f"feature_map iqp(reps: {reps})",
        lambda: qml.IQPEmbedding(inputs, wires=range(n), n_repeats=reps),
        n,
        inputs,
        np.zeros(0),
    )


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_angle_is_pennylanes(axis):
    qml = pytest.importorskip("pennylane", reason="the extra `pennylane` is not installed")
    inputs = RNG.uniform(-3, 3, 3)
    against_pennylane(
        f"feature_map angle(axis: {axis})",
        lambda: qml.AngleEmbedding(inputs, wires=range(3), rotation=axis.upper()),
        3,
        inputs,
        np.zeros(0),
    )


# --------------------------------------------------- blocks of nobody else


def test_chebyshev_is_its_polynomial():
    """<Z> after RY(2 d acos x) on |0> is cos(2 d acos x), the Chebyshev polynomial T_2d."""
    values = np.linspace(-0.9, 0.9, 7)
    for degree in (1, 2, 3):
        program = compile_text(
            f"hqnn 1\nmodel m {{ circuit on 1 qubits {{ feature_map chebyshev(degree: {degree}) }} }}\n"
        )
        layer = program.quantum_layer(backend="reference", precision="double")
        found = layer(torch.tensor(values).reshape(-1, 1)).detach().numpy().ravel()
        wanted = np.polynomial.chebyshev.Chebyshev.basis(2 * degree)(values)
        np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(("n", "reps"), [(1, 1), (4, 3), (5, 2)])
def test_brickwork_is_a_wall(n, reps):
    from qiskit import QuantumCircuit

    weights = RNG.uniform(-3, 3, (reps, n, 2))
    wall = QuantumCircuit(n)
    for layer in range(reps):
        for qubit in range(n):
            wall.ry(weights[layer, qubit, 0], qubit)
            wall.rz(weights[layer, qubit, 1], qubit)
        for qubit in range(layer % 2, n - 1, 2):
            wall.cz(qubit, qubit + 1)
    circuit = circuit_of(f"ansatz brickwork(reps: {reps})", n)
    assert_equal_up_to_phase(operator_of(circuit, np.zeros(n), weights.ravel()), Operator(wall).data)


def test_amplitude_starts_from_the_inputs():
    """Component k of the input is basis state k; <Z_q> weighs the states by bit q."""
    program = compile_text("hqnn 1\nmodel m { circuit on 3 qubits { feature_map amplitude() }; decoder { dense } }\n")
    layer = program.quantum_layer(backend="reference", precision="double")
    x = RNG.normal(size=(4, 8))
    shares = x**2 / (x**2).sum(1, keepdims=True)
    signs = np.array([[1 - 2 * (k >> q & 1) for q in range(3)] for k in range(8)])
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), shares @ signs, atol=1e-12)


def test_every_library_block_is_tested_here():
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    for name in library_names():
        assert f" {name}(" in text, f"the library block {name} is held against nothing"
